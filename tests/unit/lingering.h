/* SPDX-License-Identifier: Apache-2.0 */
/* A network connection whose last close waits. */
#ifndef TESTS_UNIT_LINGERING_H
#define TESTS_UNIT_LINGERING_H

/* Returns a socket. To close it for the last time takes a minute, unless the other end is closed before. */
int lingering_socket(int *ret_other_end);

#endif
