#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compare network shapes, losses and ways of quantising in small trainings on the same batches.

compare.py --speech DIR... --people DIR --dev DIR --noise DIR --frontend LIB --teacher MODEL.tragus --out DIR [--steps N] [--only NAME...]
compare.py --redraw runs.tsv --out DIR

The batches are made once (OUT/batches, half a megabyte each). Then each training of RUNS that has no row in OUT/runs.tsv is done, so a stopped
run can be resumed. Widths are chosen so that shapes of one size have equal multiply-adds. Measured are the phone error rate (greedy, one nat
taken off the blank) on the dev clips that train.py's log uses, as they are and in noise at 10 dB, and how far the phones begin from where
the teacher hears them, and how much later. Writes OUT/compare.md and, with matplotlib, OUT/compare.png; --redraw draws the plot from a
runs.tsv without training.
"""

import argparse
import csv
import math
import pathlib
import sys
import time

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # the folder of these packages
from clips import corpus, frontend, loader  # noqa: E402
from learning import losses, net as network, shapes, train  # noqa: E402
from device import program, quantise, restore  # noqa: E402
from trials import figure  # noqa: E402

SMALL, LARGE = 12e6, 36e6           # multiply-adds a second of sound
BLOCKS, LOOK_AHEAD_BLOCKS = 10, 6
RATE, WARM_UP = 3e-3, 100
FINE_TUNING = 0.1                   # the share of the steps that a fine-tuned network computes in integers


def separable(width, weight_bits=8):
    return network.Net(width, BLOCKS, LOOK_AHEAD_BLOCKS, weight_bits)


def shaped(name):
    return separable if name == "separable" else lambda width: shapes.Shaped(name, width, BLOCKS, LOOK_AHEAD_BLOCKS)


def width_for(make, goal):
    """The width, a multiple of 8, whose multiply-adds are nearest to goal."""
    return min(range(40, 640, 8), key=lambda width: abs(shapes.multiply_adds(make(width)) - goal))


# (what is compared, name, how the network is made, multiply-adds, options of trained())
SHAPES = ("separable", "factored", "recurrent", "squeezed", "slow")
RUNS = [("shape", f"{name}, {'small' if goal == SMALL else 'large'}", shaped(name), goal, {}) for goal in (SMALL, LARGE) for name in SHAPES]
RUNS += [("loss", "CTC alone", separable, SMALL, dict(middle=0.0)),
         ("loss", "and a teacher's posteriors", separable, SMALL, dict(teacher_weight=0.5)),
         ("loss", "and phones where a teacher hears them", separable, SMALL, dict(place_weight=0.5)),
         ("quantised", "int8 from the start", separable, SMALL, dict(integers=0.85)),
         ("quantised", "int8 from the start, normalisation kept", separable, SMALL, dict(simulated=True)),
         ("quantised", "int8, fine-tuned", separable, SMALL, dict(integers=FINE_TUNING)),
         ("quantised", "int4, fine-tuned", lambda width: separable(width, 4), SMALL, dict(integers=FINE_TUNING)),
         ("quantised", "int4 of twice the weights, fine-tuned", lambda width: separable(width, 4), 2 * SMALL, dict(integers=FINE_TUNING))]


def make_batches(arguments, clips, weights):
    """Write the batches of loader.Loader, one file each, features as int16."""
    folder = arguments.out / "batches"
    folder.mkdir(parents=True, exist_ok=True)
    here = len(list(folder.glob("*.npz")))
    if here >= arguments.steps:
        return
    batches = loader.Loader(clips, weights, argparse.Namespace(**{**vars(arguments), "teacher": None, "tutor": 0, "rivals": 0, "device": "cpu"}), here)
    for step in range(here, arguments.steps):
        features, rows, labels, counts = (part.numpy() for part in batches.next()[:4])
        part = folder / f"{step:05d}.part"
        with open(part, "wb") as file:
            np.savez(file, features=np.rint(features).astype(np.int16), rows=rows, labels=labels, counts=counts)
        part.rename(part.with_suffix(".npz"))
        if step % 100 == 99:
            print(f"compare: {step + 1} of {arguments.steps} batches made", file=sys.stderr, flush=True)


def batch_of(folder, step):
    """A loader.Batch; the teacher gets the same features as the student."""
    made = np.load(folder / f"{step:05d}.npz")
    features, rows, labels, counts = (torch.from_numpy(made[name]) for name in ("features", "rows", "labels", "counts"))
    return loader.Batch(features.float(), rows, labels, counts, plain=features.float())


def trained(net, arguments, teacher, middle=0.3, teacher_weight=0.0, place_weight=0.0, integers=0.0, simulated=False):
    """Train on all batches; integers: the share of the last steps that compute in the device's integers; simulated: all steps round to
    them, with the normalisation kept, and the network is folded afterwards. Returns the mean loss of the last tenth, and seconds by step."""
    folder, steps = arguments.out / "batches", arguments.steps
    first = batch_of(folder, 0)
    spread = torch.cat([f[:, :n] for f, n in zip(first.features, first.rows)], 1).std(1, unbiased=False)
    net.input_gain.copy_(1 / spread)
    folding, seen, began = round(steps * (1 - integers)), [], time.process_time()
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, betas=(0.9, 0.98), weight_decay=0.01)
    net.train()
    if simulated:
        net.stage("simulated")
    for step in range(steps):
        if integers and step == folding - 30:
            net.stage("calibrate")
        if integers and step == folding:
            net.stage("int8")
            optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, betas=(0.9, 0.98), weight_decay=0.0)
        slope = min(1, (step + 1) / WARM_UP) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))
        for group in optimiser.param_groups:           # without normalisation a network needs a lower rate
            group["lr"] = RATE * slope * (0.1 if net.folded else 1)
        loss, whole = losses.losses_of(net, batch_of(folder, step), middle, teacher=teacher if teacher_weight or place_weight else None,
                                       teacher_weight=teacher_weight, place_weight=place_weight)
        train.descend(net, optimiser, whole)
        seen.append(float(loss.detach()))
    if simulated:
        net.stage("int8")
    return float(np.nanmean(seen[-steps // 10:])), (time.process_time() - began) / steps


def quantised_after(net, name, arguments, clips):
    """A copy of a float network, quantised in one of the ways of quantise.py."""
    bits, method, options = quantise.WAYS[name]
    copy = network.Net(**{**net.shape, "weight_bits": bits})
    copy.load_state_dict(net.state_dict())
    return quantise.quantised_net(copy, quantise.calibration(clips, frontend.FrontEnd(arguments.frontend), 100), method, **options)


def phones_apart(net, teacher, examples):
    """Means over the examples of train.measured(), in ms: how far phones begin from where the teacher has them, and how much later."""
    net.eval()
    late = []
    with torch.no_grad():
        for features, labels in examples:
            n = torch.tensor([features.shape[2]])
            begins = []
            for one in (net, teacher):
                logs, _, steps = one(features, n)
                path = losses.aligned(logs, steps, torch.tensor(labels), torch.tensor([len(labels)]))[0]
                begins.append([int((path == k).nonzero()[0]) for k in range(len(labels))])
            late += np.subtract(*begins).tolist()
    net.train()
    return 30 * np.abs(late).mean(), 30 * np.mean(late)


def markdown(rows):
    """A table for each comparison."""
    out = []
    for about in dict.fromkeys(row["about"] for row in rows):
        out += [f"| {about} | width | multiply-adds, M/s | weights, M | bytes, M | phone errors, % | in noise, % | phones apart, late, ms |",
                "|---" * 8 + "|"]
        out += [f"| {r['name']} | {r['width']} | {r['multiply_adds']} | {r['weights']} | {r['bytes']} | {r['clean']} | {r['noisy']} "
                f"| {r['apart']}, {r['late']} |" for r in rows if r["about"] == about]
        out.append("")
    return "\n".join(out)


def plot(rows, path):
    """Phone errors of each shape by its multiply-adds, clean and in noise. rows: of runs.tsv."""
    def draw(*both):
        highest = 0.0
        for axes, condition, title in zip(both, ("clean", "noisy"), ("dev clips as they are", "in noise at 10 dB")):
            ends = []
            for name, colour in zip(SHAPES, figure.COLOURS):
                points = [(float(row["multiply_adds"]), float(row[condition])) for row in rows
                          if row["about"] == "shape" and row["name"].startswith(name)]
                if points:
                    axes.plot(*zip(*points), marker="o", color=colour, linewidth=2.5 if name == SHAPES[0] else 1.5)
                    ends.append((points[-1][1], f"{name} {points[-1][1]:.1f}", colour))
                    highest = max(highest, *(errors for _, errors in points))
            axes.set(xlabel="million multiply-adds a second of sound", ylabel="phone errors, %", title=title)
            figure.label_ends(axes, max(float(row["multiply_adds"]) for row in rows if row["about"] == "shape"), ends)
        low = min(axes.get_ylim()[0] for axes in both)
        for axes in both:
            axes.set_ylim(low, highest + 2)

    figure.save(path, draw, columns=2, size=(11, 4.5))


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", nargs="+")
    for name in ("people", "dev", "noise", "frontend", "teacher"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--only", nargs="*", help="names of RUNS")
    parser.add_argument("--redraw", type=pathlib.Path, metavar="TSV", help="draw the plot from a runs.tsv and train nothing")
    parser.set_defaults(people_weight=2.5, nothing=0.05, seed=2, echo=1, workers=1, batch_seconds=65)
    arguments = parser.parse_args()
    if not arguments.redraw:
        for name in ("speech", "people", "dev", "noise", "frontend", "teacher"):
            if not getattr(arguments, name):
                parser.error(f"give --{name}, or --redraw")
    return arguments


def read_rows(table):
    """The rows of a runs.tsv; none where it does not exist."""
    return list(csv.DictReader(open(table, encoding="utf-8"), delimiter="\t")) if table.exists() else []


class Table:
    """The rows of OUT/runs.tsv, one for each network. dev: of train.examples_for_log(); teacher: says where phones begin."""

    def __init__(self, path, dev, teacher):
        self.path, self.dev, self.teacher, self.rows = path, dev, teacher, read_rows(path)

    def add(self, about, name, net, multiply_adds, bytes_a_weight, cost):
        """Measure a network and write its row. cost: of trained()."""
        errors = [f"{100 * train.phone_errors(net, examples):.1f}" for examples in self.dev]
        apart, late = phones_apart(net, self.teacher, self.dev[0])
        weights = sum(p.numel() for p in net.parameters()) - net.middle.weight.numel() - net.middle.bias.numel()
        row = dict(about=about, name=name, width=str(net.shape["width"]), multiply_adds=f"{multiply_adds / 1e6:.1f}",
                   weights=f"{weights / 1e6:.2f}", bytes=f"{weights * bytes_a_weight / 1e6:.2f}", clean=errors[0], noisy=errors[1],
                   apart=f"{apart:.0f}", late=f"{late:+.0f}",
                   loss=f"{cost[0]:.3f}", seconds_a_step=f"{cost[1]:.2f}")
        self.rows.append(row)
        with open(self.path, "a", encoding="utf-8") as file:
            if len(self.rows) == 1:
                print("\t".join(row), file=file)
            print("\t".join(row.values()), file=file)
        print(f"compare: {name}: {errors[0]} %, in noise {errors[1]} %", file=sys.stderr, flush=True)


def train_all(table, arguments, people):
    """Do the trainings of RUNS that are not in the table; the small separable network is then quantised in all ways, too."""
    for about, name, make, goal, options in RUNS:
        if any(row["name"] == name for row in table.rows) or (arguments.only and name not in arguments.only):
            continue
        torch.manual_seed(arguments.seed)
        net = make(width_for(make, goal))
        multiply_adds = shapes.multiply_adds(net)
        cost = trained(net, arguments, table.teacher, **options)
        bits = net.shape.get("weight_bits", 8) if net.folded else 32
        table.add(about, name, net, multiply_adds, bits / 8, cost)
        if name == "separable, small":
            for way in quantise.WAYS:
                quantised = quantised_after(net, way, arguments, people)
                table.add("quantised", f"{way}, after training", quantised, multiply_adds, quantise.WAYS[way][0] / 8, cost)


def main():
    arguments = parse_options()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.redraw:
        plot(read_rows(arguments.redraw), arguments.out / "compare.png")
        return
    torch.set_num_threads(1)
    dictionary, front = corpus.read_dictionary(corpus.DICTIONARY), frontend.FrontEnd(arguments.frontend)
    people = corpus.load(arguments.people, dictionary)[0]
    speech = [clip for folder in arguments.speech for clip in corpus.load(folder, dictionary)[0]]
    weights = np.array([c.n ** 0.5 for c in speech] + [arguments.people_weight * c.n ** 0.5 for c in people])
    make_batches(arguments, speech + people, weights)
    dev = train.examples_for_log(arguments.dev, dictionary, front, arguments.noise)
    teacher = restore.network_of(program.Program.read(arguments.teacher)[0]).float()
    teacher.stage("folded")
    table = Table(arguments.out / "runs.tsv", dev, teacher)
    train_all(table, arguments, people)
    text = markdown(table.rows)
    (arguments.out / "compare.md").write_text(text, encoding="utf-8")
    plot(table.rows, arguments.out / "compare.png")
    print(text)


if __name__ == "__main__":
    main()
