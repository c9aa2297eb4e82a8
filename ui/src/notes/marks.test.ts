import { describe, expect, it } from "vitest";
import { plainly } from "../shared/plainly";
import { continued, type Edit, listed, marked, mentionAt, mentionOf } from "./marks";

const apply = (text: string, edit: Edit | undefined) =>
  edit && text.slice(0, edit.from) + edit.text + text.slice(edit.to);

describe("a mention", () => {
  it("begins with @ where a word may begin", () => {
    expect(mentionAt("Met @An", 7)).toEqual({ from: 4, name: "An" });
    expect(mentionAt("(@Ana Ru", 8)).toEqual({ from: 1, name: "Ana Ru" });
    expect(mentionAt("见了@王", 4)).toEqual({ from: 2, name: "王" });
    expect(mentionAt("@", 1)).toEqual({ from: 0, name: "" });
  });

  it("is no address, and ends with its line", () => {
    for (const text of ["ana@norte", "@ Ana", "@Ana\nmore", "@Ana](x", "no", `@${"a".repeat(60)}`])
      expect(mentionAt(text, text.length), text).toBeUndefined();
  });

  it("keeps what its record is called, whatever marks are in that", () => {
    expect(mentionOf("Ana [*Ruiz*]\n2", "1")).toBe("[Ana \\[\\*Ruiz\\*\\] 2](satchel:1)");
    expect(plainly(`Met **${mentionOf("A_b [c]", "1")}**`)).toBe("Met A_b [c]");
  });
});

describe("marks", () => {
  it("are put around what is selected and taken away again", () => {
    const bold = marked("a word b", 2, 6, "**");
    expect(apply("a word b", bold)).toBe("a **word** b");
    expect(apply("a **word** b", marked("a **word** b", 4, 8, "**"))).toBe("a word b");
    expect(apply("a **word** b", marked("a **word** b", 2, 10, "**"))).toBe("a word b");
    expect(bold.select).toEqual([4, 8]);
  });

  it("make lists of lines, and lines of lists", () => {
    expect(apply("a\nb\nc", listed("a\nb\nc", 0, 3, "-"))).toBe("- a\n- b\nc");
    expect(apply("- a\n- b", listed("- a\n- b", 0, 7, "1."))).toBe("1. a\n2. b");
    expect(apply("- [x] a", listed("- [x] a", 3, 3, "- [ ]"))).toBe("a");
  });

  it("go on in the next line until one is empty", () => {
    expect(apply("- a", continued("- a", 3))).toBe("- a\n- ");
    expect(apply("9. a", continued("9. a", 4))).toBe("9. a\n10. ");
    expect(apply("- [x] a", continued("- [x] a", 7))).toBe("- [x] a\n- [ ] ");
    expect(apply("- a\n- ", continued("- a\n- ", 6))).toBe("- a\n");
    expect(continued("a", 1)).toBeUndefined();
  });

  it("are left out where there is one line", () => {
    expect(plainly("## Visit\n- [x] **ok** `x`, [site](https://x.example)")).toBe("Visit\nok x, site");
    expect(plainly("5 * 3, a_b, [x](y)")).toBe("5 * 3, a_b, [x](y)");
  });
});
