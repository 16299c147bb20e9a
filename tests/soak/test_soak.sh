#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A short form of the soak tests: some minutes of sound through one process, and a tenth of the load on the daemon. `tests/soak/sound 24`
# and `tests/soak/daemon BUILD 10` are the long ones.
set -u
build=${abs_top_builddir:-.}
here=$(cd "$(dirname "$0")" && pwd)
skip() {
    echo "skipped: $*"
    exit 77
}
[ -n "${EMULATOR:-}" ] && skip "an emulator is too slow"
grep -q "SANITIZER_FLAGS=''" "$build/config.log" || skip "sanitizers keep what was freed"
"$build/tests/soak/sound" 0.4 >/dev/null
status=$?
[ $status = 0 ] || exit $status
exec "$here/daemon" "$build" 3 0.1
