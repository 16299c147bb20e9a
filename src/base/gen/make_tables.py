#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes src/base/gen/crc32c.c and fold.c into the folder given: make_tables.py FOLDER."""
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


def main():
    folder = Path(sys.argv[1])
    (folder / "crc32c.c").write_text(crc32c())
    (folder / "fold.c").write_text(fold())


if __name__ == "__main__":
    main()
