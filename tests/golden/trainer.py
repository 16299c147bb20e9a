#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the training simulates against what the device computes, bit for bit, on the model that is shipped.

The model file carries features and the posteriors that the C runtime must give for them (tests/unit/nn). Here the network of
models/training/net.py is built from the file's integers and must give the same posteriors, in the stage in which it is trained. So
must program.py, which is written from the definition of the operations alone. Float64, in which the file's multipliers are exact.
"""
import pathlib
import sys

try:
    import numpy as np
    import torch
except ImportError as missing:
    print(f"skipped: python3-{missing.name} is not installed")
    sys.exit(77)

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(TOP / "models" / "training"))
import net as network  # noqa: E402
import program  # noqa: E402


def real(op):
    """The factors that an operation multiplies its sums with."""
    return op["multiplier"] / 2.0 ** (op["shift"] if op["shift"] is not None else op["add_shift"])


def set_layer(conv, op, scale_in, scale_out):
    """Weights and bias in reals, so that their quantisation gives the operation's integers again."""
    scale = torch.from_numpy(np.broadcast_to(real(op) * scale_out / scale_in, (op["n_out"],)).copy())
    w = torch.from_numpy(op["w"]).reshape(op["taps"], -1, op["n_out"]).permute(2, 1, 0)
    conv.conv.weight.copy_(w * scale[:, None, None])
    conv.bias.copy_(torch.from_numpy(op["bias"]) * scale * scale_in)


def network_of(made):
    """net.Net, folded and in stage "int8", from a program.Program of its shape."""
    conv0, *layers, out = made.ops
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


def main():
    made, features, expected = program.Program.read(TOP / "models" / "en" / "acoustic.tragus")
    failed = False
    for name, posteriors in (("program.py", made.simulate(features)), ("net.py", network_of(made).posteriors(features))):
        different = int((posteriors != expected).sum())
        print(f"{name}: {different} of {expected.size} posteriors differ from the model file's")
        failed |= different != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
