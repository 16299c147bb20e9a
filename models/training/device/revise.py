#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Change a model file without training: the values of its passport, and how much of the phones' prior is divided out.

revise.py MODEL.tragus --out FILE [--set KEY=VALUE ...] [--label-prior PART --data DIR]

KEY is a line of the passport and is added if it is missing; without a VALUE it is removed. PART is added to what was divided out before (export.py --label-prior); DIR holds
the texts-*.tsv of `prepare`. The file's test vector is computed anew.
"""

import argparse
import pathlib
import re
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # the folder of these packages
from clips import corpus  # noqa: E402
from device import export, program, restore, store  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--out", required=True)
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE")
    parser.add_argument("--label-prior", type=float, default=0.0, metavar="PART")
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path.home() / ".cache/tragus-training")
    arguments = parser.parse_args()
    made, features, _ = program.Program.read(arguments.model)
    passport = bytes(store.read(arguments.model)[1]["passport"]).decode()
    for said in arguments.set:
        key, value = said.split("=", 1)
        passport, n = re.subn(rf"^{re.escape(key)}: .*\n", f"{key}: {value}\n" if value else "", passport, flags=re.MULTILINE)
        if n > 1:
            parser.error(f"{key} stands {n} times in the passport of {arguments.model}")
        if n == 0 and value:
            passport = passport.rstrip("\n") + f"\n{key}: {value}\n"
    if arguments.label_prior:
        before = float((re.findall(r"^label_prior: (.*)$", passport, re.MULTILINE) or [0])[0])
        passport = re.sub(r"^label_prior: .*\n", "", passport, flags=re.MULTILINE).rstrip("\n")
        passport += f"\nlabel_prior: {before + arguments.label_prior:g}\n"
        logits = made.ops[-1]
        nats = float(np.ravel(restore.real(logits))[0]) / 256                                    # by unit of the sums
        logits["bias"] = logits["bias"].copy()
        logits["bias"][1:made.n_labels] += np.rint(export.prior_bias(arguments.data, arguments.label_prior) / nats).astype(logits["bias"].dtype)
    made.write(arguments.out, ["<blank>"] + corpus.PHONES, passport, features)


if __name__ == "__main__":
    main()
