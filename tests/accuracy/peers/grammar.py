# SPDX-License-Identifier: Apache-2.0
"""The sentences of a template grammar, and the scoring of recognisers' answers.

It reads the part of Home Assistant's template language that tests/data/grammars/coffee.yaml uses: (a|b), [a|b] (or nothing), (a;b) in
any order, {list}, {list:slot}, <rule>. Brackets never divide a word there. The tree of a template is a word (str), a sequence of trees
(tuple), or alternative trees (list); () is the empty sequence.
"""

import itertools
import re

import numpy as np

TOKEN = re.compile(r"[()\[\]|;]|\{[^}]*\}|<[^>]*>|[^()\[\]|;{}<>\s]+")
NUMBERS = {"8": "eight", "12": "twelve", "16": "sixteen", "20": "twenty"}


class Grammar:
    """All sentences of all intents of a document, the dict in the YAML file of a grammar."""

    def __init__(self, document):
        self._lists = {name: entry["values"] for name, entry in document.get("lists", {}).items()}
        self._rules = document.get("expansion_rules", {})
        templates = [
            template
            for intent in document["intents"].values()
            for data in intent["data"]
            for template in data["sentences"]
        ]
        self.tree = _one_of([self._parse(template) for template in templates])
        self._arcs = [[]]  # for each state, the arcs into it: (previous state, character or "")
        self._add(self.tree, 0)

    def _parse(self, template):
        return self._until(None, iter(TOKEN.findall(template)))

    def _until(self, close, tokens):
        """Parses up to a closing bracket, or to the end (None), and returns the tree."""
        parts, permuted = [[]], False
        for token in tokens:
            if token == close:
                break
            if token in "|;":
                permuted = token == ";"
                parts.append([])
            elif token == "(":
                parts[-1].append(self._until(")", tokens))
            elif token == "[":
                parts[-1].append([(), self._until("]", tokens)])
            elif token[0] == "{":
                parts[-1].append(_one_of([self._parse(value) for value in self._lists[token[1:-1].split(":")[0]]]))
            elif token[0] == "<":
                parts[-1].append(self._parse(self._rules[token[1:-1]]))
            else:
                parts[-1].append(token)
        trees = [tuple(part) for part in parts]
        return list(itertools.permutations(trees)) if permuted else _one_of(trees)

    def _add(self, tree, state):
        """Adds a tree to the character automaton, starting at a state. Returns the state after it.

        A word is a blank and its characters. Arcs lead only to later states, so the states are in topological order.
        """
        if isinstance(tree, str):
            for character in " " + tree:
                self._arcs.append([(state, character)])
                state = len(self._arcs) - 1
        elif isinstance(tree, tuple):
            for part in tree:
                state = self._add(part, state)
        else:
            self._arcs.append([(self._add(part, state), "") for part in tree])
            state = len(self._arcs) - 1
        return state

    def nearest(self, text):
        """Returns the sentence with the least edit distance to a text: insertions, deletions and changes of characters and blanks cost 1.

        Of several, the one found first from the end; the same in every run.
        """
        text = " " + text
        n = len(text)
        place = np.arange(n + 1)
        differs = {c: np.array([c != t for t in text]) for arcs in self._arcs for _, c in arcs if c}
        # costs[state, j]: least distance between a path to the state and the first j characters of the text
        costs = np.empty((len(self._arcs), n + 1), np.int64)
        costs[0] = place
        for state, arcs in enumerate(self._arcs[1:], 1):
            cost = np.full(n + 1, n + len(self._arcs))
            for before, character in arcs:
                if character:
                    cost = np.minimum(cost, costs[before] + 1)
                    cost[1:] = np.minimum(cost[1:], costs[before, :-1] + differs[character])
                else:
                    cost = np.minimum(cost, costs[before])
            # Deleting characters of the text: cost[j] <= cost[i] + j - i for all i before j.
            costs[state] = np.minimum.accumulate(cost - place) + place
        return self._back(costs, differs)

    def _back(self, costs, differs):
        """Returns the sentence on the cheapest path through costs, traced back from the last state and the whole text."""
        sentence = []
        state, j = costs.shape[0] - 1, costs.shape[1] - 1
        while state:
            for before, character in self._arcs[state]:
                if not character and costs[before, j] == costs[state, j]:
                    state = before
                    break
                if character and j and costs[before, j - 1] + differs[character][j - 1] == costs[state, j]:
                    sentence.append(character)
                    state, j = before, j - 1
                    break
                if character and costs[before, j] + 1 == costs[state, j]:
                    sentence.append(character)
                    state = before
                    break
            else:
                j -= 1
        return "".join(reversed(sentence)).strip()

    def draw(self, n, seed):
        """Returns n different random sentences; alternatives are equally likely."""
        rng = np.random.default_rng(seed)
        drawn = {}
        while len(drawn) < n:
            drawn[" ".join(_say(self.tree, rng))] = None
        return list(drawn)

    def jsgf(self):
        """Returns the grammar in the Java Speech Grammar Format."""
        return f"#JSGF V1.0;\ngrammar sentences;\npublic <sentence> = {_jsgf(self.tree)};\n"


def _one_of(trees):
    return trees[0] if len(trees) == 1 else trees


def _say(tree, rng):
    """Returns the words of one random sentence of a tree."""
    if isinstance(tree, str):
        return [tree]
    if isinstance(tree, tuple):
        return [word for part in tree for word in _say(part, rng)]
    return _say(tree[rng.integers(len(tree))], rng)


def _jsgf(tree):
    if isinstance(tree, str):
        return tree
    if isinstance(tree, tuple):
        return " ".join(_jsgf(part) for part in tree)
    said = " | ".join(_jsgf(part) for part in tree if part != ())
    return f"[ {said} ]" if () in tree else f"( {said} )"


def plain(text):
    """Normalises the text of a recogniser to the spelling of the grammar: lower case, no punctuation, sizes of drinks in words."""
    words = re.sub(r"[^a-z0-9' ]+", " ", text.lower().replace("’", "'")).split()
    return " ".join(NUMBERS.get(word, word) for word in words)


def score(heard, labels, grammar, understand):
    """Scores the text of each clip.

    heard: text of each clip; labels: slots of each clip, a dict; understand(texts): returns the slots of those texts that are sentences
    of the grammar. Returns for each clip a dict: text, nearest (sentence), strict and near (whether right).

    strict: the text itself is a sentence with exactly the labelled slots. near: the nearest sentence has exactly the labelled slots. An
    empty text is wrong.
    """
    texts = {clip: plain(heard[clip]) for clip in labels}
    different = sorted(set(texts.values()) - {""})
    slots = understand(different)
    nearest = {text: text if text in slots else grammar.nearest(text) for text in different}
    slots |= understand(sorted(set(nearest.values()) - set(slots)))
    return {
        clip: {
            "text": text,
            "nearest": nearest.get(text, ""),
            "strict": text in slots and slots[text] == labels[clip],
            "near": text in nearest and slots[nearest[text]] == labels[clip],
        }
        for clip, text in texts.items()
    }
