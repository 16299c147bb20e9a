/* SPDX-License-Identifier: Apache-2.0 */
/* bus/content.h: the text behind a descriptor that came with a call, read without ever holding up main. */
#ifndef TRAGUS_BUS_CONTENT_H
#define TRAGUS_BUS_CONTENT_H

#include <stddef.h>
#include <systemd/sd-bus.h>

struct bus;

/* Reads fd (a file, memfd, pipe or socket; borrowed from the call) to its end, at most most_bytes, then calls done once, at once or
 * from the event loop: text and its length, or a negative errno. done answers the call. Returns what the method returns. A caller
 * that neither writes nor closes is given up after 10 s. */
typedef int bus_content_done(struct bus *b, sd_bus_message *call, int result, const char *text, size_t len, sd_bus_error *error);
int bus_read_content(struct bus *b, sd_bus_message *call, int fd, size_t most_bytes, bus_content_done *done, sd_bus_error *error);

/* Ends all readings that still wait; their calls are not answered. */
void bus_content_end(struct bus *b);

#endif
