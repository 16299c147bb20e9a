#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2034,SC2154,SC2016,SC2317 # lib.sh uses builddir and defines what the tests share; what is in '' is evaluated again and again
# Tests `tragus doctor` with real microphones of alsa_test_pcm.c and the real daemon: what it says of a good sound and of bad ones, of a
# microphone that the daemon has, of a user without rights, and without a daemon.
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
. "$srcdir/tests/integration/lib.sh"
need_model
spoken 48000 1500
start_bus

# louder OUT FACTOR OFFSET: a copy of the recording, multiplied, with an offset.
louder() {
    python3 -c '
import array, sys
sound, out, factor, offset = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
pcm = array.array("h", open(sound, "rb").read())
open(out, "wb").write(array.array("h", (max(-32768, min(32767, int(x * factor) + offset)) for x in pcm)).tobytes())' \
        "$work/sound.raw" "$@" || fail "louder"
}
louder "$work/clipped.raw" 40 0
louder "$work/offset.raw" 0.5 4000
louder "$work/soft.raw" 0.02 0
microphone good "$work/sound.raw" 48000
microphone clipped "$work/clipped.raw" 48000
microphone offset "$work/offset.raw" 48000
microphone soft "$work/soft.raw" 48000
microphone silent /dev/null 48000
microphone gone /dev/null 48000
echo gone >"$work/gone.control"
microphone locked /dev/null 48000
echo forbidden >"$work/locked.control"

doctor() { # doctor CODE [OPTION...]: runs it, and checks its exit code
    timeout 60 "$tragus" doctor --bus-address "$address" --config "$work/tragus.conf" "${@:2}" >"$work/out" 2>"$work/err"
    local got=$?
    [ $got = "$1" ] || fail "doctor ${*:2}: exit code $got in place of $1: $(cat "$work/out" "$work/err")"
}
says() { grep -qE -- "$1" "$work/out" || fail "'$1' is missing in: $(cat "$work/out" "$work/err")"; }

echo "== without a daemon"
printf '[microphone]\ndevice = good\n[model]\npath = %s\n' "$model" >"$work/tragus.conf"
doctor 5 --no-speech
says "^FAILED   daemon "
says "tragusd is not running"
says "^ok       device         good .*can be opened"
says "^ok       model .*bit for bit"

echo "== all is well"
channels="channels = $srcdir/tests/data/channels.yaml"
start_daemon "[microphone]" "device = good" "[grammars]" "$channels"
doctor 0
order="daemon rights model device format noise clipping offset speech gate sentence grammars"
got=$(awk '$1 == "ok" { printf "%s%s", n++ ? " " : "", $2 }' "$work/out")
[ "$got" = "$order" ] || fail "these are well: $got; in place of: $order; $(cat "$work/out")"
says "^ok       format         48000 Hz; 1 channel; tragus takes 48000 Hz, 1 channel"
says '^ok       sentence       understood: "front center" \([0-9]+ %\)'
says "^ok       grammars       channels \([0-9]+ sentences\)"
grep -q "Please say a sentence" "$work/err" || fail "nobody was asked to speak"
doctor 0 --no-speech
! grep -q "sentence  \|gate  " "$work/out" || fail "--no-speech judges speech: $(cat "$work/out")"
[ ! -s "$work/err" ] || fail "--no-speech asks: $(cat "$work/err")"
doctor 0 --json --seconds 5
python3 -c '
import json, sys
o = json.load(open(sys.argv[1]))
assert o["well"] is True and o["device"] == "good", o
assert [c["check"] for c in o["checks"]] == sys.argv[2].split(), o
assert all(c["state"] == "ok" and c["text"] and "advice" not in c for c in o["checks"]), o
assert -60 < o["levels"]["speech_db"] < 0 and o["levels"]["gate_open_ms"] > 500 and o["levels"]["clipped"] == 0, o' \
    "$work/out" "$order" || fail "the JSON is wrong: $(cat "$work/out")"

echo "== bad sounds"
doctor 1 --device clipped
says "^FAILED   clipping       [0-9.]+ % of the samples"
says "lower the capture level"
doctor 0 --device offset
says "^warning  offset         [0-9.]+ % of full scale"
doctor 0 --device soft --no-speech
doctor 1 --device silent
says "^FAILED   noise          the device gives silence only"
says "unmute the microphone"
says "^FAILED   sentence       no sentence was heard"
doctor 1 --device gone
says "^FAILED   device         gone cannot be opened"
says "there is no microphone gone"
says "^skipped  sound"
doctor 1 --device locked
says "usermod -a -G audio"

