#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2016,SC2034,SC2154 # lib.sh uses builddir and defines what the tests share; what is in single quotes is for the shell inside
# Tests the names that tragus-bridge takes from Home Assistant, with the real tragusd and home_assistant.py, which stands in for Home
# Assistant: names understood in text and in recorded speech, changes, names that cannot be used, restarts of both, tokens, TLS, and
# a home with 5000 entities.
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
. "$srcdir/tests/integration/lib.sh"
need_model
port=$((20000 + $$ % 20000))
is() { # WHAT EXPECTED GOT
    [ "$2" = "$3" ] || fail "$1: expected \"$2\", got \"$3\""
}

home_pid=''
start_home() { # [CERTIFICATE KEY]
    "${PYTHON:-python3}" "$srcdir/tests/integration/home_assistant.py" $port "$work/home.json" "$work/home.log" "$@" 2>>"$work/home.err" &
    home_pid=$!
    wait_for "home_assistant.py" grep -q listening "$work/home.log"
}
stop_home() {
    kill "$home_pid" 2>/dev/null
    wait "$home_pid" 2>/dev/null
    home_pid=''
    grep -s "^wrong" "$work/home.log" >>"$work/home.err"
    rm -f "$work/home.log"
}
# shellcheck disable=SC2154 # set by the trap
trap 'status=$?; stop_home; (exit $status); end_all' EXIT

# home TOKEN ENTITY...: the home, where an entity is "ID": {...}. It is replaced at once, so that it is never read in part.
home() {
    local token=$1 entities=''
    shift
    for e in "$@"; do entities="$entities${entities:+, }$e"; done
    echo "{\"token\": \"$token\", \"version\": \"${version:-2026.8.1}\", \"admin\": ${admin:-true}, \"entities\": {$entities},
        \"areas\": [{\"area_id\": \"kitchen\", \"name\": \"Kitchen\", \"aliases\": [\"cooking room\"]}, {\"area_id\": \"x\", \"name\": \"\"}],
        \"floors\": [{\"floor_id\": \"attic\", \"name\": \"Attic\", \"aliases\": []}]}" >"$work/home.new"
    mv "$work/home.new" "$work/home.json"
}
configure() { # URL [LINE...]
    { printf '[bus]\naddress = %s\n[wyoming]\nuri = %s\n[home_assistant]\nurl = %s\ntoken_file = %s\n' "$address" "$uri" "$1" "$work/token"
      shift
      printf '%s\n' "$@"; } >"$work/bridge.conf"
}
start() {
    : >"$work/tragus-bridge.log"
    start_bridge --config "$work/bridge.conf"
}
logged() { grep -q -- "$1" "$work/tragus-bridge.log"; }
n_logged() { grep -c -- "$1" "$work/tragus-bridge.log"; }
# means TEXT: the intent and slots that the bridge tells Home Assistant.
means() { wyoming text en "$1" | sed 's/ None$//'; }
# shellcheck disable=SC2317 # called by wait_for
understands() { means "$1" | grep -qF "$2"; }
# shellcheck disable=SC2317 # called by wait_for
misunderstands() { ! understands "$1" "$2"; }

cat >"$work/own.yaml" <<END
language: en
intents: {Heard: {data: [{sentences: ["{name}"]}]}}
END
printf 'language: en\nintents: {Private: {data: [{sentences: ["good morning"]}]}}\n' >"$work/private.yaml"
sentences="home = $srcdir/data/grammars/home-assistant-en.yaml $work/own.yaml"
daemon() { start_daemon "[microphone]" "device = silence" "[grammars]" "$sentences" "$@"; }
printf 'secret-1\n' >"$work/token"
chmod 600 "$work/token"
desk='"light.desk": {"name": "Desk Lamp", "aliases": [null, "writing light"]}'
center='"switch.center": {"name": "Front Center"}'
hidden='"light.secret": {"name": "Secret Lamp", "exposed": false}'
home secret-1 "$desk" "$center" "$hidden" '"switch.plain": {"name": "Old Heater", "registered": false}' \
    '"light.new": {"name": "Lamp (new) [x] {y} <z> 💡"}' '"light.spare": {"name": "Spare Lamp", "aliases": ["bright thing"]}'
spoken 16000 1200
start_bus
microphone silence /dev/null 16000
daemon
start_home

