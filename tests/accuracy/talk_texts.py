#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draw sentences of everyday talk that no grammar of the tests contains, for `talk`.

talk_texts.py --text DIR --n N [--seed 26] [--part 0] > texts.tsv

DIR holds Debian-compressed text (NAME.txt.xz, one sentence a line). PART makes lists of one seed that share no sentence. Texts have the columns
that models/training/speech/synthesise.mjs reads: kind, text.
"""

import argparse
import lzma
import pathlib
import random
import re
import sys

SHARES = {"tatoeba_everyday": 6, "self_dialogues": 5, "fiction_speech": 4, "common_voice_prompts": 3, "fiction_narrative": 1,
          "state_of_the_union": 1}
PARTS = 16
WORDS = (3, 22)
TRICKY = re.compile(r"[^A-Za-z' ,.?!;:-]|\b[A-Z]{2,}\b")  # digits, abbreviations, other letters: read differently by each voice


def sentences(path):
    """Returns the usable sentences of a file in their order."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        kept = [line.strip() for line in lines]
    return [line for line in kept if WORDS[0] <= len(line.split()) <= WORDS[1] and not TRICKY.search(line)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=pathlib.Path, required=True)
    parser.add_argument("--n", type=int, required=True)
    parser.add_argument("--seed", type=int, default=26)
    parser.add_argument("--part", type=int, default=0, choices=range(PARTS))
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    pools = {}
    for name in SHARES:
        pool = sentences(arguments.text / f"{name}.txt.xz")
        rng.shuffle(pool)
        pools[name] = iter(pool[arguments.part::PARTS])
    names = rng.choices(list(SHARES), list(SHARES.values()), k=arguments.n * PARTS)[arguments.part::PARTS]
    for name in names:
        text = next(pools[name], None)
        if text is not None:
            print(name, text, sep="\t")


if __name__ == "__main__":
    sys.exit(main())
