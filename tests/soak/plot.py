#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws what tests/soak/sound has printed: memory over hours of sound.

    tests/soak/sound 24 >sound.tsv; tests/soak/plot.py sound.tsv docs/plots/soak.svg
"""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench"))
import pictures  # noqa: E402

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 760, 260, 60, 40, 40


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    rows = [[float(cell) for cell in line.split("\t")] for line in pathlib.Path(sys.argv[1]).read_text().splitlines()]
    hours, most = rows[-1][0], max(row[1] for row in rows) / 1024 * 1.2
    least, peak = min(row[1] for row in rows), max(row[1] for row in rows)
    drawing = pictures.Drawing(WIDTH, HEIGHT, "Memory over hours of sound", f"from {least:.0f} to {peak:.0f} KiB in {hours:.0f} hours")

    def place(hour, mib):
        return LEFT + hour / hours * (WIDTH - LEFT - 20), HEIGHT - BOTTOM - mib / most * (HEIGHT - BOTTOM - TOP)

    drawing.text(LEFT, 22, f"Peak of anonymous memory in MiB over hours of sound: {least:.0f} to {peak:.0f} KiB, {rows[-1][2]:.0f} events")
    for mib in range(0, int(most) + 1, 2):
        drawing.line(*place(0, mib), *place(hours, mib), colour="#ddd")
        drawing.text(LEFT - 8, place(0, mib)[1] + 4, str(mib), anchor="end")
    for part in range(0, 5):
        drawing.text(place(hours * part / 4, 0)[0], HEIGHT - 18, f"{hours * part / 4:.0f} h", anchor="middle")
    for before, after in zip(rows, rows[1:]):
        drawing.line(*place(before[0], before[1] / 1024), *place(after[0], after[1] / 1024), colour="#1668a8", width=2)
    drawing.save(sys.argv[2])


if __name__ == "__main__":
    main()
