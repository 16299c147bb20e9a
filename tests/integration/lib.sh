# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by the integration tests. Provides a private bus, an ALSA device without hardware, and the real tragusd that uses both.
#
# Before sourcing, set builddir and srcdir to the two trees. Afterwards $work is a temporary folder, which is removed at the end.

work=$(mktemp -d "${TMPDIR:-/tmp}/tragus-test.XXXXXX")
tragusd=$builddir/tragusd
tragus=$builddir/tragus
client=$builddir/tests/integration/bus_client
bridge=$builddir/tragus-bridge
bus_pid='' daemon_pid='' bridge_pid=''

# shellcheck disable=SC2317 # called by the trap
end_all() {
    local status=$? program
    stop_bridge
    stop_daemon
    [ -n "$bus_pid" ] && kill "$bus_pid" 2>/dev/null && wait "$bus_pid" 2>/dev/null
    for program in tragusd tragus-bridge; do
        if [ "$status" != 0 ] && [ "$status" != 77 ] && [ -s "$work/$program.log" ]; then
            echo "--- log of $program:" >&2
            cat "$work/$program.log" >&2
        fi
    done
    rm -rf "$work"
    exit "$status"
}
trap end_all EXIT
trap 'exit 1' INT TERM

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

skip() {
    echo "skipped: $*" >&2
    exit 77
}

# The files of the language are in one folder of the build tree.
model=$builddir/models/en
need_model() {
    [ -e "$model/acoustic.tragus" ] || fail "there is no $model/acoustic.tragus"
    [ -e "$model/lexicon.tragus" ] || fail "there is no $model/lexicon.tragus"
}

# start_bus [ELEMENT...]: with these elements of its configuration, too.
start_bus() {
    cat >"$work/bus.conf" <<END
<busconfig>
  <type>session</type>
  <listen>unix:dir=$work</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
    <allow user="*"/>
  </policy>
  $*
</busconfig>
END
    command -v dbus-daemon >/dev/null || skip "dbus-daemon is missing: apt install dbus"
    dbus-daemon --config-file="$work/bus.conf" --nofork --print-address=3 3>"$work/address" 2>/dev/null &
    bus_pid=$!
    wait_for "the bus" test -s "$work/address"
    read -r address <"$work/address"
}

# spoken RATE PAUSE_MS: sets $sound to one of the channel names of alsa-utils, and writes it between pauses as raw samples to
# $work/sound.raw.
spoken() {
    sound=/usr/share/sounds/alsa/Front_Center.wav
    [ -r "$sound" ] || skip "$sound is missing: apt install alsa-utils"
    "$builddir/tests/integration/join_sounds" "$1" "$2" "$work/sound.raw" "$sound" >"$work/places" || fail "join_sounds"
}

# wait_for WHAT COMMAND...: repeats the command until it succeeds, for at most 20 s.
wait_for() {
    local what=$1 end=$((SECONDS + 20))
    shift
    while [ $SECONDS -le $end ]; do
        if "$@" >/dev/null 2>&1; then return 0; fi
        sleep 0.05
    done
    fail "waited 20 s for $what"
}

# microphone NAME RAW RATE [OPTION...]: makes an ALSA device of that name, with these options of alsa_test_pcm.c. It is controlled through
# the file $work/NAME.control.
microphone() {
    local module=$builddir/.libs/libasound_module_pcm_tragus_test.so
    [ -e "$module" ] || fail "$module is not built: make playing"
    if [ ! -e "$work/asound.conf" ]; then
        echo "pcm_type.tragus_test { lib \"$module\" }" >"$work/asound.conf"
        export ALSA_CONFIG_PATH=$work/asound.conf
    fi
    echo "pcm.$1 { type tragus_test file \"$2\" rate $3 control \"$work/$1.control\" ${*:4} }" >>"$work/asound.conf"
}

# Under a sanitizer the daemon loads an instrumented ALSA module. That needs no setup, but leaks inside alsa-lib are not ours.
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=0}"

# Whether the build under test is one with sanitizers, which is several times slower.
sanitized() {
    grep -q fsanitize "$builddir/config.log" 2>/dev/null && ! grep -q "SANITIZER_FLAGS=''" "$builddir/config.log"
}

# start_daemon [LINE...]: starts tragusd with these lines of configuration.
start_daemon() {
    {
        printf '[bus]\naddress = %s\n[model]\npath = %s\n' "$address" "$model"
        [ $# = 0 ] || printf '%s\n' "$@"
    } >"$work/tragus.conf"
    "$tragusd" --config "$work/tragus.conf" 2>>"$work/tragusd.log" &
    daemon_pid=$!
    wait_for "tragusd" timeout 5 "$tragus" status --bus-address "$address"
}

# end_program PID: ends a program that runs in the background; returns its exit status.
end_program() {
    [ -n "$1" ] || return 0
    kill -TERM "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}

stop_daemon() {
    local pid=$daemon_pid
    daemon_pid=''
    end_program "$pid"
}

# wyoming TEST [ARGUMENT...]: a test of wyoming_client.py with the bridge at $uri.
uri=unix://$work/bridge.socket
wyoming() { timeout 120 "${PYTHON:-python3}" "$srcdir/tests/integration/wyoming_client.py" "$uri" "$@"; }

# start_bridge [OPTION...]
start_bridge() {
    "$bridge" --config /dev/null --bus-address "$address" --uri "$uri" "$@" 2>>"$work/tragus-bridge.log" &
    bridge_pid=$!
    wait_for "tragus-bridge" wyoming ping
}

stop_bridge() {
    local pid=$bridge_pid
    bridge_pid=''
    end_program "$pid"
}

# field NAME: prints the value of the first key of that name (a string or a number) in each JSON line on standard input.
field() {
    sed -nE 's/"'"$1"'":("([^"]*)"|([-0-9.]+)|(true|false))/\n\2\3\4\n/; s/^[^\n]*\n([^\n]*)\n.*/\1/p'
}

status_field() {
    "$tragus" status --json --bus-address "$address" | field "$1"
}
