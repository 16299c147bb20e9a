#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Find clips whose text does not match the speech, using a trained network.

check.py MODEL.tragus --folders DIR... --frontend LIB --out unreadable.tsv [--most 2.5]

A clip's gap is the log-likelihood of the best label of each step minus that of the clip's text by CTC (with each word's first
pronunciation), in nats by phone. Wrong or missing words, cut clips and clips without speech have a large gap. Accents and noise lower both
likelihoods and affect a whole corpus alike, so a gap is compared with the median of its shard. OUT gets a line `shard:first sample, gap,
text` for each clip more than --most above the median, worst first; train.py --unreadable leaves these out. Results are kept beside OUT, so
a clip is checked once.
"""

import argparse
import pathlib
import sys

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # the folder of these packages
from clips import corpus, frontend  # noqa: E402
from device import program, restore  # noqa: E402

BATCH_ROWS = 20000


def gaps(net, clips, front):
    """Yields (clip, gap); clips of similar length are computed together."""
    ctc = nn.CTCLoss(reduction="none")
    clips = sorted(clips, key=lambda clip: clip.n)
    at = 0
    while at < len(clips):
        rows = clips[at].n // 160 + 60
        some = clips[at:at + max(1, BATCH_ROWS // rows)]
        at += len(some)
        features = [front(np.pad(clip.sound(), 4800)).astype(np.float32) for clip in some]
        n = torch.tensor([len(f) for f in features])
        batch = torch.zeros(len(some), 40, int(n.max()))
        for i, f in enumerate(features):
            batch[i, :, :len(f)] = torch.from_numpy(f.T)
        labels = [torch.tensor([int(p) for word in clip.words for p in word[0]]) for clip in some]
        counts = torch.tensor([len(t) for t in labels])
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            logs, _, steps = net(batch, n)
        logs = logs.float()
        within = torch.arange(logs.shape[1])[None] < steps[:, None]
        free = (logs.max(2).values * within).sum(1)
        gap = (ctc(logs.transpose(0, 1), torch.cat(labels), steps, counts) + free) / counts
        yield from zip(some, gap.tolist())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("teacher", help="a model file")
    parser.add_argument("--folders", nargs="+", required=True, help="folders of shards")
    parser.add_argument("--frontend", required=True)
    parser.add_argument("--dictionary", nargs="+", default=[corpus.DICTIONARY])
    parser.add_argument("--most", type=float, default=2.5, help="nats a phone above the median of the clip's shard")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    net = restore.network_of(program.Program.read(arguments.teacher)[0]).float()
    net.stage("folded")
    front, dictionary = frontend.FrontEnd(arguments.frontend), corpus.read_dictionary(*arguments.dictionary)
    kept = arguments.out.with_suffix(".all.tsv")
    known = {line.split("\t")[0] for line in open(kept, encoding="utf-8")} if kept.exists() else set()
    for folder in arguments.folders:
        by_shard = {}
        for clip in corpus.load(folder, dictionary)[0]:
            by_shard.setdefault(clip.name.split(":")[0], []).append(clip)
        for clips in by_shard.values():
            if clips[0].name in known:
                continue
            with open(kept, "a", encoding="utf-8") as out:
                out.write("".join(f"{clip.name}\t{gap:.2f}\t{clip.text}\n" for clip, gap in sorted(gaps(net, clips, front), key=lambda x: x[0].first)))
    rows = [line.rstrip("\n").split("\t") for line in open(kept, encoding="utf-8")]
    found = {}
    for name, gap, _ in rows:
        found.setdefault(name.split(":")[0], []).append(float(gap))
    usual = {shard: float(np.median(some)) for shard, some in found.items()}
    excess = lambda row: float(row[1]) - usual[row[0].split(":")[0]]
    worst = sorted((row for row in rows if excess(row) > arguments.most), key=excess, reverse=True)
    arguments.out.write_text("".join("\t".join(row) + "\n" for row in worst), encoding="utf-8")
    print(f"{len(worst)} of {len(rows)} clips lie more than {arguments.most} nats by phone above the median of their shard", file=sys.stderr)


if __name__ == "__main__":
    main()
