#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Collect where the spotter hears phrases in training recordings, rightly and wrongly, to fit what a wake phrase needs (fit_phrases.py).

collect_phrases.py --data DATA --noise DIR --candidates PROGRAM --model DIR --out FILE.tsv [--groups 4] [--seed 1] [--talk 0.5]

All phrases of a group hear the same sounds. Half of its phrases are names as people choose them: a word of the dictionary, mostly after a greeting.
The others are spoken in clips: short clips as they are, or the first words of longer ones. Some also count with one word more (a greeting before it), or replaced by a similar one. The
sounds are clips that begin with a phrase, some followed by another clip of the same voice, as recorded ("clean") and in noise and rooms as in
training ("clip"); hours of other talk, half of it as recorded; and noise. Recordings that collect.py leaves to tests/accuracy/streams.py are left out here, too.

A candidate is right if the sound begins with the phrase. It is left out if the phrase's phones occur elsewhere in what was said.

Writes to FILE.tsv a line for each candidate: 1 (right) or 0, kind of the sound, kind of the phrase, number of the sound, the phrase, whether the
sound has nothing else (1 or 0), features; to FILE.phrases.tsv a line for each phrase: group, phrase, kind, its phones (labels), hours of talk; and
to FILE.words.txt the most frequent words of the talk, in that order.
"""

import collections
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from confidence import collect  # noqa: E402

RATE = collect.RATE
GREETINGS = "", "hey", "okay", "hello", "hi"
NAMES, SHORT, FIRST_WORDS = 80, 40, 40  # phrases of a group, by kind
CLIPS_OF_A_PHRASE = 6
LEAST_PHONES, MOST_PHONES = 5, 18
MOST_LOSS = 2.4  # nats a phone; candidates that fit worse are not written
COMMON_WORDS = 300
PEOPLE = "common_voice", "common_voice_more", "speechocean", "an4", "kathleen_full", "wake_words"


class Phones:
    """The phones of texts: the first pronunciation of each word."""

    def __init__(self, dictionary):
        self.dictionary = dictionary

    def of(self, text):
        """Labels of a text, or None if a word is not in the dictionary."""
        words = text.split()
        return [int(p) for w in words for p in self.dictionary[w][0]] if all(w in self.dictionary for w in words) else None

    def as_text(self, text):
        """The same as a text that can be searched; unknown words match nothing."""
        return " " + " ".join(" ".join(map(str, self.dictionary[w][0])) if w in self.dictionary else w for w in text.split()) + " "

    def suits(self, text):
        return LEAST_PHONES <= len(self.of(text) or ()) <= MOST_PHONES


def phrases_of(clips, phones, near, rng):
    """The phrases of a group: {phrase: kind}."""
    words = [w for w in phones.dictionary if w.isalpha() and phones.suits(w)]
    short = [c.text for c in clips if len(c.text.split()) <= 3 and phones.suits(c.text)]
    people = [c for c in clips if c.kind in PEOPLE]
    found = {}
    while len(found) < NAMES:
        name = f"{rng.choice(GREETINGS)} {rng.choice(words)}".strip()
        if phones.suits(name):
            found[name] = "name"
    for text in rng.sample(short, SHORT):
        found.setdefault(text, "spoken")
    n = 0
    while n < FIRST_WORDS:
        said = rng.choice(people if rng.random() < 0.6 else clips).text.split()
        text = " ".join(said[:rng.randint(1, 4)])
        if phones.suits(text):
            found.setdefault(text, "spoken")
            n += 1
    for text in [t for t, kind in found.items() if kind == "spoken"]:
        if rng.random() < 0.3:
            found.setdefault(f"{rng.choice(GREETINGS[1:])} {text}" if rng.random() < 0.7 else f"{text} {rng.choice(words)}", "near")
        if rng.random() > 0.3:
            continue
        changed = text.split()
        i = rng.randrange(len(changed))
        other = near(changed[i], 1, rng)
        if other:
            found.setdefault(" ".join([*changed[:i], other[0], *changed[i + 1:]]), "near")
    return found


def with_a_sequel(clip, same_voice, numbers, rng):
    """The sound of a clip, a pause of up to half a second, and another clip of the voice at the same level; and both texts."""
    other = rng.choice(same_voice)
    first, second = clip.sound(), other.sound().astype(np.float32)
    second *= np.sqrt(np.mean(first.astype(np.float32) ** 2) / (np.mean(second ** 2) + 1))
    pause = np.zeros(int(RATE * 0.5 * numbers.random()), np.int16)
    return np.concatenate([first, pause, np.clip(second, -32768, 32767).astype(np.int16)]), f"{clip.text} {other.text}"


def talk_of(clips):
    return [c for c in clips if c.kind in ("prose", "assistant", *PEOPLE) and 3 <= len(c.text.split()) <= 40]


class Group:
    """Plays the sounds of a group to its phrases and reads the candidates."""

    def __init__(self, arguments, phrases, phones):
        self.phrases, self.phones = list(phrases), phones
        self.heard, self.hours = [], collections.Counter()  # (kind, texts said) of each sound; hours by kind
        self.folder = tempfile.TemporaryDirectory()
        paths = []
        for i, phrase in enumerate(self.phrases):
            paths.append(pathlib.Path(self.folder.name) / f"{i}.txt")
            paths[-1].write_text(phrase + "\n", encoding="utf-8")
        self.found = open(pathlib.Path(self.folder.name) / "found", "w+", encoding="utf-8")
        self.program = subprocess.Popen([arguments.candidates, "--phrases", "inf", arguments.model, *map(str, paths)], stdin=subprocess.PIPE, stdout=self.found)

    def play(self, kind, texts, sound):
        self.heard.append((kind, texts))
        self.hours[kind] += len(sound) / RATE / 3600
        self.program.stdin.write(struct.pack("<I", len(sound)) + sound.astype("<i2").tobytes())

    def candidates(self):
        """Yields (right, kind of the sound, its number, phrase, whether it has nothing else, features); first the names of the features."""
        self.program.stdin.close()
        if self.program.wait() != 0:
            sys.exit("collect_phrases: candidates failed")
        self.found.seek(0)
        yield next(self.found).rstrip("\n").split("\t")[8:]
        said, wanted = {}, [self.phones.as_text(phrase) for phrase in self.phrases]
        for line in self.found:
            sound, phrase, *_, words, = line.rstrip("\n").split("\t")[:8]
            features = line.rstrip("\n").split("\t")[8:]
            if not features or int(features[0]) > MOST_LOSS * 256:
                continue
            kind, texts = self.heard[int(sound)]
            if sound not in said:
                said[sound] = [self.phones.as_text(text) for text in texts]
            phone_text = wanted[int(phrase)]
            right = kind in ("clip", "clean") and said[sound][0].startswith(phone_text)
            if right or not any(phone_text in text for text in said[sound]):
                yield right, kind, sound, self.phrases[int(phrase)], right and said[sound][0] == phone_text, features
        self.found.close()
        self.folder.cleanup()


def collect_group(arguments, number, clips, near, augmented, phones, out, phrase_out):
    rng, numbers = random.Random(arguments.seed * 1000 + number), np.random.default_rng((arguments.seed, number))
    phrases = phrases_of(clips, phones, near, rng)
    by_voice = collections.defaultdict(list)
    for clip in clips:
        by_voice[clip.voice].append(clip)
    talk_pool = talk_of(clips)
    group = Group(arguments, phrases, phones)
    for phrase in [p for p, kind in phrases.items() if kind != "name"]:
        begun = [c for c in clips if f"{c.text} ".startswith(f"{phrase} ")]
        for clip in rng.sample(begun, min(CLIPS_OF_A_PHRASE, len(begun))):
            sound, text = clip.sound(), clip.text
            if text == phrase and rng.random() < 0.4:
                sound, text = with_a_sequel(clip, by_voice[clip.voice], numbers, rng)
            if rng.random() < 0.3:
                group.play("clean", [text], np.pad(sound, RATE // 2))
            else:
                group.play("clip", [text], augmented(sound, numbers, talk_pool))
    for i in range(int(arguments.talk * 3600 / collect.TALK_SECONDS)):
        talk, texts = collect.talk_of(talk_pool, numbers, collect.TALK_SECONDS)
        group.play("talk", texts, augmented.placed(talk.astype(np.float32), 0, 0, numbers, talk_pool) if i % 2 else talk)
    for _ in range(int(arguments.talk * 3600 / collect.TALK_SECONDS / 4)):
        group.play("noise", [], augmented.nothing(collect.TALK_SECONDS * RATE, numbers, talk_pool))
    found = group.candidates()
    names, n = next(found), [0, 0]
    if number == 0:
        print("right", "sound", "kind", "number", "phrase", "alone", *names, sep="\t", file=out)
    for right, kind, sound, phrase, alone, features in found:
        n[right] += 1
        print(int(right), kind, phrases[phrase], f"{number}:{sound}", phrase, int(alone), *features, sep="\t", file=out)
    for phrase, kind in phrases.items():
        print(number, phrase, kind, " ".join(map(str, phones.of(phrase) or ())), f"{group.hours['talk']:.3f}", sep="\t", file=phrase_out)
    print(f"collect_phrases: group {number}: {len(phrases)} phrases, {len(group.heard)} sounds, {n[1]} right candidates, {n[0]} wrong ones",
          file=sys.stderr)


def main():
    arguments = collect.read_arguments(__doc__, 0.5)
    clips, dictionary, augmented = collect.read_clips(arguments)
    near, phones = collect.Near(clips, dictionary), Phones(dictionary)
    counts = collections.Counter(word for clip in talk_of(clips) for word in clip.text.split())
    words = [word for word, _ in sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:COMMON_WORDS]]
    arguments.out.with_suffix(".words.txt").write_text(" ".join(words) + "\n", encoding="utf-8")
    with open(arguments.out, "w", encoding="utf-8") as out, open(arguments.out.with_suffix(".phrases.tsv"), "w", encoding="utf-8") as phrase_out:
        for number in range(arguments.groups):
            collect_group(arguments, number, clips, near, augmented, phones, out, phrase_out)


if __name__ == "__main__":
    main()
