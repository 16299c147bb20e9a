#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes ./configure. Run once after a checkout.
set -e
cd "$(dirname "$0")"
for tool in autoreconf:autoconf automake:automake libtoolize:libtool pkg-config:pkg-config; do
    command -v "${tool%:*}" >/dev/null || { echo "autogen.sh: ${tool%:*} is missing: apt install ${tool#*:}" >&2; exit 1; }
done
exec autoreconf --force --install