echo "== names"
configure "http://127.0.0.1:$port"
start
wait_for "names" logged "tragusd understands 6 names, 2 areas, 1 floors"
is "a light" 'intent HassTurnOn {"name": "Desk Lamp"}' "$(means "turn on the desk lamp")"
is "its alias" 'intent HassTurnOn {"name": "writing light"}' "$(means "turn on the writing light")"
is "its domain" "intent HassLightSet" "$(means "dim the desk lamp to 20 percent" | cut -d' ' -f1-2)"
is "an entity without an entry" 'intent HassTurnOn {"name": "Old Heater"}' "$(means "turn on the old heater")"
is "a switch is not dimmed" "not-recognized" "$(means "dim the old heater to 20 percent" | cut -d' ' -f1)"
is "signs of templates" 'intent HassTurnOn {"name": "Lamp (new) [x] {y} <z> \ud83d\udca1"}' "$(means "turn on the lamp new x y z")"
is "an area" 'intent HassTurnOn {"area": "Kitchen", "domain": "light"}' "$(means "turn on the kitchen lights")"
is "an alias of an area" 'intent HassTurnOn {"area": "cooking room", "domain": "light"}' "$(means "turn on the cooking room lights")"
is "a floor" 'intent HassTurnOn {"domain": "light", "floor": "Attic"}' "$(means "turn on the attic lights")"
is "an own name that is taken out" "not-recognized" "$(means "turn on the spare lamp" | cut -d' ' -f1)"
is "what is left of it" 'intent HassTurnOn {"name": "bright thing"}' "$(means "turn on the bright thing")"
is "what is not exposed" "not-recognized" "$(means "turn on the secret lamp" | cut -d' ' -f1)"

echo "== recorded speech"
is "the words of an entity" '{"text": "Front Center", "intent": "Heard"}' "$(wyoming transcribe "$work/sound.raw")"

echo "== changes"
home secret-1 "${desk/Desk Lamp/Reading Lamp}" "$center" "${hidden/false/true}"
wait_for "a new name" understands "turn on the reading lamp" '"name": "Reading Lamp"'
wait_for "an entity that is exposed now" understands "turn on the secret lamp" '"name": "Secret Lamp"'
is "the old name" "not-recognized" "$(means "turn on the desk lamp" | cut -d' ' -f1)"
is "an entity that is gone" "not-recognized" "$(means "turn on the old heater" | cut -d' ' -f1)"

echo "== names that cannot be used"
bad=('"light.empty": {"name": ""}' '"light.blank": {"name": "  "}' '"light.picture": {"name": "💡🛋"}' '"light.bracket": {"name": "Hall (left"}'
    '"light.cyrillic": {"name": "лампа"}' '"light.greek": {"name": "Lamp λ"}' "\"light.long\": {\"name\": \"$(printf 'a%.0s' {1..250})\"}"
    "\"light.word\": {\"name\": \"$(printf 'x%.0s' {1..120})\"}" '"light.signs": {"name": "--"}' '"light.none": {}' '"light.blanks": {"name": "  Zebra Lamp \t"}' '"light.control": {"name": "Bad\nName"}')
home secret-1 "$desk" "$center" "${bad[@]}"
wait_for "names beside bad ones" understands "turn on the hall left" '"name": "Hall (left"'
is "the others" 'intent HassTurnOn {"name": "Desk Lamp"}' "$(means "turn on the desk lamp")"
is "a name with blanks around it" 'intent HassTurnOn {"name": "Zebra Lamp"}' "$(means "turn on the zebra lamp")"
is "a name of two lines" 'intent HassTurnOn {"name": "Bad\nName"}' "$(means "turn on the bad name")"
for left_out in "light.picture .* contains nothing that can be said" "light.cyrillic .* is in another script" "light.greek .* is in another script" \
    "light.long .* is longer than 200 bytes" "light.word .* has a word of more than 48 bytes" "light.signs .* contains nothing that can be said"; do
    is "warnings of $left_out" 1 "$(n_logged "$left_out")"
done
home secret-1 "$desk" "$center" "${bad[@]}" "$hidden"
sleep 3
is "warnings after another change" 1 "$(n_logged "light.greek")"

echo "== tragusd restarts"
stop_daemon || fail "tragusd: exit status $?"
daemon
wait_for "names in the new tragusd" understands "turn on the desk lamp" '"name": "Desk Lamp"'
kill -KILL "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
daemon
wait_for "names in the next tragusd" understands "turn on the desk lamp" '"name": "Desk Lamp"'

echo "== a grammar of one session"
n_before=$(n_logged "of Home Assistant now")
for _ in 1 2 3; do timeout 2 "$tragus" listen --bus-address "$address" -g "$work/private.yaml" >/dev/null 2>&1; done
n_more=$(($(n_logged "of Home Assistant now") - n_before))
[ $n_more -le 1 ] || fail "the names were set $n_more times for grammars of single sessions"

