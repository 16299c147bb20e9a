#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2034,SC2154,SC2016,SC2317 # lib.sh uses builddir and defines what the tests share; what is in '' is evaluated again and again
# Tests the microphone: it is open only while a session listens; missing, unplugged, overrun; two clients, one of which is killed; what a
# third client sees; the CPU time in silence; Finished when the daemon stops; a device that stops
# without an error.
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
. "$srcdir/tests/integration/lib.sh"
need_model
spoken 48000 1000
start_bus
microphone microphone /dev/null 48000
control=$work/microphone.control

listen() { # listen LOG [OPTION...]: a client in the background; its process is $listener
    "$tragus" listen --json --bus-address "$address" "${@:2}" >"$1" 2>"$1.err" &
    listener=$!
}
order() { # sends the test device an order, atomically
    echo "$1" >"$control.new"
    mv "$control.new" "$control"
}
heard() { grep -c '"event":"\(utterance\|rejected\)"' "$1"; }
logged() { grep -c "$1" "$work/tragusd.log"; }

echo "== missing at the start: reported once, tried again"
order gone
start_daemon "[microphone]" "device = microphone" "longest_pause_s = 1" "[grammars]" "channels = $srcdir/tests/data/channels.yaml"
[ "$(status_field microphone_open)" = false ] || fail "the microphone is open although no session listens"
[ "$(logged "Waiting for a microphone: there is no microphone microphone")" = 1 ] || fail "the missing microphone was not reported at the start"
listen "$work/one"
one=$listener
wait_for "InputLost" grep -q '"event":"input_lost","reason":1' "$work/one"
[ "$(status_field ready)" = 3 ] || fail "Ready is not degraded"
"$tragus" status --bus-address "$address" | grep -q ': not ready to listen: the microphone is missing' || fail "status does not report the microphone"
timeout 20 "$tragus" listen --once --bus-address "$address" >"$work/early" 2>&1 &
sleep 3
kill %% 2>/dev/null
[ "$(logged "Failed to open the microphone")" = 1 ] || fail "the missing microphone was not reported exactly once"
rm -f "$control"
wait_for "the microphone" eval '[ "$(status_field microphone_open)" = true ]'
wait_for "the report of its return" eval '[ "$(logged "is back")" = 1 ]'

echo "== unplugged, and back"
order gone
wait_for "InputLost" eval '[ "$(grep -c "\"event\":\"input_lost\",\"reason\":1" "$work/one")" = 2 ]'
[ "$(logged "is gone")" = 1 ] || fail "the unplugged microphone was not reported exactly once"
rm -f "$control"
wait_for "the microphone" eval '[ "$(status_field microphone_open)" = true ] && [ "$(status_field ready)" = 2 ]'

echo "== overrun"
order overrun
wait_for "InputLost" grep -q '"event":"input_lost","reason":2' "$work/one"

echo "== two clients get the same events; one is killed, the other continues; a third sees nothing"
mkdir "$work/rooms"
echo "rear (left|right|center)" >"$work/rooms/rear.txt"
echo "front (left|right|center)" >"$work/front.txt"
listen "$work/two" -g "$work/rooms" -g "$work/front.txt"
two=$listener
wait_for "two sessions" eval '[ "$(status_field session_count)" = 2 ]'
[ "$("$tragus" status --bus-address "$address" | grep -c '^listens      tragus listen (process [0-9]*, user [0-9]*) to the microphone since 20')" = 2 ] ||
    fail "status does not show who listens: $("$tragus" status --bus-address "$address")"
timeout 60 "$client" "$address" watch 8 >"$work/seen" &
watcher=$!
sleep 0.5
order "play $work/sound.raw"
wait_for "an event" eval '[ "$(heard "$work/one")" = 1 ] && [ "$(heard "$work/two")" = 1 ]'
grep '"event":"utterance"\|"event":"rejected"' "$work/one" | cut -c1-160
kill -KILL "$two"
wait "$two" 2>/dev/null
wait_for "the killed one's session to be gone" eval '[ "$(status_field session_count)" = 1 ]'
[ "$("$tragus" status --bus-address "$address" | grep -c '^listens ')" = 1 ] || fail "status still shows who listened"
order "play $work/sound.raw"
wait_for "another event" eval '[ "$(heard "$work/one")" = 2 ]'
wait "$watcher"
[ "$(cat "$work/seen")" = 0 ] || fail "a third connection saw $(cat "$work/seen") signals"

echo "== CPU time in silence"
"$tragus" status --json --bus-address "$address" >"$work/before"
sleep 10
"$tragus" status --json --bus-address "$address" >"$work/after"
grown() { echo $(($(field "$1" <"$work/after") - $(field "$1" <"$work/before"))); }
cpu=$(grown cpu_time_usec) wakeups=$(grown wakeups) audio=$(grown audio_time_usec)
echo "of one core: $((cpu * 10000 / audio / 100)).$(printf %02d $((cpu * 10000 / audio % 100))) %; $((wakeups * 1000000 / audio)) wake-ups per second"
# The limit does not apply to builds with sanitizers.
if ! sanitized; then
    [ $((cpu * 1000)) -lt $((audio * 5)) ] || fail "silence takes more than 0.5 % of a core"
fi
[ $((wakeups * 1000000 / audio)) -le 20 ] || fail "more than 20 wake-ups per second in silence"

echo "== the last session ends: the microphone is closed"
kill -INT "$one"
wait "$one" || fail "tragus listen ended with $?"
wait_for "the microphone to be closed" eval '[ "$(status_field microphone_open)" = false ]'

echo "== the daemon stops: sessions are told; the next daemon finds the microphone at its start"
stop_daemon || fail "exit status $? after SIGTERM"
start_daemon "[microphone]" "device = microphone" "[grammars]" "channels = $srcdir/tests/data/channels.yaml"
[ "$(logged "Found the microphone: microphone")" = 1 ] || fail "the microphone was not found at the start"
[ "$(status_field microphone_open)" = false ] || fail "the microphone is open although no session listens"
listen "$work/three"
three=$listener
wait_for "the microphone" eval '[ "$(status_field microphone_open)" = true ]'
stop_daemon || fail "exit status $? after SIGTERM"
wait "$three"
grep -q '"event":"finished","reason":5' "$work/three" || fail "no Finished(5)"

echo "== a device that stops without an error is gone, also when some of its sound was not read"
head -c 960 /dev/zero >"$work/ten_ms.raw"
microphone stalled "$work/ten_ms.raw" 48000 'end "stalled"'
start_daemon "[microphone]" "device = stalled" "[grammars]" "channels = $srcdir/tests/data/channels.yaml"
listen "$work/four"
four=$listener
wait_for "InputLost" grep -q '"event":"input_lost","reason":1' "$work/four"
kill -INT "$four"
stop_daemon || fail "exit status $? after SIGTERM"
! grep -qi "center" "$work/tragusd.log" || fail "the log contains what was said"
cat "$work/tragusd.log"
exit 0
