# SPDX-License-Identifier: Apache-2.0
# Sentences of users and of Home Assistant, through the programs.
if !CROSS_COMPILING
TESTS += tests/grammar/test_home_assistant.sh
endif
EXTRA_DIST += tests/grammar/home_assistant tests/grammar/pins.tsv tests/grammar/test_home_assistant.sh
