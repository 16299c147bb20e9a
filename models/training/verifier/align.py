# SPDX-License-Identifier: Apache-2.0
"""Aligns phones with the rows of the network, through the module that align.c is part of."""

import collections
import ctypes

import numpy as np

# A sequence of phones in the rows of a clip. right: whether it was said; score: nats below the best label of each row, <= 0; labels: uint8 (n,);
# first, last: int32 (n,), the rows in which each label sounds.
Alignment = collections.namedtuple("Alignment", "right score labels first last")


class Aligner:
    """path: the module libfused.so of the build tree."""

    def __init__(self, path):
        self.call = ctypes.CDLL(str(path)).training_align
        self.call.restype = ctypes.c_float

    def __call__(self, logs, labels, right):
        """logs: float32 (rows, 40), log-posteriors. Returns an Alignment."""
        labels, n = np.ascontiguousarray(labels, np.uint8), len(labels)
        first, last = np.zeros(n, np.int32), np.zeros(n, np.int32)
        pointers = [ctypes.c_void_p(x.ctypes.data) for x in (logs, labels, first, last)]
        score = self.call(pointers[0], len(logs), pointers[1], n, *pointers[2:])
        return Alignment(right, score, labels, first, last)

    def best(self, logs, words, right, rng, tries):
        """The best of `tries` random choices of pronunciations; words: lists of pronunciations. The first choice is the first of each."""
        found = None
        for i in range(tries if any(len(word) > 1 for word in words) else 1):
            labels = np.concatenate([word[0 if i == 0 else rng.integers(len(word))] for word in words])
            new = self(logs, labels, right)
            found = new if found is None or new.score > found.score else found
        return found
