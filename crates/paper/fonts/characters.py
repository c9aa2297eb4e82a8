"""The characters of the Chinese font: GB 2312, the 8,105 of China's table of standard characters, the common ones of
Big5, kana, and the signs that go with them. Gives one line; takes Unicode's Unihan_OtherMappings.txt.bz2."""

import bz2
import sys

SIGNS = [
    (0x2010, 0x2027), (0x2030, 0x205E), (0x2100, 0x218F), (0x2190, 0x21FF), (0x2460, 0x24FF), (0x2500, 0x257F),
    (0x25A0, 0x266F), (0x3000, 0x30FF), (0x3200, 0x33FF), (0xFE30, 0xFE4F), (0xFF01, 0xFFEE),
]


def encoded(encoding, leads, trails):
    for lead in leads:
        for trail in trails:
            try:
                yield from bytes([lead, trail]).decode(encoding)
            except UnicodeDecodeError:
                pass


def standard(path):
    with bz2.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            code, *rest = line.split("\t")
            if rest and rest[0] == "kTGH":
                yield chr(int(code[2:], 16))


gb2312 = encoded("gb2312", range(0xA1, 0xF8), range(0xA1, 0xFF))
big5_common = encoded("big5", range(0xA4, 0xC7), [*range(0x40, 0x7F), *range(0xA1, 0xFF)])
han = {c for c in {*gb2312, *big5_common, *standard(sys.argv[1])} if ord(c) >= 0x3400}
signs = {chr(c) for first, last in SIGNS for c in range(first, last + 1)}
print("".join(sorted(han | signs)))
