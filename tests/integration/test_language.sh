#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2034,SC2154 # lib.sh uses builddir and defines what the tests share
# A second language, made only of data: ten words with the phones and the network of English. The real tragusd recognises each grammar
# with the model of the language named in its file, and reports its languages. tragus-bridge uses the grammar of the language that its
# client asks for, whichever is the default.
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
printf '%s\n' "language: xx" "numbers:" "  cardinal: [all]" "  rules:" "    all: |" "      0: nul" "      1: unu" "      2: du" "      3: =#=" \
    >"$work/xx/language.yaml"
"$compiler" "$work/xx/lexicon.tragus" "$work/endings.txt" "$work/words.dict" || fail "compile-lexicon"
printf 'language: xx\nintents:\n  Toy:\n    data:\n      - sentences: [vorn mezo, retro lino]\n' >"$work/toy.yaml"
languages() { timeout 20 "$tragus" status --json --bus-address "$address" | sed 's/.*"languages":\[\([^]]*\)\].*/\1/'; }
run() { # GRAMMAR SENTENCE-OF-THE-DEFAULT NUMBER-OF-INTENTS
    start_daemon "languages = $work/xx" "[microphone]" "device = silence" \
        "[grammars]" "channels = $srcdir/tests/data/channels.yaml" "toy = $work/toy.yaml" "[recognition]" "default_grammar = $1"
    [ "$(languages)" = '"en","xx"' ] || fail "languages: $(languages)"
    timeout 60 "$client" "$address" recognize "$sound" >"$work/$1" || fail "Recognize with $1: $(cat "$work/tragusd.log")"
    start_bridge --language en
    for tag in en en-GB xx XX_xx de; do
        echo "$tag: $(wyoming transcribe "$work/sound.raw" 16000 2 1 $tag)"
        wyoming text $tag "vorn mezo"
    done >"$work/$1.bridge"
    wyoming info >>"$work/$1.bridge" || fail "info of tragus-bridge"
    stop_bridge || fail "tragus-bridge: exit status $?"
    stop_daemon || fail "exit status $? after SIGTERM"
    cat "$work/$1" "$work/$1.bridge"
    for tag in en en-GB; do grep -q "^$tag: .*front center" "$work/$1.bridge" || fail "$tag by tragus-bridge"; done
    for tag in xx XX_xx; do grep -q "^$tag: .*vorn mezo" "$work/$1.bridge" || fail "$tag by tragus-bridge"; done
    grep -q "^de: .*$2" "$work/$1.bridge" || fail "a language that tragusd does not have"
    [ "$(grep -cx 'intent Toy {} None' "$work/$1.bridge")" = "$3" ] || fail "texts by tragus-bridge"
    grep -q '"languages": \["en", "xx"\]\|"languages": \["xx", "en"\]' "$work/$1.bridge" || fail "languages of tragus-bridge"
}
run channels "front center" 2
grep -q "front center" "$work/channels" || fail "the default language was not understood"
run toy "vorn mezo" 3
grep -q "vorn mezo" "$work/toy" || fail "the second language was not understood"
