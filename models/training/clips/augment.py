# SPDX-License-Identifier: Apache-2.0
"""Augment clips: another speed or pitch, a room, noise, a microphone, a telephone line, another level.

All draws are from one numpy Generator, so the same seed gives the same sound. Sound is float32 in units of int16.
"""

import dataclasses
import io
import pathlib

import numpy as np
import soundfile
from scipy import signal

from clips import noises, rooms, stretch

RATE = 16000
SPEEDS = ((10, 9), (9, 10), (10, 11), (11, 10), (20, 19), (19, 20), (8, 7), (7, 8), (6, 5), (5, 6), (4, 5))  # up : down
N_ROOMS = 300


def option(default, meaning):
    return dataclasses.field(default=default, metadata={"help": meaning})


@dataclasses.dataclass(frozen=True)
class Settings:
    """How often and how strongly clips are augmented. Shares are of all clips, in 0 to 1."""

    room_share: float = option(0.45, "share of clips heard in a room")
    room_furthest: float = option(5.0, "the speaker's greatest distance in simulated rooms, in metres; above 1.5")
    room_decay: int = option(0, "1: simulated rooms decay in the time drawn for them and do not boom; 0: as in the shipped model's training")
    babble_share: float = option(0.0, "share of clips heard in babble in place of the usual noise, which is babble in a fifth of all clips")
    babble_voices: int = option(10, "babble has 1 to so many voices")
    babble_snr: float = option(0.0, "its lowest signal-to-noise ratio in dB; the highest is 15 dB above")
    line_share: float = option(0.12, "share of clips recorded at 8 kHz; codecs take another 0.04")

    @staticmethod
    def add_options(parser):
        """Give an argparse parser an option for each setting, such as --room-share."""
        for each in dataclasses.fields(Settings):
            parser.add_argument("--" + each.name.replace("_", "-"), type=each.type, default=each.default, help=each.metadata["help"])

    @staticmethod
    def of(arguments):
        """The settings in a namespace; one that lacks some of them, such as an old checkpoint's, has the defaults."""
        return Settings(**{each.name: getattr(arguments, each.name, each.default) for each in dataclasses.fields(Settings)})


