import { expect, it } from "vitest";
import { draftName, inserted, isLetter, openPlaces, placeOf } from "./places";

it("finds the places that are left", () => {
  expect(openPlaces("Dear {{ first_name|you }}, {{company.name}} {{first_name}} {x} {{ }}")).toEqual([
    "first_name",
    "company.name",
  ]);
  expect(openPlaces("Dear Ana, a {b} }}")).toEqual([]);
});

it("names a field and puts it where the cursor is", () => {
  expect(placeOf("person", "first_name")).toBe("{{first_name}}");
  expect(placeOf("deal", "value")).toBe("{{deal.value}}");
  expect(inserted("Dear X,", [5, 6], "{{a}}")).toEqual(["Dear {{a}},", 10]);
});

it("names a draft as every system allows", () => {
  expect(draftName('../Re: "a"/b?')).toBe(".. Re a b.eml");
  expect(draftName("\n")).toBe("letter.eml");
  expect([...draftName("长".repeat(90))].length).toBe(64);
  expect(isLetter("/a/b.EML") && isLetter("c.msg") && !isLetter("d.eml.pdf")).toBe(true);
});
