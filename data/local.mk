# SPDX-License-Identifier: Apache-2.0
# Files that are installed unchanged, and the systemd unit.
dbuspolicydir = $(datadir)/dbus-1/system.d
dist_dbuspolicy_DATA = data/org.tragus.Tragus1.conf
dbusservicedir = $(datadir)/dbus-1/system-services
dist_dbusservice_DATA = data/org.tragus.Tragus1.service
dbusinterfacedir = $(datadir)/dbus-1/interfaces
dist_dbusinterface_DATA = data/org.tragus.Manager1.xml data/org.tragus.Session1.xml data/org.tragus.Energy1.xml
sentencesdir = $(pkgdatadir)/sentences
dist_sentences_DATA = data/grammars/home-assistant-en.yaml
bashcompletionsdir = $(datadir)/bash-completion/completions
dist_bashcompletions_DATA = data/completions/tragus data/completions/tragusd data/completions/tragus-bridge
fishcompletionsdir = $(datadir)/fish/vendor_completions.d
dist_fishcompletions_DATA = data/completions/tragus.fish data/completions/tragusd.fish data/completions/tragus-bridge.fish
zshcompletionsdir = $(datadir)/zsh/site-functions
dist_zshcompletions_DATA = data/completions/_tragus

# Files that the administrator edits. They are never overwritten, and get the paths of this installation.
configdir = $(sysconfdir)/tragus
config_files = tragus.conf bridge.conf sentences/home.yaml
EXTRA_DIST += data/tragus.conf data/bridge.conf
install-data-local:
	@for f in $(config_files); do \
	    to='$(DESTDIR)$(configdir)'/$$f; \
	    test ! -e "$$to" || { echo "$$to exists and is kept unchanged"; continue; }; \
	    $(MKDIR_P) "`dirname "$$to"`" && \
	    $(SED) 's,/etc/tragus,$(configdir),g; s,/usr/share/tragus,$(pkgdatadir),g' \
	        '$(srcdir)/data'/`echo $$f | $(SED) 's,^sentences,grammars,'` > "$$to" && chmod 644 "$$to" || exit 1; \
	done
uninstall-local:
	cd '$(DESTDIR)$(configdir)' && rm -f $(config_files) && rmdir sentences && cd .. && rmdir '$(DESTDIR)$(configdir)' || true
dist_man_MANS += docs/man/tragus.1 docs/man/tragus-bridge.8 docs/man/tragus-grammar.5 docs/man/tragusd.8
# Generated from files that programs read, so that each text is written only once.
nodist_man_MANS = docs/man/libtragus.3 docs/man/org.tragus.Tragus1.5 docs/man/tragus.conf.5 docs/man/tragus-bridge.conf.5
# The C locale, because in Turkish the capital of i is another letter.
make_page = $(AM_V_GEN)$(MKDIR_P) docs/man && LC_ALL=C $(AWK) $(patsubst %.awk,-f %.awk,$^) > $@.tmp && mv $@.tmp $@
docs/man/libtragus.3: docs/man/roff.awk docs/man/header.awk include/tragus.h
	$(make_page)
docs/man/org.tragus.Tragus1.5: docs/man/roff.awk docs/man/interfaces.awk $(dist_dbusinterface_DATA)
	$(make_page)
docs/man/tragus.conf.5: docs/man/roff.awk docs/man/conf.awk data/tragus.conf
	$(make_page)
docs/man/tragus-bridge.conf.5: docs/man/roff.awk docs/man/conf.awk data/bridge.conf
	$(make_page)
CLEANFILES += $(nodist_man_MANS)
EXTRA_DIST += docs/man/conf.awk docs/man/header.awk docs/man/interfaces.awk docs/man/roff.awk systemd/tragus.service.in \
    systemd/tragus-bridge.service.in systemd/user/tragus.service.in
if INSTALL_UNITS
sysusersdir = $(prefix)/lib/sysusers.d
dist_sysusers_DATA = systemd/tragus-sysusers.conf systemd/tragus-bridge-sysusers.conf
systemdsystemunit_DATA = systemd/tragus.service systemd/tragus-bridge.service
systemduserunitdir = $(prefix)/lib/systemd/user
systemduserunit_DATA = systemd/user/tragus.service
units = $(systemdsystemunit_DATA) $(systemduserunit_DATA)
CLEANFILES += $(units)
$(units): %: %.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(SED) 's,[@]bindir[@],$(bindir),g; s,[@]sysconfdir[@],$(sysconfdir),g' $< > $@.tmp && mv $@.tmp $@
endif INSTALL_UNITS
