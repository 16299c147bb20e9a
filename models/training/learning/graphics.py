# SPDX-License-Identifier: Apache-2.0
"""A block of net.py on a graphics processor (CUDA), channels last. PyTorch has no fast kernel for the depthwise convolution there, so it is
written tap by tap and, if this PyTorch has a compiler, compiled to one kernel."""

import torch
import torch.nn.functional as F


def by_tap(x, weights, left):
    """x (sounds, steps, channels), weights (taps, channels) float32 -> sums over taps in the shape and type of x; x is zero outside the sounds."""
    n, taps = x.shape[1], weights.shape[0]
    wide = F.pad(x, (0, 0, left, taps - 1 - left))
    total = wide[:, :n].float() * weights[0]
    for k in range(1, taps):
        total = total + wide[:, k:k + n].float() * weights[k]
    return total.to(x.dtype)


def weights_by_tap(x, dy, left, taps):
    """The gradient of by_tap()'s weights."""
    n, dy = x.shape[1], dy.float()
    wide = F.pad(x, (0, 0, left, taps - 1 - left))
    return torch.stack([(wide[:, k:k + n].float() * dy).sum((0, 1)) for k in range(taps)])


class Depthwise(torch.autograd.Function):
    """weight: (channels, 1, taps), float32."""

    @staticmethod
    def forward(context, x, weight, left, graphics):
        weights = weight[:, 0].t().contiguous()
        context.save_for_backward(x, weights)
        context.left, context.graphics = left, graphics
        return graphics.by_tap(x, weights, left)

    @staticmethod
    def backward(context, dy):
        (x, weights), left, graphics, dy = context.saved_tensors, context.left, context.graphics, dy.contiguous()
        taps = weights.shape[0]
        dweights = graphics.weights_by_tap(x, dy, left, taps).t()[:, None]
        return graphics.by_tap(dy, weights.flip(0).contiguous(), taps - 1 - left), dweights, None, None


class Graphics:
    """Computes the float blocks of a net.Net, in training and evaluation. kind: the type of the numbers."""

    def __init__(self, kind=torch.bfloat16, compiled=True):
        self.kind = kind
        compiler = (lambda f: torch.compile(f, dynamic=True)) if compiled and hasattr(torch, "compile") else lambda f: f
        self.by_tap, self.weights_by_tap = compiler(by_tap), compiler(weights_by_tap)

    @staticmethod
    def computes(net):
        """Whether this class computes the blocks of a net.Net in its current stage."""
        return not net.folded

    @staticmethod
    def normalised(conv, x):
        """Batch normalisation of (sounds, steps, channels) like the nn.BatchNorm2d of a net.Conv."""
        norm = conv.norm
        y = F.batch_norm(x.flatten(0, 1), norm.running_mean, norm.running_var, norm.weight, norm.bias, norm.training, norm.momentum, norm.eps)
        return y.view_as(x)

    def block(self, block, x, mask):
        """Computes net.Block.forward(): x (sounds, steps, channels), mask (sounds, steps) float32."""
        y = self.normalised(block.dw, Depthwise.apply(x, block.dw.conv.weight, block.left, self))
        y = F.relu(self.normalised(block.pw1, F.linear(y, block.pw1.conv.weight[:, :, 0])))
        y = self.normalised(block.pw2, F.linear(y, block.pw2.conv.weight[:, :, 0]))
        return (x + y) * mask.to(x.dtype)[:, :, None]
