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
"$tragus" listen --bus-address "$address" -g "$work/more.txt" -g "$work/house" >"$work/listen" 2>&1 &
listener=$!
wait_for "the warning of a wrong line" grep -q "/house/b.txt:2:6: left out" "$work/listen"
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
