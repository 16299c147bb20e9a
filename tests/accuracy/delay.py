#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures how long after its last word a sentence is reported, as time of the sound: what the time of computation adds, tests/bench/pictures measures.

delay.py --shared DIR [--build DIR] [--model DIR]

The recordings of SHARED/corpora/dev are played to their grammars (sets.py). Prints, for each set with commands, how many sentences are understood,
and the median, tenth and ninetieth percentile of the time from the end of the words (as reported) to the decision, in ms.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import sets  # noqa: E402

SETS = "rhasspy_commands", "coffee_dev", "view_glass_dev", "other_wake_dev", "speech_commands_dev"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("."))
    parser.add_argument("--model", type=pathlib.Path)
    arguments = parser.parse_args()
    corpora, model = arguments.shared / "corpora", arguments.model or arguments.build / "models/en"
    print("| set | understood | median | tenth | ninetieth |", "|---" * 5 + "|", sep="\n")
    with tempfile.TemporaryDirectory() as folder:
        for each in (each for each in sets.SETS if each.name in SETS):
            rows = each.rows(corpora)
            events = subprocess.run([arguments.build / "tragus", "transcribe", "--events", "-m", model, "-g",
                                     each.grammar_file(corpora, pathlib.Path(folder)), *(row["file"] for row in rows)],
                                    stdout=subprocess.PIPE, text=True, check=False).stdout
            heard = [event for event in map(json.loads, events.splitlines()) if event["event"] == "utterance"]
            delays = [event["time_ms"] - event["end_ms"] for event in heard]
            tenth, median, ninetieth = np.percentile(delays, (10, 50, 90))
            print(f"| {each.name} | {len(heard)} of {len(rows)} | {median:.0f} | {tenth:.0f} | {ninetieth:.0f} |")


if __name__ == "__main__":
    main()
