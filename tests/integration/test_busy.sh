#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2034,SC2154 # lib.sh uses builddir and defines what the tests share
# While the real tragusd compiles a grammar of any size, it answers other clients within 50 ms. A grammar over budget is refused, naming
# its most expensive part. On a busy machine one call in a hundred may wait longer for a CPU, but not as long as a compilation.
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
. "$srcdir/tests/integration/lib.sh"
most_ms=${MOST_MS:-50}
need_model
start_bus
microphone silence /dev/null 16000
start_daemon "[microphone]" "device = silence" "[grammars]" "channels = $srcdir/tests/data/channels.yaml" \
    "[limits]" "grammar_bytes = 4194304" "grammar_cpu_ms = 3000" "grammar_memory = 134217728"

# 356 bytes that expand to sentences with 1,024 optional words.
cat >"$work/small.yaml" <<'END'
language: en
expansion_rules: {a: "[a] [b] [c] [d]", b: "<a> <a> <a> <a>", c: "<b> <b> <b> <b>", d: "<c> <c> <c> <c>", e: "<d> <d> <d> <d>"}
intents: {X: {data: [{sentences: ["<e> x0", "<e> x1", "<e> x2", "<e> x3", "<e> x4", "<e> x5", "<e> x6", "<e> x7"]}]}}
END
# 1 MB of words that are not in the dictionary.
awk 'BEGIN { srand(7); while (size < 1000000) { word = ""; for (i = 0; i < 6 + int(rand() * 5); i++) word = word substr("bcdfgklmnprst", 1 + int(rand() * 13), 1) substr("aeiou", 1 + int(rand() * 5), 1); print word; size += length(word) + 1 } }' >"$work/unknown.txt"

for files in "small.yaml" "unknown.txt" "small.yaml unknown.txt small.yaml"; do
    echo "== $files"
    # shellcheck disable=SC2046,SC2086
    timeout 200 "$builddir/tests/integration/busy_client" "$address" channels $(printf "$work/%s " $files) >"$work/told" || fail "busy_client: $(cat "$work/told")"
    sed "s|$work/||g" "$work/told"
    awk -v most="$most_ms" '/ calls, / { if ($8 + 0 > most || $(NF - 1) + 0 > 10 * most) { print "too long: " $0; bad = 1 } n++ } END { exit bad || n != 4 }' "$work/told" ||
        fail "another client had to wait"
done
grep -q "^$work/unknown.txt: org.tragus.Error.TooExpensive: busy1:[0-9]*:[0-9]*: compiling takes more than 3000 ms" "$work/told" || fail "the budget's refusal does not name the place"
stop_daemon || fail "exit status $? after SIGTERM"
