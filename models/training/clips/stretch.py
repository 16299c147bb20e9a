# SPDX-License-Identifier: Apache-2.0
"""Speech at another tempo and the same pitch: WSOLA (Verhelst and Roelands, 1993, An overlap-add technique based on waveform similarity)."""

import numpy as np

FRAME, SEEK = 480, 160                                  # at 16 kHz: 30 ms, and how far a frame may be moved either way, 10 ms
HALF = FRAME // 2
WINDOW = np.hanning(FRAME + 1)[:-1].astype(np.float32)


def stretched(x, ratio):
    """float32 x at 16 kHz, `ratio` times as long. Each frame is moved to where its waveform is most similar to the natural continuation of the
    frame before. Sound shorter than a frame is returned as it is."""
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
