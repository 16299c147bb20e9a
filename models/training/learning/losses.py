# SPDX-License-Identifier: Apache-2.0
"""Losses: CTC at the output and at half depth, of the posteriors or of posteriors divided by their priors; cross-entropy to a teacher;
phones outside their place; confusion with rivals."""

import torch
from torch import nn

from learning import crf

BLANK_PENALTY = 2.5     # nats taken off the blank in mistaken(), about what the decoder takes off

CTC = nn.CTCLoss(zero_infinity=True, reduction="none")


LONGEST_PHONE = 10      # steps between the middles of two phones; farther apart there is silence between them


def aligned(logs, steps, labels, counts):
    """The best path of CTC for the labels: (clips, steps) int64, the index of the label that a step belongs to, or -1 for a blank.

    logs (clips, steps, labels); steps (clips,), how many are valid; labels end to end; counts (clips,), how many each clip has. Viterbi over
    the labels with blanks between them."""
    n, most, width = *logs.shape[:2], 2 * int(counts.max()) + 1
    states = torch.zeros(n, width, dtype=torch.long)
    for row, some in zip(states, labels.split(counts.tolist())):
        row[1:2 * len(some):2] = some
    spoken = states > 0
    skips = spoken.clone()                                      # a label may directly follow a different one
    skips[:, 2:] &= states[:, 2:] != states[:, :-2]
    sounds = logs.gather(2, states[:, None].expand(-1, most, -1))
    score, nowhere = torch.full((n, width), -1e9), torch.full((n, 2), -1e9)
    score[:, 0], came = 0, []
    for step in range(most):
        before = torch.cat((nowhere, score), 1)
        best, back = torch.stack((score, before[:, 1:-1], torch.where(skips, before[:, :-2], -1e9))).max(0)
        on = (step < steps)[:, None]
        score = torch.where(on, best + sounds[:, step], score)
        came.append(torch.where(on, back, 0))
    last = 2 * counts[:, None]
    at = torch.where(score.gather(1, last) > score.gather(1, (last - 1).clamp_min(0)), last, (last - 1).clamp_min(0))
    path = torch.empty(n, most, dtype=torch.long)
    for step in reversed(range(most)):
        path[:, step] = torch.where(at[:, 0] % 2 == 1, at[:, 0] // 2, -1)
        at = at - came[step].gather(1, at)
    return torch.where(torch.arange(most)[None] < steps[:, None], path, -1)


def misplaced(logs, steps, labels, counts, told):
    """A phone-boundary term, because CTC does not care when a phone is emitted: the mean by step of -log of the probability of a blank or of the
    phone whose place the step is (Senior et al., 2015, Acoustic modelling with CD-CTC-sMBR LSTM RNNs, constrain paths similarly). Places come from
    `told`, a trusted network's posteriors of the same clips: phones meet halfway between their middles in the best path, see aligned()."""
    path = aligned(told, steps, labels, counts)
    said = torch.zeros(logs.shape, dtype=torch.bool)
    said[:, :, 0] = True
    at = torch.arange(logs.shape[1])
    for here, place, some in zip(said, path, labels.split(counts.tolist())):
        middles = torch.tensor([float(at[place == k].float().mean()) for k in range(len(some))])
        apart = middles.diff().clamp_max(LONGEST_PHONE) / 2
        edge = torch.full((min(1, len(some)),), LONGEST_PHONE / 2)
        first, last = middles - torch.cat((edge, apart)), middles + torch.cat((apart, edge))
        for k, label in enumerate(some):
            here[(at >= first[k].floor()) & (at <= last[k].ceil()), label] = True
    sounding = at[None] < steps[:, None]
    return -logs.masked_fill(~said, -1e9).logsumexp(2)[sounding].mean()


class Priors:
    """Each label's share of the steps, a running mean of the network's posteriors."""

    def __init__(self):
        self.shares = None

    def log(self, logs, sounding):
        """Update with log-posteriors (batch, steps, labels); sounding (batch, steps) marks valid steps. Returns the log priors, (labels,)."""
        shares = logs.detach()[sounding].exp().mean(0)
        self.shares = shares if self.shares is None else 0.98 * self.shares + 0.02 * shares
        return self.shares.clamp_min(1e-5).log()


def unpeaked(logs, labels, steps, counts, weight, sounding, log_prior):
    """CTC over posteriors divided by a power of their priors (Huang et al., 2024, arXiv 2406.02560); log_prior is the logarithm of that power.
    Paths that stay on a phone instead of a blank weigh more, so a phone is emitted for as long as it lasts.

    The quotients are no distribution, so PyTorch's gradient is wrong for them. But it contains each label's share in the paths at a step; the
    cross-entropy to these shares has the right gradient and is returned.
    """
    quotients = (logs.detach() - log_prior).requires_grad_()
    loss = (weight * CTC(quotients.transpose(0, 1), labels, steps, counts)).sum()
    gradient, = torch.autograd.grad(loss, quotients)
    shares = weight[:, None, None] * quotients.detach().exp() - gradient
    return -(shares * logs)[sounding].sum()


def mistaken(logs, steps, labels, counts, rivals, rival_counts):
    """The sum over clips of -log of the probability of the clip's labels among those and its rivals, in nats. Made-up word errors replace the
    lattice of maximum mutual information training (Povey, 2003, Discriminative training for large vocabulary speech recognition; Graves and
    Jaitly, 2014, for CTC).

    logs (clips, steps, labels); rivals: the same number for each clip. The blank is lowered as in the decoder. The result is no distribution,
    as PyTorch's gradient assumes, but the error is the same in all sequences of a clip and cancels in their ratio.
    """
    logs = logs - BLANK_PENALTY * nn.functional.one_hot(torch.zeros((), dtype=torch.long), logs.shape[2])
    n = len(rival_counts) // len(counts)
    said = CTC(logs.transpose(0, 1), labels, steps, counts)
    other = CTC(logs.repeat_interleave(n, 0).transpose(0, 1), rivals, steps.repeat_interleave(n), rival_counts).view(-1, n)
    other = torch.where(other == 0, torch.full_like(other, 1e4), other)             # too long for the clip, marked so by zero_infinity
    return (said + torch.logsumexp(-torch.cat((said[:, None], other), 1), 1)).sum()


def device_of(net):
    """The type of the network's device: "cpu" or "cuda"."""
    return net.input_gain.device.type


def told_by(teacher, batch):
    """A teacher's log-posteriors (clips, steps, labels) for the plain features of a Batch, float32, without gradients."""
    with torch.no_grad(), torch.autocast(device_of(teacher), torch.bfloat16):
        return teacher(batch.plain, batch.rows)[0].float()


def losses_of(net, batch, middle=0.3, priors=None, power=0.0, teacher=None, teacher_weight=0.0, place_weight=0.0, rival_weight=0.0,
              phones=None, crf_weight=0.0):
    """The losses of a Batch on the network's device: (CTC's mean by label, for the log; the sum to minimise).

    The sum is CTC's mean by label plus `middle` times that at half depth, or unpeaked() of both if there are priors. Clips without labels count
    as if they had some. With a teacher, which hears the plain features, it adds `teacher_weight` times the mean by step of the cross-entropy
    to the teacher's posteriors (Hinton et al., 2015, arXiv 1503.02531; with clean sound for the teacher alone: Li et al., 2017, arXiv
    1708.05466) and `place_weight` times misplaced(); with rivals, `rival_weight` times the mean by clip of mistaken(); with a crf.Phones,
    `crf_weight` times the mean by label of -log of the labels' share among all phone sequences."""
    features, rows, labels, counts = batch[:4]
    with torch.autocast(device_of(net), torch.bfloat16, enabled=not net.folded):    # int8 needs float32: its integers are exact there
        logs, half, steps = net(features, rows)
    weight = (1 / (len(counts) * torch.where(counts > 0, counts, steps // 3 + 1))).to(logs.device)
    logs, half = logs.float(), half.float()
    each, inner = (CTC(at.transpose(0, 1), labels, steps, counts) for at in (logs, half))
    loss, inner = (weight * each).sum(), (weight * inner).sum()
    sounding = (torch.arange(logs.shape[1])[None] < steps[:, None]).to(logs.device)
    if priors:
        log_prior = power * priors.log(logs, sounding)
        whole = sum(factor * unpeaked(at, labels, steps, counts, weight, sounding, log_prior) for factor, at in ((1, logs), (middle, half)))
    else:
        whole = loss + middle * inner
    if teacher:
        told = told_by(teacher, batch)
        if teacher_weight:
            whole = whole - teacher_weight * (told.exp() * logs).sum(2)[sounding].mean()
        if place_weight:
            whole = whole + place_weight * misplaced(logs, steps, labels, counts, told)
    if rival_weight and batch.rivals is not None:
        some = batch.rivalled
        whole = whole + rival_weight / len(counts) * mistaken(logs[some], steps[some], labels, counts[some], batch.rivals, batch.rival_counts)
    if phones:
        whole = whole + crf_weight * (weight * (each + crf.everything(logs, steps, phones))).sum()
    return loss, whole
