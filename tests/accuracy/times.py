#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the errors of word times.

times.py --shared DIR [--build DIR] [--model PATH]

The recordings have no marked word times, so this program makes sounds with known times. It joins single digits of one speaker of
digits_8k_dev, cut to the part within 35 dB of their loudest 10 ms, to strings of five with pauses of 20 to 400 ms and faint noise. Then it
recognises the strings, and reports the errors of the beginnings and ends of words in the strings that are recognised right.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import soundfile

sys.dont_write_bytecode = True
import sets  # noqa: E402

RATE = 8000
HOP = RATE // 100
WORDS, STRINGS = 5, 30


def trimmed(sound):
    """Returns the float64 sound without the faint 10 ms hops at its ends."""
    hops = (sound[:len(sound) // HOP * HOP].reshape(-1, HOP) ** 2).mean(1)
    loud = np.flatnonzero(hops > hops.max() * 10 ** -3.5)
    return sound[HOP * loud[0]:HOP * (loud[-1] + 1)]


def strings(rows):
    """Returns for each string: sound, words, their beginnings and ends in ms."""
    rng = np.random.default_rng(1)
    for speaker in sorted({row["speaker"] for row in rows}):
        own = [row for row in rows if row["speaker"] == speaker]
        for _ in range(STRINGS):
            parts, words, times, at = [np.zeros(RATE)], [], [], RATE
            for i in rng.permutation(len(own))[:WORDS]:
                sound = trimmed(soundfile.read(own[i]["file"])[0])
                parts += [0.1 * sound / np.abs(sound).max(), np.zeros(int(RATE * rng.uniform(0.02, 0.4)))]
                words.append(own[i]["text"])
                times.append((at * 1000 / RATE, (at + len(sound)) * 1000 / RATE))
                at += len(sound) + len(parts[-1])
            sound = np.concatenate([*parts, np.zeros(RATE)])
            yield sound + 1e-4 * rng.standard_normal(len(sound)), words, times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, default="build")
    parser.add_argument("--model")
    arguments = parser.parse_args()
    digits = next(s for s in sets.SETS if s.name == "digits_8k_dev")
    rows, off, n, right = digits.rows(arguments.shared / "corpora"), [], 0, 0
    with tempfile.TemporaryDirectory() as folder:
        grammar, file = pathlib.Path(folder, "digits.yaml"), pathlib.Path(folder, "string.wav")
        sentence = " ".join(["<digit>"] * WORDS)
        grammar.write_text(json.dumps({"language": "en", "intents": {"Digits": {"data": [{"sentences": [sentence]}]}},
                                       "expansion_rules": {"digit": f"({'|'.join(sorted({row['text'] for row in rows}))})"}}))
        for sound, words, times in strings(rows):
            soundfile.write(file, sound, RATE)
            command = [arguments.build / "tragus", "transcribe", "--json", "--no-reject", "-g", grammar, file]
            command += ["-m", arguments.model] if arguments.model else []
            lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
            heard = [word for line in lines for word in json.loads(line).get("words", ())]
            n += 1
            if [word["word"] for word in heard] == words:
                right += 1
                off += [(word["start_ms"] - start, word["end_ms"] - end) for word, (start, end) in zip(heard, times)]
    print(f"{right} of {n} strings of {WORDS} digits are recognised right. Errors of their words:")
    for name, values in zip(("beginnings", "ends"), np.array(off).T):
        spread = np.abs(values)
        print(f"  {name}: {np.median(spread):.0f} ms median, {np.quantile(spread, 0.9):.0f} ms 90th percentile, "
              f"{np.mean(values):+.0f} ms mean (with sign)")


if __name__ == "__main__":
    main()
