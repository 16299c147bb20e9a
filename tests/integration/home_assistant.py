#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stands in for Home Assistant: the part of its websocket API that gives names.

usage: home_assistant.py PORT HOME.json LOG [CERTIFICATE KEY]

HOME.json has the token, the version, and the home. It is read again when it changes, and clients get the events that Home Assistant
would send. A token that changes closes the connections, as revoking one does. LOG gets a line for each connection and each command.
Messages are split into fragments, and a state of no interest changes ten times a second.

It is also the Supervisor that add-ons talk to: the same websocket at /core/websocket, and what the key "supervisor" of HOME.json has: an
object of answers by "METHOD PATH". LOG gets a line for each of these requests.
"""

import asyncio
import base64
import hashlib
import json
import ssl
import struct
import sys

FRAGMENT = 30000


class Home:
    def __init__(self, path):
        self.path = path
        self.text = None
        self.load()

    def load(self):
        """Returns whether the file has changed."""
        with open(self.path, encoding="utf-8") as f:
            text = f.read()
        if text == self.text:
            return False
        self.text = text
        self.data = json.loads(text)
        return True

    def entity(self, entity):
        return {"name": None, "aliases": [], "exposed": True, "registered": True, "away": False, **self.data["entities"][entity]}

    def entities(self):
        return {i: self.entity(i) for i in self.data["entities"]}

    def states(self):
        return {i: e["name"] for i, e in self.entities().items() if e["name"] is not None and not e["away"]}


class Client:
    def __init__(self, server, reader, writer):
        self.server, self.home = server, server.home
        self.reader, self.writer = reader, writer
        self.events, self.watched = {}, {}

    async def handshake(self):
        request = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = request.split("\r\n")
        headers = {k.strip().lower(): v.strip() for k, v in (line.split(":", 1) for line in lines if ":" in line)}
        method, path = first.split()[:2]
        if path == "/moved/api/websocket":  # to another host, which happens to be this one, too
            self.writer.write(
                f"HTTP/1.1 307 Moved\r\nLocation: ws://localhost:{self.server.port}/api/websocket\r\nContent-Length: 0\r\n\r\n".encode()
            )
            return False
        if path not in ("/api/websocket", "/core/websocket"):
            await self.supervisor(f"{method} {path}", headers)
            return False
        key = headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        self.writer.write(
            f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        return True

    async def supervisor(self, request, headers):
        body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        answer = self.home.data.get("supervisor", {}).get(request)
        status, reason = 200, "OK"
        if answer is None:
            status, reason = 404, "Not Found"
        elif headers.get("authorization") != "Bearer " + self.home.data["token"]:
            status, reason, answer = 401, "Unauthorized", None
        data = json.dumps({"result": "error" if answer is None else "ok", "data": answer}).encode()
        self.writer.write(f"HTTP/1.1 {status} {reason}\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data)
        self.server.log(f"{status} {request} {body.decode()}".strip())

    def frame(self, opcode, payload, final=True):
        n = len(payload)
        head = bytes([opcode | (0x80 if final else 0)])
        if n < 126:
            head += bytes([n])
        elif n < 65536:
            head += b"\x7e" + struct.pack(">H", n)
        else:
            head += b"\x7f" + struct.pack(">Q", n)
        self.writer.write(head + payload)

    def send(self, message):
        payload = json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()
        pieces = [payload[i : i + FRAGMENT] for i in range(0, len(payload), FRAGMENT)]
        for i, piece in enumerate(pieces):
            self.frame(1 if i == 0 else 0, piece, i == len(pieces) - 1)

    async def receive(self):
        """The next message, or None at the end."""
        text = b""
        while True:
            first, second = await self.reader.readexactly(2)
            n = second & 0x7F
            if n == 126:
                (n,) = struct.unpack(">H", await self.reader.readexactly(2))
            elif n == 127:
                (n,) = struct.unpack(">Q", await self.reader.readexactly(8))
            if not second & 0x80:
                raise ValueError("the client does not mask")
            mask = int.from_bytes((await self.reader.readexactly(4)) * (n // 4 + 1), "big")
            payload = await self.reader.readexactly(n)
            size = 4 * (n // 4 + 1)
            payload = (int.from_bytes(payload.ljust(size, b"\0"), "big") ^ mask).to_bytes(size, "big")[:n]
            opcode = first & 15
            if opcode == 8:
                return None
            if opcode == 9:
                self.frame(10, payload)
            elif opcode in (0, 1):
                text += payload
                if first & 0x80:
                    return json.loads(text)

    def result(self, message, result):
        self.send({"id": message["id"], "type": "result", "success": True, "result": result})

    def fail(self, message, code, text):
        self.send({"id": message["id"], "type": "result", "success": False, "error": {"code": code, "message": text}})

    def command(self, message):
        home, kind = self.home, message["type"]
        self.server.log(kind)
        if kind == "subscribe_events":
            self.events[message["event_type"]] = message["id"]
            self.result(message, None)
        elif kind == "unsubscribe_events":
            self.watched.pop(message["subscription"])
            self.result(message, None)
        elif kind == "homeassistant/expose_entity/list":
            if not home.data.get("admin", True):
                return self.fail(message, "unauthorized", "Unauthorized")
            settings = {i: {"conversation": e["exposed"], "cloud.alexa": True} for i, e in home.entities().items()}
            self.result(message, {"exposed_entities": settings})
        elif kind == "config/entity_registry/get_entries":
            entries = {}
            for i in message["entity_ids"]:
                e = home.entity(i) if i in home.data["entities"] else {"registered": False}
                entries[i] = (
                    {"entity_id": i, "name": None, "original_name": e.get("original"), "aliases": e["aliases"], "disabled_by": None}
                    if e["registered"]
                    else None
                )
            self.result(message, entries)
        elif kind == "config/area_registry/list":
            self.result(message, home.data.get("areas", []))
        elif kind == "config/floor_registry/list":
            self.result(message, home.data.get("floors", []))
        elif kind == "subscribe_entities":
            wanted = set(message["entity_ids"])
            if not wanted:
                raise ValueError("a subscription to all entities")
            self.watched[message["id"]] = wanted
            self.result(message, None)
            states = {i: {"s": "on", "a": {"friendly_name": n}, "lc": 1.5} for i, n in home.states().items() if i in wanted}
            self.send({"id": message["id"], "type": "event", "event": {"a": states}})
        else:
            self.fail(message, "unknown_command", "Unknown command.")

    def tell(self, before_entities, before_states):
        """Sends what changed."""
        entities, states = self.home.entities(), self.home.states()
        if self.events.get("entity_registry_updated"):
            for i in set(entities) | set(before_entities):
                a, b = (dict(x.get(i, {"name": None, "away": False})) for x in (entities, before_entities))
                if any(a.get(k) != b.get(k) for k in ("aliases", "exposed", "registered")):
                    self.event("entity_registry_updated", {"action": "update", "entity_id": i})
        for subscription, wanted in self.watched.items():
            for i in wanted & set(states):
                if i not in before_states:
                    change = {"a": {i: {"s": "on", "a": {"friendly_name": states[i]}}}}
                elif states[i] != before_states[i]:
                    change = {"c": {i: {"+": {"a": {"friendly_name": states[i]}}}}}
                else:
                    continue
                self.send({"id": subscription, "type": "event", "event": change})

    def event(self, kind, data):
        self.send({"id": self.events[kind], "type": "event", "event": {"event_type": kind, "data": data}})

    def idle(self):
        for subscription, wanted in self.watched.items():
            self.send({"id": subscription, "type": "event", "event": {"c": {next(iter(wanted)): {"+": {"s": "off"}}}}})

    async def serve(self):
        if not await self.handshake():
            return
        version = self.home.data.get("version", "2026.8.1")
        self.send({"type": "auth_required", "ha_version": version})
        message = await self.receive()
        if message != {"type": "auth", "access_token": self.home.data["token"]}:
            self.server.log("refused")
            self.send({"type": "auth_invalid", "message": "Invalid access token or password"})
            return
        self.server.log("accepted")
        self.send({"type": "auth_ok", "ha_version": version})
        self.server.clients.add(self)
        last = 0
        while (message := await self.receive()) is not None:
            if message["id"] <= last:
                raise ValueError("ids must increase")
            last = message["id"]
            self.command(message)
            await self.writer.drain()


class Server:
    def __init__(self, port, home, log, certificate):
        self.port, self.log_path, self.certificate = port, log, certificate
        self.home, self.clients = Home(home), set()

    def log(self, text):
        with open(self.log_path, "a", encoding="utf-8") as f:
            f.write(text + "\n")

    async def on_client(self, reader, writer):
        client = Client(self, reader, writer)
        try:
            await client.serve()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except (ValueError, KeyError) as e:
            self.log(f"wrong: {e!r}")
        finally:
            self.clients.discard(client)
            writer.close()

    async def watch(self):
        while True:
            await asyncio.sleep(0.1)
            token, entities, states = self.home.data["token"], self.home.entities(), self.home.states()
            changed = self.home.load()
            for client in list(self.clients):
                if self.home.data["token"] != token:
                    client.writer.close()
                elif changed:
                    client.tell(entities, states)
                    for kind in ("area_registry_updated", "floor_registry_updated"):
                        client.event(kind, {"action": "update"})
                else:
                    client.idle()

    async def run(self):
        context = None
        if self.certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(*self.certificate)
        server = await asyncio.start_server(self.on_client, "127.0.0.1", self.port, ssl=context, limit=1 << 26)
        self.log("listening")
        async with server:
            await self.watch()


if __name__ == "__main__":
    asyncio.run(Server(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:6]).run())
