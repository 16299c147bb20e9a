#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the sum over all phone sequences and its gradient, as models/training/learning/crf.py and crf.c compute them, with an enumeration of
every path."""
import itertools
import os
import pathlib
import sys

try:
    import numpy as np
    import torch
except ImportError as missing:
    print(f"skipped: python3-{missing.name} is not installed")
    sys.exit(77)

TOP = pathlib.Path(__file__).resolve().parents[2]
MODULE = pathlib.Path(os.environ.get("abs_top_builddir", ".")) / "models/training/.libs/libfused.so"
sys.dont_write_bytecode = True
sys.path.insert(0, str(TOP / "models" / "training"))
from learning import crf, fused  # noqa: E402

LABELS, STEPS = 4, (6, 4, 1)    # the blank and three phones; the steps of each clip: the first continues after a normalisation


def collapsed(path):
    """The phones of a path, without repetitions and blanks."""
    return tuple(label for label, _ in itertools.groupby(path) if label)


def written_out(logs, phones):
    """(clips,): the result of everything(), computed path by path."""
    out = []
    for clip, n in zip(logs, STEPS):
        paths = itertools.product(range(LABELS), repeat=n)
        out.append(torch.logsumexp(torch.stack([sum(clip[t, label] for t, label in enumerate(path)) + phones.log(collapsed(path))
                                                for path in paths]), 0))
    return torch.stack(out)


def main():
    if os.environ.get("EMULATOR"):
        print("skipped: it is of the machine that trains")
        return 77
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    phones = crf.Phones([rng.integers(1, LABELS, rng.integers(0, 5)) for _ in range(100)])
    logits = 2 * torch.randn(len(STEPS), max(STEPS), crf.HISTORIES)
    logits[:, :, LABELS:] = -200                                    # the other phones never occur
    weights, sums, gradients = torch.tensor((1.0, 2.0, 3.0)), [], []
    everything = lambda logs: crf.everything(logs, torch.tensor(STEPS), phones)
    for module, how in ((None, everything), (fused.Fused(MODULE), everything), (None, lambda logs: written_out(logs, phones))):
        phones.fused = module
        logs = logits.log_softmax(2).requires_grad_()
        sums.append(how(logs))
        (weights * sums[-1]).sum().backward()
        gradients.append(logs.grad)
    off = [float((some[k] - some[2]).abs().max()) for some in (sums, gradients) for k in (0, 1)]
    print(f"crf: off by at most {off[0]:.1e} nats, crf.c by {off[1]:.1e}, gradients by {off[2]:.1e} and {off[3]:.1e}; the phones' chances add "
          f"up to {float(phones.chance[0, 1].sum()):.6f}")
    return not all(far < 1e-5 for far in off) or abs(float(phones.chance[0, 1].sum()) - 1) > 1e-5


if __name__ == "__main__":
    sys.exit(main())
