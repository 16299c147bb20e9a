#!/usr/bin/python3 -IS
# SPDX-License-Identifier: Apache-2.0
"""sphinx.py LIST OPTION...: recognises each WAV file of LIST (one path per line) with pocketsphinx_continuous and its options, and prints a
line of JSON for each, as `tragus transcribe --json` does. PocketSphinx finds the utterances itself. Its confidences are 1 with a grammar, so
they are left out.
"""

import json
import pathlib
import re
import subprocess
import sys

WORD = re.compile(r"(\S+) (\d+\.\d+) (\d+\.\d+) \d+\.\d+")  # with its times in seconds and its confidence
SILENCE = re.compile(r"\(NULL\)|<.*>|\[.*\]|\+\+.*")


def utterances(lines):
    """Returns the utterances in what PocketSphinx prints: a line with the text of each, then a line for each of its words."""
    heard = []
    for line in lines:
        word = WORD.fullmatch(line)
        if not word:
            heard.append({"text": line})
        elif not SILENCE.fullmatch(word[1]):
            heard[-1].setdefault("start_ms", round(1000 * float(word[2])))
            heard[-1]["end_ms"] = round(1000 * float(word[3]))
    return [utterance for utterance in heard if utterance["text"]]


def main():
    for path in pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").splitlines():
        command = ["pocketsphinx_continuous", *sys.argv[2:], "-infile", path, "-time", "yes"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"sphinx.py: pocketsphinx_continuous failed on {path}")
        print(json.dumps({"file": path, "utterances": utterances(done.stdout.splitlines())}))


if __name__ == "__main__":
    main()
