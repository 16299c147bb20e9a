# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2016 # who sources this defines srcdir, work and fail; what is in single quotes is evaluated later
# The checks of the container's entry points, sourced by test_container, which runs them with the programs of the build tree, and by image,
# which runs them in the root file system of the image. Before, define
#   launch PROGRAM [VAR=VALUE...]  replaces this shell by tragus-container or tragus-addon with that environment
#   end_of_container PID SIGNAL    sends a signal to the entry point that launch became
#   etc, data, shared, run         folders: /etc/tragus, /data, /config and /run/tragus of the container, as they are called from outside
#   etc_inside, shared_inside       the first and the third, as they are called inside
PATH=$PATH:/usr/sbin
port=$((20000 + $$ % 20000)) broker_port=$((20001 + $$ % 20000)) supervisor_port=$((20002 + $$ % 20000))
container_pid='' supervisor_pid='' broker_pid=''
stop_container_checks() {
    local pid
    [ -z "$container_pid" ] || end_of_container "$container_pid" TERM
    for pid in $container_pid $supervisor_pid $broker_pid; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
}
wyoming_at() { timeout 60 "${PYTHON:-python3}" "$srcdir/tests/integration/wyoming_client.py" "tcp://127.0.0.1:$port" "$@"; }
is() { # WHAT EXPECTED GOT
    [ "$2" = "$3" ] || fail "$1: expected \"$2\", got \"$3\"; log: $(tail -n 5 "$work/container.log")"
}
soon() { # WHAT COMMAND...: repeats the command for at most 30 s
    local what=$1 end=$((SECONDS + 30))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -le $end ] || fail "waited 30 s for $what: $("$@" 2>&1 | tail -n 3); log: $(tail -n 5 "$work/container.log")"
        sleep 0.1
    done
}
begin() { # PROGRAM [VAR=VALUE...]
    : >"$work/container.log"
    launch "$@" 2>>"$work/container.log" &
    container_pid=$!
}
ends_with() { # WHAT STATUS: waits for the end of the entry point
    local status
    wait "$container_pid"
    status=$?
    container_pid=''
    is "exit status $1" "$2" $status
}
process() { # NAME: of a program that the entry point has started; image runs the entry point below unshare
    pgrep -x "$1" -P "$container_pid$(pgrep -P "$container_pid" | sed 's/^/,/' | tr -d '\n')"
}
refused() { # EXPECTED VAR=VALUE...: the entry point ends with this sentence
    local expected=$1
    shift
    begin tragus-container "$@"
    ends_with "with $*" 2
    is "the sentence for $*" "tragus-container: $expected" "$(grep '^tragus-container' "$work/container.log")"
}
begin_supervisor() { # ANSWERS: of the Supervisor, JSON
    printf '{"token": "sesame", "version": "2026.8.1", "admin": true, "supervisor": %s, "floors": [],
        "entities": {"light.reading": {"name": "zebra lamp"}}, "areas": [{"area_id": "hall", "name": "Hall", "aliases": []}]}' "$1" >"$work/home.json"
    "${PYTHON:-python3}" "$srcdir/tests/integration/home_assistant.py" "$supervisor_port" "$work/home.json" "$work/home.log" 2>>"$work/home.err" &
    supervisor_pid=$!
    soon "the Supervisor" grep -q listening "$work/home.log"
}
end_supervisor() {
    kill "$supervisor_pid"
    wait "$supervisor_pid" 2>/dev/null
    rm -f "$work/home.log"
    supervisor_pid=''
}
addon() { begin tragus-addon "SUPERVISOR=http://127.0.0.1:$supervisor_port" SUPERVISOR_TOKEN=sesame "ADDON_PORT=$port" HOSTNAME=local-tragus; }
means() { wyoming_at text en "$1" | sed 's/ None$//'; }
on_bus() { # METHOD SIGNATURE ARGUMENT...: of tragusd; by a link, because the path of a socket has at most 107 bytes
    ln -sfn "$run" "$work/bus"
    busctl --address="unix:path=$work/bus/bus" call org.tragus.Tragus1 /org/tragus/Tragus1 org.tragus.Manager1 "$@"
}
understands() { # TEXT MEANING
    local got
    got=$(means "$1")
    [ "$got" = "$2" ] || { echo "\"$1\" means $got"; return 1; }
}

