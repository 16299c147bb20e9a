# SPDX-License-Identifier: Apache-2.0
"""What a clip could be mistaken for: its labels with one word replaced by a similar one, left out, or added."""

import collections

import numpy as np

from clips import corpus

OFTEN = 5               # times
KINDS = ("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW", "B D G P T K", "DH F HH S SH TH V Z ZH CH JH", "M N NG", "L R W Y")
NEAREST = 40            # how many of the most similar words are a word's rivals


def substitutions():
    """(40, 40) float32: the cost of one label in place of another: 1, or 0.5 for phones of one kind. Label 0 is padding."""
    cost = np.ones((len(corpus.PHONES) + 1,) * 2, np.float32)
    for kind in KINDS:
        some = [corpus.PHONE[name] for name in kind.split()]
        cost[np.ix_(some, some)] = 0.5
    np.fill_diagonal(cost, 0)
    return cost


class Rivals:
    """Makes rival label sequences of an utterance.

    clips: of corpus.load(); a word that occurs in them at least OFTEN times may replace another. The most similar words by edit distance
    are searched when a word is first asked for, and kept.
    """

    def __init__(self, clips):
        times, ways = collections.Counter(), {}
        for clip in clips:
            for word, labels in zip(clip.text.split(), clip.words):
                times[word] += 1
                ways[word] = labels
        said = [(word, labels) for word in sorted(ways) if times[word] >= OFTEN for labels in ways[word]]
        self.words = np.array([word for word, _ in said])
        self.labels = [labels for _, labels in said]
        self.lengths = np.array([len(labels) for labels in self.labels])
        self.padded = np.zeros((len(said), self.lengths.max()), np.uint8)
        for row, labels in zip(self.padded, self.labels):
            row[:len(labels)] = labels
        self.cost, self.known = substitutions(), {}

    def nearest(self, labels):
        """Indices of the NEAREST pronunciations of other words that are most similar to `labels`, the most similar first."""
        key = labels.tobytes()
        if key not in self.known:
            distance = np.repeat(np.arange(self.padded.shape[1] + 1, dtype=np.float32)[:, None], len(self.labels), 1)
            for label in labels:                                        # one row of all Levenshtein tables at once
                before, diagonal = distance.copy(), distance[0].copy()
                distance[0] += 1
                for j in range(1, len(distance)):
                    distance[j] = np.minimum(np.minimum(before[j], distance[j - 1]) + 1, diagonal + self.cost[label, self.padded[:, j - 1]])
                    diagonal = before[j]
            found = distance[self.lengths, np.arange(len(self.labels))]
            found[np.isin(self.words, self.words[found == 0])] = np.inf
            self.known[key] = np.argsort(found, kind="stable")[:NEAREST]
        return self.known[key]

    def __call__(self, words, n, rng):
        """words: the labels of each word of an utterance (uint8 arrays), at least one. Returns n label sequences, int64."""
        rivals = []
        for _ in range(n):
            i, r = rng.integers(len(words)), rng.random()
            near = self.nearest(words[i])
            other = self.labels[near[int(len(near) * rng.random() ** 2)]]
            if r < 0.15 and len(words) > 1:
                changed = [*words[:i], *words[i + 1:]]
            elif r < 0.25:
                short = self.labels[rng.choice(np.flatnonzero(self.lengths <= 3))]
                changed = [*words[:i], short, *words[i:]]
            else:
                changed = [*words[:i], other, *words[i + 1:]]
            rivals.append(np.concatenate(changed).astype(np.int64))
        return rivals
