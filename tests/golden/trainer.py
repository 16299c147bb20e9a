#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the training simulates against what the device computes, bit for bit, on the model that is shipped.

The model file carries features and the posteriors that the C runtime must give for them (tests/unit/nn). Here the network of
models/training/net.py is built from the file's integers and must give the same posteriors, in the stage in which it is trained. So
must program.py, which is written from the definition of the operations alone. Float64, in which the file's multipliers are exact.

Then the float network that training goes on from: with its normalisations put back, and made wider, it must still compute the same.
Quantised again in each way of quantise.py, its ranges measured on the very features, it must stay near, and what would be written to a
file must compute what the trainer does.
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
import export  # noqa: E402
import net as network  # noqa: E402
import program  # noqa: E402
import quantise  # noqa: E402
import restore  # noqa: E402


def main():
    made, features, expected = program.Program.read(TOP / "models" / "en" / "acoustic.tragus")
    failed = False
    for name, posteriors in (("program.py", made.simulate(features)), ("net.py", restore.network_of(made).posteriors(features))):
        different = int((posteriors != expected).sum())
        print(f"{name}: {different} of {expected.size} posteriors differ from the model file's")
        failed |= different != 0

    folded = restore.network_of(made)
    x, rows = torch.from_numpy(features.T[None].astype(np.float32)), torch.tensor([len(features)])
    unfolded = restore.unfolded(folded, x, rows)                        # folded is in stage "folded" now
    wider = network.widened(unfolded, unfolded.shape["width"] + 32, unfolded.shape["look_ahead_blocks"] + 2, 1)
    with torch.no_grad():
        wanted = folded(x.double(), rows)[0]
        worst = float((unfolded.eval()(x, rows)[0] - wanted).abs().max())
        print(f"a float network again: log-posteriors differ by {worst:.5f} nats at most")
        same = float((wider.eval()(x, rows)[0].argmax(2) == wanted.argmax(2)).float().mean())
        print(f"a wider one that looks further ahead: {100 * same:.0f} % of the steps have the same best label")
        failed |= not (worst < 1e-2 and same > 0.9)
    for name, (bits, method, options) in quantise.WAYS.items():
        net = network.Net(**{**unfolded.shape, "weight_bits": bits})
        net.load_state_dict(unfolded.state_dict())
        quantise.quantised_net(net, [x], method, **options)
        posteriors = net.posteriors(features)
        off = float(np.abs(posteriors / 256 - wanted[0].numpy()).mean())
        differ = int((posteriors != export.convert(net).simulate(features)).sum())
        print(f"quantised, {name}: {off:.3f} nats off in the mean; {differ} posteriors differ from the program's")
        failed |= differ != 0 or not off < (0.2 if bits == 8 else 1.0)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
