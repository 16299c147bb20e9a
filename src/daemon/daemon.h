/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/daemon.h: runs tragusd with a configuration, or checks it. */
#ifndef TRAGUS_DAEMON_DAEMON_H
#define TRAGUS_DAEMON_DAEMON_H

#include "daemon/config.h"

/* Runs until SIGTERM or SIGINT. Returns an exit code: 0, or 1 if it could not start, or lost its bus name to another daemon. */
int daemon_run(const struct config *c);

/* Loads the grammars of the configuration as the daemon would, and prints what is left out of them. Returns an exit code: 0, or 2
 * if one of them cannot be loaded. Without a model, says so and loads none. */
int daemon_check(const struct config *c);

/* From now on, this thread leaves closing what may wait to others. */
void daemon_close_elsewhere(void);

#endif
