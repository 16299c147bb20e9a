# SPDX-License-Identifier: Apache-2.0
"""Noise as in a home: recordings, synthetic noise, music, clatter, other speakers."""

import csv
import pathlib

import numpy as np
from scipy import fft, signal

RATE = 16000


def excerpt(pcm, n, rng, speed=1.0):
    """n samples of pcm as float32 from a random place on, in a loop, played `speed` times as fast."""
    taken = int(n * speed) + 2
    start = int(rng.integers(len(pcm)))
    if start + taken <= len(pcm):
        out = pcm[start:start + taken]
    else:
        out = np.resize(np.concatenate([pcm[start:], pcm[:start]]), taken)
    return out[:n].astype(np.float32) if speed == 1 else np.interp(np.arange(n) * speed, np.arange(taken), out).astype(np.float32)


def coloured(n, rng):
    """White to brown noise, sometimes with mains hum."""
    out = signal.lfilter([1.0], [1.0, -rng.uniform(0.0, 0.98)], rng.standard_normal(n)).astype(np.float32)
    if rng.random() < 0.3:
        out += np.sin(2 * np.pi * rng.choice((50, 60, 100, 120)) * np.arange(n, dtype=np.float32) / RATE) * rng.uniform(0, 3)
    return out


def hiss(n, rng):
    """Like water, frying or wind: noise with a random spectrum whose level rises and falls, slowly or quickly."""
    quick = fft.next_fast_len(n, real=True)
    half = quick // 2 + 1
    shape = np.interp(np.arange(half), [0, *np.sort(rng.uniform(0, half, 12)), half], 10 ** rng.uniform(-1.5, 0, 14)).astype(np.float32)
    out = fft.irfft(fft.rfft(rng.standard_normal(quick, np.float32)) * shape, quick)[:n]
    often, depth = RATE / rng.choice((1, 4, 20, 60)), rng.uniform(0, 1.2)
    swells = 10 ** (depth * rng.uniform(-1, 0, int(n / often) + 2))
    return out * np.interp(np.arange(n) / often, np.arange(len(swells)), swells).astype(np.float32)


def machine(n, rng):
    """Like a motor: harmonics of a varying speed through two band-pass filters, with hiss."""
    wander = np.interp(np.arange(n), np.linspace(0, n, 6), rng.uniform(1, 1 + rng.choice((0.01, 0.05, 0.4)), 6))
    turns = np.cumsum(rng.uniform(20, 250) * wander) / RATE
    pulses = ((turns % 1) ** rng.uniform(1, 20)).astype(np.float32)
    bodies = [signal.butter(1, np.sort(rng.uniform(100, 7000, 2)) + (0, 50), "bandpass", fs=RATE, output="sos") for _ in range(2)]
    out = sum(signal.sosfilt(body, pulses - pulses.mean()).astype(np.float32) for body in bodies)
    noise = hiss(n, rng)
    return out + noise * np.float32(np.sqrt((np.mean(out ** 2) + 1e-9) / (np.mean(noise ** 2) + 1e-9)) * 10 ** rng.uniform(-1, 0.5))


def clatter(n, rng):
    """Like dishes and cutlery: short strikes of objects that ring at a few high frequencies each, over faint noise."""
    out = rng.standard_normal(n).astype(np.float32) * np.float32(10 ** rng.uniform(-3, -1.5))
    things = []
    for _ in range(rng.integers(2, 6)):
        length = int(RATE * rng.uniform(0.03, 0.3))
        t = np.arange(length, dtype=np.float32) / RATE
        ring = sum(rng.uniform(0.2, 1) * np.sin(2 * np.pi * f * t + rng.uniform(0, 6)) for f in rng.uniform(600, 7000, rng.integers(2, 6)))
        ring = ring + rng.uniform(0, 2) * rng.standard_normal(length) * np.exp(-t * 300)
        things.append((ring * np.exp(-t * 5 / t[-1])).astype(np.float32))
    at = 0.0
    while (at := at + RATE * rng.exponential(0.25)) < n:
        thing = things[rng.integers(len(things))][:n - int(at)]
        out[int(at):int(at) + len(thing)] += thing * np.float32(10 ** rng.uniform(-1, 0))
    return out


