#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks data/org.tragus.*.xml: every interface, method, signal and property has a comment before it that begins with
its name, which is where gdbus-codegen and our manual page look for its description; and lists of numbered values have no holes.

If gdbus-codegen is installed, it must find the same descriptions.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.parsers.expat

failed = False


def complain(text):
    global failed
    print(f"FAILED: {text}")
    failed = True


def described(path):
    """Yields the kind, name and description of each member."""
    found, comment = [], []

    def on_comment(text):
        comment[:] = [" ".join(text.split())]

    def on_start(tag, attributes):
        if tag in ("interface", "method", "signal", "property"):
            found.append((tag, attributes["name"], comment[0] if comment else ""))
        if tag != "node":
            comment.clear()

    parser = xml.parsers.expat.ParserCreate()
    parser.CommentHandler, parser.StartElementHandler = on_comment, on_start
    with open(path, "rb") as file:
        parser.ParseFile(file)
    return found


def check_numbers(path, name, text):
    """Lists such as "1 idle, 2 waiting" begin at 1 and have no holes."""
    numbers = [int(n) for n in re.findall(r"(?:^|[:,;] |\()(\d) [a-z]", text)]
    if len(numbers) > 1 and numbers != list(range(1, len(numbers) + 1)):
        complain(f"{path}: {name}: the numbers are {numbers}")
    return len(numbers) > 1


n_members, n_lists = 0, 0
for path in sorted(glob.glob(os.environ.get("abs_top_srcdir", ".") + "/data/org.tragus.*1.xml")):
    members = described(path)
    for kind, name, text in members:
        n_members += 1
        if not re.match(re.escape(name) + r": \S.{9}", text):
            complain(f"{path}: the {kind} {name} has no comment before it that begins with \"{name}: \"")
        n_lists += check_numbers(path, name, text)
    if not shutil.which("gdbus-codegen"):
        continue
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["gdbus-codegen", "--generate-docbook", folder + "/out", path], check=True)
        names = [f for f in os.listdir(folder)]
        book = "".join(open(f"{folder}/{f}", encoding="utf-8").read() for f in names)
    for kind, name, text in members:
        words = text.split(": ", 1)[-1].split(" ")
        first = next((w for w in words if re.fullmatch(r"[a-z]{4,}", w)), words[0])
        pieces = re.split(rf"<refsect2 role=\"{kind}\" id=\"[^\"]*[.:-]+{name}\">", book)
        if kind != "interface" and (len(pieces) != 2 or first not in pieces[1].split("</refsect2>")[0]):
            complain(f"{path}: gdbus-codegen finds no description of {name}")
if n_members < 40 or n_lists < 5:
    complain("the data was not found")
print(f"{n_members} members are described; {n_lists} lists of numbers have no holes")
sys.exit(failed)
