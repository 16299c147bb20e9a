#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Write the weighted mean of the weights of two float checkpoints of one shape (Wortsman et al., 2022, arXiv 2203.05482).

mix.py A.pt B.pt SHARE OUT.pt          SHARE: that of B, 0 to 1

The second should be trained further from the first: the mean of unrelated networks computes nothing useful. Counters come from A. Normalisation
statistics are averaged, too.
"""

import argparse

import torch


def mixed(a, b, share):
    """The state of A with the mean of both networks' weights. a, b: of torch.load(). ValueError if their shapes differ."""
    if a["shape"] != b["shape"] or a["net"].keys() != b["net"].keys():
        raise ValueError(f"the networks differ: {a['shape']}, {b['shape']}")
    net = {name: (1 - share) * value.float() + share * b["net"][name].float() if value.is_floating_point() else value
           for name, value in a["net"].items()}
    return {**a, "net": net}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("a")
    parser.add_argument("b")
    parser.add_argument("share", type=float)
    parser.add_argument("out")
    arguments = parser.parse_args()
    if not 0 <= arguments.share <= 1:
        parser.error("SHARE must be from 0 to 1")
    a, b = (torch.load(path, map_location="cpu") for path in (arguments.a, arguments.b))
    torch.save(mixed(a, b, arguments.share), arguments.out)


if __name__ == "__main__":
    main()
