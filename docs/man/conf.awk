# SPDX-License-Identifier: Apache-2.0
# Makes the manual page of a file such as data/tragus.conf, so that the description of a key is written only once. The first line must
# be "# FILE: the configuration of PROGRAM."
FNR == 1 {
    file = substr($2, 1, length($2) - 1)
    program = $6
    sub(/\.$/, "", program)
    page = program ~ /d$/ ? file : program ".conf"
    print ".\\\" Made from data/" file " by docs/man/conf.awk."
    print ".Dd November 29, 2026\n.Dt " toupper(page) " 5\n.Os"
    print ".Sh NAME\n.Nm " page "\n.Nd configuration of " program "\n.Sh DESCRIPTION"
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
    print ".Sh FILES\n.Bl -tag -width Ds\n.It Pa /etc/tragus/" file "\n.El"
    print ".Sh SEE ALSO\n.Xr tragus 1 ,\n.Xr " program " 8"
}
