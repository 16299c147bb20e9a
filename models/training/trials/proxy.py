#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compare augmentations in short trainings that begin with the same network and use the same clips.

proxy.py --speech DIR... --people DIR --noise DIR --frontend LIB [--fused LIB] --begin FLOAT.pt --out DIR --steps N
    --arm NAME [SETTING=VALUE...] --arm NAME ...

Each --arm is a network trained with its own settings of clips/augment.py, such as --arm rooms room_share=0.75; an arm without settings is
the control. All arms learn in one process and one thread, step by step side by side, so at any moment they have had the same number of
steps. In a step all arms learn from the same clips at the same tempo, with the same labels, masks and teacher's posteriors; only room,
noise and line differ. The teacher is FLOAT.pt, which hears the clips without augmentation.

OUT/checkpoint.pt holds the whole state. It is written every --save-minutes; the same command goes on from it. OUT/log.tsv has a line every
20 steps: step, hours heard, learning rate, then each arm's loss. At the end OUT/NAME.pt is written for each arm, which trials/score quantises and scores.
"""

import argparse
import math
import pathlib
import sys
import time

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # the folder of these packages
from clips import augment, corpus, frontend, loader  # noqa: E402
from learning import crf, fused, losses, net as network, train  # noqa: E402

GROUP = 8               # batches made at once, so that clips of similar length come together; checkpoints are between groups
WARM_UP = 50            # steps


def settings_of(words):
    """An arm's name and augment.Settings, of ["NAME", "SETTING=VALUE", ...]. ValueError where a setting or its value is wrong."""
    name, *changes = words
    types = {field: type(value) for field, value in vars(augment.Settings()).items()}
    chosen = {}
    for change in changes:
        field, _, value = change.partition("=")
        if field not in types or not value:
            raise ValueError(f"{change}: give SETTING=VALUE, where SETTING is one of {', '.join(types)}")
        chosen[field] = types[field](value)
    return name, augment.Settings(**chosen)


class Batches:
    """The batches of each step, for every arm the same clips.

    clips, chances: of corpus.load(), and the cumulated chance of each to be drawn. arms: {name: augment.Augment}. front: rows (n, 40) of int16
    sound. nothing: the share of examples without speech.
    """

    def __init__(self, clips, chances, arms, front, seed, batch_seconds, nothing):
        self.clips, self.chances, self.arms, self.front = clips, chances, arms, front
        self.seed, self.batch_seconds, self.nothing = seed, batch_seconds, nothing

    def example(self, rng):
        """One clip as each arm hears it: {name: (rows, labels, plain rows, ())}, or None where the labels do not fit into the rows."""
        clip, speech = self.clips[np.searchsorted(self.chances, rng.random())], rng.random() >= self.nothing
        labels = np.concatenate(clip.labels(rng)).astype(np.int64) if speech else np.zeros(0, np.int64)
        seed, masks = rng.integers(2**62, size=2)
        example, plain_rows = {}, None
        for name, augmented in self.arms.items():
            own = np.random.default_rng(seed)                       # so all arms draw the same tempo, which comes first
            if speech:
                plain, before, after = augmented.timed(clip.sound(), own)
                sound = augmented.placed(plain, before, after, own, self.clips)
            else:
                sound = augmented.nothing(clip.n, own, self.clips)
                plain = np.zeros(len(sound), np.float32)
            if plain_rows is None:
                hiss = 2 * np.random.default_rng(masks).standard_normal(len(plain), np.float32)
                plain_rows = self.front(np.clip(np.rint(plain + hiss), -32768, 32767).astype(np.int16))
            rows = self.front(sound).astype(np.float32)
            loader.mask_features(rows, np.random.default_rng(masks))
            example[name] = rows, labels, plain_rows, ()
        if (len(plain_rows) + 2) // 3 <= len(labels) + int(np.sum(labels[1:] == labels[:-1])):
            return None
        return example

    def group(self, number):
        """GROUP times {name: loader.Batch}; the arms of one step share `plain`."""
        rng = np.random.default_rng((self.seed, number))
        examples, left = [], GROUP * self.batch_seconds * 100
        while left > 0:
            example = self.example(rng)
            if example:
                examples.append(example)
                left -= len(next(iter(example.values()))[0])
        length = lambda example: len(next(iter(example.values()))[0])
        examples.sort(key=length)
        ends = np.cumsum([length(example) for example in examples])
        cuts = np.searchsorted(ends, np.arange(1, GROUP) * ends[-1] / GROUP)
        steps = []
        for i in rng.permutation(GROUP):
            some = examples[([0, *cuts])[i]:([*cuts, len(examples)])[i]]
            made = {name: loader.Loader.batch([example[name] for example in some]) for name in self.arms}
            plain = next(iter(made.values())).plain
            steps.append({name: batch._replace(plain=plain) for name, batch in made.items()})
        return steps


