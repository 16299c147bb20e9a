/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/close.c: the main thread of tragusd never waits for a close.
 *
 * sd-bus closes the descriptors of a message when it frees the message, whether a call took them or not, and cannot be told to
 * leave them to others. It does so in the main thread, and a client may send descriptors whose close takes for ever
 * (base/closer.h). Each close waits, so a duplicate that stays open would not help. So this function takes the place of the C
 * library's, for all libraries of the process, as a program may do. Other threads close by themselves.
 *
 * The C library's own is safe in a signal handler, and a point where a thread can be cancelled; this one is neither. tragusd has no
 * signal handlers (sd-event uses signalfd) and cancels no thread. The main thread of a child process has another number, so it
 * closes by itself. The C library does not call this function for its streams and folders, which only have files that this process
 * has opened.
 */
#include "base/closer.h"
#include "daemon/daemon.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Atomic pid_t main_thread; /* 0: every thread closes by itself */

void daemon_close_elsewhere(void) {
    main_thread = (pid_t)syscall(SYS_gettid);
}

__attribute__((visibility("default"))) int close(int fd) {
    int before = errno; /* stays as it was, as after any close that succeeds */

    if (main_thread && (pid_t)syscall(SYS_gettid) == main_thread && base_closer_may_wait(fd)) {
        base_closer_close(fd);
        errno = before;
        return 0;
    }
    return (int)syscall(SYS_close, fd);
}
