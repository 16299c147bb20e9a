/* SPDX-License-Identifier: Apache-2.0 */
/* bus/content.h: reads the text from a descriptor that was sent with a call, without blocking the main thread. */
#ifndef TRAGUS_BUS_CONTENT_H
#define TRAGUS_BUS_CONTENT_H

#include "base/error.h"

#include <stddef.h>
#include <sys/types.h>

struct bus;

/* result: 0, or a negative errno and *e. -ENOTSUP: not a descriptor to read text from; -E2BIG: too much text; -ETIMEDOUT: no end.
 */
typedef void bus_content_done(int result, const char *text, size_t len, const tragus_error *e, void *user);

/* Reads fd (a file, memfd, pipe or socket; it remains the caller's) to its end, at most most_bytes, in a thread of its own. Calls
 * done once, from the event loop; after 10 s with -ETIMEDOUT. uid: whom the thread counts for. Returns a negative errno if it
 * cannot begin; -ENOBUFS: too many descriptors are open. */
int bus_read_content(struct bus *b, uid_t uid, int fd, size_t most_bytes, bus_content_done *done, void *user);

/* How many threads of a user still read although their calls were answered: a file can take as long as it likes. */
unsigned bus_content_n_stuck(const struct bus *b, uid_t uid);

/* Cancels all reads in progress: calls done with -ECANCELED. */
void bus_content_end(struct bus *b);

#endif
