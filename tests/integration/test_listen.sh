#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2034,SC2154 # lib.sh uses builddir and defines what the tests share
# Tests what `tragus listen` shows in a terminal: sentences that can be said, level, what is being done, and the words so far; and that it
# shows nothing of that to a file or a pipe.
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
. "$srcdir/tests/integration/lib.sh"
need_model
spoken 48000 1500
start_bus
"$tragus" listen --bus-address "$address" 2>"$work/err"
[ "$?" = 5 ] || fail "it ended with something else than 5 without tragusd"
[ "$(cat "$work/err")" = "tragus: tragusd is not running on this bus; start it (systemctl start tragus), or use another bus (--user)" ] ||
    fail "without tragusd it says: $(cat "$work/err")"
microphone microphone "$work/sound.raw" 48000
start_daemon "[microphone]" "device = microphone" "[grammars]" "channels = $srcdir/tests/data/channels.yaml"

echo "== an error is one sentence"
"$tragus" listen --bus-address "$address" --name no-such-grammar 2>"$work/err"
[ "$? $(wc -l <"$work/err")" = "4 1" ] || fail "of an unknown grammar it says: $(cat "$work/err")"
"$tragus" listen --bus-address "$address" -n home -g "$work/lamp.txt" 2>"$work/err"
[ "$? $(head -1 "$work/err")" = "2 tragus listen: -g and -n exclude each other; -n names a grammar that tragusd has" ] ||
    fail "of -g and -n it says: $(cat "$work/err")"
"$tragus" listen --bus-address "unix:path=$work/nowhere" 2>"$work/err"
[ "$? $(cat "$work/err")" = "5 tragus: cannot connect to the bus unix:path=$work/nowhere: No such file or directory; name one that runs, such as unix:path=/run/dbus/system_bus_socket" ] ||
    fail "of a missing bus it says: $(cat "$work/err")"

echo "== to files"
"$tragus" listen --once --bus-address "$address" >"$work/out" 2>"$work/err" || fail "exit status $?: $(cat "$work/err")"
[ ! -s "$work/err" ] || fail "standard error has $(cat "$work/err")"
[ "$(sed 's/  [0-9]* %.*//' "$work/out")" = "front center                          TestChannel  channel=front center" ] || fail "standard output has $(cat "$work/out")"

echo "== JSON has the metadata of the sentence, from the daemon and without it"
printf 'language: en\nintents: {Front: {data: [{sentences: ["front center"], metadata: {Sound_File: done.wav, level: 3}}]}}\n' >"$work/metadata.yaml"
"$tragus" listen --json --once -g "$work/metadata.yaml" --bus-address "$address" >"$work/out" 2>"$work/err" || fail "exit status $?: $(cat "$work/err")"
"$tragus" transcribe --events -m "$builddir/models/en" -g "$work/metadata.yaml" /usr/share/sounds/alsa/Front_Center.wav >"$work/events" || fail "exit status $?"
for file in out events; do
    grep '"event":"utterance"' "$work/$file" | grep -qF '"metadata":{"Sound_File":"done.wav","level":3}' || fail "no metadata in: $(cat "$work/$file")"
done

echo "== to a terminal"
"${PYTHON:-python3}" - "$work/terminal" 60 "$tragus" listen --once --bus-address "$address" <<'END' || fail "exit status $? in a terminal"
import fcntl, os, pty, struct, sys, termios
out, columns, *command = sys.argv[1:]
pid, master = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(columns), 0, 0))
seen = b""
while True:
    try:
        part = os.read(master, 65536)
    except OSError:
        break
    if not part:
        break
    seen += part
with open(out, "wb") as f:
    f.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
tr '\r' '\n' <"$work/terminal" | sed 's/\x1b\[K//g' >"$work/lines"
say=$(grep '^Say, for example: "' "$work/lines") || fail "it does not say what can be said: $(head -n 3 "$work/lines")"
n=0
while read -r sentence; do
    "$tragus" match -g "$srcdir/tests/data/channels.yaml" "$sentence" >/dev/null || fail "\"$sentence\" is not in the grammar"
    n=$((n + 1))
