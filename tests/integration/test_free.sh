#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # make check sets abs_top_srcdir and abs_top_builddir
# Tests free words with the shipped models: what a person said without a grammar, sentences with free words between exact ones, an own
# language model, and the messages without one.
set -u
builddir=$abs_top_builddir
tragus=$builddir/tragus
shared=${TRAGUS_SHARED:-$abs_top_srcdir/../shared}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n_failed=0
complain() { echo "FAILED: $*"; n_failed=$((n_failed + 1)); }
mkdir "$work/en"
for file in acoustic g2p lexicon; do ln -s "$builddir/models/en/$file.tragus" "$work/en/"; done
ln -s "$abs_top_srcdir/models/en/language.yaml" "$work/en/"

# --- without a language model ---
cat >"$work/list.yaml" <<'END'
sentences: ["add {item} to my list", "show my list"]
lists: {item: {wildcard: true}}
END
"$tragus" transcribe --free -m "$work/en" /dev/null 2>"$work/err" && complain "--free works without a language model"
grep -q "install the package tragus-words-en" "$work/err" || complain "--free does not say which package is missing: $(cat "$work/err")"
"$tragus" match -v -g "$work/list.yaml" "add oat milk to my list" >"$work/out" 2>"$work/err" || complain "typed free words are not understood"
grep -q "oat milk" "$work/out" || complain "the item is not in $(cat "$work/out")"

# --- an own one ---
printf 'Oat milk, please.\nOat milk and eggs!\n12 eggs\n' >"$work/text"
"$tragus" words build -m "$work/en" --least 1 --out "$work/en/words.tragus" "$work/text" 2>"$work/err" || complain "words build: $(cat "$work/err")"
grep -q " 5 words," "$work/err" || complain "not five words: $(cat "$work/err")"
"$tragus" words measure "$work/en/words.tragus" "$work/text" | grep -qE "^[0-9.]+	11.11	9	" || complain "words measure"
"$tragus" words build -m "$work/en" --out "$work/x" /nonexistent 2>"$work/err"
[ $? = 3 ] || complain "a text that is missing is not exit code 3"
printf '12 13\n' | "$tragus" words build -m "$work/en" --out "$work/x" - 2>"$work/err"
[ $? = 4 ] && grep -q "no words" "$work/err" || complain "a text without words: $(cat "$work/err")"
cp "$work/en/words.tragus" "$work/damaged" && printf 'x' | dd of="$work/damaged" bs=1 seek=2000 conv=notrunc 2>/dev/null
mv "$work/damaged" "$work/en/words.tragus"
"$tragus" transcribe -m "$work/en" -g "$work/list.yaml" /nonexistent.wav >/dev/null 2>"$work/err"
[ $? = 3 ] || complain "a damaged language model stops other sentences"
grep -q "free words are understood when typed only: .*words.tragus: " "$work/err" || complain "a damaged language model: $(cat "$work/err")"

# --- the shipped one ---
ln -sf "$builddir/models/words/en/words.tragus" "$work/en/words.tragus"
if [ ! -d "$shared/corpora/dev" ]; then
    echo "no recordings in $shared/corpora: those of people are not tested"
else
    n=0 right=0
    while IFS=$'\t' read -r file text _; do
        n=$((n + 1))
        heard=$("$tragus" transcribe --free -m "$work/en" "$shared/corpora/dev/an4_dev/$file" | cut -f2)
        [ "$heard" = "$text" ] && right=$((right + 1))
    done < <(tail -n +2 "$shared/corpora/dev/an4_dev/LIST.tsv" | head -20)
    echo "$right of $n spelled words, numbers and dates are written down without an error"
    [ "$right" -ge 8 ] || complain "only $right of $n"
    # the slot of free text is marked, and has its words
    printf 'sentences: ["{words}"]\nlists: {words: {wildcard: true}}\n' >"$work/words.yaml"
    "$tragus" transcribe --events --no-reject -m "$work/en" -g "$work/words.yaml" \
        "$shared/corpora/dev/an4_dev/$(sed -n '2p' "$shared/corpora/dev/an4_dev/LIST.tsv" | cut -f1)" >"$work/out"
    /usr/bin/python3 - "$work/out" <<'END' || complain "the slot of free words: $(cat "$work/out")"
import json, sys
heard, = [e for e in map(json.loads, open(sys.argv[1])) if e["event"] == "utterance"]
slot, = heard["slot_list"]
assert slot["wildcard"] is True and slot["words"] == heard["words"] and len(slot["words"]) == len(slot["text"].split()) > 0
assert (slot["start_ms"], slot["end_ms"]) == (slot["words"][0]["start_ms"], slot["words"][-1]["end_ms"])
assert slot["confidence"] == min(word["confidence"] for word in slot["words"])
END
fi
echo "$n_failed failed"
[ $n_failed = 0 ]