class Augment:
    """Call it with (int16 sound, rng, others): returns int16 sound with silence before and after.

    noise_folder holds recordings of noise (listed in LIST.tsv; only those of train/ are read) and rir/ with room responses. others: clips of
    other speakers, for babble.
    """

    def __init__(self, noise_folder, settings=Settings()):
        self.settings = settings
        self.noise, self.rooms = noises.Noises(noise_folder), []
        for path in sorted(pathlib.Path(noise_folder).glob("rir/*.flac")):
            pcm, rate = soundfile.read(path, dtype="float32", always_2d=True)
            room = signal.resample_poly(pcm[:, 0], RATE, rate)[:RATE // 2].astype(np.float32)
            peak = int(np.argmax(np.abs(room)))
            room = room[max(0, peak - 16):]
            self.rooms.append(room / np.sqrt(np.sum(room ** 2)))
        rng = np.random.default_rng(1)
        simulate = rooms.measured_room if settings.room_decay else rooms.living_room
        self.boxes = [simulate(rng, i % 2, settings.room_furthest) for i in range(N_ROOMS)]

    def room(self, rng):
        """A room response: one measured, one of an image-source model, or a direct path and decaying noise (RT60 0.1 to 0.8 s)."""
        r = rng.random()
        if self.rooms and r < 0.25:
            return self.rooms[rng.integers(len(self.rooms))]
        if r < 0.7:
            return self.boxes[rng.integers(len(self.boxes))]
        rt60 = rng.uniform(0.1, 0.8)
        n = int(rt60 * 0.7 * RATE)
        tail = rng.standard_normal(n).astype(np.float32) * np.exp(-6.9 * np.arange(n, dtype=np.float32) / (rt60 * RATE))
        tail[:int(rng.uniform(0.001, 0.006) * RATE)] = 0
        tail *= np.float32(10 ** (rng.uniform(-18, 2) / 20)) / np.sqrt(np.sum(tail ** 2) + 1e-9)   # direct-to-reverberant ratio
        tail[0] = 1
        return tail / np.sqrt(np.sum(tail ** 2))

    def timed(self, sound, rng):
        """int16 sound at another speed, cut or with silence around it. Returns float32 sound and how many samples of silence are before and after."""
        x = sound.astype(np.float32)
        r = rng.random()
        if r < 0.55:
            up, down = SPEEDS[rng.integers(len(SPEEDS))]
            if r < 0.5:                                             # speed and pitch together
                x = signal.resample_poly(x, up, down).astype(np.float32)
            if r >= 0.45:                                           # one of them alone
                x = stretch.stretched(x, down / up)
        if rng.random() < 0.08:                                     # the recording began too late and ended too early, by at most a fifth of a short clip
            late, early = (int(min(0.1 * RATE, 0.2 * len(x)) * rng.random()) for _ in range(2))
            x = x[late:len(x) - early]
            before, after = (int(RATE * rng.uniform(0, 0.03)) for _ in range(2))
        else:
            before, after = (int(RATE * rng.uniform(0.05, 0.7)) for _ in range(2))
        r = rng.random()
        if r < 0.1:
            before += int(RATE * rng.uniform(0, 1.5))
        elif r < 0.2:                                               # cut close, as with a push-to-talk button
            before, after = before // 50, after // 4
        return np.pad(x, (before, after)), before, after

    def __call__(self, sound, rng, others=()):
        return self.placed(*self.timed(sound, rng), rng, others)

    def placed(self, x, before, after, rng, others):
        """What timed() returned, in a room and in noise, as int16 sound."""
        if rng.random() < self.settings.room_share:
            x = signal.oaconvolve(x, self.room(rng))[:len(x)].astype(np.float32)
        power = float(np.mean(x[before:len(x) - after] ** 2)) + 1e-3 if len(x) > before + after else 1.0
        if self.settings.babble_share and rng.random() < self.settings.babble_share:
            snr = self.settings.babble_snr + rng.uniform(0, 15)
            noise = noises.babble(len(x), rng, others, rng.integers(1, self.settings.babble_voices + 1))
            x = x + at_ratio(noise, power, snr)
        elif rng.random() < 0.8:
            snr = rng.uniform(-2, 25) if rng.random() < 0.85 else rng.uniform(25, 50)
            noise = self.noise(len(x), rng, others, 1 if snr > 8 else 5)        # few voices only where the speaker is clearly the loudest
            if rng.random() < 0.2:
                noise = signal.oaconvolve(noise, self.room(rng))[:len(x)].astype(np.float32)
            x = x + at_ratio(noise, power, snr)
        return self.record(x, rng)

    def record(self, x, rng):
        """x (float32, units of int16) through a microphone and a line, as int16: a tilted spectrum, an overdriven input, a telephone's
        band, a codec or a sampling rate of 8 kHz, the microphone's noise, a level from about -50 dBFS to clipping."""
        if rng.random() < 0.2:
            x = signal.lfilter([1.0, rng.uniform(-0.7, 0.7)], [1.0], x).astype(np.float32)
        if rng.random() < 0.05:                                     # an amplifier at its limit
            top = np.float32(np.abs(x).max() * 10 ** rng.uniform(-0.9, -0.2) + 1)
            x = top * np.tanh(x / top) if rng.random() < 0.5 else np.clip(x, -top, top)
        if rng.random() < 0.1:
            low, high = rng.uniform(60, 400), rng.uniform(2800, 4500)
            x = signal.sosfilt(signal.butter(3, (low, high), "bandpass", fs=RATE, output="sos"), x).astype(np.float32)
        r = rng.random()
        if r < 0.04:
            x = codec(x, rng)
        elif r < 0.04 + self.settings.line_share:                   # sampled at 8 kHz: nothing above 4 kHz
            x = signal.resample_poly(signal.resample_poly(x, 1, 2), 2, 1)[:len(x)].astype(np.float32)
        x = x * np.float32(10 ** (rng.uniform(-30, 4) / 20))
        x += rng.standard_normal(len(x), np.float32) * np.float32(10 ** rng.uniform(-0.5, 1.0))
        return np.clip(np.rint(x), -32768, 32767).astype(np.int16)

    def nothing(self, n, rng, others=()):
        """n samples without speech for the device, int16: noise, babble of many voices, or silence."""
        x = self.noise(n, rng, others, least_speakers=4) if rng.random() < 0.9 else np.zeros(n, np.float32)
        if rng.random() < 0.3:                                      # the noise begins or ends within the clip
            at = int(rng.integers(n))
            x = np.where(np.arange(n) < at, *((x, 0) if rng.random() < 0.5 else (0, x))).astype(np.float32)
        return self.record(x * np.float32(3000 / (np.sqrt(float(np.mean(x ** 2))) + 1)), rng)


def at_ratio(noise, power, snr):
    """float32 noise scaled to lie `snr` dB below speech of this mean square."""
    return noise * np.float32(np.sqrt(power / (float(np.mean(noise ** 2)) + 1e-6)) * 10 ** (-snr / 20))


def codec(x, rng):
    """x through a codec of the telephone or of a small radio (mu-law, IMA ADPCM or GSM 06.10) at 8 or 16 kHz, at its own length."""
    rate = RATE // int(rng.integers(1, 3))
    narrow = signal.resample_poly(x, rate, RATE).astype(np.float32)
    full = np.float32(np.abs(narrow).max() + 1)
    file = io.BytesIO()
    soundfile.write(file, narrow / full, rate, ("ULAW", "IMA_ADPCM", "GSM610")[rng.integers(3)], format="WAV")
    file.seek(0)
    wide = signal.resample_poly(soundfile.read(file, dtype="float32")[0], RATE, rate).astype(np.float32) * full
    return np.pad(wide, (0, max(0, len(x) - len(wide))))[:len(x)]
