#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2034,SC2154 # lib.sh uses builddir and defines what the tests share
# Sentences that are not in the grammar, as any words: by the library, by tragusd, by tragus listen and by tragus-bridge; off by default; and
# what happens without a language model.
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
. "$srcdir/tests/integration/lib.sh"
need_model
spoken 16000 1200
is() { # WHAT EXPECTED GOT
    [ "$2" = "$3" ] || fail "$1: expected \"$2\", got \"$3\""
}
words=$builddir/models/words/en/words.tragus
[ -e "$words" ] || fail "there is no $words"
mkdir "$work/en"
for file in acoustic g2p lexicon; do ln -s "$model/$file.tragus" "$work/en/"; done
ln -s "$model/language.yaml" "$work/en/"
printf 'sentences: [turn on the light, rear left]\n' >"$work/light.yaml"
start_bus
microphone spoken "$work/sound.raw" 16000
recognize() { # [OPTION...]
    timeout 60 "$tragus" transcribe -m "$work/en" -g "$work/light.yaml" "$@" "$sound"
}

echo "== without a language model"
recognize --fallback >"$work/out" 2>"$work/err"
is "transcribe" "4 tragus: free words need a language model: install the package tragus-words-en" "$? $(cat "$work/err")"
model=$work/en
start_daemon "[grammars]" "light = $work/light.yaml"
timeout 20 "$tragus" listen --fallback --bus-address "$address" 2>"$work/err"
is "listen" 4 $?
grep -q "free words need a language model: install the package tragus-words-en" "$work/err" || fail "listen: $(cat "$work/err")"
printf '[bus]\naddress = %s\n[wyoming]\nuri = %s\nfallback = yes\n' "$address" "$uri" >"$work/bridge.conf"
start_bridge --config "$work/bridge.conf"
is "the bridge" '{"text": "", "intent": null}' "$(wyoming transcribe "$work/sound.raw")"
is "the bridge again" '{"text": "", "intent": null}' "$(wyoming transcribe "$work/sound.raw")"
is "lines in its log" 1 "$(grep -c "fallback = yes has no effect: .*tragus-words-en" "$work/tragus-bridge.log")"
stop_bridge
stop_daemon

echo "== with one"
ln -s "$words" "$work/en/words.tragus"
is "off" "$sound	" "$(recognize)"
is "on" "$sound		front center" "$(recognize --fallback)"
recognize --fallback --events >"$work/events"
/usr/bin/python3 - "$work/events" <<'END' || fail "events: $(cat "$work/events")"
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
rejected, = [e for e in events if e["event"] == "rejected"]
assert rejected["free_text"] == "front center" and [w["word"] for w in rejected["free_words"]] == ["front", "center"]
assert 0.5 < rejected["free_confidence"] <= 1
assert rejected["start_ms"] < rejected["free_words"][0]["end_ms"] < rejected["free_words"][1]["end_ms"] <= rejected["time_ms"]
END
recognize --events | grep -q free_ && fail "free words without --fallback"
start_daemon "[grammars]" "light = $work/light.yaml"
is "Recognize" "1		front center" "$(timeout 60 "$client" "$address" recognize "$sound" WAV fallback | sed "s/	[^	]*	/		/")"
is "Recognize without the option" 2 "$(timeout 60 "$client" "$address" recognize "$sound" | awk -F"	" "{ print NF }")"
stop_daemon
start_daemon "[grammars]" "light = $work/light.yaml" "[microphone]" "device = spoken"
timeout 20 "$tragus" listen --fallback --both --bus-address "$address" >"$work/listened" 2>/dev/null &
listener=$!
wait_for "what tragus listen prints" grep -q '"free_words":\[{"word":"front"' "$work/listened"
kill $listener
grep -q '^(not understood: .*; it sounded like "front center", [0-9]* %)$' "$work/listened" || fail "listen: $(cat "$work/listened")"
is "Listen" '"front center"' "$(timeout 30 busctl --address="$address" call org.tragus.Tragus1 /org/tragus/Tragus1 org.tragus.Manager1 Listen \
    'a{sv}' 1 Fallback b true | sed 's/.*"FreeText" s //; s/" .*/"/')"
start_bridge --config "$work/bridge.conf"
is "the bridge" '{"text": "front center", "intent": null}' "$(wyoming transcribe "$work/sound.raw")"
stop_bridge
start_bridge
is "a bridge that was not asked" '{"text": "", "intent": null}' "$(wyoming transcribe "$work/sound.raw")"
