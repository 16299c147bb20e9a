#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2034,SC2154,SC2016,SC2317 # lib.sh uses builddir and defines what the tests share; what is in '' is evaluated again and again
# Tests `tragusd --user` on a desktop: a session bus, Debian's PipeWire and its session manager, and the microphone through ALSA's plugin for
# PipeWire. A recording is played into a virtual microphone and must be understood, by two programs at once. Also tests which file of settings is
# read.
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
. "$srcdir/tests/integration/lib.sh"
need_model
for program in pipewire:pipewire-bin wireplumber:wireplumber pw-cli:pipewire-bin pw-play:pipewire-bin arecord:alsa-utils dbus-daemon:dbus; do
    command -v "${program%:*}" >/dev/null || skip "${program%:*} is missing: apt install ${program#*:}"
done
aplay -L 2>/dev/null | grep -qx pipewire || skip "ALSA has no plugin for PipeWire: apt install pipewire-alsa"
! sanitized || skip "the plugin for PipeWire and its threads are not instrumented"
spoken 48000 500

servers=()
trap 'status=$?; for pid in "${servers[@]}"; do kill $pid 2>/dev/null; wait $pid 2>/dev/null; done; (exit $status); end_all' EXIT
unset ALSA_CONFIG_PATH
mkdir -m 700 "$work/run" "$work/home"
export XDG_RUNTIME_DIR=$work/run HOME=$work/home XDG_CONFIG_HOME=$work/home/.config XDG_STATE_HOME=$work/home/.state PIPEWIRE_RUNTIME_DIR=$work/run
export DBUS_SESSION_BUS_ADDRESS=unix:path=$work/run/bus
dbus-daemon --session --nofork --nopidfile --nosyslog --address="$DBUS_SESSION_BUS_ADDRESS" 2>"$work/bus.log" &
servers+=($!)
wait_for "the session bus" test -S "$work/run/bus"
pipewire >"$work/pipewire.log" 2>&1 &
servers=($! "${servers[@]}")
wait_for "PipeWire" test -S "$work/run/pipewire-0"
wireplumber >"$work/wireplumber.log" 2>&1 &
servers=($! "${servers[@]}")
# A microphone without hardware, which plays what is played into it.
pw-cli create-node adapter '{ factory.name=support.null-audio-sink node.name=testmic media.class=Audio/Duplex object.linger=true
    audio.channels=1 audio.position=MONO }' >"$work/pw-cli.log" 2>&1
wait_for "the virtual microphone" eval 'pw-cli ls Node | grep -q testmic'

start_user() { # starts tragusd --user
    "$tragusd" --user 2>"$work/tragusd.log" &
    daemon_pid=$!
    wait_for "tragusd" timeout 5 "$tragus" status --user
}

echo "== settings: of the user, wrong, and none"
mkdir -p "$XDG_CONFIG_HOME/tragus"
printf '[gate]\nopen_db = 99\n' >"$XDG_CONFIG_HOME/tragus/tragus.conf"
got=$("$tragusd" --user 2>&1)
[ "$? $got" = "2 tragusd: $XDG_CONFIG_HOME/tragus/tragus.conf:2: open_db must be from 1 to 60, not 99" ] || fail "a wrong file of the user: $got"
got=$(env -u XDG_CONFIG_HOME "$tragusd" --user --check-config 2>&1)
[ "$? $got" = "2 tragusd: $HOME/.config/tragus/tragus.conf:2: open_db must be from 1 to 60, not 99" ] || fail "a wrong file below HOME: $got"
[ "$("$tragusd" --user --config /dev/null --check-config)" = "The configuration is valid." ] || fail "--config does not replace the user's file"
[ "$(XDG_CONFIG_HOME=$work/run "$tragusd" --user --check-config)" = "The configuration is valid." ] || fail "without a file of the user"

echo "== a recording played into PipeWire is understood, while another program records"
printf '[model]\npath = %s\n[microphone]\ndevice = pipewire\n[grammars]\nchannels = %s\n' "$model" "$srcdir/tests/data/channels.yaml" \
    >"$XDG_CONFIG_HOME/tragus/tragus.conf"
start_user
grep -q "Found the microphone: pipewire" "$work/tragusd.log" || fail "the microphone was not found"
"$tragus" listen --user --json >"$work/events" 2>"$work/listen.err" &
servers=($! "${servers[@]}")
wait_for "the microphone" eval '"$tragus" status --user --json | grep -q "\"microphone_open\":true"'
arecord -q -D pipewire -f S16_LE -r 16000 -c 1 -d 30 "$work/recorded.wav" &
servers=($! "${servers[@]}")
recorder=$!
wait_for "the recorder" test -s "$work/recorded.wav"
timeout 20 pw-play --target testmic --format s16 --rate 48000 --channels 1 "$sound" || fail "playing"
wait_for "the sentence" grep -q '"event":"utterance".*"text":"front center"' "$work/events"
kill -INT $recorder
wait $recorder
got=$("$tragus" transcribe -g "$srcdir/tests/data/channels.yaml" "$work/recorded.wav")
[ "$got" = "$work/recorded.wav"$'\t'"front center" ] || [ "${got#*recorded.wav*front center}" = "" ] || fail "the other program recorded: $got"

echo "== PipeWire ends: reported, and the daemon stays"
kill "${servers[3]}" 2>/dev/null
wait_for "InputLost" grep -q '"event":"input_lost"' "$work/events"
"$tragus" status --user >/dev/null || fail "the daemon ended with PipeWire"
stop_daemon || fail "tragusd: exit status $?"
