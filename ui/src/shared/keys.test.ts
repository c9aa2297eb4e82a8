import { expect, test, vi } from "vitest";

// The module listens on the page; here there is none.
const page = new EventTarget();
vi.stubGlobal("document", page);
const { isComposing, nameOf } = await import("./keys");

const key = (init: Partial<KeyboardEvent>) =>
  ({ key: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...init }) as KeyboardEvent;

test("a key that an input method takes is no command", () => {
  expect(isComposing({ isComposing: true })).toBe(true);
  // Old engines send only the number, with every key of a composition.
  expect(isComposing({ isComposing: false, keyCode: 229 })).toBe(true);
  expect(isComposing({ isComposing: false, keyCode: 13 })).toBe(false);
});

test("the Enter that ends a composition is no command either", async () => {
  page.dispatchEvent(new Event("compositionend"));
  expect(isComposing({ isComposing: false, keyCode: 13 })).toBe(true);
  await new Promise((done) => setTimeout(done, 50));
  expect(isComposing({ isComposing: false, keyCode: 13 })).toBe(false);
});

test("keys have one name on every layout", () => {
  expect(nameOf(key({ key: "K", ctrlKey: true, shiftKey: true }))).toBe("Ctrl+Shift+k");
  expect(nameOf(key({ key: "k", metaKey: true }))).toBe("Ctrl+k");
  expect(nameOf(key({ key: "?", shiftKey: true }))).toBe("?");
  expect(nameOf(key({ key: " " }))).toBe("Space");
});
