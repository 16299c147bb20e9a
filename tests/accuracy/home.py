#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a home grammar of 500 sentences and 200 names, and 1,000 sentences of that grammar.

home.py --templates DIR [--seed 77] --grammar home.yaml --texts home-texts.tsv [--heard TEXTS.tsv...]

The sentences are readings of Home Assistant's English templates (CC BY 4.0) with open names, areas and numbers. Names are made like those in
models/training/speech/texts.py makes devices, from another seed. Texts have the columns that models/training/speech/synthesise.mjs reads; none of
them is in a list of --heard, the texts that the model was trained on.
"""

import argparse
import pathlib
import random
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "models" / "training"))
from speech import texts  # noqa: E402

N_SENTENCES, N_NAMES, N_TEXTS = 500, 200, 1000


class Open(texts.Templates):
    """Returns readings in which the lists in `keep` stay as {list}."""

    keep = ("name", "area", "brightness")

    def value(self, name, depth):
        return "{" + name.split(":")[0] + "}" if name.split(":")[0] in self.keep else super().value(name, depth)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--templates", required=True, help="folder with sentences/, rules/ and lists/")
    parser.add_argument("--dictionary", default="/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict")
    parser.add_argument("--wordnet", default="/usr/share/wordnet", help="folder with data.noun and the other files of WordNet")
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument("--heard", nargs="*", default=[])
    parser.add_argument("--grammar", type=pathlib.Path, required=True)
    parser.add_argument("--texts", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    made = texts.Texts(arguments)
    names = set()
    while len(names) < N_NAMES:
        names.add(made.device())
    readings = Open(arguments.templates, rng)
    readings.names = made.home.names
    sentences = set()
    while len(sentences) < N_SENTENCES:
        text = " ".join(readings.draw().lower().replace("%", " percent ").replace("’", "'").replace("-", " ").split())
        words = re.sub(r"\{[a-z]+\}", " ", text).split()
        if 1 <= len(words) <= 12 and "°" not in text and all(word in made.known for word in words):
            sentences.add(text)
    lists = {"name": sorted(names), "area": sorted(texts.AREAS), "brightness": [texts.number_words(n, rng) for n in range(0, 101, 5)]}
    lines = ["# SPDX-License-Identifier: CC-BY-4.0", "# Made by tests/accuracy/home.py from Home Assistant's English sentence templates (CC BY 4.0).",
             "language: en", "lists:"]
    for name, values in lists.items():
        lines += [f"  {name}:", "    values:"] + [f'      - "{value}"' for value in values]
    lines += ["intents:", "  Home:", "    data:", "      - sentences:"] + [f'          - "{text}"' for text in sorted(sentences)]
    arguments.grammar.write_text("\n".join(lines) + "\n", encoding="utf-8")
    heard = {line.rstrip("\n").split("\t")[1] for path in arguments.heard for line in open(path, encoding="utf-8")}
    said = set()
    while len(said) < N_TEXTS:
        text = re.sub(r"\{([a-z]+)\}", lambda m: rng.choice(lists[m[1]]), rng.choice(sorted(sentences)))
        if text not in heard:
            said.add(text)
    arguments.texts.write_text("".join(f"home\t{text}\n" for text in rng.sample(sorted(said), len(said))), encoding="utf-8")


if __name__ == "__main__":
    main()
