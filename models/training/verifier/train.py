#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Train the verifier of a network on what collect.py found, and write it into the model file.

train.py MODEL.tragus --data DATA --out MODEL.tragus [--steps 2500] [--seed 1] [--threads 2] [--half]

A sentence is right if all its pairs of phones are. So the loss is the cross-entropy of the product of their probabilities: a sentence that was not
said need only have one pair that is doubted, and the network finds out itself which (noisy-and; multiple-instance learning: Dietterich, Lathrop
and Lozano-Perez, 1997). One speaker in twenty is held back; what of theirs is accepted where 98 to 80 % of what was said is, is printed on the way.

The file keeps its passport. --half trains only with the recordings that the confidence is not fitted to
(collect.held_for_streams()): a verifier is too sure of what it was trained with.
"""

import argparse
import pathlib
import pickle
import sys
import types
import zlib

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # the folder of these packages
from clips import corpus  # noqa: E402
from confidence.collect import held_for_streams  # noqa: E402
from device import program, store  # noqa: E402
from verifier import network  # noqa: E402

BATCH, RATE, WRONG = 32, 1.5e-3, 3              # sounds of a batch, greatest learning rate, wrong sentences a sound
WEIGHTS = {"speechocean": 2.0}                # accents are the hardest
UNNAMED = "", "unknown", "wake_unknown", "kathleen"
DECAY = 0.01
KEPT = 0.98, 0.95, 0.90, 0.80


class Sounds:
    """What collect.py wrote into a folder."""

    def __init__(self, folder, half):
        self.rows = []
        for path in sorted(folder.glob("*.pickle")):
            with open(path, "rb") as file:
                rows = pickle.load(file)
            n = sum(row[4] for row in rows)
            hidden = np.memmap(path.with_suffix(".hidden"), np.int8, "r", shape=(n, network.WIDTH))
            logs = np.memmap(path.with_suffix(".logs"), np.float16, "r", shape=(n, network.LABELS))
            self.rows += [(*row, hidden, logs) for row in rows if not half or held_for_streams(types.SimpleNamespace(text=row[1], voice=row[2]))]
        held = [zlib.crc32((row[1] if row[2] in UNNAMED else row[2]).encode()) % 20 == int(half) for row in self.rows]  # half: odd ones
        self.training = [i for i, h in enumerate(held) if not h]
        self.held = [i for i, h in enumerate(held) if h]
        weights = np.array([WEIGHTS.get(self.rows[i][0], 1.0) for i in self.training])
        self.share = weights / weights.sum()

    def item(self, i, rng=None, wrong=None):
        """(hidden, logs, alignments) of sound i: the right one and `wrong` others drawn by rng; all without."""
        _, _, _, first, n, alignments, hidden, logs = self.rows[i]
        if rng is not None:
            alignments = [alignments[0], *(alignments[1 + k] for k in rng.permutation(len(alignments) - 1)[:wrong])]
        return hidden[first:first + n], logs[first:first + n], alignments

    def drawn(self, n, rng):
        return network.Batch([self.item(self.training[i], rng, WRONG) for i in rng.choice(len(self.training), n, p=self.share)], rng)


def measure(net, sounds, which):
    """Prints which share of the wrong sentences is accepted where KEPT of the right ones are."""
    net.eval()
    odds, right = [], []
    with torch.no_grad():
        for at in range(0, len(which), 40):
            batch = network.Batch([sounds.item(i) for i in which[at:at + 40]])
            odds.append(batch.log_odds(net(batch)))
            right.append(batch.right)
    net.train()
    odds, right = torch.cat(odds).numpy(), torch.cat(right).numpy()
    said = np.sort(odds[right == 1])
    print("  ".join(f"{100 * kept:.0f} % kept: {100 * np.mean(odds[right == 0] >= said[int((1 - kept) * len(said))]):.1f} % wrong" for kept in KEPT), flush=True)


def train(net, sounds, steps, rng):
    optimiser = torch.optim.AdamW(net.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps, pct_start=0.05)
    some_held = [sounds.held[i] for i in np.random.default_rng(0).permutation(len(sounds.held))[:900]]
    mean = None
    for step in range(1, steps + 1):
        batch = sounds.drawn(BATCH, rng)
        odds = batch.log_odds(net(batch)).clamp(max=-1e-6)
        loss = -(batch.right * odds + (1 - batch.right) * torch.log1p(-odds.exp())).mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        mean = loss.item() if mean is None else 0.98 * mean + 0.02 * loss.item()
        if step % 500 == 0 or step == steps:
            print(f"step {step}: loss {mean:.4f}", flush=True)
            measure(net, sounds, some_held)


def write(net, sounds, arguments):
    made, features, _ = program.Program.read(arguments.model)
    passport = store.read(arguments.model)[1]["passport"].decode()
    sketch, verifier = network.quantised(net, sounds.drawn(400, np.random.default_rng(2)))
    made.sketch(**sketch)
    made.verifier = verifier.section()
    made.write(arguments.out, ["<blank>"] + corpus.PHONES, passport, features)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--half", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    sounds, net = Sounds(arguments.data / "verifier", arguments.half), network.Verifier()
    print(f"{len(sounds.training)} sounds to train with, {len(sounds.held)} held back", flush=True)
    train(net, sounds, arguments.steps, np.random.default_rng(arguments.seed))
    write(net, sounds, arguments)


if __name__ == "__main__":
    main()
