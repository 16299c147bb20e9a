#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares models of one network that were quantised in different ways: accuracy on the sets of sets.py, time and memory.

quantisation.py --shared DIR [--build DIR] --out DIR NAME=MODEL...

MODEL is a model file; float32:MODEL runs its float section with BUILD/tests/float32/tragus-float32 (make tests/float32/tragus-float32).
Counts are of right sentences or slots, with rejection off, so that a threshold tuned on one model does not favour it. Instructions are
counted by callgrind, from the sound to the transcript, per second of sound: the difference between three recordings and the first of
them, so that loading does not count (kernels up to AVX2, the most that valgrind supports). The real-time factor is CPU time on this
machine over all sets, without loading. Writes OUT/quantisation.md and .json, and OUT/quantisation.png with matplotlib.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import sets  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "models" / "training"))
from trials import figure  # noqa: E402

NAMES = ("coffee_dev", "rhasspy_commands", "an4_dev", "speech_commands_dev", "digits_8k_dev", "speechocean_dev adults",
         "view_glass_dev")


class Model:
    """A variant of the network: a model file, beside the lexicon of the build, and the program that runs it."""

    def __init__(self, said, build, folder):
        self.name, where = said.split("=", 1)
        is_float = where.startswith("float32:")
        self.file = pathlib.Path(where.removeprefix("float32:")).resolve()
        self.program = build / ("tests/float32/tragus-float32" if is_float else "tragus")
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


def measure(model, chosen, corpora, folder):
    """Returns all results of a model."""
    told = {"bytes": model.file.stat().st_size, "sets": {}}
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


def plot(results, path):
    names = list(next(iter(results.values()))["sets"])

    def draw(accuracy, cost):
        for k, (way, told) in enumerate(results.items()):
            at = [i + (k - (len(results) - 1) / 2) * 0.8 / len(results) for i in range(len(names))]
            accuracy.bar(at, [100 * told["sets"][name]["share"] for name in names], 0.8 / len(results))
            cost.plot(told["bytes"] / 1e6, told["instructions_per_s"] / 1e6, "o", label=way)
        accuracy.set_xticks(range(len(names)), [name.removesuffix("_dev") for name in names], rotation=20)
        accuracy.set(ylabel="right, rejection off, %", ylim=(70, 100.5))
        cost.set(xlabel="size of the file, MB", ylabel="million instructions a second of sound", xlim=(0, None), ylim=(0, None))

    figure.save(path, draw, columns=2, size=(14, 5))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="NAME=MODEL")
    parser.add_argument("--shared", type=pathlib.Path, required=True, help="folder with corpora/")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("."), help="build tree with ./tragus")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
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
    plot(results, arguments.out / "quantisation.png")
    print(table, end="")


if __name__ == "__main__":
    main()
