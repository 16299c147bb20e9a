# SPDX-License-Identifier: Apache-2.0
# Read before the programs that make manual pages: what roff would take for its own, escaped.

# Text that stands as it is.
function literal(s) {
    gsub(/\\/, "\\e", s)
    sub(/^[.']/, "\\\\\\&&", s)
    return s
}
# Prose: a sentence a line, as roff wants it. Three dots end none.
function plain(s) {
    gsub(/`/, "", s)
    gsub(/[.][.][.] /, "...\001", s)
    gsub(/[.] /, ".\n", s)
    gsub(/\001/, " ", s)
    return literal(s)
}
