#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks data/org.tragus.*.xml: every interface, method, signal and property has a comment before it that begins with
its name, which is where gdbus-codegen and our manual page look for its description; lists of numbered values have no holes, and are those of
the C enumerations, word for word; the keys of options and results are those of src/bus, with their types, and of one style.

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

ROOT = os.environ.get("abs_top_srcdir", ".")
# Numbered values, and the enumeration whose value 1 has this name.
ENUMS = {
    ("Manager1", "AddGrammar"): ("include/tragus.h", "TRAGUS_NOTE"),
    ("Manager1", "Ready"): ("src/service/service.h", "SERVICE_LOADING"),
    ("Session1", "Rejected"): ("include/tragus.h", "TRAGUS_NOT_IN_GRAMMAR"),
    ("Session1", "InputLost"): ("src/service/service.h", "SERVICE_DEVICE_GONE"),
    ("Session1", "Finished"): ("src/service/service.h", "SERVICE_STOPPED"),
    ("Session1", "State"): ("src/service/service.h", "SERVICE_IDLE"),
}
# Clients have copies of some numbers under names that end alike.
COPIES = {"BRIDGE_REJECTED_": ("include/tragus.h", "TRAGUS_"), "BRIDGE_FINISHED_": ("src/service/service.h", "SERVICE_")}
TYPES = {"STRING": "s", "BOOLEAN": "b", "UINT32": "u", "DOUBLE": "d", "STRINGS": "as", "CONTEXT": "a{sv}", "FILES": "a(st)"}
TYPE = r"(?:aa\{sv\}|a\{sv\}|a\(suud\)|a\(st\)|as|[sutdbxv])"
# In lower case are what a signal has as arguments, and `rejected`, which is always there, unlike the details.
LOWER = {"text", "intent", "slots", "confidence", "rejected"}
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


def read(path):
    with open(f"{ROOT}/{path}", encoding="utf-8") as file:
        return re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)


def enumerators(path):
    """Yields dictionaries of the names and values of each enumeration in a header."""
    for body in re.findall(r"\benum\b[^;{}]*\{([^}]*)\}", read(path)):
        values, value = {}, -1
        for item in filter(None, (i.strip() for i in body.split(","))):
            name, _, given = (part.strip() for part in item.partition("="))
            value = int(given) if given else value + 1
            values[name] = value
        yield values


def check_numbers(path, name, text):
    """Lists such as "1 idle, 2 waiting" begin at 1, have no holes, and say what the enumeration says."""
    pieces = re.split(r"(?:^|[:,;] |\()(\d) (?=[a-z])", text)
    numbers, texts = [int(n) for n in pieces[1::2]], pieces[2::2]
    if len(numbers) < 2:
        return False
    interface = os.path.basename(path).split(".")[2]
    header, first = ENUMS.get((interface, name), (None, None))
    if not header:
        complain(f"{path}: {name}: no enumeration is known here for its numbers")
        return True
    values = next((values for values in enumerators(header) if values.get(first) == 1), {})
    by_number = {value: enumerator for enumerator, value in values.items() if value > 0}
    if numbers != list(range(1, len(numbers) + 1)) or set(numbers) != set(by_number):
        complain(f"{path}: {name}: the numbers are {numbers}, those of {first} are {sorted(by_number)}")
        return True
    for number, said in zip(numbers, texts):
        words = by_number[number].split("_")[1:]
        if not all(re.search(rf"\b{word}\b", said, re.I) for word in words):
            complain(f"{path}: {name}: {number} is documented as \"{said.strip()}\", but is {by_number[number]}")
    return True


def check_copies():
    """The numbers that clients have copied are those of the originals."""
    n = 0
    for values in enumerators("src/bridge/session.h"):
        for name, value in values.items():
            prefix = next((p for p in COPIES if name.startswith(p)), None)
            if not prefix:
                continue
            header, theirs = COPIES[prefix]
            n += 1
            if value not in [v.get(theirs + name[len(prefix):]) for v in enumerators(header)]:
                complain(f"src/bridge/session.h: {name} is {value}, which {header} does not say")
    if n < 4:
        complain("src/bridge/session.h has no copies of numbers")


def check_keys(documented):
    """Every key that src/bus reads or writes is documented with its type, and the other way round."""
    keys = set()
    for path in glob.glob(ROOT + "/src/bus/*.c"):
        source = re.sub(r"SD_BUS_(?:ARGS|PROPERTY|METHOD|SIGNAL|RESULT)\w*\([^)]*\)", "", read(os.path.relpath(path, ROOT)))
        keys |= set(re.findall(rf'"([A-Za-z]\w+)", "({TYPE})"', source))
        keys |= {(key, TYPES[kind]) for key, kind in re.findall(r'\{[\s\\]*"([A-Z]\w+)",\s*BUS_(\w+)', source)}
        keys |= {(key, "v") for key in re.findall(r'append\(\w+, "s", "(\w+)"', source)}
        keys |= {(key, "a(suud)") for key in re.findall(r'append_words\(\w+, "(\w+)"', source)}
    for key, kind in sorted(keys):
        if not re.search(rf"\b{key} {re.escape(kind)}(?![\w({{])", documented):
            complain(f"src/bus: the key {key} of type {kind} is not documented")
        if not re.fullmatch(r"[A-Z][A-Za-z]*[a-z]", key) and key not in LOWER:
            complain(f"src/bus: the key {key} is not of the style of the others")
    for key, kind in sorted(set(re.findall(rf"\b([A-Z][A-Za-z]+[a-z]) ({TYPE})(?![\w({{])", documented)) - keys):
        complain(f"the documented key {key} of type {kind} is not in src/bus")
    return len(keys)


n_members, n_lists, documented = 0, 0, ""
for path in sorted(glob.glob(ROOT + "/data/org.tragus.*1.xml")):
    members = described(path)
    documented += "\n".join(text for _, _, text in members)
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
check_copies()
n_keys = check_keys(documented)
if n_members < 40 or n_lists != len(ENUMS) or n_keys < 60:
    complain(f"the data was not found: {n_members} members, {n_lists} lists, {n_keys} keys")
print(f"{n_members} members are described; {n_lists} lists of numbers have no holes; {n_keys} keys of options and results are documented")
sys.exit(failed)
