#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Train the acoustic network: float steps first, then steps that simulate its quantisation. A stopped run can be resumed.

train.py --speech DIR... --people DIR --noise DIR --frontend LIB --out DIR --steps N [--quantise-steps M] [--resume FILE]

Features come from the device's own front end, through the module that clips/frontend_module.c builds.
Every --save-minutes the whole state is written to OUT/checkpoint.pt (and renamed into place). Every 1000 steps OUT/log.tsv gets a line: steps,
hours heard, learning rate, loss by phone, phone error rate on the dev clips as they are and in noise at 10 dB, and "float" or "int8". With
--crf-weight the phone error rate is no measure: such a network leaves to the grammar which phones usually follow each other.
The order of the clips and every augmentation follow from --seed; a resumed run continues with the next step's draw.
"""

import argparse
import math
import pathlib
import sys
import time

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # the folder of these packages
from clips import augment, corpus, frontend, loader, noises  # noqa: E402
from learning import crf, fused, graphics, losses, net as network, shapes, tutor as tutoring  # noqa: E402
from device import program, restore  # noqa: E402

LOG_SETS = ("an4_dev", "rhasspy_commands", "speechocean_dev", "digits_8k_dev")     # together they contain all kinds of phones
WARM_UP = 400           # float steps over which the learning rate rises
CALIBRATION_STEPS = 60  # the last float steps, in which the activations' ranges are measured


def descend(net, optimiser, loss):
    """One step of the optimiser, the gradient clipped to length 5. A step whose gradient is not finite is skipped."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    if bool(torch.isfinite(nn.utils.clip_grad_norm_(net.parameters(), 5.0))):
        optimiser.step()


def examples_for_log(folder, dictionary, front, noise):
    """The examples of the log's two phone error rates: every third dev clip of LOG_SETS, as it is and in noise."""
    some = [c for c in corpus.load(folder, dictionary)[0] if c.kind in LOG_SETS][::3]
    return [measured(some, front), measured(some, front, noises.Noises(noise))]