check_container() {
    local environment="BRIDGE__WYOMING__URI=tcp://127.0.0.1:$port" sound=/usr/share/sounds/alsa/Front_Center.wav
    [ ! -e "$etc/tragus.conf" ] || mv "$etc/tragus.conf" "$etc/tragus.conf.installed"
    echo "== wrong settings"
    printf '# ours\n[gate]\nopen_db = 7\n' >"$etc/tragus.conf"
    refused 'tragus-bridge: BRIDGE__WYOMING__URRI: unknown key "urri" in [wyoming]; did you mean uri?' BRIDGE__WYOMING__URRI=x
    refused 'tragusd: TRAGUS__GATE__OPEN_DB: open_db must be from 1 to 60, not 99' TRAGUS__GATE__OPEN_DB=99
    refused 'TRAGUS__DEVICE names no setting; write TRAGUS__SECTION__KEY' TRAGUS__DEVICE=null
    refused 'TRAGUS__GATE__OPEN_DB has more than one line; a setting is one line' TRAGUS__GATE__OPEN_DB=$'9\n[bus]'
    printf '# ours\n[gate]\nopen_db = 99\n' >"$etc/tragus.conf"
    refused "tragusd: $etc_inside/tragus.conf:3: open_db must be from 1 to 60, not 99" "$environment"

    echo "== a recording is understood"
    printf '# ours\n[gate]\n  open_db=99\n' >"$etc/tragus.conf"
    cp "$srcdir/tests/data/channels.yaml" "$etc/channels.yaml"
    begin tragus-container "$environment" TRAGUS__GATE__OPEN_DB=8 "TRAGUS__GRAMMARS__HOME=$etc_inside/channels.yaml"
    soon "the bridge" wyoming_at ping
    soon "tragusd" understands "rear left" 'intent TestChannel {"channel": "rear left"}'
    wyoming_at info >"$work/info" || fail "describe: $(cat "$work/info")"
    is "what is offered" '["en"]' "$("${PYTHON:-python3}" -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["asr"][0]["models"][0]["languages"]))' <"$work/info")"
    if [ -e $sound ]; then
        { head -c 48000 /dev/zero; tail -c +45 $sound; head -c 144000 /dev/zero; } >"$work/speech.raw"
        is "the recording" '{"text": "front center", "intent": "TestChannel"}' "$(wyoming_at transcribe "$work/speech.raw" 48000 2 1)"
    else
        echo "not tested: a recording; $sound is missing (apt install alsa-utils)"
    fi
    is "a text" 'intent TestChannel {"channel": "rear left"}' "$(means "rear left")"
    on_bus SetList 'ssa(ssa{sv})' home channel 1 upstairs "" 0 >/dev/null || fail "SetList"
    is "a name of a program" 'intent TestChannel {"channel": "upstairs"}' "$(means upstairs)"
    echo "== stopped by a signal"
    end_of_container "$container_pid" TERM
    ends_with "after SIGTERM" 0
    grep -q "" "$run/tragus.conf" || fail "no settings were written"

    echo "== a program ends"
    begin tragus-container "$environment" "TRAGUS__GRAMMARS__HOME=$etc_inside/channels.yaml" TRAGUS__GATE__OPEN_DB=8
    soon "the bridge" wyoming_at ping
    soon "a name that was set before the restart" understands upstairs 'intent TestChannel {"channel": "upstairs"}'
    kill -KILL "$(process tragusd)"
    ends_with "when a program ends" 1
    grep -q "^tragus-container: tragusd ended with status 137, so the container ends" "$work/container.log" || fail "log: $(cat "$work/container.log")"
    ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || fail "the bridge still runs"
    rm "$etc/tragus.conf"
    [ ! -e "$etc/tragus.conf.installed" ] || mv "$etc/tragus.conf.installed" "$etc/tragus.conf"
}

