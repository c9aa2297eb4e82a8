import { describe, expect, it } from "vitest";
import type { FieldView } from "../bindings";
import {
  asRequest,
  cellChange,
  cellText,
  columnsFor,
  conditionsOf,
  joined,
  linesOf,
  nextSort,
  readable,
  withoutLast,
} from "./columns";
import { askable } from "./conditions";

const fields = [{ key: "first_name" }, { key: "tags" }];

describe("the filter line", () => {
  it("tells expressions from text", () => {
    expect(asRequest("city = 'Porto'", fields).filter).toBe("city = 'Porto'");
    expect(asRequest("tags has 'vip' and city = 'x'", fields).filter).not.toBe("");
    expect(asRequest("not city = 'x'", fields).filter).not.toBe("");
    for (const text of ["ana", "王伟", "city hall", "+34 600", "a = b", "name"])
      expect(asRequest(text, fields)).toEqual({ filter: "", text });
  });

  it("takes a colon for equal, and what follows from other records for fields of deals", () => {
    const of = (text: string) => asRequest(text, askable([{ key: "stage" }] as FieldView[]));
    for (const filter of ["stage:Won", "quiet:yes", "quiet = yes", "next_step is empty", "not quiet:yes"])
      expect(of(filter)).toEqual({ filter, text: "" });
    for (const text of ["Re: offer", "10:30", "quiet"]) expect(of(text)).toEqual({ filter: "", text });
    expect(asRequest("quiet:yes", fields).text).toBe("quiet:yes");
  });

  it("loses its last condition first", () => {
    expect(withoutLast("city = 'a' and tags has 'b'")).toBe("city = 'a'");
    expect(withoutLast("city = 'a'")).toBe("");
  });

  it("falls into the conditions that are joined by and", () => {
    expect(conditionsOf("city = 'a and b' AND (x = 'c' or x = 'd' and y = 'e') and\nz is empty")).toEqual([
      "city = 'a and b'",
      "(x = 'c' or x = 'd' and y = 'e')",
      "z is empty",
    ]);
    expect(conditionsOf(" ")).toEqual([]);
  });

  it("is read in the words of the screen", () => {
    const known = [
      { key: "status", type: "choice", options: ["sent"] },
      { key: "date", type: "date", options: [] as string[] },
      { key: "stage", type: "link", options: [] as string[] },
      { key: "c_1", label: "Open", type: "choice", options: ["sent"], custom: true },
    ] as FieldView[];
    for (const [condition, words] of [
      ["status = 'sent'", "Status is Sent"],
      ["date < '2026-11-27'", "Date before 2026-11-27"],
      ["status is not empty", "Status is not empty"],
      ["c_1 != 'sent'", "Open is not sent"],
      ["city = 'Porto'", "City = 'Porto'"],
      ["quiet:yes", "Gone quiet is Yes"],
      ["next_step is empty", "Next step is empty"],
    ] as const)
      expect(readable(condition, askable(known))).toBe(words);
  });

  it("stays whole where an or would change what it means", () => {
    for (const whole of [
      "city = 'a' or city = 'b' and x = 'c'",
      "city='a'or(x='b')",
      "x = 'a' OR\ny = 'b'",
    ]) {
      expect(conditionsOf(whole)).toEqual([whole]);
      expect(joined([whole, "z = '1'"])).toBe(`(${whole}) and z = '1'`);
      expect(joined([whole, ""])).toBe(whole);
    }
    expect(joined(["(a = '1' or b = '2')", "for = 'or'"])).toBe("(a = '1' or b = '2') and for = 'or'");
  });
});

it("a head sorts up, down, and not at all", () => {
  expect(nextSort("", "title")).toBe("title");
  expect(nextSort("title", "title")).toBe("-title");
  expect(nextSort("-title", "title")).toBe("");
});

describe("a cell that is edited in the list", () => {
  const ana = {
    title: "Buyer",
    emails: [
      { id: "a", label: "work", value: "ana@x.example", primary: true },
      { id: "b", label: "home", value: "ana@y.example" },
    ],
    phones: [{ id: "p", label: "mobile", value: "+34600", e164: "+34600" }],
    addresses: [{ id: "d", label: "home", city: "Porto" }],
  };
  it("changes the first of several, which it shows, and keeps the others", () => {
    expect(cellText(ana, "emails")).toBe("ana@x.example");
    expect(cellChange(ana, "emails", "new@x.example")).toEqual({
      emails: [{ ...ana.emails[0], value: "new@x.example" }, ana.emails[1]],
    });
    expect(cellChange(ana, "emails", "")).toEqual({ emails: [ana.emails[1]] });
    expect(cellChange(ana, "phones", "")).toEqual({ phones: null });
  });
  it("makes one where there is none", () => {
    expect(cellChange({}, "phones", "600")).toEqual({ phones: [{ label: "mobile", value: "600" }] });
    expect(cellChange({}, "city", "Faro")).toEqual({ addresses: [{ label: "work", city: "Faro" }] });
  });
  it("empties a city without the rest of its address", () => {
    expect(cellChange(ana, "city", "")).toEqual({ addresses: null });
    const street = { addresses: [{ id: "d", street: "Main 1", city: "Porto" }] };
    expect(cellChange(street, "city", "")).toEqual({ addresses: [{ id: "d", street: "Main 1" }] });
    expect(cellText({ employees: 12 }, "employees")).toBe("12");
  });
});

it("rows stand under the heads of their groups", () => {
  const lines = linesOf([2, 1, 3], 6);
  expect(lines.count).toBe(9);
  expect([0, 1, 2, 3, 4, 5].map(lines.lineOf)).toEqual([1, 2, 4, 6, 7, 8]);
  expect([0, 1, 2, 3, 4, 5, 6, 7, 8].map(lines.at)).toEqual([
    { group: 0 },
    { row: 0 },
    { row: 1 },
    { group: 1 },
    { row: 2 },
    { group: 2 },
    { row: 3 },
    { row: 4 },
    { row: 5 },
  ]);
  // The list has grown since: no groups until they are known anew.
  expect(linesOf([2, 1, 3], 7).at(0)).toEqual({ row: 0 });
  expect(linesOf(undefined, 3).lineOf(2)).toBe(2);
});

it("columns that were chosen stay in their order, and a field that is gone has none", () => {
  const usual = [{ key: "name", width: "200px" }];
  const fields = [
    { key: "budget", type: "money", custom: true },
    { key: "total", type: "money", derived: true },
  ] as unknown as FieldView[];
  const columns = columnsFor(usual, ["name", "total", "gone", "budget", "updated_at"], fields);
  expect(columns.map((column) => [column.key, !!column.editable])).toEqual([
    ["name", false],
    ["total", false],
    ["budget", true],
    ["updated_at", false],
  ]);
  expect(columnsFor(usual, [], fields)).toBe(usual);
});
