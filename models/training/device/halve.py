#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reduce a float checkpoint of train.py to half precision without the optimiser, a sixth of its size, to keep beside a shipped model.

halve.py CHECKPOINT.pt OUT.pt

quantise.py and train.py --widen read OUT. The rounding of the weights to 11 bits changes a few of the model file's integers by one.
"""

import argparse
import sys

import torch

KEPT = ("seed", "width", "blocks", "look_ahead_blocks", "weight_bits", "rate", "people_weight", "nothing", "echo", "batch_seconds",
        "quantise_steps", "teacher_weight", "crf_weight")


def halved(tensor):
    """A tensor of reals in half precision; exits if a value is too large for that. Other tensors are returned as they are."""
    if not tensor.is_floating_point():
        return tensor
    half = tensor.half()
    if not bool(torch.isfinite(half).all()):
        sys.exit("halve: a weight is not finite in half precision; was this network trained to the end?")
    return half


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("out")
    arguments = parser.parse_args()
    state = torch.load(arguments.checkpoint, map_location="cpu")
    if state["folded"]:
        sys.exit(f"halve: {arguments.checkpoint} simulates integers; take the float.pt that was written before its quantised steps")
    torch.save(dict(net={name: halved(tensor) for name, tensor in state["net"].items()}, step=state["step"], heard=state["heard"], folded=False,
                    shape=state["shape"], arguments={name: state["arguments"].get(name) for name in KEPT}), arguments.out)


if __name__ == "__main__":
    main()
