#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the free phone error rate of adults and of children: any phone may follow any other.

phones.py --shared DIR [--build DIR] [--model PATH]

The sets are those of speechocean_dev in sets.py. The decoder gets a loop over the phones of the model, each as a word of its own. Its result
is compared with the first pronunciation of the transcript. tragus is not normally used like this: a grammar restricts the order of
phones, and a network trained with the CRF loss (models/training/learning/crf.py) leaves that order to the grammar.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import sets  # noqa: E402

MOST_PHONES = 60  # per sentence; the longest of the set has 42


def spell(phone):
    """Returns a word that represents a phone and is not in the dictionary."""
    return "phone" + phone.lower()


def ask(program, *arguments):
    return subprocess.run([*program, "pronounce", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def pronunciations(program, words):
    """Returns the first pronunciation of each word as a list of phones."""
    said = map(json.loads, ask(program, "--json", *sorted(words)).splitlines())
    return {word["word"]: word["pronunciations"][0]["phones"].split() for word in said}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=pathlib.Path, required=True, help="folder with corpora/")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("."), help="build tree with ./tragus")
    parser.add_argument("--model", help="another model than the one of the build tree")
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