def edit_distance(a, b):
    """Levenshtein distance of two sequences."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def measured(clips, front, noise=None):
    """(features (1, 40, rows) float32, labels) of each clip. noise: a noises.Noises to add at 10 dB, or None. Of several pronunciations of a
    word the first is taken."""
    out = []
    for i, clip in enumerate(clips):
        sound = np.pad(clip.sound().astype(np.float32), 4800)
        if noise:
            added = noise(len(sound), np.random.default_rng(i), ())
            sound += added * np.float32(np.sqrt(0.1 * np.mean(clip.sound().astype(np.float32) ** 2) / (np.mean(added ** 2) + 1e-6)))
        rows = front(np.clip(np.rint(sound), -32768, 32767)).astype(np.float32)
        out.append((torch.from_numpy(rows.T[None].copy()), [int(p) for w in clip.words for p in w[0]]))
    return out


def phone_errors(net, examples, penalty=1.0):
    """Phone error rate of the greedy path over the examples of measured(); `penalty` nats are taken off the blank."""
    net.eval()
    wrong = total = 0
    with torch.no_grad(), torch.autocast(losses.device_of(net), torch.bfloat16, enabled=losses.device_of(net) == "cuda"):
        for features, labels in examples:
            logs = net(features.to(net.input_gain.device), torch.tensor([features.shape[2]]))[0][0].cpu().numpy().copy()
            logs[:, 0] -= penalty
            best = logs.argmax(1)
            wrong += edit_distance([int(p) for i, p in enumerate(best) if p and (i == 0 or best[i - 1] != p)], labels)
            total += len(labels)
    net.train()
    return wrong / max(1, total)


def add_data_options(parser):
    parser.add_argument("--speech", nargs="+", required=True, help="folders of shards, synthetic")
    parser.add_argument("--people", required=True, help="folder of shards, recordings for training")
    parser.add_argument("--dev", help="folder of shards for the phone error rate in the log; never trained on")
    parser.add_argument("--noise", required=True, help="folder with train/ and rir/")
    parser.add_argument("--frontend", required=True, help="the front-end module")
    parser.add_argument("--fused", help="the module of fused.c, for faster steps")
    parser.add_argument("--unreadable", help="the list of check.py: clips to leave out")
    parser.add_argument("--dictionary", nargs="+", default=[corpus.DICTIONARY])
    parser.add_argument("--out", required=True)
    parser.add_argument("--resume", help="a checkpoint to resume; default OUT/checkpoint.pt if it exists")
    parser.add_argument("--widen", help="begin with the network of this float checkpoint or model file, made --width wide")


def add_network_options(parser):
    parser.add_argument("--shape", default="separable", help="or another of shapes.py, which has no quantised steps")
    parser.add_argument("--width", type=int, default=320)
    parser.add_argument("--blocks", type=int, default=10)
    parser.add_argument("--look-ahead-blocks", type=int, default=6)
    parser.add_argument("--weight-bits", type=int, choices=(4, 8), default=8, help="of the pointwise layers in quantised steps")


def add_loss_options(parser):
    parser.add_argument("--prior-power", type=float, default=0.0, help="train on posteriors divided by this power of their priors")
    parser.add_argument("--teacher", help="a model file, or the checkpoint of a training with --tutor. It hears each clip without room and noise, and "
                        "the network learns its posteriors")
    parser.add_argument("--teacher-weight", type=float, default=2.0, help="of a step's cross-entropy to the teacher, relative to CTC's loss by phone")
    parser.add_argument("--tutor", metavar="WIDTH", help="in place of a teacher, a network so wide that is trained too; or that of a checkpoint")
    parser.add_argument("--place-weight", type=float, default=0.0, help="of phones heard where the teacher does not hear them, relative to CTC's loss")
    parser.add_argument("--rivals", type=int, default=0, help="how many other sentences, one word different, compete with a clip's text")
    parser.add_argument("--rival-weight", type=float, default=0.15, help="of a clip's probability to be taken for one of them, relative to CTC's loss by "
                        "phone")
    parser.add_argument("--crf-weight", type=float, default=0.0, help="of the text's share among all that a trigram model of phones allows (crf.py), "
                        "relative to CTC's loss by phone")


def add_loop_options(parser):
    parser.add_argument("--steps", type=int, default=0, help="steps in all, the quantised ones among them")
    parser.add_argument("--minutes", type=float, help="in place of --steps: as many float steps as fit into this time")
    parser.add_argument("--quantise-steps", type=int, default=0, help="how many of the last steps simulate int8")
    parser.add_argument("--batch-seconds", type=float, default=130, help="sound in a batch, augmented")
    parser.add_argument("--rate", type=float, default=2.5e-3, help="peak learning rate")
    parser.add_argument("--people-weight", type=float, default=2.5, help="how much more often a recording is drawn than a synthetic clip")
    parser.add_argument("--nothing", type=float, default=0.05, help="share of examples that are noise without speech")
    parser.add_argument("--echo", type=int, default=1, help="how often an augmented clip is used, masked anew each time (Choi et al., 2019, arXiv "
                        "1907.05550), where augmentation is the bottleneck")
    augment.Settings.add_options(parser)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--save-minutes", type=float, default=5)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")


def parse_options(words=None):
    """The options of the command line, or of `words`. Exits where they contradict each other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for add_options in (add_data_options, add_network_options, add_loss_options, add_loop_options):
        add_options(parser)
    arguments = parser.parse_args(words)
    if bool(arguments.steps) == bool(arguments.minutes):
        parser.error("give --steps, or --minutes")
    if arguments.tutor and (arguments.teacher or arguments.shape != "separable" or arguments.quantise_steps):
        parser.error("a --tutor is for float steps of the separable shape, without another teacher")
    if arguments.device != "cpu" and (arguments.fused or arguments.quantise_steps or arguments.place_weight or arguments.shape != "separable"):
        parser.error("--fused, --quantise-steps, --place-weight and other shapes need --device cpu")
    if arguments.place_weight and not arguments.teacher:
        parser.error("--place-weight needs a --teacher")
    return arguments


