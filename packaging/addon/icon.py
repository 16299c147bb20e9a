#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""icon.py OUT.png: draws the icon of the add-on: a dot and three arcs of sound. tests/packaging/test_container compares it with icon.png."""
import math
import struct
import sys
import zlib

SIZE, FINE = 128, 4  # pixels, and samples of a pixel in each direction
DOT = (26, 64, 13)
ARCS = (34, 58, 82)  # radii around the dot
WIDTH, ANGLE = 11, math.radians(42)
INK = (0x1F, 0x6F, 0x8B)


def inked(x, y):
    dx, dy = x - DOT[0], y - DOT[1]
    radius = math.hypot(dx, dy)
    if radius <= DOT[2]:
        return True
    for arc in ARCS:
        if abs(radius - arc) <= WIDTH / 2 and abs(math.atan2(dy, dx)) <= ANGLE:
            return True
        for side in (-ANGLE, ANGLE):  # round ends
            if math.hypot(dx - arc * math.cos(side), dy - arc * math.sin(side)) <= WIDTH / 2:
                return True
    return False


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


steps = [(i + 0.5) / FINE for i in range(FINE)]
rows = b""
for row in range(SIZE):
    rows += b"\0"
    for column in range(SIZE):
        n = sum(inked(column + u, row + v) for u in steps for v in steps)
        rows += bytes(INK) + bytes([n * 255 // FINE**2])
with open(sys.argv[1], "wb") as out:
    out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIZE, SIZE, 8, 6, 0, 0, 0)))
    out.write(chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))
