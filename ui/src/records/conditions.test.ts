import { expect, test } from "vitest";
import type { FieldView } from "../bindings";
import { conditionFrom, operatorLabel, written } from "./conditions";

const field = (key: string, type: FieldView["type"]) => ({ key, type }) as FieldView;
const fields = [
  field("city", "text"),
  field("value", "money"),
  field("tags", "tags"),
  field("retired", "yes_no"),
];

test("what was put together is read again", () => {
  for (const text of [
    "city contains 'Por to'",
    "value >= '1000'",
    "tags has 'vip'",
    "city is not empty",
    "retired = 'yes'",
    `city = "L'Aquila"`,
  ]) {
    const condition = conditionFrom(text, fields);
    expect(condition && written(condition)).toBe(text);
  }
  expect(conditionFrom("value>1000", fields)).toEqual({ field: "value", operator: ">", value: "1000" });
});

test("what is not simple stays as it was written", () => {
  for (const text of ["not city = 'a'", "(city = 'a' or city = 'b')", "town = 'a'", "city has 'a'", "city ="])
    expect(conditionFrom(text, fields)).toBeUndefined();
});

test("a day is before another, an amount is less", () => {
  expect(operatorLabel("<", field("close_date", "date"))).toBe("before");
  expect(operatorLabel(">", field("updated_at", "date_time"))).toBe("after");
  expect(operatorLabel("<", field("value", "money"))).toBe("less than");
  expect(operatorLabel("<=", field("close_date", "date"))).toBe("at most");
});

test("a condition without a value is none, and quotes cannot break out", () => {
  expect(written({ field: "city", operator: "=", value: " " })).toBe("");
  expect(written({ field: "city", operator: "=", value: `a' or "b` })).toBe(`city = "a' or b"`);
});
