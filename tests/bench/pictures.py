#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws what tests/bench/pictures measures, as SVG.

pictures.py note                                                  < lines: each with the time of CLOCK_MONOTONIC, in us, before it
pictures.py latency EVENTS RAW RATE LOOK_AHEAD_MS OUT.svg         prints what it draws, too
pictures.py terminal COMMAND OUT.svg                              < what the command printed
"""
import array
import json
import statistics
import sys
import time
from xml.sax.saxutils import escape

INK, PALE, BLUE, ORANGE, GREEN = "#222", "#999", "#1f77b4", "#ff7f0e", "#2ca02c"


class Drawing:
    """Shapes of an SVG on white, in the order they are drawn."""

    def __init__(self, width, height, title, about):
        self.parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
                      f'font-family="sans-serif" font-size="13" role="img">',
                      f"<title>{escape(title)}</title><desc>{escape(about)}</desc>",
                      f'<rect width="{width}" height="{height}" fill="white"/>']

    def text(self, x, y, words, anchor="start", colour=INK, more=""):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" xml:space="preserve"{more}>{escape(words)}</text>')

    def box(self, x, y, width, height, colour, opacity=1.0, more=""):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" height="{height:.1f}" fill="{colour}" fill-opacity="{opacity}"{more}/>')

    def line(self, x1, y1, x2, y2, colour=INK, width=1.0, more=""):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"{more}/>')

    def save(self, path):
        with open(path, "w", encoding="utf-8") as out:
            out.write("\n".join(self.parts) + "\n</svg>\n")


def note():
    for line in sys.stdin:
        print(time.monotonic_ns() // 1000, line, end="", flush=True)


def utterances(path):
    """Each with ms from the end of its words: how much sound the decision had heard, and when a client was told."""
    found = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            arrived, text = line.split(" ", 1)
            event = json.loads(text)
            if event["event"] == "utterance":
                found.append((int(arrived), event))
    # Words are counted in ms since the start of the session, other times in us of CLOCK_MONOTONIC. latency_ms, the daemon's own count,
    # is from the one to the other, but for the way to the client; the shortest way gives the session's start.
    start_us = min((arrived - 1000 * (e["latency_ms"] + e["end_ms"]) for arrived, e in found), default=0)
    return [{"event": e, "decided": (e["time_usec"] - start_us) / 1000 - e["end_ms"], "told": (arrived - start_us) / 1000 - e["end_ms"]}
            for arrived, e in found]


def latency(events, raw, rate, look_ahead_ms, out):
    found = utterances(events)
    if len(found) < 3:
        sys.exit(f"pictures: {len(found)} sentences were understood, too few to draw")
    told = sorted(u["told"] for u in found)
    middle = sorted(found, key=lambda u: u["told"])[len(found) // 2]
    decided_ms, told_ms, middle = middle["decided"], middle["told"], middle["event"]
    end_ms = middle["end_ms"]
    summary = (f"{len(found)} sentences: the event comes {told[0]:.0f} to {told[-1]:.0f} ms after the end of the words, in the middle "
               f"{statistics.median(told):.0f} ms")
    print(summary)

    left, right, begin, end = 140, 1070, -1500, 1250
    drawing = Drawing(1100, 330, "From the end of a sentence to its event", summary)

    def x(ms):
        return left + (ms - begin) / (end - begin) * (right - left)

    rows = {"sound": 75, "words": 130, "decision": 180, "events": 235}
    for ms in range(begin, end + 1, 250):
        drawing.line(x(ms), 40, x(ms), 270, "#ddd")
        drawing.text(x(ms), 288, f"{ms / 1000:g}", "middle", PALE)
    drawing.text(x(0), 308, "seconds from the end of the words", "middle", PALE)
    drawing.line(x(0), 40, x(0), 270, INK, 1.5, ' stroke-dasharray="4 3"')
    for name, y in rows.items():
        drawing.text(10, y + 4, {"sound": "sound", "words": "words", "decision": "what is waited for", "events": "event on the bus"}[name])

    samples = array.array("h")
    with open(raw, "rb") as sound:
        samples.frombytes(sound.read())
    step = rate // 100  # an envelope, 10 ms a line
    loudest = max(map(abs, samples))
    for ms in range(begin, end, 10):
        at = (end_ms + ms) * rate // 1000
        piece = samples[max(at, 0):max(at + step, 0)]
        height = 28 * max(map(abs, piece), default=0) / loudest
        drawing.line(x(ms), rows["sound"] - height, x(ms), rows["sound"] + height, BLUE, 2)
    for word in middle["words"]:
        at, width = x(word["start_ms"] - end_ms), x(word["end_ms"]) - x(word["start_ms"])
        drawing.box(at, rows["words"] - 13, width, 26, BLUE, 0.2, f' stroke="{BLUE}"')
        drawing.text(at + width / 2, rows["words"] + 5, word["word"], "middle")

    rest_ms = told_ms - decided_ms - look_ahead_ms
    at = 0
    for length, colour, words in [(decided_ms, ORANGE, f"silence {decided_ms:.0f} ms"),
                                  (look_ahead_ms, GREEN, f"ahead {look_ahead_ms} ms"), (rest_ms, INK, "")]:
        drawing.box(x(at), rows["decision"] - 13, x(at + length) - x(at), 26, colour, 0.3, f' stroke="{colour}"')
        drawing.text(x(at + length / 2), rows["decision"] + 4, words, "middle", INK, ' font-size="11"')
        at += length
    drawing.text(x(at) + 5, rows["decision"] + 4, f"reading, computing, bus {rest_ms:.0f} ms", "start", INK, ' font-size="11"')
    for value in told:
        drawing.line(x(value), rows["events"] - 13, x(value), rows["events"] + 13, INK, 1.2)
    drawing.text(x(told[0]) - 8, rows["events"] + 5, f"{told[0]:.0f} to {told[-1]:.0f} ms, {len(told)} sentences", "end")
    drawing.text(x(begin), 26, f"“{middle['text']}”: {middle['intent']}, {100 * middle['confidence']:.0f} %, after {told_ms:.0f} ms")
    drawing.save(out)


def terminal(command, out):
    lines = ["$ " + command] + sys.stdin.read().rstrip("\n").split("\n")
    width, height = 40 + 8 * max(map(len, lines)), 50 + 19 * len(lines)
    drawing = Drawing(width, height, command, "What the command printed")
    drawing.box(0, 0, width, height, "#1e1e1e", 1, ' rx="8"')
    for n, colour in enumerate(("#ff5f56", "#ffbd2e", "#27c93f")):
        drawing.parts.append(f'<circle cx="{18 + 18 * n}" cy="16" r="5" fill="{colour}"/>')
    for n, line in enumerate(lines):
        drawing.text(20, 52 + 19 * n, line, "start", "#eee" if n else "#8ae234", ' font-family="monospace" font-size="13"')
    drawing.save(out)


def main():
    what, *arguments = sys.argv[1:] or [""]
    if what == "note" and not arguments:
        note()
    elif what == "latency" and len(arguments) == 5:
        latency(arguments[0], arguments[1], int(arguments[2]), int(arguments[3]), arguments[4])
    elif what == "terminal" and len(arguments) == 2:
        terminal(*arguments)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
