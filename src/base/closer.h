/* SPDX-License-Identifier: Apache-2.0 */
/* base/closer.h: closes descriptors that another process has sent, without waiting.
 *
 * close waits for a file system that another user serves (FUSE), for the data of a network socket (SO_LINGER), and for what a
 * terminal still has to send. So such descriptors are closed in threads of their own.
 */
#ifndef TRAGUS_BASE_CLOSER_H
#define TRAGUS_BASE_CLOSER_H

#include <stdbool.h>

/* Whether a close of this descriptor could wait for somebody. False for pipes, local sockets, sound devices, and what only exists
 * in this process. Asks no file system. */
bool base_closer_may_wait(int fd);

/* Closes fd soon. Only if there is no memory or no thread for it, it is closed at once. */
void base_closer_close(int fd);

/* How many descriptors are waiting to be closed or being closed. */
unsigned base_closer_n_open(void);

#endif
