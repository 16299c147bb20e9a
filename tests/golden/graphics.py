#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares a training step of models/training/learning/graphics.py with PyTorch's own operations: posteriors, gradients, the normalisations'
means.

It runs on the processor in float32, where the two may differ only by a few roundings. The same is required of a network with more look-ahead;
before it is trained, its posteriors must equal those of the original network.
"""
import os
import pathlib
import sys

try:
    import torch
except ImportError as missing:
    print(f"skipped: python3-{missing.name} is not installed")
    sys.exit(77)

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(TOP / "models" / "training"))
from learning import graphics, net as network  # noqa: E402

ROWS = torch.tensor((300, 297, 151, 20))
STEPS_MORE = 3


def step(blocks_by=None, further=False):
    """The results of a step, by name."""
    torch.manual_seed(1)
    net = network.Net(64, 4, look_ahead_blocks=2)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.bias)
    features, wanted = torch.randn(len(ROWS), 40, 300), torch.randn(2, len(ROWS), 100, 40)
    features *= torch.arange(300) < ROWS[:, None, None]
    if further:
        network.far_sighted(net, STEPS_MORE)
    net.fused = blocks_by
    logs, half, steps = net(features, ROWS)
    sounding = torch.arange(100)[None] < steps[:, None]
    (wanted * torch.stack((logs, half)))[:, sounding].sum().backward()
    out = {name: p.grad for name, p in net.named_parameters()}
    out |= {name: b.clone() for name, b in net.named_buffers() if "running" in name}
    return {**out, "posteriors": logs[sounding].detach(), "posteriors at half depth": half[sounding].detach()}


def main():
    if os.environ.get("EMULATOR"):
        print("skipped: it is of the machine that trains")
        return 77
    status, near = 0, step()
    for further in (False, True):
        plain, other = step(further=further), step(graphics.Graphics(torch.float32, compiled=False), further)
        # the gradient of a bias that a normalisation cancels is only rounding errors
        far = {name: float((other[name] - value).norm() / value.norm()) for name, value in plain.items() if "dw.norm.bias" not in name}
        worst = max(far, key=far.get)
        print(f"graphics: {'further sight: ' if further else ''}off by at most {far[worst]:.1e} of {worst}")
        status |= far[worst] > 1e-4
    apart = float((plain["posteriors"] - near["posteriors"]).abs().max())
    print(f"graphics: further sight, before it has learned: posteriors off by at most {apart:.1e}")
    return int(status or apart > 1e-4)


if __name__ == "__main__":
    sys.exit(main())
