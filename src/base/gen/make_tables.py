#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes src/base/gen/crc32c.c, fold.c and normal.c into the folder given: make_tables.py FOLDER."""
import sys
import unicodedata
from pathlib import Path

HEAD = "/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by src/base/gen/make_tables.py: `make regen`. {} */\n"


def crc32c():
    """Eight tables of 256: [k][b] is the register after byte b and k zero bytes, polynomial 0x82F63B78 (reflected)."""
    tables = [[0] * 256 for _ in range(8)]
    for b in range(256):
        r = b
        for _ in range(8):
            r = r >> 1 ^ (0x82F63B78 if r & 1 else 0)
        tables[0][b] = r
    for k in range(1, 8):
        for b in range(256):
            r = tables[k - 1][b]
            tables[k][b] = r >> 8 ^ tables[0][r & 255]
    out = [HEAD.format("CRC-32C, slicing by eight."), '#include "base/crc32c.h"\n\n',
           "const uint32_t base_crc32c_table[8][256] = {\n"]
    for t in tables:
        out.append("    {\n")
        for i in range(0, 256, 8):
            out.append("        " + ", ".join(f"0x{v:08x}" for v in t[i:i + 8]) + ",\n")
        out.append("    },\n")
    out.append("};\n")
    return "".join(out)


def simple_fold(c):
    """CaseFolding.txt, status C and S, of one character: str.casefold is C and F; where F is longer, S is the lower case."""
    full = chr(c).casefold()
    if len(full) == 1:
        return ord(full)
    lower = chr(c).lower()
    return ord(lower) if len(lower) == 1 else c


def fold():
    """Runs of characters at distance 1 or 2 that fold by the same difference."""
    pairs = [(c, simple_fold(c) - c) for c in range(0x80, 0x110000) if not 0xD800 <= c <= 0xDFFF]
    ranges = []  # [first, last, delta, step]
    for c, delta in pairs:
        if delta == 0:
            continue
        if ranges:
            r = ranges[-1]
            step = c - r[1]
            if r[2] == delta and step <= 2 and (r[0] == r[1] or r[3] == step):
                r[1], r[3] = c, step
                continue
        ranges.append([c, c, delta, 1])
    out = [HEAD.format(f"Simple case folding, Unicode {unicodedata.unidata_version}."), '#include "base/gen/fold.h"\n\n',
           "const struct base_fold_range base_fold_ranges[] = {\n"]
    line = "   "
    for first, last, delta, step in ranges:
        item = f" {{0x{first:05x}, 0x{last:05x}, {delta}, {step}}},"
        if len(line) + len(item) > 132:
            out.append(line + "\n")
            line = "   "
        line += item
    out += [line + "\n", "};\n", "const size_t base_fold_n_ranges = sizeof base_fold_ranges / sizeof base_fold_ranges[0];\n"]
    return "".join(out)


def table(kind, name, items):
    """A C table with as many items in a line as fit, and its length."""
    out = [f"const {kind} {name}[] = {{\n"]
    line = "   "
    for item in items:
        if len(line) + len(item) + 2 > 132:
            out.append(line + "\n")
            line = "   "
        line += f" {item},"
    return "".join(out + [line + "\n", "};\n", f"const size_t {name}_n = sizeof {name} / sizeof {name}[0];\n"])


def all_characters():
    return (c for c in range(0x80, 0x110000) if not 0xD800 <= c <= 0xDFFF)


def canonical(c):
    """The one or two characters of a canonical decomposition, not decomposed further; Hangul has rules in place of a table."""
    parts = unicodedata.decomposition(chr(c)).split()
    return [int(p, 16) for p in parts] if parts and not parts[0].startswith("<") else []


def runs_of_classes():
    runs = []  # [first, last, class]
    for c in all_characters():
        order = unicodedata.combining(chr(c))
        if order and runs and runs[-1][1] == c - 1 and runs[-1][2] == order:
            runs[-1][1] = c
        elif order:
            runs.append([c, c, order])
    return runs


def long_fold(c):
    """What base_fold_whole folds to beyond base_utf8_fold: several letters, letters of another width, ligatures, digraphs."""
    text = chr(c)
    kind = unicodedata.decomposition(text).split(" ")[0]
    if 0xFF65 < c < 0xFFA0:  # half-width kana: another table, because marks of sound stand behind them
        return None
    if c in (0x130, 0x131):  # with and without a dot
        return "i"
    if kind in ("<wide>", "<narrow>") or 0x1C4 <= c <= 0x1CC or 0xFB00 <= c <= 0xFB06:
        text = unicodedata.normalize("NFKC", text)
    folded = unicodedata.normalize("NFC", text.casefold())
    return folded if len(folded) > 1 or folded != chr(simple_fold(c)) else None


def normal():
    pairs = {c: canonical(c) for c in all_characters()}
    pairs = {c: p for c, p in pairs.items() if p}
    composed = {tuple(p): c for c, p in pairs.items() if len(p) == 2 and unicodedata.normalize("NFC", chr(c)) == chr(c)}
    long = {c: long_fold(c) for c in all_characters() if not pairs.get(c) or unicodedata.normalize("NFC", chr(c)) == chr(c)}
    long = {c: [ord(x) for x in f] for c, f in long.items() if f}
    if max(len(f) for f in long.values()) > 3:
        sys.exit("a folded character is longer than base/normal.h says")
    kana = [ord(unicodedata.normalize("NFKC", chr(c))) for c in range(0xFF66, 0xFFA0)]
    zeros = [c for c in all_characters() if unicodedata.decimal(chr(c), -1) == 0 and unicodedata.category(chr(c)) == "Nd"]
    return "".join([
        HEAD.format(f"Normal forms and folding, Unicode {unicodedata.unidata_version}."), '#include "base/gen/normal.h"\n\n',
        table("struct base_canonical", "base_canonicals", [f"{{0x{c:05x}, {{{p[0]:#x}, {p[1] if p[1:] else 0:#x}}}}}" for c, p in sorted(pairs.items())]),
        table("struct base_canonical", "base_compositions", [f"{{0x{c:05x}, {{{p[0]:#x}, {p[1]:#x}}}}}" for p, c in sorted(composed.items())]),
        table("struct base_combining", "base_combinings", [f"{{0x{a:05x}, 0x{b:05x}, {k}}}" for a, b, k in runs_of_classes()]),
        table("struct base_long_fold", "base_long_folds", [f"{{0x{c:05x}, {{{', '.join(hex(x) for x in f)}}}}}" for c, f in sorted(long.items())]),
        table("uint16_t", "base_narrow_kana", [hex(c) for c in kana]), table("uint32_t", "base_digit_zeros", [hex(c) for c in zeros])])


def main():
    folder = Path(sys.argv[1])
    (folder / "crc32c.c").write_text(crc32c())
    (folder / "fold.c").write_text(fold())
    (folder / "normal.c").write_text(normal())


if __name__ == "__main__":
    main()
