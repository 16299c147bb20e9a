# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154,SC2016 # lib.sh defines what the tests share; what is in '' is evaluated again and again
# Sourced after lib.sh by the tests of MQTT. Provides Debian's mosquitto, its clients, and tragus-bridge as a client of it. The microphone is
# the ALSA device "microphone" of lib.sh.

PATH=$PATH:/usr/sbin
grep -q '^#define HAVE_MQTT 1' "$builddir/config.h" || skip "built --without-mqtt"
for program in mosquitto mosquitto_sub; do
    command -v $program >/dev/null || skip "$program is missing: apt install mosquitto mosquitto-clients"
done
is() { # WHAT EXPECTED GOT
    [ "$2" = "$3" ] || fail "$1: expected \"$2\", got \"$3\""
}
check() { "${PYTHON:-python3}" "$srcdir/tests/integration/mqtt_check.py" "$@"; }
broker_pid='' watcher_pid=''
trap 'code=$?; kill $broker_pid $watcher_pid 2>/dev/null; (exit $code); end_all' EXIT
port=$((20000 + $$ % 20000))

start_broker() { # LINE...
    printf '%s\n' "user root" "persistence false" "listener ${listen:-$port 127.0.0.1}" "log_dest file $work/mosquitto.log" "${@:-allow_anonymous true}" \
        >"$work/mosquitto.conf"
    mosquitto -c "$work/mosquitto.conf" 2>>"$work/mosquitto.err" &
    broker_pid=$!
    wait_for "mosquitto" eval '(exec 3<>/dev/tcp/127.0.0.1/'"$port"')'
}
stop_broker() {
    end_program "$broker_pid"
    broker_pid=''
}
login=()
publish() { mosquitto_pub -h 127.0.0.1 -p "$port" "${login[@]}" -q 1 -t "$1" "${@:2}"; }
host=127.0.0.1
retained() { # TOPIC: waits for a retained message and prints it
    local try
    for try in 1 2 3 4 5 6 7 8 9 10; do
        mosquitto_sub -h "$host" -p "$port" "${login[@]}" -t "$1" -C 1 -W 1 --retained-only 2>/dev/null && return
    done
}
watch() { # collects "TOPIC PAYLOAD" lines of new messages in $work/seen
    : >"$work/seen"
    mosquitto_sub -h 127.0.0.1 -p "$port" "${login[@]}" -t '#' -v -R >>"$work/seen" &
    watcher_pid=$!
    sleep 0.5
}
unwatch() {
    end_program "$watcher_pid"
    watcher_pid=''
}
payloads() { sed -n "s|^$1 ||p" "$work/seen"; }
seen() { # TOPIC: waits for a message and prints the last one
    wait_for "a message of $1" grep -q "^$1 " "$work/seen"
    payloads "$1" | tail -n 1
}
state_is() { [ "$(mosquitto_sub -h 127.0.0.1 -p "$port" "${login[@]}" -t "${prefix:-tragus}/state" -C 1 -W 2 --retained-only 2>/dev/null | check get "$1" 2>/dev/null)" = "$2" ]; }
configure() { # LINE...: [mqtt] of bridge.conf
    printf '%s\n' "[mqtt]" "host = 127.0.0.1" "port = $port" "$@" >"$work/bridge.conf"
}
start_mqtt() { # starts the bridge with that file
    "$bridge" --config "$work/bridge.conf" --bus-address "$address" --uri "$uri" 2>>"$work/tragus-bridge.log" &
    bridge_pid=$!
    wait_for "tragus-bridge" wyoming ping
}
logged() { grep -c -- "$1" "$work/tragus-bridge.log"; }
frames() { # RAW FOLDER: the sound as messages of Hermes
    mkdir -p "$2"
    check frames "$1" "$2" || fail "frames"
}
speak() { # SITE FOLDER: sends them as fast as they were spoken
    local frame
    for frame in "$2"/*.wav; do
        publish "hermes/audioServer/$1/audioFrame" -f "$frame"
        sleep 0.22
    done
}
say() { # plays the recording into the microphone
    echo "play $work/sound.raw" >"$work/microphone.control.new"
    mv "$work/microphone.control.new" "$work/microphone.control"
}
