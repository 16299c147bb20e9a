#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Count near misses that are accepted: sentences with one word more than the grammar has, and commands without their wake phrase.

removed_words.py --shared DIR [--build DIR] [--model DIR] [--snr DB] [--seeds 3] [--peers DIR] [--out FILE]
    [--equal N...] [--equal-orders N...]

Removed words: a grammar has every text of a set of recordings with one word taken out, another one for each seed. So each recording contains
a word that its sentence lacks, and must be rejected. The sets are those of SHARED/corpora/dev with whole sentences. To show what rejection
costs, the same recordings are also played to a grammar of the whole sentences.

Wake phrases: the grammar is "view glass" and an order of coffee. It hears orders alone, orders after another wake word (both must be rejected),
and orders after "view glass" (must be understood). The same with the grammar of orders in a session whose wake phrase is "view glass".

After talk: the grammar of orders hears orders alone, and one second after a sentence of speechocean_dev. All should be accepted, but the decoder
asks for more where something else was said just before.

With --snr, noise of that many dB below the speech is added, as in report.py. With --peers, the peers that `peers/setup DIR` fetched hear the
same (peers.listeners()); they accept a recording if an utterance is a sentence of the grammar, and a missing peer is not run. Prints counts
with Wilson's intervals; --out writes every candidate of tragus.

Recognisers can only be compared where they accept equally much of what they should. --equal raises tragus's least confidence until it accepts N of
the whole sentences, such as those that a peer accepts, and prints how many of the sentences with a word removed it then accepts. --equal-orders is the
same for the orders after the phrase. This chooses the least confidence from the recordings that are counted, so it tells what to compare, and not what
to expect of other recordings.
"""

import argparse
import collections
import contextlib
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile

import numpy as np
import soundfile
from scipy import signal

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import peers  # noqa: E402
import report  # noqa: E402
import sets  # noqa: E402

RATE = 16000
SETS = "an4_dev", "speechocean_dev", "rhasspy_commands"
PAUSE_SECONDS = 0.15
TALK_PAUSE_SECONDS = 1.0


class Recordings:
    """Reads recordings as float64 at 16 kHz, with noise if wanted."""

    def __init__(self, corpora, snr):
        self.snr, self.noises = snr, report.Noises(corpora / "noise", "dev")

    def read(self, path):
        sound, rate = report.read(path)
        return sound if rate == RATE else signal.resample_poly(sound, RATE, rate)

    def noisy(self, sound, name):
        return sound if self.snr is None else report.noisy(sound, RATE, name, self.noises, self.snr)


def trimmed(sound):
    """A recording without the silence before and after its speech: from the first to the last 20 ms within 30 dB of the loudest."""
    frames = sound[:len(sound) // 320 * 320].reshape(-1, 320)
    power = (frames ** 2).mean(1)
    loud = np.flatnonzero(power >= power.max() / 1000)
    return sound[max(0, loud[0] - 3) * 320:(loud[-1] + 4) * 320]


def samples(sound):
    """The sound as 16-bit samples."""
    return np.clip(np.rint(sound * 32768), -32768, 32767).astype("<i2")


def count(arguments, grammar, sounds, counts, tell):
    """Plays sounds to a grammar (a path), and adds to `counts` how many tragus ("") and each peer accept. tell(number of the sound, candidate of
    tragus) is called for each sound."""
    for number, best in enumerate(accepted(arguments, grammar, sounds)):
        counts[""] += best is not None and best[0] == "0"
        tell(number, best)
    if not arguments.listening:
        return
    with tempfile.TemporaryDirectory() as folder:
        for number, sound in enumerate(sounds):
            soundfile.write(pathlib.Path(folder) / f"{number}.wav", samples(sound), RATE, subtype="PCM_16")
        clips = [str(number) for number in range(len(sounds))]
        for peer, _, events in peers.accepted(arguments.listening, {"": grammar}, clips, pathlib.Path(folder)):
            counts[f", {peer}"] += sum(bool(utterances) for utterances in events.values())


def heard(arguments, grammars, sounds, options=()):
    """Plays sounds to grammars (paths). Returns the candidates of each sound: [(number of the grammar, reason, confidence, words, features...)].
    options: of the program `candidates`."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as found:
        program = subprocess.Popen([arguments.build / "tests/accuracy/candidates", *options, arguments.model, *grammars], stdin=subprocess.PIPE, stdout=found)
        candidates = []
        with contextlib.suppress(BrokenPipeError):  # then it has said why, and its exit code is tested below
            for sound in sounds:
                program.stdin.write(struct.pack("<I", len(sound)) + samples(sound).tobytes())
                candidates.append([])
            program.stdin.close()
        if program.wait() != 0:
            sys.exit("removed_words: candidates failed")
        found.seek(0)
        next(found)
        for line in found:
            number, grammar, reason, confidence, _, _, _, *words_and_features = line.rstrip("\n").split("\t")
            candidates[int(number)].append((int(grammar), reason, confidence, *words_and_features))
        return candidates


