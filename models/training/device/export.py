#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Write a trained, folded network as the device's model file: integers, scales and passport.

export.py CHECKPOINT --frontend LIB --people DIR --passport FILE --out models/en/acoustic.tragus

The checkpoint must be of the last stage of training, which simulates int8; quantise.py takes one of the float stage. The integers are those
that training simulated: weights at their channel's scale, activations at their tensor's, one rounding in each layer. The file contains a
test vector that program.py computes from the definition of the operations, independently of the C runtime.
"""

import argparse
import hashlib
import pathlib
import re
import sys

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # the folder of these packages
from speech import coverage  # noqa: E402
from clips import corpus, frontend  # noqa: E402
from learning import net as network  # noqa: E402
from device import program  # noqa: E402


def convert(net):
    """A folded Net -> program.Program."""
    s_in = net.input_range.scale
    out = program.Program(net.input_multipliers().numpy())

    def layer(conv, scale_in, scale_out):
        """(weights as (taps, n_in, n_out), bias, multiplier, shift) of one folded convolution."""
        scale = conv.weight_scale()
        w = conv.weight_integers().detach().numpy().astype(np.int64)
        scale = scale.numpy().astype(np.float64)[:, 0, 0]
        bias = np.rint(conv.bias.detach().numpy() / (scale_in * scale)).astype(np.int64)
        multiplier, shift = program.quantise_multipliers(scale_in * scale / scale_out)
        return w.transpose(2, 1, 0), bias, multiplier, shift

    scale = net.conv0_range.scale
    x = out.conv(0, *layer(net.conv0, s_in, scale), stride=network.CONV0_STRIDE, left=network.CONV0_LEFT, relu=True)
    for block in net.blocks:
        s_dw, s_pw1, s_pw2, s_sum = (r.scale for r in (block.dw_range, block.pw1_range, block.pw2_range, block.sum_range))
        w, *rest = layer(block.dw, scale, s_dw)
        y = out.depthwise(x, w[:, 0], *rest, left=network.TAPS - 1 - block.right)
        w, *rest = layer(block.pw1, s_dw, s_pw1)
        y = out.pointwise(y, w[0], *rest, relu=True, bits=net.shape["weight_bits"])
        w, *rest = layer(block.pw2, s_pw1, s_pw2)
        y = out.pointwise(y, w[0], *rest, bits=net.shape["weight_bits"])
        x = out.add(x, y, *program.quantise_add(scale / s_sum, s_pw2 / s_sum))
        scale = s_sum
    s_out = float(net.out_scale())
    w = network.quantised(net.out.weight.detach(), net.out_scale()).numpy().astype(np.int64)[:, :, 0].T
    bias = np.rint(net.out.bias.detach().numpy() / (scale * s_out)).astype(np.int64)
    out.logits(x, w, bias, *program.quantise_multiplier(scale * s_out * 256))          # Q8 of nats
    return out


def floats(net):
    """A folded Net's gains, biases and weights as the bytes of the section "float32" (tests/float32/nn_float32.c)."""
    def layer(weight, bias):
        """(n_out, n_in, taps) -> bias and [taps * n_in][n_out], outputs padded to whole blocks."""
        n_out = weight.shape[0]
        w = weight.permute(2, 1, 0).reshape(-1, n_out).numpy()
        padding = -n_out % program.OUT_BLOCK
        return [np.pad(bias.numpy(), (0, padding)), np.pad(w, ((0, 0), (0, padding)))]

    with torch.no_grad():
        arrays = [net.input_gain.numpy()] + layer(net.conv0.conv.weight, net.conv0.bias)
        for block in net.blocks:
            for conv in (block.dw, block.pw1, block.pw2):
                arrays += layer(conv.conv.weight, conv.bias)
        arrays += layer(net.out.weight, net.out.bias)
    return b"".join(np.ascontiguousarray(a, "<f4").tobytes() for a in arrays)


