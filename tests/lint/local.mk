# SPDX-License-Identifier: Apache-2.0
dist_check_SCRIPTS += tests/lint/rooms tests/lint/rooms-selftest tests/lint/regen
TESTS += tests/lint/rooms tests/lint/rooms-selftest tests/lint/regen
if PROGRAMS
TESTS += tests/lint/interfaces.py
endif PROGRAMS
dist_check_SCRIPTS += tests/lint/interfaces.py
EXTRA_DIST += tests/lint/all