def accepted(arguments, grammar, sounds):
    """Plays sounds to a grammar (a path). Returns for each the candidate with the highest confidence: [reason, confidence, words, features...]."""
    best = (max(some, key=lambda each: (each[1] == "0", float(each[2])), default=None) for some in heard(arguments, [grammar], sounds))
    return [each and list(each[1:]) for each in best]


def without_a_word(texts, rng):
    """{text: the text without one of its words}, for texts of three words and more; none of the results is itself a text."""
    removed = {}
    for text in sorted(set(texts)):
        words = text.split()
        for i in rng.sample(range(len(words)), len(words)):
            shorter = " ".join(words[:i] + words[i + 1:])
            if len(words) >= 3 and shorter not in texts:
                removed[text] = shorter
                break
    return removed


def play_sets(title, kind, change, arguments, corpora, recordings, folder, tell):
    """Plays each set to every grammar in change(its texts), a dictionary with the grammar's sentence in place of each text.

    Yields what was played (title), how often it was accepted, and how often it was played; then the same for each peer.
    """
    counts, of = collections.Counter(), 0
    for name in SETS:
        rows = sets.rows_of(corpora / "dev" / name / "LIST.tsv")
        for number, sentences in enumerate(change({row["text"] for row in rows})):
            path = folder / f"{kind}-{name}-{number}.txt"
            path.write_text("\n".join(sorted(set(sentences.values()))) + "\n", encoding="utf-8")
            some = [row for row in rows if row["text"] in sentences]
            sounds = [recordings.noisy(recordings.read(corpora / "dev" / name / row["file"]), row["file"]) for row in some]
            of += len(some)
            count(arguments, path, sounds, counts, lambda i, best, name=name, some=some: tell(f"{kind} {name}", some[i]["text"], best))
    for who, n in counts.items():
        yield f"{title}{who}", n, of


def removed_words(arguments, *more):
    """The same as play_sets(), for sentences of which the grammar lacks a word."""
    def change(texts):
        return [without_a_word(texts, random.Random(seed)) for seed in range(arguments.seeds)]
    return play_sets("a word removed", "removed", change, arguments, *more)


def whole_sentences(arguments, *more):
    """The same as play_sets(), for the same sentences with nothing removed; they should be accepted."""
    def change(texts):
        return [{text: text for text in without_a_word(texts, random.Random(0))}]
    return play_sets("a whole sentence", "whole", change, arguments, *more)


WAYS = ("without the phrase", None), ("after another wake word", "other_wake_dev"), ("after the phrase", "view_glass_dev")


