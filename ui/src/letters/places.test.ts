import { expect, it } from "vitest";
import type { FieldView } from "../bindings";
import { draftName, inserted, isLetter, type NamedFields, openPlaces, placeLabel, placeOf } from "./places";

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

it("says what a place asks for as the screen calls it", () => {
  const own = { key: "c_1", label: "Membership", custom: true } as FieldView;
  const fields: NamedFields = {
    person: [{ key: "title", label: "Title" } as FieldView, own],
    company: [{ key: "website", label: "Website" } as FieldView],
    deal: [],
    quote: [],
  };
  const labels = ["title", "c_1", "Membership", "name", "company.website", "quote.number", "me.email"];
  expect(labels.map((name) => placeLabel(name, fields))).toEqual([
    "Job title",
    "Membership",
    "Membership",
    "Name",
    "Company · Website",
    "Quote · Number",
    "My e-mail",
  ]);
  for (const none of ["titel", "gone.title", "company.titel"]) expect(placeLabel(none, fields)).toBe(none);
});

it("names a draft as every system allows", () => {
  expect(draftName('../Re: "a"/b?')).toBe(".. Re a b.eml");
  expect(draftName("\n")).toBe("letter.eml");
  expect([...draftName("长".repeat(90))].length).toBe(64);
  expect(isLetter("/a/b.EML") && isLetter("c.msg") && !isLetter("d.eml.pdf")).toBe(true);
});
