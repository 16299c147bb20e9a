/* SPDX-License-Identifier: Apache-2.0 */
/* service/sender.h: what one user may take: threads that read the files of its sounds, and memory.
 *
 * A read of a regular file cannot be interrupted or limited in time, and may take for ever if another user serves the file system.
 * So a thread of its own reads it and passes it on through a socket, and nobody waits for that thread.
 */
#ifndef TRAGUS_SERVICE_SENDER_H
#define TRAGUS_SERVICE_SENDER_H

#include "base/account.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct sender; /* a user; belongs to the main thread, except for sender_take and sender_give_back */
struct sender_file;

/* The user's entry in a list, new if there is none yet; NULL: out of memory. */
struct sender *sender_find(struct sender **list, uid_t uid);
void senders_free(struct sender **list); /* threads that do not end are left alone */

/* Counts bytes of sound that are kept for this user. Returns false, and counts nothing, if they would be more than `most`. May be
 * called from any thread. */
bool sender_take(struct sender *s, size_t bytes, size_t most);
void sender_give_back(struct sender *s, size_t bytes);
/* Counts the user's grammars, and what its sessions have started; lives as long as the entry. */
struct base_account *sender_memory(struct sender *s);

/* Starts to read a regular file, from its beginning or from its position, and takes ownership of fd. The content comes from the
 * socket *ret_socket, the caller's. Returns -ENOBUFS and a message if `most` files of this user are being read already. */
int sender_read_file(struct sender *s, int fd, bool from_beginning, unsigned most, int *ret_socket, struct sender_file **ret,
                     tragus_error *reterr);
/* After the end of the content: 0 if it is the file's end, or a negative errno. May be called from any thread. */
int sender_file_error(const struct sender_file *f);
void sender_file_unref(struct sender_file *f); /* takes NULL; the thread ends when the socket is closed, or its read returns */

#endif
