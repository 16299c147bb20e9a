#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures free text between exact words.

wildcards.py DIR --model DIR [--program TRAGUS] [--misheard FILE]

DIR is what wildcard_texts.py and unpack_speech.py made. The clips are heard three times: with tests/data/grammars/free.yaml, with the same and a
list of the free texts (names of the user are preferred), and with closed.yaml, where the free text can only be one of these. Prints tables of

    intent right     one sentence was understood, with this intent
    text right       and the slots have exactly the words that were said (capitals and digits apart)
    word error       words of all slots that are missing, added or others (Levenshtein); of a sentence with another intent all are missing
    latency          from the end of the words, as reported, to the decision, as time of the sound: median, tenth and ninetieth percentile
    CPU, memory      processor time for a second of sound, and the greatest resident memory of the process

Intervals are 95 %: exact ones (Clopper and Pearson, 1934) of shares, and of word errors those of 2,000 bootstrap samples of sentences.
--misheard writes what was said and heard of the first.
"""

import argparse
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import soundfile
from scipy import stats

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import free_words  # noqa: E402

FREE = pathlib.Path(__file__).resolve().parents[1] / "data/grammars/free.yaml"
N_BOOTSTRAP = 2000


def hear(program, model, grammars, files):
    """Returns the events of each file, the processor time in seconds, and the peak memory in MB."""
    with tempfile.TemporaryFile("w+") as out:
        command = [program, "transcribe", "--events", "-m", str(model)] + [o for g in grammars for o in ("-g", str(g))] + list(files)
        child = os.posix_spawn(program, command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, out.fileno(), 1)])
        memory, ended = 0, 0
        while not ended:  # ru_maxrss would include this program, whose memory the child had before it began
            status = pathlib.Path(f"/proc/{child}/status").read_text(encoding="ascii")
            memory = max([memory] + [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")])
            time.sleep(0.02)
            ended, _, used = os.wait4(child, os.WNOHANG)
        out.seek(0)
        events = {file: [] for file in files}
        for line in out:
            event = json.loads(line)
            events[event["file"]].append(event)
    return events, used.ru_utime + used.ru_stime, memory / 1024


def score(event_lists, truths):
    """Returns, for each sentence: whether the intent is right, whether the texts are, wrong words, words, and what was heard."""
    scores = []
    for events, (intent, texts) in zip(event_lists, truths):
        heard = [e for e in events if e["event"] == "utterance"]
        good = len(heard) == 1 and heard[0]["intent"] == intent
        slots = {slot["name"]: slot["text"].lower().split() for slot in heard[0]["slot_list"]} if good else {}
        wrong = [free_words.distance(text.split(), slots.get(name, [])) for name, text in texts.items()]
        scores.append((good, good and sum(wrong) == 0, sum(wrong), sum(len(text.split()) for text in texts.values()),
                       "; ".join(f"({e['event']}: {e['spoken']})" for e in events if "spoken" in e)))
    return scores


def share(n, of):
    low = stats.beta.ppf(0.025, n, of - n + 1) if n else 0
    high = stats.beta.ppf(0.975, n + 1, of - n) if n < of else 1
    return f"{n} of {of}: {100 * n / of:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def word_error(scores):
    wrong, words = np.array([s[2] for s in scores]), np.array([s[3] for s in scores])
    rng = np.random.default_rng(1)
    draws = rng.integers(0, len(scores), (N_BOOTSTRAP, len(scores)))
    low, high = np.percentile(wrong[draws].sum(1) / words[draws].sum(1), (2.5, 97.5))
    return f"{wrong.sum()} of {words.sum()}: {100 * wrong.sum() / words.sum():.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def latency(event_lists):
    delays = [e["time_ms"] - e["end_ms"] for events in event_lists for e in events if e["event"] == "utterance"]
    tenth, median, ninetieth = np.percentile(delays, (10, 50, 90))
    return f"{median:.0f} ({tenth:.0f} to {ninetieth:.0f}) ms"


def all_known(program, model, truths):
    """Returns, for each sentence, whether the language model has all words of its free texts."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder) / f"{i}.txt" for i in range(len(truths))]
        for path, (_, texts) in zip(paths, truths):
            path.write_text("\n".join(texts.values()) + "\n", encoding="utf-8")
        table = subprocess.run([program, "words", "measure", str(model / "words.tragus"), *map(str, paths)], stdout=subprocess.PIPE, text=True, check=True)
    return [line.split("\t")[1] == "0.00" for line in table.stdout.splitlines()[1:]]


def results(scores, event_lists):
    """The columns of the tables."""
    return " | ".join((share(sum(s[0] for s in scores), len(scores)), share(sum(s[1] for s in scores), len(scores)), word_error(scores),
                       latency(event_lists)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--program", default="build/tragus")
    parser.add_argument("--misheard", type=pathlib.Path)
    arguments = parser.parse_args()
    truth = {row[0]: row[1:] for row in csv.reader(open(arguments.folder / "truth.tsv", encoding="utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE)}
    listed = list(csv.DictReader(open(arguments.folder / "LIST.tsv", encoding="utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE))
    files = [str(arguments.folder / row["file"]) for row in listed]
    truths = [(truth[row["text"]][0], json.loads(truth[row["text"]][1])) for row in listed]
    seconds = sum(soundfile.info(file).duration for file in files)
    print(f"{len(files)} sentences of {len({row['speaker'] for row in listed})} voices, {seconds / 60:.1f} minutes\n")
    columns = "intent right | text right | word error in slots | latency"
    print(f"| grammar | {columns} | CPU | memory |", "|---" * 7 + "|", sep="\n")
    heard = {}
    with tempfile.TemporaryDirectory() as folder:
        names = pathlib.Path(folder) / "names.yaml"
        names.write_text(json.dumps({"language": "en", "lists": {"names": {"values": sorted({text for _, texts in truths for text in texts.values()})}}}),
                         encoding="utf-8")
        for name, grammars in (("free text", [FREE]), ("free text, and the texts in a list", [FREE, names]),
                               ("closed: lists of these texts", [arguments.folder / "closed.yaml"])):
            events, cpu, memory = hear(arguments.program, arguments.model, grammars, files)
            heard[name] = [events[file] for file in files]
            print(f"| {name} | {results(score(heard[name], truths), heard[name])} | {cpu / seconds:.4f} | {memory:.0f} MB |", flush=True)
    events, known = heard["free text"], all_known(arguments.program, arguments.model, truths)
    first = score(events, truths)
    parts = {"all words are in the model": known, "some are not": [not k for k in known]}
    parts |= {intent: [t[0] == intent for t in truths] for intent in sorted({intent for intent, _ in truths})}
    print(f"\n| of the free text | {columns} |", "|---" * 5 + "|", sep="\n")
    for name, which in parts.items():
        if any(which):
            print(f"| {name} | {results([s for s, w in zip(first, which) if w], [e for e, w in zip(events, which) if w])} |")
    if arguments.misheard:
        arguments.misheard.write_text("".join(f"{row['file']}\t{row['text']}\t{s[4]}\n" for row, s in zip(listed, first) if not s[1]), encoding="utf-8")


if __name__ == "__main__":
    main()
