# SPDX-License-Identifier: Apache-2.0
"""Batches for training. Worker processes draw clips, augment them, compute features, mask them and group them by length."""

import math
import os
import queue
import sys
import typing

import numpy as np
import torch
from torch import multiprocessing

from clips import augment, frontend, rivals

DCT = np.array([[math.sqrt((1 if k == 0 else 2) / 40) * math.cos(math.pi * k * (m + 0.5) / 40) for m in range(40)]
                for k in range(40)], np.float32)                        # orthonormal DCT-II, like the front end's


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


class Batch(typing.NamedTuple):
    """The examples of one step; label sequences lie end to end, with the number of labels of each.

    plain: features of the same clips without room, noise, microphone and masks, for a teacher. rivals: label sequences, the same number for
    each clip in turn (rivals.py); `rivalled` says which clips have any.
    """

    features: torch.Tensor                      # (clips, 40, rows) float32 or float16, zeros beyond each clip's end
    rows: torch.Tensor                          # (clips,)
    labels: torch.Tensor
    counts: torch.Tensor                        # (clips,)
    plain: typing.Optional[torch.Tensor] = None
    rivals: typing.Optional[torch.Tensor] = None
    rival_counts: typing.Optional[torch.Tensor] = None
    rivalled: typing.Optional[torch.Tensor] = None

    def to(self, device):
        """The batch on a device, in float32. The lengths of the sequences stay on the processor, where PyTorch's CTC expects them."""
        if device == "cpu":
            return self
        moved = {name: getattr(self, name).to(device) for name in ("features", "labels", "plain", "rivals") if getattr(self, name) is not None}
        return self._replace(**{name: part.float() if part.is_floating_point() else part for name, part in moved.items()})


GROUP = 8  # batches made at once, so that augmented clips of similar length can share a batch


class Loader:
    """Batches from worker processes, each worker's in the order of their steps. A batch depends on the seed and its step alone."""

    def __init__(self, clips, weights, arguments, first_step):
        self.clips, self.arguments = clips, arguments
        self.rivals = rivals.Rivals(clips) if arguments.rivals else None
        self.chances = np.cumsum(weights / weights.sum())
        self.queue = multiprocessing.Queue(12)
        self.workers = [multiprocessing.Process(target=self.work, args=(k, first_step), daemon=True) for k in range(arguments.workers)]
        for worker in self.workers:
            worker.start()

    def next(self):
        """The next Batch. Exits if a worker has died."""
        while True:
            try:
                return self.queue.get(timeout=10)
            except queue.Empty:
                if not all(worker.is_alive() for worker in self.workers):
                    sys.exit("train: a worker that makes batches has died")

    def work(self, k, first_step):
        torch.set_num_threads(1)
        os.nice(5)                                                  # the training process has priority
        augmented, front = augment.Augment(self.arguments.noise, augment.Settings.of(self.arguments)), frontend.FrontEnd(self.arguments.frontend)
        group = first_step // GROUP + k
        while True:
            for i, batch in enumerate(self.group(group, augmented, front)):
                if group * GROUP + i >= first_step:
                    if self.arguments.device != "cpu":              # half as many bytes to copy
                        batch = Batch(*(part.half() if part is not None and part.is_floating_point() else part for part in batch))
                    self.queue.put(batch)
            group += self.arguments.workers

    def example(self, rng, augmented, front):
        """Draw and augment one clip: int16 rows (n, 40), labels, the rows for a teacher or None, and the rivals. None where the labels do not
        fit into the rows."""
        clip, teacher, rivalling = self.clips[np.searchsorted(self.chances, rng.random())], None, []
        if rng.random() < self.arguments.nothing:
            sound, labels = augmented.nothing(clip.n, rng, self.clips), np.zeros(0, np.int64)
            plain = np.zeros(len(sound), np.float32)
        else:
            plain, before, after = augmented.timed(clip.sound(), rng)
            sound, words = augmented.placed(plain, before, after, rng, self.clips), clip.labels(rng)
            labels = np.concatenate(words).astype(np.int64)
            if self.rivals:
                rivalling = self.rivals(words, self.arguments.rivals, rng)
        rows = front(sound)
        if (len(rows) + 2) // 3 <= len(labels) + int(np.sum(labels[1:] == labels[:-1])):
            return None
        if self.arguments.teacher or self.arguments.tutor:
            plain = plain + 2 * rng.standard_normal(len(plain), np.float32)         # even a quiet room has some noise
            teacher = front(np.clip(np.rint(plain), -32768, 32767).astype(np.int16))
        return rows, labels, teacher, rivalling

    def group(self, number, augmented, front):
        """GROUP batches of about equal length, in random order."""
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
        """A Batch of what example() returns, with the rows as masked floats."""
        n = np.array([len(rows) for rows, *_ in items])

        def padded(some):
            features = np.zeros((len(items), 40, n.max()), np.float32)
            for j, rows in enumerate(some):
                features[j, :, :n[j]] = rows.T
            return features

        rows, labels, plain, rivalling = zip(*items)
        tensors = lambda **parts: {name: torch.from_numpy(part) for name, part in parts.items()}
        batch = Batch(**tensors(features=padded(rows), rows=n, labels=np.concatenate(labels), counts=np.array([len(some) for some in labels])))
        if plain[0] is not None:
            batch = batch._replace(**tensors(plain=padded(plain)))
        sequences = [some for several in rivalling for some in several]
        if sequences:
            batch = batch._replace(**tensors(rivals=np.concatenate(sequences), rival_counts=np.array([len(some) for some in sequences]),
                                             rivalled=np.array([bool(several) for several in rivalling])))
        return batch
