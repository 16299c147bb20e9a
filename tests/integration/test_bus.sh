#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2034,SC2154 # lib.sh uses builddir and defines what the tests share
# Tests the D-Bus interface of the real tragusd: wrong arguments, introspection data compared with the shipped files, ownership of
# sessions, limits, grammars, descriptors, a clean stop.
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
. "$srcdir/tests/integration/lib.sh"
need_model
spoken 16000 1200
start_bus
microphone silence /dev/null 16000
start_daemon "[microphone]" "device = silence" "[grammars]" "channels = $srcdir/tests/data/channels.yaml" \
    "[limits]" "sessions_per_user = 5"
ask() { timeout 60 "$client" "$address" "$@"; }
interfaces=("$srcdir"/data/org.tragus.{Manager1,Session1,Energy1}.xml)

echo "== introspection data equals the shipped files"
ask introspect "${interfaces[@]}" || fail "introspection"
if command -v busctl >/dev/null; then
    echo "== a grammar from a shell"
    call() { busctl --address="$address" call org.tragus.Tragus1 /org/tragus/Tragus1 org.tragus.Manager1 "$@"; }
    [ "$(call AddGrammarText 'ssa{sv}' shell "Open the Door" 0)" = "a(uuuss) 0" ] || fail "AddGrammarText"
    call ParseText 'ssa{sv}' shell "open the door" 0 | grep -q '"text" s "Open the Door"' || fail "ParseText after AddGrammarText"
    echo "== grammars in the formats of other recognisers"
    dialect() { # format, or - for what the content shows; grammar; sentence; what the answer has
        local format=(0)
        [ "$1" = - ] || format=(1 Format s "$1")
        [ "$(call AddGrammarText 'ssa{sv}' other "$2" "${format[@]}")" = "a(uuuss) 0" ] || fail "AddGrammarText: $2"
        call ParseText 'ssa{sv}' other "$3" 0 | grep -q "$4" || fail "ParseText: $2"
    }
    dialect ini $'[Lamp]\nmake it (red:1 | blue:2){c!int}\n' "make it red" '"c" x 1'
    dialect - $'#JSGF V1.0;\ngrammar g;\npublic <see> = see <b> {bird};\n<b> = owl | finch;\n' "see finch" '"bird" s "finch"'
    dialect jsgf $'grammar g;\npublic <see> = see (owl | finch) {bird};\n' "see owl" '"bird" s "owl"'
    dialect - $'context:\n  expressions:\n    see: [see $bird:b]\n  slots:\n    bird: [Owl]\n' "see owl" '"b" s "Owl"'
    dialect - '["lights on", "lights off"]' "lights off" '"text" s "lights off"'
    call AddGrammarText 'ssa{sv}' other "x" 1 Format s srgs 2>&1 | grep -q 'Unknown format "srgs"; use one of hassil, list, ini, jsgf' ||
        fail "an unknown format"
fi
echo "== wrong arguments and unknown options"
ask arguments "${interfaces[@]}" || fail "arguments"
echo "== only the owner can use a session"
ask foreign || fail "foreign sessions"
echo "== limits"
ask limits 5 || fail "limits"
# shellcheck disable=SC2016 # evaluated again and again
wait_for "the sessions to be gone" eval '[ "$(status_field session_count)" = 0 ]'
echo "== grammars"
ask grammars || fail "grammars"

echo "== tragus listen sends files and directories as one grammar"
mkdir "$work/house"
printf 'go left\nturn [around\n' >"$work/house/b.txt"
echo "go right" >"$work/house/a.list"
echo "come here" >"$work/more.txt"
mkdir -p "$work/profile/slots/house"
# shellcheck disable=SC2016 # $house names a slot file
printf '[Go]\ngo to $house/rooms{room}\n' >"$work/profile/sentences.ini"
printf 'attic\nbad (room\n' >"$work/profile/slots/house/rooms"
printf '#JSGF V1.0;\ngrammar main;\nimport <names.*>;\npublic <see> = see <bird>;\n' >"$work/profile/main.gram"
printf '#JSGF V1.0;\ngrammar names;\n<bird> = owl (x;\n' >"$work/profile/names.gram"
"$tragus" listen --bus-address "$address" -g "$work/more.txt" -g "$work/house" -g "$work/profile/sentences.ini" \
    -g "$work/profile/main.gram" >"$work/listen" 2>&1 &
