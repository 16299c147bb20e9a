# SPDX-License-Identifier: Apache-2.0
"""Plots of measurements, drawn with matplotlib if it is installed (python3-matplotlib); everything else works without it."""

import sys

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#aa3377", "#8a6d00", "#444444")  # told apart with any colour vision, and dark enough for text
PALE = "#aaaaaa"  # for what the message is not about
LABEL_PT = 8


def label_ends(axes, x, ends, gap=None):
    """Label lines at their right ends in place of a legend. ends: [(y, text, colour), ...] in units of the axes; x: where the lines end.
    Labels that would overlap are moved apart vertically. Call it when all lines are drawn. gap: least distance of labels, in units of y."""
    axes.autoscale_view()
    low, high = axes.get_ylim()
    gap = gap or (high - low) * 1.35 * LABEL_PT / 72 / (axes.figure.get_size_inches()[1] * 0.8)
    ends = sorted(ends, reverse=True)
    places = [y for y, _, _ in ends]
    for _ in range(200):                                    # push neighbours apart, both by half of what is missing
        for i in range(len(places) - 1):
            missing = gap - (places[i] - places[i + 1])
            if missing > 1e-9:
                places[i] += missing / 2
                places[i + 1] -= missing / 2
    for (_, text, colour), place in zip(ends, places):
        dark = "#555555" if colour == PALE else colour
        axes.annotate(text, (x, place), (8, 0), textcoords="offset points", va="center", color=dark, fontsize=LABEL_PT, annotation_clip=False)


def save(path, draw, columns=1, size=(8, 5)):
    """Call draw(*axes) with `columns` empty axes side by side, and write what it drew to path, a PNG or an SVG by its name; size in inches.
    The same lines give the same bytes.

    A legend is added to axes whose lines have a `label`. Without matplotlib one line on standard error says so, and nothing is drawn."""
    try:
        import matplotlib
    except ImportError:
        print(f"{path}: not drawn without matplotlib", file=sys.stderr)
        return
    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.hashsalt": "tragus", "svg.fonttype": "none"})
    from matplotlib import pyplot

    drawing, axes = pyplot.subplots(1, columns, figsize=size, squeeze=False)
    draw(*axes[0])
    for each in axes[0]:
        each.grid(alpha=0.3)
        each.spines[["top", "right"]].set_visible(False)
        if each.get_legend_handles_labels()[0]:
            each.legend(fontsize=8)
    drawing.tight_layout()
    drawing.savefig(path, dpi=110, metadata={"Date": None})
    pyplot.close(drawing)
