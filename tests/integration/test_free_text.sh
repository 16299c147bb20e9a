#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2034,SC2119,SC2154,SC2016 # lib.sh uses builddir and defines what the tests share; what is in '' is evaluated again and again
# Free text on its way out of the machine: sentences with a wildcard, and what is not in the grammar as any words, from the sound to a real
# MQTT broker (own topics and Hermes) and to a client of the Wyoming protocol; without a language model, and after one was installed.
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
. "$srcdir/tests/integration/lib.sh"
. "$srcdir/tests/integration/broker.sh"
need_model
words=$builddir/models/words/en/words.tragus
[ -e "$words" ] || fail "there is no $words"
spoken 16000 1200
mkdir "$work/en"
for file in acoustic g2p lexicon; do ln -s "$model/$file.tragus" "$work/en/"; done
ln -s "$srcdir/models/en/language.yaml" "$work/en/"
model=$work/en
printf 'sentences: [turn on the light, rear left]\n' >"$work/light.yaml"
cat >"$work/look.yaml" <<'END'
language: en
intents: {Look: {data: [{sentences: ["front {where}", turn on the light]}]}}
lists: {where: {wildcard: true}}
END
{ cat "$work/sound.raw" && head -c 64000 /dev/zero; } >"$work/longer.raw" # what comes in messages goes on, as from a microphone
frames "$work/longer.raw" "$work/frames"
start_bus
microphone microphone /dev/null 16000
start_tragusd() { start_daemon "[microphone]" "device = microphone" "[grammars]" "light = $work/light.yaml" "look = $work/look.yaml"; }
member() { # TOPIC MEMBER: of the last message
    seen "$1" | check get "$2"
}
begin() { # GRAMMAR LINE...: the bridge with this grammar for all that it serves
    configure "grammar = $1" "hermes = yes" "site = kitchen" "${@:2}"
    printf '%s\n' "[wyoming]" "grammar = $1" "fallback = yes" >>"$work/bridge.conf"
    start_mqtt
    watch
}
end() {
    stop_bridge || fail "tragus-bridge: exit status $?"
    unwatch
}
prefix=tragus/kitchen
lacks() { logged "fallback = yes has no effect: .*install the package tragus-words-en"; }
asked() { # SESSION: says the sentence in a session that a dialogue manager asks for, and prints the text
    publish hermes/asr/startListening -m '{"siteId": "kitchen", "sessionId": "'"$1"'"}'
    wait_for "one session" eval '[ "$(status_field session_count)" = 1 ] && "$tragus" status --bus-address "$address" | grep "to the microphone"'
    sleep 0.5
    say
    wait_for "the text" grep -q "^hermes/asr/textCaptured .*\"sessionId\":\"$1\"" "$work/seen"
    grep "^hermes/asr/textCaptured .*\"sessionId\":\"$1\"" "$work/seen" | sed 's/^[^ ]* //' | check get text
}
start_broker
start_tragusd

echo "== without a language model: sentences of the grammar as before, one warning"
begin light "fallback = yes"
wait_for "the session" state_is active true
is "warnings" 1 "$(lacks)"
say
member tragus/kitchen/event/rejected reason | grep -q '^[1-9]$' || fail "rejected: $(seen tragus/kitchen/event/rejected)"
is "free text" none "$(member tragus/kitchen/event/rejected free_text)"
[ "$(member hermes/nlu/intentNotRecognized input)" != "front center" ] || fail "words from nowhere: $(seen hermes/nlu/intentNotRecognized)"
is "a session that Hermes asks for" "" "$(asked s1)"
is "the Wyoming protocol" '{"text": "", "intent": null, "slots": null}' "$(wyoming meaning "$work/sound.raw")"
is "warnings" 1 "$(lacks)"

echo "== the language model is installed, and tragusd is started again: the bridge need not be"
stop_daemon || fail "tragusd: exit status $?"
ln -s "$words" "$work/en/words.tragus"
wait_for "the state" state_is active false
: >"$work/seen"
start_tragusd
resident_kib=$(awk '/^[0-9a-f]+-/ { words = /words\.tragus$/ } words && /^Rss:/ { n += $2 } END { print n + 0 }' "/proc/$daemon_pid/smaps")
[ "$resident_kib" -lt 3000 ] || fail "$resident_kib KiB of the language model are in use before anybody has said a free word"
wait_for "the session" state_is active true
say
is "free text" "front center" "$(member tragus/kitchen/event/rejected free_text)"
is "its second word" center "$(member tragus/kitchen/event/rejected free_words.1.word)"
member tragus/kitchen/event/rejected free_confidence | grep -qE '^(1|0\.[5-9])' || fail "confidence: $(seen tragus/kitchen/event/rejected)"
is "Hermes" "front center" "$(member hermes/nlu/intentNotRecognized input)"
is "a session that Hermes asks for" "front center" "$(asked s2)"
is "the Wyoming protocol" '{"text": "front center", "intent": null, "slots": null}' "$(wyoming meaning "$work/sound.raw")"
end

echo "== the same with sound in messages: with words, and without"
begin light "fallback = yes" "sound = hermes"
speak kitchen "$work/frames"
is "free text" "front center" "$(member tragus/kitchen/event/rejected free_text)"
is "Hermes" "front center" "$(member hermes/nlu/intentNotRecognized input)"
end
stop_daemon || fail "tragusd: exit status $?"
rm "$work/en/words.tragus"
start_tragusd
: >"$work/tragus-bridge.log"
begin light "fallback = yes" "sound = hermes"
speak kitchen "$work/frames"
is "free text" none "$(member tragus/kitchen/event/rejected free_text)"
is "warnings" 1 "$(lacks)"
end

echo "== a wildcard without a language model: understood when typed"
begin look
wait_for "the session" state_is active true
publish hermes/nlu/query -m '{"input": "front garden gate", "siteId": "kitchen", "id": "q1"}'
is "Hermes" "where garden gate" "$(member hermes/intent/Look slots.0.slotName) $(member hermes/intent/Look slots.0.value.value)"
is "the Wyoming protocol" 'intent Look {"where": "garden gate"} None' "$(wyoming text en "front garden gate")"
is "a transcript" '{"text": "", "intent": null, "slots": null}' "$(wyoming meaning "$work/sound.raw")"
end

echo "== with one: spoken, too"
stop_daemon || fail "tragusd: exit status $?"
ln -s "$words" "$work/en/words.tragus"
start_tragusd
begin look
wait_for "the session" state_is active true
say
event=tragus/kitchen/event/utterance intent=hermes/intent/Look
for wanted in "text front center" "intent Look" "slots.where center" "slot_list.0.wildcard true" "slot_list.0.words.0.word center"; do
    is "the event" "$wanted" "${wanted%% *} $(member $event "${wanted%% *}")"
done
for wanted in "input front center" "intent.intentName Look" "slots.0.slotName where" "slots.0.value.value center" "slots.0.range.start 6" "slots.0.range.end 12" \
    "asrTokens.0.1.value center"; do
    is "Hermes" "$wanted" "${wanted%% *} $(member $intent "${wanted%% *}")"
done
is "Hermes: the text" "front center" "$(member hermes/asr/textCaptured text)"
is "the Wyoming protocol" '{"text": "front center", "intent": "Look", "slots": {"where": "center"}}' "$(wyoming meaning "$work/sound.raw")"
end
! grep -qi "center" "$work/tragus-bridge.log" || fail "the log contains what was said"
