#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2034,SC2154,SC2016,SC2317 # lib.sh uses builddir and defines what the tests share; what is in '' is evaluated again and again
# Tests MQTT of tragus-bridge with Debian's mosquitto, the real tragusd and recordings: events, states, the description for Home Assistant,
# the switch, the trigger, wrong messages on each topic, a broker that comes and goes, passwords, TLS, and the Hermes protocol.
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
. "$srcdir/tests/integration/lib.sh"
. "$srcdir/tests/integration/broker.sh"
for program in mosquitto_passwd openssl; do
    command -v $program >/dev/null || skip "$program is missing: apt install mosquitto openssl"
done
need_model

spoken 16000 700
start_bus
microphone microphone /dev/null 16000
start_tragusd() { start_daemon "[microphone]" "device = microphone" "[grammars]" "channels = $srcdir/tests/data/channels.yaml"; }
start_tragusd

echo "== wrong settings"
: >"$work/open"
chmod 640 "$work/open"
for wrong in "tls = perhaps:tls must be no or yes, not \"perhaps\"" "port = 0:port must be from 1 to 65535, not 0" \
    "hermes = maybe:hermes must be no, yes or services, not \"maybe\"" "hosst = x:unknown key \"hosst\" in \[mqtt\]; did you mean host?"; do
    configure
    sed -i "2,\$d" "$work/bridge.conf"
    echo "${wrong%%:*}" >>"$work/bridge.conf"
    "$bridge" --config "$work/bridge.conf" --check-config 2>"$work/out"
    is "$wrong: exit status" 2 $?
    grep -q "bridge.conf:2: ${wrong#*:}$" "$work/out" || fail "$wrong: $(cat "$work/out")"
done
for wrong in "prefix = a/#:cannot be part of a topic" "password_file = $work/none:password_file is set without user; add user" \
    "sound = hermes:needs hermes = yes" "prefix = hermes:the topics below hermes/ are those of the Hermes protocol; choose another prefix"; do
    configure
    echo "${wrong%%:*}" >>"$work/bridge.conf"
    timeout 10 "$bridge" --config "$work/bridge.conf" --check-config 2>"$work/out"
    is "$wrong: exit status" 2 $?
    grep -q "${wrong#*:}" "$work/out" || fail "$wrong: $(cat "$work/out")"
done
for wrong in "user = u|password_file = $work/open:password_file $work/open is open to other users; chmod 600" \
    "user = u|password_file = $work/none:password_file $work/none cannot be read: No such file" "ca_file = $work/none:ca_file $work/none cannot be read"; do
    configure
    tr '|' '\n' <<<"${wrong%%:*}" >>"$work/bridge.conf"
    timeout 10 "$bridge" --config "$work/bridge.conf" --bus-address "$address" --uri "$uri" 2>"$work/out"
    is "$wrong: exit status" 1 $?
    grep -q "Failed to start: .*${wrong#*:}" "$work/out" || fail "$wrong: $(cat "$work/out")"
done

echo "== no broker yet: everything else works"
configure "keep_s = 8" "energy_s = 1"
start_mqtt
wait_for "the warning" grep -q "The MQTT broker 127.0.0.1:$port cannot be used, trying again: Connection refused" "$work/tragus-bridge.log"
is "a text by the Wyoming protocol" 'intent TestChannel {"channel": "front center"} None' "$(wyoming text en "front center")"

echo "== the broker starts: retained states"
start_broker
wait_for "the connection" grep -q "Connected to the MQTT broker" "$work/tragus-bridge.log"
is "warnings" 1 "$(logged "cannot be used")"
is "status" online "$(retained tragus/status)"
wait_for "the microphone" state_is microphone_open true
for member in "version 1" "listening true" "active true" "ready ready" "problem none" "dropped 0"; do
    is "state" "$member" "${member%% *} $(retained tragus/state | check get "${member%% *}")"
done
is "energy" 1 "$(retained tragus/energy | check get version)"
[ "$(retained tragus/energy | check get cpu_time_usec)" -gt 0 ] || fail "energy: $(retained tragus/energy)"

echo "== Home Assistant's description"
retained 'homeassistant/device/+/config' | check discovery tragus >"$work/components" || fail "discovery"
is "components" "binary_sensor:microphone button:trigger event:event sensor:command sensor:confidence sensor:cpu_time sensor:problem sensor:real_time_factor switch:listening" \
    "$(cat "$work/components")"
