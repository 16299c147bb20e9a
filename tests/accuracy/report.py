#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Count right utterances, set by set, as Markdown and as a plot: clean, in noise, in rooms and at 8 kHz, with rejection on and off.

report.py --shared DIR [--build DIR] [--model PATH] [--snr 24 18 12 6] [--babble DB...] [--rooms 0.3:3 0.5:3 0.7:4] [--kitchen]
    [--program FILE] [--data DIR] [--sets NAME...] [--out DIR]
report.py --redraw OUT/report.tsv [--out DIR]

The sets and their grammars are those of sets.py, and the one that `contrasts` makes, if it is in DATA/contrasts. Each condition changes the same recordings:

    24 dB        a piece of a recording of SHARED/corpora/noise/dev is added; its kind (kitchen, tap, babble, rain ...), the recording and
                 the place in it follow from the clip's name alone, so every run and every model hears the same sound. The ratio is that of
                 the speech's active frames (20 ms frames within 30 dB of the loudest) to the whole piece of noise.
    babble 6 dB  the same with babble alone
    0.3 s, 3 m   the speaker is 3 m from the microphone in a room with an RT60 of 0.3 s. The response is simulated by image sources from
                 RT60, distance and a fixed seed; there are ROOMS of them, and the clip's name chooses.
    8 kHz        the recording has half the rate, or its own where that is lower

