#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mqtt_document.py MQTT.md: checks the examples for Node-RED and openHAB in that document: the flow is JSON whose wires lead somewhere, and
all topics and members that the examples name are in the document's tables and example messages.
"""
import json
import re
import sys

text = open(sys.argv[1], encoding="utf-8").read()


def section(title):
    start = text.index(f"\n## {title}\n")
    end = text.find("\n## ", start + 1)
    return text[start : end if end > 0 else len(text)]


def code(of):
    """The first block of code of a section."""
    lines = of.split("\n")
    first = next(i for i, line in enumerate(lines) if line.startswith("    "))
    block = []
    for line in lines[first:]:
        if line and not line.startswith("    "):
            break
        block.append(line[4:])
    return "\n".join(block)


table = section("Topics")
topics = set()
for row in re.findall(r"^\| (`PREFIX/.*?) \|", table, re.M):
    names = re.findall(r"`([^`]*)`", row)
    folder = names[0].rsplit("/", 1)[0]
    topics |= {name if name.startswith("PREFIX/") else f"{folder}/{name}" for name in names}
topics = {t.replace("PREFIX", "tragus", 1) for t in topics}
assert {"tragus/status", "tragus/event/utterance", "tragus/event/partial", "tragus/listening/set"} <= topics, topics
example = json.loads(code(table[table.index("A command:") :]).replace(", ...", ""))
state = set(re.findall(r"^\| `(\w+)` \|", table[table.index("The state:") :], re.M))
n = 0

flow = json.loads(code(section("Node-RED")))
ids = {node["id"] for node in flow}
assert len(ids) == len(flow), "two nodes have one id"
for node in flow:
    for wire in sum(node.get("wires", []), []):
        assert wire in ids, f"{node['id']} is wired to {wire}, which does not exist"
    if node["type"] in ("mqtt in", "mqtt out"):
        assert node["topic"] in topics, f"{node['topic']} is not in the table of topics"
        n += 1
    for path in [node.get("property", "")] + [rule.get("to", "") for rule in node.get("rules", [])]:
        if path.startswith("payload."):
            member = example
            for key in path.split(".")[1:]:
                assert key in member, f"{path}: a command has no {key}"
                member = member[key]
            n += 1

things = section("openHAB")
for topic in re.findall(r'\w+Topic="([^"]*)"', things):
    assert topic in topics, f"{topic} is not in the table of topics"
    n += 1
for topic, path in re.findall(r'stateTopic="([^"]*)", transformationPattern="JSONPATH:\$\.(\w+)', things):
    known = state if topic == "tragus/state" else example
    assert path in known, f"{topic} has no member {path}"
    n += 1
assert things.count("{") == things.count("}") and things.count("[") == things.count("]"), "brackets"
print(f"{n} topics and members of the examples are in the tables")
assert n >= 10
