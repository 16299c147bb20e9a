#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests the noisy copies of report.py: they have the requested ratio and the rate of the recording, and are the same each time. Exit code
77: skipped."""

import pathlib
import sys
import tempfile
import unittest

try:
    import numpy as np
    import soundfile
except ImportError:
    print("skipped: python3-numpy or python3-soundfile is not installed")
    sys.exit(77)

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import report  # noqa: E402

TONE_HZ = 500


def make(folder, rate):
    """Makes a folder with a recording, one second of a tone at this rate, and another with three seconds of white noise."""
    speech, noise = folder / "speech", folder / "noise"
    (noise / "dev").mkdir(parents=True)
    speech.mkdir()
    soundfile.write(speech / "tone.wav", 0.1 * np.sin(2 * np.pi * TONE_HZ * np.arange(rate) / rate), rate)
    (speech / "LIST.tsv").write_text("file\ttext\ntone.wav\tah\n", encoding="utf-8")
    soundfile.write(noise / "dev" / "tap.wav", 0.05 * np.random.default_rng(1).standard_normal(3 * report.RATE), report.RATE)
    (noise / "LIST.tsv").write_text("file\tkind\ndev/tap.wav\tkitchen\n", encoding="utf-8")
    return speech / "LIST.tsv", report.Noises(noise, "dev")


class Noisy(unittest.TestCase):
    def mix(self, rate, snr_db, kitchen=False):
        """Returns the tone in noise, and its rate."""
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            source, noises = make(folder, rate)
            (folder / "noisy").mkdir()
            report.make_noisy(source, noises, snr_db, folder / "noisy", kitchen)
            return soundfile.read(folder / "noisy" / "tone.wav.wav")

    def test_the_ratio_is_what_was_asked_for_at_any_rate(self):
        for rate in (report.RATE, report.RATE // 2):
            for snr_db in (24, 6):
                sound, said = self.mix(rate, snr_db)
                self.assertEqual(said, rate)
                spectrum = np.abs(np.fft.rfft(sound)) ** 2
                tone = spectrum[TONE_HZ]
                self.assertAlmostEqual(10 * np.log10(tone / (spectrum.sum() - tone)), snr_db, delta=0.3)

    def test_noise_is_as_strong_in_each_band_at_half_the_rate(self):
        spectrum = np.abs(np.fft.rfft(self.mix(report.RATE // 2, 6)[0])) ** 2
        low, high = spectrum[1000:2000].sum(), spectrum[3000:4000].sum()
        self.assertAlmostEqual(10 * np.log10(low / high), 0, delta=0.7)

    def test_the_same_each_time(self):
        for kitchen in (False, True):
            self.assertTrue(np.array_equal(self.mix(report.RATE, 12, kitchen)[0], self.mix(report.RATE, 12, kitchen)[0]))


if __name__ == "__main__":
    unittest.main()
