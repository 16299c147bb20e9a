#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Runs the snippets of a document exactly as they are written there.

The snippets of a document are its indented blocks, and its code spans that begin with the name of a program. A block is one snippet
if it is a file ("# /path" or "# name.ext" is its first line), a Python program, or the output of a command; otherwise each of its
lines is a command. snippets.tsv has a row for each snippet of each document: the document, the first line, where it runs, and a
regular expression that must match its output, or the reason why it is not run. Where is one of

    build      in `make check` (test_snippets.sh), and in an installed system
    installed  only in an installed system (tests/packaging/readme)
    endless    likewise; the command does not end, and is interrupted when it has printed the expected output
    listens    like endless, but also in `make check`
    file       the lines after the first one are written to that file
    printed    not a command: the output of commands before it, except for numbers and "..."
    not        not run

A snippet without a row is an error, and so is a row without a snippet, so that nothing is left out unnoticed.

Usage: snippets.py WHERE DOCUMENT... -- RUNNER...    WHERE: build or installed; RUNNER gets a script on its standard input
"""
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
PROGRAMS = {"arecord", "busctl", "cc", "gdbus", "journalctl", "python3", "sudo", "systemctl", "tragus", "tragusd"}
KINDS = {"build", "installed", "endless", "listens", "file", "printed", "not"}
LIMIT_S = float(os.environ.get("SNIPPET_LIMIT_S", "60"))


def is_file(line):
    return re.fullmatch(r"# ((/[\w.-]+)+|([\w.-]+/)*[\w-]+\.[a-z]+)", line)


def is_command(words):
    first = words.split()[0] if words.split() else ""
    if first in PROGRAMS:
        return " " in words.strip() or first == "sudo"
    program = SOURCE / first
    return "/" in first and program.is_file() and os.access(program, os.X_OK)


def snippets(path, rows):
    """The snippets in the order of the document: (line number, text)."""
    lines = path.read_text(encoding="utf-8").split("\n")
    found, i = [], 0
    while i < len(lines):
        if lines[i].startswith("    ") and (i == 0 or not lines[i - 1].strip()):
            begin = i
            while i < len(lines) and (lines[i].startswith("    ") or not lines[i].strip()):
                i += 1
            block = [line[4:] for line in lines[begin:i]]
            while not block[-1].strip():
                block.pop()
            first = block[0].rstrip()
            if is_file(first) or first.startswith(("import ", "from ", "#!")) or rows.get(first, ("",))[0] == "printed":
                found.append((begin + 1, "\n".join(block)))
            else:
                found += [(begin + 1 + n, line) for n, line in enumerate(block) if line.strip()]
        else:
            for span in re.findall(r"`([^`]+)`", lines[i]):
                if is_command(span):
                    found.append((i + 1, span))
            i += 1
    unique, seen = [], set()
    for line, text in found:
        if text not in seen:
            seen.add(text)
            unique.append((line, text))
    return unique


def table():
    """Maps document to first line to (where, wanted)."""
    rows = {}
    for number, line in enumerate((HERE / "snippets.tsv").read_text(encoding="utf-8").split("\n"), 1):
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != 4 or fields[2] not in KINDS or not (fields[3] or fields[2] in ("file", "printed")):
            sys.exit(f"snippets.tsv:{number}: needs document, first line, where, and the expected output or the reason")
        if fields[1] in rows.setdefault(fields[0], {}):
            sys.exit(f"snippets.tsv:{number}: the row is there twice")
        rows[fields[0]][fields[1]] = (fields[2], fields[3])
    return rows


def script_of(text):
    if text.startswith(("import ", "from ")):
        return "exec python3 -u - <<'END'\n" + text + "\nEND\n"
    if is_file(text.split("\n")[0]):
        name, *rest = text.split("\n")
        write = f"cat >'{name[2:]}'" if not name.startswith("# /etc") else f"sudo tee '{name[2:]}' >/dev/null"
        return write + " <<'END'\n" + "\n".join(rest) + "\nEND\n"
    return text + "\n"


def run(runner, text, wanted, endless):
    """Returns (whether the output was as expected, the output). An endless command is interrupted after the expected output."""
    with subprocess.Popen(runner, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True) as process:
        process.stdin.write(script_of(text).encode())
        process.stdin.close()
        os.set_blocking(process.stdout.fileno(), False)
        printed, seen, end = b"", False, time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            got = process.stdout.read()
            printed += got or b""
            seen = bool(re.search(wanted, printed.decode(errors="replace"), re.MULTILINE))
            if got == b"" or endless and seen:
                break
            time.sleep(0.05)
        late = time.monotonic() >= end
        if endless or late:
            os.killpg(process.pid, signal.SIGINT if endless and not late else signal.SIGKILL)
        try:
            status = process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            status = process.wait()
    return seen and not late and (endless or status == 0), printed.decode(errors="replace") + ("\n(too long)" if late else "")


def was_printed(text, outputs):
    """Returns the lines of a printed block that no command has printed."""
    lost = []
    for line in text.split("\n"):
        pattern = re.escape(re.sub(r"\s+", " ", line.strip()))
        pattern = re.sub(r"\d+(\\\.\d+)?", r"[0-9]+(\\.[0-9]+)?", pattern).replace(r"\.\.\.", ".*").replace(r"\ ", r"\s+")
        if line.strip() != "..." and not re.search(r"^\s*" + pattern, outputs, re.MULTILINE):
            lost.append(line)
    return lost


def main():
    arguments = sys.argv[1:]
    if len(arguments) < 4 or arguments[0] not in ("build", "installed") or "--" not in arguments:
        sys.exit(__doc__)
    where, documents, runner = arguments[0], arguments[1:arguments.index("--")], arguments[arguments.index("--") + 1:]
    rows = table()
    n_run = n_left = n_failed = 0

    def failed(words):
        nonlocal n_failed
        n_failed += 1
        print("FAILED: " + words, flush=True)

    for name in documents:
        of_name, outputs = rows.get(name, {}), ""
        known = dict(of_name)
        for number, text in snippets(SOURCE / name, of_name):
            first = text.split("\n")[0].rstrip()
            place = f"{name}:{number}: {first}"
            if first not in of_name:
                failed(f"{place}: no row in tests/integration/snippets.tsv")
                continue
            kind, wanted = of_name[first]
            known.pop(first, None)
            here = kind in ("build", "listens") or where == "installed" or kind == "file" and not first.startswith("# /")
            if kind == "not" or not here and kind != "printed" or kind == "printed" and not outputs:
                n_left += 1
                print(f"not run: {place}: {wanted if kind == 'not' else 'in an installed system'}")
            elif kind == "printed":
                lost = was_printed(text, outputs)
                n_run += 1
                for line in lost:
                    failed(f"{place}: no command printed '{line}'")
                if not lost:
                    print(f"passed: {place}")
            else:
                n_run += 1
                begin = time.monotonic()
                good, printed = run(runner, text, wanted, kind in ("endless", "listens"))
                outputs += printed + "\n"
                if good:
                    print(f"passed: {place} ({time.monotonic() - begin:.1f} s)", flush=True)
                else:
                    failed(f"{place}: expected '{wanted}', got")
                    print("\n".join("    " + line for line in printed.split("\n")[-40:]))
        for first in known:
            failed(f"snippets.tsv: {name} has no such snippet: {first}")
    print(f"{n_run} run, {n_left} not run, {n_failed} failed")
    sys.exit(1 if n_failed else 0)


if __name__ == "__main__":
    main()
