# SPDX-License-Identifier: Apache-2.0
"""Rooms: responses from a loudspeaker's place to a microphone's, by the image-source method (Allen and Berkley, 1979)."""

import numpy as np

RATE, SOUND_SPEED = 16000, 343.0


def image_source(size, source, microphone, reflection, seconds):
    """The response (float32, RATE * seconds samples) of a box of `size` metres whose walls reflect `reflection` (three factors of
    pressure, one for the walls across each axis). Each image arrives between two samples and is shared between them."""
    reach = SOUND_SPEED * seconds
    axes = []
    for length, s, m, r in zip(size, source, microphone, reflection):
        n = np.arange(-int(reach / (2 * length)) - 1, int(reach / (2 * length)) + 2)
        even, odd = 2 * n * length + s - m, 2 * n * length - s - m
        axes.append((np.concatenate([even, odd]) ** 2, r ** np.abs(np.concatenate([2 * n, 2 * n - 1]))))
    squares = axes[0][0][:, None, None] + axes[1][0][:, None] + axes[2][0]
    gains = axes[0][1][:, None, None] * axes[1][1][:, None] * axes[2][1]
    near = squares < reach ** 2
    distance = np.sqrt(squares[near])
    gains = gains[near] / np.maximum(distance, 0.1)
    at = distance * (RATE / SOUND_SPEED)
    whole = at.astype(int)
    part, n = at - whole, int(RATE * seconds) + 2
    response = np.bincount(whole, gains * (1 - part), n) + np.bincount(whole + 1, gains * part, n)
    return response[:-2].astype(np.float32)


def living_room(rng, far):
    """A response with the direct sound in its first millisecond and unit energy, of a room and places drawn from rng: RT60 0.15 to
    0.7 s, the speaker 0.3 to 5 m away; `far`: at least 1.5 m."""
    while True:
        size = np.array([rng.uniform(2.5, 8), rng.uniform(2, 6), rng.uniform(2.2, 3.2)])
        microphone, source = (rng.uniform(0.2, 1, 3) * (size - 0.4) for _ in range(2))
        distance = float(np.sqrt(((microphone - source) ** 2).sum()))
        if (1.5 if far else 0.3) < distance < 5:
            break
    rt60 = rng.uniform(0.15, 0.7)
    volume, surface = size.prod(), 2 * (size[0] * size[1] + size[1] * size[2] + size[0] * size[2])
    absorbed = min(0.9, 1 - np.exp(-0.161 * volume / (surface * rt60)))           # Eyring's formula
    reflection = np.clip(np.sqrt(1 - absorbed * rng.uniform(0.6, 1.4, 3)), 0.05, 0.99)
    response = image_source(size, source, microphone, reflection, min(0.4, 0.6 * rt60))
    response = response[max(0, int(distance * RATE / SOUND_SPEED) - 8):]
    return response / np.sqrt(np.sum(response ** 2))
