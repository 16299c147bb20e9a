/* SPDX-License-Identifier: Apache-2.0 */
#include "base/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

int base_descriptor_kind(int fd) {
    struct statx st;
    if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) < 0)
        return -errno;
    return st.stx_mode & S_IFMT;
}

struct base_descriptor base_descriptor_of(int fd) {
    int kind = base_descriptor_kind(fd);
    return (struct base_descriptor){.fd = fd, .is_socket = kind == S_IFSOCK, .can_nowait = kind == S_IFIFO};
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

/* The system gives the lowest free number. So if the number is below the limit by the reserve, at least that many are free. */
int base_descriptor_keep(int fd) {
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return -errno;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0)
        return errno == EMFILE ? -ENOBUFS : -errno;
    /* A process that may open very few gives half of them. */
    rlim_t reserve = limit.rlim_cur / 2 < BASE_DESCRIPTOR_RESERVE ? limit.rlim_cur / 2 : BASE_DESCRIPTOR_RESERVE;
    if ((rlim_t)copy + reserve < limit.rlim_cur)
        return copy;
    close(copy);
    return -ENOBUFS;
}

void base_descriptor_raise_limit(void) {
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* without it there are fewer, as before */
}
