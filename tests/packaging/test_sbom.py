#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Tests that the bill of materials of this tree follows the rules of SPDX 2.3 (sbom_rules.py), and that planted errors are found."""
import copy
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import sbom_rules

HERE = Path(__file__).resolve().parent
SOURCE = Path(os.environ.get("abs_top_srcdir", HERE.parents[1]))


def set_created(document):
    document["creationInfo"]["created"] = "2026-11-24 12:00"


def set_sum(document):
    document["files"][0]["checksums"][0]["checksumValue"] = "0" * 40


PLANTED = {
    "an invalid time": set_created,
    "a wrong checksum": set_sum,
    "no name": lambda d: d.pop("name"),
    "a wrong version": lambda d: d.update(spdxVersion="SPDX-2.2"),
    "a namespace with #": lambda d: d.update(documentNamespace=d["documentNamespace"] + "#x"),
    "an unknown field": lambda d: d["packages"][0].update(colour="green"),
    "no creator": lambda d: d["creationInfo"].update(creators=[]),
    "an identifier with a space": lambda d: d["packages"][1].update(SPDXID="SPDXRef-a b"),
    "an element twice": lambda d: d["files"].append(d["files"][0]),
    "a package without a relation": lambda d: d["relationships"].pop(),
    "a relation to a missing element": lambda d: d["relationships"][0].update(relatedSpdxElement="SPDXRef-nobody"),
    "an unknown licence": lambda d: d["files"][0].update(licenseConcluded="Free"),
    "a file that was left out": lambda d: d["files"].pop(),
    "a package without a location": lambda d: d["packages"][1].pop("downloadLocation"),
    "a checksum that is too short": lambda d: d["files"][1]["checksums"][1].update(checksumValue="abc"),
    "a package URL without a version": lambda d: d["packages"][1].update(
        externalRefs=[{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:deb/debian/x"}]),
}


def main():
    if not (SOURCE / "debian/copyright").exists():
        print("skipped: debian/ is in the repository, not in the tarball")
        return 77
    if not shutil.which("git") or not (SOURCE / ".git").exists():
        print("skipped: without a git checkout the list of source files is unknown")
        return 77
    made = subprocess.run([sys.executable, "-B", HERE / "sbom.py", SOURCE], capture_output=True, text=True, check=False)
    if made.returncode:
        print(made.stderr)
        return 1
    document = json.loads(made.stdout)
    found = sbom_rules.broken(document)
    for words in found:
        print(words)
    n_failed = len(found)
    for what, plant in PLANTED.items():
        planted = copy.deepcopy(document)
        plant(planted)
        words = sbom_rules.broken(planted)
        print(f"{what}: {words[0] if words else 'NOT FOUND'}")
        n_failed += not words
    print(f"{len(document['files'])} files, {len(document['packages'])} packages, {len(PLANTED)} planted errors, {n_failed} failed")
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
