#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Quantise a float network after training, in one of several ways, and write the model file.

quantise.py FLOAT.pt --range METHOD [--equalise] [--bias-correction] [--weight-bits 4] [--float32] --frontend LIB --people DIR
    --passport FILE --out MODEL

Ranges of the activations, measured on clips of the training set:
    minmax      the greatest magnitude seen
    percentile  99.99 % of the magnitudes
    mse         the bound with the least squared error, clipping and rounding together
    entropy     the bound whose 128 levels keep the distribution best, by Kullback-Leibler divergence (Migacz, GTC 2017)
--equalise scales the channels between two layers of a block so that both layers' weights use their ranges alike; --bias-correction
moves every bias by the mean error that rounding brings to its channel (both: Nagel et al., 2019, arXiv 1906.04721). Weights are
symmetric per output channel throughout. --weight-bits 4 rounds those of the pointwise layers to -7..7, each channel clipped where the
squared error is least; the file still holds a byte for each weight, as the runtime expects. --float32 adds the float network to the file
for tests/float32/tragus-float32. export.py writes a network that was trained with simulated quantisation.
"""

import argparse
import pathlib
import sys

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # the folder of these packages
from clips import corpus, frontend  # noqa: E402
from learning import net as network  # noqa: E402
from device import export  # noqa: E402

BINS = 4096


class Histogram:
    """A histogram of one tensor's magnitudes over many clips, of BINS bins up to a bound that doubles when it is exceeded."""

    def __init__(self):
        self.top, self.counts = 0.0, np.zeros(BINS, np.int64)

    def add(self, x):
        x = np.abs(x.detach().numpy()).ravel()
        x = x[x > 0]  # zeros, most of them from padding or a rectifier, are exact at any scale
        if not len(x):
            return
        if self.top == 0:
            self.top = float(x.max())
        while x.max() > self.top:
            self.counts = np.concatenate([self.counts.reshape(-1, 2).sum(1), np.zeros(BINS // 2, np.int64)])
            self.top *= 2
        self.counts += np.histogram(x, BINS, (0, self.top))[0]

    def bound(self, method):
        """The magnitude that 127 stands for."""
        edges = np.arange(1, BINS + 1) * (self.top / BINS)
        if method == "minmax":
            return float(edges[np.flatnonzero(self.counts)[-1]])
        if method == "percentile":
            share = np.cumsum(self.counts) / self.counts.sum()
            return float(edges[np.searchsorted(share, 0.9999)])
        loss = self.squared_error if method == "mse" else self.divergence
        candidates = range(BINS // 16, BINS + 1, BINS // 128)
        return float(edges[min(candidates, key=loss) - 1])

    def squared_error(self, n):
        """The squared error with bound number n: rounding below it, clipping above."""
        centres = (np.arange(BINS) + 0.5) * (self.top / BINS)
        bound = n * self.top / BINS
        inside = self.counts[:n].sum() * (bound / 127) ** 2 / 12
        return inside + (self.counts[n:] * (centres[n:] - bound) ** 2).sum()

    def divergence(self, n):
        """The divergence of the clipped distribution from that of its 128 levels, each level's counts spread over its non-empty bins."""
        p = self.counts[:n].astype(np.float64)
        p[-1] += self.counts[n:].sum()
        level = np.arange(n) * 128 // n
        sums = np.bincount(level, self.counts[:n], 128)
        filled = np.bincount(level, self.counts[:n] > 0, 128)
        q = np.where(self.counts[:n] > 0, sums[level] / np.maximum(filled[level], 1), 0)
        p, q = p / p.sum(), q / max(q.sum(), 1)
        both = (p > 0) & (q > 0)
        return float((p[both] * np.log(p[both] / q[both])).sum() + 10 * p[(p > 0) & (q == 0)].sum())


def run(net, batches):
    """Compute all batches, for the hooks that were registered."""
    with torch.no_grad():
        for features in batches:
            net(features, torch.tensor([features.shape[2]]))


def set_ranges(net, batches, method):
    """Measure and set the bound of every Range."""
    histograms = {module: Histogram() for module in net.modules() if isinstance(module, network.Range)}
    hooks = [module.register_forward_hook(lambda m, inputs, _: histograms[m].add(inputs[0])) for module in histograms]
    run(net, batches)
    for hook in hooks:
        hook.remove()
    for module, histogram in histograms.items():
        module.bound.fill_(histogram.bound(method))


def equalise(net):
    """Scale the channels between the layers of each block of a folded float network: a layer's outputs are divided by s and the next layer's
    weights multiplied. A rectifier between them commutes with a positive scale."""
    with torch.no_grad():
        for block in net.blocks:
            for first, second in ((block.dw, block.pw1), (block.pw1, block.pw2)):
                out = first.conv.weight.abs().amax((1, 2))
                into = second.conv.weight.abs().amax((0, 2))
                scale = torch.sqrt(out / into.clamp_min(1e-8)).clamp(1e-3, 1e3)
                first.conv.weight.div_(scale[:, None, None])
                first.bias.div_(scale)
                second.conv.weight.mul_(scale[None, :, None])


def clip_weights(net):
    """Clip each channel of the pointwise layers at the share of its greatest magnitude, from 0.4 to 1, with the least squared error."""
    with torch.no_grad():
        for conv in [c for block in net.blocks for c in (block.pw1, block.pw2)]:
            w = conv.conv.weight
            top = w.abs().amax((1, 2), keepdim=True)
            best, bound = torch.full_like(top, float("inf")), top.clone()
            for share in np.arange(0.4, 1.01, 0.02):
                scale = top * float(share) / conv.most
                error = ((network.quantised(w, scale, conv.most) * scale - w) ** 2).sum((1, 2), keepdim=True)
                bound = torch.where(error < best, top * float(share), bound)
                best = torch.minimum(best, error)
            w.copy_(torch.maximum(torch.minimum(w, bound), -bound))


def correct_biases(net, batches):
    """Subtract from each bias the mean error that rounding the layer's weights causes: the rounding errors times the mean inputs."""
    sums = {module: 0 for module in net.modules() if isinstance(module, network.Conv)}
    count = dict.fromkeys(sums, 0)

    def add(module, inputs):
        sums[module] = sums[module] + inputs[0].sum((0, 2))
        count[module] += inputs[0].shape[0] * inputs[0].shape[2]

    hooks = [module.register_forward_pre_hook(add) for module in sums]
    run(net, batches)
    for hook in hooks:
        hook.remove()
    with torch.no_grad():
        for conv, total in sums.items():
            rounding = (conv.weight_integers() * conv.weight_scale() - conv.conv.weight).sum(2)
            mean = total / count[conv]
            conv.bias.sub_(rounding[:, 0] * mean if conv.conv.groups > 1 else rounding @ mean)


def calibration(clips, front, n):
    """The features of about n of the clips, each (1, 40, rows), with silence on both sides."""
    some = clips[:: max(1, len(clips) // n)]
    return [torch.from_numpy(front(np.pad(clip.sound(), 4800)).astype(np.float32).T[None].copy()) for clip in some]


# name: (bits of the pointwise weights, how ranges are found, options of quantised_net())
WAYS = {"min-max": (8, "minmax", {}), "percentile": (8, "percentile", {}), "squared error": (8, "mse", {}), "entropy": (8, "entropy", {}),
        "equalised, biases corrected": (8, "percentile", dict(equalised=True, corrected=True)), "int4": (4, "percentile", {})}


def quantised_net(net, batches, method, equalised=False, corrected=False):
    """Change a float net.Net to stage "int8" in place and return it. batches: of calibration()."""
    net.eval()
    net.stage("folded")
    if equalised:
        equalise(net)
    if net.shape["weight_bits"] < 8:
        clip_weights(net)
    set_ranges(net, batches, method)
    if corrected:
        correct_biases(net, batches)
    net.stage("int8")
    return net


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("--range", choices=("minmax", "percentile", "mse", "entropy"), default="percentile")
    parser.add_argument("--equalise", action="store_true")
    parser.add_argument("--bias-correction", action="store_true")
    parser.add_argument("--weight-bits", type=int, choices=(4, 8), default=8)
    parser.add_argument("--float32", action="store_true")
    parser.add_argument("--clips", type=int, default=200, help="how many clips the ranges are measured on")
    export.add_arguments(parser)
    arguments = parser.parse_args()
    state = torch.load(arguments.checkpoint)
    if state["folded"]:
        parser.error(f"{arguments.checkpoint} was trained with its quantisation simulated; export.py writes it")
    net = network.Net(**{**state["shape"], "weight_bits": arguments.weight_bits})
    net.load_state_dict(state["net"])
    export.divide_by_prior(net, arguments)
    front, clips = frontend.FrontEnd(arguments.frontend), corpus.load(arguments.people, corpus.read_dictionary(corpus.DICTIONARY))[0]
    net.stage("folded")
    float32 = export.floats(net) if arguments.float32 else None
    quantised_net(net, calibration(clips, front, arguments.clips), arguments.range, arguments.equalise, arguments.bias_correction)
    export.write(net, state, front, clips, arguments, float32)


if __name__ == "__main__":
    main()
