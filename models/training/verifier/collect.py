#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Collect what the verifier learns from: rows of the network for training clips, and alignments of what was said and of other sentences.

collect.py MODEL.tragus --data DATA --noise DIR --frontend LIB --fused LIB [--sets people] [--seed 1]

Each clip is heard twice, as recorded and augmented as in training. Its text is aligned with the rows, and so are texts that were not said: with a
word left out, replaced by a similar one or added. Of each kind the ones that fit best are kept, because only they come near a decision. Writes DATA/verifier/SET.hidden (int8, 416 a row: what the last layer reads), SET.logs (float16, 40 a row) and
SET.pickle: [(kind, text, voice, first row, rows, [Alignment, ...]), ...], the right alignment first. Some minute of one core an hour
of speech.
"""

import argparse
import pathlib
import pickle
import sys

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # the folder of these packages
from clips import augment, corpus, frontend, rivals  # noqa: E402
from device import program, restore  # noqa: E402
from verifier import align  # noqa: E402

BATCH_ROWS = 24000
SILENCE = 4800                # samples before and after a clip as recorded
WORST = 6.0                   # nats a phone: the text does not match the speech
MOST_WORDS = 40
TRIES = 3                     # pronunciations of a text
KEPT = {"left out": (8, 4), "similar": (6, 2), "added": (4, 1)}  # tried, kept


class Network:
    """The network of a model file, in reals. Call it with a list of features: yields the hidden rows (int8) and log-posteriors of each."""

    def __init__(self, path):
        self.net = restore.network_of(program.Program.read(path)[0]).float()
        self.net.stage("folded")
        self.step = self.net.blocks[-1].sum_range.scale
        self.net.blocks[-1].register_forward_hook(lambda _, __, y: setattr(self, "hidden", y))

    def __call__(self, features):
        n = torch.tensor([len(f) for f in features])
        batch = torch.zeros(len(features), 40, int(n.max()))
        for i, f in enumerate(features):
            batch[i, :, :len(f)] = torch.from_numpy(f.T)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            logits, _, steps = self.net.logits(batch, n)
        logs = torch.log_softmax(logits.float(), 1).transpose(1, 2)
        hidden = torch.round(self.hidden.float() / self.step).clamp(-127, 127).to(torch.int8).transpose(1, 2)
        for i, rows in enumerate(steps.tolist()):
            yield hidden[i, :rows].numpy(), logs[i, :rows].numpy()


class Others:
    """Makes texts that were not said."""

    def __init__(self, clips, aligner, rng):
        self.aligner, self.rng, self.rivals = aligner, rng, rivals.Rivals(clips)
        self.short = [labels for labels in self.rivals.labels if len(labels) <= 3]

    def changed(self, kind, words, n):
        """n other texts of a kind, as lists of pronunciations of each word; fewer if there are not so many."""
        rng = self.rng
        if kind == "left out":
            return [words[:i] + words[i + 1:] for i in rng.permutation(len(words))[:n]] if len(words) > 1 else []
        if kind == "added":
            at = rng.integers(len(words) + 1, size=n)
            return [words[:i] + [[self.short[rng.integers(len(self.short))]]] + words[i:] for i in at]
        found = []
        for i in rng.integers(len(words), size=n):
            near = self.rivals.nearest(words[i][0])
            found.append(words[:i] + [[self.rivals.labels[near[int(len(near) * rng.random() ** 2)]]]] + words[i + 1:])
        return found

    def __call__(self, logs, words, said):
        """The alignments of texts that were not said, those that fit best. said: the alignment of what was."""
        kept = []
        for kind, (tried, n) in KEPT.items():
            found = [self.aligner.best(logs, text, False, self.rng, 2) for text in self.changed(kind, words, tried)]
            found = [a for a in found if a.score > -1e20 and a.labels.tobytes() not in said.labels.tobytes()]  # a part of it was said, too
            kept += sorted(found, key=lambda a: -a.score / len(a.labels))[:n]
        return kept


def batches(clips, front, augmented, rng):
    """Yields lists of (clip, features), each clip as recorded and augmented; clips of similar length together."""
    jobs = sorted(((clip, changed) for clip in clips for changed in (False, True)), key=lambda job: job[0].n)
    while jobs:
        some = jobs[:max(1, BATCH_ROWS // (jobs[0][0].n // 160 + 200))]
        jobs = jobs[len(some):]
        others = [clips[i] for i in rng.integers(len(clips), size=6)]
        yield [(clip, front(augmented(clip.sound(), rng, others) if changed else np.pad(clip.sound(), SILENCE)).astype(np.float32))
               for clip, changed in some]


def collect(folder, clips, network, others, front, augmented, rng):
    """Writes the three files of a set."""
    rows, at = [], 0
    with open(folder.with_suffix(".hidden"), "wb") as hidden_out, open(folder.with_suffix(".logs"), "wb") as logs_out:
        for batch in batches(clips, front, augmented, rng):
            for (clip, _), (hidden, logs) in zip(batch, network([features for _, features in batch])):
                if len(clip.words) > MOST_WORDS or len(logs) < 8:
                    continue
                logs = np.ascontiguousarray(logs)
                said = others.aligner.best(logs, clip.words, True, rng, TRIES)
                if said.score < -WORST * len(said.labels):
                    continue
                hidden_out.write(hidden.tobytes())
                logs_out.write(logs.astype(np.float16).tobytes())
                rows.append((clip.kind, clip.text, clip.voice, at, len(logs), [said, *others(logs, clip.words, said)]))
                at += len(logs)
    with open(folder.with_suffix(".pickle"), "wb") as out:
        pickle.dump([(*row[:-1], [tuple(a) for a in row[-1]]) for row in rows], out)
    print(f"{folder.name}: {len(rows)} sounds, {at} rows", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--noise", type=pathlib.Path, required=True)
    parser.add_argument("--frontend", required=True)
    parser.add_argument("--fused", required=True)
    parser.add_argument("--sets", nargs="+", default=["people"])
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    dictionary = corpus.read_dictionary(corpus.DICTIONARY)
    clips = {name: corpus.load(arguments.data / name, dictionary)[0] for name in arguments.sets}
    rng = np.random.default_rng(arguments.seed)
    others = Others([clip for some in clips.values() for clip in some], align.Aligner(arguments.fused), rng)
    network, front, augmented = Network(arguments.model), frontend.FrontEnd(arguments.frontend), augment.Augment(arguments.noise)
    folder = arguments.data / "verifier"
    folder.mkdir(exist_ok=True)
    for name, some in clips.items():
        collect(folder / name, some, network, others, front, augmented, rng)


if __name__ == "__main__":
    main()
