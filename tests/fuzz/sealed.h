/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/sealed.h: model files whose checksums are right although their contents were changed. */
#ifndef TRAGUS_TESTS_FUZZ_SEALED_H
#define TRAGUS_TESTS_FUZZ_SEALED_H

#include "fuzz.h"

/* Calls use with the path of a file with these bytes, and then with one whose sizes and checksums were mended as far as possible:
 * otherwise nearly every change would be found by a checksum, and no other check would be tested. */
void fuzz_sealed(const uint8_t *data, size_t size, void (*use)(const char *path));

#endif
