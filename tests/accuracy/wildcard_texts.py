#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes 1,000 sentences of tests/data/grammars/free.yaml whose free text is not in what the language model was made from.

wildcard_texts.py TEXTS OUT

TEXTS is the folder of models/words/make. The free text is from the twentieth of each source that models/words/sources.py holds back, and is no
line of the rest. Writes OUT/texts.tsv (kind and text, for models/training/speech/synthesise.mjs), OUT/truth.tsv (text, intent, its slots as JSON) and
OUT/closed.yaml: the same templates with lists of these texts, to compare with.
"""

import json
import lzma
import pathlib
import random
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "models" / "words"))
import sources  # noqa: E402

# Intent: sentences, templates, and by slot the sources and the most words
FOODS = "ingredient_names", "usda_foods", "corpora_foods"
KINDS = {
    "HassShoppingListAddItem": (300, ("add {item} to my shopping list", "add {item} to the shopping list", "put {item} on my shopping list"),
                                {"item": (FOODS, 4)}),
    "HassListAddItem": (150, ("add {item} to my to do list", "put {item} on the packing list", "add {item} to my work list"),
                        {"item": (("hwu_slurp_slots", "botframework_slots"), 4)}),
    "HassMediaSearchAndPlay": (250, ("play {title} by {artist}",),
                               {"title": (("films_songs_538", "snips_names"), 5), "artist": (("chart_songs_artists",), 4)}),
    "HassBroadcast": (300, ("broadcast {message}", "announce that {message}"), {"message": (("tatoeba_everyday",), 8)}),
}
AMOUNTS = "two cans of", "a bottle of", "three pounds of", "half a pound of", "five hundred grams of", "six", "some", "one bag of"
SEED = 31


def plain(line):
    """The line in small letters, or None if it has digits, signs or other letters."""
    text = line.lower().replace("’", "'").strip(" .?!\"")
    return text if re.fullmatch(r"[a-z]+('[a-z]+)?( [a-z]+('[a-z]+)?)*", text) else None


def held(texts, names, most):
    """The lines that were held back, in their order: at most `most` words, and none that is also a line of the rest."""
    found, rest = {}, set()
    for name in names:
        lines = lzma.open(texts / "free" / f"{name}.txt.xz", "rt", encoding="utf-8").read().splitlines()
        for i, line in enumerate(lines):
            text = plain(line)
            if text and sources.is_held(name, i, len(lines)) and len(text.split()) <= most:
                found[text] = None
            elif text:
                rest.add(text)
    return [text for text in found if text not in rest]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    texts, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    rng, rows, closed = random.Random(SEED), [], {"language": "en", "intents": {}, "lists": {}}
    for intent, (n, templates, slots) in KINDS.items():
        choices = {slot: rng.sample(found := held(texts, names, most), len(found)) for slot, (names, most) in slots.items()}
        for i in range(n):
            said = {slot: found[i % len(found)] for slot, found in choices.items()}
            if intent == "HassShoppingListAddItem" and rng.random() < 0.25:
                said["item"] = f"{rng.choice(AMOUNTS)} {said['item']}"
            rows.append((rng.choice(templates).format(**said), intent, json.dumps(said)))
            for slot, text in said.items():
                closed["lists"].setdefault(slot, {"values": []})["values"].append(text)
        closed["intents"][intent] = {"data": [{"sentences": list(templates)}]}
    rows = list({row[0]: row for row in rows}.values())
    rng.shuffle(rows)
    out.mkdir(parents=True, exist_ok=True)
    (out / "texts.tsv").write_text("".join(f"{intent}\t{sentence}\n" for sentence, intent, _ in rows), encoding="utf-8")
    (out / "truth.tsv").write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    (out / "closed.yaml").write_text(json.dumps(closed), encoding="utf-8")
    print(len(rows), "sentences")


if __name__ == "__main__":
    main()
