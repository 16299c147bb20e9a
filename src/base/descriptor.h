/* SPDX-License-Identifier: Apache-2.0 */
/* base/descriptor.h: reading a descriptor that belongs to somebody else, without blocking.
 *
 * O_NONBLOCK would be set on the open file, which the sender shares, so it is never set. A stream socket is read with MSG_DONTWAIT,
 * a pipe with RWF_NOWAIT where the kernel knows it; else a plain read is made, which does not block after poll said that it will
 * not.
 */
#ifndef TRAGUS_BASE_DESCRIPTOR_H
#define TRAGUS_BASE_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct base_descriptor {
    int fd;
    bool is_socket;
    bool can_nowait;
};

/* Looks at fd, which stays the caller's. */
struct base_descriptor base_descriptor_of(int fd);
/* Reads what is there: bytes, 0 at the end, or -1 with errno (EAGAIN: nothing yet). */
ssize_t base_descriptor_read(struct base_descriptor *d, void *to, size_t size);

#endif