def load_clips(arguments, dictionary):
    """All clips, and the weight of each in the draw: synthetic ones by the root of their length, recordings --people-weight times that."""
    unreadable = {line.split("\t")[0] for line in open(arguments.unreadable, encoding="utf-8")} if arguments.unreadable else ()
    clips, weights = [], []
    for folder, weight in [(f, 1.0) for f in arguments.speech] + [(arguments.people, arguments.people_weight)]:
        found, dropped = corpus.load(folder, dictionary, unreadable=unreadable)
        hours = sum(c.n for c in found) / 16000 / 3600
        print(f"{folder}: {len(found)} clips, {hours:.1f} h ({dropped} left out)", file=sys.stderr)
        clips += found
        weights += [weight * c.n ** 0.5 for c in found]
    return clips, np.array(weights)


def load_checkpoint(arguments):
    """The state to resume, or None."""
    path = pathlib.Path(arguments.resume) if arguments.resume else pathlib.Path(arguments.out) / "checkpoint.pt"
    state = torch.load(path) if path.exists() else None
    if state is not None and arguments.tutor and not state.get("tutor"):
        sys.exit(f"train: {path} was made without a --tutor: resume without one, or begin anew with another --out")
    if state is not None:
        print(f"resuming {path} at step {state['step']}", file=sys.stderr)
    return state


class Sample:
    """Features of 300 augmented clips: they give the input's spread, and the statistics of a restored network's normalisations."""

    def __init__(self, clips, front, arguments):
        rng = np.random.default_rng(arguments.seed)
        some = [clips[i] for i in rng.integers(len(clips), size=300)]
        augmented = augment.Augment(arguments.noise, augment.Settings.of(arguments))
        self.rows = [front(augmented(c.sound(), rng, clips)).astype(np.float32) for c in some]
        self.features, self.n, *_ = loader.Loader.batch([(r, (), None, ()) for r in self.rows[:60]])

    def gain(self):
        """(40,) float32: the factors that bring the features to unit variance."""
        return torch.from_numpy(1 / np.concatenate(self.rows).std(0))

    def restored(self, path):
        """The float network of a model file, its normalisations put back."""
        return restore.unfolded(restore.network_of(program.Program.read(path)[0]), self.features, self.n)


def new_network(arguments):
    """A network of random weights."""
    if arguments.shape == "separable":
        return network.Net(arguments.width, arguments.blocks, arguments.look_ahead_blocks, arguments.weight_bits)
    return shapes.Shaped(arguments.shape, arguments.width, arguments.blocks, arguments.look_ahead_blocks)


def widened_network(arguments, sample):
    """The network of --widen, made as wide as asked for."""
    if arguments.widen.endswith(".tragus"):
        net = sample.restored(arguments.widen)
    else:
        narrow = torch.load(arguments.widen)
        net = network.Net(**narrow["shape"])
        net.load_state_dict(narrow["net"])
    return network.widened(net, arguments.width, arguments.look_ahead_blocks, arguments.seed)


def build_networks(arguments, state, clips, front):
    """The network to train and its teacher, which may be None. Both draw from PyTorch's generator, the network first."""
    net, teacher = new_network(arguments), None
    sample = Sample(clips, front, arguments) if state is None or arguments.teacher else None
    if arguments.teacher:
        teacher = tutoring.of(arguments.teacher) if arguments.teacher.endswith(".pt") else sample.restored(arguments.teacher)
        teacher.eval().to(arguments.device)
    if state is not None:
        if state["folded"]:
            net.stage("int8")
        net.load_state_dict(state["net"])
    elif arguments.widen:
        net = widened_network(arguments, sample)
    else:
        net.input_gain.copy_(sample.gain())
    print(f"{sum(p.numel() for p in net.parameters()) / 1e6:.2f} M parameters, {shapes.multiply_adds(net) / 1e6:.1f} M multiply-adds a second",
          file=sys.stderr)
    return net, teacher


