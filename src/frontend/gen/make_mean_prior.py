#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes src/frontend/gen/mean_prior.c: the mean of each cepstral coefficient before any sound was heard.

    python3 src/frontend/gen/make_mean_prior.py LIBFRONTEND FOLDER > src/frontend/gen/mean_prior.c

LIBFRONTEND is the module that models/training/clips/frontend_module.c builds (only its log-mel rows are used, which do not depend on this
table); FOLDER holds recordings of many people on many microphones (Opus). Every 8th file is taken, its first 5 s, and rows in
digital silence are left out. Needs opusdec or libsndfile (ctypes).
"""
import ctypes
import glob
import os
import sys

import numpy as np

FLOOR_Q8 = 7 * 256
SECONDS = 5


class SfInfo(ctypes.Structure):
    _fields_ = [("frames", ctypes.c_int64)] + [(n, ctypes.c_int) for n in ("rate", "channels", "format", "sections", "seekable")]


def read_sound(sndfile, path):
    """First seconds of a mono file at 48 or 16 kHz, as int16 at 16 kHz."""
    info = SfInfo()
    handle = sndfile.sf_open(path.encode(), 0x10, ctypes.byref(info))
    if not handle:
        raise SystemExit(f"{path}: cannot be read")
    pcm = np.zeros(info.rate * SECONDS * info.channels, dtype=np.int16)
    n = sndfile.sf_readf_short(ctypes.c_void_p(handle), pcm.ctypes.data_as(ctypes.c_void_p), ctypes.c_int64(info.rate * SECONDS))
    sndfile.sf_close(ctypes.c_void_p(handle))
    assert info.channels == 1 and info.rate in (16000, 48000), path
    pcm = pcm[:n]
    if info.rate == 48000:  # a plain low-pass is enough for a mean
        taps = np.sinc(np.arange(-48, 49) / 3) * np.hamming(97) / 3
        pcm = np.clip(np.rint(np.convolve(pcm, taps, "same")[::3]), -32768, 32767).astype(np.int16)
    return np.ascontiguousarray(pcm)


def main(module, folder):
    sndfile = ctypes.CDLL("libsndfile.so.1")
    sndfile.sf_open.restype = ctypes.c_void_p
    frontend = ctypes.CDLL(os.path.abspath(module))
    total, n_rows = np.zeros(40), 0
    files = sorted(glob.glob(os.path.join(folder, "*.opus")))[::8]
    for path in files:
        pcm = read_sound(sndfile, path)
        rows = np.zeros((len(pcm) // 160 + 1, 40), dtype=np.int16)
        n = frontend.training_log_mel(pcm.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(len(pcm)),
                                      rows.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(len(rows)))
        rows = rows[:n]
        rows = rows[rows.max(axis=1) > FLOOR_Q8 + 256]
        total += rows.sum(axis=0)
        n_rows += len(rows)
    i, j = np.arange(40)[:, None], np.arange(40)[None, :]
    dct = np.where(i == 0, np.sqrt(1 / 40), np.sqrt(2 / 40)) * np.cos(np.pi * i * (2 * j + 1) / 80)
    mean = [int(round(v)) for v in dct @ (total / n_rows)]
    print("/* Made by: python3 src/frontend/gen/make_mean_prior.py LIBFRONTEND FOLDER > src/frontend/gen/mean_prior.c */")
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print(f"/* From {len(files)} clips of Common Voice (CC0), {n_rows} rows. */")
    print('#include "frontend/gen/tables.h"\n\n/* clang-format off */')
    print("const int32_t frontend_mean_prior_q8[FRONTEND_FEATURES] = {")
    for k in range(0, 40, 10):
        print("    " + " ".join(f"{v}," for v in mean[k : k + 10]))
    print("};")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(sys.argv[1], sys.argv[2])
