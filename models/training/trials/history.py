#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draw a training's log: phone error rate on the dev clips by hours of augmented sound heard.

history.py LOG.tsv OUT.png

LOG.tsv is what train.py wrote (its docstring tells the columns; logs of one training after another, one below the other, are drawn as
one line each time the hours go back), the rate in noise being there or not.
"""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # the folder of these packages
from trials import figure  # noqa: E402


def read(path):
    """A list of trainings, each a list of (hours, phone error rates by condition)."""
    trainings = []
    for line in open(path, encoding="utf-8"):
        _, hours, _, _, *errors, _ = line.split()
        if not trainings or float(hours) < trainings[-1][-1][0]:
            trainings.append([])
        trainings[-1].append((float(hours), [100 * float(e) for e in errors]))
    return trainings


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log")
    parser.add_argument("out")
    arguments = parser.parse_args()

    def draw(axes):
        for i, training in enumerate(read(arguments.log)):
            for k, (condition, line) in enumerate((("as they are", "-"), ("in noise at 10 dB", "--"))):
                points = [(hours, errors[k]) for hours, errors in training if k < len(errors)]
                if points:
                    axes.plot(*zip(*points), line, marker=".", color=f"C{i}", label=f"training {i + 1}, {condition}")
        axes.set(xlabel="hours of augmented sound heard", ylabel="phone errors on the dev clips, %")

    figure.save(arguments.out, draw)


if __name__ == "__main__":
    main()
