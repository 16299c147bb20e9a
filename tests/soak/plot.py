#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws what tests/soak/sound has printed: memory over hours of sound.

    tests/soak/sound 24 >sound.tsv; tests/soak/plot.py sound.tsv docs/plots/soak.png
"""
import pathlib
import sys

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    rows = [[float(cell) for cell in line.split("\t")] for line in pathlib.Path(sys.argv[1]).read_text().splitlines()]
    figure, axes = pyplot.subplots(figsize=(8, 3))
    axes.plot([row[0] for row in rows], [row[1] / 1024 for row in rows])
    axes.set(xlabel="hours of sound", ylabel="peak of anonymous memory, MiB", ylim=(0, None), title="One process, sessions that come and go")
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(sys.argv[2], dpi=100)


if __name__ == "__main__":
    main()
