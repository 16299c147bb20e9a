#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests the scoring of peers.py on hand-made answers, and the forms of grammars and answers. Exit code 77: skipped."""

import pathlib
import sys
import unittest

try:
    import numpy  # noqa: F401
except ImportError:
    print("skipped: python3-numpy is not installed")
    sys.exit(77)

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "peers"))
import grammar  # noqa: E402
import sphinx  # noqa: E402

TEA = grammar.Grammar({
    "intents": {"orderTea": {"data": [{"sentences": ["(brew|i'd like) <kind>{tea}[ with <extras>]", "no tea [today|please]"]}]}},
    "lists": {"size": {"values": ["small", "twelve ounce"]}, "roast": {"values": ["light"]},
              "tea": {"values": ["green tea", "oolong"]}, "milk": {"values": ["[a [little] bit of |some ]milk"]}},
    "expansion_rules": {"kind": "[({size} |{roast} |({size};{roast}) )]", "extras": "{milk:white}"},
})
SIZES, TEAS = ["small", "twelve ounce"], ["green tea", "oolong"]
MILKS = ["milk", "a bit of milk", "a little bit of milk", "some milk"]
MODIFIERS = [""] + [f"{kind} " for size in SIZES for kind in (size, f"{size} light", f"light {size}")] + ["light "]
ORDERS = {f"{start} {kind}{tea}{f' with {milk}' if milk else ''}"
          for start in ("brew", "i'd like") for kind in MODIFIERS for tea in TEAS for milk in [""] + MILKS}
ALL = ORDERS | {"no tea", "no tea today", "no tea please"}


def understand(texts):
    """Returns the slots of those texts that are sentences of TEA, as `tragus match` would."""
    def slots(text):
        order, _, milk = text.partition(" with ")
        found = {"size": [s for s in SIZES if s in order], "tea": [t for t in TEAS if t in order], "milk": [milk] if milk else []}
        return {name: values[0] for name, values in found.items() if values}
    return {text: slots(text) if text in ORDERS else {} for text in texts if text in ALL}


def score(text, **labels):
    """Returns the strict and near scores of a text, for one clip."""
    worth = grammar.score({"clip": text}, {"clip": labels}, TEA, understand)["clip"]
    return worth["strict"], worth["near"]


def distance(a, b):
    """Returns the edit distance, computed directly from its recursion."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row = row, [i]
        for j, y in enumerate(b, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (x != y)))
    return row[-1]


class Scoring(unittest.TestCase):
    def test_strict_is_a_sentence(self):
        self.assertEqual(score("brew small green tea", size="small", tea="green tea"), (True, True))

    def test_case_punctuation_and_figures_do_not_count(self):
        self.assertEqual(score("I’d like 12 ounce, Oolong.", size="twelve ounce", tea="oolong"), (True, True))

    def test_near_is_not_strict(self):
        self.assertEqual(score("brew smal green tee", size="small", tea="green tea"), (False, True))

    def test_nothing_heard_is_wrong(self):
        for nothing in ("", " ", "..."):
            self.assertEqual(score(nothing, tea="oolong"), (False, False))
            self.assertEqual(score(nothing), (False, False))

    def test_slot_too_many(self):
        self.assertEqual(score("brew small oolong", tea="oolong"), (False, False))
        self.assertEqual(score("brew smal oolong", tea="oolong"), (False, False))

    def test_slot_missing(self):
        self.assertEqual(score("brew oolong", tea="oolong", size="small"), (False, False))

    def test_wrong_value(self):
        self.assertEqual(score("brew oolong with some milk", tea="oolong", milk="milk"), (False, False))

    def test_sentence_without_slots(self):
        self.assertEqual(score("no tea today"), (True, True))
        self.assertEqual(score("no teas today"), (False, True))


class Nearest(unittest.TestCase):
    def test_sentences_are_their_own_nearest(self):
        for sentence in sorted(ALL):
            self.assertEqual(TEA.nearest(sentence), sentence)

    def test_nearest_is_no_farther_than_any_sentence(self):
        for text in ("brew a small green tea please", "id like twelve ounces of light oolong", "with milk", "o", "no",
                     "bruise mall green", "i'd like light twelve ounce greentea with a bit of little milk", 60 * "z"):
            found = TEA.nearest(text)
            self.assertIn(found, ALL)
            self.assertEqual(distance(text, found), min(distance(text, sentence) for sentence in ALL), text)


class Forms(unittest.TestCase):
    def test_drawn_sentences_are_all_of_the_grammar(self):
        drawn = TEA.draw(len(ALL), seed=1)
        self.assertEqual(set(drawn), ALL)
        self.assertEqual(drawn, TEA.draw(len(ALL), seed=1))

    def test_sentences_are_told_from_other_texts(self):
        for sentence in sorted(ALL):
            self.assertIn(sentence, TEA)
        for text in ("", "brew", "tea", "brew small", "brew oolong oolong", "no tea today please", "brew oolong with", "please no tea"):
            self.assertNotIn(text, TEA)

    def test_without_words(self):
        some = TEA.without({"milk", "small", "today"})
        left = {sentence for sentence in ALL if not {"milk", "small", "today"} & set(sentence.split())}
        self.assertEqual(set(some.draw(len(ALL), seed=1)), left)
        self.assertEqual(some.words(), {word for sentence in left for word in sentence.split()})
        self.assertIsNone(TEA.without({"brew", "i'd", "no"}).tree)

    def test_numbers_and_endings(self):
        timer = grammar.Grammar({"intents": {"a": {"data": [{"sentences": ["{0..120:n} minute[s]", "{level} percent"]}]}},
                                 "lists": {"level": {"range": {"type": "percentage", "from": 99, "to": 100}}}})
        for text in ("zero minutes", "one minute", "nineteen minutes", "twenty minutes", "forty two minutes", "one hundred minutes",
                     "one hundred twenty minute", "ninety nine percent", "one hundred percent"):
            self.assertIn(text, timer)
        for text in ("one hundred twenty one minutes", "minutes", "one minute s", "ninety eight percent"):
            self.assertNotIn(text, timer)

    def test_pocketsphinx_answers(self):
        lines = ["view glass", "(NULL) 576.500 576.500 1.000000", "<sil> 576.510 576.650 1.000000", "view(2) 576.660 577.120 1.000000",
                 "<sil> 577.130 577.660 1.000000", "glass 577.670 577.920 1.000000", "", "<sil> 578.420 578.830 1.000000",
                 "alexa", "alexa 580.030 580.470 1.000000", "++NOISE++ 580.480 580.630 1.000000"]
        self.assertEqual(sphinx.utterances(lines), [{"text": "view glass", "start_ms": 576660, "end_ms": 577920},
                                                    {"text": "alexa", "start_ms": 580030, "end_ms": 580470}])

    def test_jsgf(self):
        tea = grammar.Grammar({"intents": {"a": {"data": [{"sentences": ["(brew|make) [me|us] {tea}"]}]}},
                               "lists": {"tea": {"values": ["green tea", "oolong"]}}})
        self.assertIn("public <sentence> = ( brew | make ) [ ( me | us ) ] ( green tea | oolong );", tea.jsgf())


if __name__ == "__main__":
    unittest.main()
