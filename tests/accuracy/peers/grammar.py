# SPDX-License-Identifier: Apache-2.0
"""The sentences of a template grammar, and the scoring of recognisers' answers.

It reads the part of Home Assistant's template language that the grammars of streams.py use: (a|b), [a|b] (or nothing), (a;b) in any
order, {list}, {list:slot}, {1..60:slot}, <rule>, and brackets at the end of a word, as in minute[s]. Words that may be skipped are not
read. The tree of a template is a word (str), a sequence of trees (tuple), or alternative trees (list); () is the empty sequence.
"""

import functools
import itertools
import re
import sys

import numpy as np

TOKEN = re.compile(r"[()\[\]|;]|\{[^}]*\}|<[^>]*>|[^()\[\]|;{}<>\s]+")
ENDING = re.compile(r"(\w+)\[(\w+)\]")
NUMBER_LIST = re.compile(r"(\d+)\.\.(\d+)")
ONES = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
        "nineteen").split()
TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
NUMBERS = {"8": "eight", "12": "twelve", "16": "sixteen", "20": "twenty"}


def read(path):
    """Returns the grammar in a YAML file, or in a text file with a sentence on each line."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".txt":
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        return Grammar({"intents": {"Sentence": {"data": [{"sentences": lines}]}}})
    try:
        import yaml
    except ImportError:
        sys.exit(f"Python's yaml is missing, which reads {path}: apt-get install python3-yaml")
    return Grammar(yaml.safe_load(text))


class Grammar:
    """The sentences of all intents of a document, the dict in the YAML file of a grammar; those that contain a word of `without` are left
    out. `tree` is None if that leaves none."""

    def __init__(self, document, without=()):
        self._document = document
        self._lists = {name: _values(entry) for name, entry in document.get("lists", {}).items()}
        self._rules = document.get("expansion_rules", {})
        templates = [
            template
            for intent in document["intents"].values()
            for data in intent["data"]
            for template in data["sentences"]
        ]
        self.tree = _without(_one_of([self._parse(template) for template in templates]), without)

    def _parse(self, template):
        return self._until(None, iter(TOKEN.findall(ENDING.sub(r"(\1|\1\2)", template))))

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
                name = token[1:-1].split(":")[0]
                numbers = NUMBER_LIST.fullmatch(name)
                values = _numbers(*map(int, numbers.groups())) if numbers else self._lists[name]
                parts[-1].append(_one_of([self._parse(value) for value in values]))
            elif token[0] == "<":
                parts[-1].append(self._parse(self._rules[token[1:-1]]))
            else:
                parts[-1].append(token)
        trees = [tuple(part) for part in parts]
        return list(itertools.permutations(trees)) if permuted else _one_of(trees)

    @functools.cached_property
    def _arcs(self):
        """The arcs into each state of the automaton of all characters: (previous state, character or "")."""
        arcs = [[]]
        _add(arcs, self.tree, 0)
        return arcs

    def words(self):
        """Returns the words of all sentences."""
        return set(_words(self.tree))

    def without(self, words):
        """Returns the grammar of the sentences that contain none of these words."""
        return Grammar(self._document, words)

    def __contains__(self, text):
        """Whether a text is one of the sentences."""
        words = text.split()
        return len(words) in _ends(self.tree, words, {0})

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
        """Returns n different random sentences, or all if there are fewer; alternatives are equally likely."""
        rng = np.random.default_rng(seed)
        drawn = {}
        for words in _all(self.tree):
            drawn[" ".join(words)] = None
            if len(drawn) > n:
                break
        else:
            return list(drawn)
        drawn = {}
        while len(drawn) < n:
            drawn[" ".join(_say(self.tree, rng))] = None
        return list(drawn)

    def jsgf(self):
        """Returns the grammar in the Java Speech Grammar Format."""
        return f"#JSGF V1.0;\ngrammar sentences;\npublic <sentence> = {_jsgf(self.tree)};\n"


def _spoken(n):
    """Returns a number below 1,000 in words."""
    if n < 20:
        return ONES[n]
    if n < 100:
        return TENS[n // 10] + (f" {ONES[n % 10]}" if n % 10 else "")
    return f"{ONES[n // 100]} hundred" + (f" {_spoken(n % 100)}" if n % 100 else "")


def _numbers(first, last):
    return [_spoken(n) for n in range(first, last + 1)]


def _values(entry):
    """Returns the templates of a list."""
    return entry["values"] if "values" in entry else _numbers(entry["range"]["from"], entry["range"]["to"])


def _one_of(trees):
    return trees[0] if len(trees) == 1 else trees


def _add(arcs, tree, state):
    """Adds a tree to the automaton, starting at a state. Returns the state after it.

    A word is a blank and its characters. Arcs lead only to later states, so the states are in topological order.
    """
    if isinstance(tree, str):
        for character in " " + tree:
            arcs.append([(state, character)])
            state = len(arcs) - 1
    elif isinstance(tree, tuple):
        for part in tree:
            state = _add(arcs, part, state)
    else:
        arcs.append([(_add(arcs, part, state), "") for part in tree])
        state = len(arcs) - 1
    return state


def _words(tree):
    if isinstance(tree, str):
        yield tree
    else:
        for part in tree:
            yield from _words(part)


def _without(tree, words):
    """Returns a tree without the sentences that contain one of the words; None if none is left."""
    if isinstance(tree, str):
        return None if tree in words else tree
    parts = [_without(part, words) for part in tree]
    if isinstance(tree, tuple):
        return None if None in parts else tuple(parts)
    left = [part for part in parts if part is not None]
    return _one_of(left) if left else None


def _ends(tree, words, starts):
    """Returns where in the words a tree can end that starts at one of these places."""
    if isinstance(tree, str):
        return {at + 1 for at in starts if words[at:at + 1] == [tree]}
    if isinstance(tree, tuple):
        for part in tree:
            starts = _ends(part, words, starts) if starts else starts
        return starts
    return set().union(*(_ends(part, words, starts) for part in tree))


def _all(tree):
    """Yields the words of every sentence of a tree; a sentence may occur more than once."""
    if isinstance(tree, str):
        yield [tree]
    elif isinstance(tree, tuple):
        for parts in itertools.product(*map(_all, tree)):
            yield [word for part in parts for word in part]
    else:
        for part in tree:
            yield from _all(part)


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
