#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # make check sets abs_top_srcdir and abs_top_builddir
# Runs the playing part of ./quickstart with this build.
exec "$abs_top_srcdir/tests/integration/play" "$abs_top_builddir" "$abs_top_srcdir"
