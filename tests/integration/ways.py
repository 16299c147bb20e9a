#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that a sound gives the same events however it reaches tragus; for test_ways.sh.

    ways.py plan WORK BUILD CORPORA        makes sounds and grammars in WORK; prints the daemon's configuration for [grammars]
    ways.py compare WORK BUILD ADDRESS     feeds every sound through every way and compares

The reference is `tragus transcribe --events --partial`. CORPORA may be missing; WHOLE=1 takes all recordings instead of two of each set.
Not compared: time_usec and latency_ms, which depend on the clock; and grammar, a name that only the daemon has. If time_usec counts
from the start of the input, it must match time_ms. Recognize returns only results, so only those are compared with it.
"""

import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import wave

HERE = pathlib.Path(__file__).resolve().parent
ALSA = pathlib.Path("/usr/share/sounds/alsa")
NAMES = ("Front_Center", "Front_Left", "Front_Right", "Rear_Center", "Rear_Left", "Rear_Right", "Side_Left", "Side_Right")
RATE = 16000
WHOLE = os.environ.get("WHOLE") == "1"
CHUNKS = (1, 7, 159, 160, 1600, 16000)
# A slot that repeats, and numbers that three decimals, as in confidences, could not represent.
PARTS = """language: en
intents:
  Part:
    data:
      - sentences: ["{part} {part}"]
lists:
  part:
    values:
      - {in: front, out: 0.50}
      - {in: rear, out: 0.0625}
      - {in: side, out: 20.0}
      - {in: left, out: 7}
      - {in: right, out: true}
      - center
"""
EVENTS = ("speech_started", "speech_ended", "partial", "utterance", "rejected")
RESULTS = ("utterance", "rejected")
MOST_SHOWN = 5


# --- sounds and grammars -----------------------------------------------------------------------------------------------------------

def joined(build, work, pause_ms, names):
    """The samples of recordings of alsa-utils at 16 kHz, with pauses before, between and after."""
    raw = work / "joined.raw"
    files = [str(ALSA / (name + ".wav")) for name in names]
    subprocess.run([build / "tests/integration/join_sounds", str(RATE), str(pause_ms), raw, *files], check=True, stdout=subprocess.DEVNULL)
    return raw.read_bytes()


def write_sound(path, samples):
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(samples)
    return str(path)


def ms(n):
    return n * RATE // 1000 * 2


def spoken_names(build, work):
    """The names joined; sounds that begin and end within a word; silence; noise. None is a whole number of 10 ms hops long."""
    rear_left = joined(build, work, 0, ["Rear_Left"])
    pieces = {
        "names": joined(build, work, 900, NAMES)[:-ms(1)],
        "head": rear_left[ms(150):] + bytes(ms(603)),  # 150 ms: within "rear"
        "tail": bytes(ms(703)) + rear_left[:ms(1007)],  # within "left"
        "both": rear_left[ms(150):ms(1007)],
        "short": rear_left[ms(150):ms(153)],
        "silence": bytes(ms(2003)),
        "noise": joined(build, work, 303, ["Noise"]),
    }
    return [write_sound(work / (name + ".wav"), samples) for name, samples in pieces.items()]


def plan(work, build, corpora):
    names = spoken_names(build, work)
    (work / "parts.yaml").write_text(PARTS, encoding="utf-8")
    groups = [{"name": "names", "grammar": str(HERE.parent / "data" / "channels.yaml"), "files": names},
              {"name": "parts", "grammar": str(work / "parts.yaml"), "files": names[:1]},
              {"name": "others", "grammar": str(HERE.parents[1] / "data" / "grammars" / "home.yaml"), "files": names[:3]}]
    if (corpora / "dev").is_dir():
        sys.path.insert(0, str(HERE.parent / "accuracy"))
        sys.dont_write_bytecode = True
        import sets
        for each in sets.SETS:
            files = [row["file"] for row in each.rows(corpora)]
            groups.append({"name": each.name.replace(" ", "-"), "grammar": str(each.grammar_file(corpora, work)),
                           "files": files if WHOLE else [files[0], files[len(files) // 2]]})
    (work / "plan.json").write_text(json.dumps(groups), encoding="utf-8")
    print("\n".join(f"{group['name']} = {group['grammar']}" for group in groups))


# --- ways --------------------------------------------------------------------------------------------------------------------------

def snake_case(key):
    return re.sub("(?<=[a-z])([A-Z])", r"_\1", key).lower()


def from_recognize(result):
    """Converts a result of Recognize to an event."""
    event = {{"Words": "words", "Slots": "slot_list"}.get(key, snake_case(key)): value for key, value in result.items()}
    event["words"] = [dict(zip(("word", "start_ms", "end_ms", "confidence"), word)) for word in event["words"]]
    reason = event.pop("rejected")
    event["event"] = "utterance" if reason == "0" else "rejected"
    if reason != "0":
        event["reason"] = reason
        for key, nothing in (("intent", ""), ("slots", {})):  # values it must not have are kept, and show up as a difference
            if event[key] == nothing:
                del event[key]
    return event


def events_of(command):
    """The events that a command prints, by file. Numbers remain text, because their format must match, too."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode not in ((0, 1) if "transcribe" in command else (0,)):
        sys.exit(f"FAILED: {' '.join(map(str, command[:6]))} ... ends with {done.returncode}")
    events = collections.defaultdict(list)
    for line in done.stdout.splitlines():
        event = json.loads(line, parse_float=str, parse_int=str)
        events[event.pop("file")].append(from_recognize(event) if "recognize" in command else event)
    return events


