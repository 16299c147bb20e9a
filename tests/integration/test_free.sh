#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2015,SC2154 # make check sets abs_top_srcdir and abs_top_builddir
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
ln -s "$abs_top_srcdir/models/en/language.yaml" "$abs_top_srcdir/models/en/capitals.txt" "$work/en/"

# --- without a language model ---
cat >"$work/list.yaml" <<'END'
sentences: ["add {item} to my list", "show my list"]
lists: {item: {wildcard: true}}
END
"$tragus" transcribe --free -m "$work/en" /dev/null 2>"$work/err" && complain "--free works without a language model"
grep -q "install the package tragus-words-en" "$work/err" || complain "--free does not say which package is missing: $(cat "$work/err")"
"$tragus" match -v -g "$work/list.yaml" "add oat milk to my list" >"$work/out" 2>"$work/err" || complain "typed free words are not understood"
grep -q "oat milk" "$work/out" || complain "the item is not in $(cat "$work/out")"
# Sentences that all have free words are loaded, too: tragusd understands them when typed.
echo 'sentences: ["add {item} to my list"]
lists: {item: {wildcard: true}}' >"$work/free.yaml"
"$tragus" transcribe -m "$work/en" -g "$work/free.yaml" /nonexistent.wav >/dev/null 2>"$work/err"
[ $? = 3 ] && grep -q "/nonexistent.wav" "$work/err" || complain "sentences that all have free words: $(cat "$work/err")"
grep -q "no sentence can be spoken: those with free words are understood when typed only; to speak them, install the package" "$work/err" ||
    complain "no warning: $(cat "$work/err")"

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

# --- the shipped one, with own texts, and in ARPA's format ---
shipped=$builddir/models/words/en/words.tragus
measured() { "$tragus" words measure "$1" "$2" | tail -1 | cut -f"$3"; } # MODEL TEXT FIELD
for who in grzegorz anna; do
    for what in "rye bread" gnocchi "oat milk"; do printf 'Add %s to the pantry list.\nIs there %s in the pantry, %s?\n' "$what" "$what" $who; done
done >"$work/own"
printf 'Is there rye bread on the pantry list?\nAdd gnocchi to the pantry.\n' >"$work/held"
printf 'what time does the next train leave\nmy brother plays the guitar\n' >"$work/general"
rm "$work/en/words.tragus"
"$tragus" words build -m "$work/en" --base "$shipped" --out "$work/mixed" "$work/own" 2>"$work/err" || complain "words build --base: $(cat "$work/err")"
grep -q "the texts count 0.30 beside" "$work/err" || complain "the weight: $(cat "$work/err")"
/usr/bin/python3 -c 'import sys
own, base, general, before = map(float, sys.argv[1:])
sys.exit(own > base / 3 or general > before * 1.5)' "$(measured "$work/mixed" "$work/held" 1)" "$(measured "$shipped" "$work/held" 1)" \
    "$(measured "$work/mixed" "$work/general" 1)" "$(measured "$shipped" "$work/general" 1)" || complain "perplexities of the mixed model"
"$tragus" words build -m "$work/en" --weight 1 --base "$shipped" --out "$work/x" "$work/own" 2>"$work/err"
[ $? = 2 ] && grep -q "above 0 and below 1, not '1'" "$work/err" || complain "a wrong weight: $(cat "$work/err")"
"$tragus" words build -m "$work/en" --base "$work/own" --out "$work/x" "$work/own" 2>"$work/err"
[ $? = 4 ] || complain "a base that is no model is not exit code 4"
"$tragus" words build -m "$work/en" --least 1 --out "$work/small" "$work/own" 2>/dev/null
"$tragus" words arpa "$work/small" >"$work/small.arpa" || complain "words arpa"
"$tragus" words build -m "$work/en" --arpa "$work/small.arpa" --out "$work/again" 2>"$work/err" || complain "words build --arpa: $(cat "$work/err")"
[ "$(measured "$work/small" "$work/held" 1-3)" = "$(measured "$work/again" "$work/held" 1-3)" ] || complain "a model is not the same by way of ARPA"
sed '8s/^/x/' "$work/small.arpa" >"$work/wrong.arpa"
"$tragus" words build -m "$work/en" --arpa "$work/wrong.arpa" --out "$work/x" 2>"$work/err"
[ $? = 4 ] && grep -q "wrong.arpa:8: .*a line is the logarithm" "$work/err" || complain "a wrong line: $(cat "$work/err")"
ln -sf "$shipped" "$work/en/words.tragus"
if [ ! -d "$shared/corpora/dev" ]; then
    echo "no recordings in $shared/corpora: those of people are not tested"
else
    n=0 right=0
    while IFS=$'\t' read -r file text _; do
        n=$((n + 1))
        heard=$("$tragus" transcribe --free -m "$work/en" "$shared/corpora/dev/an4_dev/$file" | cut -f2)
        [ "${heard,,}" = "$text" ] && right=$((right + 1))
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
    # typed and spoken words are written alike
    mapfile -t files < <(tail -n +2 "$shared/corpora/dev/an4_dev/LIST.tsv" | head -40 | cut -f1 | sed "s#^#$shared/corpora/dev/an4_dev/#")
    "$tragus" transcribe --events --no-reject -m "$work/en" -g "$work/words.yaml" "${files[@]}" >"$work/out"
    /usr/bin/python3 - "$work/out" "$tragus" "$work/words.yaml" <<'END' || complain "typed and spoken words differ"
import json, subprocess, sys
heard = [e for e in map(json.loads, open(sys.argv[1])) if e["event"] == "utterance"]
typed = subprocess.run([sys.argv[2], "match", "-g", sys.argv[3]] + [e["spoken"] for e in heard], stdout=subprocess.PIPE, text=True).stdout
for spoken, match in zip(heard, map(json.loads, typed.splitlines()), strict=True):
    assert spoken["slots"] == match["slots"] and spoken["text"] == spoken["slots"]["words"], (spoken, match)
n = sum(e["text"] != e["spoken"] for e in heard)
print(n, "of", len(heard), "sentences are written with capitals or digits")
assert n >= 5
END
fi
echo "$n_failed failed"
[ $n_failed = 0 ]
