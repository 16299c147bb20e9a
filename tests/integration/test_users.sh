#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2034,SC2154 # lib.sh uses builddir and defines what the tests share
# Users with different rights, on one bus with the policy that tragus installs. Each tries every call, and the table of rights in
# docs/SECURITY.md must say the same. Needs root, to become these users. They exist only in a mount namespace of this test.
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
[ "$(id -u)" = 0 ] || { echo "skipped: needs root, to become several users"; exit 77; }
if [ -z "${TRAGUS_TEST_USERS:-}" ]; then
    unshare -m true 2>/dev/null || { echo "skipped: no mount namespace can be made here"; exit 77; }
    TRAGUS_TEST_USERS=1 exec unshare -m "$0"
fi
. "$srcdir/tests/integration/lib.sh"
need_model
chmod 755 "$work"

# --- the users: NAME:UID:GROUP ---
users=(listener:61001:tragus-listen namer:61002:tragus-names admin:61003:tragus-admin other:61004: owner:61005:)
cp /etc/passwd "$work/passwd"
cp /etc/group "$work/group"
sed -i '/^tragus/d' "$work/passwd" "$work/group"
echo "tragus:x:61000:61000::/:/bin/false" >>"$work/passwd"
printf 'tragus:x:61000:\n' >>"$work/group"
for user in "${users[@]}"; do
    IFS=: read -r name uid group <<<"$user"
    echo "$name:x:$uid:$uid::/:/bin/false" >>"$work/passwd"
    echo "$name:x:$uid:" >>"$work/group"
    [ -z "$group" ] || echo "$group:x:$((uid + 100)):$name" >>"$work/group"
done
chmod 644 "$work/passwd" "$work/group"
for file in passwd group; do mount --bind "$work/$file" "/etc/$file" || skip "no file can be mounted here"; done
become() { # USER COMMAND...: instead of this shell
    local user=$1
    shift
    exec setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups --inh-caps=-all "$@"
}
as() { (become "$@"); }
as tragus test -r "$model/acoustic.tragus" -a -x "$tragusd" || skip "other users may not read $builddir"

# --- the bus: the rules of a system bus, and ours ---
cat >"$work/bus.conf" <<END
<busconfig>
  <type>system</type>
  <listen>unix:path=$work/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
  </policy>
  <include>$srcdir/data/org.tragus.Tragus1.conf</include>
</busconfig>
END
command -v dbus-daemon >/dev/null || skip "dbus-daemon is missing: apt install dbus"
dbus-daemon --config-file="$work/bus.conf" --nofork >"$work/bus.log" 2>&1 &
bus_pid=$!
address=unix:path=$work/bus
wait_for "the bus" test -S "$work/bus"

# --- tragusd, as its user ---
cat >"$work/home.yaml" <<'END'
language: en
intents: {TurnOn: {data: [{sentences: ["turn on the {lamp}"]}]}}
lists: {lamp: {values: [desk, ceiling]}}
END
printf '[bus]\naddress = %s\n[model]\npath = %s\n[microphone]\ndevice = silence\n[recognition]\ndefault_grammar = home\n[grammars]\nhome = %s\nmissing = /nowhere\n' \
    "$address" "$model" "$work/home.yaml" >"$work/tragus.conf"
