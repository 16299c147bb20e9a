# SPDX-License-Identifier: Apache-2.0
"""The network of a model file, in the device's integers or as a float network to train further.

A model file holds everything that was learned; only the normalisations are folded into its weights. So a model can be trained further
without its checkpoint: `train.py --widen FILE`.
"""

import numpy as np
import torch

from device import program
from learning import net as network


def real(op):
    """The real factors by which an operation multiplies its sums."""
    return op["multiplier"] / 2.0 ** (op["shift"] if op["shift"] is not None else op["add_shift"])


def set_layer(conv, op, scale_in, scale_out):
    """Set real weights and biases whose quantisation gives the operation's integers again."""
    scale = torch.from_numpy(np.broadcast_to(real(op) * scale_out / scale_in, (op["n_out"],)).copy())
    w = torch.from_numpy(op["w"]).reshape(op["taps"], -1, op["n_out"]).permute(2, 1, 0)
    conv.conv.weight.copy_(w * scale[:, None, None])
    conv.bias.copy_(torch.from_numpy(op["bias"]) * scale * scale_in)


def network_of(made):
    """net.Net, folded, in float64 and in stage "int8", from a program.Program of its shape: the same integers as the device's."""
    conv0, *layers, out = (op for op in made.ops if op["kind"] != program.SKETCH)
    blocks = [layers[i:i + 4] for i in range(0, len(layers), 4)]
    look_ahead = sum(network.TAPS - 1 - dw["left"] for dw, *_ in blocks)
    net = network.Net(conv0["n_out"], len(blocks), look_ahead)
    net.stage("int8")
    net.double().eval()
    with torch.no_grad():
        net.input_range.bound.fill_(127)
        net.input_gain.copy_(torch.from_numpy(made.input_multipliers / 65536))
        net.conv0_range.bound.fill_(127)
        set_layer(net.conv0, conv0, 1, 1)
        scale = 1.0
        for block, (dw, pw1, pw2, add) in zip(net.blocks, blocks):
            ma, mb = real(add)
            s_sum = scale / ma
            s_pw2 = mb * s_sum
            for layer, op, scales in ((block.dw, dw, (scale, 1)), (block.pw1, pw1, (1, 1)), (block.pw2, pw2, (1, s_pw2))):
                set_layer(layer, op, *scales)
            for measured, s in ((block.dw_range, 1), (block.pw1_range, 1), (block.pw2_range, s_pw2), (block.sum_range, s_sum)):
                measured.bound.fill_(127 * s)
            scale = s_sum
        s_out = float(real(out)[0]) / scale / 256
        n = made.n_labels
        net.out.weight.copy_(torch.from_numpy(out["w"][:, :n].T.copy())[:, :, None] * s_out)
        net.out.bias.copy_(torch.from_numpy(out["bias"][:n]) * s_out * scale)
    return net


def unfolded(folded, features, rows):
    """A float network with normalisations that computes what `folded` (from network_of) does before rounding.

    The statistics of each convolution are measured on features (batch, 40, rows) and their counts, some minutes of augmented speech.
    Normalised values have unit variance, residual sums and features about that, as in a network that was never folded.
    """
    folded.stage("folded")
    steps = torch.div(rows + network.CONV0_STRIDE - 1, network.CONV0_STRIDE, rounding_mode="floor")
    sounding, seen = torch.arange(int(steps.max()))[None] < steps[:, None], {}

    def measure(module, _, y):
        y = y.transpose(1, 2)[sounding]
        spread = y.std(0)
        seen[module] = y.mean(0), spread, spread.clamp_min(0.1 * spread.median())   # the last is the divisor of the new layer's weights

    convs = [m for m in folded.modules() if isinstance(m, network.Conv)]
    hooks = [m.register_forward_hook(measure) for m in convs]
    folded.eval()
    with torch.no_grad():
        folded(features.double(), rows)
    for hook in hooks:
        hook.remove()

    net = network.Net(**folded.shape)
    gain = 1 / (features * folded.input_gain[:, None]).std((0, 2)).mean()       # of the features: one factor for all
    stream = 1 / seen[folded.blocks[-1].pw2][1].median()                          # of the residual sums

    def set_conv(new, old, scale_in, keep):
        """scale_in: (n_in,), by how much its inputs have become smaller. keep: its normalisation's factor is its spread times this, or 1."""
        mean, measured, spread = seen[old]
        new.conv.weight.copy_(old.conv.weight * scale_in / spread[:, None, None])
        new.norm.running_mean.copy_((mean - old.bias) / spread)
        new.norm.running_var.copy_((measured / spread) ** 2)
        new.norm.weight.copy_(torch.sqrt(new.norm.running_var + new.norm.eps) * (spread * keep if keep else 1))
        new.norm.bias.copy_(mean * keep if keep else mean / spread)

    with torch.no_grad():
        net.input_gain.copy_(folded.input_gain * gain)
        set_conv(net.conv0, folded.conv0, 1 / gain, stream)
        for new, old in zip(net.blocks, folded.blocks):
            set_conv(new.dw, old.dw, 1 / stream, None)
            set_conv(new.pw1, old.pw1, seen[old.dw][2][None, :, None], None)
            set_conv(new.pw2, old.pw2, seen[old.pw1][2][None, :, None], stream)
        net.out.weight.copy_(folded.out.weight / stream)
        net.out.bias.copy_(folded.out.bias)
        net.middle.weight.copy_(net.out.weight)                                   # not in the file; its input is similar
        net.middle.bias.copy_(net.out.bias)
    return net
