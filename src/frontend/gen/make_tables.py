#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tables.c in the folder given: window, cosine, mel, log2 and DCT tables of the front end.

Plain Python: every value is far enough from a rounding boundary that the last bit of a libm's cosine or logarithm does not matter
(checked below), so the file is the same wherever it is made. Formats: docs/FIXED-POINT.md.
"""
import math
import sys

COMMAND = "python3 src/frontend/gen/make_tables.py src/frontend/gen"
RATE, WINDOW, FFT, BANDS, LOW_HZ, HIGH_HZ = 16000, 400, 512, 40, 20.0, 7600.0


def rounded(x):
    """Nearest integer to x; refuses a value so near a boundary that another libm might round it the other way."""
    n = math.floor(x + 0.5)
    assert abs(abs(x - n) - 0.5) > 1e-6, x
    return n


def mel(hz):
    """Mel scale of HTK (Young et al., The HTK Book, 5.4)."""
    return 2595.0 * math.log10(1.0 + hz / 700.0)


def window_q15():
    """Hann, sampled at half-integers: symmetric and without zeros at its ends."""
    return [rounded(32768 * (0.5 - 0.5 * math.cos(2 * math.pi * (n + 0.5) / WINDOW))) for n in range(WINDOW)]


def cosine_q30():
    """One period; built from an eighth so that its symmetries hold exactly."""
    octant = [math.cos(2 * math.pi * n / FFT) for n in range(FFT // 8 + 1)]
    octant += [math.sin(2 * math.pi * (FFT // 4 - n) / FFT) for n in range(FFT // 8 + 1, FFT // 4 + 1)]
    quarter = [rounded(2**30 * c) for c in octant]
    half = quarter + [-c for c in reversed(quarter[:-1])]
    return half + half[-2:0:-1]


def mel_bands():
    """For each bin: the band on whose rising side it lies (0..40, 40 = only falling in 39), and that side's weight; the falling
    side of the band below has the rest. Bins outside the range: -1 and 0."""
    low, step = mel(LOW_HZ), (mel(HIGH_HZ) - mel(LOW_HZ)) / (BANDS + 1)
    bands, weights = [], []
    for k in range(FFT // 2 + 1):
        place = (mel(k * RATE / FFT) - low) / step
        inside = 0 < place < BANDS + 1
        bands.append(int(place) if inside else -1)
        weights.append(rounded(32768 * (place - int(place))) if inside else 0)
    return bands, weights


def log2_q16():
    """log2(1 + n / 256), n = 0..256."""
    return [rounded(65536 * math.log2(1 + n / 256)) for n in range(257)]


def dct_q15():
    """Orthonormal DCT-II: row = coefficient."""
    return [
        [rounded(32768 * math.sqrt((1 if i == 0 else 2) / BANDS) * math.cos(math.pi * i * (2 * j + 1) / (2 * BANDS))) for j in range(BANDS)]
        for i in range(BANDS)
    ]


def listed(values):
    lines, line = [], "   "
    for v in values:
        text = f" {v},"
        if len(line) + len(text) > 130:
            lines.append(line)
            line = "   "
        line += text
    return "\n".join(lines + [line]) + "\n"


def main(out):
    bands, weights = mel_bands()
    used = [k for k, b in enumerate(bands) if b >= 0]
    out.write(f"/* Made by: {COMMAND} */\n/* SPDX-License-Identifier: Apache-2.0 */\n")
    out.write('#include "frontend/gen/tables.h"\n\n/* clang-format off */\n')
    for head, values in (
        ("uint16_t frontend_window_q15[FRONTEND_WINDOW]", window_q15()),
        ("int32_t frontend_cosine_q30[FRONTEND_FFT_SIZE]", cosine_q30()),
        ("uint8_t frontend_mel_bins[FRONTEND_BANDS + 1]", [bands.count(b) for b in range(BANDS + 1)]),
        ("uint16_t frontend_mel_weight_q15[FRONTEND_N_BINS]", [weights[k] for k in used]),
        ("int32_t frontend_log2_q16[257]", log2_q16()),
    ):
        out.write(f"const {head} = {{\n{listed(values)}}};\n\n")
    dct = dct_q15()
    out.write("const int16_t frontend_dct_q15[FRONTEND_FEATURES][FRONTEND_BANDS] = {\n")
    for row in dct:
        out.write("    {\n" + listed(row) + "    },\n")
    out.write("};\n\n")
    out.write(f"const int32_t frontend_dct_sum_q15[FRONTEND_FEATURES] = {{\n{listed(map(sum, dct))}}};\n")
    assert used == list(range(1, 244)), used  # FRONTEND_FIRST_BIN, FRONTEND_N_BINS in tables.h


if __name__ == "__main__":
    with open(sys.argv[1] + "/tables.c", "w", encoding="ascii") as file:
        main(file)
