#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests random verifiers: integers.py in models/training/verifier and the C runtime must give the same logits; and what a damaged one is told."""

import os
import struct
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print("skipped: python3-numpy is not installed")
    sys.exit(77)

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "models", "training"))
sys.path.insert(0, HERE)
import test_programs  # noqa: E402
from device import program  # noqa: E402
from verifier import integers  # noqa: E402

LABELS = 11
PAIRS = 40


def random_verifier(rng, n_channels):
    reach, n_hidden, n_second = int(rng.integers(0, 5)), 16 * int(rng.integers(1, 17)), 16 * int(rng.integers(1, 4))
    n_inputs = (2 * (2 * reach + 1) + 2) * n_channels

    def layer(n_in, n_out):
        scale = np.exp(rng.normal(0, 0.3, n_out)) * 50 / (73 * 40 * np.sqrt(n_in))
        return rng.integers(-127, 128, (n_in, n_out)), *program.quantise_multipliers(scale)
    first, second = layer(n_inputs, n_hidden), layer(n_hidden, n_second)
    tables = [rng.integers(-20000, 20000, (n, n_hidden)) for n in integers.table_sizes(LABELS)]
    return integers.Verifier(n_channels, reach, tables, *first, second[0], rng.integers(-20000, 20000, n_second), *second[1:],
                             rng.integers(-127, 128, n_second), int(rng.integers(-9000, 9000)), *program.quantise_multiplier(0.03))


def random_pairs(rng, n_channels, reach):
    """The head of each pair (label, rows and loss of both phones, rows and loss of the gap), the sums of its gap, the sketches around."""
    head = np.stack([rng.integers(0, LABELS, PAIRS), rng.integers(1, 12, PAIRS), rng.integers(0, 3000, PAIRS),
                     rng.integers(0, LABELS, PAIRS), rng.integers(1, 12, PAIRS), rng.integers(0, 3000, PAIRS),
                     rng.integers(0, 60, PAIRS), rng.integers(0, 3000, PAIRS)], 1)
    gap = rng.integers(0, 128, (PAIRS, n_channels)) * head[:, 6:7]
    return head, gap, rng.integers(0, 128, (PAIRS, 2 * (2 * reach + 1) * n_channels))


def classes_of(head):
    return np.stack([head[:, 0], head[:, 3], integers.gap_class(head[:, 6]), integers.length_class(head[:, 1]), integers.length_class(head[:, 4]),
                     integers.loss_class(head[:, 2] / 256), integers.loss_class(head[:, 5] / 256), integers.loss_class(head[:, 7] / 256)], 1)


def run(command, path, data):
    return subprocess.run(command + [path], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def main():
    seed = int.from_bytes(os.urandom(4), "little")
    print("seed", seed)
    rng = np.random.default_rng(seed)
    command = os.environ.get("EMULATOR", "").split() + [os.path.join(os.environ["abs_top_builddir"], "tests/unit/nn/run_verifier")]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model")
        for _ in range(20):
            layers = test_programs.Layers(rng)
            layers.conv(0, 16)
            layers.logits(1, LABELS)
            n_channels = 16 * int(rng.integers(1, 5))
            layers.sketch(n_channels)
            made, verifier = layers.program, random_verifier(rng, n_channels)
            made.verifier = verifier.section()
            test_programs.write(made, path, test_programs.features(rng, 9))
            head, gap, around = random_pairs(rng, n_channels, verifier.reach)
            got = run(command, path, np.concatenate([head, gap, around], 1).astype("<i4").tobytes())
            if got.returncode != 0:
                sys.exit(f"seed {seed}: {got.stderr.decode()}")
            expected = verifier.logits(around, gap, head[:, 6], classes_of(head))
            if not np.array_equal(np.frombuffer(got.stdout, "<i4"), expected):
                sys.exit(f"seed {seed}: reach {verifier.reach}, {n_channels} channels, {verifier.second.shape} units: differs")
            if not len(set(expected)) > PAIRS // 4:
                sys.exit(f"seed {seed}: only {len(set(expected))} different logits, so nothing was compared")
        section = made.verifier
        for wrong, word in (section[:-1], "size"), (section + b"\0", "size"), (struct.pack("<I", 2) + section[4:], "version"), \
                (section[:4] + struct.pack("<I", 999) + section[8:], "channels"), (section[:8] + struct.pack("<I", 5) + section[12:], "reach"), \
                (section[:20] + struct.pack("<i", -2**31) + section[24:], "range"), (section[:-1] + b"\x80", "-128"), (b"", "version"):
            made.verifier = wrong
            test_programs.write(made, path, test_programs.features(rng, 9))
            got = run(command, path, b"")
            if got.returncode != 1 or word not in got.stderr.decode():
                sys.exit(f"a damaged verifier ({word}) is answered with {got.returncode}: {got.stderr.decode()}")
    print("equal")


if __name__ == "__main__":
    main()
