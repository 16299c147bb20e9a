#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Gives numbers that ICU has written in words to `tragus match`, in all languages of models/numbers: each must be read back.

    test_read_numbers.py [--numbers N] [TAG...]     N random ones below a million, beside 0 to 31
"""
import argparse
import glob
import json
import os
import random
import re
import subprocess
import sys
import tempfile

try:
    import icu
except ImportError as e:
    print(f"skipped: python3-icu is not installed ({e})")
    sys.exit(77)

TOP = os.environ.get("abs_top_srcdir", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD = os.environ.get("abs_top_builddir", os.path.join(TOP, "build"))
SAID = re.compile(r"%spellout-(numbering|cardinal)")
NOT_SAID = re.compile(r"financial|numbering-days|year")  # as in models/numbers/make.py
# ICU has old letters, and a Latin one among Cyrillic ones
OTHER_LETTERS = {"ro": str.maketrans("şţ", "șț"), "be": str.maketrans("i", "і")}


def in_words(tag, numbers):
    """Yields each number with each way to say it."""
    f = icu.RuleBasedNumberFormat(icu.URBNFRuleSetTag.SPELLOUT, icu.Locale(tag))
    for i in range(f.getNumberOfRuleSetNames()):
        name = f.getRuleSetName(i)
        if not SAID.match(name) or NOT_SAID.search(name):
            continue
        f.setDefaultRuleSet(name)
        for number in numbers:
            words = f.format(number)
            if not any(c.isdecimal() for c in words):
                yield number, words.translate(OTHER_LETTERS.get(tag, {}))


def check(tag, numbers, path):
    """Returns how many were read, and what is wrong."""
    rows = list(in_words(tag, numbers))
    with open(path, "w", encoding="utf-8") as f:
        ranges = ", ".join(f"{{from: {n}, to: {n}, digits: false}}" for n in numbers)
        f.write(f'language: {tag}\nsentences: ["{{n}}"]\nlists: {{n: {{multi_range: [{ranges}]}}}}\n')
    told = subprocess.run([os.path.join(BUILD, "tragus"), "match", "--all", "-g", path], input="".join(w + "\n" for _, w in rows),
                          capture_output=True, text=True, check=False).stdout.splitlines()
    if len(told) != len(rows):
        sys.exit(f"{tag}: {len(told)} answers to {len(rows)} numbers")
    read = [[r["slots"].get("n") for r in json.loads(line).get("readings", [])] for line in told]
    return len(rows), [f'{tag}: "{words}" is {values}, not {number}' for (number, words), values in zip(rows, read) if number not in values]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--numbers", type=int, default=12)
    parser.add_argument("tags", nargs="*")
    a = parser.parse_args()
    tags = a.tags or sorted(os.path.basename(p)[:-5] for p in glob.glob(os.path.join(TOP, "models", "numbers", "*.yaml")) if not p.endswith("also.yaml"))
    rng = random.Random(1)
    numbers = sorted({*range(32), 100, 1000, 10**5, 999999, *(rng.randrange(32, 10**rng.randrange(2, 7)) for _ in range(a.numbers))})
    total, wrong = 0, []
    with tempfile.TemporaryDirectory() as folder:
        for tag in tags:
            n, bad = check(tag, numbers, os.path.join(folder, tag + ".yaml"))
            total, wrong = total + n, wrong + bad
    print("\n".join(wrong[:40]))
    print(f"{total} numbers in words of {len(tags)} languages, {len(wrong)} not read back")
    sys.exit(1 if wrong or total < 40 * len(tags) else 0)


if __name__ == "__main__":
    main()
