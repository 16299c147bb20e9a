#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2034,SC2119,SC2154,SC2016 # lib.sh uses builddir and defines what the tests share; what is in '' is evaluated again and again
# Runs the flow for Node-RED and the thing for openHAB of docs/MQTT.md with a real broker, the real tragusd and a recording (mqtt_flow.js).
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
. "$srcdir/tests/integration/lib.sh"
. "$srcdir/tests/integration/broker.sh"
need_model
command -v node >/dev/null || skip "node is missing: apt install nodejs"
spoken 16000 1200
cat >"$work/lamps.yaml" <<'END'
language: en
intents:
  HassTurnOn: {data: [{sentences: ["{name}"]}]}
  Other: {data: [{sentences: ["rear left"]}]}
lists: {name: {values: ["front center", "front left"]}}
END
start_bus
microphone microphone /dev/null 16000
start_daemon "[microphone]" "device = microphone" "[grammars]" "lamps = $work/lamps.yaml"
start_broker
configure
start_mqtt
wait_for "the session" state_is active true
node "$srcdir/tests/integration/mqtt_flow.js" "$port" "$srcdir/docs/MQTT.md" >"$work/flows" 2>"$work/flows.err" &
flows=$!
trap 'code=$?; cat "$work/flows.err" >&2; kill $flows $broker_pid 2>/dev/null; (exit $code); end_all' EXIT
shown() { grep -qx -- "$1" "$work/flows"; }

echo "== states"
wait_for "the switch of openHAB" shown "channel listening ON"
read -r _ _ topic on off < <(grep "^commands listening " "$work/flows")
publish "$topic" -m "$off"
wait_for "the microphone to close" state_is microphone_open false
wait_for "the switch" shown "channel listening OFF"
publish "$topic" -m "$on"
wait_for "the session" state_is active true

echo "== a command"
say
wait_for "Node-RED" shown 'flow "front center"'
wait_for "the text of openHAB" shown "channel text front center"
wait_for "the intent of openHAB" shown "channel intent HassTurnOn"

echo "== another one, which the flow does not pass on"
"$builddir/tests/integration/join_sounds" 16000 1200 "$work/sound.raw" /usr/share/sounds/alsa/Rear_Left.wav >"$work/places" || fail "join_sounds"
say
wait_for "the intent of openHAB" shown "channel intent Other"
is "what Node-RED shows" 1 "$(grep -c "^flow " "$work/flows")"
kill -0 $flows || fail "mqtt_flow.js has ended"
