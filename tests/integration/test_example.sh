#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2034,SC2154 # lib.sh uses builddir and defines what the tests share
# Tests that the example of libtragus-dev, linked with the shared library, gives the same result as `tragus transcribe`.
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
. "$srcdir/tests/integration/lib.sh"
need_model
spoken 16000 1000
example=$builddir/docs/examples/understand
grammar=$srcdir/tests/data/channels.yaml

"$example" "$grammar" "$model" <"$work/sound.raw" >"$work/heard" || fail "exit status $?"
cat "$work/heard"
text=$("$tragus" transcribe -g "$grammar" -m "$model" "$sound" | cut -f2)
[ -n "$text" ] || fail "tragus transcribe understands nothing"
grep -q "^$text: TestChannel, channel = $text (" "$work/heard" || fail "the example does not understand '$text'"
[ "$(wc -l <"$work/heard")" = 1 ] || fail "more than one sentence in the recording of one"
"$example" /nonexistent "$model" </dev/null 2>"$work/complaint" && fail "a missing grammar gives no error"
grep -q nonexistent "$work/complaint" || fail "the missing grammar is not named"
exit 0
