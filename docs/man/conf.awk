# SPDX-License-Identifier: Apache-2.0
# Makes the manual page tragus.conf.5 from data/tragus.conf, so that the description of a key is written only once.
BEGIN {
    print ".\\\" Made from data/tragus.conf by docs/man/conf.awk."
    print ".Dd November 24, 2026\n.Dt TRAGUS.CONF 5\n.Os"
    print ".Sh NAME\n.Nm tragus.conf\n.Nd configuration of tragusd\n.Sh DESCRIPTION"
}
function end_list() {
    if (in_list)
        print ".El"
    in_list = 0
}
/^\[/ {
    end_list()
    if (text != "")
        print text
    text = ""
    print ".Ss " $0
    next
}
/^# / {
    text = text (text == "" ? "" : "\n") plain(substr($0, 3))
    next
}
/^#?[a-z_]+ = / {
    sub(/^#/, "")
    if (!in_list)
        print ".Bl -tag -width Ds"
    in_list = 1
    split($0, part, / = /)
    print ".It Ic " part[1] " No = Ar " plain(substr($0, index($0, " = ") + 3))
    if (text != "")
        print text
    text = ""
    next
}
/^$/ && !in_list && text != "" {
    print text
    text = ""
}
END {
    end_list()
    print ".Sh FILES\n.Bl -tag -width Ds\n.It Pa /etc/tragus/tragus.conf\n.El"
    print ".Sh SEE ALSO\n.Xr tragus 1 ,\n.Xr tragusd 8"
}
