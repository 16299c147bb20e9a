# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # srcdir comes from who sources this, version goes there
# Sourced by the scripts in this folder, which build and test the Debian packages. Set srcdir before. Afterwards $work is a temporary
# folder, which is removed at the end, and version is the version in debian/changelog.

set -u
say() { printf '== %s\n' "$*"; }
fail() { echo "FAILED: $*" >&2; exit 1; }
skip() { echo "skipped: $*" >&2; exit 77; }

# need COMMAND:PACKAGE...: skips the test if a command is missing.
need() {
    local tool
    for tool in "$@"; do
        command -v "${tool%:*}" >/dev/null || skip "${tool%:*} is missing: apt install ${tool#*:}"
    done
}

[ -e "$srcdir/debian/changelog" ] || skip "debian/ is missing: it is in the repository, but not in the tarball"
need dpkg-parsechangelog:dpkg-dev
version=$(dpkg-parsechangelog -l "$srcdir/debian/changelog" -S Version)
work=$(mktemp -d "${TMPDIR:-/tmp}/tragus-packaging.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# copy_source TO: copies what a commit of this tree would contain, so that no build results or stray files are included.
copy_source() {
    git -C "$srcdir" rev-parse --git-dir >/dev/null 2>&1 ||
        skip "$srcdir is not a git checkout, so the list of source files is unknown"
    mkdir -p "$1" && (cd "$srcdir" && git ls-files -z -co --exclude-standard | xargs -0r ls -d 2>/dev/null | tar c -T-) | tar x -C "$1"
}

# build_packages FOLDER OPTION...: builds the packages from FOLDER/source into FOLDER, without their tests, because `make check` runs
# those.
build_packages() {
    local folder=$1
    shift
    need dpkg-buildpackage:dpkg-dev dh:debhelper
    (cd "$folder/source" && DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:-nocheck parallel=$(nproc)}" dpkg-buildpackage -us -uc "$@") \
        >"$folder/build.log" 2>&1 || { tail -n 30 "$folder/build.log" >&2; fail "building the packages failed"; }
}
