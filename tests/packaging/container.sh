# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # $work is lib.sh's
# Sourced after lib.sh: a minimal Debian 12, or the release in SUITE, of this machine's architecture, in a container with its own systemd
# and bus and the network of this machine. The folder $work/share is its /packages. TRAGUS_ROOT names a tar file of such a system: it is
# used instead of making one, or written if it does not exist.

container='' leader=''
# within SECONDS COMMAND...: repeats the command until it succeeds.
within() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.5
    done
}
not() { ! "$@"; }
inside() { # inside COMMAND...: as root
    nsenter -t "$leader" -a env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        ${http_proxy:+http_proxy="$http_proxy"} "$@"
}
# shellcheck disable=SC2317 # called by the trap
container_end() {
    if [ -n "$container" ]; then
        kill -TERM "$container" 2>/dev/null # systemd inside shuts down
        within 20 not kill -0 "$container" 2>/dev/null || kill -KILL "$container" "$leader"
        wait "$container" 2>/dev/null
    fi
    rm -rf "$work"
}

# container_start: makes and boots the container.
container_start() {
    [ "$(id -u)" = 0 ] || skip "booting a container needs root"
    need systemd-nspawn:systemd-container nsenter:util-linux
    trap container_end EXIT
    mkdir -p "$work/root" "$work/share"
    if [ -n "${TRAGUS_ROOT:-}" ] && [ -e "$TRAGUS_ROOT" ]; then
        tar -C "$work/root" -xf "$TRAGUS_ROOT" || exit
    else
        need mmdebstrap:mmdebstrap
        mmdebstrap --quiet --variant=minbase --include=systemd,systemd-sysv,dbus "${SUITE:-bookworm}" "$work/root" >"$work/output" 2>&1 ||
            { cat "$work/output" >&2; skip "cannot make a system of ${SUITE:-bookworm}: is there a network?"; }
        [ -z "${TRAGUS_ROOT:-}" ] || tar -C "$work/root" -cf "$TRAGUS_ROOT" .
    fi
    systemd-nspawn -q -D "$work/root" --bind="$work/share:/packages" --register=no --keep-unit -b --console=pipe </dev/null \
        >"$work/console" 2>&1 &
    container=$!
    # shellcheck disable=SC2016 # evaluated again and again
    within 20 eval 'leader=$(pgrep -P $container) && inside true 2>/dev/null' || { cat "$work/console" >&2; skip "systemd-nspawn does not run here"; }
    within 60 inside systemctl is-active -q multi-user.target 2>/dev/null || fail "the container did not boot"
}
