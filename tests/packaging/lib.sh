# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # srcdir comes from who sources this, version goes there
# Sourced by the scripts beside it, which build and try the Debian packages. Before: srcdir. After: $work is removed at the end, and
# version is the one of debian/changelog.

set -u
say() { printf '== %s\n' "$*"; }
fail() { echo "FAILED: $*" >&2; exit 1; }
skip() { echo "skipped: $*" >&2; exit 77; }

# need COMMAND:PACKAGE...: skips where one is missing.
need() {
    local tool
    for tool in "$@"; do
        command -v "${tool%:*}" >/dev/null || skip "${tool%:*} is missing: apt install ${tool#*:}"
    done
}

[ -e "$srcdir/debian/changelog" ] || skip "debian/ is not here: it is in the repository, not in the tarball"
need dpkg-parsechangelog:dpkg-dev
version=$(dpkg-parsechangelog -l "$srcdir/debian/changelog" -S Version)
work=$(mktemp -d "${TMPDIR:-/tmp}/tragus-packaging.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# copy_source TO: what a commit of this tree would hold, so that nothing built or left lying about goes in.
copy_source() {
    git -C "$srcdir" rev-parse --git-dir >/dev/null 2>&1 ||
        skip "$srcdir is no git checkout: what belongs to the source is not known"
    mkdir -p "$1" && (cd "$srcdir" && git ls-files -z -co --exclude-standard | xargs -0r ls -d 2>/dev/null | tar c -T-) | tar x -C "$1"
}

# build_packages FOLDER OPTION...: the packages of the source in FOLDER/source, made beside it; without their tests, which
# `make check` runs.
build_packages() {
    local folder=$1
    shift
    need dpkg-buildpackage:dpkg-dev dh:debhelper
    (cd "$folder/source" && DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:-nocheck parallel=$(nproc)}" dpkg-buildpackage -us -uc "$@") \
        >"$folder/build.log" 2>&1 || { tail -n 30 "$folder/build.log" >&2; fail "the packages are not built"; }
}
