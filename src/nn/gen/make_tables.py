#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes src/nn/gen/logsoftmax.c into the folder given: make_tables.py FOLDER."""
import sys
from decimal import Decimal, ROUND_HALF_EVEN, getcontext
from pathlib import Path

getcontext().prec = 50  # far beyond the 31 bits kept: no value depends on a math library


def rounded(value):
    return int(value.to_integral_value(ROUND_HALF_EVEN))


def table(name, values):
    lines = [f"const int32_t {name}[{len(values)}] = {{\n"]
    for i in range(0, len(values), 8):
        lines.append("    " + ", ".join(str(v) for v in values[i:i + 8]) + ",\n")
    return "".join(lines) + "};\n"


def main():
    whole = [rounded((-Decimal(i)).exp() * 2**30) for i in range(22)]
    part = [rounded((-Decimal(i) / 256).exp() * 2**30) for i in range(256)]
    ln = [rounded((1 + Decimal(i) / 128).ln() * 2**16) for i in range(129)]
    text = "/* SPDX-License-Identifier: Apache-2.0 */\n"
    text += "/* Made by src/nn/gen/make_tables.py: `make regen`. Exponential and logarithm for nn/logsoftmax.c. */\n"
    text += '#include "nn/logsoftmax.h"\n\n/* clang-format off */\n'
    text += "/* round(exp(-i) * 2^30) */\n" + table("nn_exp_whole_q30", whole)
    text += "\n/* round(exp(-i / 256) * 2^30) */\n" + table("nn_exp_part_q30", part)
    text += "\n/* round(ln(1 + i / 128) * 2^16) */\n" + table("nn_ln_q16", ln)
    Path(sys.argv[1], "logsoftmax.c").write_text(text)


main()
