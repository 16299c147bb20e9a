# SPDX-License-Identifier: Apache-2.0
"""A clip as a living room would hand it to the microphone: another speed, a room, noise, another level.

Everything is drawn from one numpy Generator, so a seed gives the same sound. Sound is float32 in units of int16.
"""

import pathlib

import numpy as np
from scipy import signal

RATE = 16000
SPEEDS = ((10, 9), (9, 10), (10, 11), (11, 10), (20, 19), (19, 20), (8, 7), (7, 8))  # up : down


def excerpt(pcm, n, rng):
    """n samples of pcm from a random place on, beginning anew at its end."""
    start = int(rng.integers(len(pcm)))
    return pcm[start:start + n] if start + n <= len(pcm) else np.resize(np.concatenate([pcm[start:], pcm[:start]]), n)


class Augment:
    """Call it with (int16 sound, rng, others): returns int16 sound with silence around.

    noises: folder of noise recordings (a LIST.tsv names them; those of train/ only are read); rirs: folder of room responses.
    """

    def __init__(self, noise_folder):
        import soundfile
        self.noises, self.rooms = [], []
        for path in sorted(pathlib.Path(noise_folder).glob("train/*.opus")):
            pcm, rate = soundfile.read(path, dtype="float32")
            assert rate == RATE
            if len(pcm) > RATE and float(np.mean(pcm ** 2)) > 1e-9:
                self.noises.append(pcm * 32768)
        for path in sorted(pathlib.Path(noise_folder).glob("rir/*.flac")):
            pcm, rate = soundfile.read(path, dtype="float32", always_2d=True)
            room = signal.resample_poly(pcm[:, 0], RATE, rate)[:RATE // 2].astype(np.float32)
            peak = int(np.argmax(np.abs(room)))
            room = room[max(0, peak - 16):]
            self.rooms.append(room / np.sqrt(np.sum(room ** 2)))

    def room(self, rng):
        """A room response: one measured, or a direct path and exponentially decaying noise (RT60 0.1 to 0.8 s)."""
        if self.rooms and rng.random() < 0.3:
            return self.rooms[rng.integers(len(self.rooms))]
        rt60 = rng.uniform(0.1, 0.8)
        n = int(rt60 * 0.7 * RATE)
        tail = rng.standard_normal(n).astype(np.float32) * np.exp(-6.9 * np.arange(n, dtype=np.float32) / (rt60 * RATE))
        tail[:int(rng.uniform(0.001, 0.006) * RATE)] = 0
        tail *= np.float32(10 ** (rng.uniform(-18, 2) / 20)) / np.sqrt(np.sum(tail ** 2) + 1e-9)   # direct to reverberant
        tail[0] = 1
        return tail / np.sqrt(np.sum(tail ** 2))

    def noise(self, n, rng, others, least_speakers=1):
        """n samples of something that is no command: a recording, coloured noise, or other speakers, at least so many at once."""
        r = rng.random()
        if r < 0.55 and self.noises:
            out = excerpt(self.noises[rng.integers(len(self.noises))], n, rng)
        elif r < 0.8 or not others:
            out = rng.standard_normal(n).astype(np.float32)
            tilt = rng.uniform(0.0, 0.98)
            out = signal.lfilter([1.0], [1.0, -tilt], out).astype(np.float32)
            if rng.random() < 0.3:
                out += np.sin(2 * np.pi * rng.choice((50, 60, 100, 120)) * np.arange(n, dtype=np.float32) / RATE) * rng.uniform(0, 3)
        else:
            out = np.zeros(n, np.float32)
            for _ in range(rng.integers(least_speakers, 6)):
                out += excerpt(others[rng.integers(len(others))].sound(), n, rng)
        return out

    def __call__(self, sound, rng, others=()):
        x = sound.astype(np.float32)
        if rng.random() < 0.4:
            up, down = SPEEDS[rng.integers(len(SPEEDS))]
            x = signal.resample_poly(x, up, down).astype(np.float32)
        before, after = (int(RATE * rng.uniform(0.05, 0.7)) for _ in range(2))
        if rng.random() < 0.1:
            before += int(RATE * rng.uniform(0, 1.5))
        x = np.pad(x, (before, after))
        if rng.random() < 0.4:
            x = signal.oaconvolve(x, self.room(rng))[:len(x)].astype(np.float32)
        if rng.random() < 0.15:                                     # microphone: a tilt of the spectrum
            x = signal.lfilter([1.0, rng.uniform(-0.7, 0.7)], [1.0], x).astype(np.float32)
        if rng.random() < 0.06:                                     # a telephone or a small radio
            low, high = rng.uniform(100, 400), rng.uniform(2800, 4500)
            x = signal.sosfilt(signal.butter(3, (low, high), "bandpass", fs=RATE, output="sos"), x).astype(np.float32)
        power = float(np.mean(x[before:len(x) - after] ** 2)) + 1e-3 if len(x) > before + after else 1.0
        if rng.random() < 0.75:
            snr = rng.uniform(-2, 30) if rng.random() < 0.8 else rng.uniform(25, 50)
            noise = self.noise(len(x), rng, others)
            x = x + noise * np.float32(np.sqrt(power / (float(np.mean(noise ** 2)) + 1e-6)) * 10 ** (-snr / 20))
        return self.record(x, rng)

    def record(self, x, rng):
        """x as a microphone gives it: at some level, from about -40 dBFS to clipping, with noise of its own, as int16."""
        x = x * np.float32(10 ** (rng.uniform(-30, 4) / 20))
        x += rng.standard_normal(len(x)).astype(np.float32) * np.float32(10 ** rng.uniform(-0.5, 1.0))
        return np.clip(np.rint(x), -32768, 32767).astype(np.int16)

    def nothing(self, n, rng, others=()):
        """n samples in which nobody speaks to the microphone: what noise() gives, with many speakers at once or none, or silence."""
        x = self.noise(n, rng, others, least_speakers=4) if rng.random() < 0.9 else np.zeros(n, np.float32)
        if rng.random() < 0.3:                                      # it begins or ends within
            at = int(rng.integers(n))
            x = np.where(np.arange(n) < at, *((x, 0) if rng.random() < 0.5 else (0, x))).astype(np.float32)
        return self.record(x * np.float32(3000 / (np.sqrt(float(np.mean(x ** 2))) + 1)), rng)
