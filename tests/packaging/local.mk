# SPDX-License-Identifier: Apache-2.0
# What the Debian packages are and do: two fast tests, and scripts that build them (docs/HACKING.md, "Packages").
packaging_tests = tests/packaging/security tests/packaging/version
TESTS += $(packaging_tests)
dist_check_SCRIPTS += $(packaging_tests)
EXTRA_DIST += tests/packaging/install tests/packaging/lib.sh tests/packaging/release tests/packaging/reproducible tests/packaging/sbom.py