done < <(grep -o '"[^"]*"' <<<"$say" | tr -d '"')
[ $n = 3 ] || fail "it gives $n examples: $say"
for part in '^[#.]\{30\} *-[0-9]* dB  quiet$' '^[#.]\{30\} *-[0-9]* dB  speech' ' dB  [a-z]*: front$\| dB  [a-z]*: front center$'; do
    grep -q -- "$part" "$work/lines" || fail "no line like $part: $(sort "$work/lines" | uniq -c)"
done
longest=$(awk '/ dB /' "$work/lines" | wc -L)
[ "$longest" -lt 60 ] || fail "a line of $longest columns does not fit into 60"
grep -q '^front center  *TestChannel  channel=front center  [0-9]* %' "$work/lines" || fail "the sentence is missing"
! grep -q '^\.\.\.  *[a-z]' "$work/lines" || fail "partial results are printed, but were not asked for"

echo "== the sound of what is not understood is kept, if it is asked for"
mkdir "$work/kept"
echo "turn on the kitchen lamp" >"$work/lamp.txt"
"$tragus" listen --bus-address "$address" -g "$work/lamp.txt" --keep-rejected "$work/kept" --device microphone >"$work/out" 2>"$work/err" &
listener=$!
wait_for "a file" grep -q "^tragus: kept as $work/kept/rejected-.*-1.wav$" "$work/err"
[ "$("$tragus" status --bus-address "$address" --json | grep -o '"microphone_open":[a-z]*')" = '"microphone_open":false' ] || fail "tragusd has opened the microphone, too"
kill -INT $listener
wait $listener
[ $? = 1 ] || fail "it ended with something else than 1 although nothing was understood"
kept=$(sed -n 's/^tragus: kept as \(.*-1.wav\)$/\1/p' "$work/err")
[ "$(stat -c %a "$kept")" = 600 ] || fail "others may read $kept"
[ "$("$tragus" transcribe -g "$srcdir/tests/data/channels.yaml" "$kept" | cut -f2)" = "front center" ] || fail "the sound is not what was said"
[ "$(grep -c '^(not understood: ' "$work/out")" = "$(find "$work/kept" -name '*.wav' | wc -l)" ] || fail "not a file for each rejection: $(cat "$work/out")"
timeout 10 "$tragus" listen --bus-address "$address" --keep-rejected "$work/none" --device microphone 2>"$work/err"
[ "$? $(cat "$work/err")" = "3 tragus: $work/none: cannot be written to: No such file or directory; make this folder, or name another" ] ||
    fail "a missing folder: $(cat "$work/err")"
timeout 10 "$tragus" listen --bus-address "$address" --device microphone 2>/dev/null
[ $? = 2 ] || fail "--device without --keep-rejected is taken"
timeout 10 "$tragus" listen --bus-address "$address" --keep-rejected "$work/lamp.txt" --device microphone 2>"$work/err"
[ "$? $(cat "$work/err")" = "3 tragus: $work/lamp.txt: cannot be written to: Not a directory; make this folder, or name another" ] ||
    fail "a file in place of a folder: $(cat "$work/err")"
timeout 10 "$tragus" listen --bus-address "$address" --keep-rejected "$work/kept" --device nowhere 2>"$work/err"
[ "$? $(cat "$work/err")" = "3 tragus: there is no microphone nowhere; \`tragus devices\` lists those there are" ] ||
    fail "a missing microphone: $(cat "$work/err")"

echo "== what ends it"
"$tragus" listen --bus-address "$address" --keep-rejected "$work/kept" --device microphone >/dev/null 2>"$work/err" &
listener=$!
wait_for "the session" eval '[ "$(status_field session_count)" = 1 ]'
echo gone >"$work/microphone.control"
wait $listener
[ $? = 3 ] || fail "it ended with something else than 3 although its microphone is gone"
grep -q "^tragus: microphone microphone gives no more sound: No such device; plug it in and start again$" "$work/err" ||
    fail "it does not say that its microphone is gone: $(cat "$work/err")"
rm "$work/microphone.control"
"$tragus" listen --bus-address "$address" >/dev/null 2>"$work/err" &
listener=$!
wait_for "the session" eval '[ "$(status_field session_count)" = 1 ]'
kill -KILL "$bus_pid"
wait "$bus_pid" 2>/dev/null
bus_pid=''
wait_for "the end" eval "! kill -0 $listener"
wait $listener
[ "$? $(cat "$work/err")" = "5 tragus: the message bus has closed the connection" ] || fail "it says of the bus: $(cat "$work/err")"
