# SPDX-License-Identifier: Apache-2.0
# Front end: compared with float64, and its exact bits. Network: the training's simulation, bit for bit, and its fast steps.
check_PROGRAMS += tests/golden/frontend_bits
TESTS += tests/golden/frontend_bits tests/golden/crf.py tests/golden/frontend.py tests/golden/fused.py tests/golden/graphics.py tests/golden/programs.py tests/golden/proxy.py tests/golden/stretch.py tests/golden/trainer.py
dist_check_SCRIPTS += tests/golden/crf.py tests/golden/frontend.py tests/golden/fused.py tests/golden/graphics.py tests/golden/programs.py tests/golden/proxy.py tests/golden/stretch.py tests/golden/trainer.py
tests_golden_frontend_bits_SOURCES = tests/golden/frontend_bits.c
tests_golden_frontend_bits_LDADD = $(frontend_libs)

# From the sound to the transcript, with every kernel variant.
check_PROGRAMS += tests/golden/transcript
tests_golden_transcript_SOURCES = tests/golden/transcript.c
tests_golden_transcript_LDADD = $(engine_libs)
dist_check_SCRIPTS += tests/golden/same_bits
if PROGRAMS
TESTS += tests/golden/same_bits
endif
