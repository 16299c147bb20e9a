/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/bridge.h: runs tragus-bridge, which serves the Wyoming protocol and is a client of tragusd on D-Bus. */
#ifndef TRAGUS_BRIDGE_BRIDGE_H
#define TRAGUS_BRIDGE_BRIDGE_H

#include <stddef.h>

#define BRIDGE_MOST_PHRASES 16

struct bridge_options {
    const char *uri;                          /* where clients connect, unless systemd passes sockets */
    const char *address;                      /* of the bus: "system", "session" or an address */
    const char *grammar;                      /* "": the default grammar of tragusd */
    const char *language;                     /* offered until tragusd has told its languages */
    const char *phrases[BRIDGE_MOST_PHRASES]; /* wake phrases that are offered */
    size_t n_phrases;
};

/* Runs until SIGTERM or SIGINT. Returns an exit code: 0, or 1 if it could not start. */
int bridge_run(const struct bridge_options *o);

#endif