def choose_kernels(arguments, net, teacher):
    """Let both networks compute with fused.c or on the graphics processor, if the options say so."""
    if arguments.fused:
        if arguments.shape != "separable" or not fused.Fused.bears(arguments.width):
            sys.exit(f"train: --fused is for the separable shape with a multiple of {fused.LANES} channels, at most {fused.MAX_CHANNELS}")
        net.fused = fused.Fused(arguments.fused)
        if teacher and not arguments.teacher.endswith(".pt") and net.fused.bears(teacher.shape["width"]):   # a tutor has more taps
            teacher.fused = net.fused
    if arguments.device == "cuda":
        net.to("cuda").fused = graphics.Graphics()
        if teacher:
            teacher.fused = net.fused


def count_phones(arguments, clips, net):
    """The crf.Phones of 30,000 draws from the clips' texts, for the denominator of --crf-weight."""
    rng = np.random.default_rng(arguments.seed)
    said = [clips[i] for i in rng.choice(len(clips), 30000)]
    phones = crf.Phones([np.concatenate(c.labels(rng)) if rng.random() >= arguments.nothing else () for c in said]).to(arguments.device)
    phones.fused = net.fused if arguments.fused else None
    return phones


class Training:
    """The networks, the optimiser and how far the training is.

    net, teacher: of build_networks(). phones: a crf.Phones or None. state: a checkpoint to resume, or None. dev: the examples of the log."""

    def __init__(self, arguments, net, teacher, phones, state, dev):
        self.arguments, self.net, self.teacher, self.phones, self.dev = arguments, net, teacher, phones, dev
        self.out = pathlib.Path(arguments.out)
        self.tutor = tutoring.Tutor(net, arguments.tutor, arguments.rate, arguments.seed) if arguments.tutor else None
        self.optimiser = self.new_optimiser(weight_decay=0.01)
        self.priors = losses.Priors() if arguments.prior_power else None
        self.step, self.heard, self.spent = 0, 0.0, 0.0             # heard, spent: seconds of augmented sound, and of earlier runs
        if state is not None:
            self.resume(state)
        self.first_step, self.began = self.step, time.time()
        self.float_steps = arguments.steps - arguments.quantise_steps if arguments.steps else math.inf
        self.rate, self.seen, self.tutor_seen = 0.0, [], []         # the last learning rate; the losses of each step
        self.log_file, self.saved = open(self.out / "log.tsv", "a"), self.began
        self.done = 0 < arguments.steps <= self.step

    def new_optimiser(self, weight_decay):
        return torch.optim.AdamW(self.net.parameters(), lr=self.arguments.rate, betas=(0.9, 0.98), weight_decay=weight_decay)

    def resume(self, state):
        if self.tutor:
            self.tutor.restore(state["tutor"])
        if state.get("optimiser"):
            self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.heard, self.spent = state["step"], state["heard"], state.get("spent", 0.0)

    def elapsed(self):
        """Seconds of this run and the earlier ones."""
        return self.spent + time.time() - self.began

    def enter_stage(self):
        """Begin the calibration or the quantised steps when it is time, also in a run that was resumed there."""
        if self.net.folded or not self.arguments.quantise_steps:
            return
        if self.step >= self.float_steps - CALIBRATION_STEPS:
            self.net.stage("calibrate")
        if self.step >= self.float_steps:
            self.net.stage("int8")
            self.optimiser = self.new_optimiser(weight_decay=0.0)

    def float_step(self, batch, progress):
        """Learn from a batch in float; progress: in 0 to 1, sets the learning rate. The tutor, if there is one, learns first."""
        rate = self.arguments.rate * min(1, (self.step + 1) / WARM_UP) * (0.04 + 0.96 * 0.5 * (1 + math.cos(math.pi * progress)))
        if self.tutor:
            self.tutor_seen.append(float(self.tutor.learn(batch, rate, descend)))
            self.teacher = self.tutor.net
        self.learn(batch, rate)

    def quantised_step(self, batch):
        """Learn from a batch in the device's integers. Without normalisation the network needs a lower rate."""
        left = (self.arguments.steps - self.step) / max(1, self.arguments.quantise_steps)
        self.learn(batch, 0.08 * self.arguments.rate * max(0.02, left))

    def learn(self, batch, rate):
        """One step of the optimiser at this learning rate."""
        self.rate = rate
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        options = self.arguments
        loss, whole = losses.losses_of(self.net, batch, priors=self.priors, power=options.prior_power, teacher=self.teacher,
                                       teacher_weight=options.teacher_weight, place_weight=options.place_weight,
                                       rival_weight=options.rival_weight, phones=self.phones, crf_weight=options.crf_weight)
        descend(self.net, self.optimiser, whole)
        self.seen.append(float(loss.detach()))
        self.heard += float(batch.rows.sum()) / 100
        self.step += 1

    def advance(self, batches):
        """One step, and what is due after it."""
        elapsed, limit = self.elapsed(), self.arguments.minutes
        progress = min(1, elapsed / 60 / limit if limit else self.step / self.float_steps)
        self.enter_stage()
        batch = batches.next().to(self.arguments.device)
        if self.net.folded:
            self.quantised_step(batch)
        else:
            self.float_step(batch, progress)
        self.done = self.step == self.arguments.steps or bool(limit) and progress == 1
        if self.done and limit:
            self.float_steps = self.step
        if self.step % 100 == 0 or self.done:
            self.report(elapsed)
        if self.step % 1000 == 0 or self.done:
            self.log()
        if self.done or time.time() - self.saved > 60 * self.arguments.save_minutes or self.step == self.float_steps:
            self.save()

    def report(self, elapsed):
        """Print a line of progress; elapsed: seconds before the step."""
        per = (time.time() - self.began) / (self.step - self.first_step)
        limit = self.arguments.minutes
        left = limit - elapsed / 60 if limit else (self.arguments.steps - self.step) * per / 60
        tutor = f", its tutor {np.mean(self.tutor_seen[-100:]):.3f}" if self.tutor else ""
        print(f"step {self.step}: loss {np.mean(self.seen[-100:]):.3f}{tutor}, {self.heard / 3600:.1f} h heard, {per:.3f} s a step, "
              f"about {left:.0f} min left", file=sys.stderr, flush=True)

    def log(self):
        """Add a line to OUT/log.tsv."""
        errors = "\t".join(f"{phone_errors(self.net, examples):.4f}" for examples in self.dev)
        self.log_file.write(f"{self.step}\t{self.heard / 3600:.2f}\t{self.rate:.6f}\t{np.mean(self.seen[-1000:]):.4f}\t{errors}\t"
                            f"{'int8' if self.net.folded else 'float'}\n")
        self.log_file.flush()

    def save(self):
        """Write OUT/checkpoint.pt, and after the last float step OUT/float.pt."""
        self.saved = time.time()
        state = dict(net=self.net.state_dict(), optimiser=self.optimiser.state_dict(), step=self.step, heard=self.heard, folded=self.net.folded,
                     shape=self.net.shape, arguments=dict(vars(self.arguments)), tutor=self.tutor.state() if self.tutor else None,
                     spent=self.elapsed())
        torch.save(state, self.out / "checkpoint.part")
        (self.out / "checkpoint.part").rename(self.out / "checkpoint.pt")
        if self.step == self.float_steps:
            torch.save(state, self.out / "float.pt")


def main():
    arguments = parse_options()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    pathlib.Path(arguments.out).mkdir(parents=True, exist_ok=True)
    dictionary = corpus.read_dictionary(*arguments.dictionary)
    clips, weights = load_clips(arguments, dictionary)
    front = frontend.FrontEnd(arguments.frontend)
    dev = examples_for_log(arguments.dev, dictionary, front, arguments.noise) if arguments.dev else [[], []]
    state = load_checkpoint(arguments)
    net, teacher = build_networks(arguments, state, clips, front)
    choose_kernels(arguments, net, teacher)
    phones = count_phones(arguments, clips, net) if arguments.crf_weight else None
    training = Training(arguments, net, teacher, phones, state, dev)
    batches = loader.Loader(clips, weights, arguments, training.step)
    net.train()
    while not training.done:
        training.advance(batches)


if __name__ == "__main__":
    main()