echo "== Home Assistant restarts, and an entity is away"
stop_home
is "names without Home Assistant" 'intent HassTurnOn {"name": "Desk Lamp"}' "$(means "turn on the desk lamp")"
home secret-1 "${desk/\"aliases\"/\"away\": true, \"original\": \"Lamp\", \"aliases\"}" '"light.added": {"name": "Added Lamp"}'
start_home
wait_for "an added entity" understands "turn on the added lamp" '"name": "Added Lamp"'
is "the last name of an entity that is away" 'intent HassTurnOn {"name": "Desk Lamp"}' "$(means "turn on the desk lamp")"
is "warnings of the restart" 1 "$(n_logged "it has closed the connection; trying again")"

echo "== an older Home Assistant, where the own name is always used"
version=2026.3.4 home secret-1 '"light.spare": {"name": "Spare Lamp", "aliases": ["bright thing"]}'
stop_home
start_home
wait_for "the own name" understands "turn on the spare lamp" '"name": "Spare Lamp"'
is "the alias" 'intent HassTurnOn {"name": "bright thing"}' "$(means "turn on the bright thing")"

echo "== a token that is revoked"
home secret-2 "$desk"
wait_for "the refusal" logged "refuses the token; make a new one"
sleep 5
is "refusals" "1 1" "$(n_logged "refuses the token") $(grep -c refused "$work/home.log")"
is "the names are kept" 'intent HassTurnOn {"name": "bright thing"}' "$(means "turn on the bright thing")"
stop_bridge || fail "tragus-bridge: exit status $?"
printf secret-2 >"$work/token"
start
wait_for "names with a new token" logged "tragusd understands 2 names"
stop_bridge || fail "tragus-bridge: exit status $?"

echo "== wrong configurations"
complains() { # TEXT: the bridge logs this and serves clients nevertheless
    start
    wait_for "$1" logged "$1"
    sleep 2.5
    is "complaints: $1" 1 "$(n_logged "No names from Home Assistant")"
    wyoming ping >/dev/null || fail "ping: $1"
    stop_bridge || fail "tragus-bridge: exit status $?"
}
chmod 640 "$work/token"
complains "token_file $work/token is open to other users; chmod 600 $work/token"
chmod 600 "$work/token"
printf 'two words' >"$work/token"
complains "must contain the token and nothing else"
rm "$work/token"
complains "cannot be read: No such file or directory"
printf secret-2 >"$work/token"
chmod 600 "$work/token"
configure "http://127.0.0.1:1"
complains "it cannot be reached"
configure "http://no-such-host.invalid:8123"
complains "its host cannot be found"
configure "http://127.0.0.1:$port/elsewhere"
complains "what answers is not Home Assistant"
configure "http://127.0.0.1:$port/moved"
n_accepted=$(grep -c accepted "$work/home.log")
complains "what answers is not Home Assistant, or sends us elsewhere"
is "tokens sent to another host" "$n_accepted" "$(grep -c accepted "$work/home.log")"
admin=false home secret-2 "$desk"
configure "http://127.0.0.1:$port"
complains "make one as a user who is an administrator"
for url in "127.0.0.1:$port" "ftp://x" "http://" "http://x:0" "http://x:99999" "http://x:1y" "http://[::1" "http://x/?a"; do
    configure "$url"
    is "a wrong URL" "tragus-bridge: url $url: write http://HOST:PORT or https://HOST:PORT, as in your browser" \
        "$(timeout 20 "$bridge" --config "$work/bridge.conf" 2>&1)"
done
configure "http://127.0.0.1:$port" "ca_file = $work/none.pem"
timeout 20 "$bridge" --config "$work/bridge.conf" 2>&1 | grep -q "ca_file $work/none.pem cannot be read" || fail "a missing ca_file"
echo "[home_assistant]" >"$work/half.conf"
echo "url = http://x" >>"$work/half.conf"
timeout 20 "$bridge" --config "$work/half.conf" --check-config 2>&1 | grep -q "needs both url and token_file" || fail "no token_file"

echo "== a grammar that is not there, and one that has no areas and floors"
admin=true home secret-2 "$desk" "$center"
configure "http://127.0.0.1:$port" "grammar = later"
start
wait_for "the complaint" logged "there is no grammar \"later\""
stop_daemon || fail "tragusd: exit status $?"
daemon "later = $work/own.yaml"
wait_for "names in the grammar" logged "tragusd understands 3 names"
stop_bridge || fail "tragus-bridge: exit status $?"
start_bridge --config "$work/bridge.conf" --grammar later
is "the words of an entity" '{"text": "Front Center", "intent": "Heard"}' "$(wyoming transcribe "$work/sound.raw")"
stop_bridge || fail "tragus-bridge: exit status $?"
stop_daemon || fail "tragusd: exit status $?"
daemon

