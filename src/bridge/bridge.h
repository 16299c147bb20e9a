/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/bridge.h: runs tragus-bridge, which serves the Wyoming protocol and MQTT and is a client of tragusd on D-Bus. */
#ifndef TRAGUS_BRIDGE_BRIDGE_H
#define TRAGUS_BRIDGE_BRIDGE_H

#include "base/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BRIDGE_MOST_PHRASES 16

enum bridge_hermes {
    BRIDGE_HERMES_OFF,
    BRIDGE_HERMES_ALL,     /* every command is an intent */
    BRIDGE_HERMES_SERVICES /* only what a dialogue manager of Rhasspy asks for */
};

struct bridge_mqtt_options {
    const char *host; /* "": no MQTT */
    uint32_t port;    /* 0: 8883 with TLS, else 1883 */
    bool tls;
    const char *ca_file; /* "": the authorities that the system trusts */
    const char *user, *password_file;
    const char *client_id; /* "": made from the machine's identity */
    const char *site;
    const char *prefix; /* "": tragus, or tragus/SITE if there is a site */
    const char *grammar;
    const char *phrases[BRIDGE_MOST_PHRASES]; /* wake phrases; none: those of tragusd's configuration, for its microphone */
    size_t n_phrases;
    bool listen; /* to the microphone, from the start */
    bool partial;
    bool fallback; /* what is not in the grammar comes with any words that it sounded like */
    uint32_t keep_s, energy_s;
    bool discovery;
    const char *discovery_prefix;
    enum bridge_hermes hermes;
    bool hermes_sound; /* listen to the sound of Hermes's messages instead of the microphone */
};

/* What bridge.conf and the command line set; data/bridge.conf documents it. */
struct bridge_options {
    const char *address;                      /* of the bus: "system", "session" or an address */
    const char *uri;                          /* where clients connect, unless systemd passes sockets */
    bool announce;                            /* the port in the local network */
    const char *grammar;                      /* "": the default grammar of tragusd */
    bool fallback;                            /* what is not in the grammar becomes a transcript of any words */
    const char *language;                     /* offered until tragusd has told its languages */
    const char *phrases[BRIDGE_MOST_PHRASES]; /* wake phrases that are offered */
    size_t n_phrases;
    const char *home_url, *home_token_file; /* of Home Assistant; NULL: none */
    const char *home_ca_file;               /* NULL: the certificates of the system */
    const char *home_grammar;               /* that gets its names; "": the default grammar of tragusd */
    struct bridge_mqtt_options mqtt;
    struct base_settings_texts texts; /* what came from the file */
};

void bridge_options_init(struct bridge_options *o); /* the defaults */
void bridge_options_done(struct bridge_options *o);

/* Reads a file and replaces values in o. Errors are those of base_settings_read_table, and -EINVAL with file and line for a wrong
 * value. */
int bridge_options_load(struct bridge_options *o, const char *path, tragus_error *reterr);

/* Checks the values, from wherever they came. Returns a negative errno and a message if one is wrong on any machine. */
int bridge_options_check(const struct bridge_options *o, tragus_error *reterr);

/* Runs with options that bridge_options_check has accepted, until SIGTERM or SIGINT. Returns an exit code: 0, or 1 if it could not
 * start. */
int bridge_run(const struct bridge_options *o);

#endif