def orders_said(corpora, recordings, name, pause_seconds=PAUSE_SECONDS):
    """Returns the orders of coffee, and the sound of each after a recording of this set and a pause, or alone if it is None."""
    orders = sets.rows_of(corpora / "dev/coffee_dev/LIST.tsv")
    phrases = sets.rows_of(corpora / "dev" / name / "LIST.tsv") if name else []
    sounds = []
    for i, order in enumerate(orders):
        sound = trimmed(recordings.read(corpora / "dev/coffee_dev" / order["file"]))
        if name:
            first = trimmed(recordings.read(corpora / "dev" / name / phrases[i % len(phrases)]["file"]))
            first *= np.sqrt(report.active_power(sound, RATE) / report.active_power(first, RATE))
            sound = np.concatenate([first, np.zeros(int(pause_seconds * RATE)), sound])
        sounds.append(recordings.noisy(np.pad(sound, RATE // 2), order["file"]))
    return orders, sounds


def wake_phrases(arguments, corpora, recordings, folder, tell):
    """The same as play_sets(), for each of the three ways to say an order; the grammar has the phrase in its sentences."""
    orders_alone, start = (sets.GRAMMARS / "coffee.yaml").read_text(encoding="utf-8"), '- "<start>'
    assert start in orders_alone
    path = folder / "wake-coffee.yaml"
    path.write_text(orders_alone.replace(start, '- "view glass <start>'), encoding="utf-8")
    for title, name in WAYS:
        orders, sounds = orders_said(corpora, recordings, name)
        counts = collections.Counter()
        count(arguments, path, sounds, counts, lambda i, best, name=name, orders=orders: tell(f"wake {name}", orders[i]["text"], best))
        for who, n in counts.items():
            yield f"an order {title}{who}", n, len(orders)


def after_talk(arguments, corpora, recordings, _, tell):
    """The same as play_sets(), for orders alone and just after other talk."""
    for title, name in ("alone", None), ("after other talk", "speechocean_dev"):
        orders, sounds = orders_said(corpora, recordings, name, TALK_PAUSE_SECONDS)
        counts = collections.Counter()
        count(arguments, sets.GRAMMARS / "coffee.yaml", sounds, counts, lambda i, best, name=name, orders=orders: tell(f"talk {name}", orders[i]["text"], best))
        for who, n in counts.items():
            yield f"an order {title}{who}", n, len(orders)


def wake_sessions(arguments, corpora, recordings, folder, tell):
    """The same as wake_phrases(), with the grammar of orders alone in a session whose wake phrase is "view glass"."""
    for title, name in WAYS:
        orders, sounds = orders_said(corpora, recordings, name)
        paths = [folder / f"order-{i}.wav" for i in range(len(sounds))]
        for path, sound in zip(paths, sounds):
            soundfile.write(path, samples(sound), RATE, subtype="PCM_16")
        heard_text = subprocess.run([arguments.build / "tragus", "transcribe", "-m", arguments.model, "--wake", "view glass", "-g",
                                     sets.GRAMMARS / "coffee.yaml", *paths], stdout=subprocess.PIPE, text=True, check=False).stdout
        texts = [line.split("\t")[1] for line in heard_text.splitlines()]
        for order, text in zip(orders, texts):
            tell(f"session {name}", order["text"], ["0", "", text] if text else None)
        yield f"an order {title}, in a session with a wake phrase", sum(map(bool, texts)), len(orders)


REMOVED, WHOLE, AFTER = "a word removed", "a whole sentence", "an order after the phrase"
KINDS = {REMOVED: "removed ", WHOLE: "whole "} | {f"an order {title}": f"wake {name}" for title, name in WAYS}  # what tell() is told of each title


def raised(scores, should, n):
    """Raises the least confidence until n recordings of the kind `should` are accepted, or a few more if confidences are equal.

    scores: {kind: confidences of the recordings that are accepted now}. Returns the least confidence and {kind: accepted}, or None if fewer than n
    are accepted now.
    """
    if not 0 < n <= len(scores[should]):
        return None
    least = sorted(scores[should], reverse=True)[n - 1]
    return least, {kind: sum(confidence >= least for confidence in some) for kind, some in scores.items()}


def print_equal(scores, played, should, numbers):
    """Prints how much of each kind tragus accepts where it accepts as much of the kind `should` as each of numbers says. played: {kind: recordings}."""
    for n in numbers:
        found = raised(scores, should, n)
        if not found:
            print(f"{should}: {n} cannot be accepted, {len(scores[should])} are")
            continue
        for kind, accepted_now in found[1].items():
            print(f"with a least confidence of {found[0]:.4f}, {kind}: accepted {share_of(accepted_now, played[kind])}")


def share_of(n, of):
    share = peers.wilson(n, of)
    return f"{n} of {of} ({100 * share['share']:.1f} % [{100 * share['low']:.1f}, {100 * share['high']:.1f}])"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("."))
    parser.add_argument("--model", type=pathlib.Path)
    parser.add_argument("--snr", type=float)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--peers", type=pathlib.Path, help="folder made by peers/setup")
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--equal", type=int, nargs="*", default=[], metavar="N", help="whole sentences that tragus should accept")
    parser.add_argument("--equal-orders", type=int, nargs="*", default=[], metavar="N", help="orders after the phrase that tragus should accept")
    arguments = parser.parse_args()
    arguments.build = arguments.build.resolve()  # a program without a folder would be looked for in $PATH
    arguments.model = arguments.model or arguments.build / "models/en"
    arguments.listening = peers.listeners(arguments.peers.resolve()) if arguments.peers else []
    corpora = arguments.shared / "corpora"
    recordings = Recordings(corpora, arguments.snr)
    rows, played = [], {}

    def tell(kind, text, best):
        if best:
            rows.append([kind, re.sub(r"\s+", " ", text), *best])
    with tempfile.TemporaryDirectory() as folder:
        for kind in removed_words, whole_sentences, wake_phrases, wake_sessions, after_talk:
            for title, n, of in kind(arguments, corpora, recordings, pathlib.Path(folder), tell):
                print(f"{title}: accepted {share_of(n, of)}")
                played[title] = of
    scores = {title: [float(row[3]) for row in rows if row[0].startswith(told) and row[2] == "0"] for title, told in KINDS.items()}
    sentences = {title: scores[title] for title in (REMOVED, WHOLE)}
    print_equal(sentences, played, WHOLE, arguments.equal)
    print_equal({title: some for title, some in scores.items() if title not in sentences}, played, AFTER, arguments.equal_orders)
    if arguments.out:
        arguments.out.write_text("\n".join("\t".join(row) for row in rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
