# SPDX-License-Identifier: Apache-2.0
# Fast tests of the Debian packages, and scripts that build and test them (docs/HACKING.md, "Packages").
packaging_tests = tests/packaging/hardening tests/packaging/security tests/packaging/syscalls \
    tests/packaging/test_container tests/packaging/test_sbom.py tests/packaging/test_sums tests/packaging/version
TESTS += $(packaging_tests)
dist_check_SCRIPTS += $(packaging_tests)
EXTRA_DIST += $(addprefix tests/packaging/,release reproducible sbom.py sbom_rules.py sums)
EXTRA_DIST += $(addprefix tests/packaging/,autopkgtest build checks container.sh container_checks.sh emulator.sh image install lib.sh piuparts readme)
EXTRA_DIST += $(addprefix packaging/container/,Dockerfile bus.conf context tragus-container)
EXTRA_DIST += $(addprefix packaging/addon/,DOCS.md config.yaml.in icon.png icon.py tragus-addon translations/de.yaml translations/en.yaml)
