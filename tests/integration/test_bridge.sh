#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2034,SC2154 # lib.sh uses builddir and defines what the tests share
# Tests tragus-bridge with the real tragusd, real recordings, and a client of the Wyoming protocol: what is offered, commands in several
# formats, text, wake phrases, wrong input, clients that disappear, many clients, and a tragusd that comes and goes.
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
. "$srcdir/tests/integration/lib.sh"
need_model
start_tragusd() { # LINE...
    start_daemon "[microphone]" "device = silence" "[grammars]" "channels = $work/channels.yaml" "$@"
}
is() { # WHAT EXPECTED GOT
    [ "$2" = "$3" ] || fail "$1: expected \"$2\", got \"$3\""
}
# shellcheck disable=SC2016 # evaluated again and again
no_sessions() { wait_for "the sessions to be gone" eval '[ "$(status_field session_count)" = 0 ]'; }
descriptors() { find "/proc/$bridge_pid/fd" -type l 2>/dev/null | wc -l; }

spoken 48000 1200
mv "$work/sound.raw" "$work/sound48.raw"
spoken 16000 1200
# Half the rate, by means of two samples.
"${PYTHON:-python3}" -c 'import array, sys
a = array.array("h", sys.stdin.buffer.read())
sys.stdout.buffer.write(array.array("h", [(x + y) // 2 for x, y in zip(a[::2], a[1::2])]))' <"$work/sound.raw" >"$work/sound8.raw"
# With capitals, which a transcript must have as the file has them, and with replies.
sed -e 's/- "front center"/- "Front Center"/' -e '/^  Other:/i\
  Ask:\
    data:\
      - {sentences: ["who are you"], response: "I am the house"}\
      - {sentences: ["are you there"], response: yes_key}' "$srcdir/tests/data/channels.yaml" >"$work/channels.yaml"
start_bus
microphone silence /dev/null 16000

echo "== wrong command lines"
"$bridge" --uri http://127.0.0.1 2>"$work/out"
is "a wrong URI" "2 tragus-bridge: uri http://127.0.0.1: write tcp://HOST:PORT or unix://PATH" "$? $(cat "$work/out")"
for wrong in tcp://127.0.0.1 tcp://:10300 tcp://127.0.0.1:0 tcp://127.0.0.1:99999 tcp://127.0.0.1:1x unix://here; do
    "$bridge" --uri "$wrong" 2>"$work/out"
    is "$wrong" 2 $?
    grep -q "write tcp://HOST:PORT or unix://PATH" "$work/out" || fail "$wrong: $(cat "$work/out")"
done
long=unix:///$(printf 'a%.0s' {1..108})
is "a long path" "tragus-bridge: uri $long: the path has more than 107 bytes; choose a shorter one" "$("$bridge" --uri "$long" 2>&1)"
"$bridge" --check-config --uri tcp://127.0.0.1:0 2>/dev/null
is "--check-config with a wrong URI" 2 $?
"$bridge" --nonsense 2>/dev/null
is "an unknown option" 2 $?

# On a kernel or in a container without IPv6, localhost may be ::1, too.
printf '127.0.0.1 both\n::1 both\n' >"$work/hosts"
# shellcheck disable=SC2016
alone=(unshare --map-root-user --net --mount sh -c 'mount --bind "$0" /etc/hosts && echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 &&
    ip link set lo up && exec "$@"' "$work/hosts")
if "${alone[@]}" true 2>/dev/null; then
    "${alone[@]}" "$bridge" --uri tcp://both:10300 --bus-address unix:path=/nowhere 2>"$work/out" &
    bridge_pid=$!
    wait_for "a host with an address that is missing" grep -q "unix:path=/nowhere cannot be reached\|Failed to start" "$work/out"
    grep "Failed to start" "$work/out" && fail "it does not listen at the address that is there"
    stop_bridge || fail "exit status $?"
    is "a host of which all addresses are missing" "1 tragus-bridge: Failed to start: cannot listen at tcp://[::1]:10300: Cannot assign requested address" \
        "$("${alone[@]}" "$bridge" --uri "tcp://[::1]:10300" 2>&1 | sed 's/^/1 /')"
fi

echo "== configuration"
printf '[bus]\naddress = %s\n[wyoming]\nuri = %s\nwake = hey house,  okay_computer\n' "$address" "unix://$work/configured" >"$work/bridge.conf"
is "a right one" "The configuration is valid." "$("$bridge" --config "$work/bridge.conf" --check-config)"
is "a missing one" "2 tragus-bridge: $work/none.conf: cannot be read: No such file or directory" \
    "$("$bridge" --config "$work/none.conf" 2>&1 >/dev/null | sed 's/^/2 /')"
for wrong in "urri = x:2: unknown key \"urri\" in [wyoming]; did you mean uri?" "uri =:2: uri has no value; put # before the line to keep the default" \
    "wake = $(seq -s, 17):2: wake has more than 16 phrases; remove some"; do
    printf '[wyoming]\n%s\n' "${wrong%%:2: *}" >"$work/wrong.conf"
    got=$("$bridge" --config "$work/wrong.conf" --check-config 2>&1)
    is "exit status" 2 $?
    is "a wrong line" "tragus-bridge: $work/wrong.conf:2: ${wrong#*:2: }" "$got"
done
"$bridge" --config "$work/bridge.conf" 2>>"$work/tragus-bridge.log" &
bridge_pid=$!
bus_uri=$uri uri=unix://$work/configured
wait_for "tragus-bridge" wyoming ping
wyoming info | grep -q '"phrase": "okay computer"' || fail "info: $(wyoming info)"
stop_bridge || fail "tragus-bridge: exit status $?"
uri=$bus_uri

echo "== without tragusd"
start_bridge --wake "front center" --wake "side left"
wyoming info >"$work/info" || fail "info without tragusd"
grep -q '"languages": \["en"\]' "$work/info" || fail "info: $(cat "$work/info")"
is "ping" "['caf\u00e9', 'inline', 'bytes']" "$(PYTHONIOENCODING=ascii:backslashreplace wyoming ping | sed 's/\\xe9/\\u00e9/')"
not_running="tragusd is not running; start it (systemctl start tragus)"
is "a command without tragusd" "expected transcript, got error {'text': '$not_running', 'code': 'tragusd'}" \
    "$(wyoming transcribe "$work/sound.raw" 2>&1)"
is "a text without tragusd" "error None {} $not_running" "$(wyoming text en "front center")"

echo "== tragusd starts"
start_tragusd
understood='{"text": "Front Center", "intent": "TestChannel"}'
is "a command" "$understood" "$(wyoming transcribe "$work/sound.raw")"
is "three on one connection" "$understood"$'\n'"$understood"$'\n'"$understood" "$(wyoming transcribe "$work/sound.raw" 16000 2 1 en 3)"
is "48 kHz stereo" "$understood" "$(wyoming transcribe "$work/sound48.raw" 48000 2 2)"
is "48 kHz stereo, 32 bit" "$understood" "$(wyoming transcribe "$work/sound48.raw" 48000 4 2)"
is "8 kHz" "$understood" "$(wyoming transcribe "$work/sound8.raw" 8000)"
is "a regional language" "$understood" "$(wyoming transcribe "$work/sound.raw" 16000 2 1 en-US)"
is "a language that tragusd does not have" "$understood" "$(wyoming transcribe "$work/sound.raw" 16000 2 1 de)"
is "no language" "$understood" "$(wyoming transcribe "$work/sound.raw" 16000 2 1 "")"
is "a command without audio-stop" $'Front Center\nFront Center' "$(wyoming early "$work/sound.raw")"
is "pieces" "{'language': 'en'}
transcript-chunk Front Center
transcript Front Center
transcript-stop None" "$(wyoming pieces "$work/sound.raw")"
is "nothing was said" "''"$'\n'"''"$'\n'"''"$'\n'"''" "$(wyoming nothing)"
no_sessions

echo "== text"
wyoming text en "front center" "buy a horse" "turn on the kitchen light" "" >"$work/text" || fail "text"
is "intents" 'intent TestChannel {"channel": "Front Center"} None
not-recognized None {} None
intent Other {} None
not-recognized None {} None' "$(cat "$work/text")"

echo "== replies"
wyoming replies "who are you" "are you there" "front center" "buy a horse" >"$work/replies" || fail "replies"
own='{"conversation_id": "7"}' with_key='{"conversation_id": "7", "tragus": {"response": "yes_key"}}'
intents() {
    echo "$1 intent Ask I am the house $own
$1 intent Ask None $with_key
$1 intent TestChannel None $own
$1 not-recognized None None $own"
}
replies() {
    echo "$1 handled None I am the house $own
$1 not-handled None None $own
$1 not-handled None None $own
$1 not-handled None None $own"
}
is "replies, an unknown program, and intents" "$(replies tragus-replies && replies none && intents tragus)" "$(cat "$work/replies")"

echo "== wake phrases"
is "a phrase" "detection front_center None" "$(wyoming wake "$work/sound.raw" front_center | cut -d' ' -f1-3)"
is "the configured phrases" "detection front center" "$(wyoming wake "$work/sound.raw" | cut -d' ' -f1-3)"
is "a phrase that is not said" "not-detected None" "$(wyoming wake "$work/sound.raw" "good morning house" | cut -d' ' -f1-2)"
wyoming wake "$work/sound.raw" "front <center>" | grep -q "^error None tragusd cannot do this: .*wake phrase" || fail "a bad wake phrase"
no_sessions

echo "== Home Assistant"
is "its conversation" "wake front center
Front Center all sent TestChannel True
Front Center stopped early TestChannel True" "$(wyoming conversation "$work/sound.raw" "front center")"
no_sessions

echo "== wrong input"
wyoming garbage >"$work/garbage" || fail "garbage"
cat "$work/garbage"
is "errors" 5 "$(wc -l <"$work/garbage")"
wyoming format >"$work/format" || fail "formats"
cat "$work/format"
is "errors" 5 "$(wc -l <"$work/format")"
is "a time that is too large" 9223372036854775807 "$(wyoming timestamp "$work/sound.raw")"

echo "== large JSON"
is "names" "20 detect has more than 16 names; send fewer" "$(wyoming large 20 | sort | uniq -c | sed 's/^ *//')"
peak=$(awk '/^VmHWM/ { print int($2 / 1024) }' "/proc/$bridge_pid/status")
echo "tragus-bridge $peak MiB at most"
sanitized || [ "$peak" -lt 250 ] || fail "20 clients with large JSON take $peak MiB"
no_sessions

echo "== clients that disappear"
before=$(descriptors)
wyoming vanish "$work/sound.raw" || fail "vanish"
no_sessions
# shellcheck disable=SC2016 # evaluated again and again
wait_for "the descriptors to be closed" eval '[ "$(descriptors)" = '"$before"' ]'
is "a command afterwards" "$understood" "$(wyoming transcribe "$work/sound.raw")"

echo "== 50 clients"
wyoming many "$work/sound.raw" 50 >"$work/many" || fail "many"
sort "$work/many" | uniq -c
is "transcripts" 50 "$(grep -c '^transcript Front Center$' "$work/many")"
is "the limit of connections" "too many connections; close one first" "$(wyoming limit 64)"
no_sessions

echo "== how long a client wants to wait for more words"
stop_daemon || fail "tragusd: exit status $?"
sed 's/- "{channel}"/- "{channel} [camera]"/' "$work/channels.yaml" >"$work/more.yaml"
"${PYTHON:-python3}" -c 'import sys, wave
with open(sys.argv[1], "rb") as raw, wave.open(sys.argv[2], "wb") as out:
    out.setparams((1, 2, 16000, 0, "NONE", ""))
    out.writeframes(raw.read())' "$work/sound.raw" "$work/sound.wav"
end_ms=$("$tragus" transcribe --events -m "$model" -g "$work/more.yaml" "$work/sound.wav" |
    sed -n '/"event":"utterance"/s/.*"end_ms":\([0-9]*\).*/\1/p')
start_daemon "[microphone]" "device = silence" "[grammars]" "channels = $work/more.yaml"
is "vad_sensitivity" "aggressive 600"$'\n'"default 1050"$'\n'"relaxed 1800" "$(wyoming sensitivity "$work/sound.raw" "$end_ms")"
stop_daemon || fail "tragusd: exit status $?"
start_tragusd

hold_stream() {
    rm -f "$work/ready"
    wyoming hold "$work/sound.raw" "$work/ready" >"$work/hold" &
    holder=$!
    wait_for "a stream" test -e "$work/ready"
}
told() { # ERROR: the client of the stream gets this
    wait $holder || fail "hold: $(cat "$work/hold")"
    is "the error" "front center"$'\n'"$1; try again" "$(cat "$work/hold")"
}
echo "== tragusd ends in the middle of a stream, and comes back"
hold_stream
stop_daemon || fail "tragusd: exit status $?"
told "tragusd has stopped before it answered"
wyoming info >/dev/null || fail "info after the end of tragusd"
start_tragusd
is "a command afterwards" "$understood" "$(wyoming transcribe "$work/sound.raw")"

echo "== tragusd is killed in the middle of a stream"
hold_stream
kill -KILL "$daemon_pid"
told "tragusd has stopped before it answered"
wait "$daemon_pid" 2>/dev/null
start_tragusd "[limits]" "sessions_per_user = 3"
is "a command afterwards" "$understood" "$(wyoming transcribe "$work/sound.raw")"

echo "== a tragusd that accepts fewer sessions than the bridge wants"
wyoming many "$work/sound.raw" 20 >"$work/many" || fail "many"
is "transcripts" 20 "$(grep -c '^transcript Front Center$' "$work/many")"
no_sessions

echo "== the bus ends in the middle of a stream"
hold_stream
kill "$bus_pid"
wait "$bus_pid" 2>/dev/null
bus_pid=''
told "the message bus has closed the connection"
wyoming info >/dev/null || fail "info after the end of the bus"
is "a text without a bus" "error None {} the message bus cannot be reached, so tragusd cannot be asked; start dbus" "$(wyoming text en "front center")"

stop_daemon || fail "exit status $? of tragusd after SIGTERM without a bus"
! grep "Failed to send" "$work/tragusd.log" || fail "the log has a line for each session"

echo "== clean stop"
! grep -qi "center" "$work/tragus-bridge.log" || fail "the log contains what was said"
stop_bridge || fail "tragus-bridge: exit status $?"
[ ! -e "$work/bridge.socket" ] || fail "the socket was left behind"

echo "== TCP, and a socket from systemd"
uri=tcp://127.0.0.1:$((20000 + $$ % 20000))
start_bridge
wyoming info >/dev/null || fail "info by TCP"
"$bridge" --bus-address "$address" --uri "$uri" 2>"$work/out"
is "an address in use" 1 $?
grep -q "cannot listen at $uri: Address already in use" "$work/out" || fail "an address in use: $(cat "$work/out")"
stop_bridge || fail "tragus-bridge: exit status $?"

echo "== more clients than descriptors"
: >"$work/tragus-bridge.log"
(ulimit -n 24 && exec "$bridge" --config /dev/null --bus-address "$address" --uri "$uri" 2>>"$work/tragus-bridge.log") &
bridge_pid=$!
wait_for "tragus-bridge" wyoming ping
clients=()
for ((i = 0; i < 30; i++)); do
    exec {client_fd}<>"/dev/tcp/127.0.0.1/${uri##*:}" || fail "client $i"
    clients+=("$client_fd")
done
sleep 2.5
n_failed=$(grep -c "Failed to accept a connection, trying again: Too many open files" "$work/tragus-bridge.log")
{ [ "$n_failed" -ge 1 ] && [ "$n_failed" -le 4 ]; } || fail "$n_failed attempts to accept a connection in 2.5 s"
for client_fd in "${clients[@]}"; do exec {client_fd}>&-; done
wait_for "the next client" wyoming ping
stop_bridge || fail "tragus-bridge: exit status $?"

uri=tcp://127.0.0.1:$((40000 + $$ % 20000))
wyoming activate "$bridge" --bus-address "$address" || fail "a socket from systemd"
