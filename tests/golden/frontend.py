#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the front end with an independent computation of the same formula in float64.

No C tables are read: window, mel triangles and DCT are computed from their formulae, so an error in a table is detected, too. Only the
prior of the mean is read, because it is data. Sounds: synthetic ones (noise, tones, pulses, a voice), and the spoken test sounds of
alsa-utils if they are installed, read as if they were at 16 kHz.

The tolerance: the C code rounds the frame to 16 bits below its peak and the spectrum to steps of 32. Together they add noise with
variance q^2 (32^2 / 6 + 400 / 12) to a bin, where q is the unit of the scaled frame (2^-15 to 2). The 16-bit window adds 2^-30 / 12
times the energy of the frame before it (noticeable only for a pulse at the edge of the window). For a band with energy E and noise N,
four standard deviations in the amplitude change log2 E by 2 log2(1 + 4 sqrt(N / E)); rounding to Q8, tables and logarithm add 1 / 256.
For a band 60 dB above the noise that is 4 / 256. The cepstra are compared with DCT and mean of C's own log-mel: tables of 16 bits and
three roundings, 4 / 256.
"""
import ctypes
import glob
import os
import re
import sys
import wave

try:
    import numpy as np
except ImportError:
    print("skipped: python3-numpy is not installed")
    sys.exit(77)

BOUND_FEATURES = 4 / 256


def log_mel_float(pcm):
    """int16[n] -> float64[n // 160, 40]: log2 of the mel energies; and the tolerance of C's (same shape, log2 units)."""
    n_rows = len(pcm) // 160
    x = np.concatenate([pcm[: n_rows * 160].astype(float), np.zeros(320)])
    x = x - 0.97 * np.concatenate([[0.0], x[:-1]])
    window = np.sin(np.pi * (np.arange(400) + 0.5) / 400) ** 2
    frames = np.stack([x[160 * i : 160 * i + 400] for i in range(n_rows)])
    window_noise = (frames**2).sum(axis=1) * 2.0**-30 / 12
    frames = frames * window
    power = np.abs(np.fft.rfft(frames, 512)) ** 2
    mel = lambda hz: 2595 * np.log10(1 + hz / 700)
    edges = np.linspace(mel(20), mel(7600), 42)
    bins = mel(np.arange(257) * 16000 / 512)
    rising = (bins - edges[:-2, None]) / (edges[1] - edges[0])
    triangles = np.maximum(0, np.minimum(rising, 2 - rising))
    energy = power @ triangles.T + 128
    peak = np.abs(frames).max(axis=1)
    unit = 2.0 ** np.maximum(-15, np.ceil(np.log2(np.maximum(peak, 1e-9) / 32767.5)))
    noise = (unit**2 * (32**2 / 6 + 400 / 12) + window_noise)[:, None] * triangles.sum(axis=1)
    return np.log2(energy), 2 * np.log2(1 + 4 * np.sqrt(noise / energy)) + 1 / 256


def features_float(log_mel, prior):
    """float64[rows, 40] log-mel -> mean-normalised cepstra: DCT-II by its definition, then the recursive mean."""
    n = np.arange(40)
    dct = np.sqrt(2 / 40) * np.cos(np.pi / 40 * np.outer(n, n + 0.5))
    dct[0] /= np.sqrt(2)
    mean, rows = prior.astype(float), []
    for t, row in enumerate(log_mel @ dct.T):
        mean = mean + (row - mean) / min(101 + t, 300)
        rows.append(row - mean)
    return np.clip(np.array(rows), -128, 127.996)


def sounds():
    """name -> int16 samples."""
    rng = np.random.default_rng(20)
    t = np.arange(3 * 16000) / 16000
    voice = np.zeros(len(t))
    for k in range(1, 40):
        pitch = np.cumsum(110 + 20 * np.sin(2 * np.pi * 1.3 * t)) / 16000
        formants = sum(1 / (1 + ((k * 115 - f) / 90) ** 2) for f in (500 + 300 * np.sin(2 * np.pi * 2 * t), 1700, 2600))
        voice += np.cos(2 * np.pi * k * pitch) * formants
    voice *= np.maximum(0, np.sin(2 * np.pi * 3 * t)) * 6000
    made = {
        "white noise": rng.normal(0, 3000, len(t)),
        "faint noise": rng.normal(0, 0.7, len(t)),
        "noise that swells": rng.normal(0, 1, len(t)) * np.exp(4 * t - 2),
        "tone": 20000 * np.sin(2 * np.pi * 1000 * t),
        "sweep": 30000 * np.sin(2 * np.pi * 1200 * t * t),
        "square": 32767 * np.sign(np.sin(2 * np.pi * 330 * t + 0.1)),
        "pulses": 32767.0 * (np.arange(len(t)) % 1777 == 0),
        "voice": voice,
        "voice in noise": voice + rng.normal(0, 60, len(t)),
        "silence": np.zeros(16000),
    }
    found = {name: np.clip(np.rint(x), -32768, 32767).astype(np.int16) for name, x in made.items()}
    for path in sorted(glob.glob("/usr/share/sounds/alsa/*.wav")):
        with wave.open(path) as file:
            if file.getsampwidth() == 2 and file.getnchannels() == 1:
                found[os.path.basename(path)] = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    return found


def run_c(function, pcm):
    """int16[n] -> int16[n // 160, 40] with a function of the module."""
    pcm = np.ascontiguousarray(pcm)
    rows = np.zeros((len(pcm) // 160, 40), dtype=np.int16)
    n = function(ctypes.c_void_p(pcm.ctypes.data), ctypes.c_size_t(len(pcm)), ctypes.c_void_p(rows.ctypes.data), ctypes.c_size_t(len(rows)))
    assert n == len(rows), n
    return rows


def main():
    top, build = os.environ.get("abs_top_srcdir", "."), os.environ.get("abs_top_builddir", ".")
    if os.environ.get("EMULATOR"):
        print("skipped: the module is built for another machine; frontend_bits compares the bits there")
        return 77
    module = ctypes.CDLL(sys.argv[1] if len(sys.argv) > 1 else f"{build}/models/training/.libs/libfrontend.so")
    with open(f"{top}/src/frontend/gen/mean_prior.c", encoding="ascii") as file:
        prior = np.array([int(v) for v in re.findall(r"-?\d+(?=,)", file.read().split("= {")[1])]) / 256
    failed = False
    for name, pcm in sounds().items():
        expected, bound = log_mel_float(pcm)
        log_mel, features = run_c(module.training_log_mel, pcm) / 256, run_c(module.training_features, pcm) / 256
        error = np.abs(log_mel - expected)
        later_error = np.abs(features - features_float(log_mel, prior)).max()
        loud = bound < 4 / 256
        print(f"{name}: log-mel off by at most {error.max() * 256:.1f}/256, {(error / bound).max():.2f} of the bound; where 60 dB over the"
              f" rounding ({100 * loud.mean():.0f} %) {error[loud].max(initial=0) * 256:.1f}; {error.mean() * 256:.2f} on the average;"
              f" features from it {later_error * 256:.1f}; both {np.abs(features - features_float(expected, prior)).max() * 256:.1f}")
        failed |= bool((error > bound).any()) or later_error > BOUND_FEATURES
    if failed:
        print("failed: further from the formula than rounding explains")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
