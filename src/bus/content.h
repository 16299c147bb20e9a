/* SPDX-License-Identifier: Apache-2.0 */
/* bus/content.h: reads the text from a descriptor that was sent with a call, without blocking the main thread. */
#ifndef TRAGUS_BUS_CONTENT_H
#define TRAGUS_BUS_CONTENT_H

#include <stddef.h>
#include <systemd/sd-bus.h>

struct bus;

/* Reads fd (a file, memfd, pipe or socket; borrowed from the call) to its end, at most most_bytes. Then it calls done once, either
 * immediately or from the event loop, with the text and its length, or a negative errno. done answers the call. Returns the result
 * for the D-Bus method. If the caller neither writes nor closes for 10 s, reading is given up. */
typedef int bus_content_done(struct bus *b, sd_bus_message *call, int result, const char *text, size_t len, sd_bus_error *error);
int bus_read_content(struct bus *b, sd_bus_message *call, int fd, size_t most_bytes, bus_content_done *done, sd_bus_error *error);

/* Cancels all reads in progress; their calls are not answered. */
void bus_content_end(struct bus *b);

#endif
