#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measure wake phrases: how often one is missed, how often another word or other talk sets it off.

wake_phrases.py --shared DIR [--build DIR] [--model DIR] [--data DIR] [--per-hour 0.1] [--hours 20] [--snr 12 10 6] [--conditions quiet 10 noise]

Each phrase is spotted alone, as by `tragus spot --phrase PHRASE`. The wake words of SHARED/corpora/dev (view_glass_dev, other_wake_dev) are
played between half seconds of silence, as recorded and with noise of so many dB below, as in report.py: a phrase that is said and not found is
missed; another one that is found is a confusion. NEAR are phrases with one word more than is said. Then the streams of streams.py are played to the
same phrases and OTHERS. A sentence that has all the words of a phrase is not talk.

Prints a table: for each phrase the misses in each condition, the false alarms an hour in each condition, and confusions. Intervals of the sums are
Wilson's (misses) and Poisson's (false alarms), 95 %.
"""

import argparse
import pathlib
import sys
import tempfile

import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import peers  # noqa: E402
import removed_words  # noqa: E402
import sets  # noqa: E402
import streams  # noqa: E402

RATE = 16000
SETS = "view_glass_dev", "other_wake_dev"
SAID = "view glass", "alexa", "computer", "jarvis", "smart mirror", "snowboy"
NEAR = "hey computer", "hey jarvis", "computer start", "alexa wake up"
OTHERS = "hey house", "okay kitchen", "hello tragus", "hey mycroft", "okay nabu", "good morning house"
PHRASES = SAID + NEAR + OTHERS


def spot(arguments, paths, sounds):
    """Plays sounds (float, or int16) to all phrases. Returns the number of times that each phrase (by its number) was found in each sound."""
    def floats():
        for sound in sounds:
            yield sound / 32768 if sound.dtype == np.int16 else sound
    found = removed_words.heard(arguments, paths, floats(), ("--phrases", str(arguments.per_hour)))
    return [np.bincount([number for number, *_ in some], minlength=len(paths)) for some in found]


def recordings(arguments, snr):
    """Yields what was said and the sound of each recording."""
    corpora = arguments.shared / "corpora"
    reader = removed_words.Recordings(corpora, snr)
    for name in SETS:
        for row in sets.rows_of(corpora / "dev" / name / "LIST.tsv"):
            yield row["text"], reader.noisy(np.pad(reader.read(corpora / "dev" / name / row["file"]), RATE // 2), row["file"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("."))
    parser.add_argument("--model", type=pathlib.Path)
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path.home() / ".cache/tragus-training")
    parser.add_argument("--per-hour", type=float, default=0.1)
    parser.add_argument("--hours", type=float, default=20.0, help="at most so many hours of each condition; 0: no streams")
    parser.add_argument("--snr", type=float, nargs="*", default=[12, 10, 6])
    parser.add_argument("--conditions", nargs="*", default=["quiet", "10", "noise"], choices=streams.CONDITIONS)
    arguments = parser.parse_args()
    arguments.model = arguments.model or arguments.build / "models/en"
    columns = {}  # title: {phrase: text}
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for i, phrase in enumerate(PHRASES):
            paths.append(pathlib.Path(folder) / f"{i}.txt")
            paths[-1].write_text(phrase + "\n", encoding="utf-8")
        for snr in (None, *arguments.snr):
            texts, sounds = zip(*recordings(arguments, snr))
            found, said = np.array(spot(arguments, paths, sounds)) > 0, np.array(texts)
            title = "clean" if snr is None else f"{snr:g} dB"
            missed, confused, n_missed = {}, {}, 0
            for i, phrase in enumerate(PHRASES):
                of = said == phrase
                n_missed += (of & ~found[:, i]).sum()
                if of.any():
                    missed[phrase] = f"{(of & ~found[:, i]).sum()} of {of.sum()}"
                confused[phrase] = str((~of & found[:, i]).sum())
            share = peers.wilson(int(n_missed), len(said))
            missed["all"] = f"{100 * share['share']:.1f} % [{100 * share['low']:.1f}, {100 * share['high']:.1f}]"
            confused["all"] = f"of {len(said)}"
            columns[f"missed, {title}"], columns[f"confused, {title}"] = missed, confused
        for condition in arguments.conditions if arguments.hours > 0 else ():
            columns[f"false alarms an hour, {condition}"] = false_alarms(arguments, condition, paths)
    print("| phrase | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|", sep="\n")
    for phrase in (*PHRASES, "all"):
        print(f"| {phrase} | " + " | ".join(column.get(phrase, "") for column in columns.values()) + " |")


def false_alarms(arguments, condition, paths):
    """{phrase: false alarms an hour} in the streams of a condition."""
    sentences = [s for some in streams.talk(arguments.shared, arguments.data).values() for s in some
                 if not any(f" {phrase} " in f" {s.text} " for phrase in PHRASES)]
    noise, music = streams.noise_pieces(arguments.shared)
    seconds = 0

    def sounds():
        nonlocal seconds
        for sound, _ in streams.streams(arguments, condition, sentences, noise, music):
            seconds += len(sound) / RATE
            yield sound
    counts = sum(spot(arguments, paths, sounds()))
    hours = seconds / 3600
    column = {phrase: f"{n / hours:.2f}" for phrase, n in zip(PHRASES, counts)}
    column["all"] = streams.interval(int(counts.sum()), hours * len(PHRASES)) + f" in {hours:.1f} h"
    return column


if __name__ == "__main__":
    main()
