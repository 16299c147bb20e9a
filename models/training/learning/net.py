# SPDX-License-Identifier: Apache-2.0
"""The acoustic network: a streaming separable time-delay network with CTC (Graves et al., 2006) over phones.

    x     = relu(conv0(features))                       9 rows, stride 3: one step each 30 ms
    block: x = x + pw2(relu(pw1(dw(x))))                depthwise over 9 steps, two pointwise layers
    y     = log_softmax(out(x))

Batch normalisation follows every convolution and is folded into it before quantisation. Padding is with zeros at every layer's
input, outside the sound on both sides, exactly as the runtime's streaming does it.

Quantisation in training (Jacob et al., 2018, arXiv 1712.05877): weights symmetric per output channel, activations symmetric per
tensor, straight-through gradients. Stages: "float", "calibrate" (ranges are measured), "simulated" (weights and activations are rounded to
the steps of the integers, but stay real numbers, and the normalisation is kept, so a network can learn so from the start), "folded" (still
float: what quantise.py starts from), "int8" (folded; activations are the device's integers, each computed as src/nn defines it:
tests/golden/trainer.py).
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from device import program

FEATURES, LABELS = 40, 40
CONV0_TAPS, CONV0_STRIDE, CONV0_LEFT = 9, 3, 3
TAPS = 9


class Exact(torch.autograd.Function):
    """The value is `exact`; the gradient goes to `near`, the real number from which `exact` was rounded."""

    @staticmethod
    def forward(_, near, exact):
        return exact

    @staticmethod
    def backward(_, gradient):
        return gradient, None


def rounded(near, total, multiplier, shift, low, high=127):
    """clamp(round_shift(total * multiplier, shift), low, high) in exact integers, as a tensor like `near`, which is the same value in reals.

    total: integers below 2^24 in a float32 tensor, below 2^53 in a float64 one; multiplier, shift: numbers or int64 tensors."""
    exact = (total.detach().long() * multiplier + (torch.ones_like(torch.as_tensor(shift)) << (shift - 1))) >> shift
    return Exact.apply(near.clamp(low, high), exact.clamp(low, high).to(near.dtype))


def multipliers(scales):
    """program.quantise_multiplier of each element of a float64 tensor of scales between 2^-31 and 2^30: two int64 tensors."""
    mantissa, exponent = torch.frexp(scales)
    multiplier, shift = torch.round(mantissa * 2**31).long(), 31 - exponent.long()
    full = multiplier == 2**31
    return torch.where(full, multiplier // 2, multiplier), torch.where(full, shift - 1, shift)


def quantised(weight, scale, most=127):
    """Weights as integers in [-most, most] by float64 arithmetic; gradients pass."""
    exact = torch.floor(weight.detach().double() / scale.double() + 0.5).clamp(-most, most)
    return Exact.apply(weight / scale, exact.to(weight.dtype))


class Depthwise(torch.autograd.Function):
    """A depthwise convolution along the last axis of (batch, channels, 1, n), channels last, with the gradient of its weights as
    one product and one sum a tap: several times faster than oneDNN's of PyTorch 1.13."""

    @staticmethod
    def forward(context, x, weight):
        context.save_for_backward(x, weight)
        return F.conv2d(x, weight, groups=len(weight))

    @staticmethod
    def backward(context, gradient):
        x, weight = context.saved_tensors
        n, taps = gradient.shape[3], weight.shape[3]
        into_x = torch.ops.aten.convolution_backward(gradient, x, weight, None, (1, 1), (0, 0), (1, 1), False, (0, 0), len(weight),
                                                     (True, False, False))[0]
        into_weight = [(x[..., k:k + n] * gradient).sum((0, 2, 3)) for k in range(taps)]
        return into_x, torch.stack(into_weight, 1)[:, None, None]


def padded(x, left, right):
    """Zeros on both sides of the steps of (batch, channels, steps), channels staying last in memory where they are."""
    return F.pad(x.unsqueeze(2), (left, right)).squeeze(2)


def labelled(layer, x):
    """An output layer (an nn.Conv1d of one tap) over (batch, channels, steps), as a matrix product whose gradient keeps channels last."""
    return F.linear(x.transpose(1, 2), layer.weight[:, :, 0], layer.bias).transpose(1, 2)


def on_grid(x, step, most=127):
    """x rounded to multiples of step, at most `most` of them; gradients pass where nothing is clipped. step: a tensor, above 0."""
    near = x.float()
    return Exact.apply(near.clamp(-most * step, most * step), (near.detach() / step).round().clamp(-most, most) * step).to(x.dtype)


