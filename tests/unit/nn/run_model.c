/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/nn/run_model.c: features on standard input, posteriors on standard output, both int16; for test_programs.py.
 *
 * Runs the model's own test and the sound on one state with each set of kernels, row by row, in pieces and in the largest pieces,
 * and fails if any result differs.
 */
#include "base/buffer.h"
#include "base/cpu.h"
#include "nn/nn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const char *what, const tragus_error *e) {
    char text[512];

    fprintf(stderr, "%s: %s\n", what, base_error_format(e, text, sizeof(text)));
    return 1;
}

/* cut: number of rows at once. */
static void run(struct nn_state *s, const struct nn_model *m, const int16_t *rows, size_t n_rows, size_t cut,
                struct base_buffer *out) {
    int16_t posteriors[NN_MAX_HOPS * NN_MAX_WIDTH];
    size_t n_steps;

    base_buffer_clear(out);
    for (size_t i = 0; i < n_rows; i += cut) {
        n_steps = nn_push(s, rows + i * NN_N_FEATURES, n_rows - i < cut ? n_rows - i : cut, posteriors);
        base_buffer_add(out, posteriors, n_steps * nn_model_row_width(m) * sizeof(int16_t));
    }
    while ((n_steps = nn_flush(s, posteriors)) > 0)
        base_buffer_add(out, posteriors, n_steps * nn_model_row_width(m) * sizeof(int16_t));
    nn_reset(s);
}

int main(int argc, char **argv) {
    const uint32_t masks[] = {0, base_cpu_detect() & (BASE_CPU_AVX2 | BASE_CPU_NEON), base_cpu_detect()};
    const size_t cuts[] = {1, 7, NN_MAX_HOPS};
    struct base_buffer in = {0}, first = {0}, again = {0};
    char block[4096];
    size_t n;

    if (argc != 2)
        return 2;
    while ((n = fread(block, 1, sizeof(block), stdin)) > 0)
        base_buffer_add(&in, block, n);
    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
        struct nn_model *m;
        struct nn_state *s;
        struct base_arena a = {0};
        tragus_error e;

        if (nn_model_open(&m, argv[1], masks[i], &e) < 0)
            return fail("open", &e);
        if (nn_model_check(m, &e) < 0)
            return fail("check", &e);
        nn_place(&a, m);
        if (base_arena_init(&a, a.used_bytes) < 0)
            return 1;
        s = nn_place(&a, m);
        base_arena_seal(&a);
        for (size_t pass = 0; pass < sizeof(cuts) / sizeof(cuts[0]); pass++) {
            struct base_buffer *out = i == 0 && pass == 0 ? &first : &again;

            run(s, m, (const int16_t *)(const void *)in.data, in.len_bytes / (NN_N_FEATURES * sizeof(int16_t)), cuts[pass], out);
            if (out == &again && (again.len_bytes != first.len_bytes || memcmp(again.data, first.data, first.len_bytes) != 0)) {
                fprintf(stderr, "pass %zu with %s differs from the first with ref\n", pass, nn_model_kernels(m)->gemm_name);
                return 1;
            }
        }
        base_arena_done(&a);
        nn_model_free(m);
    }
    fwrite(first.data, 1, first.len_bytes, stdout);
    base_buffer_done(&in);
    base_buffer_done(&first);
    base_buffer_done(&again);
    return fflush(stdout) == 0 ? 0 : 1;
}
