/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/close.c: the main thread of tragusd never waits for a close.
 *
 * sd-bus closes the descriptors of a message when it frees the message, whether a call took them or not, and cannot be told to
 * leave them to others. It does so in the main thread, and a client may send descriptors whose close takes for ever
 * (base/closer.h). So this function takes the place of the C library's, for all libraries of the process, as a program may do.
 * Other threads close by themselves.
 */
#include "base/closer.h"
#include "daemon/daemon.h"

#include <sys/syscall.h>
#include <unistd.h>

static pid_t main_thread; /* 0: every thread closes by itself */

void daemon_close_elsewhere(void) {
    main_thread = (pid_t)syscall(SYS_gettid);
}

__attribute__((visibility("default"))) int close(int fd) {
    if (main_thread && (pid_t)syscall(SYS_gettid) == main_thread && base_closer_may_wait(fd)) {
        base_closer_close(fd);
        return 0;
    }
    return (int)syscall(SYS_close, fd);
}
