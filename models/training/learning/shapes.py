# SPDX-License-Identifier: Apache-2.0
"""Other network shapes, to compare with net.Net at equal multiply-adds; float only.

Their inputs and outputs are those of net.Net. The first blocks look one step ahead and the others none, so all shapes have the same delay.

    factored    time-delay layers of low rank (Povey et al., 2018): three steps to a bottleneck and back, residual
    recurrent   a separable block, then a simple recurrent unit (Lei et al., 2018, arXiv 1709.02755), in turn
    squeezed    separable blocks whose channels are weighted by their mean so far (Hu et al., 2018, arXiv 1709.01507; over the
                past alone, for streaming)
    slow        separable blocks, those in the middle wider and at half the step rate
"""

import torch
import torch.nn.functional as F
from torch import nn

from learning import net as network


class Factored(nn.Module):
    def __init__(self, width, right, rank):
        super().__init__()
        self.right = right
        self.down, self.up = network.Conv(width, rank, 3), network.Conv(rank, width)

    def forward(self, x, mask):
        return (x + F.relu(self.up(self.down(network.padded(x, 2 - self.right, self.right))))) * mask


class Recurrent(nn.Module):
    """c = f c + (1 - f) z; y = r c + (1 - r) x, with f, r and z linear in x alone: one matrix product for all steps."""

    def __init__(self, width):
        super().__init__()
        self.gates, self.norm = nn.Conv1d(width, 3 * width, 1), nn.BatchNorm1d(width, momentum=0.05)
        with torch.no_grad():
            self.gates.bias[:width].fill_(1.0)

    def forward(self, x, mask):
        f, r, z = self.gates(self.norm(x)).float().chunk(3, 1)
        f, r = torch.sigmoid(f), torch.sigmoid(r)
        kept = []
        c = torch.zeros_like(z[:, :, 0])
        for ft, zt in zip(f.unbind(2), ((1 - f) * z).unbind(2)):
            c = ft * c + zt
            kept.append(c)
        return ((r * torch.stack(kept, 2) + (1 - r) * x) * mask).to(x.dtype)


class Squeezed(network.Block):
    def __init__(self, width, right):
        super().__init__(width, right)
        self.squeeze, self.excite = nn.Conv1d(width, width // 8, 1), nn.Conv1d(width // 8, width, 1)

    def forward(self, x, mask):
        y = self.dw(network.padded(x, network.TAPS - 1 - self.right, self.right))
        y = self.pw2(F.relu(self.pw1(y)))
        so_far = torch.cumsum((y * mask).float(), 2) / torch.arange(1, y.shape[2] + 1)
        return (x + y * torch.sigmoid(self.excite(F.relu(self.squeeze(so_far.to(y.dtype)))))) * mask


class Shaped(nn.Module):
    """One of the shapes. width, blocks, look_ahead_blocks as in net.Net."""

    def __init__(self, name, width, blocks, look_ahead_blocks):
        super().__init__()
        self.shape = dict(name=name, width=width, blocks=blocks, look_ahead_blocks=look_ahead_blocks)
        self.register_buffer("input_gain", torch.ones(network.FEATURES))
        self.conv0 = network.Conv(network.FEATURES, width, network.CONV0_TAPS, network.CONV0_STRIDE)
        rights = [1 if i < look_ahead_blocks else 0 for i in range(blocks)]
        self.slow = (blocks // 3, blocks - blocks // 3) if name == "slow" else (blocks, blocks)
        if name == "factored":
            made = [Factored(width, right, width // 2) for right in rights]
        elif name == "recurrent":
            made = [Recurrent(width) if i % 3 == 2 else network.Block(width, int(i - i // 3 < look_ahead_blocks)) for i in range(blocks)]
        elif name == "squeezed":
            made = [Squeezed(width, right) for right in rights]
        elif name == "slow":
            made = [network.Block(2 * width if self.slow[0] <= i < self.slow[1] else width, int(i <= self.slow[0])) for i in range(blocks)]
            self.down, self.up = network.Conv(width, 2 * width, 2, 2), network.Conv(2 * width, width)
        else:
            raise ValueError(f"{name} is not a shape")
        self.blocks = nn.ModuleList(made)
        self.out, self.middle = nn.Conv1d(width, network.LABELS, 1), nn.Conv1d(made[blocks // 2 - 1].dw.conv.out_channels
                                                                             if name == "slow" else width, network.LABELS, 1)
        self.folded = False

    def forward(self, features, rows):
        steps = torch.div(rows + network.CONV0_STRIDE - 1, network.CONV0_STRIDE, rounding_mode="floor")
        n = int(steps.max())
        x = features * self.input_gain[:, None]
        left = network.CONV0_LEFT
        x = F.pad(x, (left, (n - 1) * network.CONV0_STRIDE + network.CONV0_TAPS - left - x.shape[2]))
        x = F.relu(self.conv0(x))
        mask = (torch.arange(n)[None] < steps[:, None])[:, None].to(x.dtype)
        x, half, here = x * mask, None, mask
        for i, block in enumerate(self.blocks):
            if i == self.slow[0] and i < len(self.blocks):
                fast, here = x, F.pad(mask, (0, n % 2))[:, :, ::2]
                x = F.relu(self.down(F.pad(x, (0, n % 2)))) * here
            if i == self.slow[1]:
                x, here = fast + self.up(x).repeat_interleave(2, 2)[:, :, :n] * mask, mask
            x = block(x, here)
            if i == len(self.blocks) // 2 - 1 and self.training:
                half = network.labelled(self.middle, x)
        half = half if half is None or half.shape[2] == n else half.repeat_interleave(2, 2)[:, :, :n]
        logs = F.log_softmax(network.labelled(self.out, x), 1).transpose(1, 2)
        return logs, None if half is None else F.log_softmax(half, 1).transpose(1, 2), steps


def multiply_adds(net):
    """Multiply-adds a second of sound, counted in a forward pass over ten seconds."""
    total = 0

    def count(module, _, y):
        nonlocal total
        total += (module.conv if isinstance(module, network.Conv) else module).weight.numel() * y.shape[2]

    hooks = [m.register_forward_hook(count) for m in net.modules() if isinstance(m, (network.Conv, nn.Conv1d))]
    training = net.training
    net.eval()
    with torch.no_grad():
        logs, _, _ = net(torch.zeros(1, network.FEATURES, 999), torch.tensor([999]))
    total += net.out.weight.numel() * logs.shape[1]
    net.train(training)
    for hook in hooks:
        hook.remove()
    return total / 9.99