echo "== a device that the daemon has"
timeout 60 "$tragus" listen --json --bus-address "$address" >"$work/listener" 2>&1 &
listener=$!
wait_for "the microphone" eval '[ "$(status_field microphone_open)" = true ]'
echo busy >"$work/good.control.new" && mv "$work/good.control.new" "$work/good.control"
"$tragus" doctor --bus-address "$address" --config "$work/tragus.conf" >"$work/out" 2>"$work/err" &
doctor=$!
wait_for "the request to speak" grep -q "Please say" "$work/err"
sleep 0.5
echo "play $work/sound.raw" >"$work/good.control.new" && mv "$work/good.control.new" "$work/good.control"
wait $doctor || fail "the check through the daemon ended with $?: $(cat "$work/out" "$work/err")"
says "^ok       device         good is in use by tragusd, which listens now"
says "^skipped  clipping       tragusd has the device"
says "^ok       speech "
says "^ok       gate "
says '^ok       sentence       understood: "front center"'
rm -f "$work/good.control"
[ "$(status_field session_count)" = 1 ] || fail "the session of the doctor was not closed"
kill -INT $listener
wait $listener || fail "the listener was disturbed: $(cat "$work/listener")"

echo "== a user without rights"
if [ "$(id -u)" = 0 ] && chmod 711 "$work" && setpriv --reuid nobody --clear-groups test -x "$tragus"; then
    chmod 644 "$work/asound.conf" "$work/tragus.conf" "$work/sound.raw"
    setpriv --reuid nobody --clear-groups "$tragus" doctor --no-speech --bus-address "$address" \
        --config "$work/tragus.conf" >"$work/out" 2>"$work/err"
    status=$?
    [ $status = 1 ] || fail "exit code $status in place of 1: $(cat "$work/out" "$work/err")"
    says "^FAILED   rights         this user may not listen"
    says "usermod -a -G tragus-listen"
    timeout 20 setpriv --reuid nobody --clear-groups "$tragus" listen --once --bus-address "$address" >"$work/out" 2>"$work/err"
    status=$?
    [ $status = 6 ] || fail "listen: exit code $status in place of 6: $(cat "$work/out" "$work/err")"
    grep -q "sudo usermod -a -G tragus-listen" "$work/err" || fail "listen: $(cat "$work/err")"
fi
stop_daemon || fail "exit status $? after SIGTERM"

echo "== a sentence that is not in the grammar; a grammar that did not load"
echo "sing me a song" >"$work/songs.txt"
echo "turn (on" >"$work/broken.txt"
start_daemon "[microphone]" "device = good" "[grammars]" "songs = $work/songs.txt" "broken = $work/broken.txt" "[recognition]" \
    "default_grammar = songs"
doctor 1
says "^FAILED   sentence       not understood"
says "^FAILED   grammars       not loaded: broken"
stop_daemon || fail "exit status $? after SIGTERM"

echo "== a device that is forbidden to this user, and to the daemon too"
start_daemon "[microphone]" "device = locked" "[grammars]" "$channels"
doctor 1
says "^skipped  device         this user may not open locked; it is checked through tragusd"
says "^FAILED   sound          tragusd has no microphone"
says "usermod -a -G audio"

echo "== what is given is wrong"
doctor 4 --device good --no-speech -m "$work/nowhere"
says "^FAILED   model "
printf '[microphone]\ngain = loud\nchannel = left\ndevice = good\n[grammars\n' >"$work/wrong.conf"
doctor 1 --no-speech --config "$work/wrong.conf"
says "^FAILED   configuration  .*wrong.conf:2: gain is wrong: \"loud\""
says "^FAILED   configuration  .*wrong.conf:3: channel is wrong: \"left\""
says "wrong.conf:5: the \] of the section is missing"
says "^ok       device         good "
doctor 1 --device good --no-speech --config "$work/nowhere.conf"
says "nowhere.conf: cannot be read"
doctor 2 --seconds 1
doctor 2 --seconds 99x
doctor 2 more
stop_daemon || fail "exit status $? after SIGTERM"
exit 0
