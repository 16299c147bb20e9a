/* SPDX-License-Identifier: Apache-2.0 */
/* What the decoder refuses, and how sure it is of the rest: confidence, gaps, faults, rivals. */
#include "hear.h"

static void refusals(void **state) {
    (void)state;
    struct decoder_options o = decoder_defaults();
    struct listener l = listen_to("turn on the light|turn off the light|stop", &o);
    expect(&l, "", "", TRAGUS_NO_SPEECH);
    expect(&l, "______________", "", TRAGUS_NO_SPEECH);
    struct rows *r = rows_new();
    struct listener_result result;
    const char *others[] = {"__kicen_kat_kat_zri__", "__wan_tu_zri__", "_laitstapternonkat_", "__ternon_kat_zri_kicen__"};
    for (unsigned i = 0; i < 4; i++) {
        r->n = 0;
        sound(r, others[i]);
        result = hear(&l, r);
        assert_int_equal(result.reason, TRAGUS_NOT_IN_GRAMMAR);
        assert_true(result.n_words > 0); /* a guess is reported */
    }
    r->n = 0; /* an incomplete sentence: the guess completes it */
    sound(r, "__ternofdil");
    result = hear(&l, r);
    assert_int_equal(result.reason, TRAGUS_NOT_IN_GRAMMAR);
    assert_string_equal(text_of(l.graph, &result), "turn off the light");
    assert_int_equal(result.score_q8, -11 * 26 - 2 * o.blank_penalty_q8 - 3 * 8 * 256); /* three phones are missing */
    assert_int_equal(result.words[3].confidence_q15, confidence_of_word(&o, 4, -3 * 8 * 256));
    assert_int_equal(result.words[1].confidence_q15, confidence_of_word(&o, 2, 0));
    r->n = 0; /* a click */
    sound(r, "___k_______");
    result = hear(&l, r);
    assert_int_equal(result.reason, TRAGUS_TOO_SHORT);
    listener_done(&l);

    o.min_confidence_q15 = 0;
    l = listen_to("turn on the light|turn off the light|stop", &o);
    for (unsigned i = 0; i < 4; i++) {
        r->n = 0;
        sound(r, others[i]);
        result = hear(&l, r);
        assert_int_equal(result.reason, TRAGUS_REASON_NONE);
        assert_true(result.n_words > 0);
    }
    expect(&l, "__ternofdil__", "turn off the light", TRAGUS_REASON_NONE);
    expect(&l, "_____________", "", TRAGUS_NO_SPEECH);
    listener_done(&l);
    free(r);
}

/* Makes rows in which every phone is this far (Q8 nats) below the blank. */
static void sound_faintly(struct rows *r, const char *labels, int below) {
    uint32_t first = r->n;
    sound(r, labels);
    for (uint32_t t = first; t < r->n; t++)
        if (labels[t - first] != '_') {
            r->y[t][0] = -26;
            r->y[t][labels[t - first] - 'a' + 1] = (int16_t)(-26 - below);
        }
}

/* Each word has a cost, so that faint sounds add no words. No reported score contains it. */
static void a_word_has_its_price(void **state) {
    (void)state;
    struct decoder_options o = decoder_defaults();
    o.word_penalty_q8 = 256;
    struct listener l = listen_to("stop|stop on", &o);
    struct rows *r = rows_new();
    for (int gain = 100; gain <= 160; gain += 60) { /* how far each of the two phones is above the blank */
        r->n = 0;
        sound(r, "__stap__");
        sound_faintly(r, "an", o.blank_penalty_q8 - gain);
        sound(r, "____");
        struct listener_result result = hear(&l, r);
        assert_string_equal(text_of(l.graph, &result), 2 * gain > 256 ? "stop on" : "stop");
        int32_t lost =
            2 * gain > 256 ? 0 : -2 * gain; /* compared with the greedy path, for which the filler pays two nats per phone */
        int64_t ratio = (lost + 6 * o.filler_penalty_q8) / (2 * gain > 256 ? 6 : 4);
        assert_in_range(result.ratio_q8, 1, ratio);
    }
    o.word_penalty_q8 = 0;
    use_options(&l, &o);
    r->n = 0;
    sound(r, "__stap__");
    sound_faintly(r, "an", o.blank_penalty_q8 - 100);
    sound(r, "____");
    struct listener_result result = hear(&l, r);
    assert_string_equal(text_of(l.graph, &result), "stop on");
    free(r);
    listener_done(&l);
}

