import { describe, expect, it, vi } from "vitest";

vi.mock("../platform/tauri", () => ({ commands: {}, setZoom: async () => {} }));
vi.mock("./undo", () => ({ undo: () => {}, redo: () => {} }));
vi.mock("./Favourites", () => ({ toggleFavourite: async () => {} }));

const { chose, matching, registry } = await import("./registry");
const { en } = await import("../shared/en");
const { zh } = await import("../shared/zh");

describe("every command", () => {
  it("is reached by its name in both languages", () => {
    for (const command of registry)
      for (const name of [en[command.label], zh[command.label], en[command.label].slice(0, 4)])
        expect(matching(name), `${command.id} by «${name}»`).toContain(command);
  });

  it("is reached by its words in any order, and by what other programs call it", () => {
    expect(matching("person new").map((c) => c.id)).toContain("new-person");
    expect(matching("create contact").map((c) => c.id)).toContain("new-person");
    expect(matching("通讯录").map((c) => c.id)).toContain("people");
  });

  it("has other words in both languages", () => {
    for (const command of registry) {
      const also = (command.also ?? "").split(" ");
      const names = `${en[command.label]} ${zh[command.label]}`.toLowerCase();
      const others = also.filter((word) => !names.includes(word));
      expect(
        others.some((word) => /^[a-z-]+$/.test(word)),
        `${command.id}: an English one`,
      ).toBe(true);
      expect(
        also.some((word) => /^[\u3400-\u9fff]+$/.test(word)),
        `${command.id}: a Chinese one`,
      ).toBe(true);
    }
  });

  it("comes first where it was chosen last", () => {
    expect(matching("new")[0]?.id).not.toBe("new-deal");
    chose("new-quote");
    chose("new-deal");
    expect(
      matching("new")
        .slice(0, 2)
        .map((c) => c.id),
    ).toEqual(["new-deal", "new-quote"]);
    expect(matching("new deal quiet zzz")).toEqual([]);
  });

  it("has a name and a key of its own", () => {
    const ids = registry.map((c) => c.id);
    expect(new Set(ids).size).toBe(ids.length);
    const keys = registry.flatMap((c) => c.keys ?? []);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
