/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/bridge.h: runs tragus-bridge, which serves the Wyoming protocol and is a client of tragusd on D-Bus. */
#ifndef TRAGUS_BRIDGE_BRIDGE_H
#define TRAGUS_BRIDGE_BRIDGE_H

#include "base/settings.h"

#include <stdbool.h>
#include <stddef.h>

#define BRIDGE_MOST_PHRASES 16

/* What bridge.conf and the command line set; data/bridge.conf documents it. */
struct bridge_options {
    const char *address;                      /* of the bus: "system", "session" or an address */
    const char *uri;                          /* where clients connect, unless systemd passes sockets */
    bool announce;                            /* the port in the local network */
    const char *grammar;                      /* "": the default grammar of tragusd */
    const char *language;                     /* offered until tragusd has told its languages */
    const char *phrases[BRIDGE_MOST_PHRASES]; /* wake phrases that are offered */
    size_t n_phrases;
    const char *home_url, *home_token_file; /* of Home Assistant; NULL: none */
    const char *home_ca_file;               /* NULL: the certificates of the system */
    const char *home_grammar;               /* that gets its names; "": the default grammar of tragusd */
    struct base_settings_texts texts;       /* what came from the file */
};

void bridge_options_init(struct bridge_options *o); /* the defaults */
void bridge_options_done(struct bridge_options *o);

/* Reads a file and replaces values in o. Errors are those of base_settings_read_table, and -EINVAL with file and line for a wrong
 * value. */
int bridge_options_load(struct bridge_options *o, const char *path, tragus_error *reterr);

/* Runs until SIGTERM or SIGINT. Returns an exit code: 0, or 1 if it could not start. */
int bridge_run(const struct bridge_options *o);

#endif
