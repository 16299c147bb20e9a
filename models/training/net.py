# SPDX-License-Identifier: Apache-2.0
"""The acoustic network: a streaming separable time-delay network with CTC (Graves et al., 2006) over phones.

    x     = relu(conv0(features))                       9 rows, stride 3: one step each 30 ms
    block: x = x + pw2(relu(pw1(dw(x))))                depthwise over 9 steps, two pointwise layers
    y     = log_softmax(out(x))

Batch normalisation follows every convolution and is folded into it before quantisation. Padding is with zeros at every layer's
input, outside the sound on both sides, exactly as the runtime's streaming does it.

Quantisation in training (Jacob et al., 2018, arXiv 1712.05877): weights symmetric per output channel, activations symmetric per
tensor, straight-through gradients. Stages: "float", "calibrate" (ranges are measured), "folded" (still float: what quantise.py starts
from), "int8" (folded and simulated).
"""

import torch
import torch.nn.functional as F
from torch import nn

FEATURES, LABELS = 40, 40
CONV0_TAPS, CONV0_STRIDE, CONV0_LEFT = 9, 3, 3
TAPS = 9


class Round(torch.autograd.Function):
    """round() with the gradient of the identity."""

    @staticmethod
    def forward(_, x):
        return torch.floor(x + 0.5)

    @staticmethod
    def backward(_, gradient):
        return gradient


def fake_int8(x, scale, low=-127):
    """x rounded to scale * integers in [low, 127]; gradients pass inside the range."""
    return torch.clamp(Round.apply(x / scale), low, 127) * scale


class Range(nn.Module):
    """The scale of one activation tensor: measured as a high quantile while calibrating, fixed afterwards."""

    def __init__(self):
        super().__init__()
        self.register_buffer("bound", torch.zeros(()))
        self.stage = "float"

    @property
    def scale(self):
        return self.bound / 127

    def forward(self, x, low=-127):
        if self.stage == "calibrate":
            flat = x.detach().abs().float().flatten()
            seen = flat[torch.randint(flat.numel(), (min(flat.numel(), 400000),))]
            k = max(1, int(seen.numel() * 0.9999))
            bound = seen.kthvalue(k).values
            self.bound.copy_(bound if self.bound == 0 else torch.maximum(self.bound * 0.98, bound))
        return fake_int8(x, self.scale, low) if self.stage == "int8" else x


class Conv(nn.Module):
    """Convolution over time with batch normalisation; after `fold` a bias in its place; with `int8` set, int8 weights."""

    def __init__(self, n_in, n_out, taps=1, stride=1, groups=1):
        super().__init__()
        self.conv = nn.Conv1d(n_in, n_out, taps, stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm1d(n_out, momentum=0.05)
        self.bias, self.int8 = None, False

    def fold(self):
        """Fold the normalisation into weights and bias (in place)."""
        with torch.no_grad():
            gain = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
            self.conv.weight.mul_(gain[:, None, None])
            self.bias = nn.Parameter(self.norm.bias - self.norm.running_mean * gain)
        self.norm = None

    def weight_scale(self):
        """Scale of each output channel's int8 weights, (n_out, 1, 1)."""
        return (self.conv.weight.detach().abs().amax((1, 2), keepdim=True) / 127).clamp_min(1e-8)

    def forward(self, x):
        if self.bias is None:
            return self.norm(self.conv(x))
        weight = fake_int8(self.conv.weight, self.weight_scale()) if self.int8 else self.conv.weight
        return F.conv1d(x, weight, self.bias, self.conv.stride, 0, 1, self.conv.groups)


class Block(nn.Module):
    def __init__(self, width, right):
        super().__init__()
        self.right = right                                    # steps of look-ahead: 0 or 1
        self.dw, self.pw1, self.pw2 = Conv(width, width, TAPS, groups=width), Conv(width, width), Conv(width, width)
        nn.init.constant_(self.pw2.norm.weight, 0.5)
        self.dw_range, self.pw1_range, self.pw2_range, self.sum_range = Range(), Range(), Range(), Range()

    def forward(self, x, mask):
        y = self.dw_range(self.dw(F.pad(x, (TAPS - 1 - self.right, self.right))))
        y = self.pw1_range(F.relu(self.pw1(y)), 0)
        return self.sum_range(x + self.pw2_range(self.pw2(y))) * mask


class Net(nn.Module):
    """features (batch, 40, rows) float, zeros beyond each sound's end -> log-posteriors (batch, steps, 40) and those at half depth.

    rows: how many of each; steps = ceil(rows / 3). input_gain: (40,) factors that bring the features to unit variance.
    """

    def __init__(self, width=256, blocks=9, look_ahead_blocks=6):
        super().__init__()
        self.shape = dict(width=width, blocks=blocks, look_ahead_blocks=look_ahead_blocks)
        self.register_buffer("input_gain", torch.ones(FEATURES))
        self.input_range, self.conv0_range = Range(), Range()
        self.conv0 = Conv(FEATURES, width, CONV0_TAPS, CONV0_STRIDE)
        self.blocks = nn.ModuleList(Block(width, 1 if i < look_ahead_blocks else 0) for i in range(blocks))
        self.out = nn.Conv1d(width, LABELS, 1)
        self.middle = nn.Conv1d(width, LABELS, 1)
        self.folded = self.int8 = False

    def stage(self, name):
        """Set the stage of quantisation: "float", "calibrate" (of a float or a folded network), "folded" or "int8", which fold once."""
        if name in ("folded", "int8") and not self.folded:
            for module in self.modules():
                if isinstance(module, Conv):
                    module.fold()
            self.folded = True
        self.int8 = name == "int8"
        for module in self.modules():
            if isinstance(module, Range):
                module.stage = name
            elif isinstance(module, Conv):
                module.int8 = self.int8

    def out_scale(self):
        return (self.out.weight.detach().abs().amax() / 127).clamp_min(1e-8)

    def forward(self, features, rows):
        steps = torch.div(rows + CONV0_STRIDE - 1, CONV0_STRIDE, rounding_mode="floor")
        n = int(steps.max())
        mask = (torch.arange(n)[None] < steps[:, None]).float()[:, None]
        x = self.input_range(features * self.input_gain[:, None])
        x = F.pad(x, (CONV0_LEFT, (n - 1) * CONV0_STRIDE + CONV0_TAPS - CONV0_LEFT - x.shape[2]))
        x = self.conv0_range(F.relu(self.conv0(x)), 0)
        mask = mask.to(x.dtype)
        x = x * mask
        for i, block in enumerate(self.blocks):
            x = block(x, mask)
            if i == len(self.blocks) // 2 and self.training:
                half = self.middle(x)
        weight = fake_int8(self.out.weight, self.out_scale()) if self.int8 else self.out.weight
        y = F.conv1d(x, weight, self.out.bias)
        logs = F.log_softmax(y, 1).transpose(1, 2)
        return logs, (F.log_softmax(half, 1).transpose(1, 2) if self.training else None), steps
