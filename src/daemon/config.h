/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/config.h: tragus.conf: `key = value` under [sections]; data/tragus.conf documents every key. */
#ifndef TRAGUS_DAEMON_CONFIG_H
#define TRAGUS_DAEMON_CONFIG_H

#include "base/error.h"
#include "base/settings.h"
#include "bus/bus.h"
#include "service/service.h"

#define CONFIG_MOST_PATHS 16

struct config_grammar {
    char *name;
    char *paths[CONFIG_MOST_PATHS]; /* merged into one grammar */
    size_t n_paths;
};

struct config {
    const char *path; /* of the file that was read, borrowed; NULL: none */
    struct service_options service;
    struct bus_options bus;
    const char *default_grammar; /* "" = none */
    struct config_grammar *grammars;
    size_t n_grammars;
    struct base_settings_texts texts; /* what the options point to */
};

void config_init(struct config *c); /* the defaults */
void config_done(struct config *c);

/* Reads a file and replaces values in c. Returns -EINVAL with file and line for an unknown section or key, a wrong value, or a key
 * that is given twice; nothing is ignored. Returns -ENOENT if there is no such file. */
int config_load(struct config *c, const char *path, tragus_error *reterr);

#endif
