#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Collect what the recogniser hears in training recordings, right and wrong, to fit the model of its confidence (fit.py).

collect.py --data DATA --noise DIR --candidates PROGRAM --model DIR --out FILE.tsv [--groups 4] [--seed 1] [--talk 1.0] [--clips 50] [--free]

Makes groups of random grammars from the texts of training clips: short and long lists of sentences, templates of similar words, single words,
phrases, and a phrase followed by a command. Some of the texts of a grammar are changed first: a word is left out, added, or replaced. The
clip with the text as it was then must be rejected. All grammars of a group hear the same sounds: clips of their texts in noise and rooms as
in training (clips/augment.py), hours of other talk, and noise.

With --free the grammars have free words in place of some words of each sentence, and DIR needs words.tragus. A candidate is then right if the
exact words around them were said. Talk in which these words are said by chance is left out.

Recordings of people whose speaker (or text, where speakers have no names) gives an odd CRC-32 are left to tests/accuracy/streams.py.

Writes a line for each candidate: 1 (right) or 0, kind of the sound, kind of the grammar, number of the sound, words, features.
"""

import argparse
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from clips import augment, corpus, rivals  # noqa: E402

RATE = 16000
PLAN = ("few", 4), ("many", 3), ("read", 12), ("similar", 4), ("words", 5), ("phrases", 2), ("wake", 2)
FREE_PLAN = ("free", 3), ("free read", 2)
FREE = "{free}"
LEAST_LETTERS = 6  # of the exact words of a sentence with free words
TALK_SECONDS = 20


def held_for_streams(clip):
    """Whether a recording of a person belongs to the half that streams.py measures with. clip: has text and voice."""
    named = clip.voice and clip.voice not in ("unknown", "wake_unknown", "kathleen")
    return "/" not in clip.voice and zlib.crc32((clip.voice if named else clip.text).encode()) % 2 == 1


class Sounds:
    """The clips that the grammars are made of, by kind of grammar."""

    def __init__(self, clips):
        def some(kinds, least, most):
            return [c for c in clips if c.kind in kinds and least <= len(c.words) <= most]
        self.pools = {
            "few": some(("home", "assistant"), 2, 12),
            "many": some(("home", "assistant", "common", "numbers"), 2, 12),
            "read": some(("speechocean", "common_voice", "common_voice_more", "an4", "kathleen_full"), 2, 14),
            "similar": some(("home", "assistant", "numbers", "speechocean", "an4", "common_voice"), 2, 8),
            "words": some(("home", "assistant", "common", "words", "an4", "wake_words"), 1, 1),
            "phrases": some(("common", "home", "assistant", "words", "wake_words"), 2, 3),
            "wake": some(("home", "assistant"), 2, 8),
            "free": some(("home", "assistant"), 3, 14),
            "free read": some(("speechocean", "common_voice", "common_voice_more", "an4", "kathleen_full"), 3, 14),
        }
        self.talk = some(("prose", "common_voice", "common_voice_more", "kathleen_full", "speechocean", "assistant"), 3, 40)
        self.words = sorted({w for c in clips for w in c.text.split()})


class Grammar:
    """A random grammar and the clips of its texts. Each of its sentences is an intent of its own, so other words mean something else."""

    def __init__(self, kind, sounds, near, rng, n_clips):
        self.kind, pool = kind, sounds.pools[kind]
        size = {"few": rng.randint(8, 60), "many": rng.randint(150, 600), "read": rng.choice((20, 60, 200, 600)), "similar": rng.randint(8, 30),
                "words": rng.randint(8, 40), "phrases": rng.randint(1, 6), "wake": rng.randint(8, 40),
                "free": rng.randint(2, 12), "free read": rng.randint(2, 12)}[kind]
        clips = rng.sample(pool, min(size, len(pool)))
        texts = {c.text for c in clips}
        same = [c for c in pool if c.text in texts]
        rng.shuffle(same)
        self.clips = (same * n_clips)[:n_clips]  # each time in other noise
        self.sentences, self.lists, self.wake = [], {}, ""
        if kind == "wake":
            self.wake = rng.choice(sounds.pools["phrases"]).text
        for text in sorted(texts):
            words = text.split()
            if rng.random() < 0.4 and kind != "words":
                words = self.changed(words, sounds.words, near, rng)
            if kind == "similar":
                words = [self.choice([w, *near(w, rng.randint(1, 3), rng)]) if rng.random() < 0.6 else w for w in words]
            if kind.startswith("free"):
                words = self.freed(words, rng)
            if words:
                self.sentences.append(" ".join([self.wake, *words] if kind == "wake" else words))
        if kind.startswith("free"):
            self.lists["free"] = {"wildcard": True}
        if kind == "words" and rng.random() < 0.7:
            self.sentences = [s for s in self.sentences if rng.random() < 0.7] or self.sentences

    def choice(self, words):
        """A slot that may be any of these words."""
        name = f"list{len(self.lists)}"
        self.lists[name] = {"values": sorted(set(words))}
        return "{" + name + "}"

    @staticmethod
    def freed(words, rng):
        """The sentence with free words in place of one to three of its words, of more at its end, or in two places; none if little is left."""
        for _ in range(10):
            found = list(words)
            for _ in range(rng.choice((1, 1, 2))):
                n = rng.randint(1, 3) if rng.random() < 0.7 else len(found)
                at = rng.randrange(1 if n > 3 else 0, len(found))
                found[at:at + n] = [FREE]
            exact = [w for w in found if w != FREE]
            if sum(map(len, exact)) >= LEAST_LETTERS and not any(a == b == FREE for a, b in zip(found, found[1:])):
                return found
        return []

    @staticmethod
    def changed(words, all_words, near, rng):
        """Another sentence: a word left out, added or replaced."""
        i, r = rng.randrange(len(words)), rng.random()
        if r < 0.5 and len(words) > 1:
            return words[:i] + words[i + 1:]
        if r < 0.65:
            return words[:i] + [rng.choice(all_words)] + words[i:]
        other = near(words[i], 1, rng) if rng.random() < 0.6 else [rng.choice(all_words)]
        return words[:i] + (other or [rng.choice(all_words)]) + words[i + 1:]

    def json(self):
        intents = {f"Intent{i}": {"data": [{"sentences": [sentence]}]} for i, sentence in enumerate(self.sentences)}
        return json.dumps({"language": "en", "intents": intents, "lists": self.lists})


class Near:
    """Similar words, by rivals.Rivals."""

    def __init__(self, clips, dictionary):
        self.rivals, self.dictionary = rivals.Rivals(clips), dictionary

    def __call__(self, word, n, rng):
        found = [str(self.rivals.words[i]) for i in self.rivals.nearest(self.dictionary[word][0])[:15]]
        found = [w for w in dict.fromkeys(found) if w != word]
        return rng.sample(found, min(n, len(found)))


def same_sound(a, b, dictionary):
    """Whether two texts have a common pronunciation, word by word."""
    a, b = a.split(), b.split()

    def ways(word):
        return {labels.tobytes() for labels in dictionary.get(word, ())} | {word}
    return len(a) == len(b) and all(ways(x) & ways(y) for x, y in zip(a, b))


def fits(pattern, words, dictionary):
    """Whether words are a sentence with free words, one or more for each FREE. Both are lists."""
    if not pattern or not words:
        return not pattern and not words
    if pattern[0] == FREE:
        return any(fits(pattern[1:], words[n:], dictionary) for n in range(1, len(words) + 1))
    return same_sound(pattern[0], words[0], dictionary) and fits(pattern[1:], words[1:], dictionary)


def judge(grammar, kind, said, heard, dictionary):
    """Whether a candidate is right; None if nobody knows. said: the text of the sound, or all that was said in talk."""
    if not grammar.kind.startswith("free"):
        return kind == "clip" and same_sound(said, heard, dictionary)
    patterns = [p for p in map(str.split, grammar.sentences) if fits(p, heard.split(), dictionary)]
    if kind == "clip":
        return any(fits(p, said.split(), dictionary) for p in patterns)
    said = ["-", *said.split(), "-"]
    return None if any(fits([FREE, *p, FREE], said, dictionary) for p in patterns) else False


def talk_of(pool, rng, seconds):
    """int16 sound of so many seconds: clips with pauses of up to 0.8 s between them; and their texts."""
    parts, texts, n = [], [], 0
    while n < seconds * RATE:
        clip = pool[rng.integers(len(pool))]
        parts += [clip.sound(), np.zeros(int(RATE * 0.8 * rng.random() ** 2), np.int16)]
        texts.append(clip.text)
        n += len(parts[-1]) + len(parts[-2])
    return np.concatenate(parts)[:int(seconds * RATE)], texts


def read_arguments(doc, talk):
    """The command line of this program and of collect_phrases.py. talk: default of --talk."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder with speech/ and people/, made by `prepare`")
    parser.add_argument("--noise", required=True)
    parser.add_argument("--candidates", required=True, help="tests/accuracy/candidates of a build")
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--groups", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--talk", type=float, default=talk, help="hours of talk for each group")
    parser.add_argument("--clips", type=int, default=50, help="sounds of each grammar's own sentences (collect.py only)")
    parser.add_argument("--free", action="store_true", help="grammars with free words (collect.py only)")
    return parser.parse_args()