def prior_bias(data, part):
    """(39,) nats to add to the phones' logits, which divides `part` of the logarithm of each phone's prior out of the posteriors (Bourlard and
    Morgan, 1994). Priors are counted in data/texts-*.tsv. The decoder then adds scores that are closer to the likelihood of the sound given the
    phone. Without it a network prefers frequent phones in noise. The blank and the mean of the phones do not change."""
    lists = sorted(data.glob("texts-*.tsv"))
    if part and not lists:
        raise SystemExit(f"export: there are no texts-*.tsv in {data}, in which phones are counted: models/training/prepare makes them")
    phones, _, _ = coverage.count(lists, corpus.read_dictionary(corpus.DICTIONARY))
    shares = np.array([phones[corpus.PHONE[name]] for name in corpus.PHONES], np.float64) + 1
    rare = -np.log(shares / shares.sum())
    return part * (rare - (shares * rare).sum() / shares.sum())


def divide_by_prior(net, arguments):
    """prior_bias() on a network's last layer."""
    with torch.no_grad():
        net.out.bias[1:] += torch.from_numpy(prior_bias(pathlib.Path(arguments.people).parent, arguments.label_prior)).to(net.out.bias.dtype)


def add_arguments(parser):
    """Add the options that write() reads."""
    parser.add_argument("--label-prior", type=float, default=0.3, help="this part of the phones' prior is divided out")
    parser.add_argument("--frontend", required=True)
    parser.add_argument("--people", required=True, help="folder of shards; the test vector is two seconds of its first clip")
    parser.add_argument("--passport", required=True,
                        help="text with {steps}, {heard}, {seed}, {macs}, {look_ahead}, {weights}, {label_prior}, {hours:SHARDS} and {sha256:LIST} to be "
                        "filled in; SHARDS (a pattern) and LIST lie beside the folder of --people")
    parser.add_argument("--out", required=True)


def write(net, state, front, clips, arguments, float32=None):
    """Write a network in stage "int8", trained as the checkpoint `state` says, as a model file; float32: see floats()."""
    features = front(clips[0].sound()[:32000])
    made = convert(net)
    assert (net.posteriors(features) == made.simulate(features)).all(), "the program computes other posteriors than the trained network"
    steps_s = 100 / network.CONV0_STRIDE
    shape = state["shape"]
    weights = sum(op["w"].size for op in made.ops)
    look_ahead = 10 * (network.CONV0_TAPS - 1 - network.CONV0_LEFT) + 30 * shape["look_ahead_blocks"]
    text = open(arguments.passport, encoding="utf-8").read()
    for key, value in dict(steps=state["step"], heard=f"{state['heard'] / 3600:.0f}", seed=state["arguments"]["seed"],
                           macs=f"{weights * steps_s / 1e6:.0f}", look_ahead=look_ahead, weights=weights,
                           label_prior=f"{arguments.label_prior:g}").items():
        text = text.replace("{" + key + "}", str(value))
    data = pathlib.Path(arguments.people).parent
    text = re.sub(r"\{hours:([^}]+)\}", lambda m: f"{sum(f.stat().st_size for f in data.glob(m[1])) / 2 / 16000 / 3600:.2f} hours", text)
    text = re.sub(r"\{sha256:([^}]+)\}", lambda m: hashlib.sha256((data / m[1]).read_bytes()).hexdigest()[:16], text)
    made.write(arguments.out, ["<blank>"] + list(corpus.PHONES), text, features, float32)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    add_arguments(parser)
    arguments = parser.parse_args()
    state = torch.load(arguments.checkpoint)
    if not state["folded"]:
        parser.error(f"{arguments.checkpoint} is of the float stage; quantise.py writes it")
    net = network.Net(**state["shape"])
    net.stage("int8")
    net.load_state_dict(state["net"])
    net.eval()
    divide_by_prior(net, arguments)
    front, clips = frontend.FrontEnd(arguments.frontend), corpus.load(arguments.people, corpus.read_dictionary(corpus.DICTIONARY))[0]
    write(net, state, front, clips, arguments)


if __name__ == "__main__":
    main()