class SharedTeacher:
    """A network in place of losses.losses_of()'s teacher that computes the features of the last batch once for all arms."""

    def __init__(self, net):
        self.net, self.input_gain, self.features, self.told = net, net.input_gain, None, None

    def __call__(self, features, rows):
        if features is not self.features:
            self.features, self.told = features, self.net(features, rows)
        return self.told


def network_of(path):
    """The network of a float checkpoint."""
    state = torch.load(path, map_location="cpu")
    net = network.Net(**state["shape"])
    net.load_state_dict({name: value.float() if value.is_floating_point() else value for name, value in state["net"].items()})
    return net


def rate_at(step, steps, peak):
    """The learning rate: it rises over WARM_UP steps and falls by a cosine to 4 % of the peak."""
    return peak * min(1, (step + 1) / WARM_UP) * (0.04 + 0.96 * 0.5 * (1 + math.cos(math.pi * step / steps)))


class Training:
    """The arms' networks and optimisers, and how far they are."""

    def __init__(self, begin, names, rate):
        self.nets = {name: network_of(begin) for name in names}
        self.optimisers = {name: torch.optim.AdamW(net.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=0.01)
                           for name, net in self.nets.items()}
        self.step, self.heard = 0, 0.0

    def state(self, name):
        net = self.nets[name]
        return dict(net=net.state_dict(), optimiser=self.optimisers[name].state_dict(), step=self.step, heard=self.heard, folded=False,
                    shape=net.shape)

    def restore(self, states):
        for name, state in states.items():
            self.nets[name].load_state_dict(state["net"])
            self.optimisers[name].load_state_dict(state["optimiser"])
            self.step, self.heard = state["step"], state["heard"]

    def learn(self, batches, rate, teacher, teacher_weight, phones, crf_weight):
        """One step of each arm; returns the arms' losses, CTC's by label."""
        seen = []
        for name, net in self.nets.items():
            for group in self.optimisers[name].param_groups:
                group["lr"] = rate
            loss, whole = losses.losses_of(net, batches[name], teacher=teacher, teacher_weight=teacher_weight, phones=phones, crf_weight=crf_weight)
            train.descend(net, self.optimisers[name], whole)
            seen.append(float(loss.detach()))
        self.heard += float(next(iter(batches.values())).rows.sum()) / 100
        self.step += 1
        return seen


def save(path, made):
    """Write with torch.save() and rename into place, so that a file is whole or not there."""
    part = path.with_suffix(".part")
    torch.save(made, part)
    part.rename(path)


