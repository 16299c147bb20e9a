#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares models of one network that were quantised in different ways: accuracy on the sets of sets.py, time and memory.

quantisation.py --shared DIR [--build DIR] --out DIR NAME=MODEL...
quantisation.py --redraw TSV --out DIR

MODEL is a model file; float32:MODEL runs its float section with BUILD/tests/float32/tragus-float32 (make tests/float32/tragus-float32).
Counts are of right sentences or slots, with rejection off, so that a threshold tuned on one model does not favour it. Instructions are
counted by callgrind, from the sound to the transcript, per second of sound: the difference between three recordings and the first of
them, so that loading does not count (kernels up to AVX2, the most that valgrind supports). The real-time factor is CPU time on this
machine over all sets, without loading. Writes OUT/quantisation.md, .json and .tsv, and OUT/quantisation.png with matplotlib; --redraw
draws the plot from a quantisation.tsv without measuring.
"""

import argparse
import csv
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import sets  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "models" / "training"))
from device import program  # noqa: E402
from trials import figure  # noqa: E402

NAMES = ("coffee_dev", "rhasspy_commands", "an4_dev", "speech_commands_dev", "digits_8k_dev", "speechocean_dev adults",
         "view_glass_dev")


class Model:
    """A variant of the network: a model file, beside the lexicon of the build, and the program that runs it."""

    def __init__(self, said, build, folder):
        self.name, where = said.split("=", 1)
        self.is_float = where.startswith("float32:")
        self.file = pathlib.Path(where.removeprefix("float32:")).resolve()
        self.program = build / ("tests/float32/tragus-float32" if self.is_float else "tragus")
        for path in (self.file, self.program):
            if not path.exists():
                sys.exit(f"quantisation: {path} does not exist")
        self.folder = folder / str(len(list(folder.iterdir())))
        self.folder.mkdir()
        for other in (build / "models" / "en").glob("*.tragus"):
            (self.folder / other.name).symlink_to(self.file if other.name == "acoustic.tragus" else other.resolve())

    def instructions(self, grammar, listed):
        """Instructions of a run over a list, and the seconds of sound in it."""
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", self.program, "evaluate", "--json", "-m",
                   self.folder, "-g", grammar, listed]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return int(re.search(r"Collected : (\d+)", done.stderr)[1]), json.loads(done.stdout)["audio_ms"] / 1000


def instructions_per_second(model, grammar, source, folder):
    header, *rows = source.read_text(encoding="utf-8").splitlines()
    counts = []
    for n in (1, 4):
        listed = folder / f"first-{n}.tsv"
        listed.write_text("\n".join([header] + rows[:n]) + "\n", encoding="utf-8")
        counts.append(model.instructions(grammar, listed))
    (few, few_s), (many, many_s) = counts
    return (many - few) / (many_s - few_s)


def weight_bytes(model):
    """What the weights of a model take: four bytes each in float32, one in int8, half a byte in layers of four bits."""
    ops = program.Program.read(model.file)[0].ops
    return sum(op["w"].size * (4 if model.is_float else 0.5 if op["kind"] == program.CONV_S4 else 1) for op in ops)


def measure(model, chosen, corpora, folder):
    """Returns all results of a model."""
    told = {"bytes": model.file.stat().st_size, "weight_bytes": weight_bytes(model), "sets": {}}
    cpu_ms = audio_ms = 0
    for each in chosen:
        said = sets.evaluate([model.program], each.grammar_file(corpora, folder), each.write_list(corpora, folder), False, model.folder)
        told["sets"][each.name] = said["right"]
        told["peak_mb"] = max(told.get("peak_mb", 0), said["peak_memory_mb"])
        cpu_ms, audio_ms = cpu_ms + said["cpu_ms"], audio_ms + said["audio_ms"]
    told["real_time_factor"] = cpu_ms / audio_ms
    first = chosen[0]
    told["instructions_per_s"] = instructions_per_second(model, first.grammar_file(corpora, folder), first.write_list(corpora, folder), folder)
    return told


def markdown(results):
    names = list(next(iter(results.values()))["sets"])
    first = next(iter(results.values()))["sets"]
    lines = ["| | " + " | ".join(f"{name} of {first[name]['of']}" for name in names)
             + " | file, MB | peak memory, MB | instructions a second of sound, million | real-time factor |",
             "|---" * (len(names) + 5) + "|"]
    for way, told in results.items():
        counts = [str(told["sets"][name]["n"]) for name in names]
        lines.append(f"| {way} | " + " | ".join(counts) + f" | {told['bytes'] / 1e6:.2f} | {told['peak_mb']:.1f} | "
                     f"{told['instructions_per_s'] / 1e6:.1f} | {told['real_time_factor']:.4f} |")
    return "\n".join(lines) + "\n"


COSTS = ("weight_bytes", "instructions_per_s", "real_time_factor")


def save_numbers(results, path):
    """What the plot is drawn from, as a table of tabs: a line for each way."""
    with open(path, "w", encoding="utf-8") as out:
        print("way", "right", "of", *COSTS, sep="\t", file=out)
        for way, told in results.items():
            right, of = (sum(each[key] for each in told["sets"].values()) for key in ("n", "of"))
            print(way, right, of, *(f"{told[cost]:.4g}" for cost in COSTS), sep="\t", file=out)


def plot(path, out):
    """Right answers of each way, and what the ways cost in comparison with the first, which is float32. path: of save_numbers()."""
    with open(path, encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))

    def draw(answers, costs):
        of, ways = int(rows[0]["of"]), [row["way"] for row in rows]
        right = [int(row["right"]) for row in rows]
        colours = [figure.COLOURS[1]] + [figure.COLOURS[0]] * (len(rows) - 1)
        answers.barh(ways, [of - n for n in right], 0.6, color=colours)
        for y, n in enumerate(right):
            answers.text(of - n + 0.4, y, f"{of - n}", va="center", fontsize=9)
        answers.set(xlabel=f"wrong answers of {of}, rejection off", xlim=(0, 1.2 * (of - min(right))), title="Quantising changes few answers ...")
        answers.invert_yaxis()
        names = ("bytes of weights", "instructions", "CPU time")
        for k, cost in enumerate(COSTS):
            parts = [100 * float(row[cost]) / float(rows[0][cost]) for row in rows[1:]]
            costs.barh(k, 100, 0.7, color=figure.COLOURS[1], alpha=0.25)
            costs.plot(parts, [k] * len(parts), "|", color=figure.COLOURS[0], markersize=22, markeredgewidth=2)
            least, low, *_, high = sorted(parts)
            apart = low - least > 5                                 # such as int4, in bytes
            first = low if apart else least
            label = (f"{first:.0f} to " if high - first > 0.5 else "") + f"{high:.0f} %"
            label += f"; {ways[1 + parts.index(least)]} {least:.0f} %" if apart else ""
            costs.text(high + 3, k, label, va="center", color=figure.COLOURS[0])
        costs.text(99, -0.45, "float32: 100 %", ha="right", va="bottom", color=figure.COLOURS[1], fontsize=9)
        costs.set_yticks(range(len(names)), names)
        costs.set(xlim=(0, 101), ylim=(2.6, -0.7), xlabel="% of float32; each mark is a way of quantising", title="... and costs less")

    figure.save(out, draw, columns=2, size=(11, 4))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="NAME=MODEL", help="float32 first")
    parser.add_argument("--shared", type=pathlib.Path, help="folder with corpora/")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("."), help="build tree with ./tragus")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--redraw", type=pathlib.Path, metavar="TSV", help="draw the plot from a quantisation.tsv and measure nothing")
    arguments = parser.parse_args()
    if arguments.redraw:
        arguments.out.mkdir(parents=True, exist_ok=True)
        plot(arguments.redraw, arguments.out / "quantisation.png")
        return
    if not arguments.shared or not arguments.models:
        parser.error("give --shared and models, or --redraw")
    corpora = arguments.shared / "corpora"
    chosen = [next(each for each in sets.SETS if each.name == name) for name in NAMES]
    arguments.out.mkdir(parents=True, exist_ok=True)
    results = {}
    with tempfile.TemporaryDirectory() as models, tempfile.TemporaryDirectory() as folder:
        listed = [Model(said, arguments.build.resolve(), pathlib.Path(models)) for said in arguments.models]
        for model in listed:
            results[model.name] = measure(model, chosen, corpora, pathlib.Path(folder))
            print(f"{model.name}: {results[model.name]['sets']['coffee_dev']['n']} coffee orders", file=sys.stderr)
    table = markdown(results)
    (arguments.out / "quantisation.md").write_text(table, encoding="utf-8")
    (arguments.out / "quantisation.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    save_numbers(results, arguments.out / "quantisation.tsv")
    plot(arguments.out / "quantisation.tsv", arguments.out / "quantisation.png")
    print(table, end="")


if __name__ == "__main__":
    main()
