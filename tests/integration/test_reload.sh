#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2015,SC2016,SC2034,SC2119,SC2154 # make check sets abs_top_srcdir and abs_top_builddir
# Reloading and lists that survive: the real tragusd takes changed files while it hears, keeps the old sentences if the new ones are broken,
# and finds the lists that a program has set after a restart, kill -9, and a damaged state file.
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
. "$srcdir/tests/integration/lib.sh"
need_model
command -v busctl >/dev/null || skip "busctl is missing: apt install systemd"
start_bus

call() { # call METHOD SIGNATURE ARGUMENT...
    busctl --address="$address" call org.tragus.Tragus1 /org/tragus/Tragus1 org.tragus.Manager1 "$@" 2>&1
}
set_lamps() { # set_lamps NAME...
    local values=() name
    for name in "$@"; do values+=("$name" "" 0); done
    call SetList 'ssa(ssa{sv})' home lamp $# "${values[@]}"
}
understands() { call ParseText 'ssa{sv}' "$1" "$2" 0 | grep -q '"intent"'; }
must() { understands "$@" || fail "not understood by $1: $2"; }
must_not() { ! understands "$@" || fail "understood by $1: $2"; }
reload() { # reload STATUS [OPTION...]: $work/out is what it prints
    local wanted=$1 got
    shift
    "$tragus" reload --bus-address "$address" "$@" >"$work/out" 2>&1
    got=$?
    [ "$got" = "$wanted" ] || fail "tragus reload $*: exit status $got, not $wanted: $(cat "$work/out")"
}
says() { grep -qE -- "$1" "$work/out" || fail "no \"$1\" in: $(cat "$work/out")"; }
logged() { grep -cF -- "$1" "$work/tragusd.log"; }
kill_daemon() { # as a crash would
    kill -KILL "$daemon_pid"
    wait "$daemon_pid" 2>/dev/null
    daemon_pid=''
}

home() { # home WORD: sentences with this verb
    printf 'language: en\nintents: {TurnOn: {data: [{sentences: ["%s the {lamp}"]}]}}\nlists: {lamp: {values: [desk, ceiling]}}\n' "$1"
}
home light >"$work/home.yaml"
printf 'go left\n' >"$work/go.txt"
export STATE_DIRECTORY=$work/state
state=$STATE_DIRECTORY/home.lists.json
mkdir "$STATE_DIRECTORY"
spoken 48000 700
microphone speech "$work/sound.raw" 48000
printf 'language: en\nintents: {Before: {data: [{sentences: ["front center"]}]}}\n' >"$work/heard.yaml"
configuration=("[microphone]" "device = speech" "[grammars]" "home = $work/home.yaml" "heard = $work/heard.yaml")
start() { start_daemon "${configuration[@]}" "$@"; }
start "go = $work/go.txt"

echo "== changed, added and removed files"
must home "light the desk"
home ignite >"$work/home.yaml"
reload 0
[ ! -s "$work/out" ] || fail "tragus reload prints: $(cat "$work/out")"
must home "ignite the desk"
must_not home "light the desk"
sed -i "s|^go = .*|stay = $work/stay.txt|" "$work/tragus.conf"
printf 'stay here\n' >"$work/stay.txt"
reload 0
must stay "stay here"
must_not go "go left"
"$tragus" status --bus-address "$address" | grep -q '^grammar  *go:' && fail "a grammar that the configuration no longer names is there"

echo "== a broken file leaves the old sentences, and says so; the others are reloaded"
printf 'stay (here\n' >"$work/stay.txt"
home light >"$work/home.yaml"
reload 4
says "error: grammar stay: $work/stay.txt:1:6: .*\( is not closed"
says "1 grammar could not be loaded; sentences that were in use stay in use"
must stay "stay here"
must home "light the desk"
"$tragus" status --bus-address "$address" | grep -q "^error        stay: $work/stay.txt:1:6" || fail "status does not tell it"
[ "$(logged "Failed to reload grammar stay: $work/stay.txt:1:6")" = 1 ] || fail "the log does not tell it"
rm "$work/stay.txt"
reload 4
must stay "stay here"
printf 'stay there\n' >"$work/stay.txt"
reload 0
must stay "stay there"
"$tragus" status --bus-address "$address" | grep -q "^error" && fail "status still tells a mistake that is mended"

echo "== a broken configuration changes nothing"
cp "$work/tragus.conf" "$work/good.conf"
echo "home" >>"$work/tragus.conf"
home ignite >"$work/home.yaml"
reload 4
says "tragus.conf:[0-9]*: "
must home "light the desk"
cp "$work/good.conf" "$work/tragus.conf"

echo "== SIGHUP does the same"
before=$(logged "Reloaded 3 of 3 grammars")
kill -HUP "$daemon_pid"
wait_for "the log" eval '[ "$(logged "Reloaded 3 of 3 grammars")" -gt "$before" ]'
must home "ignite the desk"

