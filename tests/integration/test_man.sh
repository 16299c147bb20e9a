#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # make check sets abs_top_srcdir and abs_top_builddir
# Tests the manual pages: the generated pages contain every member of the public interfaces, and the example of tragus-grammar.5 gives
# the output that is printed there.
set -u
cd "$abs_top_builddir" || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n_failed=0
complain() { echo "FAILED: $*"; n_failed=$((n_failed + 1)); }
has() { # has PAGE PATTERN
    grep -qE "$2" "docs/man/$1" || complain "$1 has nothing like $2"
}
n_members=0
for xml in "$abs_top_srcdir"/data/org.tragus.*1.xml; do
    while read -r kind name; do
        has org.tragus.Tragus1.5 "^\.It $kind Ic $name( |$)"
        n_members=$((n_members + 1))
    done < <(sed -nE 's/^ *<(method|signal|property) name="([^"]*)".*/\1 \2/p' "$xml")
done
n_functions=0
while read -r function; do
    has libtragus.3 "^[a-z].*[ *]$function\("
    n_functions=$((n_functions + 1))
done < <(sed -nE 's/^[a-z].*[ *](tragus_[a-z_]+)\(.*/\1/p' "$abs_top_srcdir/include/tragus.h")
[ $n_members -gt 30 ] || complain "$n_members members of D-Bus are too few"
[ $n_functions -gt 20 ] || complain "$n_functions functions are too few"

# The synopsis of each verb has each option of its --help, by its short name or its long one.
n_options=0
for verb in $("$abs_top_builddir/tragus" help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
    synopsis=$(sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$abs_top_srcdir/docs/man/tragus.1" |
        awk -v verb="$verb" '/^\.Nm/ { mine = 0 } $1 == ".Cm" && $2 == verb { mine = 1 } mine')
    while read -r short long; do
        [ "$long" = --help ] && continue
        grep -qE "(Fl|\|) (Fl )?(${short#-}|${long#-})( |\$)" <<<"$synopsis" || complain "the synopsis of $verb in tragus.1 has no $long"
        n_options=$((n_options + 1))
    done < <("$abs_top_builddir/tragus" "$verb" --help | sed -nE 's/^ +(-.), (--[a-z-]+).*/\1 \2/p; s/^ +(--[a-z-]+).*/\1 \1/p')
done
[ $n_options -gt 40 ] || complain "$n_options options are too few"

page=$abs_top_srcdir/docs/man/tragus-grammar.5
sed -n '/^# lights.yaml/,/^\.Ed/p' "$page" | sed '$d' >"$work/lights.yaml"
asked=$(sed -n 's/^\$ tragus match -g lights.yaml "\(.*\)"$/\1/p' "$page")
told=$(grep -A1 '^\$ tragus match' "$page" | tail -n 1)
got=$("$abs_top_builddir/tragus" match -g "$work/lights.yaml" "$asked")
[ -n "$asked" ] || complain "tragus-grammar.5 has no example"
[ "$got" = "$told" ] || complain "\"$asked\" gives $got, but tragus-grammar.5 says $told"
echo "$n_members members of D-Bus, $n_functions functions, $n_options options, $n_failed failed"
[ $n_failed = 0 ]
