/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/replay.c: `main` of a target in a build without libFuzzer. Tests each saved sample unchanged, cut, and with some bytes
 * changed, the same ones in every run. Arguments: other files to test, unchanged.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES (1u << 20)
#define VARIATIONS 20

struct sample {
    uint8_t *bytes;
    size_t n;
};

static struct sample load(const char *path) {
    struct sample s = {malloc(MOST_BYTES), 0};
    FILE *f = fopen(path, "rbe");
    if (!f || !s.bytes) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(1);
    }
    s.n = fread(s.bytes, 1, MOST_BYTES, f);
    fclose(f);
    return s;
}

/* A heap block of exactly n bytes, so that AddressSanitizer and valgrind notice a read beyond its end. */
static void test(const uint8_t *bytes, size_t n) {
    uint8_t *copy = malloc(n > 0 ? n : 1);
    fuzz_check(copy != NULL, "out of memory");
    memcpy(copy, bytes, n);
    (void)LLVMFuzzerTestOneInput(copy, n);
    free(copy);
}

static void vary(const struct sample *s) {
    static const char signs[] = "()[]{}<>|;:\\\"'&*-,#\n 0\0\xff";
    uint8_t *copy = malloc(s->n);
    uint32_t seed = (uint32_t)s->n;
    fuzz_check(copy != NULL, "out of memory");
    for (int round = 0; round < VARIATIONS; round++) {
        memcpy(copy, s->bytes, s->n);
        for (int k = 0; k <= round % 4; k++) {
            size_t at = fuzz_random(&seed) % s->n;
            copy[at] = round % 2 ? (uint8_t)fuzz_random(&seed) : (uint8_t)signs[fuzz_random(&seed) % (sizeof signs - 1)];
        }
        test(copy, round % 5 == 0 ? fuzz_random(&seed) % s->n : s->n);
    }
    free(copy);
}

static int replay_samples(void) {
    const char *path = fuzz_source("tests/fuzz/samples");
    char folder[4096], name[8192];
    int n = 0;

    snprintf(folder, sizeof folder, "%s/%s", path, fuzz_name);
    DIR *directory = opendir(folder);
    if (!directory) {
        fprintf(stderr, "%s cannot be read\n", folder);
        return 1;
    }
    for (const struct dirent *entry; (entry = readdir(directory));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        struct sample s = load(name);
        test(s.bytes, s.n);
        if (s.n > 0)
            vary(&s);
        free(s.bytes);
        n++;
    }
    closedir(directory);
    printf("%s: %d samples, each with %d variations\n", fuzz_name, n, VARIATIONS);
    return n == 0;
}

int main(int argc, char **argv) {
    (void)LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        struct sample s = load(argv[i]);
        test(s.bytes, s.n);
        free(s.bytes);
    }
    return argc > 1 ? 0 : replay_samples();
}
