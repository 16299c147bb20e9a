#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2034,SC2154 # lib.sh uses builddir and defines what the tests share
# Runs the examples of clients in Python and JavaScript with the real tragusd and tragus-bridge, and checks the examples in docs/MQTT.md.
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
. "$srcdir/tests/integration/lib.sh"
need_model
sound=/usr/share/sounds/alsa/Front_Center.wav
[ -r $sound ] || skip "$sound is missing: apt install alsa-utils"
is() { # WHAT EXPECTED GOT
    [ "$2" = "$3" ] || fail "$1: expected \"$2\", got \"$3\""
}
start_bus
start_daemon "[microphone]" "device = null" "[grammars]" "channels = $srcdir/tests/data/channels.yaml"
start_bridge --language en

echo "== the examples in docs/MQTT.md"
"${PYTHON:-python3}" "$srcdir/tests/integration/mqtt_document.py" "$srcdir/docs/MQTT.md" || fail "docs/MQTT.md"

echo "== Python"
if "${PYTHON:-python3}" -c 'import dbus' 2>/dev/null; then
    recognise() { TRAGUS_BUS=$address "${PYTHON:-python3}" "$srcdir/docs/examples/recognise.py" "$@" 2>&1; }
    is "a recording" "$sound: front center: TestChannel channel = front center" \
        "$(recognise "$srcdir/tests/data/channels.yaml" $sound | sed 's/ ([0-9]* %)$//')"
    echo "wrong [template" >"$work/wrong.txt"
    recognise "$work/wrong.txt" $sound >"$work/out" && fail "a wrong grammar: $(cat "$work/out")"
    grep -q "^$work/wrong.txt:1:" "$work/out" || fail "a wrong grammar: $(cat "$work/out")"
    recognise "$srcdir/tests/data/channels.yaml" "$work/none.wav" >"$work/out" && fail "a missing file"
    grep -q "^recognise.py: .*No such file" "$work/out" || fail "a missing file: $(cat "$work/out")"
else
    echo "not tested: apt install python3-dbus"
fi

echo "== JavaScript"
if command -v node >/dev/null; then
    understand() { timeout 20 node "$srcdir/docs/examples/understand.js" "$@" 2>&1; }
    is "texts" '{"text":"rear left","intent":"TestChannel","slots":{"channel":"rear left"}}
{"text":"buy a horse","intent":null}
{"text":"next","intent":"Other","slots":{}}' "$(understand unix "${uri#unix://}" "rear left" "buy a horse" "next")"
    is "no bridge" "1 understand.js: unix:$work/none: connect ENOENT $work/none" "$(out=$(understand unix "$work/none" x); echo "$? $out")"
else
    echo "not tested: apt install nodejs"
fi
