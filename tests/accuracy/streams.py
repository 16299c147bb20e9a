#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Count false events: play hours of other talk, noise, music and television to several grammars, and count what they accept an hour.

streams.py --shared DIR [--build DIR] [--model DIR] [--data DIR] [--hours 20] [--conditions quiet 10 ...] [--grammars NAME...]
    [--peers DIR] [--out DIR]

Talk is a chain of sentences with pauses from 0.1 to 3 s. The sentences are in no grammar. Their speakers are the people of SHARED/corpora/dev
who say nothing that a grammar of the tests has, the half of SHARED/corpora/train that collect.py leaves out, and the voices that `talk`
made in DATA/talk. A stream lasts ten minutes. What is in it, where, and in what noise, follows from the number of the stream alone; so the same
lists give the same sound on every machine. Conditions:

    quiet    the talk as recorded, at levels 12 dB apart
    15 10 5  with noise of that many dB below the talk: SHARED/corpora/noise, another piece every half minute
    music    with music 10 dB below
    tv       the talk from a small loudspeaker in a room, with music
    noise    noise alone, without babble and speech (an hour: there is no more of it)

An event is false if its words were not said. Those whose words were said, as part of a longer sentence, are counted apart. Intervals are exact
Poisson ones, 95 %. Writes OUT/events.tsv, a line for each candidate, OUT/table.md, and OUT/thresholds.md, the false events an hour at several
least confidences.