def music(n, rng):
    """Chords of harmonic tones, plucked or held, at a constant beat, with or without a drum."""
    beat, out = int(RATE * rng.uniform(0.18, 0.6)), np.zeros(n, np.float32)
    key, decay, drum = rng.uniform(80, 300), rng.uniform(0.5, 8), rng.random() < 0.5
    overtones = rng.uniform(0, 1, 6) * np.arange(1, 7) ** -rng.uniform(0.5, 2)
    t = np.arange(min(n, 2 * beat), dtype=np.float32) / RATE
    for start in range(-int(rng.integers(beat)), n, beat):
        note = np.zeros(len(t), np.float32)
        for _ in range(rng.integers(1, 4)):
            f = key * 2 ** (rng.choice((0, 2, 4, 5, 7, 9, 11, 12, 14, 16)) / 12)
            note += sum(a * np.sin(2 * np.pi * f * (k + 1) * t) for k, a in enumerate(overtones) if f * (k + 1) < 7500).astype(np.float32)
        note *= np.exp(-decay * t) * np.minimum(1, t * 200)
        if drum:
            note += 3 * rng.standard_normal(len(t)).astype(np.float32) * np.exp(-t * 40)
        low, high = max(0, start), max(0, min(n, start + len(note)))
        out[low:high] += note[low - start:high - start]
    return out


def babble(n, rng, others, voices):
    """`voices` clips of `others` at once, at levels up to 8 dB apart."""
    out = np.zeros(n, np.float32)
    for _ in range(voices):
        out += excerpt(others[rng.integers(len(others))].sound(), n, rng) * np.float32(10 ** rng.uniform(-0.4, 0))
    return out


class Noises:
    """Draws noise. `recordings`: by kind, those of folder/train that folder/LIST.tsv lists, int16."""

    def __init__(self, folder):
        import soundfile
        folder, self.recordings = pathlib.Path(folder), {}
        with open(folder / "LIST.tsv", encoding="utf-8") as lines:
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
                if row["file"].startswith("train/"):
                    pcm, rate = soundfile.read(folder / row["file"], dtype="int16")
                    assert rate == RATE
                    if len(pcm) > RATE and np.mean(pcm.astype(np.float32) ** 2) > 1:
                        self.recordings.setdefault(row["kind"], []).append(pcm)
        self.kinds = sorted(self.recordings)

    def one(self, n, rng, others, least_speakers):
        """n samples of one noise at any level: a recording, synthetic noise, or other speakers, at least `least_speakers` at once."""
        r = rng.random()
        if r < 0.4 and self.kinds:
            kind = self.recordings[self.kinds[rng.integers(len(self.kinds))]]
            return excerpt(kind[rng.integers(len(kind))], n, rng, rng.choice((1.0, 1.0, rng.uniform(0.7, 1.4))))
        if r < 0.75 or not others:
            made = (coloured, hiss, machine, clatter, clatter, music)
            return made[rng.integers(len(made))](n, rng)
        return babble(n, rng, others, rng.integers(least_speakers, max(8, 3 * least_speakers)))

    def __call__(self, n, rng, others, least_speakers=1):
        """n samples of noise (float32, any level): one kind or two mixed, sometimes with a filtered spectrum."""
        out = self.one(n, rng, others, least_speakers)
        if rng.random() < 0.25:
            more = self.one(n, rng, others, least_speakers)
            out = out + more * np.float32(np.sqrt((np.mean(out ** 2) + 1e-6) / (np.mean(more ** 2) + 1e-6)) * 10 ** rng.uniform(-0.75, 0))
        if rng.random() < 0.3:
            out = signal.lfilter([1.0, rng.uniform(-0.9, 0.9)], [1.0, rng.uniform(-0.6, 0.6)], out).astype(np.float32)
        return out
