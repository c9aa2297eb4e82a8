import { expect, test, vi } from "vitest";

vi.mock("../platform/tauri", () => ({ setZoom: async () => {}, setLook: async () => {} }));

/** The system as the page sees it: it says by an event that its look is another. */
const system = {
  matches: false,
  listeners: [] as (() => void)[],
  addEventListener: (_: string, listener: () => void) => void system.listeners.push(listener),
};
const root = { dataset: {} as Record<string, string>, lang: "", style: { setProperty: () => {} } };
const kept = new Map<string, string>();
vi.stubGlobal("matchMedia", () => system);
vi.stubGlobal("document", { documentElement: root });
vi.stubGlobal("window", { addEventListener: () => {} });
vi.stubGlobal("navigator", { language: "en" });
vi.stubGlobal("localStorage", {
  getItem: (key: string) => kept.get(key) ?? null,
  setItem: (key: string, value: string) => void kept.set(key, value),
});
const { prefs } = await import("./prefs");

const becomes = (dark: boolean) => {
  system.matches = dark;
  for (const listener of system.listeners) listener();
};

test("the look follows the system while the app runs, unless somebody has chosen one", () => {
  prefs.start();
  expect(root.dataset.theme).toBe("light");
  becomes(true);
  expect(root.dataset.theme).toBe("dark");
  prefs.set({ theme: "light" });
  expect(root.dataset.theme).toBe("light");
  becomes(false);
  becomes(true);
  expect(root.dataset.theme).toBe("light");
  // Back to the system's, which is dark by now.
  prefs.set({ theme: "" });
  expect(root.dataset.theme).toBe("dark");
});
