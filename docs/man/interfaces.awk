# SPDX-License-Identifier: Apache-2.0
# Makes the manual page org.tragus.Tragus1.5 from data/org.tragus.*.xml. The comment before a method or signal describes it.
BEGIN {
    print ".\\\" Made from data/org.tragus.*.xml by docs/man/interfaces.awk."
    print ".Dd November 24, 2026\n.Dt ORG.TRAGUS.TRAGUS1 5\n.Os"
    print ".Sh NAME\n.Nm org.tragus.Tragus1\n.Nd what tragusd offers on D-Bus\n.Sh DESCRIPTION"
    print "The bus name is\n.Em org.tragus.Tragus1 ,\non the system bus, or with\n.Ql tragusd --user\non the session bus of a user."
    print "Methods and signals are listed with the D-Bus type signatures of their arguments."
}
function value(attribute,    rest) {
    if (!match($0, attribute "=\"[^\"]*\""))
        return ""
    rest = substr($0, RSTART, RLENGTH)
    return substr(rest, length(attribute) + 3, length(rest) - length(attribute) - 3)
}
# Prints a member with its arguments, then its comment without the member's name.
function tell(    head) {
    head = kind " Ic " name
    if (kind == "property")
        head = head " : " type
    else
        head = head " Ns (" arguments ")" (results == "" ? "" : " -> (" results ")")
    print ".It " head
    sub("^" name ": ", "", text)
    if (text != "")
        print plain(toupper(substr(text, 1, 1)) substr(text, 2))
    text = ""
}
function join(list, item) {
    return list == "" ? item : list ", " item
}
in_comment || /<!--/ {
    line = $0
    if (line ~ /<!--/) {
        in_comment = 1
        text = ""
    }
    sub(/^.*<!-- */, "", line)
    if (line ~ /-->/)
        in_comment = 0
    sub(/ *-->.*$/, "", line)
    sub(/^ */, "", line)
    text = text (text == "" ? "" : " ") line
    if (!in_comment && text ~ /^SPDX/)
        text = ""
    next
}
/<interface / {
    print ".Ss " value("name")
    sub("^" value("name") ": ", "", text)
    if (text != "")
        print plain(toupper(substr(text, 1, 1)) substr(text, 2))
    text = ""
    print ".Bl -tag -width Ds"
}
/<(method|signal|property) / {
    kind = /<method/ ? "method" : /<signal/ ? "signal" : "property"
    name = value("name")
    type = value("type")
    arguments = results = ""
    if (kind == "property" || /\/>/)
        tell()
}
/<arg / {
    if (value("direction") == "out")
        results = join(results, value("type") " " value("name"))
    else
        arguments = join(arguments, value("type") " " value("name"))
}
/<\/(method|signal)>/ { tell() }
/<\/interface>/ { print ".El" }
END {
    print ".Sh FILES\n.Bl -tag -width Ds\n.It Pa /usr/share/dbus-1/interfaces/org.tragus.*.xml\nThe same interfaces as introspection data.\n.El"
    print ".Sh EXAMPLES\nOne sentence, from a shell:"
    print ".Bd -literal -offset indent\nbusctl --system -j call org.tragus.Tragus1 /org/tragus/Tragus1 \\e"
    print "    org.tragus.Manager1 Listen \\(aqa{sv}\\(aq 1 Grammar s home\n.Ed"
    print ".Sh SEE ALSO\n.Xr busctl 1 ,\n.Xr tragus 1 ,\n.Xr tragus-grammar 5 ,\n.Xr tragusd 8"
}
