#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # make check sets abs_top_srcdir and abs_top_builddir
# The command line and configuration of tragusd: accepts valid ones, and reports invalid ones with file and line.
set -u
tragusd=$abs_top_builddir/tragusd
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n_failed=0

refuses() { # refuses PATTERN LINE...
    local pattern=$1 output
    shift
    printf '%s\n' "$@" >"$work/c"
    output=$("$tragusd" --config "$work/c" --check-config 2>&1)
    if [ $? != 2 ] || ! echo "$output" | grep -qE "$pattern"; then
        echo "FAILED: $* gives \"$output\", not $pattern"
        n_failed=$((n_failed + 1))
    fi
}
accepts() {
    "$tragusd" --config "$1" --check-config >"$work/out" 2>&1 || { cat "$work/out"; n_failed=$((n_failed + 1)); }
}
# The shipped file, with the folders of the source tree in place of those that are installed.
sed "s,= /etc/tragus/sentences$,= $abs_top_srcdir/data/grammars/home.yaml," "$abs_top_srcdir/data/tragus.conf" >"$work/shipped"
accepts "$work/shipped"
# Every key of the shipped file, with its documented value.
sed -E 's/^#([a-z_]+ = )/\1/' "$work/shipped" >"$work/all"
accepts "$work/all"
refuses ':2: unknown key "adress" in \[bus\]; did you mean address' '[bus]' 'adress = system'
refuses ':1: unknown section \[microfone\]; did you mean \[microphone\]' '[microfone]'
refuses ':3: address is given twice' '[bus]' 'address = system' 'address = session'
refuses ':2: open_db must be a number' '[gate]' 'open_db = loud'
refuses ':2: open_db must be from 1 to 60' '[gate]' 'open_db = 100'
refuses ':2: sessions_per_user must be a whole number' '[limits]' 'sessions_per_user = 1.5'
refuses ':1: "device" is before the first \[section\]' 'device = default'
refuses ':2: device has no value' '[microphone]' 'device ='
refuses ':2: .* neither \[section\] nor key = value' '[microphone]' 'device'
refuses ':2: unknown key "device" in \[bus\]; it belongs in \[microphone\]' '[bus]' 'device = x'
refuses 'default_grammar is home, but \[grammars\] has no grammar of that name' '[recognition]' 'default_grammar = home'
refuses ':1: the line is not UTF-8' $'\xff\xfe'
: >"$work/empty"
accepts "$work/empty"
"$tragusd" --config "$work/nowhere" --check-config 2>&1 | grep -q 'nowhere: cannot be read: No such file' || n_failed=$((n_failed + 1))
# Exit code 2 is for what a person must mend, so that systemd does not try again; another error of reading may pass.
expect() { # expect STATUS FILE
    "$tragusd" --config "$2" --check-config >"$work/out" 2>&1
    local status=$?
    [ $status = "$1" ] || { echo "FAILED: $2: exit status $status, not $1: $(cat "$work/out")"; n_failed=$((n_failed + 1)); }
}
expect 2 "$work/nowhere"
expect 2 "$work"
expect 1 /proc/self/mem # gives EIO
"$tragusd" --nonsense 2>/dev/null
[ $? = 2 ] || n_failed=$((n_failed + 1))
"$tragusd" extra 2>/dev/null
[ $? = 2 ] || n_failed=$((n_failed + 1))
"$tragusd" --help | grep -q -- --bus-address || n_failed=$((n_failed + 1))
"$tragusd" --version | grep -qE '^tragusd [0-9]' || n_failed=$((n_failed + 1))
[ "$n_failed" = 0 ]
