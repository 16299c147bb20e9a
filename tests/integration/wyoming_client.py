#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A client of the Wyoming protocol, written from its documentation, that tests tragus-bridge.

Usage: wyoming_client.py URI TEST [ARGUMENT...]; each test prints what it got, and fails with a sentence.
"""
import json
import os
import select
import socket
import sys
import threading
import time

PATIENCE_S = 40


class Peer:
    """A connection that sends and receives events."""

    def __init__(self, uri):
        if uri.startswith("unix://"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(uri[7:])
        else:
            host, port = uri[6:].rsplit(":", 1)
            self.socket = socket.create_connection((host, int(port)))
        self.socket.settimeout(PATIENCE_S)
        self.bytes = b""

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, kind, data=None, payload=b"", inline=False):
        self.socket.sendall(pack(kind, data, payload, inline))

    def _fill(self):
        more = self.socket.recv(65536)
        if not more:
            raise EOFError("the bridge has closed the connection")
        self.bytes += more

    def _take(self, n):
        while len(self.bytes) < n:
            self._fill()
        taken, self.bytes = self.bytes[:n], self.bytes[n:]
        return taken

    def read(self):
        """Returns the type and the data of the next event."""
        while b"\n" not in self.bytes:
            self._fill()
        header = json.loads(self._take(self.bytes.index(b"\n") + 1))
        data = header.get("data") or {}
        if header.get("data_length"):
            data.update(json.loads(self._take(header["data_length"])))
        self._take(header.get("payload_length") or 0)
        return header["type"], data

    def expect(self, kind):
        got, data = self.read()
        if got != kind:
            sys.exit(f"expected {kind}, got {got} {data}")
        return data

    def transcript(self):
        """Returns the data of the next transcript. The pieces before it must be the same text."""
        pieces = None
        while True:
            kind, data = self.read()
            if kind == "transcript-start" and pieces is None:
                pieces = ""
            elif kind == "transcript-chunk" and pieces is not None and data["text"]:
                pieces += data["text"]
            elif kind == "transcript":
                break
            else:
                sys.exit(f"expected transcript, got {kind} {data}")
        if data["text"] != pieces:
            sys.exit(f"the transcript is {data['text']!r}, its pieces are {pieces!r}")
        self.expect("transcript-stop")
        return data

    def silent(self, seconds):
        """Fails if an event comes within this time."""
        self.socket.settimeout(seconds)
        try:
            sys.exit(f"expected nothing, got {self.read()}")
        except socket.timeout:
            self.socket.settimeout(PATIENCE_S)


def pack(kind, data=None, payload=b"", inline=False):
    header, part = {"type": kind, "version": "1.10.2"}, b""
    if data and inline:
        header["data"] = data
    elif data:
        part = json.dumps(data, ensure_ascii=False).encode()
        header["data_length"] = len(part)
    if payload:
        header["payload_length"] = len(payload)
    return json.dumps(header, ensure_ascii=False).encode() + b"\n" + part + payload


def sound_of(path, width, channels):
    """Reads mono samples of 16 bit, and returns them with more channels or wider."""
    with open(path, "rb") as file:
        mono = file.read()
    samples = [mono[i : i + 2] for i in range(0, len(mono), 2)]
    return b"".join((b"\0" * (width - 2) + s) * channels for s in samples)


def conversation(sound, rate=16000, width=2, channels=1, first=None, piece=2048):
    """Returns the events of a stream of sound, in pieces that are no whole frames in general."""
    form = {"rate": rate, "width": width, "channels": channels}
    events = [first or pack("transcribe", {"language": "en"}), pack("audio-start", form)]
    events += [pack("audio-chunk", form, sound[i : i + piece]) for i in range(0, len(sound), piece)]
    return events + [pack("audio-stop", {"timestamp": None})]


def test_info(uri):
    """Whether `describe` is answered within a second, and with all that peers require."""
    with Peer(uri) as peer:
        start = time.monotonic()
        peer.send("describe")
        info = peer.expect("info")
        took = time.monotonic() - start
    if took > 1:
        sys.exit(f"info took {took:.1f} s")
    for kind in ("asr", "wake", "intent", "handle", "tts", "mic", "snd"):
        for program in info[kind]:
            for item in [program] + program["models"]:
                if not (item["name"] and item["installed"] is True and {"name", "url"} <= item["attribution"].keys()):
                    sys.exit(f"{kind}: members are missing in {item}")
            if not all(isinstance(model["languages"], list) for model in program["models"]):
                sys.exit(f"{kind}: a model has no languages")
    print(json.dumps(info, sort_keys=True))


def test_ping(uri):
    with Peer(uri) as peer:
        peer.send("ping", {"text": "caf\u00e9"})
        peer.send("something-new", {"x": [1, {"y": None}]}, b"\0\n\xff")
        peer.send("ping", {"text": "inline"}, inline=True)
        whole = pack("ping", {"text": "bytes"})
        for i in range(len(whole)):
            peer.socket.sendall(whole[i : i + 1])
            time.sleep(0.001)
        print([peer.expect("pong")["text"] for _ in range(3)])


def test_garbage(uri, *_):
    """What is not the protocol is answered by an error and the end of the connection."""
    for bad in (b"GET / HTTP/1.1\r\n\r\n", b'{"type":"' + b"x" * 70000 + b'"}\n', b'{"type":"a","data_length":2000000}\n', b"\n",
                b'{"type":"a","data_length":5}\nabcde'):
        with Peer(uri) as peer:
            peer.socket.sendall(bad)
            print(peer.expect("error")["text"])
            try:
                sys.exit(f"expected the end, got {peer.read()}")
            except EOFError:
                pass


def test_transcribe(uri, path, rate="16000", width="2", channels="1", language="en", times="1"):
    """The transcript of a sound; several times on one connection."""
    sound = sound_of(path, int(width), int(channels))
    with Peer(uri) as peer:
        for _ in range(int(times)):
            first = pack("transcribe", {"language": language} if language else None)
            peer.socket.sendall(b"".join(conversation(sound, int(rate), int(width), int(channels), first, piece=3001)))
            answer = peer.transcript()
            print(json.dumps({"text": answer["text"], "intent": answer.get("context", {}).get("tragus", {}).get("intent")}))
        peer.send("ping", {"text": "end"})
        peer.expect("pong")


def test_meaning(uri, path):
    """The transcript of a sound, and what it means for programs that know tragus."""
    with Peer(uri) as peer:
        peer.socket.sendall(b"".join(conversation(sound_of(path, 2, 1))))
        answer = peer.transcript()
        meaning = answer.get("context", {}).get("tragus", {})
        print(json.dumps({"text": answer["text"], "intent": meaning.get("intent"), "slots": meaning.get("slots")}))


def test_early(uri, path):
    """The transcript comes before audio-stop, and what still comes is dropped."""
    sound = sound_of(path, 2, 1)
    with Peer(uri) as peer:
        events = conversation(sound)
        peer.socket.sendall(b"".join(events[:-1]))
        print(peer.transcript()["text"])
        peer.socket.sendall(b"".join(events[2:]))
        peer.silent(1)
        peer.socket.sendall(b"".join(events))
        print(peer.transcript()["text"])


def test_pieces(uri, path):
    """The first event comes while somebody speaks, with the language; the text comes at the end only."""
    events = conversation(sound_of(path, 2, 1))
    with Peer(uri) as peer:
        peer.socket.sendall(b"".join(events[: 2 + 2 * 32000 // 2048]))  # two seconds, in which the first word begins
        print(peer.expect("transcript-start"))
        peer.silent(1)
        peer.socket.sendall(b"".join(events[2 + 2 * 32000 // 2048 :]))
        for kind in "transcript-chunk", "transcript", "transcript-stop":
            print(kind, peer.expect(kind).get("text"))


def test_sensitivity(uri, path, end_ms):
    """How much silence ends a sentence that may go on: prints after which of three pieces of silence the transcript comes."""
    sound = sound_of(path, 2, 1)[: int(end_ms) * 32]
    form = {"rate": 16000, "width": 2, "channels": 1}
    for sensitivity in "aggressive", "default", "relaxed":
        with Peer(uri) as peer:
            peer.send("transcribe", {"language": "en", "vad_sensitivity": sensitivity})
            peer.send("audio-start", form)
            peer.send("audio-chunk", form, sound)
            peer.expect("transcript-start")
            for silence_ms, pause_ms in (600, 600), (1050, 450), (1800, 750):
                peer.send("audio-chunk", form, bytes(pause_ms * 32))
                peer.socket.settimeout(2)
                try:
                    peer.expect("transcript-chunk")
                    break
                except socket.timeout:
                    pass
            print(sensitivity, silence_ms)


def test_nothing(uri):
    """Streams without sound, without speech, and without an end are all answered."""
    silence = bytes(32000)
    with Peer(uri) as peer:
        peer.send("audio-stop")
        peer.socket.sendall(b"".join(conversation(b"")))
        peer.socket.sendall(b"".join(conversation(silence)))
        for _ in range(3):
            print(repr(peer.transcript()["text"]))
        peer.socket.sendall(b"".join(conversation(silence)[:-1]))
        start = time.monotonic()
        print(repr(peer.transcript()["text"]))
        if not 4 < time.monotonic() - start < 15:
            sys.exit(f"silence was answered after {time.monotonic() - start:.1f} s")


def test_format(uri):
    """Formats that cannot be used are refused, and the connection can still be used."""
    with Peer(uri) as peer:
        for form in ({"rate": 16000, "width": 3, "channels": 1}, {"rate": 1, "width": 2, "channels": 1},
                     {"rate": 16000, "width": 2, "channels": -1}):
            peer.send("audio-start", form)
            peer.send("audio-chunk", form, b"xxxx")
            peer.send("audio-stop")
            print(peer.expect("error")["text"])
        peer.send("audio-start", {"rate": 16000, "width": 2, "channels": 1})
        peer.send("audio-chunk", {"rate": 8000, "width": 2, "channels": 1}, b"xxxx")
        print(peer.expect("error")["text"])
        peer.send("recognize")
        print(peer.expect("error")["text"])


def test_text(uri, language, *sentences):
    """What texts mean: `recognize`, and `transcript` as Home Assistant sends it; all at once, answered in order."""
    with Peer(uri) as peer:
        for number, sentence in enumerate(sentences):
            peer.send("transcript" if number % 2 else "recognize",
                      {"text": sentence, "language": language, "context": {"conversation_id": str(number)}})
        for number, _ in enumerate(sentences):
            kind, data = peer.read()
            if kind != "error" and data["context"] != {"conversation_id": str(number)}:
                sys.exit(f"the context of answer {number} is {data['context']}")
            entities = {e["name"]: e["value"] for e in data.get("entities", [])}
            print(kind, data.get("name"), json.dumps(entities, sort_keys=True), data.get("text"))


def home_assistant_hears(uri, path, language, early):
    """Speech to text as Home Assistant does it: chunks of 1,024 samples without a time, four times as fast as they are spoken. It closes the
    connection at `transcript`, whatever still comes. early: it reads while it sends, and stops at the transcript, as since 2026.9; before, it
    read only after its own audio-stop. Returns the text, and whether all of the sound was sent."""
    form = {"rate": 16000, "width": 2, "channels": 1}
    sound = sound_of(path, 2, 1) + bytes(5 * 32000 if early else 0)  # the microphone goes on
    with Peer(uri) as peer:
        peer.send("transcribe", {"language": language})
        peer.send("audio-start", {**form, "timestamp": None})
        for at in range(0, len(sound), 2048):
            peer.send("audio-chunk", {**form, "timestamp": None}, sound[at : at + 2048])
            time.sleep(0.016)
            while early and (peer.bytes or select.select([peer.socket], [], [], 0)[0]):
                kind, data = peer.read()
                if kind == "transcript":
                    return data["text"], False
        peer.send("audio-stop", {"timestamp": None})
        while True:
            kind, data = peer.read()
            if kind == "transcript":
                return data["text"], True
            if kind == "error":
                sys.exit(data["text"])


def test_conversation(uri, path, phrase):
    """The conversation of Home Assistant with a service, by the source of its integration: it is set up, asked again later, waits for a wake
    phrase, takes a command, and asks what it means. Each step has a connection of its own."""
    form = {"rate": 16000, "width": 2, "channels": 1}
    sound = sound_of(path, 2, 1)
    for _ in "set up", "30 seconds later":
        with Peer(uri) as peer:
            peer.send("describe")
            info = peer.expect("info")
    names = [model["name"] for model in info["wake"][0]["models"]]
    with Peer(uri) as peer:
        peer.send("detect", {"names": [names[names.index(phrase)]]})
        peer.send("audio-start", {**form, "timestamp": 0})
        for at in range(0, len(sound), 2048):
            peer.send("audio-chunk", {**form, "timestamp": at // 32}, sound[at : at + 2048])
        print("wake", peer.expect("detection")["name"])
    language = info["asr"][0]["models"][0]["languages"][0]
    for early in False, True:
        text, all_sent = home_assistant_hears(uri, path, language, early)
        with Peer(uri) as peer:
            context = {"conversation_id": "01J", "device_id": None, "satellite_id": None}
            peer.send("transcript", {"text": text, "language": language, "context": context})
            data = peer.expect("intent")
        print(text, "all sent" if all_sent else "stopped early", data["name"], data["context"] == context)


def test_replies(uri, *sentences):
    """The grammar's replies to texts, from the program that is selected; then what the others say."""
    with Peer(uri) as peer:
        for name in "tragus-replies", "none", "tragus":
            peer.send("select-program", {"name": name})
            for sentence in sentences:
                peer.send("transcript", {"text": sentence, "context": {"conversation_id": "7"}})
                kind, data = peer.read()
                print(name, kind, data.get("name"), data.get("text"), json.dumps(data["context"], sort_keys=True))


