#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # make check sets abs_top_srcdir and abs_top_builddir
# Eight languages of Home Assistant's test sentences must give the counts of tests/grammar/pins.tsv. Changes to it are decisions.
set -u
pins=$abs_top_srcdir/tests/grammar/pins.tsv
# shellcheck disable=SC2046 # names without blanks
"$abs_top_srcdir/tests/grammar/home_assistant" "$abs_top_builddir" $(grep -v '^#' "$pins" | cut -f1) >tests/grammar/counts.tsv || exit
if ! grep -v '^#' "$pins" | diff - tests/grammar/counts.tsv; then
    echo "FAILED: < are the counts of $pins, > those of now; DIR=FOLDER tests/grammar/home_assistant keeps what is wrong"
    exit 1
fi
