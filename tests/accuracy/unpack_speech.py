#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Write the clips of DIR/speech, shards that models/training/speech/synthesise.mjs made, as DIR/NAME.flac and DIR/LIST.tsv, a list that
`tragus evaluate` reads. 300 ms of silence are added before and after each.

unpack_speech.py DIR
"""

import pathlib
import sys

import numpy as np
import soundfile

RATE = 16000
SILENCE = 4800  # samples


def main():
    out = pathlib.Path(sys.argv[1])
    rows = ["file\ttext\tspeaker"]
    for shard in sorted(out.glob("speech/*.tsv")):
        sound = np.fromfile(shard.with_suffix(".s16"), "<i2")
        for i, line in enumerate(shard.read_text(encoding="utf-8").splitlines()):
            first, n, _, text, voice = line.split("\t")
            name = f"{shard.stem}-{i:02}.flac"
            soundfile.write(out / name, np.pad(sound[int(first):int(first) + int(n)], SILENCE), RATE)
            rows.append(f"{name}\t{text}\t{voice}")
    (out / "LIST.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
