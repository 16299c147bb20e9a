#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Counts right utterances for each set: clean and in noise, with rejection on and off, as Markdown and as a plot.

report.py --shared DIR [--build DIR] [--model PATH] [--snr 24 18 12 6] [--kitchen] [--sets NAME...] [--out DIR]

The sets and their grammars are those of sets.py. A noisy set contains the same recordings, each with a piece of a recording of
SHARED/corpora/noise/dev added. The kind of noise (kitchen, tap, babble, rain ...), the recording and the position in it depend only on
the name of the clip, so every run and every model gets the same sound. The signal-to-noise ratio is the power of the active frames of
the speech (20 ms frames within 30 dB of the loudest) to that of the whole piece of noise. With --kitchen all noise is from a kitchen, and
the ratio is the loudest 2048 samples of speech to the loudest of noise, as in Picovoice's speech-to-intent benchmark. Writes
OUT/report.md, OUT/report.json and OUT/report.png (with matplotlib); prints the table. Intervals are Wilson's, 95 %.
"""

import argparse
import csv
import json
import pathlib
import sys
import tempfile
import zlib

import numpy as np
import soundfile

sys.dont_write_bytecode = True
import sets  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "models" / "training"))
from trials import figure  # noqa: E402

RATE = 16000


def read(path):
    """Reads a sound as mono float64, full scale 1, and its rate in Hz."""
    sound, rate = soundfile.read(path)
    return sound if sound.ndim == 1 else sound.mean(1), rate


def at_rate(sound, n):
    """Resamples a sound to n samples, at most its own number; frequencies above the lower rate's limit are removed."""
    return sound if n == len(sound) else np.fft.irfft(np.fft.rfft(sound)[: n // 2 + 1], n) * (n / len(sound))


def active_power(sound, rate):
    """Returns the mean square of the 20 ms frames that are within 30 dB of the loudest."""
    n = rate // 50
    frames = sound[: len(sound) // n * n].reshape(-1, n)
    power = (frames**2).mean(1) if len(frames) else np.array([(sound**2).mean()])
    return power[power >= power.max() / 1000].mean()


def loudest_power(sound):
    """Returns the mean square of the loudest frame of 2048 samples."""
    return (np.pad(sound, (0, -len(sound) % 2048)).reshape(-1, 2048) ** 2).mean(1).max()


def mean_power(sound):
    return (sound**2).mean()


class Noises:
    """The recordings of a folder by kind, as listed in its LIST.tsv."""

    def __init__(self, folder, split):
        self.kinds = {}
        with open(folder / "LIST.tsv", encoding="utf-8") as lines:
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
                if row["file"].startswith(split + "/"):
                    self.kinds.setdefault(row["kind"], []).append(folder / row["file"])
        assert self.kinds, f"{folder}: no noise for {split}"
        self.sounds = {}

    def piece(self, name, n, kind=None):
        """Returns n samples of noise for the clip of this name, of one kind or of any."""
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        files = self.kinds[kind or sorted(self.kinds)[rng.integers(len(self.kinds))]]
        path = sorted(files)[rng.integers(len(files))]
        if path not in self.sounds:
            self.sounds[path], rate = read(path)
            assert rate == RATE, f"{path}: {rate} Hz"
        sound = self.sounds[path]
        return np.resize(np.roll(sound, -int(rng.integers(len(sound)))), n)


def make_noisy(source, noises, snr_db, folder, kitchen=False):
    """Writes a copy of a list and its recordings with noise added to folder. Returns the path of the copy."""
    rows = sets.rows_of(source)
    for row in rows:
        path = source.parent / row["file"]
        sound, rate = read(path)
        noise = at_rate(noises.piece(path.name, len(sound) * RATE // rate, "kitchen" if kitchen else None), len(sound))
        speech_power, noise_power = (loudest_power(sound), loudest_power(noise)) if kitchen else (active_power(sound, rate), mean_power(noise))
        gain = np.sqrt(speech_power / max(noise_power, 1e-12) / 10 ** (snr_db / 10))
        mixed = sound + gain * noise
        mixed /= max(1.0, np.abs(mixed).max())
        row["file"] = path.name + ".wav"
        soundfile.write(folder / row["file"], mixed, rate, subtype="PCM_16")
    lines = ["\t".join(rows[0])] + ["\t".join(row.values()) for row in rows]
    (folder / "LIST.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "LIST.tsv"


def share(s):
    return f"{s['n']} of {s['of']} ({100 * s['share']:.1f} %)" if s["of"] else ""


def markdown(results, conditions):
    lines = ["| set | rejection | " + " | ".join(conditions) + " |", "|---" * (len(conditions) + 2) + "|"]
    for name, by_reject in results.items():
        for reject, by_condition in by_reject.items():
            cells = []
            for condition in conditions:
                r = by_condition[condition]
                cell = share(r["right"])
                if r["right"]["of"]:
                    cell += f" [{100 * r['right']['low']:.0f}, {100 * r['right']['high']:.0f}]"
                if r["falsely_accepted"]["of"]:
                    cell = "accepted " + share(r["falsely_accepted"])
                cells.append(cell)
            lines.append(f"| `{name}` | {reject} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def plot(results, conditions, path):
    """Plots the shares of right answers, except for sets that are in no grammar."""
    def draw(axes):
        drawn = {name: by_reject["off"] for name, by_reject in results.items() if not by_reject["off"]["clean"]["falsely_accepted"]["of"]}
        for i, (name, shares) in enumerate(drawn.items()):
            axes.plot(conditions, [100 * shares[c]["right"]["share"] for c in conditions], marker="os^D"[i % 4], color=f"C{i % 10}",
                      linestyle=("-", "--")[i // 10], label=name)
        axes.set(xlabel="signal-to-noise ratio", ylabel="right, rejection off, %")

    figure.save(path, draw)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=pathlib.Path, required=True, help="folder with corpora/")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("."), help="build tree with ./tragus")
    parser.add_argument("--model", help="another model than the one of the build tree")
    parser.add_argument("--snr", type=int, nargs="*", default=[24, 18, 12, 6], help="dB")
    parser.add_argument("--kitchen", action="store_true", help="noise as in Picovoice's benchmark")
    parser.add_argument("--sets", nargs="*", help="only these sets")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("report"))
    arguments = parser.parse_args()
    corpora = arguments.shared / "corpora"
    noises = Noises(corpora / "noise", "dev")
    chosen = [each for each in sets.SETS if not arguments.sets or each.name in arguments.sets]
    conditions = ["clean"] + [f"{snr} dB" for snr in arguments.snr]
    results = {each.name: {"off": {}, "on": {}} for each in chosen}
    for each in chosen:
        for condition, snr in zip(conditions, [None] + arguments.snr):
            with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as noisy:
                source, grammar = each.write_list(corpora, pathlib.Path(folder)), each.grammar_file(corpora, pathlib.Path(folder))
                listed = source if snr is None else make_noisy(source, noises, snr, pathlib.Path(noisy), arguments.kitchen)
                for reject in ("off", "on"):
                    told = sets.evaluate([arguments.build / "tragus"], grammar, listed, reject == "on", arguments.model)
                    results[each.name][reject][condition] = {key: told[key] for key in ("right", "rejected", "falsely_accepted", "word_errors")}
            print(f"{each.name}, {condition}", file=sys.stderr)
    arguments.out.mkdir(parents=True, exist_ok=True)
    table = markdown(results, conditions)
    (arguments.out / "report.md").write_text(table, encoding="utf-8")
    (arguments.out / "report.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    plot(results, conditions, arguments.out / "report.png")
    print(table, end="")


if __name__ == "__main__":
    main()
