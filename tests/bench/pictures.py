#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the measurements of tests/bench/pictures as SVG.

pictures.py note                                                  < lines: prints each after the time of CLOCK_MONOTONIC in us
pictures.py latency EVENTS RAW RATE LOOK_AHEAD_MS OUT.svg         also prints the latencies, and writes the data to OUT.tsv
pictures.py redraw latency.tsv OUT.svg                            draws that file again, without measuring
pictures.py terminal COMMAND OUT.svg                              < the output of the command
"""
import array
import json
import os
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
    """The utterances, with times in ms from the end of the words: of the sound at the decision, and of the event at a client."""
    found = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            arrived, text = line.split(" ", 1)
            event = json.loads(text)
            if event["event"] == "utterance":
                found.append((int(arrived), event))
    # Times of words are in ms since the start of the session, other times in us of CLOCK_MONOTONIC. The daemon's latency_ms is the
    # difference without the way to the client, so the shortest way gives the start of the session.
    start_us = min((arrived - 1000 * (e["latency_ms"] + e["end_ms"]) for arrived, e in found), default=0)
    return [{"event": e, "decided": (e["time_usec"] - start_us) / 1000 - e["end_ms"], "told": (arrived - start_us) / 1000 - e["end_ms"]}
            for arrived, e in found]


BEGIN_MS, END_MS, ENVELOPE_MS = -1500, 1500, 10  # range of latency.svg, from the end of the words; step of the envelope


def latency(events, raw, rate, look_ahead_ms, out):
    """Measure, write OUT.tsv and draw it. A line of OUT.tsv is: what, begin in ms from the end of the words, end or height, text."""
    found = utterances(events)
    if len(found) < 3:
        sys.exit(f"pictures: {len(found)} sentences were understood, too few to draw")
    middle = sorted(found, key=lambda u: u["told"])[len(found) // 2]
    decided_ms, told_ms, event = middle["decided"], middle["told"], middle["event"]
    end_ms = event["end_ms"]
    rows = [("sentence", told_ms, event["confidence"], event["text"]), ("wait", 0, decided_ms, "silence"),
            ("wait", decided_ms, decided_ms + look_ahead_ms, "look-ahead"), ("wait", decided_ms + look_ahead_ms, told_ms, "reading, computing, bus")]
    rows += [("word", word["start_ms"] - end_ms, word["end_ms"] - end_ms, word["word"]) for word in event["words"]]
    rows += [("told", told, told, "") for told in sorted(u["told"] for u in found)]
    samples = array.array("h")
    with open(raw, "rb") as sound:
        samples.frombytes(sound.read())
    loudest = max(map(abs, samples))
    for ms in range(BEGIN_MS, END_MS, ENVELOPE_MS):
        at = (end_ms + ms) * rate // 1000
        piece = samples[max(at, 0):max(at + rate * ENVELOPE_MS // 1000, 0)]
        rows.append(("sound", ms, max(map(abs, piece), default=0) / loudest, ""))
    table = os.path.splitext(out)[0] + ".tsv"
    with open(table, "w", encoding="utf-8") as lines:
        lines.writelines(f"{what}\t{begin:g}\t{end:.4g}\t{text}\n" for what, begin, end, text in rows)
    redraw(table, out)


def redraw(table, out):
    """Draw the output of latency()."""
    rows = {}
    with open(table, encoding="utf-8") as lines:
        for line in lines:
            what, begin, end, text = line.rstrip("\n").split("\t")
            rows.setdefault(what, []).append((float(begin), float(end), text))
    told = [begin for begin, _, _ in rows["told"]]
    told_ms, _, sentence = rows["sentence"][0]
    summary = (f"{len(told)} sentences: the event comes {told[0]:.0f} to {told[-1]:.0f} ms after the end of the words, in the middle "
               f"{statistics.median(told):.0f} ms")
    print(summary)
    drawing = Drawing(1100, 330, "From the end of a sentence to its event", summary)
    left, right = 140, 1070

    def x(ms):
        return left + (ms - BEGIN_MS) / (END_MS - BEGIN_MS) * (right - left)

    drawing.text(left, 26, f"The client is told {told_ms / 1000:.2f} s after the last word, and most of that is waiting for silence", more=' font-weight="bold"')
    for ms in range(BEGIN_MS, END_MS + 1, 250):
        drawing.line(x(ms), 40, x(ms), 270, "#ddd")
        drawing.text(x(ms), 288, f"{ms / 1000:g}", "middle", "#666")
    drawing.text(x(0), 308, "seconds from the end of the words", "middle", "#666")
    drawing.line(x(0), 40, x(0), 270, INK, 1.5, ' stroke-dasharray="4 3"')
    sound, words, waits, events = 75, 130, 180, 235
    for y, label in ((sound, "sound"), (words, "words"), (waits, "what is waited for"), (events, "event on the bus")):
        drawing.text(10, y + 4, label)
    for ms, height, _ in rows["sound"]:
        drawing.line(x(ms), sound - 28 * height, x(ms), sound + 28 * height, BLUE, 2)
    for begin, end, word in rows["word"]:
        drawing.box(x(begin), words - 13, x(end) - x(begin), 26, BLUE, 0.2, f' stroke="{BLUE}"')
        drawing.text(x((begin + end) / 2), words + 5, word, "middle")
    for (begin, end, label), colour in zip(rows["wait"], (ORANGE, GREEN, INK)):
        drawing.box(x(begin), waits - 13, x(end) - x(begin), 26, colour, 0.3, f' stroke="{colour}"')
        if end - begin > 200:
            drawing.text(x((begin + end) / 2), waits + 5, f"{end - begin:.0f} ms", "middle")
            drawing.text(x((begin + end) / 2), waits - 18, label, "middle")
        else:
            drawing.text(x(end) + 6, waits + 5, f"{end - begin:.0f} ms: {label}")
    for value in told:
        drawing.line(x(value), events - 13, x(value), events + 13, INK, 1.2)
    drawing.text(x(told[0]) - 8, events + 5, f"all {len(told)} sentences: {told[0]:.0f} to {told[-1]:.0f} ms", "end")
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
    elif what == "redraw" and len(arguments) == 2:
        redraw(*arguments)
    elif what == "terminal" and len(arguments) == 2:
        terminal(*arguments)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
