#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fit the model of confidence to what collect.py collected, and print it as lines of a passport.

fit.py [--free PASSPORT] CANDIDATES.tsv... > lines

The model gives the probability that a candidate is right: the logistic function of a bias and, for each feature, the value of a curve of straight
pieces (a generalised additive model: Hastie and Tibshirani, 1990). A curve may only fall where the feature speaks against the candidate, so what
is worse never sounds better, also for values that the training did not have. Each curve is one line, `confidence_NAME: x y, x y, ...`; beyond its
ends it is constant.

The candidates are weighted by class, so that no class wins by its number: SHARES.

With --free the candidates are of grammars with free words (collect.py --free). The curves of the passport stay, and only those of FREE_CURVES,
which apply to sentences with free words alone, are fitted and printed.
"""

import argparse
import sys

import numpy as np
from scipy import optimize

# feature: (points of its curve, direction: -1 if a greater value speaks against the candidate, 1 if for it)
CURVES = {
    "loss": ((-1.5, -1, -0.5, 0, 0.5, 1, 2, 4), -1),
    "sum": ((0, 5, 10, 15, 20, 30, 50), 1),
    "entropy": ((0, 0.5, 1, 1.5, 2.5), -1),
    "gap_ratio": ((0, 1, 2, 3.5, 5, 12), -1),
    "word_gap_ratio": ((0, 1, 2.5, 4, 8), -1),
    "before": ((0, 3, 6, 12), -1),
    "after": ((0, 3, 6, 12), -1),
    "window_ratio": ((0, 2, 4, 6, 9, 14, 20), -1),
    "word_ratio": ((0, 0.5, 1, 1.5, 2.5, 4), -1),
    "peak": ((0, 0.5, 1, 2, 4), -1),
    "margin": ((0, 1, 2, 4), 1),
}
# The odds fall as the odds of the pair of phones that the verifier doubts most: not fitted, because the network knows the recordings of its own
# training so well that the verifier adds little there.
FIXED_CURVES = {"worst_doubt": ((0, 6), (0.0, -6.0))}
FREE_CURVES = {"exact": ((1, 1.5, 2, 2.5, 3, 3.5, 4, 6), -1)}  # of sentences with free words; 0 without
# the weight of each class of candidates: right ones of read sentences, of other sentences, of single words; wrong ones in talk, in noise, with a
# word less than was said, with another word, and any others
SHARES = {"read": 0.6, "sentence": 0.3, "word": 0.19, "talk": 0.5, "noise": 0.05, "shorter": 0.1, "replaced": 0.05, "other": 0.2}
ODDS = 7.4  # of a right candidate to a wrong one in use, times those in SHARES: most of what is spoken to the device is in its grammar
RIDGE = 1e-4
LEAST_CONFIDENCE = 0.05


def one_word_apart(a, b):
    """Whether two texts are equal but for one word left out, added or replaced."""
    a, b = a.split(), b.split()
    least = min(len(a), len(b))
    if abs(len(a) - len(b)) > 1:
        return False
    i = 0
    while i < least and a[i] == b[i]:
        i += 1
    j = 0
    while j < least - i and a[-1 - j] == b[-1 - j]:
        j += 1
    return max(len(a), len(b)) - i - j <= 1


def class_of(right, sound, grammar, said, heard):
    """The class of a candidate, a key of SHARES, or None if it is not used."""
    if right:
        return {"read": "read", "free read": "read", "words": "word"}.get(grammar, "sentence")
    if sound != "clip":
        return sound
    if said and one_word_apart(said, heard):
        if len(heard.split()) < len(said.split()):
            return "shorter"
        return None if grammar == "words" else "replaced"
    return "other"


def read(paths):
    """Returns the features (n, f) in their units, whether each candidate is right, and its class."""
    rows, right, classes, names = [], [], [], None
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            names = next(lines).rstrip("\n").split("\t")[8:]
            for line in lines:
                is_right, sound, grammar, _, _, confidence, said, heard, *features = line.rstrip("\n").split("\t")
                each = class_of(is_right == "1", sound, grammar, said, heard)
                if each and (is_right == "1" or float(confidence) > LEAST_CONFIDENCE):
                    rows.append(np.array(features, np.float32) / 256)
                    right.append(is_right == "1")
                    classes.append(each)
    return np.array(rows), np.array(right), np.array(classes), names


def pieces(x, points):
    """x (n,) as (n, len(points) - 1): how far it reaches into each piece of the curve."""
    points = np.array(points, np.float32)
    return np.clip(x[:, None] - points[:-1], 0, np.diff(points))


def fixed_logits(features, names):
    """What FIXED_CURVES give, (n,)."""
    return sum(np.interp(features[:, names.index(name)], *curve) for name, curve in FIXED_CURVES.items())


def fit(features, right, weights, names, shapes, known=None, fixed=0.0):
    """Returns the bias and {name: values at the curve's points}. shapes: points and direction of each curve, such as CURVES. known: logits (n,) to
    which these curves are added; the bias is then 0. fixed: the same, but a bias is found, too."""
    columns = [pieces(features[:, names.index(name)], points) for name, (points, _) in shapes.items()]
    bounds = [(None, None) if known is None else (0, 0)] + [(None, 0) if side < 0 else (0, None) for points, side in shapes.values() for _ in points[1:]]
    known = fixed if known is None else known
    x, sign = np.concatenate(columns, 1).astype(np.float64), np.where(right, 1.0, -1.0)

    def loss(w):
        z = sign * (known + w[0] + x @ w[1:])
        slope = -sign * weights / (1 + np.exp(np.clip(z, -50, 50)))
        return (weights * np.logaddexp(0, -z)).sum() + RIDGE * (w[1:] ** 2).sum(), np.concatenate([[slope.sum()], slope @ x + 2 * RIDGE * w[1:]])

    found = optimize.minimize(loss, np.zeros(len(bounds)), jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": 500})
    curves, at = {}, 1
    for name, (points, _) in shapes.items():
        n = len(points) - 1
        curves[name] = np.concatenate([[0.0], np.cumsum(found.x[at:at + n] * np.diff(points))])
        at += n
    return found.x[0], curves


def write(prefix, bias, curves, shapes):
    """Prints what fit() returns as lines of a passport; the bias only if it is not None."""
    if bias is not None:
        print(f"{prefix}: {bias:.3f}")
    for name, values in curves.items():
        print(f"{prefix}_{name}: " + ", ".join(f"{x:g} {y:.3f}" for x, y in zip(shapes[name][0], values)))


def passport_logits(path, features, names):
    """The logits (n,) that the curves of a passport give, without those of FREE_CURVES."""
    with open(path, encoding="utf-8") as lines:
        values = dict(line.rstrip("\n").split(": ", 1) for line in lines if line.startswith("confidence") and ": " in line)
    if "confidence" not in values:
        sys.exit(f"fit: {path} has no line 'confidence: NUMBER': give the lines that fit.py printed for the network")
    logits = np.full(len(features), float(values["confidence"]))
    for i, name in enumerate(names):
        if name not in FREE_CURVES and f"confidence_{name}" in values:
            points = [point.split() for point in values[f"confidence_{name}"].split(", ")]
            logits += np.interp(features[:, i], *np.array(points, float).T)
    return logits


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("candidates", nargs="+")
    parser.add_argument("--free", metavar="PASSPORT", help="passport.txt of the network")
    arguments = parser.parse_args()
    features, right, classes, names = read(arguments.candidates)
    if arguments.free:
        free = features[:, names.index("exact")] > 0  # sentences that were finished
        features, right, classes = features[free], right[free], classes[free]
    weights = np.zeros(len(right))
    for name, share in SHARES.items():
        weights[classes == name] = share / max(1, (classes == name).sum())
        print(f"fit: {(classes == name).sum()} candidates: {name}", file=sys.stderr)
    weights /= weights.sum()
    if arguments.free:
        known = passport_logits(arguments.free, features, names) - np.log(ODDS)
        write("confidence", None, fit(features, right, weights, names, FREE_CURVES, known)[1], FREE_CURVES)
        return
    bias, curves = fit(features, right, weights, names, CURVES, fixed=fixed_logits(features, names))
    write("confidence", bias + np.log(ODDS), curves, CURVES)
    write("confidence", None, {name: values for name, (_, values) in FIXED_CURVES.items()}, FIXED_CURVES)


if __name__ == "__main__":
    main()