def read_clips(arguments):
    """The training clips that streams.py leaves, the dictionary, and what puts clips into noise and rooms."""
    dictionary = corpus.read_dictionary(corpus.DICTIONARY)
    clips = [c for folder in ("speech", "people") for c in corpus.load(arguments.data / folder, dictionary)[0]]
    augmented = augment.Augment(arguments.noise, augment.Settings(room_share=0.5, room_decay=1, babble_share=0.1))
    return [c for c in clips if not held_for_streams(c)], dictionary, augmented


def main():
    arguments = read_arguments(__doc__, 1.0)
    clips, dictionary, augmented = read_clips(arguments)
    sounds, near = Sounds(clips), Near(clips, dictionary)
    with open(arguments.out, "w", encoding="utf-8") as out:
        for group in range(arguments.groups):
            collect(arguments, group, sounds, near, augmented, dictionary, out)


def collect(arguments, group, sounds, near, augmented, dictionary, out):
    rng, numbers = random.Random(arguments.seed * 1000 + group), np.random.default_rng((arguments.seed, group))
    grammars = [Grammar(kind, sounds, near, rng, arguments.clips) for kind, n in (FREE_PLAN if arguments.free else PLAN) for _ in range(n)]
    heard = []  # kind, text of each sound
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder) / f"{i}.yaml" for i in range(len(grammars))]
        for path, grammar in zip(paths, grammars):
            path.write_text(grammar.json(), encoding="utf-8")
        with open(pathlib.Path(folder) / "found", "w+", encoding="utf-8") as found:
            program = subprocess.Popen([arguments.candidates, arguments.model, *map(str, paths)], stdin=subprocess.PIPE, stdout=found)

            def play(kind, text, sound):
                heard.append((kind, text))
                program.stdin.write(struct.pack("<I", len(sound)) + sound.astype("<i2").tobytes())
            for grammar in grammars:
                for clip in grammar.clips:
                    sound = clip.sound()
                    if grammar.wake and rng.random() < 0.6:  # the command after its phrase, after another, or alone
                        said = grammar.wake if rng.random() < 0.6 else rng.choice(sounds.pools["phrases"]).text
                        first = rng.choice([c for c in sounds.pools["phrases"] if c.text == said])
                        pause = np.zeros(int(RATE * 0.3 * numbers.random()), np.int16)
                        play("clip", f"{said} {clip.text}", augmented(np.concatenate([first.sound(), pause, sound]), numbers, sounds.talk))
                    else:
                        play("clip", clip.text, augmented(sound, numbers, sounds.talk))
            for _ in range(int(arguments.talk * 3600 / TALK_SECONDS)):
                talk, texts = talk_of(sounds.talk, numbers, TALK_SECONDS)
                play("talk", " ".join(texts), augmented.placed(talk.astype(np.float32), 0, 0, numbers, sounds.talk))
            for _ in range(int(arguments.talk * 3600 / TALK_SECONDS / 4)):
                play("noise", "", augmented.nothing(TALK_SECONDS * RATE, numbers, sounds.talk))
            program.stdin.close()
            if program.wait() != 0:
                sys.exit(f"collect: {arguments.candidates} failed")
            found.seek(0)
            n = [0, 0]
            names = next(found).rstrip("\n").split("\t")[8:]
            if group == 0:
                print("right", "sound", "grammar", "number", "reason", "confidence", "said", "heard", *names, sep="\t", file=out)
            for line in found:
                sound, grammar, reason, confidence, _, _, _, words, *features = line.rstrip("\n").split("\t")
                if not features:
                    continue
                kind, text = heard[int(sound)]
                right = judge(grammars[int(grammar)], kind, text, words, dictionary)
                if right is None:
                    continue
                right = int(right)
                n[right] += 1
                print(right, kind, grammars[int(grammar)].kind, f"{group}:{sound}", reason, confidence, text, words, *features, sep="\t", file=out)
            out.flush()
            print(f"collect: group {group}: {len(heard)} sounds, {n[1]} right candidates, {n[0]} wrong ones", file=sys.stderr)


if __name__ == "__main__":
    main()
