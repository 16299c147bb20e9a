#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2034,SC2154,SC2016,SC2317 # lib.sh uses builddir and defines what the tests share; what is in '' is evaluated again and again
# Tests `channel` and `gain` of [microphone] with a microphone of two channels: one speaks and the other is dead, inverted or noisy.
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
. "$srcdir/tests/integration/lib.sh"
need_model
spoken 48000 1500
start_bus

# two_channels OUT LEFT RIGHT: interleaves two channels of the recording: speech, inverted, dead or noise; left is of the first two.
two_channels() {
    python3 -c '
import array, random, sys
sound, out, kinds = sys.argv[1], sys.argv[2], sys.argv[3:]
pcm = array.array("h", open(sound, "rb").read())
random.seed(1)
make = {"speech": lambda x: x, "inverted": lambda x: -max(x, -32767), "dead": lambda x: 0, "noise": lambda x: random.randint(-9000, 9000),
        "soft": lambda x: x // 64}
both = array.array("h", [0]) * (2 * len(pcm))
for i, kind in enumerate(kinds):
    both[i::2] = array.array("h", map(make[kind], pcm))
open(out, "wb").write(both.tobytes())' "$work/sound.raw" "$@"
}
heard() { grep -c '"event":"utterance".*"text":"front center"' "$work/heard"; }

# hear LEFT RIGHT LINE...: plays such a sound to a daemon with these lines of configuration. What it understands is in $work/heard.
n=0
listen() { timeout 6 "$tragus" listen --json --bus-address "$address" >"$work/heard" 2>"$work/listen.err"; }
begin() { # LEFT RIGHT LINE...
    two_channels "$work/two.raw" "$1" "$2" || fail "two_channels"
    n=$((n + 1))
    microphone "two$n" "$work/two.raw" 48000 "channels 2"
    start_daemon "[microphone]" "device = two$n" "${@:3}" "[grammars]" "channels = $srcdir/tests/data/channels.yaml"
}
hear() {
    begin "$@"
    listen
    stop_daemon || fail "exit status $? after SIGTERM"
}
understood() { [ "$(heard)" = 1 ] || fail "$*: $(cat "$work/heard" "$work/listen.err")"; }
not_understood() { [ "$(heard)" = 0 ] || fail "$*: $(cat "$work/heard")"; }

hear speech inverted "channel = mix"
not_understood "the average of opposite channels was understood"
hear speech inverted "channel = loudest"
understood "loudest does not hear a channel beside its inverse"
hear speech inverted "channel = 2"
understood "channel 2 is not heard"
hear dead speech "channel = loudest"
understood "loudest does not leave a dead channel"
hear dead speech "channel = 1"
not_understood "a dead channel was understood"
hear speech noise "channel = loudest"
understood "loudest does not hear a channel beside noise"
begin noise speech "channel = loudest"
listen # the first sentence may be lost
listen # each time the microphone is opened, and the recording begins, anew
understood "loudest does not keep the channel in which speech was heard"
stop_daemon || fail "exit status $? after SIGTERM"
hear soft dead "channel = 1" "gain = 30"
understood "a soft channel is not heard with a gain of 30 dB"

echo "== a channel that the microphone does not have"
start_daemon "[microphone]" "device = two1" "channel = 3"
grep -q "Waiting for a microphone: microphone two1 has 2 channels, not 3; choose another channel in \[microphone\]" "$work/tragusd.log" ||
    fail "the missing channel was not reported"
stop_daemon || fail "exit status $? after SIGTERM"
exit 0