With --peers, the peers that `peers/setup DIR` fetched hear the same streams (peers.listeners()). An event of a peer is an utterance that is a
sentence of the grammar. A missing peer is not run.
"""

import argparse
import csv
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy as np
import soundfile
from scipy import signal, stats

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "models" / "training")]
import peers  # noqa: E402
from clips import corpus, noises, rooms  # noqa: E402
from confidence import collect  # noqa: E402

RATE = 16000
STREAM_SECONDS = 600
DEV = "an4_dev", "speechocean_dev"  # other sets of dev hold what the grammars have
GRAMMARS = {"coffee": HERE.parent / "data/grammars/coffee.yaml", "first": HERE.parents[1] / "data/grammars/home.yaml",
            "home of 500": HERE.parent / "data/grammars/home.yaml", "six phrases": HERE.parent / "data/grammars/wake.txt",
            "35 words": HERE.parent / "data/grammars/words.txt"}
BY_NAME = {"free text": HERE.parent / "data/grammars/free.yaml"}  # needs a model with words.tragus, so it is not played by default
CONDITIONS = "quiet", "15", "10", "5", "music", "tv", "noise"
SPEECH_LIKE = ("babble", "crowd", "coffee", "bar", "choir", "tv", "television", "speech", "voice")


class Sentence:
    """A sentence of talk: `sound()` gives int16 samples."""

    def __init__(self, shard, first, n, text):
        self.shard, self.first, self.n, self.text = shard, first, n, text

    def sound(self):
        return self.shard[self.first:self.first + self.n]


def read_shard(path, wanted):
    """The clips of a shard whose (kind, text, voice) are wanted and that are 0.6 to 15 s long."""
    shard = np.memmap(path.with_suffix(".s16"), np.int16, "r")
    for line in open(path, encoding="utf-8"):
        first, n, kind, text, voice = line.rstrip("\n").split("\t")
        if 0.6 <= int(n) / RATE <= 15 and len(text.split()) >= 3 and wanted(kind, text, voice):
            yield Sentence(shard, int(first), int(n), " ".join(re.findall(r"[\w']+", text.lower())))


class Half:  # collect.held_for_streams() takes a clip
    def __init__(self, text, voice):
        self.text, self.voice = text, voice


def talk(shared, data, dev_alone=False):
    """Every sentence, by source, in the order of the lists. Recordings are decoded once, into DATA."""
    found = {}
    train = [] if dev_alone else sorted(p.name for p in (shared / "corpora/train").iterdir() if p.is_dir())
    for split, names in (("dev", DEV), ("train", train)):
        folder = data / ("people" if split == "train" else "dev")
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            corpus.pack(shared / "corpora" / split / name, folder)
            found[name] = [*read_shard(folder / f"{name}.tsv", lambda kind, text, voice, split=split:
                                       split == "dev" or collect.held_for_streams(Half(text, voice)))]
    for folder in sorted(p for p in (data / "talk").glob("*") if p.is_dir() and not dev_alone):
        found[folder.name] = [s for path in sorted(folder.glob("*.tsv")) for s in read_shard(path, lambda *_: True)]
    return {name: some for name, some in found.items() if some}


def noise_pieces(shared):
    """{kind: int16 sounds} of the noise folder, and the music apart."""
    noise, music = {}, []
    with open(shared / "corpora/noise/LIST.tsv", encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            sound, rate = soundfile.read(shared / "corpora/noise" / row["file"], dtype="int16")
            assert rate == RATE, row["file"]
            if pathlib.Path(row["file"]).name.startswith("music_"):
                music.append(sound)
            elif np.mean(sound.astype(np.float32) ** 2) > 1:
                noise.setdefault(row["kind"], []).append(sound)
    return noise, music


def chain(sentences, rng):
    """STREAM_SECONDS of talk (float32, units of int16, quiet between) and what was said when: [(first sample, last, text)]."""
    out, said, at = np.zeros(STREAM_SECONDS * RATE, np.float32), [], int(RATE * rng.uniform(0.5, 2))
    while sentences:
        sentence = sentences[-1]
        if at + sentence.n > len(out) - RATE:
            break
        sentences.pop()
        sound = sentence.sound().astype(np.float32)
        loud = np.sqrt(np.mean(np.sort(sound ** 2)[len(sound) // 2:]) + 1)
        out[at:at + len(sound)] += sound * np.float32(10 ** (rng.uniform(57, 69) / 20) / loud)  # the louder half has 700 to 2800 units rms
        said.append((at, at + len(sound), sentence.text))
        at += len(sound) + int(RATE * (rng.uniform(0.1, 0.8) if rng.random() < 0.7 else rng.uniform(0.8, 3.0)))
    end = said[-1][1] if said else 0
    return out[:end + RATE], said


def active_power(sound):
    frames = sound[:len(sound) // 320 * 320].reshape(-1, 320)
    power = (frames ** 2).mean(1)
    return power[power >= np.percentile(power, 99) / 1000].mean()


def backdrop(pieces, n, rng):
    """n samples of noise, another piece every 30 s, each with the same mean power of 1."""
    out, step = np.empty(n, np.float32), 30 * RATE
    for at in range(0, n, step):
        some = pieces[sorted(pieces)[rng.integers(len(pieces))]]
        part = noises.excerpt(some[rng.integers(len(some))], min(step, n - at), rng)
        out[at:at + step] = part / np.sqrt(np.mean(part ** 2) + 1e-3)
    return out


def recorded(x, rng):
    """Sound as a microphone gives it: with its hiss, as int16."""
    return np.clip(np.rint(x + rng.standard_normal(len(x), np.float32) * np.float32(2)), -32768, 32767).astype(np.int16)


def in_condition(clean, condition, noise, music, rng):
    """The talk in a condition, float32."""
    if condition == "quiet":
        return clean
    power = active_power(clean)
    if condition == "tv":
        clean = signal.sosfilt(signal.butter(2, (250, 6000), "bandpass", fs=RATE, output="sos"), clean).astype(np.float32)
        response = rooms.specified_room(np.random.default_rng(int(rng.integers(1 << 30))), 0.4, 2.5)
        clean = signal.oaconvolve(clean, response)[:len(clean)].astype(np.float32)
        clean *= np.float32(np.sqrt(power / active_power(clean)))
    pieces = {"music": music} if condition in ("music", "tv") else noise
    snr = {"music": 10, "tv": 12}.get(condition) or float(condition)
    return clean + backdrop(pieces, len(clean), rng) * np.float32(np.sqrt(power) * 10 ** (-snr / 20))


def streams(arguments, condition, sentences, noise, music):
    """Yields (int16 sound, what was said) until the hours are full or the talk is used up."""
    if condition == "noise":
        apart = {kind: some for kind, some in noise.items() if not any(word in kind.lower() for word in SPEECH_LIKE)}
        for number in range(min(6, int(arguments.hours * 6))):
            rng = np.random.default_rng([26, number, zlib.crc32(b"noise")])
            level = np.repeat(10 ** rng.uniform(2.2, 3.4, STREAM_SECONDS // 30), 30 * RATE).astype(np.float32)
            yield recorded(backdrop(apart, STREAM_SECONDS * RATE, rng) * level, rng), []
        return
    order = np.random.default_rng(26).permutation(len(sentences))
    left, number, seconds = [sentences[i] for i in order], 0, 0
    while left and seconds < arguments.hours * 3600:
        rng = np.random.default_rng([26, number])
        clean, said = chain(left, rng)
        rng = np.random.default_rng([26, number, zlib.crc32(condition.encode())])
        yield recorded(in_condition(clean, condition, noise, music, rng), rng), said
        seconds += len(clean) / RATE
        number += 1


def was_said(words, start_ms, end_ms, said):
    """Whether the words were said one after the other, in a sentence that overlaps the event."""
    first, last = (start_ms - 300) * RATE // 1000, (end_ms + 300) * RATE // 1000
    return any(begin < last and end > first and f" {words} " in f" {text} " for begin, end, text in said)


def listen(arguments, condition, sentences, noise, music, out):
    """Plays the streams of a condition to the grammars and writes every candidate. Returns the hours played."""
    names, seconds, all_said = arguments.grammars, 0, []
    with tempfile.TemporaryFile("w+", encoding="utf-8") as found:
        program = subprocess.Popen([arguments.build / "tests/accuracy/candidates", arguments.model, *((GRAMMARS | BY_NAME)[name] for name in names)],
                                   stdin=subprocess.PIPE, stdout=found)
        for sound, said in streams(arguments, condition, sentences, noise, music):
            program.stdin.write(struct.pack("<I", len(sound)) + sound.astype("<i2").tobytes())
            all_said.append(said)
            seconds += len(sound) / RATE
        program.stdin.close()
        if program.wait() != 0:
            sys.exit("streams: candidates failed")
        found.seek(0)
        next(found)
        for line in found:
            number, grammar, reason, confidence, start, end, decided, words, *features = line.rstrip("\n").split("\t")
            told = was_said(words, int(start), int(end), all_said[int(number)])
            print(condition, names[int(grammar)], number, start, end, int(told), reason, confidence, words, *features, sep="\t", file=out)
    return seconds / 3600


def listen_with_peers(arguments, listening, condition, sentences, noise, music, out):
    """Plays the streams of a condition to the peers and writes every event. A grammar is named after the peer, too."""
    with tempfile.TemporaryDirectory() as folder:
        all_said = {}
        for number, (sound, said) in enumerate(streams(arguments, condition, sentences, noise, music)):
            soundfile.write(pathlib.Path(folder) / f"{number}.wav", sound, RATE, subtype="PCM_16")
            all_said[str(number)] = said
        grammars = {name: (GRAMMARS | BY_NAME)[name] for name in arguments.grammars}
        for peer, name, events in peers.accepted(listening, grammars, list(all_said), pathlib.Path(folder)):
            for number, utterances in events.items():
                for event in utterances:
                    start, end, words = event["start_ms"], event["end_ms"], event["text"]
                    told = was_said(words, start, end, all_said[number])
                    print(condition, f"{peer}, {name}", number, start, end, int(told), 0, event.get("confidence", 1), words, sep="\t", file=out)


def interval(n, hours):
    """The rate of n events in so many hours, with its exact 95 % interval (Garwood, 1936)."""
    low = stats.chi2.ppf(0.025, 2 * n) / 2 if n else 0.0
    high = stats.chi2.ppf(0.975, 2 * n + 2) / 2
    return f"{n / hours:.2f} [{low / hours:.2f}, {high / hours:.2f}]"


def count(path):
    """The events of an events.tsv that are accepted: {(grammar, condition, whether the words were said): number}."""
    counts = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            condition, grammar, _, _, _, told, reason, *_ = line.rstrip("\n").split("\t")
            if reason == "0":
                counts[grammar, condition, told == "1"] = counts.get((grammar, condition, told == "1"), 0) + 1
    return counts


def table(path, hours, names):
    """The events an hour that are accepted, by grammar and condition, as Markdown."""
    counts = count(path)
    rows = ["| grammar | " + " | ".join(f"{c} ({h:.1f} h)" for c, h in hours.items()) + " |", "|---" * (len(hours) + 1) + "|"]
    for name in names:
        cells = []
        for condition, h in hours.items():
            said = counts.get((name, condition, True), 0)
            cells.append(interval(counts.get((name, condition, False), 0), h) + (f", and {said} said" if said else ""))
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def thresholds(path, hours, names):
    """The false events an hour at each least confidence, as Markdown; only for those at least as high as the one that was used."""
    found = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            condition, grammar, _, _, _, told, reason, confidence, *_ = line.rstrip("\n").split("\t")
            if told == "0" and reason == "0":
                found.setdefault((grammar, condition), []).append(float(confidence))
    least = [c / 100 for c in (50, 60, 70, 80, 90, 95)]
    rows = ["| grammar, condition | " + " | ".join(f"{c:.2f}" for c in least) + " |", "|---" * (len(least) + 1) + "|"]
    for name in names:
        for condition, h in hours.items():
            rates = [sum(c >= at for c in found.get((name, condition), ())) / h for at in least]
            rows.append(f"| {name}, {condition} | " + " | ".join(f"{r:.2f}" for r in rates) + " |")
    return "\n".join(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("."))
    parser.add_argument("--model", type=pathlib.Path)
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path.home() / ".cache/tragus-training")
    parser.add_argument("--hours", type=float, default=20.0, help="at most so many hours of each condition")
    parser.add_argument("--conditions", nargs="+", default=["quiet", "10", "noise"], choices=CONDITIONS)
    parser.add_argument("--grammars", nargs="+", default=list(GRAMMARS), choices=[*GRAMMARS, *BY_NAME])
    parser.add_argument("--peers", type=pathlib.Path, help="folder made by peers/setup")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("streams"))
    arguments = parser.parse_args()
    arguments.model = arguments.model or arguments.build / "models/en"
    listening = peers.listeners(arguments.peers.resolve()) if arguments.peers else []
    arguments.out.mkdir(parents=True, exist_ok=True)
    sources = talk(arguments.shared, arguments.data)
    for name, some in sources.items():
        print(f"{name}: {len(some)} sentences, {sum(s.n for s in some) / RATE / 3600:.2f} hours", file=sys.stderr)
    sentences = [s for some in sources.values() for s in some]
    noise, music = noise_pieces(arguments.shared)
    hours = {}
    with open(arguments.out / "events.tsv", "w", encoding="utf-8") as out:
        for condition in arguments.conditions:
            hours[condition] = listen(arguments, condition, sentences, noise, music, out)
            if listening:
                listen_with_peers(arguments, listening, condition, sentences, noise, music, out)
    names = arguments.grammars + [f"{peer}, {name}" for peer in peers.names(listening) for name in arguments.grammars]
    text = table(arguments.out / "events.tsv", hours, names)
    (arguments.out / "table.md").write_text(text + "\n", encoding="utf-8")
    print(text)
    text = thresholds(arguments.out / "events.tsv", hours, names)
    (arguments.out / "thresholds.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
