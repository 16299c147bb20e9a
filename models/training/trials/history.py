#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draw a training's log: phone error rate on the dev clips by hours of augmented sound, one training after another.

history.py LOG.tsv OUT.png

LOG.tsv is what train.py wrote (its docstring describes the columns), or several such logs one below the other: a new training begins where
the hours decrease. Early logs have no error rate in noise.
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

    trainings = read(arguments.log)

    def draw(axes):
        begin, ends = 0.0, {}
        for i, training in enumerate(trainings):
            for k, colour in enumerate(figure.COLOURS[:2]):
                points = [(begin + hours, errors[k]) for hours, errors in training if k < len(errors)]
                if points:
                    axes.plot(*zip(*points), marker=".", color=colour, clip_on=False)
                    ends[k] = points[-1]
            axes.axvline(begin, color=figure.PALE, linewidth=0.8)
            axes.annotate(str(i + 1), (begin, 1), (3, -10), xycoords=("data", "axes fraction"), textcoords="offset points", fontsize=9, color="#555555")
            begin += training[-1][0]
        labels = ("as they are", "in noise at 10 dB")
        figure.label_ends(axes, begin, [(y, f"{labels[k]}: {y:.1f} %", figure.COLOURS[k]) for k, (_, y) in ends.items()])
        axes.set(xlabel=f"hours of augmented sound, {len(trainings)} trainings one after another", ylabel="phone errors on the dev clips, %", xlim=(0, begin),
                 title=f"Phone errors fell from {trainings[0][0][1][0]:.0f} % to {ends[0][1]:.0f} %")

    figure.save(arguments.out, draw, size=(9, 4.5))


if __name__ == "__main__":
    main()
