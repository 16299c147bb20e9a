#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks a bill of materials in SPDX 2.3 JSON against the rules of the standard that sbom.py uses.

No Debian package checks such documents. This program checks the required fields, and that there are no others; the form of
identifiers, times, checksums, licence expressions and package addresses; that every reference leads to an element of the
document, and that every element is referenced; and the verification code, which it computes again. It reports fields and
relations that sbom.py does not write as unknown; to add one to sbom.py, add it here first.

Usage: sbom_rules.py DOCUMENT    prints a line for each broken rule; exit status 1 if there is one
"""
import hashlib
import json
import re
import sys
from datetime import datetime

# The licences of the SPDX licence list that occur in this source. Look a new one up in that list before adding it.
LICENCES = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CC-BY-4.0", "MIT", "Unicode-DFS-2016"}
NOTHING = {"NOASSERTION", "NONE"}
IDENTIFIER = re.compile(r"SPDXRef-[A-Za-z0-9.-]+")
SUMS = {"SHA1": 40, "SHA256": 64}
RELATIONS = {"DESCRIBES", "CONTAINS", "BUILD_DEPENDENCY_OF"}
# Field: whether it is required.
DOCUMENT = {"spdxVersion": True, "dataLicense": True, "SPDXID": True, "name": True, "documentNamespace": True,
            "creationInfo": True, "packages": False, "files": False, "relationships": False}
PACKAGE = {"SPDXID": True, "name": True, "downloadLocation": True, "versionInfo": False, "supplier": False,
           "filesAnalyzed": False, "packageVerificationCode": False, "licenseConcluded": False, "licenseDeclared": False,
           "licenseInfoFromFiles": False, "copyrightText": False, "externalRefs": False}
FILE = {"SPDXID": True, "fileName": True, "checksums": True, "licenseConcluded": False, "licenseInfoInFiles": False,
        "copyrightText": False}
RELATION = {"spdxElementId": True, "relationshipType": True, "relatedSpdxElement": True}
REFERENCE = {"referenceCategory": True, "referenceType": True, "referenceLocator": True}
AGENT = re.compile(r"(Person|Organization|Tool): \S.*")
PURL = re.compile(r"pkg:[a-z]+(/[A-Za-z0-9._~%+-]+)+@[A-Za-z0-9._~%-]+")


def broken(document):
    """Returns a sentence for each broken rule."""
    found = []

    def rule(true, words):
        if not true:
            found.append(words)

    def fields(what, got, known):
        for name, needed in known.items():
            rule(not needed or got.get(name), f"{what} has no {name}")
        for name in got:
            rule(name in known, f"{what} has an unknown field {name}")

    def expression(what, text):
        parts = [] if text in NOTHING else re.split(r" (?:AND|OR) ", text)
        for part in parts:
            rule(part in LICENCES, f"{what}: unknown licence '{part}'")

    def sums(what, got):
        for entry in got:
            algorithm, value = entry.get("algorithm"), entry.get("checksumValue", "")
            rule(algorithm in SUMS and re.fullmatch(r"[0-9a-f]*", value) and len(value) == SUMS[algorithm],
                 f"{what}: '{value}' is not a valid {algorithm}")

    fields("the document", document, DOCUMENT)
    rule(document.get("spdxVersion") == "SPDX-2.3", "spdxVersion is not SPDX-2.3")
    rule(document.get("dataLicense") == "CC0-1.0", "dataLicense is not CC0-1.0")
    rule(document.get("SPDXID") == "SPDXRef-DOCUMENT", "the document's SPDXID is not SPDXRef-DOCUMENT")
    rule(re.fullmatch(r"[a-z][a-z0-9+.-]*://[^\s#]+", document.get("documentNamespace", "")), "documentNamespace is not an absolute URI without #")
    made = document.get("creationInfo", {})
    try:
        datetime.strptime(made.get("created", ""), "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        rule(False, f"created is not a valid time: '{made.get('created')}'")
    rule(made.get("creators"), "there are no creators")
    for creator in made.get("creators", []):
        rule(AGENT.fullmatch(creator), f"creator '{creator}' is neither Person:, Organization: nor Tool:")

    packages, files = document.get("packages", []), document.get("files", [])
    elements = {"SPDXRef-DOCUMENT"}
    for element in packages + files:
        identifier = element.get("SPDXID", "")
        rule(IDENTIFIER.fullmatch(identifier), f"'{identifier}' is not a valid identifier")
        rule(identifier not in elements, f"{identifier} occurs twice")
        elements.add(identifier)

    sha1, names = {}, set()
    for file in files:
        name = file.get("fileName", "")
        what = f"file {name}"
        fields(what, file, FILE)
        rule(name.startswith("./") and "//" not in name and "/../" not in name, f"{what}: the name does not begin with ./")
        rule(name not in names, f"{what} occurs twice")
        names.add(name)
        sums(what, file.get("checksums", []))
        own = [c["checksumValue"] for c in file.get("checksums", []) if c.get("algorithm") == "SHA1"]
        rule(len(own) == 1, f"{what} does not have exactly one SHA1")
        sha1[file.get("SPDXID")] = own[0] if own else ""
        for text in [file.get("licenseConcluded", "NONE")] + file.get("licenseInfoInFiles", []):
            expression(what, text)

    relations = document.get("relationships", [])
    reached, contents = set(), {}
    for relation in relations:
        fields("a relation", relation, RELATION)
        kind, ends = relation.get("relationshipType"), (relation.get("spdxElementId"), relation.get("relatedSpdxElement"))
        rule(kind in RELATIONS, f"unknown relation {kind}")
        for end in ends:
            rule(end in elements, f"relation {kind} refers to {end}, which does not exist")
        reached.update(ends)
        if kind == "CONTAINS":
            contents.setdefault(ends[0], []).append(ends[1])
    rule(any(r.get("relationshipType") == "DESCRIBES" and r.get("spdxElementId") == "SPDXRef-DOCUMENT" for r in relations),
         "the document describes nothing")
    for identifier in sorted(elements - reached):
        rule(False, f"no relation refers to {identifier}")

    for package in packages:
        what = f"package {package.get('name')}"
        fields(what, package, PACKAGE)
        rule(package.get("downloadLocation") in NOTHING or "://" in package.get("downloadLocation", ""), f"{what}: downloadLocation is not a URL")
        rule(package.get("supplier", "NOASSERTION") == "NOASSERTION" or AGENT.fullmatch(package["supplier"]), f"{what}: supplier is neither Person: nor Organization:")
        for text in [package.get("licenseConcluded", "NONE"), package.get("licenseDeclared", "NONE")] + package.get("licenseInfoFromFiles", []):
            expression(what, text)
        for reference in package.get("externalRefs", []):
            fields(f"{what}: a reference", reference, REFERENCE)
            rule(reference.get("referenceType") == "purl" and PURL.fullmatch(reference.get("referenceLocator", "")),
                 f"{what}: '{reference.get('referenceLocator')}' is not a valid package URL")
        inside = contents.get(package.get("SPDXID"), [])
        if package.get("filesAnalyzed", True):
            listed = [sha1[i] for i in inside if i in sha1]
            code = hashlib.sha1("".join(sorted(listed)).encode()).hexdigest()
            rule(package.get("packageVerificationCode", {}).get("packageVerificationCodeValue") == code, f"{what}: the verification code is wrong")
        else:
            rule(not inside and "packageVerificationCode" not in package and "licenseInfoFromFiles" not in package,
                 f"{what}: its files were not analysed, and it has some")
    return found


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as document:
        found = broken(json.load(document))
    for words in found:
        print(f"sbom: {words}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
