#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints a bill of materials as SPDX 2.3 JSON.

The source: every file with its SHA-1 and SHA-256 and its licence according to debian/copyright. The build
dependencies: Build-Depends of debian/control, with the installed version, if one is installed here. The
same tree on the same machine gives the same bytes, because the time is taken from debian/changelog.

Usage: sbom.py [SOURCE] > tragus.spdx.json
"""
import fnmatch
import hashlib
import json
import re
import subprocess
import sys
from datetime import timezone
from email.utils import parsedate_to_datetime
from pathlib import Path

# Short names of debian/copyright that SPDX spells otherwise.
SPDX_NAMES = {"BSD-2-clause": "BSD-2-Clause", "BSD-3-clause": "BSD-3-Clause", "Expat": "MIT"}


def paragraphs(path):
    """Returns the stanzas of a file in Debian's control format as dictionaries; continuation lines keep their line breaks."""
    found, field = [{}], None
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        if not line.strip():
            if found[-1]:
                found.append({})
        elif line[0].isspace():
            found[-1][field] += "\n" + line.strip()
        else:
            field, value = line.split(":", 1)
            found[-1][field] = value.strip()
    return [p for p in found if p]


def licence_of(path, stanzas):
    """Returns the licence of a file; the last stanza that matches it counts."""
    got = None
    for stanza in stanzas:
        if any(fnmatch.fnmatchcase(path, pattern) for pattern in stanza["Files"].split()):
            got = stanza
    if got is None:
        sys.exit(f"sbom: debian/copyright has no licence for {path}")
    name = got["License"].split("\n")[0]
    return SPDX_NAMES.get(name, name), ", ".join(got["Copyright"].split("\n"))


def files_of(source):
    """Returns the files that belong to the source according to git."""
    try:
        listed = subprocess.run(["git", "-C", source, "ls-files", "-z", "-co", "--exclude-standard"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        sys.exit(f"sbom: {source} is not a git checkout, or git is missing, so the list of source files is unknown")
    return sorted(n for n in listed.stdout.decode().split("\0") if n and (source / n).is_file())


def installed_version(package):
    asked = subprocess.run(["dpkg-query", "-W", "-f", "${Version}\n", package], capture_output=True, text=True, check=False)
    return asked.stdout.split("\n")[0] if asked.returncode == 0 else ""


def build_packages(control):
    for part in control["Build-Depends"].split(","):
        name = re.match(r"\s*([a-z0-9.+-]+)", part)
        if name and not name[1].startswith(("debhelper-compat", "dh-sequence-")):
            yield name[1]


def identifier(text):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.]+", "-", text)


def main():
    source = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2])
    head, *rest = (source / "debian/changelog").read_text(encoding="utf-8").split("\n -- ", 1)
    version = re.match(r"tragus \(([^)]+)\)", head)[1]
    made = parsedate_to_datetime(rest[0].split("\n")[0].split(">", 1)[1].strip()).astimezone(timezone.utc)
    stanzas = [p for p in paragraphs(source / "debian/copyright") if "Files" in p]
    control = paragraphs(source / "debian/control")[0]

    files, licences, copyrights, sums = [], set(), set(), []
    for name in files_of(source):
        data = (source / name).read_bytes()
        licence, owner = licence_of(name, stanzas)
        licences.add(licence)
        copyrights.add(owner)
        sums.append(hashlib.sha1(data).hexdigest())
        files.append({
            "SPDXID": identifier("File-" + hashlib.sha1(name.encode()).hexdigest()[:16]),
            "fileName": "./" + name,
            "checksums": [{"algorithm": "SHA1", "checksumValue": sums[-1]},
                          {"algorithm": "SHA256", "checksumValue": hashlib.sha256(data).hexdigest()}],
            "licenseConcluded": licence,
            "licenseInfoInFiles": [licence],
            "copyrightText": "Copyright " + owner,
        })
    # As defined by the standard: over the sorted checksums of the files.
    verification = hashlib.sha1("".join(sorted(sums)).encode()).hexdigest()
    ours = identifier("Package-tragus")
    packages = [{
        "SPDXID": ours,
        "name": "tragus",
        "versionInfo": version,
        "supplier": "Organization: The tragus developers",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": True,
        "packageVerificationCode": {"packageVerificationCodeValue": verification},
        "licenseConcluded": " AND ".join(sorted(licences)),
        "licenseDeclared": " AND ".join(sorted(licences)),
        "licenseInfoFromFiles": sorted(licences),
        "copyrightText": "\n".join("Copyright " + c for c in sorted(copyrights)),
    }]
    relations = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": ours}]
    relations += [{"spdxElementId": ours, "relationshipType": "CONTAINS", "relatedSpdxElement": f["SPDXID"]} for f in files]
    for name in build_packages(control):
        package = {
            "SPDXID": identifier("Package-" + name),
            "name": name,
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False,
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "NOASSERTION",
            "copyrightText": "NOASSERTION",
        }
        here = installed_version(name)
        if here:
            package["versionInfo"] = here
            package["externalRefs"] = [{
                "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                "referenceLocator": f"pkg:deb/debian/{name}@{here.replace('+', '%2B').replace(':', '%3A')}"}]
        packages.append(package)
        relations.append({"spdxElementId": package["SPDXID"], "relationshipType": "BUILD_DEPENDENCY_OF", "relatedSpdxElement": ours})
    json.dump({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"tragus-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/tragus-{version}-{verification}",
        "creationInfo": {"created": made.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": [f"Tool: tragus-sbom-{version}"]},
        "packages": packages,
        "files": files,
        "relationships": relations,
    }, sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
