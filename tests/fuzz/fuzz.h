/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/fuzz.h: what the fuzz targets share.
 *
 * A target is one file: it defines fuzz_name and fuzz_one, and is listed in local.mk and targets.tsv. A build with --enable-fuzzing
 * links it with libFuzzer. Any other build links replay.c instead, which runs the saved samples of the target.
 */
#ifndef TRAGUS_TESTS_FUZZ_H
#define TRAGUS_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- of the target --- */

extern const char fuzz_name[]; /* the folder of its samples: tests/fuzz/samples/NAME */
/* Uses any bytes as input. Whatever they are, it must return, free what it allocated, and keep nothing. */
void fuzz_one(const uint8_t *data, size_t size);
/* Called once before, if the target has one: opens what all inputs use. */
void fuzz_prepare(void) __attribute__((weak));

/* --- for the target --- */

/* Ends the program with this text unless good: the input has broken a promise of the code under test. */
void fuzz_check(bool good, const char *what);

/* Returns a copy that ends with NUL. The caller frees it. Not NULL. */
char *fuzz_text(const uint8_t *data, size_t size);

/* Returns the path of a file in memory with these bytes. Both are valid until the next call. */
const char *fuzz_file(const uint8_t *data, size_t size);

/* Returns the path of a file in the source tree or in the build tree. Valid until the next call. */
const char *fuzz_source(const char *name);
const char *fuzz_built(const char *name);

/* Returns the next of a series of numbers that begins with *seed. */
uint32_t fuzz_random(uint32_t *seed);

/* Called by libFuzzer and replay.c: fuzz_prepare; then fuzz_one, and the end of the program if that takes too much processor time.
 */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