listener=$!
wait_for "the warning of a wrong line" grep -q "/house/b.txt:2:6: left out" "$work/listen"
wait_for "the warning of a wrong line in a slot file" grep -q "/profile/slots/house/rooms:2:5: left out" "$work/listen"
wait_for "the warning of a wrong rule in an imported grammar" grep -q "/profile/names.gram:3:14: left out" "$work/listen"
# shellcheck disable=SC2016 # evaluated again and again
wait_for "a session in spite of the wrong line" eval '[ "$(status_field session_count)" = 1 ]'
kill "$listener"
wait "$listener" 2>/dev/null
printf 'turn [around\n' >"$work/wrong.txt"
timeout 20 "$tragus" listen --bus-address "$address" -g "$work/wrong.txt" >"$work/listen" 2>&1
status=$?
cat "$work/listen"
[ $status = 4 ] || fail "a file without a right line: exit status $status"
grep -q "/wrong.txt:1:" "$work/listen" || fail "a wrong line is reported without its place"
timeout 20 "$tragus" listen --bus-address "$address" -g "$work/nowhere" >"$work/listen" 2>&1
status=$?
cat "$work/listen"
[ $status = 3 ] || fail "a missing directory: exit status $status"

echo "== a file, the same sound as raw frames, and the same through a pipe in odd pieces"
ask recognize "$sound" || fail "Recognize"
ask recognize "$work/sound.raw" S16LE >"$work/raw" || fail "Recognize of raw frames"
cat "$work/raw"
[ -s "$work/raw" ] || fail "nothing was recognised"
for chunk in 1 777 65536; do
    ask pipe "$work/sound.raw" "$chunk" >"$work/pipe" || fail "SetInput with a pipe"
    cat "$work/raw" "$work/raw" | cmp - "$work/pipe" || fail "pieces of $chunk bytes give another result"
done
echo "== a list is replaced while a session runs"
ask swap "$work/sound.raw" >"$work/swap" || fail "swap"
cat "$work/swap"
[ "$(sed -n 1p "$work/swap")" = "$(sed -n 1p "$work/raw")" ] || fail "the result before the list was replaced"
[ "$(sed -n 2p "$work/swap")" != "$(sed -n 1p "$work/raw")" ] || fail "the new list is not used"

if [ "$(id -u)" = 0 ] && chmod 711 "$work" && setpriv --reuid nobody --clear-groups test -x "$client"; then
    echo "== a user without permissions"
    timeout 60 setpriv --reuid nobody --clear-groups "$client" "$address" rights || fail "rights"
fi

echo "== clean stop"
! grep -qi "center" "$work/tragusd.log" || fail "the log contains what was said"
stop_daemon || fail "exit status $? after SIGTERM"

echo "== readiness and watchdog"
timeout 60 "$client" "$work/notify" notify 5 >"$work/notified" &
listener=$!
wait_for "the socket" test -S "$work/notify"
export NOTIFY_SOCKET=$work/notify WATCHDOG_USEC=2000000
start_daemon "[microphone]" "device = silence" "[grammars]" "channels = $srcdir/tests/data/channels.yaml"
unset NOTIFY_SOCKET WATCHDOG_USEC
wait "$listener"
stop_daemon || fail "exit status $? after SIGTERM"
sort "$work/notified" | uniq -c
grep -q '^READY=1$' "$work/notified" || fail "not ready"
[ "$(grep -c '^WATCHDOG=1$' "$work/notified")" -ge 2 ] || fail "the watchdog was not notified"
