#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Some allocations of the main verbs, of the start of tragusd, and of its calls fail, the same ones in every run: tests/faults/faults
# without --few fails each of them, and takes an hour.
set -u
build=${abs_top_builddir:-.}
skip() {
    echo "skipped: $*"
    exit 77
}
[ -n "${EMULATOR:-}" ] && skip "the library that makes allocations fail is for this machine's programs"
grep -q "SANITIZER_FLAGS=''" "$build/config.log" || skip "sanitizers have allocations of their own"
command -v busctl >/dev/null || skip "busctl is missing: apt install systemd"
command -v dbus-daemon >/dev/null || skip "dbus-daemon is missing: apt install dbus"
exec timeout 300 "${PYTHON:-python3}" "$(dirname "$0")/faults" "$build" --few