echo "== TLS"
if command -v openssl >/dev/null; then
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout "$work/key.pem" \
        -out "$work/ca.pem" 2>/dev/null || fail "openssl"
    stop_home
    start_home "$work/ca.pem" "$work/key.pem"
    configure "https://localhost:$port"
    complains "its certificate is not trusted"
    configure "https://127.0.0.1:$port" "ca_file = $work/ca.pem"
    complains "its certificate is not trusted, or is for another name"
    ! grep -q accepted "$work/home.log" || fail "the token was sent to a host that is not the one of the certificate"
    configure "https://localhost:$port" "ca_file = $work/ca.pem"
    start
    wait_for "names by TLS" logged "tragusd understands 3 names"
    stop_bridge || fail "tragus-bridge: exit status $?"
    grep -q accepted "$work/home.log" || fail "nobody was accepted"
else
    echo "TLS is not tested: apt install openssl"
fi

echo "== 5000 entities"
stop_home
"${PYTHON:-python3}" - "$work/home.json" <<'END'
import itertools, json, sys
rooms = "kitchen bedroom bathroom office garage attic basement hallway garden study".split()
sides = "left right upper lower front back north south east west".split()
colors = "red green blue white black old new big small spare".split()
things = [("lamp", "light"), ("fan", "fan"), ("outlet", "switch"), ("thermostat", "climate"), ("speaker", "media_player")]
entities = {}
for i, (room, side, color, (thing, domain)) in enumerate(itertools.product(rooms, sides, colors, things)):
    entities[f"{domain}.number_{i}"] = {"name": f"{room} {side} {color} {thing}".title()}
json.dump({"token": "secret-2", "entities": entities, "areas": [{"area_id": r, "name": r.title(), "aliases": []} for r in rooms]},
          open(sys.argv[1], "w"))
END
stop_home
start_home
configure "http://127.0.0.1:$port"
configure "ws://127.0.0.1:$port/api/websocket/"
began=$(date +%s.%N)
start
wait_for "5000 names" logged "tragusd understands 5000 names, 10 areas, 0 floors"
ended=$(date +%s.%N)
is "one of them" 'intent HassTurnOn {"name": "Garage West Spare Lamp"}' "$(means "turn on the garage west spare lamp")"
is "the last" "intent HassMediaPause" "$(means "pause the study west spare speaker" | cut -d' ' -f1-2)"
peak() { awk '/^VmHWM/ { print int($2 / 1024) }' "/proc/$1/status"; }
echo "5000 entities: $(echo "$ended $began" | awk '{ printf "%.1f", $1 - $2 }') s from the start to the grammar;" \
    "tragus-bridge $(peak "$bridge_pid") MiB, tragusd $(peak "$daemon_pid") MiB at most"

echo "== clean stop"
! grep -q "secret" "$work/tragus-bridge.log" || fail "the log contains the token"
stop_home
[ ! -s "$work/home.err" ] || fail "home_assistant.py: $(cat "$work/home.err")"
stop_bridge || fail "tragus-bridge: exit status $?"

echo "== stopping does not wait for a name server that does not answer"
if [ "$(id -u)" = 0 ] && command -v ip >/dev/null && unshare --mount --net true 2>/dev/null; then
    echo "nameserver 192.0.2.1" >"$work/resolv.conf"
    echo "hosts: dns" >"$work/nsswitch.conf"
    configure http://ha.example:8123 "[mqtt]" "host = broker.example"
    unshare --mount --net bash -c 'mount --bind "$1/resolv.conf" /etc/resolv.conf && mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf &&
        ip link set lo up && ip route add default dev lo && exec "$2" --config "$1/bridge.conf" --bus-address "$3" --uri "$4"' \
        bash "$work" "$bridge" "$address" "$uri" 2>>"$work/tragus-bridge.log" &
    bridge_pid=$!
    wait_for "tragus-bridge" wyoming ping
    sleep 0.5
    before=$EPOCHREALTIME
    stop_bridge || fail "tragus-bridge: exit status $?"
    took_ms=$(((${EPOCHREALTIME/./} - ${before/./}) / 1000))
    [ $took_ms -lt 2000 ] || fail "it took $took_ms ms to stop"
else
    echo "not tested: it needs root, ip (apt install iproute2), and name spaces"
fi
