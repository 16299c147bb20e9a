# SPDX-License-Identifier: Apache-2.0
# Files installed as they are, and the unit.
configdir = $(sysconfdir)/tragus
dist_config_DATA = data/tragus.conf
dbuspolicydir = $(datadir)/dbus-1/system.d
dist_dbuspolicy_DATA = data/org.tragus.Tragus1.conf
dbusservicedir = $(datadir)/dbus-1/system-services
dist_dbusservice_DATA = data/org.tragus.Tragus1.service
dbusinterfacedir = $(datadir)/dbus-1/interfaces
dist_dbusinterface_DATA = data/org.tragus.Manager1.xml data/org.tragus.Session1.xml data/org.tragus.Energy1.xml

dist_man_MANS += docs/man/tragus.1 docs/man/tragusd.8
nodist_man_MANS = docs/man/tragus.conf.5
docs/man/tragus.conf.5: data/tragus.conf docs/man/conf.awk
	$(AM_V_GEN)$(MKDIR_P) docs/man && $(AWK) -f $(srcdir)/docs/man/conf.awk $(srcdir)/data/tragus.conf > $@.tmp && mv $@.tmp $@
CLEANFILES += docs/man/tragus.conf.5
EXTRA_DIST += docs/man/conf.awk systemd/tragus.service.in
if INSTALL_UNITS
sysusersdir = $(prefix)/lib/sysusers.d
dist_sysusers_DATA = systemd/tragus-sysusers.conf
systemdsystemunit_DATA = systemd/tragus.service
CLEANFILES += systemd/tragus.service
systemd/tragus.service: systemd/tragus.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) systemd && $(SED) 's,[@]bindir[@],$(bindir),g' $(srcdir)/systemd/tragus.service.in > $@.tmp && mv $@.tmp $@
endif INSTALL_UNITS