class Range(nn.Module):
    """The scale of one activation tensor: measured as a high quantile while calibrating or simulating, fixed afterwards."""

    MEASURED = {"calibrate": 400000, "simulated": 20000}      # how many values in a batch

    def __init__(self):
        super().__init__()
        self.register_buffer("bound", torch.zeros(()))
        self.stage = "float"

    @property
    def scale(self):
        """What one integer stands for, a Python float."""
        return float(self.bound / 127)

    def forward(self, x):
        if self.training and self.stage in self.MEASURED:
            flat = x.detach().abs().float().flatten()
            seen = flat[torch.randint(flat.numel(), (min(flat.numel(), self.MEASURED[self.stage]),))]
            k = max(1, int(seen.numel() * 0.9999))
            bound = seen.kthvalue(k).values
            self.bound.copy_(bound if self.bound == 0 else torch.maximum(self.bound * 0.98, bound))
        return on_grid(x, self.bound.clamp_min(1e-6) / 127) if self.stage == "simulated" else x


class Conv(nn.Module):
    """Convolution over time with batch normalisation; after `fold` a bias in its place; `integers` computes as the device does.

    (batch, channels, steps), which lie in memory with the channels last, as oneDNN is fastest, from the first layer on."""

    def __init__(self, n_in, n_out, taps=1, stride=1, groups=1):
        super().__init__()
        self.conv = nn.Conv1d(n_in, n_out, taps, stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(n_out, momentum=0.05)
        self.bias, self.most = None, 127                      # int8 weights; 7: int4 ones
        self.simulated = False

    def fold(self):
        """Fold the normalisation into weights and bias (in place)."""
        with torch.no_grad():
            gain = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
            self.conv.weight.mul_(gain[:, None, None])
            self.bias = nn.Parameter(self.norm.bias - self.norm.running_mean * gain)
        self.norm = None

    def weight_scale(self):
        """Scale of each output channel's integer weights, (n_out, 1, 1)."""
        return (self.conv.weight.detach().abs().amax((1, 2), keepdim=True) / self.most).clamp_min(1e-8)

    def weight_integers(self):
        return quantised(self.conv.weight, self.weight_scale(), self.most)

    def forward(self, x):
        # Folding scales whole output channels, and each has its own scale: so the weights' integers are the same before and after it.
        weight = on_grid(self.conv.weight, self.weight_scale(), self.most) if self.simulated else self.conv.weight
        if x.is_cuda and self.conv.groups == 1:               # cuDNN makes a new plan for each length, unlike a matrix product
            windows = x.unfold(2, *self.conv.kernel_size, *self.conv.stride).transpose(1, 2).flatten(2)
            return self.norm(F.linear(windows, weight.flatten(1)).transpose(1, 2).unsqueeze(2)).squeeze(2)
        x, weight = x.unsqueeze(2).contiguous(memory_format=torch.channels_last), weight.unsqueeze(2)
        if self.conv.groups > 1 and torch.is_grad_enabled():
            kind = torch.bfloat16 if torch.is_autocast_cpu_enabled() else x.dtype
            y = Depthwise.apply(x.to(kind), weight.to(kind))
        else:
            y = F.conv2d(x, weight, None, (1, *self.conv.stride), 0, 1, self.conv.groups)
        return (self.norm(y) if self.bias is None else y + self.bias[:, None, None]).squeeze(2)

    def rounding(self, scale_in, scale_out):
        """How sums of integers are scaled to the result, by channel: the bias in units of the sums, real and int64, the multiplier and the
        shift, int64, and the real factor that these two stand for."""
        by_channel = scale_in * self.weight_scale()[:, 0, 0].double()
        bias = self.bias.detach().double() / by_channel
        kind = self.bias.dtype
        return self.bias / by_channel.to(kind), torch.round(bias).long(), *multipliers(by_channel / scale_out), (by_channel / scale_out).to(kind)

    def integers(self, x, scale_in, scale_out, low):
        """x and the result are integers, in floats, of the two scales."""
        total = F.conv1d(x, self.weight_integers(), None, self.conv.stride, 0, 1, self.conv.groups)
        near_bias, bias, multiplier, shift, gain = (some[:, None] for some in self.rounding(scale_in, scale_out))
        return rounded((total + near_bias) * gain, total.detach().double() + bias, multiplier, shift, low)


class Block(nn.Module):
    def __init__(self, width, right):
        super().__init__()
        self.left, self.right = TAPS - 1 - right, right       # steps read before and after the current one
        self.dw, self.pw1, self.pw2 = Conv(width, width, TAPS, groups=width), Conv(width, width), Conv(width, width)
        nn.init.constant_(self.pw2.norm.weight, 0.5)
        self.dw_range, self.pw1_range, self.pw2_range, self.sum_range = Range(), Range(), Range(), Range()

    def forward(self, x, mask):
        y = self.dw_range(self.dw(padded(x, self.left, self.right)))
        y = self.pw1_range(F.relu(self.pw1(y)))
        return self.sum_range(x + self.pw2_range(self.pw2(y))) * mask

    def integers(self, x, scale, mask):
        """Integers of `scale` -> integers, and their scale."""
        s_dw, s_pw1, s_pw2, s_sum = (r.scale for r in (self.dw_range, self.pw1_range, self.pw2_range, self.sum_range))
        y = self.dw.integers(F.pad(x, (self.left, self.right)), scale, s_dw, -127)
        y = self.pw1.integers(y, s_dw, s_pw1, 0)
        y = self.pw2.integers(y, s_pw1, s_pw2, -127)
        ma, mb, shift = program.quantise_add(scale / s_sum, s_pw2 / s_sum)
        near = x * (scale / s_sum) + y * (s_pw2 / s_sum)
        return rounded(near, x.detach().double() * ma + y.detach().double() * mb, 1, shift, -127) * mask, s_sum


class Net(nn.Module):
    """features (batch, 40, rows) float, zeros beyond each sound's end -> log-posteriors (batch, steps, 40) and those at half depth.

    rows: how many of each; steps = ceil(rows / 3). input_gain: (40,) factors that bring the features to unit variance. weight_bits:
    8, or 4 in the pointwise layers, which are all but a few of the weights.
    """

    def __init__(self, width=256, blocks=9, look_ahead_blocks=6, weight_bits=8):
        super().__init__()
        self.shape = dict(width=width, blocks=blocks, look_ahead_blocks=look_ahead_blocks, weight_bits=weight_bits)
        self.register_buffer("input_gain", torch.ones(FEATURES))
        self.input_range, self.conv0_range = Range(), Range()
        self.conv0 = Conv(FEATURES, width, CONV0_TAPS, CONV0_STRIDE)
        self.blocks = nn.ModuleList(Block(width, 1 if i < look_ahead_blocks else 0) for i in range(blocks))
        self.out = nn.Conv1d(width, LABELS, 1)
        self.middle = nn.Conv1d(width, LABELS, 1)
        self.folded = self.int8 = self.simulated = False
        self.fused = None                                     # a fused.Fused or a graphics.Graphics that computes the blocks, or None
        for block in self.blocks:
            block.pw1.most = block.pw2.most = 2 ** (weight_bits - 1) - 1

    def stage(self, name):
        """Set the stage of quantisation: "float", "calibrate" (of a float or a folded network), "simulated" (of one that is not folded),
        "folded" or "int8", which fold once."""
        if name in ("folded", "int8") and not self.folded:
            for module in self.modules():
                if isinstance(module, Conv):
                    module.fold()
            self.folded = True
        self.int8, self.simulated = name == "int8", name == "simulated"
        for module in self.modules():
            if isinstance(module, Range):
                module.stage = name
            elif isinstance(module, Conv):
                module.simulated = self.simulated

    def input_multipliers(self):
        """(40,) int64: a quantised feature is clamp(round_shift(feature * multiplier, 16), -127, 127)."""
        return torch.round(self.input_gain.double() / self.input_range.scale * 65536).long()

    def out_scale(self):
        return (self.out.weight.detach().abs().amax() / 127).clamp_min(1e-8)

    def forward(self, features, rows):
        logits, half, steps = self.logits(features, rows)
        return F.log_softmax(logits, 1).transpose(1, 2), (None if half is None else F.log_softmax(half, 1).transpose(1, 2)), steps

    def logits(self, features, rows):
        """What forward() returns before the softmax, (batch, labels, steps); in stage "int8" multiples of 1 / 256."""
        steps = torch.div(rows + CONV0_STRIDE - 1, CONV0_STRIDE, rounding_mode="floor")
        n = int(steps.max())
        mask = (torch.arange(n)[None] < steps[:, None])[:, None].to(features.device)
        scale, half = self.input_range.scale if self.int8 else None, None
        if self.int8:
            features = torch.round(features)
            gained = features * (self.input_gain / scale).to(features.dtype)[:, None]
            x = rounded(gained, features, self.input_multipliers()[:, None], 16, -127)
        else:
            x = self.input_range(features * self.input_gain[:, None])
        x = F.pad(x, (CONV0_LEFT, (n - 1) * CONV0_STRIDE + CONV0_TAPS - CONV0_LEFT - x.shape[2]))
        if self.int8:
            x, scale = self.conv0.integers(x, scale, self.conv0_range.scale, 0), self.conv0_range.scale
        else:
            x = self.conv0_range(F.relu(self.conv0(x)))
        mask = mask.to(x.dtype)
        x = x * mask
        quick = self.fused and not self.simulated and self.fused.computes(self)
        if quick:
            x, mask = x.transpose(1, 2).to(self.fused.kind).contiguous(), mask.float()[:, 0]
        for i, block in enumerate(self.blocks):
            if quick and self.int8:
                x, scale = self.fused.integer_block(block, x, scale, mask), block.sum_range.scale
            elif quick:
                x = self.fused.block(block, x, mask)
            elif self.int8:
                x, scale = block.integers(x, scale, mask)
            else:
                x = block(x, mask)
            if i == len(self.blocks) // 2 and self.training:
                middle = x.transpose(1, 2) if quick else x
                half = labelled(self.middle, middle.float() * scale if self.int8 else middle)
        if quick:
            x = x.transpose(1, 2)
        if not self.int8:
            return labelled(self.out, x), half, steps
        s_out = float(self.out_scale())
        integers = quantised(self.out.weight, self.out_scale())[:, :, 0]
        total = F.linear(x.transpose(1, 2).to(integers.dtype), integers).transpose(1, 2)
        whole = torch.round(self.out.bias.detach().double() / (scale * s_out))[:, None]
        multiplier, shift = program.quantise_multiplier(scale * s_out * 256)
        near = total * (scale * s_out * 256) + self.out.bias[:, None] * 256
        return rounded(near, total.detach().double() + whole, multiplier, shift, -32768, 32767) / 256, half, steps

    def posteriors(self, features):
        """int16 (rows, 40) of one sound -> int16 log-posteriors (steps, 40), Q8 of nats, as the device computes them. Stage "int8"."""
        assert self.int8 and not self.training
        with torch.no_grad():
            x = torch.from_numpy(features.T[None].copy()).to(self.out.weight.dtype)
            logits = self.logits(x, torch.tensor([len(features)]))[0][0]
        return program.log_softmax(np.rint(logits.double().numpy().T * 256).astype(np.int64))


def far_sighted(net, steps):
    """Give each block of a float network (not folded; changed in place) `steps` more steps of look-ahead, with weights of zero. The model file
    format does not support such a network."""
    for block in net.blocks:
        old = block.dw.conv
        block.dw.conv = nn.Conv1d(old.in_channels, old.out_channels, TAPS + steps, groups=old.groups, bias=False)
        with torch.no_grad():
            block.dw.conv.weight.copy_(F.pad(old.weight, (0, steps)))
        block.right += steps
    return net


def widened(narrow, width, look_ahead_blocks, seed):
    """A wider Net that computes nearly what `narrow` does (float, not folded), to train further: Net2Net (Chen, Goodfellow and Shlens, 2016,
    arXiv 1511.05641). New channels copy old ones drawn at random. Layers that read a copied channel divide by the number of its copies, and
    a little noise on the weights lets the copies diverge. Blocks that did not look ahead and now do read one step later, with a weight of
    zero, in place of their earliest.
    """
    assert not narrow.folded and width >= narrow.shape["width"]
    generator = torch.Generator().manual_seed(seed)
    old = narrow.shape["width"]

    def copies():
        return torch.cat([torch.arange(old), torch.randint(old, (width - old,), generator=generator)])

    wide = Net(**{**narrow.shape, "width": width, "look_ahead_blocks": look_ahead_blocks})
    state = {name: value.clone() for name, value in narrow.state_dict().items()}
    stream = copies()                                          # the same for all layers that residual sums connect
    share = 1 / torch.bincount(stream, minlength=old)[stream].float()

    def widen(layer, outputs=None, inputs=None, parted=None):
        """Rows of a layer's weights (and its normalisation's) by `outputs`, columns by `inputs`, divided by how often each is there."""
        for name in [n for n in state if n.startswith(layer)]:
            value = state[name]
            if value.dim() == 3:
                value = value if outputs is None else value[outputs]
                value = value if inputs is None else value[:, inputs] * parted[None, :, None]
                value = value + 0.02 * value.std() * torch.randn(value.shape, generator=generator)
            elif value.dim() == 1 and outputs is not None:
                value = value[outputs]
            state[name] = value

    for i in range(narrow.shape["look_ahead_blocks"], look_ahead_blocks):
        weight = state[f"blocks.{i}.dw.conv.weight"]
        state[f"blocks.{i}.dw.conv.weight"] = torch.cat([weight[:, :, 1:], torch.zeros_like(weight[:, :, :1])], 2)
    widen("conv0.", stream)
    for i in range(narrow.shape["blocks"]):
        hidden = copies()
        widen(f"blocks.{i}.dw.", stream)
        widen(f"blocks.{i}.pw1.", hidden, stream, share)
        widen(f"blocks.{i}.pw2.", stream, hidden, 1 / torch.bincount(hidden, minlength=old)[hidden].float())
    for name in ("out.", "middle."):
        widen(name, None, stream, share)
    wide.load_state_dict(state)
    return wide
