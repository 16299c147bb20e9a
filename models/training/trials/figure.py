# SPDX-License-Identifier: Apache-2.0
"""Pictures of measurements, drawn with matplotlib where it is installed (python3-matplotlib); all else works without."""

import sys


def save(path, draw, columns=1, size=(8, 5)):
    """Call draw(*axes) with `columns` empty axes side by side, and write what it drew to path (PNG); size in inches.

    Without matplotlib one line on standard error says so, and nothing is drawn."""
    try:
        import matplotlib
    except ImportError:
        print(f"{path}: not drawn without matplotlib", file=sys.stderr)
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    drawing, axes = pyplot.subplots(1, columns, figsize=size, squeeze=False)
    draw(*axes[0])
    for each in axes[0]:
        each.grid(alpha=0.3)
        if each.get_legend_handles_labels()[0]:
            each.legend(fontsize=8)
    drawing.tight_layout()
    drawing.savefig(path, dpi=110)
    pyplot.close(drawing)
