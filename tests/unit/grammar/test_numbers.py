#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the words of numbers with ICU's, for all languages of models/numbers and each of their rule sets.

    test_numbers.py [--seed N] [TAG...]
"""
import argparse
import glob
import os
import random
import re
import subprocess
import sys

if os.environ.get("EMULATOR"):
    print("skipped: half a million numbers take too long under an emulator")
    sys.exit(77)
try:
    import icu
    import yaml
except ImportError as e:
    print(f"skipped: python3-icu or python3-yaml is not installed ({e})")
    sys.exit(77)

TOP = os.environ.get("abs_top_srcdir", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".."))
BUILD = os.environ.get("abs_top_builddir", ".")
FORMS = {"ch-": {"de": "de_CH", "fr": "fr_CH"}, "be-": {"fr": "fr_BE"}, "419-": {"es": "es_419"}, "pt-": {"pt": "pt_PT"},
         "latn-": {"sr": "sr_Latn"}, "hant-": {"zh": "zh_Hant"}}
# ICU has old letters, and a Latin one among Cyrillic ones
OTHER_LETTERS = {"ro": str.maketrans("şţ", "șț"), "be": str.maketrans("i", "і")}


def also(tag):
    """The sets that we add to ICU's."""
    with open(os.path.join(TOP, "models", "numbers", "also.yaml"), encoding="utf-8") as f:
        return yaml.safe_load(f).get(tag, {})


def icu_sets(tag, names):
    """Yields each of our sets with ICU's format and set for it."""
    for name in names:
        locale, own = tag, name
        for prefix, locales in FORMS.items():
            if name.startswith(prefix) and tag in locales:
                locale, own = locales[tag], name[len(prefix):]
        yield name, locale, "%spellout-" + own


def numbers(rng, cardinal):
    whole = list(range(1001)) + [rng.randrange(1001, 10**6) for _ in range(150)]
    whole += [10**k + d for k in (3, 4, 5, 6) for d in (0, 1)] + [k * 1000 for k in range(2, 31)]
    if not cardinal:
        return [str(n) for n in whole]
    below = [n for n in whole if n < 1000]  # greater ones with decimals are not exact in ICU
    return ([str(n) for n in whole] + [str(-rng.choice(whole[1:])) for _ in range(40)] +
            [f"{rng.choice(below)}.{rng.randrange(1, 10)}" for _ in range(60)] + [f"{n}.5" for n in range(40)] +
            [f"{n}.25" for n in range(5)] + [f"-{rng.randrange(1, 200)}.5" for _ in range(20)])


def spaced(text):
    """Soft hyphens and zero-width spaces are hyphens in our rules."""
    return " ".join(re.sub("[\u00ad\u200b]", "-", text).split())


def icu_is_wrong(tag, number):
    """ICU says -22.5 in Korean as -23.5."""
    return tag == "ko" and number.startswith("-") and number.endswith(".5")


def compare(tag, rng):
    with open(os.path.join(TOP, "models", "numbers", tag + ".yaml"), encoding="utf-8") as f:
        data = yaml.safe_load(f)["numbers"]
    rows, wrong, n_sets = [], [], 0
    more = also(tag)
    for kind in ("cardinal", "ordinal"):
        for name, locale, icu_name in icu_sets(tag, [name for name in data.get(kind, []) if name not in more]):
            n_sets += 1
            f = icu.RuleBasedNumberFormat(icu.URBNFRuleSetTag.SPELLOUT, icu.Locale(locale))
            f.setDefaultRuleSet(icu_name)
            for n in numbers(rng, kind == "cardinal"):
                words = spaced(f.format(float(n) if "." in n else int(n)))
                rows.append((name, n, words.translate(OTHER_LETTERS.get(tag, {}))))
    lines = "".join(f"{name} {n}\n" for name, n, _ in rows)
    told = subprocess.run([os.path.join(BUILD, "tests/unit/grammar/say_numbers"), os.path.join(TOP, "models"), tag], input=lines,
                          capture_output=True, text=True, check=True).stdout.splitlines()
    if len(told) != len(rows):
        sys.exit(f"{tag}: {len(told)} answers to {len(rows)} numbers")
    # ICU writes digits where it has no words; then we must have none.
    for (name, n, expected), ours in zip(rows, told):
        in_digits = any(c.isdecimal() for c in expected)
        if spaced(ours) != ("-" if in_digits else expected) and not icu_is_wrong(tag, n):
            wrong.append(f"{tag} {name} {n}: {ours}, ICU: {expected}")
    return len(rows), n_sets, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("tags", nargs="*")
    a = parser.parse_args()
    version = f"ICU {icu.ICU_VERSION} has"
    with open(os.path.join(TOP, "models", "numbers", "de.yaml"), encoding="utf-8") as f:
        if version not in f.read(200):
            print(f"skipped: models/numbers was written with another ICU than {icu.ICU_VERSION}")
            sys.exit(77)
    tags = a.tags or sorted(os.path.basename(p)[:-5] for p in glob.glob(os.path.join(TOP, "models", "numbers", "*.yaml")) if not p.endswith("also.yaml"))
    total, sets, wrong = 0, 0, []
    for tag in tags:
        n, n_sets, bad = compare(tag, random.Random(a.seed))
        total, sets = total + n, sets + n_sets
        wrong += bad
    for line in wrong[:40]:
        print(line)
    print(f"{total} numbers in {sets} rule sets of {len(tags)} languages, {len(wrong)} differ from ICU {icu.ICU_VERSION}")
    sys.exit(1 if wrong or total < 1000 * len(tags) else 0)


if __name__ == "__main__":
    main()
