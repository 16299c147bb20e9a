#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2034,SC2154 # lib.sh uses builddir and defines what the tests share
# A second language, made only of data: ten words with the phones and the network of English. The real tragusd recognises each grammar
# with the model of the language named in its file, and reports its languages.
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
. "$srcdir/tests/integration/lib.sh"
need_model
spoken 16000 1200
compiler=$builddir/src/lexicon/compile-lexicon
[ -x "$compiler" ] || skip "$compiler is not built"
start_bus
microphone silence /dev/null 16000
mkdir "$work/xx"
ln -s "$model/acoustic.tragus" "$work/xx/acoustic.tragus"
printf '%s\n' "vorn F R AH N T" "mezo S EH N T ER" "retro R IH R" "lino L EH F T" "dekstro R AY T" "luma L AY T" "nul N AH L" "unu UW N UW" \
    "du D UW" "dek D EH K" >"$work/words.dict"
printf 'ending j known\nsound Y\n' >"$work/endings.txt"
printf 'language: xx\nnumbers:\n  small: [nul, unu, du, tri, kvar, kvin, ses, sep, ok, naw, dek]\n  minus: minus\n  point: komo\n' >"$work/xx/language.yaml"
"$compiler" "$work/xx/lexicon.tragus" "$work/endings.txt" "$work/words.dict" || fail "compile-lexicon"
printf 'language: xx\nsentences:\n  - vorn mezo\n  - retro lino\n' >"$work/toy.yaml"
languages() { timeout 20 "$tragus" status --json --bus-address "$address" | sed 's/.*"languages":\[\([^]]*\)\].*/\1/'; }
run() { # GRAMMAR
    start_daemon "languages = $work/xx" "[microphone]" "device = silence" \
        "[grammars]" "channels = $srcdir/tests/data/channels.yaml" "toy = $work/toy.yaml" "[recognition]" "default_grammar = $1"
    [ "$(languages)" = '"en","xx"' ] || fail "languages: $(languages)"
    timeout 60 "$client" "$address" recognize "$sound" >"$work/$1" || fail "Recognize with $1: $(cat "$work/tragusd.log")"
    stop_daemon || fail "exit status $? after SIGTERM"
    cat "$work/$1"
}
run channels
grep -q "front center" "$work/channels" || fail "the default language was not understood"
run toy
grep -q "vorn mezo" "$work/toy" || fail "the second language was not understood"
