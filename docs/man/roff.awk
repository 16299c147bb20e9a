# SPDX-License-Identifier: Apache-2.0
# Included before the programs that make manual pages: escapes characters that are special in roff.

# Literal text.
function literal(s) {
    gsub(/\\/, "\\e", s)
    sub(/^[.']/, "\\\\\\&&", s)
    return s
}
# Prose: one sentence per line, as roff needs it. Three dots do not end a sentence.
function plain(s) {
    gsub(/`/, "", s)
    gsub(/[.][.][.] /, "...\001", s)
    gsub(/[.] /, ".\n", s)
    gsub(/\001/, " ", s)
    return literal(s)
}
