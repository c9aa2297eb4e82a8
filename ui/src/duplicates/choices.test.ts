import { describe, expect, it } from "vitest";
import type { FieldView, RecordView } from "../bindings";
import { chosenOf, type FieldRow, rowsOf, stepOf, sureness, TOGETHER, takenOf, together } from "./choices";

const field = (key: string, type: string) => ({ key, type, label: key }) as FieldView;
const fields = [
  field("source", "text"),
  field("title", "text"),
  field("department", "text"),
  field("emails", "emails"),
  field("notes", "long_text"),
  field("rank", "text"),
];
const record = (id: string, values: object) => ({ id, fields: values }) as unknown as RecordView;
const mail = (value: string, label = "work") => ({ id: value, value, label });
const records = [
  record("a", { source: "fair", title: "Buyer", emails: [mail("a@x.example")], notes: "one", rank: "a" }),
  record("b", {
    source: "fair",
    title: "Director",
    department: "South",
    emails: [mail("A@x.example", "home"), mail("b@x.example")],
    notes: "two",
  }),
];
const ids = ["a", "b"];
const rows = rowsOf("person", fields, records);
const row = (key: string): FieldRow => {
  const found = rows.find((r) => r.field.key === key);
  if (!found) throw new Error(key);
  return found;
};

describe("records side by side", () => {
  it("show what there is to choose first, and what is the same last", () => {
    expect(rows.map((r) => [r.field.key, r.sort])).toEqual([
      ["title", "differ"],
      ["department", "one"],
      ["emails", "united"],
      ["notes", "united"],
      ["source", "same"],
    ]);
  });

  it("take what the one that stays has, else what another has, and lists from all", () => {
    const taken = (key: string, keep: string) => takenOf(row(key), ids, keep, {});
    expect([taken("title", "a"), taken("title", "b")]).toEqual(["a", "b"]);
    expect([taken("department", "a"), taken("emails", "a")]).toEqual(["b", TOGETHER]);
  });

  it("are chosen among with the arrows, and only what differs is said", () => {
    expect(stepOf(row("title"), ids, "a", 1)).toBe("b");
    expect(stepOf(row("title"), ids, "b", 1)).toBe("b");
    expect(stepOf(row("emails"), ids, TOGETHER, -1)).toBe("b");
    expect(chosenOf(rows, ids, "a", { title: "b", department: "b", emails: TOGETHER })).toEqual({
      title: "b",
    });
    // Who is not there any more has chosen nothing.
    expect(chosenOf(rows, ids, "a", { title: "gone" })).toEqual({});
    expect(chosenOf(rows, ids, "a", { department: "a" })).toEqual({ department: "a" });
  });

  it("look together as they will be", () => {
    expect(together(row("emails"))).toEqual([mail("a@x.example"), mail("b@x.example")]);
    expect(together(row("notes"))).toBe("one\ntwo");
  });
});

it("says how sure it is", () => {
  expect([0.97, 0.8, 0.6].map(sureness)).toEqual(["sure", "likely", "possible"]);
});
