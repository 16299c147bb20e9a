#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""recognise.py GRAMMAR SOUND...: has tragusd recognise sound files with a grammar of its own, and prints what was said.

An example of a client of tragusd in Python (python3-dbus). The grammar is private to this connection and is removed with it. The bus
is that of the system; TRAGUS_BUS names another by its address.
"""
import os
import sys

import dbus


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: recognise.py GRAMMAR SOUND...")
    address = os.environ.get("TRAGUS_BUS")
    bus = dbus.bus.BusConnection(address) if address else dbus.SystemBus()
    tragus = dbus.Interface(bus.get_object("org.tragus.Tragus1", "/org/tragus/Tragus1"), "org.tragus.Manager1")
    with open(sys.argv[1], "rb") as grammar:
        diagnostics = tragus.AddGrammar("mine", dbus.types.UnixFd(grammar), {"Private": True}, signature="sha{sv}")
    for severity, line, column, _, message in diagnostics:
        print(f"{sys.argv[1]}:{line}:{column}: {message}", file=sys.stderr)
        if severity == 3:
            sys.exit(4)
    for path in sys.argv[2:]:
        with open(path, "rb") as sound:
            # A call is given up after 25 seconds, unless it says otherwise; a long file takes longer.
            heard = tragus.Recognize(dbus.types.UnixFd(sound), {"Grammar": "mine"}, signature="ha{sv}", timeout=300)
        for result in heard:
            if result["rejected"]:
                print(f"{path}: not understood: {result['ReasonText']}")
            else:
                slots = ", ".join(f"{name} = {value}" for name, value in result["slots"].items())
                print(f"{path}: {result['text']}: {result['intent']} {slots} ({result['confidence'] * 100:.0f} %)")


try:
    main()
except (OSError, dbus.DBusException) as error:
    sys.exit(f"recognise.py: {error.get_dbus_message() if isinstance(error, dbus.DBusException) else error}")
