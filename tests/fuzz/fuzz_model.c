/* SPDX-License-Identifier: Apache-2.0 */
/* An acoustic model. What is accepted is run for a while, because nothing is checked after a model was opened. */
#include "nn/verifier.h"
#include "sealed.h"

#include <string.h>

const char fuzz_name[] = "model";

#define MOST_MACS 20000000ull /* in a step: larger ones only take longer */

static void run(const struct nn_model *m) {
    struct base_arena arena = {0};
    int16_t rows[NN_MAX_HOPS * NN_N_FEATURES];
    static int16_t posteriors[NN_MAX_HOPS * NN_MAX_WIDTH];
    uint32_t seed = 1;

    (void)nn_place(&arena, m);
    if (base_arena_init(&arena, arena.used_bytes) < 0)
        return;
    struct nn_state *s = nn_place(&arena, m);
    base_arena_seal(&arena);
    nn_reset(s);
    for (size_t n = 1; n <= NN_MAX_HOPS; n += 5) {
        for (size_t i = 0; i < n * NN_N_FEATURES; i++)
            rows[i] = (int16_t)fuzz_random(&seed);
        fuzz_check(nn_push(s, rows, n, posteriors) <= n, "more steps than rows");
    }
    for (int i = 0; i < 1000 && nn_flush(s, posteriors) > 0; i++)
        ;
    base_arena_done(&arena);
}

/* Pairs of phones with any numbers that the decoder may give. */
static void verify(const struct nn_verifier *v, unsigned n_labels) {
    static struct nn_verifier_pair pair;
    uint32_t seed = 1;

    for (unsigned n = 0; n < 20; n++) {
        pair.before = (struct nn_verifier_phone){fuzz_random(&seed) % n_labels, 1 + fuzz_random(&seed) % 1000,
                                                 (int32_t)(fuzz_random(&seed) % 40000)};
        pair.after = (struct nn_verifier_phone){fuzz_random(&seed) % n_labels, 1 + fuzz_random(&seed) % 1000,
                                                (int32_t)(fuzz_random(&seed) % 40000)};
        pair.n_gap = fuzz_random(&seed) % 4096;
        pair.gap_loss_q8 = (int32_t)(fuzz_random(&seed) % (1 << 30));
        for (unsigned i = 0; i < nn_verifier_n_channels(v); i++)
            pair.gap[i] = (int32_t)(pair.n_gap * (fuzz_random(&seed) % 128));
        for (size_t i = 0; i < sizeof(pair.x); i++)
            pair.x[i] = (int8_t)(fuzz_random(&seed) % 128);
        int32_t logit_q8 = nn_verifier_logit(v, &pair);
        fuzz_check(logit_q8 >= INT16_MIN && logit_q8 <= INT16_MAX, "the logit is out of range");
    }
}

static void use(const char *path) {
    struct nn_model *m = NULL;
    tragus_error e = {0};
    char value[64];

    int r = nn_model_open(&m, path, 0, &e);
    fuzz_check(r == 0 || e.text[0], "refused without a reason");
    if (r < 0)
        return;
    for (unsigned i = 0; i < nn_model_n_labels(m); i++)
        fuzz_check(nn_model_find_label(m, nn_model_label(m, i)) == (int)i, "a label is not found");
    (void)nn_model_passport_value(m, "language", value, sizeof value);
    if (nn_model_verifier(m))
        verify(nn_model_verifier(m), nn_model_n_labels(m));
    if (nn_model_macs_per_step(m) <= MOST_MACS) {
        run(m);
        (void)nn_model_check(m, &e);
    }
    nn_model_free(m);
}

void fuzz_one(const uint8_t *data, size_t size) {
    fuzz_sealed(data, size, use);
}