microphone silence /dev/null 16000
chmod 644 "$work"/*.conf "$work/home.yaml"
start() { # [LIBRARY]: before the C library
    become tragus env ${1:+LD_PRELOAD="$1" SLOW_NAMES="$work/flags/slow" ASAN_OPTIONS="verify_asan_link_order=0:${ASAN_OPTIONS:-}"} "$tragusd" --config "$work/tragus.conf" 2>>"$work/tragusd.log" &
    daemon_pid=$!
    wait_for "tragusd" as other timeout 5 "$tragus" status --bus-address "$address"
}

# --- each tries everything; each has a daemon of its own, because an administrator changes what others find ---
for user in other nobody listener namer admin; do
    start
    become owner "$builddir/tests/integration/users_client" "$address" hold >"$work/session" &
    owner=$!
    wait_for "the session of another" test -s "$work/session"
    as "$user" timeout 100 "$builddir/tests/integration/users_client" "$address" try "$(cat "$work/session")" \
        >"$work/$user" 2>"$work/wrong" || fail "users_client as $user: $(cat "$work/wrong")"
    [ ! -s "$work/wrong" ] || fail "as $user: $(cat "$work/wrong")"
    kill "$owner"
    wait "$owner" 2>/dev/null
    : >"$work/session"
    stop_daemon || fail "exit status $? after SIGTERM"
done
cmp "$work/other" "$work/nobody" || fail "nobody may do more or less than another user without groups"

# --- the table: call, others, tragus-listen, tragus-names, tragus-admin ---
for user in other listener namer admin; do cut -f 1 "$work/$user" >"$work/$user.may"; done
cut -f 2 "$work/other" | paste - "$work/other.may" "$work/listener.may" "$work/namer.may" "$work/admin.may" |
    sed 's/^/| /; s/\t/ | /g; s/$/ |/' >"$work/table"
cat "$work/table"
sed -n '/^| call /,/^$/p' "$srcdir/docs/SECURITY.md" | grep '^| ' | tail -n +2 >"$work/expected"
diff "$work/expected" "$work/table" || fail "the table in docs/SECURITY.md (<) is not what the users may do (>)"

greedy=$builddir/tests/integration/greedy_client
# --- a user database that does not answer: only those wait whose groups are looked up ---
mkdir -m 777 "$work/flags"
start "$builddir/.libs/libtragus_slow_names.so"
as other timeout 20 "$greedy" "$address" burst 4 "$work/flags/slow" >"$work/burst" 2>&1 &
burst_pid=$!
wait_for "calls of other" test -e "$work/flags/slow"
read -r n median_ms longest_ms < <(timeout 60 "$greedy" "$address" measure 2) || fail "slow names: root is not answered"
echo "a user database that does not answer: $n calls of root, $median_ms ms, $longest_ms ms the longest"
[ "$longest_ms" -lt 2000 ] || fail "slow names: root waits for $longest_ms ms"
wait "$burst_pid"
[ "$(cat "$work/burst")" = "72 72" ] || fail "slow names: not 72 of 200 calls were answered, all refused, but: $(cat "$work/burst")"
rm -f "$work/flags/slow"
as other timeout 20 "$tragus" status --bus-address "$address" >"$work/out" || fail "slow names: exit status $? of tragus status"
stop_daemon || fail "exit status $? after SIGTERM"

# --- a user who takes as much as it can get: others are answered meanwhile ---
memory_kib() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }
others_go_on() { # WHAT MS
    local n median_ms longest_ms
    read -r n median_ms longest_ms < <(as owner timeout 60 "$greedy" "$address" measure 4) || fail "$1: others are not answered"
    echo "$1: $n calls of another user, $median_ms ms, $longest_ms ms the longest; dbus-daemon has $(($(memory_kib "$bus_pid") / 1024)) MiB"
    [ "$median_ms" -lt "$2" ] || fail "$1: others wait for $median_ms ms"
}
start
become other "$greedy" "$address" deaf 6 2>"$work/deaf" &
greedy_pid=$!
sleep 1
others_go_on "answers that are not read" 1000
[ "$(memory_kib "$bus_pid")" -lt 81920 ] || fail "the bus keeps too much that was not read"
wait "$greedy_pid" || fail "greedy_client: $(cat "$work/deaf")"
wait_for "an answer after the others have left" as other timeout 5 "$tragus" status --bus-address "$address"
become other "$greedy" "$address" storm 9 2>"$work/storm" &
greedy_pid=$!
sleep 3 # until it has used up what it may take in advance
others_go_on "a storm of calls" 100
wait "$greedy_pid" || fail "greedy_client: $(cat "$work/storm")"
sleep 1 # until its calls are taken again
n=$(as other "$greedy" "$address" crowd 1)
[ "$n" = 10 ] || fail "of 110 connections of one user $n are refused, not 10"
n=$(as other "$greedy" "$address" visitors 1)
[ "$n" = 0 ] || fail "$n of many connections, one after another, are refused"
grep -q " [1-9][0-9]* calls were refused" "$work/storm" || fail "no call was refused: $(cat "$work/storm")"
stop_daemon || fail "exit status $? after SIGTERM"

# --- the bridge: what another user adds decides nothing for its clients ---
start
mkdir "$work/sockets"
chmod 777 "$work/sockets"
uri=unix://$work/sockets/bridge
become namer "$bridge" --config /dev/null --bus-address "$address" --uri "$uri" 2>>"$work/tragus-bridge.log" &
bridge_pid=$!
wait_for "tragus-bridge" wyoming ping
add() { # USER NAME INTENT
    as "$1" busctl --address="$address" call org.tragus.Tragus1 /org/tragus/Tragus1 org.tragus.Manager1 AddGrammarText 'ssa{sv}' "$2" \
        "{language: de, intents: {$3: {data: [{sentences: [\"licht an\"]}]}}}" 1 Format s hassil >/dev/null || fail "AddGrammarText as $1"
}
# shellcheck disable=SC2317 # called by wait_for
understands() { wyoming text de "licht an" | grep -q "^intent $1 "; }
# shellcheck disable=SC2317 # called by wait_for
offers() { wyoming info | grep -q "\"$1\""; }
wait_for "the grammars" offers en
add other theirs Forged
sleep 1
is_text=$(wyoming text de "licht an")
[ "$is_text" = "not-recognized None {} None" ] || fail "a grammar of another user: $is_text"
! offers de || fail "the language of another user's grammar is offered"
add admin good Good
wait_for "a grammar of an administrator" understands Good
as admin busctl --address="$address" call org.tragus.Tragus1 /org/tragus/Tragus1 org.tragus.Manager1 RemoveGrammar s good || fail "RemoveGrammar"
add namer ours Own
wait_for "a grammar of the bridge's user" understands Own
stop_bridge || fail "tragus-bridge: exit status $?"
stop_daemon || fail "exit status $? after SIGTERM"
exit 0
