#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the simulation in training with the computation of the device, bit for bit, on the shipped model.

The model file contains features and the posteriors that the C runtime must give for them (tests/unit/nn). Here the network of
models/training/learning/net.py is built from the file's integers and must give the same posteriors, in the stage "int8" of training. So must
program.py, which is written from the definition of the operations alone. Float64 represents the file's multipliers exactly.

Then the float network from which training continues is tested: with its normalisations restored, and widened, it must compute nearly the same.
Quantised again in each way of quantise.py, with ranges measured on the same features, it must stay close, and the program that would be
written to a file must compute the same as the trainer. Last come the losses that use PyTorch's gradient of CTC although it assumes a
distribution, and the best path of CTC.
"""
import itertools
import pathlib
import sys

try:
    import numpy as np
    import torch
except ImportError as missing:
    print(f"skipped: python3-{missing.name} is not installed")
    sys.exit(77)

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(TOP / "models" / "training"))
from learning import losses, net as network  # noqa: E402
from device import export, program, quantise, restore  # noqa: E402


def alignment_is_best():
    """Whether losses.aligned() finds the most likely path for the labels, by trying all."""
    torch.manual_seed(1)
    for n, labels in ((5, [1, 2]), (5, [1, 1]), (6, [3, 1, 3]), (4, []), (3, [2, 1, 2])):
        logs = torch.randn(2, 6, 4).log_softmax(2)
        tried = {}
        for path in itertools.product(range(4), repeat=n):
            if [p for i, p in enumerate(path) if p and path[i - 1:i] != (p,)] == labels:
                tried[path] = float(logs[0, torch.arange(n), list(path)].sum())
        other = torch.tensor([1, 2, 3])
        found = losses.aligned(logs, torch.tensor([n, 6]), torch.cat((torch.tensor(labels, dtype=torch.long), other)),
                               torch.tensor([len(labels), 3]))
        if max(tried, key=tried.get) != tuple(0 if k < 0 else labels[k] for k in found[0, :n].tolist()) or (found[0, n:] >= 0).any():
            print(f"aligned: not the likeliest path of {labels} in {n} steps")
            return False
    print("aligned: the likeliest of all paths")
    return True


def gradients_agree():
    """Whether the gradients of losses.unpeaked() and losses.mistaken() equal finite differences."""
    torch.manual_seed(1)
    logits = torch.randn(3, 30, 40, dtype=torch.float64, requires_grad=True)
    labels, steps, counts = torch.randint(1, 40, (15,)), torch.tensor([30, 25, 20]), torch.tensor([5, 6, 4])
    weight, sounding = torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64), torch.arange(30)[None] < steps[:, None]
    worst = 0.0
    for log_prior in (torch.zeros(40, dtype=torch.float64), 0.3 * torch.randn(40, dtype=torch.float64)):
        def wanted(at, log_prior=log_prior):
            return (weight * losses.CTC((at.log_softmax(2) - log_prior).transpose(0, 1), labels, steps, counts)).sum()
        told = losses.unpeaked(logits.log_softmax(2), labels, steps, counts, weight, sounding, log_prior)
        gradient, = torch.autograd.grad(told, logits)
        for at in ((0, 3, 7), (1, 24, int(labels[6])), (2, 0, 0), (2, 19, int(labels[-1])), (2, 25, 3)):
            step = torch.zeros_like(logits)
            step[at] = 1e-4
            with torch.no_grad():
                worst = max(worst, abs(float((wanted(logits + step) - wanted(logits - step)) / 2e-4 - gradient[at])))
    print(f"gradient of CTC over divided posteriors: off by {worst:.1e} at most")

    rivals, rival_counts = torch.randint(1, 40, (33,)), torch.tensor([4, 6, 5, 7, 8, 3])
    inputs = torch.randn(3, 12, 40, dtype=torch.float64, requires_grad=True)
    right = torch.autograd.gradcheck(lambda at: losses.mistaken(at.log_softmax(2), steps // 2 - 3, labels, counts, rivals, rival_counts),
                                     (inputs,), raise_exception=False)
    print(f"gradient of being mistaken: {'as by differences' if right else 'differs'}")
    return worst < 1e-6 and right


def main():
    made, features, expected = program.Program.read(TOP / "models" / "en" / "acoustic.tragus")
    failed = False
    for name, posteriors in (("program.py", made.simulate(features)), ("net.py", restore.network_of(made).posteriors(features))):
        different = int((posteriors != expected).sum())
        print(f"{name}: {different} of {expected.size} posteriors differ from the model file's")
        failed |= different != 0

    folded = restore.network_of(made)
    x, rows = torch.from_numpy(features.T[None].astype(np.float32)), torch.tensor([len(features)])
    unfolded = restore.unfolded(folded, x, rows)                        # folded is in stage "folded" now
    wider = network.widened(unfolded, unfolded.shape["width"] + 32, unfolded.shape["look_ahead_blocks"] + 2, 1)
    with torch.no_grad():
        wanted = folded(x.double(), rows)[0]
        worst = float((unfolded.eval()(x, rows)[0] - wanted).abs().max())
        print(f"a float network again: log-posteriors differ by {worst:.5f} nats at most")
        same = float((wider.eval()(x, rows)[0].argmax(2) == wanted.argmax(2)).float().mean())
        print(f"a wider one that looks further ahead: {100 * same:.0f} % of the steps have the same best label")
        failed |= not (worst < 1e-2 and same > 0.9)
    heard = wanted[0].numpy() > -10                                     # smaller probabilities, below 1 in 20,000, do not matter
    for name, (bits, method, options) in quantise.WAYS.items():
        net = network.Net(**{**unfolded.shape, "weight_bits": bits})
        net.load_state_dict(unfolded.state_dict())
        quantise.quantised_net(net, [x], method, **options)
        posteriors = net.posteriors(features)
        off = float(np.abs(posteriors / 256 - wanted[0].numpy())[heard].mean())
        differ = int((posteriors != export.convert(net).simulate(features)).sum())
        print(f"quantised, {name}: {off:.3f} nats off in the mean; {differ} posteriors differ from the program's")
        failed |= differ != 0 or not off < (0.2 if bits == 8 else 1.0)
    return int(failed or not gradients_agree() or not alignment_is_best())


if __name__ == "__main__":
    sys.exit(main())