def comparable(event, timed):
    event = dict(event)
    time_usec = event.pop("time_usec", None)
    if timed and int(time_usec) != int(event["time_ms"]) * 1000:
        event["time_usec"] = time_usec
    for key in ("latency_ms", "grammar"):
        event.pop(key, None)
    return event


def all_ways(group, reject, work, build, address):
    """(name, command, types of events compared, whether its time_usec counts from the start of the input)."""
    ways = [build / "tests/integration/ways"] + ([] if reject else ["-r"])
    files, grammar, name = group["files"], group["grammar"], group["name"]
    ours = name in ("names", "parts", "others")  # recordings of people use one chunk size each and, without rejection, two ways
    chunks = (CHUNKS if ours else CHUNKS[len(name) % len(CHUNKS):][:1] if reject else ()) + (0,)
    for chunk in chunks:
        yield f"feed {chunk or 'random'}", [*ways, "feed", str(chunk), grammar, *files], EVENTS, False
    yield "Recognize", [*ways, "recognize", address, name, *files], RESULTS, True
    if reject or ours:
        yield "SetInput", [*ways, "pipe", address, name, *files], EVENTS, True
        yield "microphone", [*ways, "device", address, name, str(work / "played.raw"), *files], EVENTS, False


def show(way, path, expected, got):
    print(f"DIFFERENT: {way}, {path}: {len(expected)} and {len(got)} events")
    for i in range(max(len(expected), len(got))):
        pair = [events[i] if i < len(events) else {} for events in (expected, got)]
        if pair[0] != pair[1]:
            keys = [key for key in {**pair[0], **pair[1]} if pair[0].get(key) != pair[1].get(key)]
            print(f"  event {i + 1}: " + "; ".join(f"{key} {pair[0].get(key)} and {pair[1].get(key)}" for key in keys))
            return


def compare(work, build, address):
    n_sounds = n_different = 0
    n_events = collections.Counter()
    types = collections.Counter()
    for group in json.loads((work / "plan.json").read_text(encoding="utf-8")):
        n_sounds += len(group["files"])
        for reject in (True, False):
            options = [] if reject else ["--no-reject"]
            expected = events_of([build / "tragus", "transcribe", "--events", "--partial", *options, "-g", group["grammar"], *group["files"]])
            for events in expected.values():
                types.update(event["event"] for event in events)
            for way, command, kinds, timed in all_ways(group, reject, work, build, address):
                got = events_of(command)
                for path in group["files"]:
                    pair = ([comparable(event, False) for event in expected[path] if event["event"] in kinds],
                            [comparable(event, timed) for event in got[path]])
                    n_events[way] += len(pair[0])
                    if pair[0] != pair[1]:
                        n_different += 1
                        if n_different <= MOST_SHOWN:
                            show(way + ("" if reject else " without rejection"), path, *pair)
        print(f"{group['name']}: {len(group['files'])} sounds", flush=True)
    print(f"{n_sounds} sounds; events of the reference, with and without rejection: "
          + ", ".join(f"{types[kind]} {kind}" for kind in EVENTS))
    print(f"{sum(n_events.values())} events compared: " + ", ".join(f"{way} {n}" for way, n in n_events.items()))
    print(f"{n_different} different")
    missing = [kind for kind in EVENTS if types[kind] == 0]
    if missing:
        print("FAILED: no sound gave " + ", ".join(missing))
    return int(n_different > 0 or bool(missing))


def main():
    work, build = pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    if sys.argv[1] == "plan":
        plan(work, build, pathlib.Path(sys.argv[4]))
        return 0
    return compare(work, build, sys.argv[4])


if __name__ == "__main__":
    sys.exit(main())
