#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # lib.sh defines what the tests share
# A sound gives the same events by every way: `tragus transcribe`, tragus_stream_feed in pieces of any size, Recognize, SetInput with
# a pipe, and the microphone. Uses a sample of the recordings; WHOLE=1 uses all.
#
# The microphone is a device that plays from its first frame on and is unplugged after the last one, so the sound begins and ends like
# a file, and times are equal, not shifted. It plays SPEED times as fast as a microphone, as fast as this build can follow.
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
. "$srcdir/tests/integration/lib.sh"
need_model
[ -r /usr/share/sounds/alsa/Noise.wav ] || skip "/usr/share/sounds/alsa is missing: apt install alsa-utils"
[ -x /usr/bin/python3 ] || skip "python3 is missing: apt install python3"
start_bus
/usr/bin/python3 "$srcdir/tests/integration/ways.py" plan "$work" "$builddir" "${TRAGUS_SHARED:-$srcdir/../shared}/corpora" >"$work/grammars" ||
    fail "the sounds"
speed=4
if sanitized; then speed=1; fi
microphone played "$work/played.raw" 16000 'end "gone"' "patient 1" "speed ${SPEED:-$speed}"
: >"$work/played.raw"
mapfile -t grammars <"$work/grammars"
start_daemon "[microphone]" "device = played" "[grammars]" "${grammars[@]}"
export TRAGUS_MODEL=$model
/usr/bin/python3 "$srcdir/tests/integration/ways.py" compare "$work" "$builddir" "$address" || fail "the ways differ"
stop_daemon || fail "exit status $? after SIGTERM"
