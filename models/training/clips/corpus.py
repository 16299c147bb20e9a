#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Clips for training: sound in memory-mapped shards, texts as phones.

A shard is NAME.s16 (16 kHz mono int16, clips end to end) beside NAME.tsv (first sample, samples, kind, text, voice), as
synthesise.mjs writes them. `corpus.py FOLDER... --out DIR` packs folders of recordings, each with a LIST.tsv (columns file and text, a
header line), into shards; so a further corpus is one more folder.
"""

import argparse
import pathlib
import re
import sys

import numpy as np

DICTIONARY = "/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict"
PHONES = ("AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH").split()
PHONE = {name: i + 1 for i, name in enumerate(PHONES)}  # label 0 is the blank


def read_dictionary(*paths):
    """Return {word: [uint8 array of labels, ...]} from files of lines `word PH PH ...`; `word(2)` is a variant."""
    words = {}
    for path in paths:
        for line in open(path, encoding="latin-1"):
            part = line.split("#")[0].split()
            if len(part) > 1:
                spelled = re.sub(r"\(\d+\)$", "", part[0].lower())
                words.setdefault(spelled, []).append(np.array([PHONE[p.rstrip("012")] for p in part[1:]], np.uint8))
    return words


class Clip:
    """One clip: `sound()` gives int16 samples; `words` is a list of lists of pronunciations; `kind` says where it is from."""

    __slots__ = ("name", "shard", "first", "n", "kind", "text", "voice", "words")

    def __init__(self, name, shard, first, n, kind, text, voice, words):
        self.name, self.shard, self.first, self.n, self.kind = name, shard, first, n, kind
        self.text, self.voice, self.words = text, voice, words

    def sound(self):
        return self.shard[self.first:self.first + self.n]

    def labels(self, rng):
        """Labels of each word, uint8, one pronunciation a word drawn at random (numpy Generator)."""
        return [w[rng.integers(len(w))] for w in self.words]


def load(folder, dictionary, least=0.25, most=14.0, unreadable=()):
    """Return the clips of every finished shard in `folder` whose words are all in `dictionary`, sorted by shard and place.

    unreadable: names `shard:first` of clips to leave out (check.py). least, most: seconds. Also returns how many clips were dropped.
    """
    clips, dropped = [], 0
    for path in sorted(pathlib.Path(folder).glob("*.tsv")):
        shard = np.memmap(path.with_suffix(".s16"), np.int16, "r")
        for line in open(path, encoding="utf-8"):
            first, n, kind, text, voice = line.rstrip("\n").split("\t")
            first, n = int(first), int(n)
            words = [dictionary.get(w) for w in text.split()]
            name = f"{path.stem}:{first}"
            if name in unreadable or not words or None in words or not least <= n / 16000 <= most:
                dropped += 1
                continue
            clips.append(Clip(name, shard, first, n, kind, text, voice, words))
    return clips, dropped


def pack(source, out):
    """Decode a folder of recordings into one shard. Texts lose their case and punctuation; empty texts are kept."""
    import soundfile
    from scipy import signal
    source, out = pathlib.Path(source), pathlib.Path(out)
    name = source.name
    if (out / f"{name}.tsv").exists():
        return
    rows, at = [], 0
    with open(out / f"{name}.s16", "wb") as sound:
        lines = open(source / "LIST.tsv", encoding="utf-8").read().splitlines()[1:]
        for i, line in enumerate(lines):
            part = line.split("\t")
            pcm, rate = soundfile.read(source / part[0], dtype="int16")
            assert pcm.ndim == 1, f"{source / part[0]}: mono is needed, this has {pcm.shape[1]} channels"
            if rate != 16000:
                pcm = np.clip(np.rint(signal.resample_poly(pcm.astype(np.float64), 16000, rate)), -32768, 32767).astype(np.int16)
            sound.write(pcm.tobytes())
            text = part[1] if part[1].startswith("{") else " ".join(re.sub(r"[^a-z' ]", " ", part[1].lower()).split())
            rows.append(f"{at}\t{len(pcm)}\t{name}\t{text}\t{part[2] if len(part) > 2 else ''}\n")
            at += len(pcm)
            if sys.stderr.isatty() and i % 50 == 0:
                print(f"\r{name}: {i} of {len(lines)}", end="", file=sys.stderr)
    (out / f"{name}.part").write_text("".join(rows), encoding="utf-8")
    (out / f"{name}.part").rename(out / f"{name}.tsv")
    print(f"{name}: {len(rows)} clips, {at / 16000 / 3600:.2f} h", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", help="folders of recordings, each with LIST.tsv")
    parser.add_argument("--out", required=True, help="where the shards go")
    arguments = parser.parse_args()
    pathlib.Path(arguments.out).mkdir(parents=True, exist_ok=True)
    for folder in arguments.folders:
        pack(folder, arguments.out)


if __name__ == "__main__":
    main()
