# SPDX-License-Identifier: Apache-2.0
"""The verifier as a network to train, what it sees of an alignment, and its quantisation.

A pair of neighbouring phones is described as in src/decoder/doubt.c: the sketches around the middle of each, those between them, and classes of
lengths and losses. The beginning and the end of the sentence count as phones of label 0, four rows before the first phone and after the last.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from device import program
from verifier import integers

WIDTH, LABELS = 416, 40
END_ROWS, SIDE_ROWS = 4, 8        # as END_STEPS and SIDE_STEPS of doubt.c
SEEN = 13                         # rows before the first phone and after the last that may be looked at, as DECODER_EDGE_STEPS
PAD = 12                          # rows of zeros around each sound of a batch


class Verifier(nn.Module):
    """Logits of pairs of phones. channels: of the sketch; reach: rows on both sides of a phone's middle."""

    def __init__(self, channels=48, reach=3, n_hidden=112, n_second=32, dropout=0.2):
        super().__init__()
        self.shape = dict(channels=channels, reach=reach, n_hidden=n_hidden, n_second=n_second)
        self.projection = nn.Linear(WIDTH, channels)
        self.first = nn.Linear((2 * (2 * reach + 1) + 2) * channels, n_hidden)
        self.tables = nn.ModuleList(nn.Embedding(n, n_hidden) for n in integers.table_sizes(LABELS))
        for table in self.tables:
            nn.init.normal_(table.weight, 0, 0.05)
        self.second, self.last, self.dropout = nn.Linear(n_hidden, n_second), nn.Linear(n_second, 1), nn.Dropout(dropout)

    def sketch(self, hidden):
        """hidden: float (rows, WIDTH) of the device's integers."""
        return torch.relu(self.projection(hidden))

    def sketches(self, batch):
        """Those of the rows of each sentence of a Batch, zeros where nothing may be looked at."""
        sketches = self.sketch(batch.hidden)
        return sketches[batch.row] * batch.seen[:, None].to(sketches.dtype)

    def inputs(self, sketches, batch):
        """(pairs, inputs of the first layer) of sketches (rows, channels)."""
        around = torch.arange(-self.shape["reach"], self.shape["reach"] + 1)
        sums = torch.cat([torch.zeros(1, sketches.shape[1]), sketches.float().cumsum(0)])
        gap = sums[batch.gap[:, 1]] - sums[batch.gap[:, 0]]
        mean = gap / (batch.gap[:, 1] - batch.gap[:, 0]).clamp(min=1)[:, None]
        sides = [sketches[batch.middle[:, side, None] + around].flatten(1) for side in (0, 1)]
        return torch.cat([*sides, mean.to(sketches.dtype), (gap / 2 ** integers.SUM_SHIFT).to(sketches.dtype)], 1)

    def forward(self, batch):
        """The logit of each pair of a Batch."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.training):
            x = self.first(self.inputs(self.sketches(batch), batch))
        x = self.dropout(torch.relu(x.float() + sum(table(batch.classes[:, i]) for i, table in enumerate(self.tables))))
        return self.last(self.dropout(torch.relu(self.second(x))))[:, 0]


def pairs(alignment, logs, first, last):
    """What is known of the pairs of an alignment (collect.py) if rows first..last - 1 may be looked at: middles of both phones (pairs, 2), the rows
    between them as [from, to) (pairs, 2), and classes (pairs, 8). logs: float (rows, 40)."""
    labels, starts, ends = alignment[2].astype(int), alignment[3].astype(int), alignment[4].astype(int)
    begin, end = starts[0] - END_ROWS, ends[-1] + END_ROWS
    middles = np.concatenate([[begin], (starts + ends) // 2, [end]])
    gap = np.stack([np.concatenate([[starts[0] - SIDE_ROWS], ends + 1]), np.concatenate([starts, [ends[-1] + 1 + SIDE_ROWS]])], 1)
    gap = np.clip(gap, first, last)
    gap[:, 1] = gap.max(1)
    best = logs.max(1)
    blank = np.concatenate([[0], np.cumsum(best - logs[:, 0])])
    losses = np.array([0.0, *((best[s:e + 1] - logs[s:e + 1, label]).min() for label, s, e in zip(labels, starts, ends)), 0.0])
    lengths = np.concatenate([[1], ends - starts + 1, [1]])
    labels = np.concatenate([[0], labels, [0]])
    classes = [labels[:-1], labels[1:], integers.gap_class(gap[:, 1] - gap[:, 0]), integers.length_class(lengths[:-1]),
               integers.length_class(lengths[1:]), integers.loss_class(losses[:-1]), integers.loss_class(losses[1:]),
               integers.loss_class(blank[gap[:, 1]] - blank[gap[:, 0]])]
    return np.stack([middles[:-1], middles[1:]], 1), gap, np.stack(classes, 1)


class Batch:
    """Pairs of some alignments. items: [(hidden, logs, alignments of that sound)]; rng: draws how much around a sentence may be looked at, as the
    decoder may decide early; None: all that it ever looks at."""

    def __init__(self, items, rng=None):
        hidden, row, seen, middle, gap, classes, sentence, self.right, at, n = [], [], [], [], [], [], [], [], PAD, 0
        for rows, logs, alignments in items:
            hidden.append(np.asarray(rows, np.float32))
            logs = np.asarray(logs, np.float32)
            for alignment in alignments:
                first = max(0, int(alignment[3][0]) - (SEEN if rng is None else rng.integers(5, 30)))
                last = min(len(rows), int(alignment[4][-1]) + 1 + (SEEN if rng is None else rng.integers(6, 24)))
                row.append(np.pad(np.arange(n + first, n + last), PAD, mode="edge"))
                seen.append(np.pad(np.ones(last - first, np.float32), PAD))
                for to, values in zip((middle, gap, classes), pairs(alignment, logs, first, last)):
                    to.append(values if to is classes else values + at - first)
                sentence.append(np.full(len(middle[-1]), len(self.right)))
                self.right.append(float(alignment[0]))
                at += last - first + 2 * PAD
            n += len(rows)
        self.hidden, self.row, self.seen, self.middle, self.gap, self.classes, self.sentence = (
            torch.from_numpy(np.concatenate(some)) for some in (hidden, row, seen, middle, gap, classes, sentence))
        self.right = torch.tensor(self.right)

    def log_odds(self, logits):
        """The logarithm of the probability that all pairs of each sentence are right, if they were independent."""
        return torch.zeros(len(self.right)).index_add(0, self.sentence, F.logsigmoid(logits))


def layer(weight, bound_in, bound_out):
    """Quantises weight (outputs, inputs) by output: int8 (inputs, outputs), multipliers, shifts, and what one unit of a sum stands for (outputs,)."""
    weight = weight.detach().double().numpy()
    scale = np.maximum(np.abs(weight).max(1), 1e-8) / 127
    unit = scale * bound_in / 127
    return np.rint(weight / scale[:, None]).astype(np.int8).T, *program.quantise_multipliers(unit / (bound_out / 127)), unit


def bound(x):
    """The largest activation that is kept: all but one in ten thousand."""
    flat = x.flatten()
    return float(flat.kthvalue(max(1, int(flat.numel() * 0.9999))).values)


def quantised(net, batch):
    """The integers of a trained network, its ranges measured on a Batch: (arguments of program.Program.sketch(), integers.Verifier)."""
    net.eval()
    with torch.no_grad():
        sketches = net.sketches(batch)
        sketch_bound = bound(sketches)
        x = net.inputs(sketches.clamp(max=sketch_bound), batch)
        hidden = torch.relu(net.first(x) + sum(table(batch.classes[:, i]) for i, table in enumerate(net.tables)))
        hidden_bound = bound(hidden)
        second_bound = bound(torch.relu(net.second(hidden)))
    weight, multiplier, shift, unit = layer(net.projection.weight, 127.0, sketch_bound)
    sketch = dict(w=weight, bias=np.rint(net.projection.bias.detach().double().numpy() / unit).astype(np.int64), multiplier=multiplier, shift=shift)
    first, first_multiplier, first_shift, unit = layer(net.first.weight, sketch_bound, hidden_bound)
    tables = [np.rint(table.weight.detach().double().numpy() / unit).astype(np.int64) for table in net.tables]
    tables[2] = tables[2] + np.rint(net.first.bias.detach().double().numpy() / unit).astype(np.int64)     # every pair has a gap
    second, second_multiplier, second_shift, unit = layer(net.second.weight, hidden_bound, second_bound)
    second_bias = np.rint(net.second.bias.detach().double().numpy() / unit).astype(np.int64)
    last, _, _, unit = layer(net.last.weight, second_bound, 1.0)
    multiplier, shift = program.quantise_multiplier(float(unit[0]) * 256)
    return sketch, integers.Verifier(net.shape["channels"], net.shape["reach"], tables, first, first_multiplier, first_shift, second, second_bias,
                                     second_multiplier, second_shift, last[:, 0], int(round(float(net.last.bias.detach()) / unit[0])), multiplier, shift)
