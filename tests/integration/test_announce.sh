#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2034,SC2154 # lib.sh uses builddir and defines what the tests share
# Tests with the real avahi-daemon, in a network of its own, that tragus-bridge announces its port in the local network: by a stable name,
# whenever Avahi comes, and only if others can reach the port.
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
. "$srcdir/tests/integration/lib.sh"
for program in avahi-daemon avahi-browse unshare ip; do
    PATH=$PATH:/usr/sbin:/sbin command -v $program >/dev/null || skip "$program is missing: apt install avahi-daemon avahi-utils iproute2"
done
PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" = 0 ] || skip "avahi-daemon in a network of its own needs root"
unshare -m -n true 2>/dev/null || skip "a network of its own cannot be made here"

# Tests that run beside this one have the ports next to ours.
port=$((20000 + $$ % 20000)) second_port=$((40000 + $$ % 20000)) avahi_pid='' second_pid=''
start_avahi() {
    unshare -m -n sh -c "ip link set lo up && ip link set lo multicast on && mkdir -p /run/avahi-daemon &&
        mount -t tmpfs tmpfs /run/avahi-daemon && exec avahi-daemon --no-drop-root --no-chroot --no-rlimits -f '$work/avahi.conf'" \
        >>"$work/avahi.log" 2>&1 &
    avahi_pid=$!
    wait_for "avahi-daemon" browse
}
stop_avahi() {
    end_program "$avahi_pid"
    avahi_pid=''
}
# shellcheck disable=SC2154 # set by the trap
trap 'status=$?; end_program "$second_pid"; stop_avahi; (exit $status); end_all' EXIT
start_tcp() { # HOST [OPTION...]
    : >"$work/tragus-bridge.log"
    uri=tcp://$1:$port
    "$bridge" --config "$work/bridge.conf" --bus-address "$address" --uri "$uri" 2>>"$work/tragus-bridge.log" &
    bridge_pid=$!
    uri=tcp://127.0.0.1:$port
    wait_for "tragus-bridge" wyoming ping
}
browse() { timeout 10 avahi-browse -rpt _wyoming._tcp 2>>"$work/browse.err"; }
# announced: the names and ports that are announced now. Those that Avahi remembers and then finds to be gone are removed again.
announced() {
    browse | awk -F';' '$1 == "=" { port[$4] = $9 } $1 == "-" { delete port[$4] } END { for (name in port) print name, port[name] }' | sort
}
# shellcheck disable=SC2317 # called by wait_for
is_announced() { announced | grep -q "^tragus-[0-9a-f]* $port$"; }
# shellcheck disable=SC2317 # called by wait_for
is_withdrawn() { [ -z "$(announced)" ]; }
none_for() { # SECONDS WHAT
    sleep "$1"
    [ -z "$(announced)" ] || fail "$2 is announced: $(announced)"
}

start_bus
export DBUS_SYSTEM_BUS_ADDRESS=$address
printf '[server]\nhost-name=tragustest\nallow-interfaces=lo\nuse-ipv6=no\n' >"$work/avahi.conf"
: >"$work/bridge.conf"

echo "== Avahi comes later"
start_tcp 0.0.0.0
sleep 1
[ ! -s "$work/tragus-bridge.log" ] || fail "a missing Avahi is in the log: $(cat "$work/tragus-bridge.log")"
start_avahi
wait_for "the announcement" is_announced
name=$(announced)
echo "$name"

echo "== Avahi restarts"
stop_avahi
start_avahi
wait_for "the next announcement" is_announced

echo "== the bridge ends, restarts, is killed"
stop_bridge || fail "tragus-bridge: exit status $?"
wait_for "the withdrawal" is_withdrawn
start_tcp 0.0.0.0
wait_for "the announcement" is_announced
[ "$(announced)" = "$name" ] || fail "the name has changed from $name to $(announced)"
kill -KILL "$bridge_pid"
wait "$bridge_pid" 2>/dev/null
wait_for "the withdrawal" is_withdrawn

echo "== two with the same number of the machine"
start_tcp 0.0.0.0
wait_for "the announcement" is_announced
"$bridge" --config "$work/bridge.conf" --bus-address "$address" --uri "tcp://0.0.0.0:$second_port" 2>>"$work/second.log" &
second_pid=$!
wait_for "the second announcement" eval "announced | grep -q '^${name% *}-2 $second_port$'"
end_program "$second_pid"
second_pid=''
stop_bridge || fail "tragus-bridge: exit status $?"
wait_for "the withdrawal" is_withdrawn

echo "== what is not announced"
start_tcp 127.0.0.1
none_for 2 "a port of this machine only"
stop_bridge || fail "tragus-bridge: exit status $?"
printf '[wyoming]\nannounce = no\n' >"$work/bridge.conf"
start_tcp 0.0.0.0
none_for 2 "with announce = no, the port"
stop_bridge || fail "tragus-bridge: exit status $?"
printf '[wyoming]\nannounce = maybe\n' >"$work/bridge.conf"
[ "$("$bridge" --config "$work/bridge.conf" 2>&1)" = "tragus-bridge: $work/bridge.conf:2: announce must be no or yes, not \"maybe\"" ] ||
    fail "a wrong value"

echo "== without a system bus"
: >"$work/bridge.conf"
DBUS_SYSTEM_BUS_ADDRESS=unix:path=$work/none start_tcp 0.0.0.0
stop_bridge || fail "tragus-bridge: exit status $?"
