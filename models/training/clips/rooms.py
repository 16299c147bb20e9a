# SPDX-License-Identifier: Apache-2.0
"""Room responses from a speaker to a microphone, simulated with the image-source method (Allen and Berkley, 1979)."""

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


def absorbed(size, rt60):
    """The part of the energy that the walls of a box of `size` metres absorb for this RT60 in seconds, by Eyring's formula; at most 0.9."""
    volume, surface = size.prod(), 2 * (size[0] * size[1] + size[1] * size[2] + size[0] * size[2])
    return min(0.9, 1 - np.exp(-0.161 * volume / (surface * rt60)))


def of_unit_energy(response, distance):
    """A response without the time that the direct sound travels `distance` metres, less half a millisecond; its energy is 1."""
    response = response[max(0, int(distance * RATE / SOUND_SPEED) - 8):]
    return response / np.sqrt(np.sum(response ** 2))


def living_room(rng, far, furthest=5.0):
    """A response with the direct sound in its first millisecond and unit energy, of a room and places drawn from rng: RT60 0.15 to
    0.7 s, the speaker 0.3 to `furthest` metres away; `far`: at least 1.5 m."""
    while True:
        size = np.array([rng.uniform(2.5, 8), rng.uniform(2, 6), rng.uniform(2.2, 3.2)])
        microphone, source = (rng.uniform(0.2, 1, 3) * (size - 0.4) for _ in range(2))
        distance = float(np.sqrt(((microphone - source) ** 2).sum()))
        if (1.5 if far else 0.3) < distance < furthest:
            break
    rt60 = rng.uniform(0.15, 0.7)
    reflection = np.clip(np.sqrt(1 - absorbed(size, rt60) * rng.uniform(0.6, 1.4, 3)), 0.05, 0.99)
    return of_unit_energy(image_source(size, source, microphone, reflection, min(0.4, 0.6 * rt60)), distance)


def without_boom(response):
    """A response without what lies below 100 Hz. All images have the same sign, so the many late ones add up near 0 Hz, as in no real
    room; Allen and Berkley filter that, too. Zero phase."""
    n = 2 * len(response)
    frequency = np.fft.rfftfreq(n, 1 / RATE)
    return np.fft.irfft(np.fft.rfft(response, n) * (frequency ** 2 / (frequency ** 2 + 100.0 ** 2)), n)[:len(response)]


def decay_time(response):
    """The RT60 of a response in seconds, by its backward integral (Schroeder, 1965) between 5 and 25 dB below the beginning."""
    left = np.cumsum(response[::-1].astype(np.float64) ** 2)[::-1]
    return 3 * (np.argmax(left < left[0] * 10 ** -2.5) - np.argmax(left < left[0] * 10 ** -0.5)) / RATE


def specified_room(rng, rt60, distance):
    """A response to measure recognition with (float64, unit energy, the direct sound in its first millisecond): the speaker is `distance`
    metres from the microphone and the response decays in `rt60` seconds, within 3 %. All walls absorb alike. The room's size and the
    places are drawn from rng."""
    while True:
        size = np.array([rng.uniform(4.5, 7), rng.uniform(3.5, 5), rng.uniform(2.4, 2.8)])
        microphone = rng.uniform(0.3, 1, 3) * (size - 0.6)
        angle, height = rng.uniform(0, 2 * np.pi), rng.uniform(-0.6, 0.6)
        across = np.sqrt(distance ** 2 - height ** 2)
        source = microphone + (across * np.cos(angle), across * np.sin(angle), height)
        if (source > 0.3).all() and (source < size - 0.3).all():
            break
    eyring = rt60
    for _ in range(8):              # a flat box decays more slowly than Eyring's formula predicts
        reflection = np.full(3, np.sqrt(1 - absorbed(size, eyring)))
        response = without_boom(image_source(size, source, microphone, reflection, rt60))
        if abs(decay_time(response) / rt60 - 1) < 0.03:
            break
        eyring *= rt60 / decay_time(response)
    return of_unit_energy(response, distance)


def measured_room(rng, far, furthest=5.0):
    """A response like living_room's, in a room whose decay was measured: RT60 0.15 to 0.8 s, no boom (float32). Takes longer."""
    rt60, distance = rng.uniform(0.15, 0.8), rng.uniform(1.5 if far else 0.65, min(furthest, 3.2 if not far else furthest))
    return specified_room(rng, rt60, min(distance, 4.2)).astype(np.float32)
