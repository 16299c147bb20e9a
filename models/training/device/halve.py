#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A float checkpoint of train.py without its optimiser and in half precision: a sixth of the size, what is kept beside a shipped model.

halve.py CHECKPOINT.pt OUT.pt

OUT is read by quantise.py and by train.py --widen. What weights lose beyond 11 bits moves an integer here and there by one.
"""

import argparse
import sys

import torch

KEPT = ("seed", "width", "blocks", "look_ahead_blocks", "weight_bits", "rate", "people_weight", "nothing", "echo", "batch_seconds",
        "quantise_steps", "teacher_weight", "crf_weight")


def halved(tensor):
    """The tensor in half precision, if it is of reals; an error where one of them is too large for that."""
    if not tensor.is_floating_point():
        return tensor
    half = tensor.half()
    if not bool(torch.isfinite(half).all()):
        sys.exit("halve: a weight is no finite number in half precision; has this network learned to the end?")
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