/* The logit is minus the loss. */
static const struct decoder_scorecard only_loss = {.curves = {[DECODER_LOSS] = {2, {-8192, 8192}, {8192, -8192}}}};

/* The more sentences there are, the more likely one fits by chance. */
static void confidence_falls_with_choice(void **state) {
    (void)state;
    struct decoder_options o = decoder_defaults();
    o.scorecard = only_loss;
    static const struct {
        const char *sentences;
        int ln_q8; /* logarithm of their number, times 256 */
    } cases[] = {
        {"stop", 0},
        {"stop|read", 177},
        {"stop|turn on the light|turn on the lights", 355 + 177 * 9 / 8}, /* 1 + 2 * 2 * 2 ways: 3 + 1 / 8 in the logarithm to 2 */
    };
    struct rows *r = rows_new();
    sound(r, "__stap__");
    for (unsigned i = 0; i < 3; i++) {
        o.prior_q8 = 0;
        struct listener l = listen_to(cases[i].sentences, &o);
        struct listener_result without = hear(&l, r);
        o.prior_q8 = 512;
        use_options(&l, &o);
        struct listener_result with = hear(&l, r);
        assert_int_equal(with.ratio_q8, without.ratio_q8);
        assert_int_equal(without.features[DECODER_LOSS], -without.ratio_q8);
        assert_in_range(with.features[DECODER_LOSS] + with.ratio_q8 - 2 * cases[i].ln_q8 / 4, 0, 1);
        assert_true(i == 0 || with.confidence_q15 < without.confidence_q15);
        listener_done(&l);
    }
    free(r);
}

static void confidence_falls_with_what_does_not_fit(void **state) {
    (void)state;
    struct decoder_options o = decoder_defaults();
    o.scorecard = only_loss;
    struct listener l = listen_to("turn on the light", &o);
    const char *said[] = {"_tern_on_dh_lait_", "_tern_on_dh_laik_", "_tern_on_dh_zaik_", "_kern_op_dh_zaik_"};
    struct rows *r = rows_new();
    uint16_t last = UINT16_MAX;
    struct listener_result result_of_last = {0};
    for (unsigned i = 0; i < 4; i++) {
        r->n = 0;
        sound(r, said[i]);
        struct listener_result result = result_of_last = hear(&l, r);
        assert_true(result.confidence_q15 < last);
        last = result.confidence_q15;
        if (i == 1) { /* the mispronounced word has the lowest confidence */
            assert_int_equal(result.words[0].confidence_q15, confidence_of_word(&o, 4, 0));
            assert_int_equal(result.words[3].confidence_q15, confidence_of_word(&o, 4, -WRONG_PHONE));
        }
    }
    /* four of twelve phones are wrong, two of them in "light" */
    int32_t ratio = (-4 * WRONG_PHONE + 12 * o.filler_penalty_q8) / 12;
    assert_int_equal(result_of_last.features[DECODER_LOSS], -ratio);
    r->n = 0; /* errors before a word do not lower its confidence */
    sound(r, "_kirn_on_dh_lait_");
    struct listener_result begun_badly = hear(&l, r);
    assert_int_equal(begun_badly.words[0].confidence_q15, confidence_of_word(&o, 4, -2 * WRONG_PHONE));
    assert_int_equal(begun_badly.words[3].confidence_q15, confidence_of_word(&o, 4, 0));

    o.min_confidence_q15 = 32000;
    use_options(&l, &o);
    expect(&l, "_tern_on_dh_laik_", "turn on the light", TRAGUS_NOT_IN_GRAMMAR); /* what costs most is the loss */
    uint16_t before = 0;
    for (ratio = -6000; ratio < 6000; ratio += 7) {
        uint16_t c = decoder_confidence(&o, ratio);
        assert_true(c >= before && c <= 32768);
        before = c;
    }
    assert_int_equal(decoder_confidence(&o, o.confidence_offset_q8), 16384);
    assert_true(decoder_confidence(&o, INT32_MIN) < 20 && decoder_confidence(&o, INT32_MAX) > 32700);
    free(r);
    listener_done(&l);
}

/* Plays a sentence and returns a feature of what was heard. */
static int32_t feature(struct listener *l, const char *labels, enum decoder_feature f) {
    struct rows *r = rows_new();
    sound(r, labels);
    struct listener_result result = hear(l, r);
    assert_int_equal(result.n_features, DECODER_N_FEATURES);
    free(r);
    return result.features[f];
}

