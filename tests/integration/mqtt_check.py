#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Looks into the payloads of test_mqtt.sh.

mqtt_check.py get PATH          prints a member of the JSON object on standard input, such as slots.0.value; "none" if it is missing
mqtt_check.py discovery PREFIX  checks the description of a device by the rules of Home Assistant's integration (homeassistant/components/
                                mqtt: schemas.py and the schema of each platform), and prints its components
mqtt_check.py frames RAW DIR    cuts raw samples of 16 kHz into WAV files of a quarter of a second
mqtt_check.py old PORT refuse   is a broker from the time before MQTT 5, which no Debian package is any more: it refuses other versions than
                                3.1.1, or with "close" closes the connection, until one of 3.1.1 comes; prints the versions that came
"""
import io
import json
import pathlib
import re
import socket
import sys
import wave

# Keys of each platform that a component must and may have, besides those of all.
COMMON = {"platform", "unique_id", "name", "icon", "entity_category", "availability_topic"}
PLATFORMS = {
    "binary_sensor": ({"state_topic"}, {"value_template", "device_class"}),
    "sensor": ({"state_topic"}, {"value_template", "device_class", "unit_of_measurement", "state_class"}),
    "switch": ({"command_topic"}, {"state_topic", "value_template"}),
    "button": ({"command_topic"}, {"payload_press"}),
    "event": ({"state_topic", "event_types"}, {"value_template", "device_class"}),
}
DEVICE = {"identifiers", "connections", "manufacturer", "model", "name", "sw_version", "hw_version", "serial_number"}


def get(path):
    value = json.load(sys.stdin)
    for part in path.split("."):
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, TypeError):
            value = None
    print("none" if value is None else value if isinstance(value, str) else json.dumps(value))


def check(condition, text):
    if not condition:
        sys.exit(f"discovery: {text}")


def check_topic(topic, prefix, publish):
    check(isinstance(topic, str) and topic.startswith(prefix + "/"), f"topic {topic}")
    check(not (publish and re.search("[+#]", topic)), f"wildcard in {topic}")


def check_component(key, component, prefix):
    required, optional = PLATFORMS[component["platform"]]
    check(required <= component.keys(), f"{key} lacks {required - component.keys()}")
    check(component.keys() <= required | optional | COMMON, f"{key} has {component.keys() - required - optional - COMMON}")
    check(component.get("entity_category") in (None, "diagnostic"), f"{key}: category")
    if component["platform"] == "sensor":
        check(component.get("state_class") in (None, "measurement", "total_increasing"), f"{key}: state class")
    for topic in ("state_topic", "command_topic"):
        if topic in component:
            check_topic(component[topic], prefix, topic == "command_topic")
    template = component.get("value_template", "{{ x }}")
    check(template.startswith("{{ ") and template.endswith(" }}"), f"{key}: template {template}")


def discovery(prefix):
    o = json.load(sys.stdin)
    check(o.keys() == {"device", "origin", "components", "availability_topic"}, f"keys {o.keys()}")
    check(o["device"].get("identifiers") and o["device"].keys() <= DEVICE, "device")
    check(o["origin"].get("name"), "origin")
    check(o["availability_topic"] == prefix + "/status", "availability")
    for key, component in o["components"].items():
        check_component(key, component, prefix)
    ids = [c["unique_id"] for c in o["components"].values()]
    check(len(set(ids)) == len(ids), "unique_id")
    print(" ".join(sorted(f"{c['platform']}:{k}" for k, c in o["components"].items())))


def frames(raw, folder):
    samples = pathlib.Path(raw).read_bytes()
    for i, at in enumerate(range(0, len(samples), 8000)):
        file = io.BytesIO()
        with wave.open(file, "wb") as w:
            w.setnchannels(1)
            w.setsampwidth(2)
            w.setframerate(16000)
            w.writeframes(samples[at : at + 8000])
        (pathlib.Path(folder) / f"{i:03}.wav").write_bytes(file.getvalue())


def old(port, manner):
    server = socket.create_server(("127.0.0.1", int(port)))
    level = 0
    while level != 4:
        client, _ = server.accept()
        level = client.recv(4096).partition(b"MQTT")[2][0]
        print(level, flush=True)
        if level != 4 and manner == "refuse":
            client.sendall(b"\x20\x02\x00\x01")
        elif level == 4:
            client.sendall(b"\x20\x02\x00\x00")
            client.recv(4096)
        client.close()


{"get": get, "discovery": discovery, "frames": frames, "old": old}[sys.argv[1]](*sys.argv[2:])
