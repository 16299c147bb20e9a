# SPDX-License-Identifier: Apache-2.0
"""Speech at another tempo and the same pitch: WSOLA (Verhelst and Roelands, 1993, An overlap-add technique based on waveform similarity)."""

import numpy as np

FRAME, SEEK = 480, 160                                  # 30 ms, and how far a frame may be moved to fit: 10 ms either way, at 16 kHz
HALF = FRAME // 2
WINDOW = np.hanning(FRAME + 1)[:-1].astype(np.float32)


def stretched(x, ratio):
    """float32 x at 16 kHz, `ratio` times as long. Frames are taken from it at `ratio` times their distance in the result, each moved to where
    it goes on most like the one before would have."""
    n = round(len(x) * ratio)
    if n < FRAME or len(x) < FRAME:
        return x
    padded = np.pad(x, (HALF + SEEK, FRAME + 2 * SEEK + HALF))
    out, natural = np.zeros(n + 2 * FRAME, np.float32), None
    for start in range(0, n + HALF, HALF):
        place = min(int(start / ratio), len(x)) + SEEK
        if natural is not None:
            seen = padded[place - SEEK:place + SEEK + FRAME]
            likeness = np.correlate(seen, natural, "valid")
            energy = np.cumsum(np.concatenate(([0], seen.astype(np.float64) ** 2)))
            place += int(np.argmax(likeness / np.sqrt(energy[FRAME:] - energy[:-FRAME] + 1))) - SEEK
        out[start:start + FRAME] += WINDOW * padded[place:place + FRAME]
        natural = padded[place + HALF:place + HALF + FRAME]
    return out[HALF:HALF + n]