/* What a row of sound() with a phone costs a path that is in blank there: the phone is that far above the blank. */
#define UNHEARD (9 * 256 - 26 + 640)

static void each_gap_and_edge_is_judged(void **state) {
    (void)state;
    struct decoder_options o = decoder_defaults();
    struct listener l = listen_to("turn on the lamp", &o);
    static const char clean[] = "__tern__on__dh___lamp__";
    for (enum decoder_feature f = DECODER_GAP; f <= DECODER_WINDOW; f++)
        assert_int_equal(feature(&l, clean, f), 0);
    /* two unknown phones between two words: a gap, and nothing else */
    static const char unknown[] = "__tern__on__dh_zw_lamp__";
    assert_int_equal(feature(&l, unknown, DECODER_GAP), 2 * UNHEARD);
    assert_int_equal(feature(&l, unknown, DECODER_WORD_GAP), 2 * UNHEARD);
    assert_int_equal(feature(&l, unknown, DECODER_WINDOW), 2 * UNHEARD);
    assert_int_equal(feature(&l, unknown, DECODER_BEFORE), 0);
    /* within a word it is a gap, but none between words */
    assert_int_equal(feature(&l, "__tern__on__dh___la_z_mp__", DECODER_GAP), UNHEARD);
    assert_int_equal(feature(&l, "__tern__on__dh___la_z_mp__", DECODER_WORD_GAP), 0);
    /* near the sentence counts, further away does not */
    assert_int_equal(feature(&l, "_z_tern__on__dh___lamp__", DECODER_BEFORE), UNHEARD);
    assert_int_equal(feature(&l, "z______________tern__on__dh___lamp__", DECODER_BEFORE), 0);
    assert_int_equal(feature(&l, "__tern__on__dh___lamp_z_w_", DECODER_AFTER), 2 * UNHEARD);
    assert_int_equal(feature(&l, "__tern__on__dh___lamp_____________z_", DECODER_AFTER), 0);
    listener_done(&l);
}

/* Twenty rows are looked at together, and only from the first phone to the last. */
static void what_lies_further_apart_is_judged_together(void **state) {
    (void)state;
    struct decoder_options o = decoder_defaults();
    struct listener l = listen_to("turn on the lamp", &o);
    static const char two[] = "__tern_z_on__dh___la_z_mp__";
    assert_int_equal(feature(&l, "_z_tern__on__dh___lamp__", DECODER_WIDE), 0);
    assert_int_equal(feature(&l, two, DECODER_WINDOW), UNHEARD);
    assert_int_equal(feature(&l, two, DECODER_WIDE), 2 * UNHEARD);
    assert_int_equal(feature(&l, "__tern_z____________________on_z_dh___lamp__", DECODER_WIDE), UNHEARD);
    listener_done(&l);
}

static void the_fault_is_named(void **state) {
    (void)state;
    struct decoder_options o = decoder_defaults();
    o.scorecard = (struct decoder_scorecard){.curves = {[DECODER_GAP] = {2, {0, 1024}, {1024, -1024}},
                                                        [DECODER_BEFORE] = {2, {0, 1024}, {0, -2048}},
                                                        [DECODER_AFTER] = {2, {0, 1024}, {0, -2048}},
                                                        [DECODER_WINDOW] = {2, {6500, 8000}, {0, -4096}}}};
    struct listener l = listen_to("turn on the lamp", &o);
    static const struct {
        const char *said;
        enum listener_fault fault;
        uint32_t word;
    } cases[] = {
        {"__tern__on__dh_zw_lamp__", LISTENER_FAULT_GAP, 3},     {"__tern_zw_on__dh___lamp__", LISTENER_FAULT_GAP, 1},
        {"_zw_tern__on__dh___lamp__", LISTENER_FAULT_BEFORE, 0}, {"__tern__on__dh___lamp_zw__", LISTENER_FAULT_AFTER, 0},
        {"__tern__on__dh___zwzw__", LISTENER_FAULT_WORD, 3},     {"__kzwk__on__dh___lamp__", LISTENER_FAULT_WORD, 0},
    };
    struct rows *r = rows_new();
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        r->n = 0;
        sound(r, cases[i].said);
        struct listener_result result = hear(&l, r);
        assert_int_equal(result.reason, TRAGUS_NOT_IN_GRAMMAR);
        assert_int_equal(result.fault, cases[i].fault);
        if (result.fault == LISTENER_FAULT_GAP || result.fault == LISTENER_FAULT_WORD)
            assert_int_equal(result.fault_word, cases[i].word);
    }
    free(r);
    listener_done(&l);
}

