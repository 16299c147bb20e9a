# SPDX-License-Identifier: Apache-2.0
"""The verifier in the device's integers: its section of the model file, and the computation that src/nn/verifier.h defines."""

import dataclasses
import struct

import numpy as np

from device import program

VERSION = 1
GAPS, LENGTHS, LOSSES = 16, 8, 16
GAP_FROM = 12, 16, 24, 48          # the first rows of the last four classes of gaps
SUM_SHIFT = 3
ALIGN = 64


def table_sizes(n_labels):
    """Rows of each table: phone before, phone after, gap, lengths of both, losses of both, loss of the gap."""
    return n_labels, n_labels, GAPS, LENGTHS, LENGTHS, LOSSES, LOSSES, LOSSES


def gap_class(n_rows):
    """Class of a gap of so many rows, an int array."""
    return np.where(n_rows < GAP_FROM[0], n_rows, GAP_FROM[0] - 1 + sum((n_rows >= n).astype(int) for n in GAP_FROM))


def length_class(n_rows):
    """Class of a phone that sounds in n_rows rows (at least 1)."""
    return np.clip(n_rows - 1, 0, LENGTHS - 1)


def loss_class(nats):
    """Class of a loss of so many nats: half nats."""
    return np.clip(np.floor(np.asarray(nats) * 2).astype(int), 0, LOSSES - 1)


@dataclasses.dataclass
class Verifier:
    """All integers of a verifier. tables: 8 arrays (rows, n_hidden); first (n_inputs, n_hidden), second (n_hidden, n_second), last
    (n_second,): int8; multipliers and shifts as program.quantise_multipliers gives them."""

    n_channels: int
    reach: int
    tables: list
    first: np.ndarray
    multiplier: np.ndarray
    shift: np.ndarray
    second: np.ndarray
    second_bias: np.ndarray
    second_multiplier: np.ndarray
    second_shift: np.ndarray
    last: np.ndarray
    last_bias: int
    last_multiplier: int
    last_shift: int

    def section(self):
        """The bytes of the section "verifier"."""
        n_hidden, n_second = self.second.shape
        head = struct.pack("<5I", VERSION, self.n_channels, self.reach, n_hidden, n_second)
        head += b"".join(table.astype("<i4").tobytes() for table in self.tables)
        for multiplier, shift, bias in (self.multiplier, self.shift, None), (self.second_multiplier, self.second_shift, self.second_bias):
            head += b"" if bias is None else bias.astype("<i4").tobytes()
            head += multiplier.astype("<i4").tobytes() + shift.astype(np.uint8).tobytes()
        head += struct.pack("<2iI", self.last_bias, self.last_multiplier, self.last_shift)
        weights = program.pack_weights(self.first) + program.pack_weights(self.second) + self.last.astype(np.int8).tobytes()
        return head + b"\0" * (-len(head) % ALIGN) + weights

    def logits(self, around, gap, n_gap, classes):
        """Q8 logits (pairs,). around: int (pairs, 2 * (2 * reach + 1) * n_channels), sketches; gap: their sums between the phones,
        (pairs, n_channels); n_gap: rows there; classes: (pairs, 8), rows of the tables."""
        n = np.maximum(n_gap, 1)[:, None]
        mean = np.clip((gap + n // 2) // n, 0, 127)
        total = np.clip(program.round_shift(gap.astype(np.int64), SUM_SHIFT), 0, 127)
        x = np.concatenate([around, mean, total], 1).astype(np.int64)
        sums = x @ self.first.astype(np.int64) + sum(table[classes[:, i]].astype(np.int64) for i, table in enumerate(self.tables))
        hidden = np.clip(program.round_shift(sums * self.multiplier, self.shift), 0, 127)
        sums = hidden @ self.second.astype(np.int64) + self.second_bias
        second = np.clip(program.round_shift(sums * self.second_multiplier, self.second_shift), 0, 127)
        sums = second @ self.last.astype(np.int64) + self.last_bias
        return np.clip(program.round_shift(sums * self.last_multiplier, self.last_shift), -32768, 32767)