echo "== a list that a program has set: kept by a reload, a restart and kill -9"
set_lamps kettle "night light" >/dev/null || fail "SetList: $(set_lamps kettle)"
must home "ignite the kettle"
must_not home "ignite the desk"
[ "$(stat -c %a "$state")" = 600 ] || fail "the state file has the mode $(stat -c %a "$state")"
[ "$(find "$STATE_DIRECTORY" -type f)" = "$state" ] || fail "the state folder holds more: $(ls "$STATE_DIRECTORY")"
home light >"$work/home.yaml"
reload 0
must home "light the kettle"
must_not home "light the desk"
call ListGrammars '' | grep -q '"SetLists" as 1 "lamp"' || fail "ListGrammars does not name the list: $(call ListGrammars '')"
kill_daemon
start "stay = $work/stay.txt"
must home "light the night light"
must_not home "light the desk"
stop_daemon || fail "exit status $? after SIGTERM"
start "stay = $work/stay.txt"
must home "light the night light"

echo "== killed in the middle of a write, again and again: the old list or the new one"
for round in 1 2 3 4; do
    names=()
    for ((i = 0; i < 400; i++)); do names+=("lamp $round x$i"); done
    set_lamps "${names[@]}" >/dev/null &
    client_pid=$!
    sleep "0.0$((round * 2))"
    kill_daemon
    wait "$client_pid"
    start
    if understands home "light the lamp $round x399"; then
        must home "light the lamp $round x0"
    elif [ "$round" = 1 ]; then
        must home "light the night light"
    else
        must home "light the lamp $((round - 1)) x399" || must home "light the night light"
    fi
    set_lamps "${names[@]}" >/dev/null || fail "SetList after kill -9"
done
set_lamps kettle "night light" >/dev/null

echo "== a damaged state file: one warning, and the lists of the files"
head -c 40 "$state" >"$work/torn"
cp "$state" "$work/whole"
cp "$work/torn" "$state"
stop_daemon || fail "exit status $? after SIGTERM"
: >"$work/tragusd.log"
start
must home "light the desk"
[ "$(logged "lists that programs have set are lost")" = 1 ] || fail "not one warning: $(cat "$work/tragusd.log")"
rm "$state"
ln -s "$work/whole" "$state"
printf 'left over' >"$state.new"
set_lamps kettle "night light" >/dev/null
[ -f "$state" ] && [ ! -L "$state" ] || fail "a link was not replaced"
[ ! -e "$state.new" ] || fail "what a broken write left is still there"

echo "== a folder that cannot be written: the list is in use, and the answer says that it will be lost"
mv "$STATE_DIRECTORY" "$work/away"
set_lamps toaster | grep -q "will be lost when tragusd ends" || fail "the answer does not tell it"
must home "light the toaster"
mv "$work/away" "$STATE_DIRECTORY"
stop_daemon
start
must home "light the kettle"

echo "== the lists of the files again"
reload 0 --forget-lists
must home "light the desk"
must_not home "light the kettle"
[ ! -e "$state" ] || fail "the state file is still there"
stop_daemon
start
must home "light the desk"

echo "== while sound is being recognised: the session goes on, and hears the new sentences from the next utterance on"
play() { # the microphone hears the sound again
    echo "play $work/sound.raw" >"$work/speech.control.new" && mv "$work/speech.control.new" "$work/speech.control"
}
heard() { sed -nE 's/.*"event":"(utterance|rejected)".*/\1/p' "$work/heard.json" | wc -l; }
intents() { field intent <"$work/heard.json" | tr '\n' ' '; }
"$tragus" listen --json -n heard --bus-address "$address" >"$work/heard.json" 2>"$work/listen.log" &
listener=$!
wait_for "the first sentence" eval '[ "$(heard)" = 1 ]'
for intent in After Later Last; do
    n=$(heard)
    printf 'language: en\nintents: {%s: {data: [{sentences: ["front center"]}]}}\n' $intent >"$work/heard.yaml"
    play
    sleep 1 # the sound begins after 0.7 s of silence
    reload 0
    wait_for "the sentence during the reload" eval '[ "$(heard)" = $((n + 1)) ]'
    play
    wait_for "the sentence after the reload" eval '[ "$(heard)" = $((n + 2)) ]'
    case $(intents) in *"$intent ") ;; *) fail "after the reload for $intent: $(intents)" ;; esac
done
kill -0 $listener || fail "the session has ended: $(cat "$work/listen.log")"
grep -qE '"event":"(rejected|input_lost|finished)"' "$work/heard.json" && fail "something was lost: $(cat "$work/heard.json")"
[ "$(heard)" = 7 ] || fail "$(heard) sentences were heard, not 7: $(intents)"
kill -INT $listener
wait $listener || fail "tragus listen: exit status $?"

stop_daemon || fail "exit status $? after SIGTERM"
