#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Word errors of free words: sentences without a grammar, by a language model.

free_words.py CORPORA --model DIR [--program TRAGUS] [--tune] [--set KEY=VALUE ...] [--table FILE]

DIR is the directory of a language with words.tragus. Without --tune, the sets are those of CORPORA/dev; with it, a hundred sentences each
of training sets that the shipped network did not hear. --set changes values of the model's passport (lm_scale, free_word_penalty, beam)
in a copy. An error is a word that is missing, added or another one (Levenshtein); case, punctuation and digits do not occur in the lists.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import sets  # noqa: E402

REVISE = pathlib.Path(__file__).resolve().parents[2] / "models/training/device/revise.py"
GRAMMAR = {"language": "en", "intents": {"Words": {"data": [{"sentences": ["{words}"]}]}}, "lists": {"words": {"wildcard": True}}}
ADULTS = (16, 200)
DEV = (("speechocean_dev adults", "dev/speechocean_dev", ADULTS), ("an4_dev", "dev/an4_dev", (0, 200)), ("strangers read", "dev/strangers", (0, 200)))
TUNE = (("speechocean adults", "train/speechocean", ADULTS), ("an4", "train/an4", (0, 200)))
N_TUNE = 150


def distance(right, heard):
    """Returns the least number of words to change, add or leave out."""
    row = list(range(len(heard) + 1))
    for i, one in enumerate(right, 1):
        above, row = row, [i]
        for j, other in enumerate(heard, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (one != other)))
    return row[-1]


def rows(corpora, name, folder, ages, tune):
    listed = [row for row in sets.rows_of(corpora / folder / "LIST.tsv") if ages[0] <= int(row.get("age") or ages[0]) <= ages[1]]
    if name == "strangers read":
        listed = [row for row in listed if row["grammar"] == "grammars/read.txt"]
    return listed[::max(1, len(listed) // N_TUNE)][:N_TUNE] if tune else listed


def measure(program, model, grammar, folder, listed):
    """Returns (errors, words, CPU seconds by seconds of sound)."""
    command = [program, "transcribe", "--json", "--no-reject", "-m", str(model), "-g", str(grammar)]
    lines = subprocess.run(command + [str(folder / row["file"]) for row in listed], stdout=subprocess.PIPE, text=True, check=False).stdout
    errors = words = cpu_ms = audio_ms = 0
    for row, line in zip(listed, lines.splitlines(), strict=True):
        result = json.loads(line)
        right = row["text"].split()
        errors += distance(right, result["spoken"].split())
        words += len(right)
        cpu_ms += result["cpu_ms"]
        audio_ms += result["audio_ms"]
    return errors, words, cpu_ms / audio_ms


def changed(model, values, folder):
    """Returns a copy of a language's directory with these values in its passport."""
    copy = pathlib.Path(folder) / "model"
    copy.mkdir()
    for file in model.iterdir():
        if file.name != "acoustic.tragus":
            (copy / file.name).symlink_to(file.resolve())
    subprocess.run(["/usr/bin/python3", REVISE, model / "acoustic.tragus", "--out", copy / "acoustic.tragus", "--set", *values], check=True)
    return copy


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=pathlib.Path)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--program", default="build/tragus")
    parser.add_argument("--tune", action="store_true")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE")
    parser.add_argument("--table", type=pathlib.Path)
    arguments = parser.parse_args()
    table = ["set\tsentences\twords\terrors\terrors, %\tCPU"]
    with tempfile.TemporaryDirectory() as folder:
        grammar = pathlib.Path(folder) / "words.yaml"
        grammar.write_text(json.dumps(GRAMMAR), encoding="utf-8")
        model = changed(arguments.model, arguments.set, folder) if arguments.set else arguments.model
        for name, where, ages in TUNE if arguments.tune else DEV:
            listed = rows(arguments.corpora, name, where, ages, arguments.tune)
            errors, words, cpu = measure(arguments.program, model, grammar, arguments.corpora / where, listed)
            table.append(f"{name}\t{len(listed)}\t{words}\t{errors}\t{100 * errors / words:.1f}\t{cpu:.4f}")
    print("\n".join(table))
    if arguments.table:
        arguments.table.write_text("\n".join(table) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