With --kitchen the noise is that of a kitchen alone and the ratio that of the loudest 2048 samples of speech to the loudest of noise, as in
Picovoice's speech-to-intent benchmark. Prints the table and writes OUT/report.md, OUT/report.json, OUT/report.tsv and, with matplotlib,
OUT/report.png; --redraw draws the plot from a report.tsv without measuring. Intervals are Wilson's, 95 %.
"""

import argparse
import csv
import functools
import itertools
import json
import pathlib
import re
import sys
import tempfile
import zlib

import numpy as np
import soundfile

sys.dont_write_bytecode = True
import sets  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "models" / "training"))
from clips import rooms  # noqa: E402
from trials import figure  # noqa: E402

RATE = 16000
ROOMS = 8  # for each RT60 and distance
BABBLE = "babble of 8 voices (mixed here)"  # its kind in LIST.tsv


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


def noisy(sound, rate, name, noises, snr_db, kitchen=False, kind=None):
    """A sound with the noise that belongs to the clip of this name, of one kind or of any."""
    noise = at_rate(noises.piece(name, len(sound) * RATE // rate, "kitchen" if kitchen else kind), len(sound))
    speech_power, noise_power = (loudest_power(sound), loudest_power(noise)) if kitchen else (active_power(sound, rate), mean_power(noise))
    return sound + np.sqrt(speech_power / max(noise_power, 1e-12) / 10 ** (snr_db / 10)) * noise


@functools.lru_cache(maxsize=None)
def responses(rt60, distance):
    """ROOMS responses of rooms with this RT60 in seconds, the speaker so many metres away, at RATE. The same numbers give the same rooms."""
    rng = np.random.default_rng([round(1000 * rt60), round(100 * distance)])
    return [rooms.specified_room(rng, rt60, distance) for _ in range(ROOMS)]


def in_room(sound, rate, name, rt60, distance):
    """A sound as loud as before (of its active frames) in the room that belongs to the clip of this name, with the room's decay after it."""
    some = responses(rt60, distance)
    response = some[zlib.crc32(name.encode()) % len(some)]
    response = at_rate(response, len(response) * rate // RATE)
    n = len(sound) + len(response) - 1
    far = np.fft.irfft(np.fft.rfft(sound, n) * np.fft.rfft(response, n), n)
    return far * np.sqrt(active_power(sound, rate) / max(active_power(far, rate), 1e-12))


def make_copies(source, folder, change):
    """A copy of a list and its recordings in folder; change(sound, rate, name) gives a new sound and its rate. Returns the copy's path."""
    rows = sets.rows_of(source)
    for row in rows:
        path = source.parent / row["file"]
        sound, rate = change(*read(path), path.name)
        row["file"] = path.name + ".wav"
        soundfile.write(folder / row["file"], sound / max(1.0, np.abs(sound).max()), rate, subtype="PCM_16")
    lines = ["\t".join(rows[0])] + ["\t".join(row.values()) for row in rows]
    (folder / "LIST.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "LIST.tsv"


def make_noisy(source, noises, snr_db, folder, kitchen=False, kind=None):
    """make_copies() with noise."""
    return make_copies(source, folder, lambda sound, rate, name: (noisy(sound, rate, name, noises, snr_db, kitchen, kind), rate))


def make_far(source, folder, rt60, distance):
    """make_copies() in rooms."""
    return make_copies(source, folder, lambda sound, rate, name: (in_room(sound, rate, name, rt60, distance), rate))


def make_narrow(source, folder):
    """make_copies() at 8 kHz."""
    return make_copies(source, folder, lambda sound, rate, _: (at_rate(sound, len(sound) * 8000 // rate), 8000) if rate > 8000 else (sound, rate))


def conditions_of(arguments, noises):
    """{name: None for the recordings as they are, or a function (list, folder) that makes copies}, in the order of the table."""
    made = {"clean": None}
    for snr in arguments.snr:
        made[f"{snr} dB"] = lambda source, folder, snr=snr: make_noisy(source, noises, snr, folder, arguments.kitchen)
    for snr in arguments.babble:
        made[f"babble {snr} dB"] = lambda source, folder, snr=snr: make_noisy(source, noises, snr, folder, kind=BABBLE)
    if not arguments.kitchen:
        for rt60, distance in arguments.rooms:
            made[f"{rt60:g} s, {distance:g} m"] = lambda source, folder, room=(rt60, distance): make_far(source, folder, *room)
        made["8 kHz"] = make_narrow
    return made


def room(text):
    """"0.5:3" -> (RT60 in seconds, distance in metres)."""
    rt60, distance = map(float, text.split(":"))
    return rt60, distance


def share(s):
    return f"{s['n']} of {s['of']} ({100 * s['share']:.1f} %)" if s["of"] else ""


def cell(told, loop):
    """What a table says of one condition: right answers, accepted nonsense, or, where any word may follow any, wrong words."""
    if told["falsely_accepted"]["of"]:
        return "accepted " + share(told["falsely_accepted"])
    if loop:
        return f"{told['word_errors']['n']} of {told['word_errors']['of']} words wrong"
    right = told["right"]
    return share(right) + (f" [{100 * right['low']:.0f}, {100 * right['high']:.0f}]" if right["of"] else "")


def markdown(results, conditions):
    """results: {set: {"off" or "on": {condition: counts}}}."""
    lines = ["| set | rejection | " + " | ".join(conditions) + " |", "|---" * (len(conditions) + 2) + "|"]
    for name, by_reject in results.items():
        for reject, by_condition in by_reject.items():
            cells = [cell(by_condition[condition], name in LOOPS) for condition in conditions]
            lines.append(f"| `{name}` | {reject} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


LEAST_DRAWN = 25  # recordings of a set
LOOPS = {each.name for each in sets.SETS if each.grammar == "loop"}  # any word may follow any: words count there, not sentences
COUNTS = ("right", "falsely_accepted", "word_errors")


def save_counts(results, path):
    """The counts as a table of tabs, a line for each set, rejection and condition: what the plot is drawn from."""
    with open(path, "w", encoding="utf-8") as out:
        print("set", "rejection", "condition", *(f"{count}{of}" for count in COUNTS for of in ("", "_of")), sep="\t", file=out)
        for name, by_reject in results.items():
            for reject, by_condition in by_reject.items():
                for condition, told in by_condition.items():
                    print(name, reject, condition, *(told[count][key] for count in COUNTS for key in ("n", "of")), sep="\t", file=out)


def read_counts(path):
    """What save_counts() wrote: results with "n", "of" and "share" only."""
    results = {}
    with open(path, encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            told = {}
            for count in COUNTS:
                n, of = int(row[count]), int(row[f"{count}_of"])
                told[count] = {"n": n, "of": of, "share": n / of if of else 0.0}
            results.setdefault(row["set"], {}).setdefault(row["rejection"], {})[row["condition"]] = told
    return results


LEAST_LOSS = 0.06  # sets that lose more than this share from clean to the strongest noise are drawn in colour


def plot(results, path):
    """The shares of right answers without rejection in noise, for large sets in which answers can be right. Draws nothing without noise."""
    drawn = []
    for name, by_reject in results.items():
        clean = by_reject["off"]["clean"]
        shares = {condition: told["right"]["share"] for condition, told in by_reject["off"].items()
                  if condition == "clean" or re.fullmatch(r"-?\d+ dB", condition)}
        if len(shares) > 1 and clean["right"]["of"] >= LEAST_DRAWN and not clean["falsely_accepted"]["of"] and name not in LOOPS:
            drawn.append((name.replace("_dev", "").replace("_", " "), shares))
    if not drawn:
        return

    def draw(axes):
        colours = itertools.cycle(figure.COLOURS)
        ends = []
        for name, shares in sorted(drawn, key=lambda each: -list(each[1].values())[-1]):
            first, *_, last = shares.values()
            colour = next(colours) if first - last > LEAST_LOSS else figure.PALE
            axes.plot(list(shares), [100 * each for each in shares.values()], marker="o", markersize=4, color=colour)
            ends.append((100 * last, f"{name} {100 * last:.0f}", colour))
        figure.label_ends(axes, len(shares) - 1, ends)
        axes.set(xlabel="signal-to-noise ratio", ylabel="right answers, rejection off, %", title="Most answers stay right down to 12 dB")

    figure.save(path, draw, size=(9, 5.5))


def measure(chosen, conditions, arguments):
    """results of each set in each condition, rejection off and on."""
    corpora, program = arguments.shared / "corpora", arguments.program or arguments.build / "tragus"
    results = {each.name: {"off": {}, "on": {}} for each in chosen}
    for each in chosen:
        for condition, copies in conditions.items():
            with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as changed:
                source, grammar = each.write_list(corpora, pathlib.Path(folder)), each.grammar_file(corpora, pathlib.Path(folder))
                listed = copies(source, pathlib.Path(changed)) if copies else source
                for reject in ("off", "on"):
                    told = sets.evaluate([program.resolve()], grammar, listed, reject == "on", arguments.model)
                    results[each.name][reject][condition] = {key: told[key] for key in ("right", "rejected", "falsely_accepted", "word_errors")}
            print(f"{each.name}, {condition}", file=sys.stderr)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=pathlib.Path, help="folder with corpora/")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("."), help="build tree with ./tragus")
    parser.add_argument("--program", type=pathlib.Path, help="another program than BUILD/tragus, such as tests/float32/tragus-float32")
    parser.add_argument("--model", help="another model than the one of the build tree")
    parser.add_argument("--snr", type=int, nargs="*", default=[24, 18, 12, 6], help="dB")
    parser.add_argument("--babble", type=int, nargs="*", default=[], help="dB, of babble alone")
    parser.add_argument("--rooms", type=room, nargs="*", default=[(0.3, 3), (0.5, 3), (0.7, 4)], metavar="RT60:METRES")
    parser.add_argument("--kitchen", action="store_true", help="noise as in Picovoice's benchmark; no rooms, nothing at 8 kHz")
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path.home() / ".cache/tragus-training", help="where `contrasts` put its set")
    parser.add_argument("--sets", nargs="*", help="some of the sets")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("report"))
    parser.add_argument("--redraw", type=pathlib.Path, metavar="TSV", help="draw the plot from a report.tsv and measure nothing")
    arguments = parser.parse_args()
    if not arguments.shared and not arguments.redraw:
        parser.error("give --shared, or --redraw")
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.redraw:
        plot(read_counts(arguments.redraw), arguments.out / "report.png")
        return
    made = arguments.data.resolve() / "contrasts"
    known = sets.SETS + ((sets.Set("contrasts", str(made), "contrasts.yaml"),) if (made / "LIST.tsv").exists() else ())
    chosen = [each for each in known if not arguments.sets or each.name in arguments.sets]
    conditions = conditions_of(arguments, Noises(arguments.shared / "corpora" / "noise", "dev"))
    results = measure(chosen, conditions, arguments)
    table = markdown(results, conditions)
    (arguments.out / "report.md").write_text(table, encoding="utf-8")
    (arguments.out / "report.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    save_counts(results, arguments.out / "report.tsv")
    plot(results, arguments.out / "report.png")
    print(table, end="")


if __name__ == "__main__":
    main()
