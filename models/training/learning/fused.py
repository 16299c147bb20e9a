# SPDX-License-Identifier: Apache-2.0
"""Computes a block of net.py in training, in bfloat16 with channels last, faster than PyTorch's own operations: fused.c does all work between
two matrix products in one pass through memory. The results equal PyTorch's up to rounding, and bit for bit in the device's integers
(tests/golden/fused.py)."""

import concurrent.futures
import ctypes

import torch

from device import program

TAPS, MAX_CHANNELS, LANES = 9, 1024, 32                 # as in fused.c
KIND = torch.bfloat16
# Whether matrix products of bfloat16 are summed in float32. On an x86 CPU without AVX-512 PyTorch 1.13 rounds to bfloat16 after each
# addition, so a sum of ones stops at 256. That is too inexact for gradients of weights, which are sums over all steps of a batch.
WIDE_SUMS = bool((torch.ones(64, 512, dtype=KIND) @ torch.ones(512, 64, dtype=KIND) == 512).all())


def address(tensor, kind):
    """The address of a contiguous tensor of this type."""
    assert tensor.is_contiguous() and tensor.dtype == kind
    return ctypes.c_void_p(tensor.data_ptr())


class Fused:
    """Calls the functions of the module at `path` with tensors, in as many threads as PyTorch uses. x, y: (sounds, steps, channels), bfloat16."""

    kind = KIND

    def __init__(self, path):
        self.library = ctypes.CDLL(str(path))
        self.threads = concurrent.futures.ThreadPoolExecutor(torch.get_num_threads())

    def shared(self, work, *tensors):
        """Split each tensor by sounds or rows, call work() in each thread with one part of each, and return the results in order. None stays None."""
        n = torch.get_num_threads()
        parts = [[None] * n if tensor is None else tensor.tensor_split(n) for tensor in tensors]
        return list(self.threads.map(work, *parts))

    @staticmethod
    def computes(net):
        """Whether this class computes the blocks of a net.Net in its current stage."""
        floats = net.input_range.stage == "float" and torch.is_autocast_cpu_enabled() and (net.training or not torch.is_grad_enabled())
        return floats or net.training and net.int8

    @staticmethod
    def bears(width):
        """Whether a network of this width is supported."""
        return width % LANES == 0 and width <= MAX_CHANNELS

    def depthwise(self, x, weights, left, kind=KIND):
        """weights: (TAPS, channels), float32. kind: type of the result; float32 gives exact sums."""
        y = torch.empty_like(x, dtype=kind)

        def work(x, y):
            self.library.fused_depthwise(address(x, KIND), address(weights, torch.float32), *sizes(*x.shape, left),
                                         *((address(y, KIND), None) if kind == KIND else (None, address(y, kind))))

        self.shared(work, x, y)
        return y

    def depthwise_weights(self, x, dy, left):
        def work(x, dy):
            dweights = torch.empty(TAPS, x.shape[2])
            self.library.fused_depthwise_weights(address(x, KIND), address(dy, KIND), *sizes(*x.shape, left), address(dweights, torch.float32))
            return dweights

        return sum(self.shared(work, x, dy))

    def sums(self, a, b):
        """The sums of a and of a * b for each channel: float64, each (channels,)."""
        def work(a, b):
            both = torch.empty(2, a.shape[-1], dtype=torch.float64)
            self.library.fused_sums(address(a, KIND), address(b, KIND), *rows_of(a), *(address(one, torch.float64) for one in both))
            return both

        return sum(self.shared(work, a, b)).unbind()

    def affine(self, x, gain, offset, least=float("-inf"), residual=None, mask=None):
        """mask: (sounds, steps), with a residual only."""
        y = torch.empty_like(x)

        def work(x, y, residual, mask):
            self.library.fused_affine(address(x, KIND), *(address(v, torch.float32) for v in (gain, offset)),
                                      None if residual is None else address(residual, KIND), None if mask is None else address(mask, torch.float32),
                                      ctypes.c_float(least), *rows_of(x), address(y, KIND))

        self.shared(work, x, y, residual, mask)
        return y

    def combined(self, a, b, gain, slope, offset):
        y = torch.empty_like(a)

        def work(a, b, y):
            self.library.fused_combined(address(a, KIND), address(b, KIND), *(address(v, torch.float32) for v in (gain, slope, offset)),
                                        *rows_of(a), address(y, KIND))

        self.shared(work, a, b, y)
        return y

    def rounded(self, sums, bias, multiplier, shift, gain, offset, least):
        """The device's integers and whether each is between its bounds. bias, multiplier, shift: int64, by channel."""
        y, inside = torch.empty_like(sums, dtype=KIND), torch.empty_like(sums, dtype=torch.uint8)

        def work(sums, y, inside):
            self.library.fused_rounded(address(sums, torch.float32), *(address(v, torch.int64) for v in (bias, multiplier, shift)),
                                       *(address(v, torch.float32) for v in (gain, offset)), ctypes.c_int64(least), *rows_of(sums),
                                       address(y, KIND), address(inside, torch.uint8))

        self.shared(work, sums, y, inside)
        return y, inside

    def added(self, a, b, multiplier_a, multiplier_b, shift, mask):
        """mask: (sounds, steps)."""
        y, inside = torch.empty_like(a), torch.empty_like(a, dtype=torch.uint8)

        def work(a, b, mask, y, inside):
            self.library.fused_added(address(a, KIND), address(b, KIND), *(ctypes.c_int64(v) for v in (multiplier_a, multiplier_b, shift)),
                                     address(mask, torch.float32), *rows_of(a), address(y, KIND), address(inside, torch.uint8))

        self.shared(work, a, b, mask, y, inside)
        return y, inside

    def passed(self, dy, inside, gain):
        dx = torch.empty_like(dy)

        def work(dy, inside, dx):
            self.library.fused_passed(address(dy, KIND), address(inside, torch.uint8), address(gain, torch.float32), *rows_of(dy), address(dx, KIND))

        self.shared(work, dy, inside, dx)
        return dx

    def everything(self, chances, counts, onward, again, ends):
        """The computation of crf.Everything: chances (clips, steps, 40), probabilities of the blank and of each phone; counts (clips,) int64;
        onward (second, first, third), again and ends (first, second). Returns the divisors of the steps (clips, steps), the sum at the end
        (clips,), and the labels' shares (clips, steps, 40)."""
        sums, end, shares = torch.ones(chances.shape[:2]), torch.empty(len(chances)), torch.zeros_like(chances)
        assert chances.shape[2] == len(again) and int(counts.max()) <= chances.shape[1]
        back = onward.transpose(1, 2).contiguous()
        model = [address(table, torch.float32) for table in (onward, back, again, ends)]

        def work(chances, counts, sums, end, shares):
            kept = torch.empty(chances.shape[1], *again.shape)
            self.library.crf_everything(address(chances, torch.float32), address(counts, torch.int64), *sizes(*chances.shape[:2]), *model,
                                        *(address(out, torch.float32) for out in (kept, sums, end, shares)))

        self.shared(work, chances, counts, sums, end, shares)
        return sums, end, shares

    def block(self, block, x, mask):
        """Computes net.Block.forward(), with gradients in training only: x (sounds, steps, channels) bfloat16, mask (sounds, steps) float32."""
        y = Depthwise.apply(x, block.dw.conv.weight, block.left, self, KIND)
        y = Normalised.apply(y, block.dw.norm.weight, block.dw.norm.bias, block.dw.norm, self, False, None, None)
        y = Pointwise.apply(y, block.pw1.conv.weight, KIND)
        y = Normalised.apply(y, block.pw1.norm.weight, block.pw1.norm.bias, block.pw1.norm, self, True, None, None)
        y = Pointwise.apply(y, block.pw2.conv.weight, KIND)
        return Normalised.apply(y, block.pw2.norm.weight, block.pw2.norm.bias, block.pw2.norm, self, False, x, mask)

    def integer_block(self, block, x, scale, mask):
        """Computes net.Block.integers(): x contains integers of `scale`. Returns integers of the scale of the residual sum."""
        s_dw, s_pw1, s_pw2, s_sum = (r.scale for r in (block.dw_range, block.pw1_range, block.pw2_range, block.sum_range))
        y = Depthwise.apply(x, block.dw.weight_integers(), block.left, self, torch.float32)
        y = Rounded.apply(y, *block.dw.rounding(scale, s_dw), -127, self)
        y = Pointwise.apply(y, block.pw1.weight_integers(), torch.float32)
        y = Rounded.apply(y, *block.pw1.rounding(s_dw, s_pw1), 0, self)
        y = Pointwise.apply(y, block.pw2.weight_integers(), torch.float32)
        y = Rounded.apply(y, *block.pw2.rounding(s_pw1, s_pw2), -127, self)
        return Added.apply(x, y, scale / s_sum, s_pw2 / s_sum, mask, self)


