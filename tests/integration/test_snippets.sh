#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # lib.sh defines what the tests share
# Runs the commands and programs in README.md and the tutorial that need no installed system, with the programs of this build, a private
# bus in place of the system bus, and a microphone that says "front center" whenever it is opened (snippets.py, snippets.tsv).
set -u
builddir=$abs_top_builddir srcdir=$abs_top_srcdir
. "$srcdir/tests/integration/lib.sh"
need_model
for tool in arecord:alsa-utils busctl:systemd; do
    command -v "${tool%:*}" >/dev/null || skip "${tool%:*} is missing: apt install ${tool#*:}"
done
/usr/bin/python3 -c 'import dbus, gi' 2>/dev/null || skip "Python modules for the examples are missing: apt install python3-dbus python3-gi"
spoken 48000 1000
start_bus
microphone default "$work/sound.raw" 48000
mkdir "$work/sentences" "$work/bin" "$work/here"
cp "$srcdir/data/grammars/home.yaml" "$srcdir/tests/data/channels.yaml" "$work/sentences"
start_daemon "[grammars]" "home = $work/sentences"
ln -s /usr/bin/python3 "$builddir/tragus" "$builddir/tragusd" "$work/bin"
export PATH=$work/bin:$PATH DBUS_SYSTEM_BUS_ADDRESS=$address TRAGUS_MODEL=$model

# Files that the documents mention but do not contain.
cd "$work/here" || exit
cp "$sound" recording.wav
cp "$srcdir/docs/examples/listen.c" .
cat >lights.yaml <<END
language: en
intents:
  Lights:
    data:
      - sentences: ["(switch|turn) on the desk lamp", "front (left|center)"]
END
/usr/bin/python3 -B "$srcdir/tests/integration/snippets.py" build README.md docs/TUTORIAL.md -- bash -e
