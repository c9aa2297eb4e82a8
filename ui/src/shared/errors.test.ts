import { expect, test } from "vitest";
import { inWords, refusalInWords } from "./errors";

test("what the core says is said in the language of the screen", () => {
  expect(inWords("«soon» is not a date; write 2024-05-31, or --05-31 without the year", "zh")).toBe(
    "«soon» 不是日期；请写成 2024-05-31，不含年份则写 --05-31",
  );
  expect(inWords("x is not a number; the value was put into the notes", "zh")).toBe(
    "x 不是数字；该值已放入备注",
  );
  expect(refusalInWords("birthday: x is not a number", "birthday", "zh")).toBe("生日：x 不是数字");
  expect(inWords("something new", "zh")).toBe("something new");
});

test("in English a field is called as the screen calls it", () => {
  expect(refusalInWords("first_name: x is not a number", "first_name", "en")).toMatch(/^First name: x/i);
});