watch
publish homeassistant/status -m online
seen 'homeassistant/device/[^/]*/config' | check discovery tragus >/dev/null || fail "discovery after a start of Home Assistant"

echo "== a command"
say
seen tragus/event/utterance >"$work/event"
cut -c1-200 "$work/event"
for member in "version 1" "event_type utterance" "text front center" "intent TestChannel" "slots.channel front center" "site default"; do
    is "event" "$member" "${member%% *} $(check get "${member%% *}" <"$work/event")"
done
check get confidence <"$work/event" | grep -qE '^(1|0\.[89])' || fail "confidence: $(cat "$work/event")"
check get at <"$work/event" | grep -qE '^20[0-9-]{8}T[0-9:]{8}Z$' || fail "at: $(cat "$work/event")"
check get words.1.word <"$work/event" | grep -qx center || fail "words: $(cat "$work/event")"
is "events kept by the broker" "" "$(mosquitto_sub -h 127.0.0.1 -p "$port" -t 'tragus/event/#' -C 1 -W 1 --retained-only 2>/dev/null)"

echo "== the switch"
publish tragus/listening/set -m OFF
wait_for "the microphone to close" state_is microphone_open false
is "listening" false "$(retained tragus/state | check get listening)"
is "sessions" 0 "$(status_field session_count)"
publish tragus/listening/set -m on
wait_for "the microphone to open" state_is microphone_open true

echo "== the trigger, without wake phrases"
publish tragus/trigger -m PRESS
seen tragus/error | grep -q '"topic":"trigger","error":"tragusd cannot do this: .*wake' || fail "trigger: $(seen tragus/error)"

echo "== wrong messages"
head -c 70000 /dev/urandom >"$work/large"
for topic in listening/set trigger; do
    for payload in "" "{" "[]" '{"open_ms":-1}' '{"open_ms":{}}' "null" $'\xff\xfe' "ONN"; do
        publish "tragus/$topic" -m "$payload"
    done
    publish "tragus/$topic" -f "$work/large"
done
wait_for "the last message" eval '[ "$(grep -c "^tragus/error .*listening/set" "$work/seen")" = 7 ]'
is "listening" true "$(retained tragus/state | check get listening)"
grep -q '"error":"the payload must be ON or OFF"' "$work/seen" || fail "no error was published"
[ "$(logged "MQTT topic")" -le 3 ] || fail "wrong messages flood the log"
truncate -s 60M "$work/huge"
publish tragus/trigger -f "$work/huge"
publish tragus/trigger -m "after the huge one"
wait_for "the message after it" eval '[ "$(grep -c "^tragus/error .*the payload must be PRESS" "$work/seen")" -gt '"$(grep -c "^tragus/error .*the payload must be PRESS" "$work/seen")"' ]'
memory_kb=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$bridge_pid/status")
sanitized || [ "$memory_kb" -lt 40000 ] || fail "a message of 60 MB took $memory_kb kB of memory"

echo "== very many messages"
unwatch
many() { # TOPIC LINES: sends them again and again
    yes "$2" | head -n 200000 | mosquitto_pub -h 127.0.0.1 -p "$port" -t "$1" -l
    wyoming ping >/dev/null || fail "ping after very many messages"
}
many tragus/listening/set $'OFF\nON'
many homeassistant/status online
publish tragus/listening/set -m ON
wait_for "listening again" state_is active true
memory_kb=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$bridge_pid/status")
echo "tragus-bridge $memory_kb kB at most"
sanitized || [ "$memory_kb" -lt 40000 ] || fail "very many messages took $memory_kb kB of memory"
is "failures to listen" 0 "$(logged "pending replies")"
watch

echo "== the broker restarts: states again, and a command that was said meanwhile"
unwatch
stop_broker
wait_for "the warning" grep -q "was lost, connecting again" "$work/tragus-bridge.log"
say
sleep 3.5
start_broker
watch
wait_for "the queued command" grep -q '^tragus/event/utterance .*front center' "$work/seen"
is "status" online "$(retained tragus/status)"
is "state" true "$(retained tragus/state | check get listening)"
retained 'homeassistant/device/+/config' | check discovery tragus >/dev/null || fail "discovery after a restart"
sleep 1
is "the command, once" 1 "$(payloads tragus/event/utterance | wc -l)"

