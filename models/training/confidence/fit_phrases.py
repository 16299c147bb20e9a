#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fit what a wake phrase needs to be reported, and print it as lines of a passport.

fit_phrases.py CANDIDATES.tsv > lines

CANDIDATES.tsv, CANDIDATES.phrases.tsv and CANDIDATES.words.txt are from collect_phrases.py. Two models as in fit.py give the logarithm of the odds that a candidate
is right: `wake`, just after the phrase, whatever follows; and `wake_alone`, 300 ms later, for a phrase that nothing follows.

How high that must be for LEAST_RATE false alarms an hour depends on how often the phrase's phones occur in speech. Its rarity is the sum of
-ln(share of the phone among all phones of the phrases that are spoken). The number of candidates of names in talk that are above a logit t is taken as
Poisson, with the rate exp(a + b rarity - s (t - t0)) an hour; s is the inverse of their mean excess over t0, and a and b are those of the
greatest likelihood. `wake_least` and `wake_alone_least` are the logits that follow, by the rarity, never below FLOOR. `wake_missed` is the
percentage of phrases said alone in clean recordings that are below a logit; `wake_common` are the most frequent words.
"""

import argparse
import collections
import pathlib
import sys

import numpy as np
from scipy import optimize

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from confidence import fit  # noqa: E402

SOON = {
    "loss": ((0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3), -1),
    "sum": ((-10, 0, 3, 6, 9, 12, 18), 1),
    "gap": ((0, 2, 4, 8, 12), -1),
    "word_gap": ((0, 2, 4, 8, 12), -1),
    "window": ((0, 2, 4, 6, 10, 15), -1),
    "entropy": ((0, 0.5, 1, 1.5, 2.5), -1),
    "peak": ((0, 0.5, 1, 2, 4), -1),
    "before": ((0, 3, 6, 12, 24), -1),
    "word": ((0, 0.5, 1, 1.5, 2, 3, 5), -1),
}
ALONE = {**SOON, "after": ((0, 2, 4, 8, 16), -1)}
# The weight of each class of candidates: right ones; wrong ones in talk and noise, in clips of other phrases, and near misses in clips.
SHARES = {"right": 0.5, "talk": 0.25, "clip": 0.2, "near": 0.05}
LEAST_RATE = 0.05  # false alarms an hour of one phrase, by each of the two ways
FLOOR = 1.0
MOST_LOSS = 2.4  # as in src/decoder/spot.c
EXCEEDED = 400  # candidates above t0
RAREST = 80.0
MISSED_AT = 0, 1, 2, 3, 4, 5, 6, 8  # logits


class Candidates:
    """The lines of a file of collect_phrases.py that the spotter looks at: features (n, f) in their units, and what is known of each."""

    def __init__(self, path):
        rows, self.right, self.sound, self.phrase, self.alone, kinds = [], [], [], [], [], []
        with open(path, encoding="utf-8") as lines:
            self.names = next(lines).rstrip("\n").split("\t")[6:]
            for line in lines:
                right, sound, kind, number, phrase, alone, *features = line.rstrip("\n").split("\t")
                if float(features[0]) >= MOST_LOSS * 256:
                    continue
                rows.append(np.array(features, np.float32) / 256)
                self.right.append(right == "1")
                self.sound.append(sound)
                self.phrase.append((number.split(":")[0], phrase))
                self.alone.append(alone == "1")
                kinds.append(kind)
        self.features, self.right, self.sound, self.alone = np.array(rows), np.array(self.right), np.array(self.sound), np.array(self.alone)
        in_clip = np.isin(self.sound, ("clip", "clean"))
        self.kind = np.select([self.right, in_clip & (np.array(kinds) == "near"), in_clip], ["right", "near", "clip"], "talk")


def read_phrases(path):
    """{(group, phrase): (kind, labels, hours)} of those whose phones are known."""
    found = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            group, phrase, kind, labels, hours = line.rstrip("\n").split("\t")
            if labels:
                found[group, phrase] = kind, [int(label) for label in labels.split()], float(hours)
    return found


def rarities(phrases):
    """-ln of the share of each label 1, 2, ... among the phones of spoken phrases; one that does not occur counts as half a phone."""
    counts = collections.Counter(label for kind, labels, _ in phrases.values() if kind == "spoken" for label in labels)
    n = max(label for _, labels, _ in phrases.values() for label in labels)
    counted = np.array([max(counts[label], 0.5) for label in range(1, n + 1)])
    return -np.log(counted / counted.sum())


def logits(candidates, shapes, used):
    """Fits a model of these shapes to the candidates `used` (bool), whose classes have the weights SHARES. Returns it, and the logits of all."""
    right, weights = candidates.right, np.zeros(len(used))
    for name, share in SHARES.items():
        weights[used & (candidates.kind == name)] = share / max(1, (used & (candidates.kind == name)).sum())
    bias, curves = fit.fit(candidates.features[used], right[used], weights[used], candidates.names, shapes)
    found = bias + sum(np.interp(candidates.features[:, candidates.names.index(name)], shapes[name][0], values) for name, values in curves.items())
    return bias, curves, found


def least_logits(candidates, found, phrases, rarity):
    """Returns the rarities and logits of the ends of the line that gives LEAST_RATE, and the slope s."""
    names = [key for key, (kind, _, _) in phrases.items() if kind == "name"]
    of_name = np.array([phrases.get(phrase, ("",))[0] == "name" for phrase in candidates.phrase])
    counted = np.flatnonzero((candidates.sound == "talk") & ~candidates.right & of_name)
    t0 = np.sort(found[counted])[-EXCEEDED]
    counted = counted[found[counted] > t0]
    slope = 1 / np.mean(found[counted] - t0)
    number = collections.Counter(candidates.phrase[i] for i in counted)
    n = np.array([number[name] for name in names])
    x = np.array([[1, sum(rarity[label - 1] for label in phrases[name][1])] for name in names])
    hours = np.array([phrases[name][2] for name in names])

    def loss(w):
        rate = hours * np.exp(x @ w)
        return (rate - n * (x @ w)).sum(), x.T @ (rate - n)

    a, b = optimize.minimize(loss, np.zeros(2), jac=True, method="L-BFGS-B").x

    def least(u):
        return t0 + (a + b * u - np.log(LEAST_RATE)) / slope
    print(f"fit_phrases: {len(names)} names, {hours.sum():.0f} hours of them, t0 {t0:.2f}, a {a:.2f}, b {b:.3f}, s {slope:.2f}", file=sys.stderr)
    floor = min(RAREST, (slope * (FLOOR - t0) - a + np.log(LEAST_RATE)) / b)
    return ((10, least(10)), (floor, least(floor))), slope


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("candidates", type=pathlib.Path)
    arguments = parser.parse_args()
    candidates, phrases = Candidates(arguments.candidates), read_phrases(arguments.candidates.with_suffix(".phrases.tsv"))
    rarity, slopes = rarities(phrases), []
    for prefix, shapes, used in (("wake", SOON, np.full(len(candidates.right), True)), ("wake_alone", ALONE, candidates.alone | ~candidates.right)):
        bias, curves, found = logits(candidates, shapes, used)
        least, slope = least_logits(candidates, found, phrases, rarity)
        slopes.append(slope)
        fit.write(prefix, bias, curves, shapes)
        print(f"{prefix}_least: " + ", ".join(f"{u:.1f} {logit:.3f}" for u, logit in least))
    print(f"wake_slope: {min(slopes):.3f}")
    called = np.sort(found[candidates.alone & (candidates.sound == "clean")])
    print("wake_missed: " + ", ".join(f"{t} {100 * np.searchsorted(called, t) / len(called):.1f}" for t in MISSED_AT))
    print("wake_common: " + arguments.candidates.with_suffix(".words.txt").read_text(encoding="utf-8").strip())
    print("wake_rarity: " + " ".join(f"{each:.2f}" for each in rarity))


if __name__ == "__main__":
    main()
