import { describe, expect, it } from "vitest";
import { asRequest, nextSort, withoutLast } from "./columns";

const fields = [{ key: "first_name" }, { key: "tags" }];

describe("the filter line", () => {
  it("tells expressions from text", () => {
    expect(asRequest("city = 'Porto'", fields).filter).toBe("city = 'Porto'");
    expect(asRequest("tags has 'vip' and city = 'x'", fields).filter).not.toBe("");
    expect(asRequest("not city = 'x'", fields).filter).not.toBe("");
    for (const text of ["ana", "王伟", "city hall", "+34 600", "a = b", "name"])
      expect(asRequest(text, fields)).toEqual({ filter: "", text });
  });

  it("loses its last condition first", () => {
    expect(withoutLast("city = 'a' and tags has 'b'")).toBe("city = 'a'");
    expect(withoutLast("city = 'a'")).toBe("");
  });
});

it("a head sorts up, down, and not at all", () => {
  expect(nextSort("", "title")).toBe("title");
  expect(nextSort("title", "title")).toBe("-title");
  expect(nextSort("-title", "title")).toBe("");
});