def test_wake(uri, path, *names):
    """What phrases are heard in a sound."""
    sound = sound_of(path, 2, 1)
    with Peer(uri) as peer:
        first = pack("detect", {"names": list(names) or None})
        peer.socket.sendall(b"".join(conversation(sound, first=first)))
        peer.send("ping", {"text": "end"})
        while True:
            kind, data = peer.read()
            if kind == "pong":
                return
            print(kind, data.get("name"), data.get("text"), data.get("timestamp"))


def test_timestamp(uri, path):
    """The time of a phrase in a sound that begins at the largest possible time."""
    form = {"rate": 16000, "width": 2, "channels": 1, "timestamp": 2**63 - 1}
    with Peer(uri) as peer:
        peer.send("detect", {"names": ["front center"]})
        peer.send("audio-start", form)
        peer.send("audio-chunk", form, sound_of(path, 2, 1))
        peer.send("audio-stop")
        print(peer.expect("detection")["timestamp"])


def test_large(uri, number):
    """Events with as much JSON as possible: names that are none, and sound that waits because tragusd has no more sessions."""
    much, form = [0] * 340000, {"rate": 16000, "width": 2, "channels": 1}
    peers = [Peer(uri) for _ in range(int(number))]
    for peer in peers:
        peer.send("detect", {"names": much})
        peer.send("ping")
        peer.expect("pong")
    for peer in peers:
        peer.send("audio-start", form)
        print(peer.expect("error")["text"])
    for peer in peers:
        peer.send("transcribe", {"language": "x" * 1000000})
        peer.send("audio-start", {"more": much, **form})
        peer.send("audio-chunk", {"more": much, **form}, bytes(1000000))
    for peer in peers:
        peer.close()


