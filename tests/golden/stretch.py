#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests speech at another tempo (models/training/clips/stretch.py): the length changes, the pitch does not; the ratio 1 changes nothing."""
import pathlib
import sys

try:
    import numpy as np
except ImportError:
    print("skipped: python3-numpy is not installed")
    sys.exit(77)

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "models" / "training"))
from clips import stretch  # noqa: E402

RATE = 16000


def main():
    t = np.arange(2 * RATE) / RATE
    voice = sum(3000 / k * np.sin(2 * np.pi * 140 * k * t + k) for k in range(1, 20)) * (1.2 + np.sin(2 * np.pi * 4 * t))
    voice = voice.astype(np.float32)
    failed = float(np.abs(stretch.stretched(voice, 1.0) - voice).max()) > 1
    for ratio in (0.8, 0.9, 1.1, 1.25):
        slower = stretch.stretched(voice, ratio)
        spectrum = np.abs(np.fft.rfft(slower * np.hanning(len(slower))))
        pitch = np.argmax(spectrum) * RATE / len(slower)
        between = spectrum[int(len(slower) * 200 / RATE):int(len(slower) * 220 / RATE)].max() / spectrum.max()
        loud = slower.std() / voice.std()
        print(f"{ratio} times as long: {len(slower) / len(voice):.3f}, pitch {pitch:.1f} Hz, level {loud:.2f}, between two partials {between:.4f}")
        failed |= abs(len(slower) - ratio * len(voice)) > 1 or abs(pitch - 140) > 1 or abs(loud - 1) > 0.05 or between > 0.02
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
