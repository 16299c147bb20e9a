/* SPDX-License-Identifier: Apache-2.0 */
/* What the verifier doubts, and what the decoder makes of it. The verifier is made by hand: it doubts what lies between two phones
 * the more, the more channel 0 of the sketch sounds there. */
#include "hear.h"
#include "nn/model.h"

#define CHANNELS 16u
#define UNITS 16u
#define INPUTS (4 * CHANNELS) /* with a reach of 0: one sketch for each phone, the mean and the sum of those between */
#define SUM_0 (3 * CHANNELS)  /* the sum of channel 0 */
#define LOUD 127
#define WIDTH (N_LABELS + CHANNELS)
#define SURE_Q8 1024 /* the logit of a pair that is not doubted */

/* Where gemm expects the weight from input k to output n: nn/kernels/kernels.h. */
#define PACKED(k, n) ((k) / NN_IN_BLOCK * NN_GROUP + (n)*NN_IN_BLOCK + (k) % NN_IN_BLOCK)

static _Alignas(64) int8_t first[INPUTS * UNITS], second[UNITS * UNITS];
static int8_t last[UNITS];
static int32_t zeros[64 * UNITS], ones[UNITS];
static uint8_t shifts[UNITS];
static struct nn_kernels kernels;
static struct nn_verifier verifier;

/* hidden 0 and second 0 are the sum of channel 0 between the phones / 8; the logit is 4 - that / 16. */
static void make_verifier(void) {
    first[PACKED(SUM_0, 0)] = second[PACKED(0, 0)] = 64;
    last[0] = -16;
    for (unsigned i = 0; i < UNITS; i++) {
        ones[i] = 1;
        shifts[i] = 6;
    }
    kernels = nn_kernels_select(0);
    verifier = (struct nn_verifier){.kernels = &kernels,
                                    .n_channels = CHANNELS,
                                    .n_inputs = INPUTS,
                                    .n_hidden = UNITS,
                                    .n_second = UNITS,
                                    .first = first,
                                    .second = second,
                                    .last = last,
                                    .multiplier = ones,
                                    .shift = shifts,
                                    .second_bias = zeros,
                                    .second_multiplier = ones,
                                    .second_shift = shifts,
                                    .last_bias = SURE_Q8,
                                    .last_multiplier = 2,
                                    .last_shift = 1};
    for (unsigned i = 0; i < NN_VERIFIER_TABLES; i++) {
        verifier.tables[i] = zeros;
        verifier.n_rows[i] = 64;
    }
}

struct wide_rows {
    uint32_t n;
    int16_t y[200][WIDTH];
};

/* labels as for sound(). loud: '1' where channel 0 of the sketch sounds. */
static struct wide_rows heard(const char *labels, const char *loud) {
    struct wide_rows w = {0};
    struct rows *r = rows_new();
    sound(r, labels);
    assert_int_equal(strlen(labels), strlen(loud));
    for (w.n = 0; w.n < r->n; w.n++) {
        memcpy(w.y[w.n], r->y[w.n], sizeof(r->y[0]));
        w.y[w.n][N_LABELS] = loud[w.n] == '1' ? LOUD : 0;
    }
    free(r);
    return w;
}

/* Plays rows to the sentence "turn on the light", with a confidence that depends on the worst doubt alone. */
static struct listener_result result_with(const struct wide_rows *w, const struct nn_verifier *v) {
    const struct decoder_options defaults = decoder_defaults();
    struct listener l = listen_to("turn on the light", &defaults);
    struct decoder_setup setup = {.graph = l.graph, .n_labels = N_LABELS, .row_width = WIDTH, .verifier = v, .options = defaults};
    struct listener_result result;
    struct base_arena counting = {0};
    setup.options.scorecard = (struct decoder_scorecard){.bias_q8 = 1280};
    setup.options.scorecard.curves[DECODER_WORST_DOUBT] = (struct decoder_curve){2, {256, 512}, {0, -2560}};
    base_arena_done(&l.arena);
    decoder_place(&counting, &setup);
    assert_int_equal(base_arena_init(&l.arena, counting.used_bytes), 0);
    struct decoder *d = decoder_place(&l.arena, &setup);
    base_arena_seal(&l.arena);
    for (uint32_t t = 0; t < w->n; t++)
        decoder_step(d, w->y[t]);
    decoder_finish(d, &result);
    assert_string_equal(text_of(l.graph, &result), "turn on the light");
    listener_done(&l);
    return result;
}

#define SAID "____tern__an__dh____lait____"

static void nothing_is_doubted(void **state) {
    (void)state;
    const struct wide_rows w = heard(SAID, "0000000000000000000000000000");
    struct listener_result r = result_with(&w, &verifier);
    assert_int_equal(r.reason, TRAGUS_REASON_NONE);
    assert_int_equal(r.features[DECODER_WORST_DOUBT], 5); /* ln(1 + exp(-4)) in Q8 */
    assert_int_equal(r.features[DECODER_DOUBT], 13 * 5);  /* 12 phones, and the end */
}

/* Four loud rows: the logit is 4 - 63.5 / 16, and ln 2 is doubted; eight: it is -3.9. */
static void what_lies_between_is_doubted(void **state) {
    (void)state;
    const struct wide_rows w = heard("____tern__an__dh________lait____", "00000000000000001111111100000000");
    struct listener_result r = result_with(&w, &verifier);
    assert_int_equal(r.reason, TRAGUS_NOT_IN_GRAMMAR);
    assert_in_range(r.features[DECODER_WORST_DOUBT], 1000, 1024);
    assert_int_equal(r.features[DECODER_DOUBT] - r.features[DECODER_WORST_DOUBT], 12 * 5);
    assert_int_equal(r.fault, LISTENER_FAULT_GAP);
    assert_int_equal(r.fault_word, 3); /* "light" */
    const struct wide_rows half = heard(SAID, "0000000000000000111100000000");
    r = result_with(&half, &verifier);
    assert_in_range(r.features[DECODER_WORST_DOUBT], 170, 180);
    assert_int_equal(r.reason, TRAGUS_REASON_NONE);
}

static void the_place_is_named(void **state) {
    (void)state;
    const struct wide_rows before = heard("________tern__an__dh____lait____", "11111111000000000000000000000000");
    assert_int_equal(result_with(&before, &verifier).fault, LISTENER_FAULT_BEFORE);
    const struct wide_rows after = heard("____tern__an__dh____lait________", "00000000000000000000000011111111");
    assert_int_equal(result_with(&after, &verifier).fault, LISTENER_FAULT_AFTER);
    const struct wide_rows within = heard("____tern__an__dh____la________it", "00000000000000000000001111111100");
    struct listener_result r = result_with(&within, &verifier);
    assert_int_equal(r.fault, LISTENER_FAULT_WORD);
    assert_int_equal(r.fault_word, 3);
}

static void without_a_verifier_nothing_is(void **state) {
    (void)state;
    const struct wide_rows w = heard("____tern__an__dh________lait____", "00000000000000001111111100000000");
    struct listener_result r = result_with(&w, NULL);
    assert_int_equal(r.reason, TRAGUS_REASON_NONE);
    assert_int_equal(r.features[DECODER_DOUBT], 0);
    assert_int_equal(r.features[DECODER_WORST_DOUBT], 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_doubted),
        cmocka_unit_test(what_lies_between_is_doubted),
        cmocka_unit_test(the_place_is_named),
        cmocka_unit_test(without_a_verifier_nothing_is),
    };
    make_verifier();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
