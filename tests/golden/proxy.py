#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests the comparison of augmentations (models/training/trials/proxy.py): all arms learn from the same clips, equal settings give equal
networks, and a training that was stopped and resumed gives the same weights."""
import argparse
import os
import pathlib
import sys
import tempfile

try:
    import numpy as np
    import scipy  # noqa: F401
    import soundfile
    import torch
except ImportError as missing:
    print(f"skipped: python3-{missing.name} is not installed")
    sys.exit(77)

TOP = pathlib.Path(__file__).resolve().parents[2]
MODULE = pathlib.Path(os.environ.get("abs_top_builddir", ".")) / "models/training/.libs/libfrontend.so"
sys.dont_write_bytecode = True
sys.path.insert(0, str(TOP / "models" / "training"))
from clips import augment, corpus, frontend  # noqa: E402
from learning import net as network  # noqa: E402
from trials import proxy  # noqa: E402

ARMS = (["control"], ["again"], ["far", "room_share=1", "babble_share=0.5", "line_share=0.2"])
RATE = 16000


def made(folder):
    """Write clips of noise with labels, a folder of noise and a small network to `folder`; return proxy.py's objects for them."""
    rng = np.random.default_rng(1)
    (folder / "train").mkdir()
    soundfile.write(folder / "train" / "tap.wav", 0.1 * rng.standard_normal(2 * RATE), RATE)
    (folder / "LIST.tsv").write_text("file\tkind\ntrain/tap.wav\ttap\n", encoding="utf-8")
    sound = (3000 * rng.standard_normal(20 * RATE)).astype(np.int16)
    words = [[rng.integers(1, 40, 3).astype(np.uint8)] for _ in range(2)]
    clips = [corpus.Clip(str(i), sound, i * RATE, int(RATE * rng.uniform(1, 1.5)), "made", "a b", "", words) for i in range(18)]
    torch.manual_seed(1)
    net = network.Net(64, 4, look_ahead_blocks=2)
    torch.save(dict(net=net.state_dict(), shape=net.shape), folder / "float.pt")
    settings = dict(map(proxy.settings_of, ARMS))
    arms = {name: augment.Augment(folder, each) for name, each in settings.items()}
    batches = proxy.Batches(clips, np.arange(1, 19) / 18, arms, frontend.FrontEnd(str(MODULE)), seed=3, batch_seconds=4, nothing=0.1)
    return batches, clips


def trained(folder, batches, clips, steps, begin=None):
    """A proxy.Training at this step of 16."""
    training = proxy.Training(folder / "float.pt", batches.arms, 2e-3)
    if begin:
        training.restore(torch.load(begin))
    folder = folder / str(steps)
    folder.mkdir(exist_ok=True)
    arguments = argparse.Namespace(out=folder, steps=steps, rate=2e-3, teacher_weight=1.0, crf_weight=1.0, save_minutes=1e6)
    teacher = proxy.SharedTeacher(proxy.network_of(folder.parent / "float.pt").eval())
    for net in training.nets.values():
        net.train()
    proxy.learn_all(training, batches, teacher, proxy.phones_of(clips, 1, 0.1), arguments)
    return training


def equal(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values()))


def main():
    if os.environ.get("EMULATOR") or not MODULE.exists():
        print(f"skipped: {MODULE} is not there (make training), or cannot be loaded here")
        return 77
    torch.set_num_threads(1)
    failed = []
    for wrong in (["x", "loudness=1"], ["x", "room_share"], ["x", "room_share=much"]):
        try:
            proxy.settings_of(wrong)
            failed.append(f"{wrong} was accepted")
        except ValueError:
            pass
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        batches, clips = made(folder)
        for step in batches.group(0):
            control, again, far = (step[name] for name, *_ in ARMS)
            same = [torch.equal(getattr(control, part), getattr(far, part)) for part in ("rows", "labels", "counts", "plain")]
            if not all(same) or not torch.equal(control.features, again.features) or torch.equal(control.features, far.features):
                failed.append("the arms' batches are not of the same clips, or their features do not follow the settings")
        proxy.rate_at = lambda step, steps, peak: peak              # a rate that does not depend on where the training ends
        half, whole = trained(folder, batches, clips, 8), trained(folder, batches, clips, 16)
        resumed = trained(folder, batches, clips, 16, folder / "8" / "checkpoint.pt")
        for training in (half, whole):
            nets = training.nets
            if not equal(nets["control"], nets["again"]) or equal(nets["control"], nets["far"]):
                failed.append(f"after {training.step} steps equal settings gave different networks, or different ones equal networks")
        if not all(equal(whole.nets[name], resumed.nets[name]) for name in whole.nets):
            failed.append("a training that went on from its checkpoint has other weights")
    print("\n".join(failed) or "proxy: the arms hear the same clips, and a resumed training gives the same weights")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
