#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what a list costs that has from 100 to 50,000 names, in a grammar of four templates.

    tests/grammar/names.py BUILD OUT        prints a table; OUT/names.tsv and, with matplotlib, OUT/names.svg
    tests/grammar/names.py --redraw TSV OUT

BUILD needs tests/grammar/names and tests/integration/join_sounds (make check builds both). The sound is that of alsa-utils: eight channel names
with pauses, with the gate open, so that every second is recognised. Many names begin with these words. Times are of the processor, of several
runs the least; the peak of memory is beyond that of the model. Half a minute on a free core.
"""

import argparse
import csv
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "models" / "training"))
from trials import figure  # noqa: E402

NUMBERS = 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000
FIELDS = ("names", "compile_ms", "peak_mib", "word_arcs", "phone_arcs", "decoder_ms", "recognise_ms", "typed_ms")
HEADER = ("names", "compile, ms", "memory, MiB", "arcs of words", "arcs of phones", "decoder, ms a second of sound",
          "everything, ms a second of sound", "typed sentence, ms")


def measure(build):
    """Returns a row of FIELDS for each number of names. Each is measured in a process of its own, because the peak of memory is of a process."""
    sounds = [f"/usr/share/sounds/alsa/{name}.wav" for name in ("Front_Center", "Front_Left", "Front_Right", "Rear_Center", "Rear_Left",
                                                                "Rear_Right", "Side_Left", "Side_Right")]
    if not pathlib.Path(sounds[0]).exists():
        sys.exit(f"names.py: {sounds[0]} is missing: apt install alsa-utils")
    with tempfile.TemporaryDirectory() as folder:
        sound = pathlib.Path(folder) / "sound.raw"
        subprocess.run([build / "tests/integration/join_sounds", "16000", "500", sound, *sounds], check=True, stdout=subprocess.DEVNULL)
        rows = []
        for n in NUMBERS:
            told = subprocess.run([build / "tests/grammar/names", build / "models/en", str(n), sound], check=True, capture_output=True, text=True)
            rows.append(dict(zip(FIELDS, told.stdout.split())))
        return rows


def plot(rows, out):
    """Draws time to compile, peak of memory, and the time of recognition over the number of names, which is logarithmic."""
    names = [int(row["names"]) for row in rows]

    def line(axes, field, title, unit):
        axes.plot(names, [float(row[field]) for row in rows], marker="o", markersize=4, color=figure.COLOURS[0])
        axes.set(xscale="log", xlabel="names", ylabel=unit, title=title, ylim=(0, None))

    def draw(compiling, memory, recognising):
        line(compiling, "compile_ms", "setting the list", "ms of processor time")
        line(memory, "peak_mib", "memory meanwhile", "MiB beyond the model")
        line(recognising, "recognise_ms", "recognising", "ms for a second of sound")

    figure.save(out, draw, columns=3, size=(12, 3.8))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--redraw", action="store_true", help="draw from a table that was measured before")
    parser.add_argument("source", type=pathlib.Path, metavar="BUILD|TSV")
    parser.add_argument("out", type=pathlib.Path, metavar="OUT")
    arguments = parser.parse_args()
    if arguments.redraw:
        with open(arguments.source, encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines, delimiter="\t"))
    else:
        rows = measure(arguments.source.resolve())
        with open(arguments.out / "names.tsv", "w", encoding="utf-8") as out:
            table = csv.DictWriter(out, FIELDS, delimiter="\t", lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
    print("| " + " | ".join(HEADER) + " |\n|" + "---|" * len(HEADER))
    for row in rows:
        print("| " + " | ".join(row[field] for field in FIELDS) + " |")
    plot(rows, arguments.out / "names.svg")


if __name__ == "__main__":
    main()
