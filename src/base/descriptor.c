/* SPDX-License-Identifier: Apache-2.0 */
#include "base/descriptor.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct base_descriptor base_descriptor_of(int fd) {
    struct stat st;
    bool known = fstat(fd, &st) == 0;
    return (struct base_descriptor){
        .fd = fd, .is_socket = known && S_ISSOCK(st.st_mode), .can_nowait = known && S_ISFIFO(st.st_mode)};
}

ssize_t base_descriptor_read(struct base_descriptor *d, void *to, size_t size) {
    if (d->is_socket)
        return recv(d->fd, to, size, MSG_DONTWAIT);
    if (d->can_nowait) {
        struct iovec part = {.iov_base = to, .iov_len = size};
        ssize_t n = preadv2(d->fd, &part, 1, -1, RWF_NOWAIT);
        if (n >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL))
            return n;
        d->can_nowait = false;
    }
    return read(d->fd, to, size);
}
