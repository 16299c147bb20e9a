# SPDX-License-Identifier: Apache-2.0
"""Batches to learn from: clips drawn, augmented, analysed by the front end, masked and put together by length, in processes of their own."""

import math
import multiprocessing
import queue
import sys

import numpy as np
import torch

import augment
import frontend

DCT = np.array([[math.sqrt((1 if k == 0 else 2) / 40) * math.cos(math.pi * k * (m + 0.5) / 40) for m in range(40)]
                for k in range(40)], np.float32)                        # orthonormal DCT-II, as the front end's


def mask_features(rows, rng):
    """Frequency and time masks (Park et al., 2019) on the log-mel side of float rows (n, 40), in place."""
    for _ in range(rng.integers(0, 3)):
        width = int(rng.integers(1, 8))
        first = int(rng.integers(0, 40 - width))
        basis = DCT[:, first:first + width]
        rows -= rows @ basis @ basis.T
    for _ in range(rng.integers(0, 3)):
        width = int(rng.integers(1, 12))
        first = int(rng.integers(0, max(1, len(rows) - width)))
        rows[first:first + width] = 0


GROUP = 8  # batches made at once, so that clips of like length can be put together after their augmentation


class Loader:
    """Batches from worker processes, in the order of their steps within each: features (b, 40, rows), rows, labels, label counts and,
    where there is a teacher, the features (b, 40, rows) of the same clips without room, noise, microphone and masks.

    What a batch holds depends on the seed and on its step alone.
    """

    def __init__(self, clips, weights, arguments, first_step):
        self.clips, self.arguments = clips, arguments
        self.chances = np.cumsum(weights / weights.sum())
        self.queue = multiprocessing.Queue(12)
        self.workers = [multiprocessing.Process(target=self.work, args=(k, first_step), daemon=True) for k in range(arguments.workers)]
        for worker in self.workers:
            worker.start()

    def next(self):
        """The next batch, numpy arrays. Ends the program where a worker has died."""
        while True:
            try:
                return self.queue.get(timeout=10)
            except queue.Empty:
                if not all(worker.is_alive() for worker in self.workers):
                    sys.exit("train: a worker that makes batches has died")

    def work(self, k, first_step):
        torch.set_num_threads(1)
        augmented, front = augment.Augment(self.arguments.noise), frontend.FrontEnd(self.arguments.frontend)
        group = first_step // GROUP + k
        while True:
            for i, batch in enumerate(self.group(group, augmented, front)):
                if group * GROUP + i >= first_step:
                    self.queue.put(batch)
            group += self.arguments.workers

    def example(self, rng, augmented, front):
        """One clip drawn, augmented and analysed: int16 rows (n, 40), labels and the rows for a teacher or None; or None where the labels
        have no room in it."""
        clip, teacher = self.clips[np.searchsorted(self.chances, rng.random())], None
        if rng.random() < self.arguments.nothing:
            sound, labels = augmented.nothing(clip.n, rng, self.clips), np.zeros(0, np.int64)
            plain = np.zeros(len(sound), np.float32)
        else:
            plain, before, after = augmented.timed(clip.sound(), rng)
            sound, labels = augmented.placed(plain, before, after, rng, self.clips), clip.labels(rng)
        rows = front(sound)
        if (len(rows) + 2) // 3 <= len(labels) + int(np.sum(labels[1:] == labels[:-1])):
            return None
        if self.arguments.teacher:
            plain = plain + 2 * rng.standard_normal(len(plain), np.float32)         # no room is without any sound
            teacher = front(np.clip(np.rint(plain), -32768, 32767).astype(np.int16))
        return rows, labels, teacher

    def group(self, number, augmented, front):
        """GROUP batches of as nearly equal cost, in random order."""
        rng = np.random.default_rng((self.arguments.seed, number))
        items, left = [], GROUP * self.arguments.batch_seconds * 100
        while left > 0:
            item = self.example(rng, augmented, front)
            if item:
                for _ in range(self.arguments.echo):
                    rows = item[0].astype(np.float32)
                    mask_features(rows, rng)
                    items.append((rows, *item[1:]))
                    left -= len(rows)
        items.sort(key=lambda item: len(item[0]))
        ends = np.cumsum([len(item[0]) for item in items])
        cuts = np.searchsorted(ends, np.arange(1, GROUP) * ends[-1] / GROUP)
        parts = [items[i:j] for i, j in zip([0, *cuts], [*cuts, len(items)])]
        return [self.batch(parts[i]) for i in rng.permutation(GROUP)]

    @staticmethod
    def batch(items):
        n, labels = np.array([len(item[0]) for item in items]), [item[1] for item in items]
        padded = []
        for part in (0, 2):
            if len(items[0]) > part and items[0][part] is not None:
                features = np.zeros((len(items), 40, n.max()), np.float32)
                for j, item in enumerate(items):
                    features[j, :, :n[j]] = item[part].T
                padded.append(features)
        return padded[0], n, np.concatenate(labels), np.array([len(some) for some in labels]), *padded[1:]
