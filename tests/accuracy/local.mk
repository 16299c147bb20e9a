# SPDX-License-Identifier: Apache-2.0
TESTS += tests/accuracy/dev_sets
dist_check_SCRIPTS += tests/accuracy/dev_sets
EXTRA_DIST += tests/accuracy/report.py $(wildcard $(srcdir)/tests/accuracy/pins.tsv)
