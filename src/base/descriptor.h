/* SPDX-License-Identifier: Apache-2.0 */
/* base/descriptor.h: non-blocking reads from a descriptor that another process shares.
 *
 * O_NONBLOCK applies to the open file, which the sender shares, so it is never set. Stream sockets are read with MSG_DONTWAIT, and
 * pipes with RWF_NOWAIT where the kernel supports it. Otherwise we use a plain read, which does not block after poll reports data.
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

/* What kind of file it is (S_IFREG, S_IFIFO ...), or a negative errno. Does not ask a remote or FUSE file system, which may never
 * answer. */
int base_descriptor_kind(int fd);
/* Inspects fd in the same way; it still belongs to the caller. */
struct base_descriptor base_descriptor_of(int fd);
/* Reads what is available: the number of bytes, 0 at the end, or -1 with errno (EAGAIN: nothing yet). */
ssize_t base_descriptor_read(struct base_descriptor *d, void *to, size_t size);

/* Duplicates a descriptor that a client sent, to keep it. Returns the new one, or -ENOBUFS if this would leave fewer than
 * BASE_DESCRIPTOR_RESERVE free: the process needs these for itself and to receive the next message, which may bring 253. */
#define BASE_DESCRIPTOR_RESERVE 320
int base_descriptor_keep(int fd);
/* Raises the limit on open descriptors to what the system allows. */
void base_descriptor_raise_limit(void);

#endif
