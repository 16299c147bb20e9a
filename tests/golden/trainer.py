#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the training simulates against what the device computes, bit for bit, on the model that is shipped.

The model file carries features and the posteriors that the C runtime must give for them (tests/unit/nn). Here the network of
models/training/net.py is built from the file's integers and must give the same posteriors, in the stage in which it is trained. So
must program.py, which is written from the definition of the operations alone. Float64, in which the file's multipliers are exact.
"""
import pathlib
import sys

try:
    import numpy  # noqa: F401
    import torch  # noqa: F401
except ImportError as missing:
    print(f"skipped: python3-{missing.name} is not installed")
    sys.exit(77)

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(TOP / "models" / "training"))
import program  # noqa: E402
import restore  # noqa: E402


def main():
    made, features, expected = program.Program.read(TOP / "models" / "en" / "acoustic.tragus")
    failed = False
    for name, posteriors in (("program.py", made.simulate(features)), ("net.py", restore.network_of(made).posteriors(features))):
        different = int((posteriors != expected).sum())
        print(f"{name}: {different} of {expected.size} posteriors differ from the model file's")
        failed |= different != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