def test_vanish(uri, path):
    """A client disappears after each event, and in the middle of each event."""
    sound = sound_of(path, 2, 1)
    count = 0
    for first in (pack("transcribe"), pack("detect", {"names": ["front center"]})):
        events = conversation(sound, first=first, piece=len(sound) // 6) + [pack("recognize", {"text": "front center"})]
        for n in range(len(events) + 1):
            for half in (False, True):
                for pause in (0, 0.03):
                    with Peer(uri) as peer:
                        more = events[n] if half and n < len(events) else b""
                        peer.socket.sendall(b"".join(events[:n]) + more[: len(more) // 2])
                        time.sleep(pause)
                    count += 1
    print(count)


def test_many(uri, path, number):
    """Many clients at once."""
    sound = sound_of(path, 2, 1)
    texts = [None] * int(number)

    def one(index):
        with Peer(uri) as peer:
            peer.socket.sendall(b"".join(conversation(sound)))
            texts[index] = peer.transcript()["text"]

    threads = [threading.Thread(target=one, args=(i,)) for i in range(int(number))]
    for thread in threads:
        thread.start()
    with Peer(uri) as peer:
        start = time.monotonic()
        peer.send("describe")
        peer.expect("info")
        took = time.monotonic() - start
    for thread in threads:
        thread.join()
    if took > 1:
        sys.exit(f"info took {took:.1f} s while others were served")
    for text in texts:
        print("transcript", text)


def test_limit(uri, number):
    """One connection more than the limit is refused with a sentence, and one is free again after another ends."""
    peers = [Peer(uri) for _ in range(int(number))]
    for peer in peers:
        peer.send("ping")
        peer.expect("pong")
    with Peer(uri) as peer:
        print(peer.expect("error")["text"])
    peers.pop().close()
    time.sleep(0.2)
    with Peer(uri) as peer:
        peer.send("ping")
        peer.expect("pong")
    for peer in peers:
        peer.close()


def test_hold(uri, path, ready):
    """Keeps a stream open, writes the file `ready`, and prints what comes."""
    with Peer(uri) as peer:
        peer.send("detect", {"names": ["front center"]})
        peer.socket.sendall(b"".join(conversation(sound_of(path, 2, 1))[1:-1]))
        print(peer.expect("detection")["name"], flush=True)
        with open(ready, "w", encoding="utf-8"):
            pass
        print(peer.expect("error")["text"])


def test_activate(uri, *command):
    """Runs a command with a listening socket, as systemd does, after the first client has come."""
    listener = socket.create_server(("127.0.0.1", int(uri.rsplit(":", 1)[1])))
    child = os.fork()
    if child == 0:
        os.dup2(listener.fileno(), 3)
        os.set_inheritable(3, True)  # dup2 changes nothing if it is 3 already
        os.environ["LISTEN_FDS"] = "1"
        os.environ["LISTEN_PID"] = str(os.getpid())
        os.execv(command[0], command)
    listener.close()
    test_ping(uri)
    os.kill(child, 15)
    status = os.waitpid(child, 0)[1]
    if status != 0:
        sys.exit(f"the bridge ended with status {status}")


if __name__ == "__main__":
    globals()["test_" + sys.argv[2]](sys.argv[1], *sys.argv[3:])