echo "== a broker that is away for longer: an old command is dropped"
unwatch
stop_broker
say
wait_for "the warning" grep -q "messages are dropped after 8 seconds" "$work/tragus-bridge.log"
start_broker
watch
wait_for "the connection" eval 'mosquitto_sub -h 127.0.0.1 -p $port -t tragus/status -C 1 -W 1 --retained-only | grep online'
sleep 1
is "old commands" 0 "$(payloads tragus/event/utterance | wc -l)"
is "dropped" 1 "$(retained tragus/state | check get dropped)"
is "warnings" 1 "$(logged "messages are dropped")"

echo "== a subscriber that is away: it does not get an old command either"
sleeper() { mosquitto_sub -h 127.0.0.1 -p "$port" -c -i sleeper -q 1 -t tragus/event/utterance "$@" 2>/dev/null; }
sleeper -E
: >"$work/seen"
say
seen tragus/event/utterance >/dev/null
sleeper -C 1 -W 3 | grep -q "front center" || fail "a subscriber that comes back at once does not get the command"
: >"$work/seen"
say
seen tragus/event/utterance >/dev/null
sleep 9
is "the old command" "" "$(sleeper -C 1 -W 2)"

echo "== tragusd goes and comes back"
stop_daemon || fail "tragusd: exit status $?"
wait_for "the state" state_is ready away
start_tragusd
wait_for "the microphone" state_is microphone_open true

echo "== the last will, and an ordered end"
kill -KILL "$bridge_pid"
wait "$bridge_pid" 2>/dev/null
is "status after a crash" offline "$(seen tragus/status)"
publish tragus/listening/set -m OFF -r
start_mqtt
wait_for "the connection" eval '[ "$(payloads tragus/status | tail -n 1)" = online ]'
wait_for "the old switch" grep -q '^tragus/error .*"error":"retained messages are not obeyed' "$work/seen"
wait_for "the microphone" state_is microphone_open true
publish tragus/listening/set -n -r
stop_bridge || fail "tragus-bridge: exit status $?"
is "status after the end" offline "$(retained tragus/status)"
! grep -qi "center" "$work/tragus-bridge.log" || fail "the log contains what was said"
unwatch

echo "== no description any more, and another site"
configure "discovery = no"
start_mqtt
wait_for "the connection" eval '[ "$(retained tragus/status)" = online ]'
wait_for "the description to be gone" eval '! mosquitto_sub -h 127.0.0.1 -p $port -t "homeassistant/device/+/config" -C 1 -W 1 --retained-only'
stop_bridge || fail "tragus-bridge: exit status $?"
configure "site = kitchen"
start_mqtt
prefix=tragus/kitchen
wait_for "the microphone" state_is active true
retained 'homeassistant/device/+/config' | check discovery tragus/kitchen >/dev/null || fail "discovery of a site"
stop_bridge || fail "tragus-bridge: exit status $?"

echo "== Hermes: texts"
configure "hermes = yes" "site = kitchen"
start_mqtt
watch
wait_for "the microphone" state_is active true
publish hermes/nlu/query -m '{"input": "Front center", "siteId": "kitchen", "sessionId": "s1", "id": "q1"}'
seen hermes/intent/TestChannel >"$work/intent"
for member in "input front center" "rawInput Front center" "intent.intentName TestChannel" "slots.0.slotName channel" "slots.0.value.value front center" \
    "slots.0.range.start 0" "slots.0.range.end 12" "id q1" "siteId kitchen" "sessionId s1"; do
    is "intent" "$member" "${member%% *} $(check get "${member%% *}" <"$work/intent")"
done
publish hermes/nlu/query -m '{"input": "buy a horse", "siteId": "kitchen", "sessionId": "s2", "id": "q2"}'
is "not recognized" "buy a horse q2 s2" "$(seen hermes/nlu/intentNotRecognized | check get input) $(seen hermes/nlu/intentNotRecognized | check get id) $(seen hermes/nlu/intentNotRecognized | check get sessionId)"
publish hermes/nlu/query -m '{"input": "front center", "siteId": "kitchen", "id": "q3", "intentFilter": ["Other"]}'
wait_for "the filter" grep -q '^hermes/nlu/intentNotRecognized .*"id":"q3"' "$work/seen"
publish hermes/nlu/query -m '{"input": "front center"}'

