#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How many phones are heard wrongly where any phones may follow any: the free phone error rate of adults and of children.

phones.py --shared DIR [--build DIR] [--model PATH]

The sets are those of speechocean_dev in sets.py. The decoder is given a loop over the model's phones, each a word of its own, and what it
hears is compared with the first pronunciation of what was said. Nobody who uses tragus lets it hear so: a grammar says what may follow
what, and a network trained against all that phones could say (models/training/crf.py) leaves that to it.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import sets  # noqa: E402

MOST_PHONES = 60  # of a sentence; the longest of the set has 42


def spell(phone):
    """A word that stands for a phone, and is no word of the dictionary."""
    return "phone" + phone.lower()


def ask(program, *arguments):
    return subprocess.run([*program, "pronounce", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def pronunciations(program, words):
    """By word, its first pronunciation as a list of phones."""
    said = map(json.loads, ask(program, "--json", *sorted(words)).splitlines())
    return {word["word"]: word["pronunciations"][0]["phones"].split() for word in said}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=pathlib.Path, required=True, help="folder with corpora/")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("."), help="build tree with ./tragus")
    parser.add_argument("--model", help="another model than that of the build tree")
    arguments = parser.parse_args()
    program = [arguments.build / "tragus"]
    phones = ask(program, "--phones").split()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        spelled, grammar, listed = folder / "phones.txt", folder / "loop.yaml", folder / "LIST.tsv"
        spelled.write_text("".join(f"{spell(phone)} {phone}\n" for phone in phones), encoding="utf-8")
        grammar.write_text(sets.loop(map(spell, phones), MOST_PHONES), encoding="utf-8")
        for each in sets.SETS:
            if each.folder != "speechocean_dev" or each.grammar == "own":
                continue
            rows = each.rows(arguments.shared / "corpora")
            known = pronunciations(program, {word for row in rows for word in row["text"].split()})
            for row in rows:
                row["text"] = " ".join(spell(phone) for word in row["text"].split() for phone in known[word])
            listed.write_text("file\ttext\n" + "".join(f"{row['file']}\t{row['text']}\n" for row in rows), encoding="utf-8")
            wrong = sets.evaluate(program, grammar, listed, False, arguments.model, ["-p", spelled])["word_errors"]
            print(f"{each.name}: {wrong['n']} of {wrong['of']} phones wrong ({100 * wrong['n'] / wrong['of']:.1f} %)")


if __name__ == "__main__":
    main()
