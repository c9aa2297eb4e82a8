import { expect, it, vi } from "vitest";

vi.stubGlobal("document", new EventTarget());
vi.stubGlobal("window", new EventTarget());
vi.mock("../platform/tauri", () => ({ commands: {}, setZoom: async () => {}, errorOf: () => ({}) }));
const { combination } = await import("./CaptureKeys");

it("takes keys that no one types by accident", () => {
  const press = (code: string, held: string) =>
    combination({
      code,
      ctrlKey: held.includes("c"),
      altKey: held.includes("a"),
      shiftKey: held.includes("s"),
    });
  expect(press("Space", "ca")).toBe("Ctrl+Alt+Space");
  expect(press("KeyK", "cs")).toBe("Ctrl+Shift+K");
  expect(press("Digit1", "a")).toBe("Alt+1");
  expect(press("KeyK", "s")).toBeUndefined();
  expect(press("ControlLeft", "c")).toBeUndefined();
});
