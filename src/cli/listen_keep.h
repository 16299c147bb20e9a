/* SPDX-License-Identifier: Apache-2.0 */
/* cli/listen_keep.h: `tragus listen --keep-rejected`: tragusd never gives sound away, so this program records itself, sends tragusd
 * the sound as the input of its session, and can therefore keep what was not understood. */
#ifndef TRAGUS_CLI_LISTEN_KEEP_H
#define TRAGUS_CLI_LISTEN_KEEP_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct listen_keep;

/* Opens the microphone, and checks that files can be made in the folder; both texts are borrowed. Records nothing yet. Returns a
 * negative errno and a message. */
int listen_keep_new(struct listen_keep **ret, const char *folder, const char *device, tragus_error *reterr);
/* Records from now on. Returns the descriptor from which tragusd reads the sound, as raw frames of 16 kHz, mono; the caller closes
 * it. Or a negative errno. */
int listen_keep_start(struct listen_keep *k);
/* Returns 0, or a negative errno and a message if the recording has ended because the microphone gave no more sound. */
int listen_keep_state(const struct listen_keep *k, tragus_error *reterr);
/* Writes the sound between two times since the start, with a little before and after, to a new file, which only its owner may read.
 * Returns a negative errno and a message, or writes the path of the file. */
int listen_keep_write(struct listen_keep *k, uint32_t start_ms, uint32_t end_ms, char *path, size_t size, tragus_error *reterr);
/* Ends the recording. Call it after the connection with tragusd, which else might not read the rest. Accepts NULL. */
void listen_keep_free(struct listen_keep *k);

#endif