echo "== Hermes: a command, and a session that is asked for"
say
wait_for "the text" grep -q '^hermes/asr/textCaptured .*"text":"front center"' "$work/seen"
wait_for "the intent" eval '[ "$(payloads hermes/intent/TestChannel | wc -l)" = 2 ]'
payloads hermes/asr/textCaptured >"$work/captured"
is "tokens" center "$(check get asrTokens.0.1.value <"$work/captured")"
is "range" 6 "$(check get asrTokens.0.1.rangeStart <"$work/captured")"
publish hermes/asr/startListening -m '{"siteId": "kitchen", "sessionId": "s4"}'
wait_for "one session" eval '[ "$(status_field session_count)" = 1 ] && "$tragus" status --bus-address "$address" | grep "to the microphone"'
sleep 0.5
say
wait_for "the text" grep -q '^hermes/asr/textCaptured .*"text":"front center".*"sessionId":"s4"' "$work/seen"
is "intents, still" 2 "$(payloads hermes/intent/TestChannel | wc -l)"
publish hermes/asr/startListening -m '{"siteId": "kitchen", "sessionId": "s5", "stopOnSilence": false}'
sleep 0.5
publish hermes/asr/stopListening -m '{"siteId": "kitchen", "sessionId": "s5"}'
wait_for "an empty text" grep -q '^hermes/asr/textCaptured .*"text":"".*"sessionId":"s5"' "$work/seen"
publish hermes/hotword/toggleOff -m '{"siteId": "kitchen", "reason": "ttsSay"}'
wait_for "the microphone to close" eval '[ "$(status_field microphone_open)" = false ]'
publish hermes/hotword/toggleOn -m '{"siteId": "kitchen", "reason": "ttsSay"}'
wait_for "the microphone to open" eval '[ "$(status_field microphone_open)" = true ]'
publish hermes/asr/startListening -m '{"siteId": "kitchen", "sessionId": "s6"}'
sleep 0.5
publish tragus/kitchen/listening/set -m OFF
wait_for "an empty text" grep -q '^hermes/asr/textCaptured .*"text":"".*"sessionId":"s6"' "$work/seen"
publish hermes/asr/startListening -m '{"siteId": "kitchen", "sessionId": "s7"}'
wait_for "an error" grep -q '^hermes/error/asr {"error":"listening is switched off".*"sessionId":"s7"' "$work/seen"
wait_for "no session" eval '[ "$(status_field session_count)" = 0 ]'
publish tragus/kitchen/listening/set -m ON
wait_for "the microphone to open" eval '[ "$(status_field microphone_open)" = true ]'

echo "== Hermes: wrong messages"
for topic in hotword/toggleOn hotword/toggleOff asr/toggleOn asr/toggleOff asr/startListening asr/stopListening nlu/query; do
    for payload in "" "{" "[]" "null" '{"siteId": 5, "reason": []}' '{"siteId": "kitchen", "input": 3, "sessionId": {}, "reason": {}}' $'\xff'; do
        publish "hermes/$topic" -m "$payload"
    done
    publish "hermes/$topic" -f "$work/large"
done
publish hermes/hotword/toggleOn -m '{"siteId": "kitchen"}'
publish hermes/asr/toggleOn -m '{"siteId": "kitchen"}'
publish hermes/asr/stopListening -m '{"siteId": "kitchen"}'
publish hermes/nlu/query -m '{"input": "front center", "siteId": "kitchen", "id": "q9"}'
wait_for "an answer afterwards" grep -q '^hermes/intent/TestChannel .*"id":"q9"' "$work/seen"
stop_bridge || fail "tragus-bridge: exit status $?"

echo "== Hermes: services for a dialogue manager"
configure "hermes = services" "site = kitchen"
start_mqtt
wait_for "the microphone" state_is microphone_open true
: >"$work/seen"
say
wait_for "the event" grep -q '^tragus/kitchen/event/utterance .*front center' "$work/seen"
is "Hermes messages" 0 "$(grep -c '^hermes/' "$work/seen")"
stop_bridge || fail "tragus-bridge: exit status $?"