def sizes(*numbers):
    return [ctypes.c_ssize_t(number) for number in numbers]


def rows_of(x):
    return sizes(x.numel() // x.shape[-1], x.shape[-1])


def product(a, b):
    """a @ b in their type, summed in float32, which represents products of two bfloat16 numbers exactly."""
    return a @ b if WIDE_SUMS else (a.float() @ b.float()).to(a.dtype)


class Depthwise(torch.autograd.Function):
    """weight: (channels, 1, TAPS), float32."""

    @staticmethod
    def forward(context, x, weight, left, fused, kind):
        weights = weight[:, 0].t().contiguous()
        context.save_for_backward(x, weights)
        context.left, context.fused = left, fused
        return fused.depthwise(x, weights, left, kind)

    @staticmethod
    def backward(context, dy):
        (x, weights), left, fused, dy = context.saved_tensors, context.left, context.fused, dy.to(KIND).contiguous()
        return fused.depthwise(dy, weights.flip(0), TAPS - 1 - left), fused.depthwise_weights(x, dy, left).t()[:, None], None, None, None


class Pointwise(torch.autograd.Function):
    """weight: (channels out, channels in, 1), float32."""

    @staticmethod
    def forward(context, x, weight, kind):
        context.save_for_backward(x, weight[:, :, 0].to(KIND))
        return product(x.to(kind), weight[:, :, 0].to(kind).t())

    @staticmethod
    def backward(context, dy):
        (x, weight), dy = context.saved_tensors, dy.to(KIND)
        return product(dy, weight), product(dy.flatten(0, 1).t(), x.flatten(0, 1)).float()[:, :, None], None


class Normalised(torch.autograd.Function):
    """Batch normalisation over rows like nn.BatchNorm2d `norm`, followed by ReLU, or by adding a residual and masking rows. The gradient is that
    of training mode."""

    @staticmethod
    def forward(context, x, weight, bias, norm, fused, relu, residual, mask):
        if norm.training:
            n = x.numel() // x.shape[-1]
            total, squares = fused.sums(x, x)
            mean = total / n
            variance = squares / n - mean * mean
            with torch.no_grad():
                norm.running_mean.lerp_(mean.float(), norm.momentum)
                norm.running_var.lerp_((variance * n / (n - 1)).float(), norm.momentum)
                norm.num_batches_tracked += 1
        else:
            mean, variance = norm.running_mean.double(), norm.running_var.double()
        scale = (variance.clamp_min(0) + norm.eps).rsqrt()
        gain = (weight * scale).float()
        y = fused.affine(x, gain, (bias - mean * gain).float(), 0.0 if relu else float("-inf"), residual, mask)
        context.save_for_backward(x, y if relu else None, mask, gain, mean, scale)
        context.fused, context.residual = fused, residual is not None
        return y

    @staticmethod
    def backward(context, dy):
        x, y, mask, gain, mean, scale = context.saved_tensors
        dy, n = dy.contiguous(), x.numel() // x.shape[-1]
        if y is not None:
            dy = torch.ops.aten.threshold_backward(dy, y, 0)
        if mask is not None:
            dy = dy * mask.to(KIND)[:, :, None]
        dbias, along = context.fused.sums(dy, x)
        dweight = (along - mean * dbias) * scale
        slope = -gain * scale * dweight / n
        offset = -gain * dbias / n - slope * mean
        dx = context.fused.combined(dy, x, gain, slope.float(), offset.float())
        return dx, dweight.float(), dbias.float(), None, None, None, dy if context.residual else None, None


class Rounded(torch.autograd.Function):
    """Converts sums of integer products to integers with the result of net.Conv.rounding(). The gradient is straight-through."""

    @staticmethod
    def forward(context, sums, near_bias, bias, multiplier, shift, gain, least, fused):
        y, inside = fused.rounded(sums, bias, multiplier, shift, gain, near_bias * gain, least)
        context.save_for_backward(inside, gain)
        context.fused = fused
        return y

    @staticmethod
    def backward(context, dy):
        dsums = context.fused.passed(dy.contiguous(), *context.saved_tensors)
        return dsums, context.fused.sums(dsums, dsums)[0].float(), None, None, None, None, None, None


class Added(torch.autograd.Function):
    """Adds integers of two scales, given as multiples of the sum's scale, to integers of the sum's scale. The gradient is straight-through."""

    @staticmethod
    def forward(context, a, b, scale_a, scale_b, mask, fused):
        y, inside = fused.added(a, b, *program.quantise_add(scale_a, scale_b), mask)
        context.save_for_backward(inside)
        context.scales, context.fused = (scale_a, scale_b), fused
        return y

    @staticmethod
    def backward(context, dy):
        (inside,), dy = context.saved_tensors, dy.contiguous()
        da, db = (context.fused.passed(dy, inside, torch.full(dy.shape[-1:], scale)) for scale in context.scales)
        return da, db, None, None, None, None
