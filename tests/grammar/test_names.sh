#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # make check sets abs_top_builddir
# 10,000 names in one list: 0.05 s of processor time and 15 MiB on the machine where this was written, so 0.3 s and 16 MiB here; 50,000: 0.2 s and
# 60 MiB, so 1.5 s and 70 MiB here.
set -u
[ -e "$abs_top_builddir/models/en/lexicon.tragus" ] || { echo "skipped: the model is not built"; exit 77; }
names=$abs_top_builddir/tests/grammar/names
# Sanitizers take more of both.
grep -qE '__(asan|tsan)_init' "$names" && few=() many=() || few=(300 16) many=(1500 70)
"$names" "$abs_top_builddir/models/en" 10000 "${few[@]}" && "$names" "$abs_top_builddir/models/en" 50000 "${many[@]}"
