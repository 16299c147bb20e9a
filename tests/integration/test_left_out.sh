#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2034,SC2154 # make check sets abs_top_srcdir and abs_top_builddir
# What a grammar of the configuration leaves out is told by tragus status, the property LeftOut and its signal, tragusd --check-config,
# tragus listen and tragus doctor.
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
# shellcheck source=tests/integration/lib.sh
. "$srcdir/tests/integration/lib.sh"
need_model
start_bus

says() { grep -qE -- "$1" "$work/out" || fail "no \"$1\" in: $(cat "$work/out")"; }
status() { "$tragus" status --bus-address "$address" "$@" >"$work/out" || fail "status: exit status $?"; }

mkdir "$work/sentences"
printf 'turn on the lamp\n' >"$work/sentences/good.txt"
printf 'stop\nturn off (the fan\n' >"$work/sentences/typo.txt"
printf 'sing (me\n' >"$work/broken.txt"

echo "== tragusd --check-config"
check() { # check STATUS GRAMMAR...
    local wanted=$1 got
    shift
    printf '%s\n' "[model]" "path = $model" "[grammars]" "$@" >"$work/check.conf"
    "$tragusd" --config "$work/check.conf" --check-config >"$work/out" 2>&1
    got=$?
    [ "$got" = "$wanted" ] || fail "--check-config: exit status $got: $(cat "$work/out")"
}
check 0 "home = $work/sentences"
says "Grammar home: $work/sentences/typo.txt:2:10: left out: \( is not closed"
says "^The configuration is valid"
check 0 "home = $work/sentences/good.txt"
[ "$(cat "$work/out")" = "The configuration is valid." ] || fail "a good grammar: $(cat "$work/out")"
check 2 "home = $work/sentences/good.txt" "broken = $work/broken.txt"
says "Failed to load grammar broken"
! grep -q "is valid" "$work/out" || fail "a broken grammar is valid"
check 2 "home = $work/nowhere"
says "nowhere"

echo "== tragus status, listen and doctor"
microphone silence /dev/null 16000
start_daemon "[grammars]" "home = $work/sentences" "broken = $work/broken.txt" "[recognition]" "default_grammar = home" \
    "[microphone]" "device = silence"
status
says "ready; 2 parts of the grammars are left out"
says "^warning      home: $work/sentences/typo.txt:2:10: left out: \( is not closed"
says "^error        broken: $work/broken.txt:1:6: .*\( is not closed"
status --json
"${PYTHON:-python3}" -c '
import json, sys
first, second = json.load(open(sys.argv[1]))["left_out"]
assert (first["grammar"], first["severity"], first["line"]) == ("broken", 3, 1), first
assert (second["grammar"], second["severity"], second["line"], second["column"]) == ("home", 2, 2, 10), second
' "$work/out" || fail "status --json: $(cat "$work/out")"
timeout 2 "$tragus" listen --bus-address "$address" --once >/dev/null 2>"$work/out"
says "1 part of grammar home is left out; tragus status names them"

echo "== the signal, when a client adds a grammar that leaves something out"
if command -v dbus-monitor >/dev/null && command -v busctl >/dev/null; then
    dbus-monitor --address "$address" "type='signal',member='PropertiesChanged'" >"$work/signals" 2>/dev/null &
    monitor_pid=$!
    # sd-bus delivers a call only after the monitor is there
    wait_for "dbus-monitor" grep -q NameAcquired "$work/signals"
    add() {
        busctl --address="$address" call org.tragus.Tragus1 /org/tragus/Tragus1 org.tragus.Manager1 AddGrammarText 'ssa{sv}' "$@" 0 >"$work/out" 2>&1 ||
            fail "AddGrammarText: $(cat "$work/out")"
    }
    add good "go left"
    sleep 0.3
    ! grep -q '"LeftOut"' "$work/signals" || fail "LeftOut is signalled though nothing changed"
    add bad "go left
go (right"
    wait_for "the signal" grep -q '"LeftOut"' "$work/signals"
    status
    says "^warning      bad: bad:2:4: left out"
    call() { # METHOD...: of Manager1
        busctl --address="$address" call org.tragus.Tragus1 /org/tragus/Tragus1 org.tragus.Manager1 "$@"
    }
    call AddGrammarText 'ssa{sv}' escapes $'go left\ngo (right' 1 Files 'a(st)' 1 $'\e[31mred\n' 17 >/dev/null || fail "AddGrammarText with Files"
    call Listen 'a{sv}' 3 Grammar s home AppId s $'\e[32mgreen\n' Timeout u 15000 >/dev/null 2>&1 &
    listen_pid=$!
    # shellcheck disable=SC2317 # called by wait_for
    shows() { status && grep -q "$1" "$work/out"; }
    wait_for "a listener" shows "^listens "
    kill "$listen_pid"
    says '^warning      escapes: \?\[31mred\?:2:4: left out'
    says '^listens      \?\[32mgreen\? \(process'
    ! grep -q $'\e' "$work/out" || fail "others can send escape sequences to the terminal"
    call RemoveGrammar s escapes || fail "RemoveGrammar"
    add bad "go right"
    status
    ! grep -q "^warning      bad:" "$work/out" || fail "the warning stays: $(cat "$work/out")"
    kill "$monitor_pid"
    wait "$monitor_pid" 2>/dev/null
else
    echo "the signal is not tested: apt install dbus-bin systemd"
fi
stop_daemon || fail "tragusd: exit status $?"
