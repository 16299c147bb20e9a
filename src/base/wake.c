/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wake.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int base_wake_init(struct base_wake *w) {
    w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return w->fd < 0 ? -errno : 0;
}

void base_wake_done(struct base_wake *w) {
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
}

void base_wake_up(const struct base_wake *w) {
    static const uint64_t one = 1;
    (void)!write(w->fd, &one, sizeof(one)); /* fails only when the counter is full, and then a wake-up is pending anyway */
}

void base_wake_clear(const struct base_wake *w) {
    uint64_t count;
    (void)!read(w->fd, &count, sizeof(count));
}

void base_wake_wait(const struct base_wake *w, int timeout_ms) {
    struct pollfd p = {.fd = w->fd, .events = POLLIN};
    if (poll(&p, 1, timeout_ms) > 0)
        base_wake_clear(w);
}