echo "== Hermes: sound in messages, with a wake phrase"
configure "hermes = yes" "sound = hermes" "wake = good morning, front_center"
"$builddir/tests/integration/join_sounds" 16000 900 "$work/two.raw" /usr/share/sounds/alsa/Front_Center.wav /usr/share/sounds/alsa/Rear_Left.wav \
    >"$work/places" || fail "join_sounds"
frames "$work/two.raw" "$work/frames"
start_mqtt
wait_for "the connection" eval '[ "$(payloads tragus/status | tail -n 1)" = online ]'
publish hermes/audioServer/default/audioFrame -f "$work/large"
speak default "$work/frames"
wait_for "the hotword" grep -qa '^hermes/hotword/front_center/detected .*"modelId":"front_center"' "$work/seen"
wait_for "the intent" grep -qa '^hermes/intent/TestChannel .*"input":"rear left"' "$work/seen"
is "the microphone" false "$(status_field microphone_open)"
is "one session id" "$(grep -a '^hermes/hotword/front_center/detected ' "$work/seen" | sed 's/^[^ ]* //' | check get sessionId)" \
    "$(grep -a '^hermes/intent/TestChannel .*rear left' "$work/seen" | sed 's/^[^ ]* //' | check get sessionId)"
stop_bridge || fail "tragus-bridge: exit status $?"
unwatch
stop_broker

echo "== passwords"
mosquitto_passwd -c -b "$work/passwords" tragus secret 2>/dev/null || fail "mosquitto_passwd"
start_broker "allow_anonymous false" "password_file $work/passwords"
echo wrong >"$work/password"
chmod 600 "$work/password"
configure "user = tragus" "password_file = $work/password"
start_mqtt
refused="The MQTT broker 127.0.0.1:$port cannot be used, trying again: it does not accept this user and password; check user and password_file in \[mqtt\]"
wait_for "the warning" grep -q "$refused" "$work/tragus-bridge.log"
sleep 3.5
is "warnings" 1 "$(logged "$refused")"
stop_bridge || fail "tragus-bridge: exit status $?"
echo secret >"$work/password"
start_mqtt
login=(-u tragus -P secret)
is "status" online "$(retained tragus/status)"
! grep -q "secret" "$work/tragus-bridge.log" || fail "the password is in the log"
stop_bridge || fail "tragus-bridge: exit status $?"
login=()
stop_broker

echo "== TLS"
key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
authority() { openssl req -x509 "${key[@]}" -days 2 -subj "/CN=$1" -keyout "$work/$1.key" -out "$work/$1.crt"; }
{
    authority authority && authority stranger && openssl req "${key[@]}" -subj /CN=localhost -keyout "$work/server.key" -out "$work/server.csr" &&
        openssl x509 -req -in "$work/server.csr" -CA "$work/authority.crt" -CAkey "$work/authority.key" -CAcreateserial -days 2 \
            -out "$work/server.crt" -extfile <(echo "subjectAltName=DNS:localhost")
} 2>"$work/openssl.log" || fail "openssl: $(cat "$work/openssl.log")"
start_broker "allow_anonymous true" "certfile $work/server.crt" "keyfile $work/server.key"
configure "ca_file = $work/stranger.crt"
sed -i 's/^host = .*/host = localhost/' "$work/bridge.conf"
start_mqtt
wait_for "the warning" grep -q "The MQTT broker localhost:$port cannot be used, trying again: TLS failed (.*certificate verify failed.*); check ca_file" "$work/tragus-bridge.log"
stop_bridge || fail "tragus-bridge: exit status $?"
sed -i "s/stranger/authority/" "$work/bridge.conf"
start_mqtt
wait_for "the connection" grep -q "Connected to the MQTT broker localhost:$port with TLS" "$work/tragus-bridge.log"
tls() { "$1" -h localhost -p "$port" --cafile "$work/authority.crt" "${@:2}"; }
host=localhost login=(--cafile "$work/authority.crt")
is "status" online "$(retained tragus/status)"
head -c 300000 /dev/urandom >"$work/large"
for i in 1 2 3; do tls mosquitto_pub -t tragus/trigger -f "$work/large"; done
tls mosquitto_pub -t tragus/listening/set -m OFF
wait_for "the microphone to close" eval '[ "$(status_field microphone_open)" = false ]'
sed -i "s/^host = .*/host = 127.0.0.1/" "$work/bridge.conf"
stop_bridge || fail "tragus-bridge: exit status $?"
start_mqtt
wait_for "the warning" grep -q "127.0.0.1:$port cannot be used, trying again: TLS failed" "$work/tragus-bridge.log"
stop_bridge || fail "tragus-bridge: exit status $?"

