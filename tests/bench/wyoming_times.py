#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""wyoming_times.py URI TRAGUS MODEL SHARED SET [--package FOLDER] [--peer NAME]: prints a row of the table that tests/bench/wyoming explains. Times are
the median, and in brackets the 95th percentile. --peer: another recogniser serves the URI, which does not find the end of a command.
"""

import argparse
import asyncio
import json
import pathlib
import select
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import soundfile

sys.dont_write_bytecode = True
TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "accuracy"), str(TESTS / "integration")]
import sets  # noqa: E402
import wyoming_client  # noqa: E402

AT_ONCE = 8  # connections
PIECE_S = 0.02
SILENCE_S = 2.5  # after a recording: longer than any silence that ends a command
PATIENCE_S = 30


class Own(wyoming_client.Peer):
    """A connection with our own client."""

    def wait(self, until):
        """Returns the next event that comes until then, or None."""
        if not self.bytes and not select.select([self.socket], [], [], max(0, until - time.monotonic()))[0]:
            return None
        return self.read()


def client_of_package(folder):
    """The same with the client of the package."""
    sys.path.insert(0, folder)
    from wyoming.client import AsyncClient  # pylint: disable=import-outside-toplevel,import-error
    from wyoming.event import Event  # pylint: disable=import-outside-toplevel,import-error

    class OfPackage:
        def __init__(self, uri):
            self.loop = asyncio.new_event_loop()
            self.client = AsyncClient.from_uri(uri)
            self.loop.run_until_complete(self.client.connect())
            self.reading = None

        def __enter__(self):
            return self

        def __exit__(self, *_):
            if self.reading:
                self.reading.cancel()
            self.loop.run_until_complete(self.client.disconnect())
            self.loop.close()

        def send(self, kind, data=None, payload=b""):
            self.loop.run_until_complete(self.client.write_event(Event(kind, data or {}, payload or None)))

        def wait(self, until):
            if not self.reading:
                self.reading = self.loop.create_task(self.client.read_event())
            self.loop.run_until_complete(asyncio.wait({self.reading}, timeout=max(0, until - time.monotonic())))
            if not self.reading.done():
                return None
            event, self.reading = self.reading.result(), None
            return (event.type, event.data) if event else ("end", {})

    return OfPackage


def transcript(client, until):
    event = client.wait(until)
    while event and event[0] in ("transcript-start", "transcript-chunk", "transcript-stop"):
        event = client.wait(until)
    if event and event[0] != "transcript":
        sys.exit(f"expected a transcript, got {event}")
    return event and event[1]["text"]


def play(connect, uri, path, manner):
    """Sends a recording. Returns the text, and the times of the first sample, of audio-stop (None: the text came before) and of the text."""
    samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    form = {"rate": rate, "width": 2, "channels": samples.shape[1]}
    step, total = int(rate * PIECE_S), len(samples)
    sound = samples.tobytes() + bytes(int(rate * SILENCE_S) * 2 * samples.shape[1] if manner == "listening" else 0)
    size = step * 2 * samples.shape[1]
    with connect(uri) as client:
        client.send("transcribe", {"language": "en"})
        client.send("audio-start", form)
        begin, text = time.monotonic(), None
        for number, at in enumerate(range(0, len(sound), size)):
            if manner != "at once":  # a piece is there when its last sample is
                text = transcript(client, begin + (number + 1) * PIECE_S)
            if text is not None:
                return text, begin, None, time.monotonic()
            client.send("audio-chunk", form, sound[at : at + size])
        stop = time.monotonic()
        client.send("audio-stop")
        text = transcript(client, stop + PATIENCE_S)
        if text is None:
            sys.exit(f"{path}: no transcript of {total / rate:.1f} s")
        return text, begin, stop, time.monotonic()


def ends_of_words(arguments, rows, grammar):
    """Maps the files of sentences that are understood to the times of their last words, in seconds."""
    command = [arguments.tragus, "transcribe", "--events", "-m", arguments.model, "-g", grammar, *(row["file"] for row in rows)]
    events = map(json.loads, subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout.splitlines())
    ends = {}
    for event in events:
        if event["event"] == "utterance":
            ends.setdefault(event["file"], event["end_ms"] / 1000)
    return ends


def times(seconds):
    if not seconds:
        return "-"
    ordered = sorted(seconds)
    return f"{statistics.median(ordered) * 1000:.0f} ({ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))] * 1000:.0f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("uri")
    parser.add_argument("tragus")
    parser.add_argument("model")
    parser.add_argument("shared", type=pathlib.Path)
    parser.add_argument("set")
    parser.add_argument("--package")
    parser.add_argument("--peer")
    arguments = parser.parse_args()
    connect = client_of_package(arguments.package) if arguments.package else Own
    chosen, = (each for each in sets.SETS if each.name == arguments.set)
    rows, got = chosen.rows(arguments.shared / "corpora"), {}
    with tempfile.TemporaryDirectory() as folder:
        ends = ends_of_words(arguments, rows, chosen.grammar_file(arguments.shared / "corpora", pathlib.Path(folder)))
    files = [row["file"] for row in rows]
    for manner, together in (("at once", 1), ("stopped", AT_ONCE), ("listening", AT_ONCE))[: 2 if arguments.peer else 3]:
        with ThreadPoolExecutor(together) as pool:
            got[manner] = dict(zip(files, pool.map(lambda file: play(connect, arguments.uri, file, manner), files)))
    at_once = [end - stop for text, _, stop, end in got["at once"].values() if text and stop]
    after = [end - stop for text, _, stop, end in got["stopped"].values() if text and stop]
    before = sum(1 for text, _, stop, _ in got["stopped"].values() if text and not stop)
    listening = [end - begin - ends[file] for file, (text, begin, _, end) in got.get("listening", {}).items() if text and file in ends]
    understood = "-" if arguments.peer else f"{len(listening)} of {len(files)}"
    name = chosen.name + (f", {arguments.peer}" if arguments.peer else "")
    print(f"| {name} | {understood} | {times(at_once)} | {before} of {before + len(after)} | {times(after)} | {times(listening)} |",
          flush=True)


if __name__ == "__main__":
    main()