check_addon() {
    local missing=''
    for missing in jq curl; do
        [ -n "${in_image:-}" ] || command -v $missing >/dev/null || { echo "not tested: the add-on; $missing is missing: apt install $missing"; return; }
    done
    echo "== the add-on: options, names of Home Assistant, own sentences, the port is announced"
    mkdir -p "$shared/sentences"
    printf 'language: en\nintents:\n  Own:\n    data:\n      - sentences: ["water the cactus"]\n' >"$shared/sentences/own.yaml"
    begin_supervisor '{"POST /discovery": {"uuid": "1"}}'
    echo '{"home_assistant_sentences": true, "names": true, "wake_phrases": ["hey house", "okay computer"], "mqtt": true, "min_confidence": 0.7}' >"$data/options.json"
    addon
    soon "the port to be announced" grep -qF "200 POST /discovery {\"service\": \"wyoming\", \"config\": {\"uri\": \"tcp://local-tragus:$port\"}}" "$work/home.log"
    soon "the names" understands "turn on the zebra lamp" 'intent HassTurnOn {"name": "zebra lamp"}'
    is "own sentences" "intent Own {}" "$(means "water the cactus")"
    is "wake phrases" '["hey house", "okay computer"]' "$(wyoming_at info |
        "${PYTHON:-python3}" -c 'import json, sys; print(json.dumps([m["phrase"] for m in json.load(sys.stdin)["wake"][0]["models"]]))')"
    grep -q "there is no MQTT broker" "$work/container.log" || fail "no word about the broker: $(cat "$work/container.log")"
    is "the least confidence" "min_confidence = 0.7" "$(grep ^min_confidence "$run/tragus.conf")"
    is "the mode of the token" 600 "$(stat -c %a "$run/home-assistant.token")"
    end_of_container "$container_pid" TERM
    ends_with "after SIGTERM" 0
    end_supervisor

    echo "== the add-on: wrong options"
    echo '[' >"$data/options.json"
    addon
    ends_with "of a wrong start" 2
    grep -q "options.json is not a JSON object; save the options of the add-on again" "$work/container.log" || fail "log: $(cat "$work/container.log")"
    rm -rf "$shared/sentences"

    command -v mosquitto_passwd >/dev/null || { echo "not tested: the add-on with MQTT: apt install mosquitto mosquitto-clients"; return; }
    echo "== the add-on: MQTT of the Supervisor, with a password"
    printf '%s\n' "user root" "persistence false" "listener $broker_port 127.0.0.1" "password_file $work/passwords" >"$work/mosquitto.conf"
    : >"$work/passwords"
    chmod 600 "$work/passwords"
    mosquitto_passwd -b "$work/passwords" addons 'a b"c'
    mosquitto -c "$work/mosquitto.conf" >"$work/mosquitto.log" 2>&1 &
    broker_pid=$!
    begin_supervisor "{\"POST /discovery\": {\"uuid\": \"1\"}, \"GET /services/mqtt\":
        {\"host\": \"127.0.0.1\", \"port\": $broker_port, \"ssl\": false, \"username\": \"addons\", \"password\": \"a b\\\"c\"}}"
    echo '{"home_assistant_sentences": false, "names": false, "wake_phrases": [], "mqtt": true}' >"$data/options.json"
    cp "$srcdir/tests/data/channels.yaml" "$shared/channels.yaml"
    printf '[grammars]\nhome = %s/channels.yaml\n' "$shared_inside" >"$shared/tragus.conf"
    addon
    soon "tragus at the broker" eval '[ "$(mosquitto_sub -h 127.0.0.1 -p "$broker_port" -u addons -P "a b\"c" -t tragus/status -C 1 -W 1 --retained-only)" = online ]'
    soon "the bridge" understands "rear left" 'intent TestChannel {"channel": "rear left"}'
    end_of_container "$container_pid" TERM
    ends_with "after SIGTERM" 0
}
