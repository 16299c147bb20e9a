#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Make sentences of which each has a twin that differs in one short word, and the grammar of all of them, for `contrasts`.

contrast_texts.py [--seed 28] [--pairs 220] --grammar contrasts.yaml --texts texts.tsv

"On" and "off", thirteen and thirty, single and double: words that a home must not mix up. Both sentences of a pair are read, each by a
voice of its own. Texts have the columns that models/training/speech/synthesise.mjs reads: kind, text.
"""

import argparse
import itertools
import pathlib
import random

TEENS = [("thirteen", "thirty"), ("fourteen", "forty"), ("fifteen", "fifty"), ("sixteen", "sixty"), ("seventeen", "seventy"),
         ("eighteen", "eighty"), ("nineteen", "ninety")]
THINGS = "lamp", "kitchen light", "fan", "heating", "radio", "oven", "bedroom lights", "coffee machine"
DOORS = "front door", "garage", "back door", "garden gate"

READINGS = 2  # of a pair at most, by other voices

# (frame, the words that stand for {x} in twins, what stands for {y})
FRAMES = (
    ("turn {x} the {y}", [("on", "off")], THINGS),
    ("turn the {y} {x}", [("on", "off")], THINGS),
    ("switch {x} the {y}", [("on", "off")], THINGS),
    ("switch the {y} {x}", [("on", "off")], THINGS),
    ("turn the {y} {x}", [("up", "down")], ("volume", "heating", "music", "brightness")),
    ("{x} the {y}", [("open", "close")], ("window", "curtains", "blinds", *DOORS)),
    ("{x} the {y}", [("lock", "unlock")], DOORS),
    ("is the {y} {x}", [("open", "closed"), ("locked", "unlocked")], DOORS),
    ("{x} the {y}", [("start", "stop")], ("washing machine", "dryer", "vacuum cleaner", "timer")),
    ("set a timer for {x} {y}", TEENS, ("minutes", "seconds")),
    ("set the {y} to {x} percent", TEENS, ("brightness", "volume", "kitchen light")),
    ("set the {y} to {x} degrees", TEENS, ("oven", "heating")),
    ("go to channel {x}", [*TEENS, ("five", "nine"), ("six", "sixty"), ("eight", "eighty"), ("two", "ten")], ("",)),
    ("wake me at {y} {x}", [("fifteen", "fifty"), ("thirteen", "thirty"), ("fourteen", "forty")], ("six", "seven", "eight")),
    ("make me a {x} {y}", [("single", "double"), ("double", "triple"), ("small", "tall")], ("espresso", "americano")),
    ("coffee with {x} {y}", [("some", "no"), ("more", "less")], ("milk", "sugar")),
    ("make the {y} {x}", [("red", "green"), ("blue", "pink"), ("white", "bright"), ("warm", "cold")], ("light", "bedroom lights")),
    ("play the {x} {y}", [("last", "first"), ("next", "best")], ("song", "album")),
    ("it is too {x} in {y}", [("hot", "cold"), ("light", "bright"), ("warm", "loud")], ("here", "the kitchen")),
    ("what is the weather {x}", [("today", "tonight"), ("tomorrow", "today")], ("",)),
)


def sentence(frame, x, y):
    return frame.format(x=x, y=y).strip()


def grammar():
    """The lines of a grammar of all frames with all their words."""
    lines = ["# SPDX-License-Identifier: Apache-2.0", "# Made by tests/accuracy/contrast_texts.py.", "language: en", "intents:", "  Contrast:",
             "    data:", "      - sentences:"]
    for frame, twins, others in FRAMES:
        words = "|".join(dict.fromkeys(itertools.chain(*twins)))
        lines.append(f'          - "{sentence(frame, f"({words})", "(" + "|".join(others) + ")" if others != ("",) else "")}"')
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=28)
    parser.add_argument("--pairs", type=int, default=220)
    parser.add_argument("--grammar", type=pathlib.Path, required=True)
    parser.add_argument("--texts", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    pairs = [tuple(sentence(frame, x, y) for x in some) for frame, twins, others in FRAMES for some in twins for y in others]
    rng = random.Random(arguments.seed)
    chosen = rng.sample(pairs * READINGS, arguments.pairs)
    arguments.grammar.write_text("\n".join(grammar()) + "\n", encoding="utf-8")
    arguments.texts.write_text("".join(f"contrast\t{text}\n" for pair in chosen for text in pair), encoding="utf-8")


if __name__ == "__main__":
    main()
