# SPDX-License-Identifier: Apache-2.0
"""CTC whose paths compete with all other phone sequences (Xiang and Ou, 2019, CRF-based single-stage acoustic modeling with CTC
topology, arXiv 1904.11188; Povey et al., 2016, Purely sequence-trained neural networks for ASR based on lattice-free MMI).

CTC alone also learns which phones usually follow each other. In noise it then emits usual sequences, even where the user's grammar excludes
them. Here the labels must be more likely than all other sequences of a trigram model of phones, so the network need not learn what that
model knows.
"""

import numpy as np
import torch

HISTORIES = 40          # a phone, or 0 for the beginning; as third symbol 0 is the end
STEPS_TO_ONE = 4        # steps between normalisations: probabilities fall by a factor of 1e-3 a step at most, and float32 reaches 1e-38


class Phones:
    """A trigram model of phones. chance (40, 40, 40) float32: the probability of the third symbol after the first two."""

    def __init__(self, sequences):
        """sequences: label sequences (1 to 39), empty ones too. Interpolated with shorter histories (Witten and Bell, 1991)."""
        counts = np.zeros((HISTORIES,) * 3)
        for labels in sequences:
            padded = [0, 0, *map(int, labels), 0]
            np.add.at(counts, (padded[:-2], padded[1:-1], padded[2:]), 1)
        chance = np.full(HISTORIES, 1 / HISTORIES)
        for seen in (counts.sum((0, 1)), counts.sum(0), counts):
            kinds, total = (seen > 0).sum(-1, keepdims=True), seen.sum(-1, keepdims=True)
            chance = np.where(total > 0, (seen + kinds * chance) / np.maximum(1, total + kinds), chance)
        self.chance = torch.from_numpy(chance.astype(np.float32))
        self.fused = None                               # a fused.Fused that computes everything() on the processor

    def to(self, device):
        self.chance = self.chance.to(device)
        return self

    def log(self, labels):
        """The logarithm of this sequence's probability."""
        padded = [0, 0, *map(int, labels), 0]
        return float(self.chance[padded[:-2], padded[1:-1], padded[2:]].log().sum())


class Everything(torch.autograd.Function):
    """(clips,): for each clip the logarithm of the sum over all phone sequences of their trigram probability times their CTC probability.

    logs (clips, steps, 40) float32, of which the first counts (clips,) steps are valid. A state is the last two phones and whether the current
    step is the second phone or a blank: tensors (first, clips, second). The forward-backward algorithm works on probabilities that are
    normalised every few steps. It runs in forward() because its posteriors of the states are the gradient."""

    @staticmethod
    def forward(context, logs, counts, phones):
        n, most, _ = logs.shape
        chance = phones.chance
        sounding = (torch.arange(most)[None] < counts[:, None]).to(logs.device)
        scale = logs.amax(2)
        onward = chance.transpose(0, 1).contiguous()                            # (second, first, third)
        onward[:, :, 0] = 0.0
        again = onward.diagonal(dim1=0, dim2=2).contiguous()                    # (first, second): the same phone again, after a blank
        onward.diagonal(dim1=0, dim2=2).zero_()
        ends = chance[:, :, 0].contiguous()
        if phones.fused:
            sums, end, shares = phones.fused.everything((logs - scale[:, :, None]).exp().contiguous(), counts, onward, again, ends)
            context.save_for_backward(shares)
            return torch.where(sounding, scale, 0.0).sum(1) + end.log() + sums.log().sum(1)
        phone = torch.where(sounding[:, :, None], (logs - scale[:, :, None]).exp(), 0.0)
        blank = torch.where(sounding, phone[:, :, 0], 1.0)                      # after a clip's end its state does not change
        phone[:, :, 0] = 0.0
        sound, silent = (logs.new_zeros(HISTORIES, n, HISTORIES) for _ in range(2))
        silent[0, :, 0] = 1.0
        sounds, norms = [], {}
        for t in range(most):
            both = sound + silent
            entered = torch.bmm(both.permute(2, 1, 0), onward)                  # (second, clips, third): the second phone becomes the first
            entered.diagonal(dim1=0, dim2=2).add_((silent * again[:, None]).sum(0))
            sound = (sound + entered) * phone[:, t]
            silent = both * blank[:, t, None]
            if t % STEPS_TO_ONE == STEPS_TO_ONE - 1:
                norms[t] = (1 / (sound + silent).sum((0, 2)))[:, None]
                sound, silent = sound * norms[t], silent * norms[t]
            sounds.append(sound)
        end = ((sound + silent) * ends[:, None]).sum((0, 2))
        total = torch.where(sounding, scale, 0.0).sum(1) + end.log()
        for norm in norms.values():
            total = total - norm[:, 0].log()
        if not logs.requires_grad:
            return total
        after_sound = after_silent = ends[:, None] / end[:, None]               # the probability of all continuations of a state
        shares, back = torch.empty_like(logs), onward.transpose(1, 2).contiguous()
        for t in range(most - 1, -1, -1):
            shares[:, t] = (sounds[t] * after_sound).sum(0)
            if t in norms:
                after_sound, after_silent = after_sound * norms[t], after_silent * norms[t]
            heard = after_sound * phone[:, t]
            onwards = after_silent * blank[:, t, None] + torch.bmm(heard, back).permute(2, 1, 0)
            after_sound = onwards + heard
            after_silent = torch.addcmul(onwards, heard.diagonal(dim1=0, dim2=2)[None], again[:, None])
        shares[:, :, 0] = 1 - shares[:, :, 1:].sum(2)
        context.save_for_backward(torch.where(sounding[:, :, None], shares, 0.0))
        return total

    @staticmethod
    def backward(context, above):
        shares, = context.saved_tensors
        return above[:, None, None] * shares, None, None


def everything(logs, counts, phones):
    """logs (clips, steps, 40) float32 on the device of `phones`, a Phones; counts (clips,) on the processor. Returns (clips,); see
    Everything."""
    return Everything.apply(logs, counts, phones)
