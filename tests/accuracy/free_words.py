#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Word errors of free words: sentences without a grammar, by a language model.

free_words.py CORPORA --model DIR [--program TRAGUS] [--tune] [--set KEY=VALUE ...] [--table FILE] [--confidence]

DIR is the directory of a language with words.tragus. Without --tune, the sets are those of CORPORA/dev; with it, a hundred sentences each
of training sets that the shipped network did not hear. --set changes values of the model's passport (lm_scale, free_word_penalty, beam)
in a copy. An error is a word that is missing, added or another one (Levenshtein); case, punctuation and digits do not occur in the lists.

--confidence instead fits the confidence of free words as a whole (src/engine/fallback.c): the share of words that are right, as a logistic function of
the mean logit of the words' confidences and of the language model's cost of a word, by the training sets of --tune. Prints the coefficients, and
the expected and the true share for each set, those of CORPORA/dev, too.
"""

import argparse
import json
import math
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


def heard_with_features(program, model, folder, listed, work):
    """Returns rows [1, mean logit of the words, cost of a word in nats], the share of words right, and the words, of each sentence."""
    command = [program, "transcribe", "--free", "--json", "--no-reject", "-m", str(model)]
    lines = subprocess.run(command + [str(folder / row["file"]) for row in listed], stdout=subprocess.PIPE, text=True, check=False).stdout
    heard = [(row["text"].split(), json.loads(line)) for row, line in zip(listed, lines.splitlines(), strict=True)]
    heard = [(right, result) for right, result in heard if result["words"]]
    texts = [pathlib.Path(work) / f"{i}.txt" for i in range(len(heard))]
    for text, (_, result) in zip(texts, heard):
        text.write_text(result["spoken"] + "\n", encoding="utf-8")
    table = subprocess.run([program, "words", "measure", str(model / "words.tragus"), *map(str, texts)], stdout=subprocess.PIPE, text=True, check=True)
    costs = [math.log(float(line.split("\t")[0])) for line in table.stdout.splitlines()[1:]]
    rows = []
    for (right, result), cost in zip(heard, costs, strict=True):
        sure = [min(max(word["confidence"], 0.0005), 0.9995) for word in result["words"]]
        share = max(0.0, 1 - distance(right, result["spoken"].split()) / len(right))
        rows.append(([1.0, sum(math.log(c / (1 - c)) for c in sure) / len(sure), cost], share, len(right)))
    return rows


def fit_confidence(program, model, corpora):
    """Logistic regression by Newton's method, each word of the training sets with the same weight."""
    import numpy as np  # not needed otherwise

    found = {}
    for name, where, ages, tune in [(*each, True) for each in TUNE] + [(*each, False) for each in DEV]:
        with tempfile.TemporaryDirectory() as work:
            found[name] = heard_with_features(program, model, corpora / where, rows(corpora, name, where, ages, tune), work)
    x, y, n = (np.array(column, float) for column in zip(*(row for name, *_ in TUNE for row in found[name])))
    beta = np.zeros(3)
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ beta))
        beta += np.linalg.solve((x * (n * p * (1 - p))[:, None]).T @ x + 1e-9 * np.eye(3), x.T @ (n * (y - p)))
    print("logit =", " ".join(f"{b:+.3f}{what}" for b, what in zip(beta, ("", " * mean logit", " * cost"))))
    print("set\tsentences\texpected\tright\texpected of the surer half\tright of it")
    for name, some in found.items():
        x, y, n = (np.array(column, float) for column in zip(*some))
        p = 1 / (1 + np.exp(-x @ beta))
        surer = p >= np.median(p)
        shares = [np.average(what[which], weights=n[which]) for which in (p > 0, surer) for what in (p, y)]
        print(name, len(some), *(f"{share:.2f}" for share in shares), sep="\t")


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
    parser.add_argument("--confidence", action="store_true")
    arguments = parser.parse_args()
    if arguments.confidence:
        fit_confidence(arguments.program, arguments.model, arguments.corpora)
        return
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
