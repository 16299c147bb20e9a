# SPDX-License-Identifier: Apache-2.0
# Makes the manual page libtragus.3 from include/tragus.h: comments on lines of their own become text, declarations are copied.
BEGIN {
    print ".\\\" Made from include/tragus.h by docs/man/header.awk."
    print ".Dd November 26, 2026\n.Dt LIBTRAGUS 3\n.Os"
    print ".Sh NAME\n.Nm libtragus\n.Nd understand spoken commands on this machine\n.Sh LIBRARY\nlibtragus, -ltragus"
    print ".Sh SYNOPSIS\n.In tragus.h\n.Pp\nCompile with the flags that\n.Ql pkg-config --cflags --libs tragus\nprints.\n.Sh DESCRIPTION"
    first = 1
}
function code_begins() {
    if (!in_code)
        print ".Bd -literal"
    in_code = 1
}
function code_ends() {
    if (in_code)
        print ".Ed"
    in_code = 0
}
/SPDX/ { next }
/^#ifdef __cplusplus/ { skipped = 1 }
/^#endif/ {
    skipped = 0
    next
}
skipped || /^#/ { next }
/^\/\*/ && !in_code {
    in_comment = 1
    begun = 0
}
in_comment {
    line = $0
    ends = sub(/ *\*\/ *$/, "", line)
    sub(/^\/\* ?/, "", line)
    sub(/^ \* ?/, "", line)
    if (line ~ /^    /) {
        code_begins()
        print literal(substr(line, 5))
    } else {
        code_ends()
        if (line == "")
            begun = 0
        else if (line !~ /^tragus[.]h: /) { # its first line is already in NAME
            if (!begun && !first)
                print ".Pp"
            print plain(line)
            begun = 1
            first = 0
        }
    }
    if (ends) {
        code_ends()
        in_comment = 0
    }
    next
}
/^$/ {
    code_ends()
    next
}
{
    code_begins()
    print literal($0)
}
END {
    code_ends()
    print ".Sh EXAMPLES\n.Pa /usr/share/doc/libtragus-dev/examples/understand.c"
    print ".Sh SEE ALSO\n.Xr tragus 1 ,\n.Xr tragus-grammar 5"
}
