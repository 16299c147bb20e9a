#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests random networks: program.py in models/training/device, on whole sounds, and the C runtime, streaming, must give the same rows.

    test_programs.py [--seed N] [--programs N]     runs tests/unit/nn/run_model of the build tree on them
    test_programs.py --tiny FOLDER                 writes the network and the expected posteriors of test_nn.c
"""
import argparse
import os
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
from device import program  # noqa: E402

TINY_ROWS = 40


class Layers:
    """Adds layers with random numbers, scaled so that activations use their whole range and some are clipped."""

    def __init__(self, rng):
        self.rng = rng
        self.program = program.Program(rng.integers(400, 3000, 40))

    def _factors(self, fan_in, n_out, bits=8):
        """Bias, multiplier and shift for sums of fan_in products with weights of so many bits."""
        spread = (73 if bits == 8 else 4.3) * 60 * np.sqrt(fan_in)
        scale = 50 / spread * np.exp(self.rng.normal(0, 0.3, n_out))
        return self.rng.integers(-int(spread), int(spread), n_out), *program.quantise_multipliers(scale)

    def _weights(self, *shape, bits=8):
        most = 2 ** (bits - 1) - 1
        return self.rng.integers(-most, most + 1, shape).astype(np.int8)

    def conv(self, source, n_out, taps=1, bits=8, **options):
        n_in = self.program.buffers[source][0]
        weights = self._weights(taps, n_in, n_out, bits=bits)
        return self.program.conv(source, weights, *self._factors(taps * n_in, n_out, bits), bits=bits, **options)

    def depthwise(self, source, taps, **options):
        n = self.program.buffers[source][0]
        return self.program.depthwise(source, self._weights(taps, n), *self._factors(taps, n), **options)

    def add(self, a, b, **options):
        return self.program.add(a, b, *program.quantise_add(*self.rng.uniform(-1.2, 1.2, 2)), **options)

    def sketch(self, n_out):
        n_in = self.program.ops[-1]["n_in"]
        self.program.sketch(self._weights(n_in, n_out), *self._factors(n_in, n_out))

    def logits(self, source, n_labels):
        n_in = self.program.buffers[source][0]
        bias, _, _ = self._factors(n_in, n_labels)
        scale = self.rng.choice([3, 200, 3000]) / (73 * 60 * np.sqrt(n_in))
        self.program.logits(source, self._weights(n_in, n_labels), bias, *program.quantise_multiplier(scale))
        return self.program


def tiny():
    """Every operation, a residual over two of them, one that waits for a later layer, and a ReLU after an addition."""
    layers = Layers(np.random.default_rng(1))
    x = layers.conv(0, 16, taps=9, stride=3, left=3, relu=True)
    d = layers.depthwise(x, 9, left=7)
    h = layers.conv(d, 32, relu=True)
    y = layers.add(x, layers.conv(h, 16, bits=4))
    z = layers.conv(y, 16, taps=3, left=1)
    return layers.logits(layers.add(layers.depthwise(z, 4, relu=True), x, relu=True), 11)


def random_program(rng):
    """Random numbers of taps, strides and widths, factored layers, and residuals of any span."""
    layers = Layers(rng)
    p = layers.program
    while len(p.ops) < rng.integers(1, 25):
        source = int(rng.integers(max(0, len(p.buffers) - 4), len(p.buffers)))
        kind = rng.choice(["conv", "depthwise", "add", "strided"])
        channels, hops = p.buffers[source]
        relu = bool(rng.integers(2))
        n_out = 16 * int(rng.integers(1, 6))
        bits = int(rng.choice([4, 8]))
        if kind == "strided" and hops <= 4:
            taps = int(rng.integers(1, 12))
            layers.conv(source, n_out, taps=taps, stride=int(rng.integers(2, 5)), left=int(rng.integers(taps)), relu=relu, bits=bits)
        elif kind == "conv":
            taps = int(rng.choice([1, 1, 2, 3, 5]))
            layers.conv(source, n_out, taps=taps, left=int(rng.integers(taps)), relu=relu, bits=bits)
        elif kind == "depthwise" and channels % 16 == 0:
            taps = int(rng.integers(1, 32))
            layers.depthwise(source, taps, left=int(rng.integers(taps)), relu=relu)
        elif kind == "add" and channels % 16 == 0:
            partners = [b for b, shape in enumerate(p.buffers) if shape == p.buffers[source]]
            layers.add(source, int(rng.choice(partners)), relu=relu)
    layers.logits(len(p.buffers) - 1, int(rng.integers(2, 65)))
    if rng.integers(2):
        layers.sketch(16 * int(rng.integers(1, 5)))
    return p


def features(rng, n_rows):
    return np.clip(rng.normal(0, rng.choice([300, 3000, 30000]), (n_rows, 40)), -32768, 32767).astype(np.int16)


def write(p, path, rows):
    p.write(path, ["<blank>"] + [f"L{i}" for i in range(1, p.n_labels)], "name: random numbers\nlanguage: none\n", rows)


def write_tiny(folder):
    p, rows = tiny(), features(np.random.default_rng(3), TINY_ROWS)
    write(p, os.path.join(folder, "nn-tiny.tragus"), rows)
    expected = [p.simulate(rows[:n]) for n in range(TINY_ROWS + 1)]
    with open(os.path.join(folder, "nn-tiny-lengths.bin"), "wb") as out:
        out.write(b"".join(e.astype("<i2").tobytes() for e in expected))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "little"))
    parser.add_argument("--programs", type=int, default=60)
    parser.add_argument("--tiny")
    options = parser.parse_args()
    if options.tiny:
        write_tiny(options.tiny)
        return
    print("seed", options.seed)
    rng = np.random.default_rng(options.seed)
    command = os.environ.get("EMULATOR", "").split() + [os.path.join(os.environ["abs_top_builddir"], "tests/unit/nn/run_model")]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model")
        for i in range(options.programs):
            p = random_program(rng)
            rows = features(rng, int(rng.choice([1, 2, 3, 5, 17, 64, 150])))
            write(p, path, rows[: 1 + len(rows) // 2])
            got = subprocess.run(command + [path], input=rows.astype("<i2").tobytes(), stdout=subprocess.PIPE, check=True).stdout
            if got != p.rows(rows).astype("<i2").tobytes():
                sys.exit(f"program {i} of seed {options.seed} differs on {len(rows)} rows: {[o['kind'] for o in p.ops]}")
    print(options.programs, "programs: equal")


if __name__ == "__main__":
    main()
