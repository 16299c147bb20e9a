#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares a training step by models/training/learning/fused.c with PyTorch's own operations: posteriors, gradients, the normalisations' means,
and the posteriors of the trained network as a teacher.

Both compute in bfloat16, each with its own order of sums, so neither is exact. Both are compared with PyTorch's step in float32; the error of
the fused one may be 1.5 times that of PyTorch's in bfloat16. In the device's integers the posteriors must be bit-equal. Those at half depth
are computed in reals, in the order of a BLAS, so there their inputs must be bit-equal. Gradients, which PyTorch computes in float32 there, may
be off by 2 % at most.
"""
import os
import pathlib
import sys
from unittest import mock

try:
    import torch
except ImportError as missing:
    print(f"skipped: python3-{missing.name} is not installed")
    sys.exit(77)

TOP = pathlib.Path(__file__).resolve().parents[2]
MODULE = pathlib.Path(os.environ.get("abs_top_builddir", ".")) / "models/training/.libs/libfused.so"
sys.dont_write_bytecode = True
sys.path.insert(0, str(TOP / "models" / "training"))
from learning import fused, net as network  # noqa: E402

ROWS = torch.tensor((300, 297, 151, 20))


def step(module=None, bfloat16=True, int8=False):
    """The results of a step, by name."""
    torch.manual_seed(1)
    net = network.Net(64, 4, look_ahead_blocks=2)
    for name, kept in net.named_buffers():
        if "running" in name:
            kept.uniform_(0.5, 1.5)
    features, wanted = torch.randn(len(ROWS), 40, 300), torch.randn(2, len(ROWS), 100, 40)
    features *= torch.arange(300) < ROWS[:, None, None]
    if int8:
        net.stage("calibrate")
        net(features, ROWS)
        net.stage("int8")
    net.fused = module
    with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16), mock.patch.object(network, "labelled", wraps=network.labelled) as labelled:
        logs, half, steps = net(features, ROWS)
    sounding = torch.arange(100)[None] < steps[:, None]
    if int8:
        told = {"half depth": labelled.call_args_list[0].args[1].transpose(1, 2)[sounding].detach()}
    else:
        told = {"posteriors as a teacher": as_teacher(net, features, bfloat16)[sounding]}
    (wanted * torch.stack((logs, half)).float())[:, sounding].sum().backward()
    out = {name: p.grad for name, p in net.named_parameters()}
    out |= {name: b.clone() for name, b in net.named_buffers() if "running" in name}
    return {**out, **told, "posteriors": logs[sounding].detach(), "posteriors at half depth": half[sounding].detach()}


def as_teacher(net, features, bfloat16):
    """Posteriors with the running means of the normalisations, without gradients: (sounds, steps, labels)."""
    net.eval()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        assert net.fused is None or net.fused.computes(net)
        logs = net(features, ROWS)[0]
    net.train()
    return logs


def main():
    if os.environ.get("EMULATOR"):
        print("skipped: the module is built for another machine")
        return 77
    module = fused.Fused(MODULE)
    exact, plain, quick = step(bfloat16=False), step(), step(module)
    far = {}
    for name, value in exact.items():
        by_plain, by_quick = (float((some[name].float() - value).norm()) for some in (plain, quick))
        # the gradient of a bias that a normalisation cancels is only rounding errors
        if "dw.norm.bias" not in name:
            far[name] = (by_quick / (by_plain + 1e-4 * float(value.norm())), by_quick / float(value.norm()))
    name = max(far, key=lambda name: far[name][0])
    print(f"{len(far)} tensors; the farthest from float32, {name}: off by {100 * far[name][1]:.2f} %, {far[name][0]:.2f} times as much as "
          "PyTorch's in bfloat16")
    failed = not all(ratio < 1.5 for ratio, _ in far.values())

    plain, quick = (step(some, bfloat16=False, int8=True) for some in (None, module))
    exactly = ("posteriors", "half depth")
    differ = sum(int((plain[name] != quick[name]).sum()) for name in exactly)
    far = {name: float((quick[name] - value).norm() / value.norm()) for name, value in plain.items() if name not in exactly}
    name = max(far, key=far.get)
    print(f"in integers {differ} values differ; of {len(far)} tensors the farthest, {name}: off by {100 * far[name]:.2f} %")
    return int(failed or differ > 0 or not all(share < 0.02 for share in far.values()))


if __name__ == "__main__":
    sys.exit(main())
