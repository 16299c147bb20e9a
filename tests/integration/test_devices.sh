#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2034,SC2154 # lib.sh uses builddir and defines what the tests share
# Tests `tragus devices` with PCMs of alsa_test_pcm.c: their rates and channels; one that is in use, one that is forbidden, one that is
# gone, and one that is broken; a user who may not open the device files of a card.
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
. "$srcdir/tests/integration/lib.sh"

device() { # device NAME CHANNELS RATE: a PCM that ALSA lists
    microphone "$1" "" "$3" "channels $2" "hint { show on description \"The $1 one\" }"
}
device plain 1 48000
device stereo 2 44100
device busy 1 48000
device locked 1 48000
device default 1 48000
echo busy >"$work/busy.control"
echo forbidden >"$work/locked.control"
echo gone >"$work/default.control"
echo 'pcm.converter { type plug slave.pcm "nothing" hint { show on description "leads nowhere" } }' >>"$work/asound.conf"

devices() { # devices CODE [OPTION]: runs the verb, and checks its exit code
    "$tragus" devices "${@:2}" >"$work/out" 2>"$work/err"
    local got=$?
    [ $got = "$1" ] || fail "exit code $got in place of $1: $(cat "$work/out" "$work/err")"
}
says() { grep -qF -- "$1" "$work/out" || fail "'$1' is missing in: $(cat "$work/out")"; }

devices 0
says "The plain one"
says "can be opened: 48000 Hz; 1 channel; tragus takes 48000 Hz, 1 channel"
says "can be opened: 44100 Hz; 2 channels; tragus takes 44100 Hz, 2 channels"
says "cannot be opened: microphone busy is in use by another program; a dsnoop device lets programs share it"
says "cannot be opened: microphone locked may not be opened by this user; group audio may: sudo usermod -a -G audio USER"
! grep -q converter "$work/out" || fail "a converter that leads nowhere is listed"

devices 0 --json
says '{"device":"stereo","description":"The stereo one","state":"available","rates":[44100],"least_channels":2,"most_channels":2,"rate":44100,"channels":2}'
says '{"device":"busy","description":"The busy one","state":"busy","reason":"microphone busy is in use'
says '{"device":"locked","description":"The locked one","state":"forbidden","reason":"'
says '"state":"missing","reason":"there is no microphone default;'

echo "== none can be opened"
for name in plain stereo; do echo busy >"$work/$name.control"; done
devices 1
says "The plain one"

echo "== a mistake in the configuration of ALSA"
echo 'pcm.broken {' >"$work/asound.conf"
devices 1
grep -q "tragus: .*ALSA" "$work/err" || fail "no sentence about ALSA: $(cat "$work/err")"
exit 0
