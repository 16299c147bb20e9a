#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Train the acoustic network: float first, then with its quantisation simulated; resumable at any moment.

train.py --speech DIR... --people DIR --noise DIR --frontend LIB --out DIR --steps N [--quantise-steps M] [--resume FILE]

The front end is the device's own, through a module built from src/frontend (see frontend_module.c): there is no second one.
Every --save-minutes the whole state is written to OUT/checkpoint.pt (renamed into place), and every 1000 steps OUT/log.tsv gets a line:
steps, hours heard, learning rate, loss a phone, phone error rate of the dev clips as they are and in noise at 10 dB (with --crf-weight no
measure: that leaves to the grammar what phones usually follow), float or int8. The
order of the clips and every augmentation follow from --seed; a resumed run goes on with the next step's draw.
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


def descend(net, optimiser, loss):
    """One step of the optimiser down a loss, the gradient's length at most 5; none where that length is no number."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    if bool(torch.isfinite(nn.utils.clip_grad_norm_(net.parameters(), 5.0))):
        optimiser.step()


def examples_for_log(folder, dictionary, front, noise):
    """What the log's two phone error rates are of: every third dev clip of the sets in which all kinds of phones are said."""
    some = [c for c in corpus.load(folder, dictionary)[0] if c.kind in ("an4_dev", "rhasspy_commands", "speechocean_dev", "digits_8k_dev")][::3]
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
    """(features (1, 40, rows), labels) of each clip, with noise of a noises.Noises at 10 dB or none. The first pronunciations count."""
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
    """Phone error rate of the greedy path, blank lowered by `penalty`, over what measured() gave."""
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", nargs="+", required=True, help="folders of shards, synthetic")
    parser.add_argument("--people", required=True, help="folder of shards, recordings for training")
    parser.add_argument("--dev", help="folder of shards for the phone error rate in the log; never trained on")
    parser.add_argument("--noise", required=True, help="folder with train/ and rir/")
    parser.add_argument("--frontend", required=True, help="the front-end module")
    parser.add_argument("--fused", help="the module of fused.c: quicker steps")
    parser.add_argument("--unreadable", help="the list of check.py: clips that are left out")
    parser.add_argument("--dictionary", nargs="+", default=[corpus.DICTIONARY])
    parser.add_argument("--out", required=True)
    parser.add_argument("--resume", help="a checkpoint to go on from; default OUT/checkpoint.pt if it is there")
    parser.add_argument("--widen", help="begin with this float checkpoint's network, or a model file's, made --width wide")
    parser.add_argument("--steps", type=int, default=0, help="steps in all, the quantised ones among them")
    parser.add_argument("--minutes", type=float, help="in place of --steps: as many float steps as this long holds, where a machine is lent")
    parser.add_argument("--quantise-steps", type=int, default=0, help="so many of the last steps simulate int8")
    parser.add_argument("--shape", default="separable", help="another of shapes.py, which has no quantised steps")
    parser.add_argument("--width", type=int, default=320)
    parser.add_argument("--blocks", type=int, default=10)
    parser.add_argument("--look-ahead-blocks", type=int, default=6)
    parser.add_argument("--weight-bits", type=int, choices=(4, 8), default=8, help="of the pointwise layers, where int8 is simulated")
    parser.add_argument("--batch-seconds", type=float, default=130, help="sound in a batch, augmented")
    parser.add_argument("--rate", type=float, default=2.5e-3, help="peak learning rate")
    parser.add_argument("--prior-power", type=float, default=0.0, help="train on posteriors divided by this power of their priors")
    parser.add_argument("--teacher", help="a model file, or the checkpoint of a --tutor, that hears each clip without room and noise, and whose "
                        "posteriors are learned")
    parser.add_argument("--teacher-weight", type=float, default=2.0, help="of a step's cross-entropy to them, against CTC's a phone")
    parser.add_argument("--tutor", metavar="WIDTH", help="in the teacher's place a network so wide, that learns too; or that of a checkpoint")
    parser.add_argument("--place-weight", type=float, default=0.0, help="of phones heard where the teacher does not hear them, against CTC's")
    parser.add_argument("--rivals", type=int, default=0, help="so many other sentences, a word off, compete with what a clip says")
    parser.add_argument("--rival-weight", type=float, default=0.15, help="of a clip's chance to be taken for one of them, against CTC's a phone")
    parser.add_argument("--crf-weight", type=float, default=0.0, help="of what was said's share in all that a trigram model of phones could say "
                        "(crf.py), against CTC's a phone")
    parser.add_argument("--people-weight", type=float, default=2.5, help="how much oftener a recording is drawn than a synthetic clip")
    parser.add_argument("--nothing", type=float, default=0.05, help="so many of the examples are noise in which nothing is said")
    parser.add_argument("--echo", type=int, default=1, help="how often an augmented clip is heard, with other parts masked each time (Choi "
                        "et al., 2019, arXiv 1907.05550): where augmenting is what takes the time")
    augment.Settings.add_options(parser)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--save-minutes", type=float, default=5)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    arguments = parser.parse_args()
    if bool(arguments.steps) == bool(arguments.minutes):
        parser.error("give --steps, or --minutes")
    if arguments.tutor and (arguments.teacher or arguments.shape != "separable" or arguments.quantise_steps):
        parser.error("a --tutor is for float steps of the separable shape, and there is no other teacher then")
    if arguments.device != "cpu" and (arguments.fused or arguments.quantise_steps or arguments.place_weight or arguments.shape != "separable"):
        parser.error("--fused, --quantise-steps, --place-weight and other shapes are for the processor")
    if arguments.place_weight and not arguments.teacher:
        parser.error("--place-weight needs a --teacher, who says where phones are")
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    out = pathlib.Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)

    dictionary = corpus.read_dictionary(*arguments.dictionary)
    unreadable = {line.split("\t")[0] for line in open(arguments.unreadable, encoding="utf-8")} if arguments.unreadable else ()
    clips, weights = [], []
    for folder, weight in [(f, 1.0) for f in arguments.speech] + [(arguments.people, arguments.people_weight)]:
        found, dropped = corpus.load(folder, dictionary, unreadable=unreadable)
        hours = sum(c.n for c in found) / 16000 / 3600
        print(f"{folder}: {len(found)} clips, {hours:.1f} h ({dropped} left out)", file=sys.stderr)
        clips += found
        weights += [weight * c.n ** 0.5 for c in found]
    front = frontend.FrontEnd(arguments.frontend)
    dev = examples_for_log(arguments.dev, dictionary, front, arguments.noise) if arguments.dev else [[], []]

    if arguments.shape == "separable":
        net = network.Net(arguments.width, arguments.blocks, arguments.look_ahead_blocks, arguments.weight_bits)
    else:
        net = shapes.Shaped(arguments.shape, arguments.width, arguments.blocks, arguments.look_ahead_blocks)
    resume = pathlib.Path(arguments.resume) if arguments.resume else out / "checkpoint.pt"
    state = torch.load(resume) if resume.exists() else None
    if arguments.tutor and state is not None and not state.get("tutor"):
        sys.exit(f"train: {resume} was made without a --tutor: go on without one, or begin anew with another --out")
    step, heard, teacher = 0, 0.0, None
    if state is None or arguments.teacher:                          # the features' spread over a few hundred clips
        rng = np.random.default_rng(arguments.seed)
        some = [clips[i] for i in rng.integers(len(clips), size=300)]
        augmented = augment.Augment(arguments.noise)
        rows = [front(augmented(c.sound(), rng, clips)).astype(np.float32) for c in some]
        features, n, *_ = loader.Loader.batch([(r, (), None, ()) for r in rows[:60]])
        restored = lambda path: restore.unfolded(restore.network_of(program.Program.read(path)[0]), features, n)
    if arguments.teacher:
        teacher = (tutoring.of(arguments.teacher) if arguments.teacher.endswith(".pt") else restored(arguments.teacher)).eval().to(arguments.device)
    if state is None and arguments.widen:
        if arguments.widen.endswith(".tragus"):
            net = restored(arguments.widen)
        else:
            narrow = torch.load(arguments.widen)
            net = network.Net(**narrow["shape"])
            net.load_state_dict(narrow["net"])
        net = network.widened(net, arguments.width, arguments.look_ahead_blocks, arguments.seed)
    elif state is None:
        net.input_gain.copy_(torch.from_numpy(1 / np.concatenate(rows).std(0)))
    if state is not None:
        if state["folded"]:
            net.stage("int8")
        net.load_state_dict(state["net"])
        step, heard = state["step"], state["heard"]
        print(f"going on from {resume} at step {step}", file=sys.stderr)
    print(f"{sum(p.numel() for p in net.parameters()) / 1e6:.2f} M parameters, {shapes.multiply_adds(net) / 1e6:.1f} M multiply-adds a second",
          file=sys.stderr)
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
    tutor = tutoring.Tutor(net, arguments.tutor, arguments.rate, arguments.seed) if arguments.tutor else None
    if tutor and state is not None:
        tutor.restore(state["tutor"])
    optimiser = torch.optim.AdamW(net.parameters(), lr=arguments.rate, betas=(0.9, 0.98), weight_decay=0.01)
    if state is not None and state.get("optimiser"):
        optimiser.load_state_dict(state["optimiser"])
    priors, phones = losses.Priors(), None
    if arguments.crf_weight:
        rng = np.random.default_rng(arguments.seed)
        said = [clips[i] for i in rng.choice(len(clips), 30000)]
        phones = crf.Phones([np.concatenate(c.labels(rng)) if rng.random() >= arguments.nothing else () for c in said]).to(arguments.device)
        phones.fused = net.fused if arguments.fused else None
    batches = loader.Loader(clips, np.array(weights), arguments, step)
    log = open(out / "log.tsv", "a")
    float_steps = arguments.steps - arguments.quantise_steps if arguments.steps else math.inf
    began, saved, seen, first, done = time.time(), time.time(), [], step, 0 < arguments.steps <= step
    spent, told = state.get("spent", 0.0) if state else 0.0, []
    net.train()
    while not done:
        elapsed = spent + time.time() - began
        progress = min(1, elapsed / 60 / arguments.minutes if arguments.minutes else step / float_steps)
        if step >= float_steps - 60 and arguments.quantise_steps and not net.folded:   # also where it goes on within these
            net.stage("calibrate")
        if step >= float_steps and arguments.quantise_steps and not net.folded:
            net.stage("int8")
            optimiser = torch.optim.AdamW(net.parameters(), lr=arguments.rate, betas=(0.9, 0.98), weight_decay=0.0)
        if net.folded:
            rate = 0.08 * arguments.rate * max(0.02, (arguments.steps - step) / max(1, arguments.quantise_steps))
        else:
            rate = arguments.rate * min(1, (step + 1) / 400) * (0.04 + 0.96 * 0.5 * (1 + math.cos(math.pi * progress)))
        for group in optimiser.param_groups:
            group["lr"] = rate
        batch = batches.next().to(arguments.device)
        if tutor:
            told.append(float(tutor.learn(batch, rate, descend)))
            teacher = tutor.net
        loss, whole = losses.losses_of(net, batch, priors=priors if arguments.prior_power else None, power=arguments.prior_power,
                                       teacher=teacher, teacher_weight=arguments.teacher_weight, place_weight=arguments.place_weight,
                                       rival_weight=arguments.rival_weight, phones=phones, crf_weight=arguments.crf_weight)
        descend(net, optimiser, whole)
        seen.append(float(loss.detach()))
        heard += float(batch[1].sum()) / 100
        step += 1
        done = step == arguments.steps or bool(arguments.minutes) and progress == 1
        if done and arguments.minutes:
            float_steps = step
        if step % 100 == 0 or done:
            took = time.time() - began
            per = took / (step - first)
            left = arguments.minutes - elapsed / 60 if arguments.minutes else (arguments.steps - step) * per / 60
            print(f"step {step}: loss {np.mean(seen[-100:]):.3f}{f', its tutor {np.mean(told[-100:]):.3f}' if tutor else ''}, "
                  f"{heard / 3600:.1f} h heard, {per:.3f} s a step, about {left:.0f} min left", file=sys.stderr, flush=True)
        if step % 1000 == 0 or done:
            errors = "\t".join(f"{phone_errors(net, examples):.4f}" for examples in dev)
            log.write(f"{step}\t{heard / 3600:.2f}\t{rate:.6f}\t{np.mean(seen[-1000:]):.4f}\t{errors}\t{'int8' if net.folded else 'float'}\n")
            log.flush()
        if done or time.time() - saved > 60 * arguments.save_minutes or step == float_steps:
            saved = time.time()
            state = dict(net=net.state_dict(), optimiser=optimiser.state_dict(), step=step, heard=heard, folded=net.folded,
                         shape=net.shape, arguments={k: v for k, v in vars(arguments).items()}, tutor=tutor.state() if tutor else None,
                         spent=spent + time.time() - began)
            torch.save(state, out / "checkpoint.part")
            (out / "checkpoint.part").rename(out / "checkpoint.pt")
            if step == float_steps:
                torch.save(state, out / "float.pt")


if __name__ == "__main__":
    main()