def parse(words=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", nargs="+", required=True, help="folders of shards, synthetic")
    parser.add_argument("--people", required=True, help="folder of shards, recordings for training")
    parser.add_argument("--noise", required=True, help="folder with train/ and rir/")
    parser.add_argument("--frontend", required=True, help="the front-end module")
    parser.add_argument("--fused", help="the module of fused.c: quicker steps")
    parser.add_argument("--begin", required=True, help="the float checkpoint that all arms begin with")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--steps", type=int, required=True, help=f"of each arm; a multiple of {GROUP}")
    parser.add_argument("--arm", nargs="+", action="append", required=True, metavar=("NAME", "SETTING=VALUE"))
    parser.add_argument("--batch-seconds", type=float, default=130, help="sound in a batch, augmented")
    parser.add_argument("--rate", type=float, default=2e-4, help="peak learning rate")
    parser.add_argument("--teacher-weight", type=float, default=1.0)
    parser.add_argument("--crf-weight", type=float, default=4.0)
    parser.add_argument("--people-weight", type=float, default=4.0)
    parser.add_argument("--nothing", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save-minutes", type=float, default=5)
    arguments = parser.parse_args(words)
    if arguments.steps % GROUP:
        parser.error(f"--steps must be a multiple of {GROUP}")
    try:
        arguments.arms = dict(settings_of(words) for words in arguments.arm)
    except ValueError as error:
        parser.error(str(error))
    return arguments


def load(arguments):
    """The clips, and the cumulated chance of each to be drawn."""
    dictionary, clips, weights = corpus.read_dictionary(corpus.DICTIONARY), [], []
    for folder, weight in [(f, 1.0) for f in arguments.speech] + [(arguments.people, arguments.people_weight)]:
        found, _ = corpus.load(folder, dictionary)
        print(f"proxy: {folder}: {len(found)} clips, {sum(c.n for c in found) / 16000 / 3600:.1f} h", file=sys.stderr)
        clips += found
        weights += [weight * c.n ** 0.5 for c in found]
    return clips, np.cumsum(weights) / np.sum(weights)


def phones_of(clips, seed, nothing):
    """A crf.Phones of what is said in 30,000 draws from the clips, `nothing` of them without speech."""
    rng = np.random.default_rng(seed)
    said = [clips[i] for i in rng.choice(len(clips), 30000)]
    return crf.Phones([np.concatenate(clip.labels(rng)) if rng.random() >= nothing else () for clip in said])


class Log:
    """OUT/log.tsv, and a line on standard error, every 20 steps."""

    def __init__(self, folder, first_step, steps):
        self.file = open(folder / "log.tsv", "a", encoding="utf-8")
        self.began, self.first_step, self.steps, self.seen = time.time(), first_step, steps, []

    def add(self, training, rate, seen):
        """seen: each arm's loss in the step that training has just done."""
        self.seen.append(seen)
        if training.step % 20 == 0:
            means = "\t".join(f"{mean:.4f}" for mean in np.mean(self.seen[-20:], 0))
            print(f"{training.step}\t{training.heard / 3600:.2f}\t{rate:.6f}\t{means}", file=self.file, flush=True)
            per = (time.time() - self.began) / (training.step - self.first_step)
            print(f"proxy: step {training.step}, {per:.1f} s a step, {(self.steps - training.step) * per / 60:.0f} min left", file=sys.stderr,
                  flush=True)


def learn_all(training, batches, teacher, phones, arguments):
    """Train to the last step, writing the log and checkpoints."""
    log, saved = Log(arguments.out, training.step, arguments.steps), time.time()
    while training.step < arguments.steps:
        for made in batches.group(training.step // GROUP):
            rate = rate_at(training.step, arguments.steps, arguments.rate)
            log.add(training, rate, training.learn(made, rate, teacher, arguments.teacher_weight, phones, arguments.crf_weight))
        if time.time() - saved > 60 * arguments.save_minutes or training.step >= arguments.steps:
            saved = time.time()
            save(arguments.out / "checkpoint.pt", {name: training.state(name) for name in training.nets})


def main():
    arguments = parse()
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    clips, chances = load(arguments)
    arms = {name: augment.Augment(arguments.noise, settings) for name, settings in arguments.arms.items()}
    batches = Batches(clips, chances, arms, frontend.FrontEnd(arguments.frontend), arguments.seed, arguments.batch_seconds, arguments.nothing)
    training, teacher = Training(arguments.begin, arms, arguments.rate), SharedTeacher(network_of(arguments.begin).eval())
    phones = phones_of(clips, arguments.seed, arguments.nothing)
    if arguments.fused:
        phones.fused = teacher.net.fused = fused.Fused(arguments.fused)
    for net in training.nets.values():
        net.fused = teacher.net.fused
        net.train()
    checkpoint = arguments.out / "checkpoint.pt"
    if checkpoint.exists():
        training.restore(torch.load(checkpoint))
        print(f"proxy: going on at step {training.step}", file=sys.stderr)
    learn_all(training, batches, teacher, phones, arguments)
    for name in arms:
        save(arguments.out / f"{name}.pt", {**training.state(name), "arguments": {"seed": arguments.seed}})


if __name__ == "__main__":
    main()
