/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/message.h: the contents of D-Bus messages, made of any bytes. */
#ifndef TRAGUS_TESTS_FUZZ_MESSAGE_H
#define TRAGUS_TESTS_FUZZ_MESSAGE_H

#include "fuzz.h"

#include <systemd/sd-bus.h>

struct fuzz_bytes {
    const uint8_t *at, *end;
};
/* The next byte, 0 after the end. */
uint8_t fuzz_byte(struct fuzz_bytes *b);
/* The next text in UTF-8 and without NUL; valid until the next call but seven. */
const char *fuzz_string(struct fuzz_bytes *b);

/* Appends values of these types (a signature, of any depth). The bytes choose values, numbers of elements, and the types of
 * variants; words: texts that are taken now and then, ended by NULL. fd: for descriptors. Returns false if the message cannot
 * contain that. */
bool fuzz_append(sd_bus_message *m, const char *types, struct fuzz_bytes *b, const char *const words[], int fd);

#endif