static const char *text_of_rival(const struct graph *g, const struct listener_rival *rival) {
    static char text[256];
    text[0] = 0;
    for (uint32_t i = 0; i < rival->n_words; i++) {
        strcat(text, i > 0 ? " " : "");
        strcat(text, g->words[rival->words[i]]);
    }
    return text;
}

/* Makes the last `n` rows fit another phone nearly as well: `below` under the one that was said. */
static void also(struct rows *r, uint32_t row, char phone, int below) {
    r->y[row][phone - 'a' + 1] = (int16_t)(-26 - below);
}

static void rivals_are_found(void **state) {
    (void)state;
    struct decoder_options o = decoder_defaults();
    struct listener l = listen_to("turn on the lamp|turn off the lamp|turn on the light|stop", &o);
    struct rows *r = rows_new();
    sound(r, "__tern_on_dh_lamp__");
    also(r, 8, 'f', 300); /* "off": its last phone is that much worse than that of "on" */
    struct listener_result result = hear(&l, r);
    assert_string_equal(text_of(l.graph, &result), "turn on the lamp");
    assert_int_equal(result.n_rivals, 1); /* "light" has three other phones, too far behind */
    assert_int_equal(result.rivals[0].margin_q8, 300);
    assert_string_equal(text_of_rival(l.graph, &result.rivals[0]), "turn off the lamp");
    assert_int_equal(result.rivals[0].cost_q8, decoder_curve_at(&o.scorecard.curves[DECODER_MARGIN], DECODER_RIVAL_LIMIT) -
                                                   decoder_curve_at(&o.scorecard.curves[DECODER_MARGIN], 300));

    /* a second one at another word; the nearer comes first */
    also(r, 14, 'i', 100);
    also(r, 15, 't', 100);
    also(r, 16, 't', 0);
    result = hear(&l, r);
    assert_int_equal(result.n_rivals, 2);
    assert_true(result.rivals[0].margin_q8 <= result.rivals[1].margin_q8);

    r->n = 0; /* nothing else comes near */
    sound(r, "__stap__");
    result = hear(&l, r);
    assert_int_equal(result.n_rivals, 0);
    free(r);
    listener_done(&l);
}

static void curves(void **state) {
    (void)state;
    struct decoder_curve none = {0}, one = {1, {5}, {7}}, c = {3, {-256, 0, 512}, {1000, 0, -1024}};
    assert_int_equal(decoder_curve_at(&none, 3), 0);
    assert_int_equal(decoder_curve_at(&one, -9000), 7);
    assert_int_equal(decoder_curve_at(&one, 9000), 7);
    static const int32_t expected[][2] = {{INT32_MIN, 1000}, {-256, 1000}, {-128, 500},       {-1, 4}, {0, 0},
                                          {128, -256},       {512, -1024}, {INT32_MAX, -1024}};
    for (unsigned i = 0; i < 8; i++)
        assert_in_range(decoder_curve_at(&c, expected[i][0]) - expected[i][1] + 1, 0, 2);
    struct decoder_curve widest = {2, {-INT32_MAX, INT32_MAX}, {0, 1000}};
    assert_int_equal(decoder_curve_at(&widest, 0), 500);
    assert_int_equal(decoder_logistic(0), 16384);
    for (int32_t x = -4096; x < 4096; x += 7)
        assert_true(decoder_logistic(x) <= decoder_logistic(x + 7));
    assert_true(decoder_logistic(INT32_MIN) > 0 && decoder_logistic(INT32_MAX) < 32768);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals),
        cmocka_unit_test(a_word_has_its_price),
        cmocka_unit_test(confidence_falls_with_choice),
        cmocka_unit_test(confidence_falls_with_what_does_not_fit),
        cmocka_unit_test(each_gap_and_edge_is_judged),
        cmocka_unit_test(what_lies_further_apart_is_judged_together),
        cmocka_unit_test(the_fault_is_named),
        cmocka_unit_test(rivals_are_found),
        cmocka_unit_test(curves),
    };
    return cmocka_run_group_tests_name("rejection", tests, NULL, NULL);
}