echo "== brokers that do not know MQTT 5"
stop_broker
configure
for manner in refuse close; do
    timeout 20 "${PYTHON:-python3}" "$srcdir/tests/integration/mqtt_check.py" old "$port" $manner >"$work/versions" &
    broker_pid=$!
    start_mqtt
    wait $broker_pid || fail "$manner: no connection with MQTT 3.1.1: $(cat "$work/versions")"
    is "$manner: versions" "5 4" "$(paste -sd ' ' "$work/versions")"
    stop_bridge || fail "tragus-bridge: exit status $?"
done

echo "== a broker that takes no large messages: it is not away"
login=() prefix=tragus
end_program "$bridge_pid"
stop_broker
: >"$work/tragus-bridge.log"
start_broker "allow_anonymous true" "max_packet_size 400"
configure "discovery = no"
start_mqtt
wait_for "the session" state_is active true
say
wait_for "the warning" grep -q "A message for the MQTT topic tragus/event/utterance is lost: it is larger than the broker takes" "$work/tragus-bridge.log"
is "warnings that it is away" 0 "$(logged "is away")"
end_program "$bridge_pid"
stop_broker

echo "== a broker that does not let us write, or read"
printf 'topic readwrite tragus/status\ntopic readwrite tragus/state\n' >"$work/acl"
chmod 600 "$work/acl"
: >"$work/tragus-bridge.log"
start_broker "allow_anonymous true" "acl_file $work/acl"
start_mqtt
wait_for "the session" state_is active true
say
wait_for "the warning" grep -q "A message for the MQTT topic tragus/event/utterance is lost: Not authorized" "$work/tragus-bridge.log"
end_program "$bridge_pid"
stop_broker
plugin=$(find /usr/lib -name mosquitto_dynamic_security.so 2>/dev/null | head -n 1)
if [ -n "$plugin" ]; then
    echo '{"defaultACLAccess": {"publishClientSend": true, "publishClientReceive": true, "subscribe": false, "unsubscribe": true},
        "clients": [], "groups": [{"groupname": "all", "roles": []}], "roles": [], "anonymousGroup": "all"}' >"$work/rights.json"
    : >"$work/tragus-bridge.log"
    start_broker "allow_anonymous true" "plugin $plugin" "plugin_opt_config_file $work/rights.json"
    start_mqtt
    for topic in tragus/listening/set tragus/trigger; do
        wait_for "the warning" grep -q "The MQTT broker does not let us subscribe to $topic; give this user the right to read it" "$work/tragus-bridge.log"
    done
    end_program "$bridge_pid"
    stop_broker
else
    echo "not tested: refused subscriptions; mosquitto has no plugin for rights"
fi

echo "== sites with long and with similar names have clients of their own"
rm -f "$work/mosquitto.log"
start_broker
for site in living-room-east living-room-west living_room den; do
    : >"$work/tragus-bridge.log"
    configure "site = $site" "discovery = no"
    start_mqtt
    wait_for "the connection" grep -q "Connected to the MQTT broker" "$work/tragus-bridge.log"
    end_program "$bridge_pid"
done
bridge_pid=''
ids=$(grep -o ' as tragus_[^ ]*' "$work/mosquitto.log" | cut -d' ' -f3)
is "clients" 4 "$(sort -u <<<"$ids" | wc -l)"
is "names with a forbidden character" "" "$(grep -v '^[A-Za-z0-9_]\{1,32\}$' <<<"$ids")"
stop_broker

echo "== a host that does not exist"
sed -i "s/^host = .*/host = nowhere.invalid/" "$work/bridge.conf"
start_mqtt
wait_for "the warning" grep -q "nowhere.invalid:$port cannot be used, trying again: the host cannot be found; check host in \[mqtt\]" "$work/tragus-bridge.log"
stop_bridge || fail "tragus-bridge: exit status $?"
