import { expect, test } from "vitest";
import { nameOfPasted, pastedPicture } from "./pasted";

const files = (...types: string[]) => types.map((type) => new File(["x"], "image.png", { type })) as never;

test("a picture is taken from the clipboard, and none of what is text", () => {
  expect(pastedPicture({ types: ["Files"], files: files("image/png") })?.type).toBe("image/png");
  expect(pastedPicture({ types: ["text/html", "Files"], files: files("image/webp") })).toBeDefined();
  expect(pastedPicture({ types: ["text/plain", "Files"], files: files("image/png") })).toBeUndefined();
  expect(pastedPicture({ types: ["Files"], files: files("application/pdf") })).toBeUndefined();
  expect(pastedPicture(null)).toBeUndefined();
});

test("what has no name is called by the minute, in the language of the screen", () => {
  const at = new Date(2026, 10, 28, 14, 5);
  expect(nameOfPasted({ name: "image.png", type: "image/png" }, at, "en")).toBe(
    "Picture 2026-11-28 14.05.png",
  );
  expect(nameOfPasted({ name: "", type: "image/jpeg" }, at, "en")).toBe("Picture 2026-11-28 14.05.jpg");
  expect(nameOfPasted({ name: "whiteboard.jpg", type: "image/jpeg" }, at)).toBe("whiteboard.jpg");
  expect(nameOfPasted({ name: "image.png", type: "image/png" }, at, "zh")).toBe("图片 2026-11-28 14.05.png");
});
