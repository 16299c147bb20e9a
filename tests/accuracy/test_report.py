#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The copies that report.py makes: the ratio of the noise, the rooms' decay, the rate, and the same bytes each time. Exit code 77: skipped."""

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


class Rooms(unittest.TestCase):
    def test_the_response_decays_as_asked(self):
        for rt60, distance in ((0.3, 3.0), (0.7, 4.0)):
            for response in report.responses(rt60, distance):
                self.assertAlmostEqual(report.rooms.decay_time(response) / rt60, 1, delta=0.06)
                self.assertAlmostEqual(float((response**2).sum()), 1, places=6)
                self.assertLess(np.argmax(np.abs(response) > 0.01), report.RATE // 1000)  # the direct sound comes at once

    def test_farther_is_less_direct(self):
        near, far = ((report.responses(0.5, distance)) for distance in (1.0, 4.0))
        direct = lambda response: (response[:48] ** 2).sum()  # the first 3 ms
        self.assertGreater(np.mean([*map(direct, near)]), 2 * np.mean([*map(direct, far)]))

    def test_sound_is_as_loud_as_before_and_longer_at_any_rate(self):
        for rate in (report.RATE, report.RATE // 2):
            sound = np.random.default_rng(1).standard_normal(rate) * np.repeat([0.1, 0], rate // 2)
            far = report.in_room(sound, rate, "a clip", 0.5, 3)
            self.assertAlmostEqual(report.active_power(far, rate) / report.active_power(sound, rate), 1, places=6)
            self.assertAlmostEqual((len(far) - len(sound)) / rate, 0.5, delta=0.02)


class Copies(unittest.TestCase):
    def copies(self, make_copies, rate=report.RATE):
        """The bytes of the copy, its samples and its rate."""
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            source, _ = make(folder, rate)
            (folder / "copies").mkdir()
            make_copies(source, folder / "copies")
            path = folder / "copies" / "tone.wav.wav"
            return path.read_bytes(), *soundfile.read(path)

    def test_the_same_bytes_each_time(self):
        for make_copies in (report.make_narrow, lambda source, folder: report.make_far(source, folder, 0.5, 3)):
            first = self.copies(make_copies)[0]
            report.responses.cache_clear()
            self.assertEqual(first, self.copies(make_copies)[0])

    def test_a_line_has_8_khz_and_the_same_sound(self):
        for rate in (report.RATE, 8000):
            _, sound, narrow = self.copies(report.make_narrow, rate)
            self.assertEqual((len(sound), narrow), (8000, 8000))
            self.assertAlmostEqual(np.abs(np.fft.rfft(sound))[TONE_HZ] / 4000, 0.1, delta=0.001)


class Counts(unittest.TestCase):
    def test_they_can_be_read_again(self):
        counts = {"right": {"n": 3, "of": 4, "share": 0.75}, "falsely_accepted": {"n": 0, "of": 0, "share": 0.0},
                  "word_errors": {"n": 1, "of": 9, "share": 1 / 9}}
        results = {"some": {"off": {"clean": counts, "6 dB": counts}, "on": {"clean": counts, "6 dB": counts}}}
        with tempfile.TemporaryDirectory() as folder:
            report.save_counts(results, pathlib.Path(folder) / "report.tsv")
            self.assertEqual(report.read_counts(pathlib.Path(folder) / "report.tsv"), results)

    def test_nothing_is_drawn_without_noise(self):
        counts = {"right": {"n": 3, "of": 4, "share": 0.75}, "falsely_accepted": {"n": 0, "of": 0, "share": 0.0}}
        with tempfile.TemporaryDirectory() as folder:
            report.plot({"some": {"off": {"clean": counts, "8 kHz": counts}}}, pathlib.Path(folder) / "report.png")
            self.assertEqual(list(pathlib.Path(folder).iterdir()), [])


if __name__ == "__main__":
    unittest.main()
