#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2034,SC2154 # lib.sh uses builddir and defines what the tests share
# Wake phrases: a file, a microphone whose session names phrases, and one that relies on the configuration give the same events; a session
# that asks for none hears everything; without a phrase nothing is told; bad phrases are refused.
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
. "$srcdir/tests/integration/lib.sh"
need_model
sounds=/usr/share/sounds/alsa
[ -r $sounds/Rear_Left.wav ] || skip "$sounds/Rear_Left.wav is missing: apt install alsa-utils"
export TRAGUS_MODEL=$model
printf 'rear left\nrear right\nside left\nside right\n' >"$work/channels.txt"

# One recording after the other: the third one is not heard, because a sentence closes the grammar again.
"$builddir/tests/integration/join_sounds" 16000 900 "$work/sound.raw" $sounds/Rear_Right.wav $sounds/Front_Center.wav $sounds/Rear_Left.wav \
    $sounds/Side_Right.wav >"$work/places" || fail "join_sounds"
expected=$'wake_detected front center\nutterance rear left'

# events < JSON: the events that matter, one on a line.
events() { sed -nE 's/.*"event":"(wake_detected|utterance|rejected|partial)".*"text":"([^"]*)".*/\1 \2/p'; }

echo "== a file"
with_header() { # FILE: its raw samples as a WAV file
    local n
    n=$(stat -c %s "$1")
    printf 'RIFF%bWAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x10\x00data%b' "$(le32 $((n + 36)))" "$(le32 "$n")"
    cat "$1"
}
le32() { printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)); }
with_header "$work/sound.raw" >"$work/sound.wav"
"$tragus" transcribe --events --wake "front center" -g "$work/channels.txt" "$work/sound.wav" >"$work/file.json" || fail "transcribe"
[ "$(events <"$work/file.json")" = "$expected" ] || fail "a file gives: $(cat "$work/file.json")"
"$tragus" spot --phrase "front center" "$work/sound.wav" | tee "$work/spot"
[ "$(cut -f 4 "$work/spot")" = "front center" ] || fail "spot finds something else"
"$tragus" spot --phrase "good morning house" "$work/sound.wav" && fail "spot finds what was not said"
"$tragus" spot --phrase "front <center>" "$work/sound.wav" 2>"$work/bad"
[ $? = 4 ] || fail "a bad phrase: exit status $?"
grep -q "wake phrase" "$work/bad" || fail "a bad phrase: $(cat "$work/bad")"

start_bus
microphone played "$work/sound.raw" 16000 'end "gone"' "patient 1" "speed 4"

# listen_to LINES OPTION...: what `tragus listen` tells of the sound, from the microphone of a daemon with these lines of configuration.
listen_to() {
    start_daemon "[microphone]" "device = played" "[grammars]" "channels = $work/channels.txt" "$1"
    : >"$work/heard.json"
    timeout 30 "$tragus" listen --bus-address "$address" --json "${@:2}" >"$work/heard.json" 2>>"$work/listen.log" &
    local listener=$!
    wait_for "the end of the sound" grep -q input_lost "$work/heard.json"
    kill -INT $listener
    wait $listener
    stop_daemon || fail "tragusd's exit status $?"
    events <"$work/heard.json"
}

echo "== a session with phrases"
got=$(listen_to "" --wake "front center")
[ "$got" = "$expected" ] || fail "the microphone gives: $got"
echo "== the configuration's phrases"
got=$(listen_to $'[wake]\nphrases = hey house, front center')
[ "$got" = "$expected" ] || fail "the configuration's phrases give: $got"
echo "== another phrase"
got=$(listen_to $'[wake]\nphrases = good morning house')
[ "$got" = "" ] || fail "without the phrase something is told: $got"
echo "== no phrase"
got=$(listen_to "")
grep -q "^utterance side right$" <<<"$got" || fail "without a phrase: $got"

echo "== bad phrases"
start_daemon "[microphone]" "device = played" "[grammars]" "channels = $work/channels.txt" "[wake]" "phrases = hey <house>"
grep -q "wake phrases cannot be used" "$work/tragusd.log" || fail "the log does not tell of a bad phrase"
timeout 20 "$tragus" listen --bus-address "$address" >"$work/refused" 2>&1
grep -q "wake phrase" "$work/refused" || fail "a session relies on a bad phrase: $(cat "$work/refused")"
exit 0
