/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the decoder on rows made from strings of phones: paths, times, pruning, histories, results, endpoints. Also compares it
 * with an exhaustive search. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../graph/toy.h"
#include "decoder/state.h"

#define N_LABELS (TOY_PHONES + 1)
#define MAX_ROWS 4000

static const char home[] =
    "turn tern\non an\non on\noff of\nthe dh\nthe di\nlight lait\nlights laits\nlamp lamp\nred red\nread red\n"
    "cat kat\ntwo tu\ntoo tu\nstop stap\na h\nkitchen kicen\none wan\nthree zri\n";

/* --- rows --------------------------------------------------------------------------------------------------------------------- */

struct rows {
    uint32_t n;
    int16_t y[MAX_ROWS][N_LABELS];
};

static struct rows *rows_new(void) {
    struct rows *r = calloc(1, sizeof *r);
    assert_non_null(r);
    return r;
}

/* One row for each character: a phone, or '_' for the blank. The label has -0.1 nats, the others -9. */
static void sound(struct rows *r, const char *labels) {
    for (; *labels; labels++) {
        assert_true(r->n < MAX_ROWS);
        for (unsigned i = 0; i < N_LABELS; i++)
            r->y[r->n][i] = -9 * 256;
        r->y[r->n++][*labels == '_' ? 0 : *labels - 'a' + 1] = -26;
    }
}

/* Adds a random value from -amount to +amount to every value. */
static void add_noise(struct rows *r, int amount, uint64_t seed) {
    struct toy_random random = {seed};
    for (uint32_t t = 0; t < r->n; t++)
        for (unsigned i = 0; i < N_LABELS; i++) {
            int y = r->y[t][i] + (int)toy_random(&random, (uint32_t)(2 * amount + 1)) - amount;
            r->y[t][i] = (int16_t)(y > 0 ? 0 : y);
        }
}

/* --- a decoder and its memory ------------------------------------------------------------------------------------------------- */

struct listener {
    struct toy *toy;
    struct graph *graph;
    struct base_arena arena;
    struct decoder *decoder;
};

static struct decoder *place(struct base_arena *a, const struct graph *g, const struct decoder_options *o) {
    struct base_arena counting = {0};
    assert_null(decoder_place(&counting, g, N_LABELS, o));
    assert_int_equal(base_arena_init(a, counting.used_bytes), 0);
    struct decoder *d = decoder_place(a, g, N_LABELS, o);
    base_arena_seal(a);
    assert_int_equal(a->used_bytes, counting.used_bytes);
    return d;
}

static struct listener listen_with(struct toy *t, const char *dictionary, const struct decoder_options *o) {
    struct listener l = {.toy = t, .graph = toy_graph(t, dictionary)};
    l.decoder = place(&l.arena, l.graph, o);
    return l;
}

/* Makes its decoder anew with other options. */
static void use_options(struct listener *l, const struct decoder_options *o) {
    base_arena_done(&l->arena);
    l->decoder = place(&l->arena, l->graph, o);
}

/* Makes a listener for sentences separated by '|'. */
static struct listener listen_to(const char *sentences, const struct decoder_options *o) {
    struct toy *t = toy_new();
    static char text[4096];
    snprintf(text, sizeof text, "%s", sentences);
    for (char *s = text, *end; s; s = end) {
        end = strchr(s, '|');
        if (end)
            *end++ = 0;
        toy_sentence(t, s);
    }
    return listen_with(t, home, o);
}

static void listener_done(struct listener *l) {
    base_arena_done(&l->arena);
    graph_free(l->graph);
    free(l->toy);
}

static enum listener_state feed(struct decoder *d, const struct rows *r) {
    enum listener_state s = LISTENER_WAITING;
    decoder_start(d);
    for (uint32_t t = 0; t < r->n; t++)
        s = decoder_step(d, r->y[t]);
    return s;
}

static const char *text_of(const struct graph *g, const struct listener_result *r) {
    static char text[1024];
    text[0] = 0;
    for (uint32_t i = 0; i < r->n_words; i++) {
        strcat(text, i > 0 ? " " : "");
        strcat(text, g->words[r->words[i].word]);
    }
    return text;
}

static struct listener_result hear(struct listener *l, const struct rows *r) {
    struct listener_result result;
    feed(l->decoder, r);
    decoder_finish(l->decoder, &result);
    return result;
}

/* The cost of a row of sound() for a path with another phone. */
#define WRONG_PHONE (9 * 256 - 26)

/* The confidence of a word of n phones whose score is below the greedy path, computed independently of decoder/result.c. */
static int32_t ratio_of_word(const struct decoder_options *o, int n, int score_q8) {
    return (score_q8 + n * o->filler_penalty_q8) / (n + 2);
}

static uint16_t confidence_of_word(const struct decoder_options *o, int n, int score_q8) {
    return decoder_confidence(o, ratio_of_word(o, n, score_q8));
}

static void expect(struct listener *l, const char *labels, const char *text, tragus_reason verdict) {
    struct rows *r = rows_new();
    sound(r, labels);
    struct listener_result result = hear(l, r);
    assert_string_equal(text_of(l->graph, &result), text);
    assert_int_equal(result.reason, verdict);
    free(r);
}

/* --- results ------------------------------------------------------------------------------------------------------------------ */

static void sentences(void **state) {
    (void)state;
    struct decoder_options o = decoder_defaults();
    struct listener l = listen_to("turn on the light|turn off the light|turn on the lights|turn the lamp on|stop|read", &o);
    expect(&l, "___t_errn__oo_n_d_h__lla_i_t____", "turn on the light", TRAGUS_REASON_NONE);
    expect(&l, "___ternofdilait___", "turn off the light", TRAGUS_REASON_NONE);
    expect(&l, "__tern__an____dh_lait_s__", "turn on the lights", TRAGUS_REASON_NONE);
    expect(&l, "terndhlampan", "turn the lamp on", TRAGUS_REASON_NONE); /* no silence on either side */
    expect(&l, "____________st_ap___________________________", "stop", TRAGUS_REASON_NONE);
    expect(&l, "__red__", "read", TRAGUS_REASON_NONE);
    listener_done(&l);
}

static void equal_phones_need_a_blank_between(void **state) {
    (void)state;
    struct decoder_options o = decoder_defaults();
    struct listener l = listen_to("cat|cat two|cat too|a a|a|a a a", &o);
    expect(&l, "__kat_tu__", "cat two", TRAGUS_REASON_NONE); /* the first homophone wins */
    expect(&l, "__kat__", "cat", TRAGUS_REASON_NONE);
    expect(&l, "__katt__", "cat", TRAGUS_REASON_NONE);
    expect(&l, "__hhh__", "a", TRAGUS_REASON_NONE);
    expect(&l, "__h_h__", "a a", TRAGUS_REASON_NONE);
    expect(&l, "__hh_hhh__h__", "a a a", TRAGUS_REASON_NONE);

    /* Without a blank the second t costs. "cat" is cheapest: it takes the u for more of its t, but the filler finds the u. */
    struct rows *r = rows_new();
    sound(r, "__kat_tu__");
    struct listener_result result = hear(&l, r);
    r->n = 0;
    sound(r, "__kattu__");
    struct listener_result paid = hear(&l, r);
    assert_string_equal(text_of(l.graph, &paid), "cat");
    assert_int_equal(paid.ratio_q8, (-WRONG_PHONE + 4 * o.filler_penalty_q8) / 3);
    assert_true(paid.confidence_q15 < result.confidence_q15);
    free(r);
    listener_done(&l);
}

static void cyclic_grammar_of_digits(void **state) {
    (void)state;
    struct decoder_options o = decoder_defaults();
    struct toy *t = toy_new();
    toy_arc(t, 0, "one", 1);
    toy_arc(t, 0, "two", 1);
    toy_arc(t, 0, "three", 1);
    toy_arc(t, 1, "one", 1);
    toy_arc(t, 1, "two", 1);
    toy_arc(t, 1, "three", 1);
    t->is_final[1] = 1;
    struct listener l = listen_with(t, home, &o);
    expect(&l, "__wan_tuzri_zri__wan_", "one two three three one", TRAGUS_REASON_NONE);

    /* The result has room for fewer words than the sentence: it keeps the first ones. */
    struct rows *r = rows_new();
    for (int i = 0; i < LISTENER_MAX_WORDS + 20; i++)
        sound(r, i % 2 ? "_tu_" : "_wan_");
    struct listener_result result;
    struct listener_partial partial;
    feed(l.decoder, r);
    decoder_partial(l.decoder, &partial);
    decoder_finish(l.decoder, &result);
    assert_int_equal(result.n_words, LISTENER_MAX_WORDS);
    assert_string_equal(l.graph->words[result.words[0].word], "one");
    assert_string_equal(l.graph->words[result.words[LISTENER_MAX_WORDS - 1].word], "two");
    assert_int_equal(partial.n_words, LISTENER_MAX_WORDS);
    assert_string_equal(l.graph->words[partial.words[LISTENER_MAX_WORDS - 1]], "two");
    free(r);
    listener_done(&l);
}

static void check_word_times(uint32_t lateness_ms) {
    struct decoder_options o = decoder_defaults();
    o.lateness_ms = lateness_ms;
    struct listener l = listen_to("turn on the light", &o);
    struct rows *r = rows_new();
    /*        0         1         2         3  */
    /*        0123456789012345678901234567890  */
    sound(r, "__________te_rn___onn_dhlait____");
    struct listener_result result = hear(&l, r);
    assert_int_equal(result.n_words, 4);
    const uint32_t start[] = {300 - 100, 540 - 45, 660 - 15, 720}, end[] = {450, 630, 720, 840};
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(result.words[i].start_ms, start[i] > lateness_ms ? start[i] - lateness_ms : 0);
        assert_int_equal(result.words[i].end_ms, end[i] - lateness_ms);
        assert_true(result.words[i].confidence_q15 > 28000);
    }
    assert_int_equal(result.start_ms, result.words[0].start_ms);
    assert_int_equal(result.end_ms, 840 - lateness_ms);
    free(r);
    listener_done(&l);
}

static void word_times(void **state) {
    (void)state;
    check_word_times(0);
    check_word_times(60);
    check_word_times(250); /* otherwise the first word would begin before the sound */
}

static void score_of_a_known_path(void **state) {
    (void)state;
    struct decoder_options o = decoder_defaults();
    struct listener l = listen_to("stop", &o);
    struct rows *r = rows_new();
    sound(r, "_s_tap__");
    struct listener_result result = hear(&l, r);
    assert_int_equal(result.score_q8, -8 * 26 - 4 * 640);
    /* The filler finds the same and pays for four phones, so each phone is two nats better than the filler. */
    assert_int_equal(result.ratio_q8, o.filler_penalty_q8);
    free(r);
    listener_done(&l);
}

static void partial_results_grow(void **state) {
    (void)state;
    struct decoder_options o = decoder_defaults();
    struct listener l = listen_to("turn on the light|turn off the lamp", &o);
    struct rows *r = rows_new();
    struct listener_partial partial;
    uint32_t n_seen = 0, n_stable = 0;
    sound(r, "__tern_on_dh_lait__");
    decoder_start(l.decoder);
    decoder_partial(l.decoder, &partial);
    assert_int_equal(partial.n_words, 0);
    for (uint32_t t = 0; t < r->n; t++) {
        decoder_step(l.decoder, r->y[t]);
        decoder_partial(l.decoder, &partial);
        assert_true(partial.n_words >= n_seen && partial.n_words <= n_seen + 1);
        assert_true(partial.n_stable >= n_stable && partial.n_stable <= partial.n_words);
        n_seen = partial.n_words;
        n_stable = partial.n_stable;
        if (t == 7) {
            assert_int_equal(partial.n_words, 1);
            assert_string_equal(l.graph->words[partial.words[0]], "turn");
            assert_int_equal(partial.n_stable, 0); /* it may still end at another time, before "on" or "off" */
        }
    }
    assert_int_equal(n_seen, 4);
    assert_true(n_stable >= 1); /* all tokens within the beam begin with this word */
    assert_string_equal(l.graph->words[partial.words[3]], "light");
    free(r);
    listener_done(&l);
}

/* --- rejection ---------------------------------------------------------------------------------------------------------------- */

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

/* --- endpoints ---------------------------------------------------------------------------------------------------------------- */

/* Returns the row after which the utterance ended, or -1. */
static int ends_after(struct listener *l, const char *labels) {
    struct rows *r = rows_new();
    int end = -1;
    sound(r, labels);
    decoder_start(l->decoder);
    for (uint32_t t = 0; t < r->n && end < 0; t++)
        if (decoder_step(l->decoder, r->y[t]) == LISTENER_ENDED)
            end = (int)t + 1;
    free(r);
    return end;
}

/* The result after these rows; before each of them, the decoder assumes rows in which more is said. */
static struct listener_result result_of(const struct listener *l, const struct rows *said, const struct rows *assumed) {
    struct listener_result result;
    decoder_start(l->decoder);
    for (uint32_t t = 0; t < said->n; t++) {
        if (assumed && decoder_rows_to_end(l->decoder) > 0)
            assert_false(decoder_assume(l->decoder, assumed->y[0], assumed->n));
        decoder_step(l->decoder, said->y[t]);
    }
    decoder_finish(l->decoder, &result);
    return result;
}

static void assumed_silence_ends_a_sentence_or_changes_nothing(void **state) {
    (void)state;
    struct decoder_options o = decoder_defaults();
    o.step_ms = 50;
    o.sure_q15 = 16384;
    struct listener l = listen_to("stop|stop the light", &o);
    struct rows *said = rows_new(), *more = rows_new(), *silence = rows_new();
    sound(said, "__stap__dh__lait__");
    sound(more, "__kz_kz");
    sound(silence, "____________");

    struct listener_result plain = result_of(&l, said, NULL), disturbed = result_of(&l, said, more);
    assert_int_equal(plain.n_words, 3);
    assert_memory_equal(&plain, &disturbed, sizeof(plain));

    unsigned n_asked = 0;
    decoder_start(l.decoder);
    for (uint32_t t = 0; t < said->n; t++) {
        assert_int_equal(decoder_step(l.decoder, said->y[t]) == LISTENER_ENDED, false);
        uint32_t n = decoder_rows_to_end(l.decoder);
        n_asked += n > 0;
        if (t + 1 < said->n)
            continue;
        assert_int_equal(n, 2); /* two silent rows were heard; 200 ms end a sure sentence that nothing can follow */
        assert_false(decoder_assume(l.decoder, silence->y[0], n - 1));
        assert_int_equal(decoder_rows_to_end(l.decoder), 7); /* 450 ms: it is not asked twice whether it is sure */
        decoder_continue(l.decoder);
    }
    assert_true(n_asked >= 2); /* after "stop", too */
    result_of(&l, said, NULL);
    decoder_start(l.decoder);
    for (uint32_t t = 0; t < said->n; t++)
        decoder_step(l.decoder, said->y[t]);
    assert_true(decoder_assume(l.decoder, silence->y[0], 2));
    struct listener_result early;
    decoder_finish(l.decoder, &early);
    assert_int_equal(early.n_words, 3);
    assert_int_equal(early.end_ms, plain.end_ms);
    decoder_continue(l.decoder);
    assert_int_equal(l.decoder->n_before, DECODER_EDGE_STEPS < said->n ? DECODER_EDGE_STEPS : said->n);
    free(said);
    free(more);
    free(silence);
    listener_done(&l);
}

static void endpoint(void **state) {
    (void)state;
    struct decoder_options o = decoder_defaults();
    o.step_ms = 50;
    o.sure_q15 = 16384;
    o.final_silence_ms = 200;
    o.end_silence_ms = 500;
    o.open_silence_ms = 1000;
    o.no_speech_ms = 2000;
    o.max_speech_ms = 3000;
    struct listener l = listen_to("stop|stop the light", &o);
    assert_int_equal(ends_after(&l, "__stap________________________"), 2 + 4 + 10);
    assert_int_equal(ends_after(&l, "__stap_____dh________________________"), 2 + 4 + 5 + 2 + 20); /* "stop the": not a sentence */
    assert_int_equal(ends_after(&l, "__stap_____dh_____lait_______________"), 2 + 4 + 5 + 2 + 5 + 4 + 4); /* nothing can follow */
    o.sure_q15 = 1 << 15;
    use_options(&l, &o);
    assert_int_equal(ends_after(&l, "__stap_____dh_____lait_______________"),
                     2 + 4 + 5 + 2 + 5 + 4 + 7); /* but it is never sure: half-way between the two times */
    assert_int_equal(ends_after(&l, "__k_z________________________"), 2 + 3 + 20);
    assert_int_equal(ends_after(&l, "______________________________________________"), 40);
    assert_int_equal(ends_after(&l, "_____________________________________stap__"), -1);
    assert_int_equal(ends_after(&l, "_stap_stap_stap_stap_stap_stap_stap_stap_stap_stap_stap_stap_stap_stap_stap_stap_stap_"),
                     1 + 60);
    struct listener_result result;
    decoder_finish(l.decoder, &result);
    assert_int_equal(result.reason, TRAGUS_TOO_LONG);

    struct decoder_options patient = o; /* as long as it goes: half-way between two silences is long, too */
    patient.end_silence_ms = patient.open_silence_ms = patient.max_speech_ms = UINT32_MAX;
    use_options(&l, &patient);
    assert_int_equal(ends_after(&l, "__stap_____dh_____lait______________________________________"), -1);
    use_options(&l, &o);

    /* speech that only the filler matches is not silence */
    struct rows *r = rows_new();
    sound(r, "___k_______________________");
    r->y[3][0] = -256;
    decoder_start(l.decoder);
    int end = 0;
    for (uint32_t t = 0; t < r->n && end == 0; t++)
        if (decoder_step(l.decoder, r->y[t]) == LISTENER_ENDED)
            end = (int)t + 1;
    assert_int_equal(l.decoder->tokens[l.decoder->best].token.last_step, 0);
    assert_int_equal(end, 3 + 1 + 20);
    r->n = 0;

    sound(r, "___st");
    decoder_start(l.decoder);
    assert_int_equal(decoder_step(l.decoder, r->y[0]), LISTENER_WAITING);
    decoder_step(l.decoder, r->y[1]);
    decoder_step(l.decoder, r->y[2]);
    assert_int_equal(decoder_step(l.decoder, r->y[3]), LISTENER_SPEAKING);
    free(r);
    listener_done(&l);
}

/* Sentences may have pauses of their own; an incomplete one has those of the nearest complete one. */
static void endpoint_by_sentence(void **state) {
    (void)state;
    struct decoder_options o = decoder_defaults();
    o.step_ms = 50;
    o.sure_q15 = 1 << 14;
    o.final_silence_ms = 200;
    o.end_silence_ms = 500;
    o.open_silence_ms = 1000;
    o.no_speech_ms = 2000;
    o.max_speech_ms = 4000;
    struct toy *t = toy_new();
    toy_arc(t, 0, "stop", 1);
    toy_arc(t, 1, "the", 2);
    toy_arc(t, 2, "light", 3);
    t->is_final[1] = 2;
    t->is_final[3] = 3;
    t->words.pauses = (const struct grammar_pauses[]){{.end_silence_ms = 300}, {.final_silence_ms = 600, .open_silence_ms = 1500}};
    t->words.n_pauses = 2;
    struct listener l = listen_with(t, home, &o);
    assert_int_equal(ends_after(&l, "__stap________________________"), 2 + 4 + 6);
    assert_int_equal(ends_after(&l, "__stap_____dh________________________________"), 2 + 4 + 5 + 2 + 30);
    assert_int_equal(ends_after(&l, "__stap_____dh_____lait_______________"),
                     2 + 4 + 5 + 2 + 5 + 4 + 12 - 2); /* as a complete one */
    o.end_silence_ms = 900;
    use_options(&l, &o);
    assert_int_equal(ends_after(&l, "__stap________________________"), 2 + 4 + 6);
    assert_int_equal(ends_after(&l, "__stap_____dh_____lait_______________"), 2 + 4 + 5 + 2 + 5 + 4 + 12);
    listener_done(&l);
}

/* --- limits ------------------------------------------------------------------------------------------------------------------- */

static void no_sentence_at_all(void **state) {
    (void)state;
    struct decoder_options o = decoder_defaults();
    struct grammar_acceptor nothing = {0};
    struct graph *g;
    assert_int_equal(graph_build_with(&g, &nothing, toy_pronounce, (char[]){""}, NULL, 0, NULL, NULL), 0);
    struct base_arena a;
    struct decoder *d = place(&a, g, &o);
    struct rows *r = rows_new();
    struct listener_result result;
    sound(r, "__tern_on__");
    feed(d, r);
    decoder_finish(d, &result);
    assert_int_equal(result.n_words, 0);
    assert_int_equal(result.reason, TRAGUS_NOT_IN_GRAMMAR);
    free(r);
    base_arena_done(&a);
    graph_free(g);
}

/* In an acceptor that was not trimmed, words that lead nowhere are not guessed. */
static void dead_ends(void **state) {
    (void)state;
    struct decoder_options o = decoder_defaults();
    struct toy *t = toy_new();
    toy_arc(t, 0, "kitchen", 1);
    toy_arc(t, 0, "stop", 2);
    t->is_final[2] = 1;
    struct listener l = listen_with(t, home, &o);
    expect(&l, "__kicen__", "", TRAGUS_NOT_IN_GRAMMAR);
    listener_done(&l);
}

/* A loop of many words: a list of names after "turn on", over and over. */
static struct toy *names_loop(char *dictionary, size_t size, unsigned n_names, uint64_t seed) {
    static char names[512][16];
    struct toy_random r = {seed};
    struct toy *t = toy_new();
    size_t at = 0;
    for (unsigned i = 0; i < n_names; i++) {
        snprintf(names[i], sizeof names[i], "N%u", i);
        at += (size_t)snprintf(dictionary + at, size - at, "%s ", names[i]);
        for (unsigned k = 0; k < 2 + toy_random(&r, 4); k++)
            dictionary[at++] = (char)('a' + toy_random(&r, 8));
        at += (size_t)snprintf(dictionary + at, size - at, "\n");
        toy_arc(t, 0, names[i], 1);
        toy_arc(t, 1, names[i], 1);
    }
    t->is_final[1] = 1;
    return t;
}

static int same_result(const struct listener_result *a, const struct listener_result *b) {
    if (a->reason != b->reason || a->n_words != b->n_words || a->score_q8 != b->score_q8 || a->ratio_q8 != b->ratio_q8 ||
        a->confidence_q15 != b->confidence_q15 || a->start_ms != b->start_ms || a->end_ms != b->end_ms)
        return 0;
    return memcmp(a->words, b->words, a->n_words * sizeof *a->words) == 0;
}

static void histories_are_collected(void **state) {
    (void)state;
    char dictionary[4096];
    struct decoder_options o = decoder_defaults();
    o.min_confidence_q15 = 0;
    struct listener large = listen_with(names_loop(dictionary, sizeof dictionary, 40, 5), dictionary, &o);
    o.max_history = 2500;
    struct listener small = listen_with(names_loop(dictionary, sizeof dictionary, 40, 5), dictionary, &o);
    o.max_history = 0;
    struct listener least = listen_with(names_loop(dictionary, sizeof dictionary, 40, 5), dictionary, &o);
    struct rows *r = rows_new();
    struct toy_random random = {17};
    for (int i = 0; i < 750; i++) {
        char labels[] = "_x";
        labels[1] = (char)('a' + toy_random(&random, 8));
        sound(r, labels);
    }
    add_noise(r, 1500, 99);
    uint32_t collections = 0, before = 0;
    decoder_start(small.decoder);
    for (uint32_t t = 0; t < r->n; t++) {
        decoder_step(small.decoder, r->y[t]);
        collections += small.decoder->n_history < before;
        before = small.decoder->n_history;
    }
    assert_true(collections >= 2);
    struct listener_result a = hear(&large, r), b = hear(&small, r), c = hear(&least, r);
    assert_true(large.decoder->n_history > 1000);
    assert_true(same_result(&a, &b));
    assert_true(a.n_words > 20);
    assert_true(c.score_q8 <= a.score_q8); /* too small a pool only reduces accuracy */
    free(r);
    listener_done(&large);
    listener_done(&small);
    listener_done(&least);
}

static void collection_by_hand(void **state) {
    (void)state;
    struct decoder_entry pool[6];
    uint32_t moved[6];
    const uint32_t previous[] = {DECODER_NONE, DECODER_NONE, 1, 0, 2, DECODER_NONE};
    for (uint32_t i = 0; i < 6; i++)
        pool[i] = (struct decoder_entry){.previous = previous[i], .arc = 10 + i};
    struct decoder_active token = {.token = {.history = DECODER_NONE, .entry = 4}};
    struct decoder d = {.history = pool, .history_moved = moved, .n_history = 6, .max_history = 6, .tokens = &token, .n_tokens = 1};
    d.has_complete = true;
    d.complete = (struct decoder_token){.history = 5, .entry = DECODER_NONE};
    decoder_history_collect(&d);
    assert_int_equal(d.n_history, 4); /* 0 and 3 are gone */
    assert_int_equal(token.token.history, DECODER_NONE);
    assert_int_equal(token.token.entry, 2);
    assert_int_equal(pool[2].arc, 14);
    assert_int_equal(pool[2].previous, 1);
    assert_int_equal(pool[1].arc, 12);
    assert_int_equal(pool[1].previous, 0);
    assert_int_equal(pool[0].arc, 11);
    assert_int_equal(pool[0].previous, DECODER_NONE);
    assert_int_equal(d.complete.history, 3);
    assert_int_equal(pool[3].arc, 15);
}

static void tokens_are_capped(void **state) {
    (void)state;
    char dictionary[8192];
    struct decoder_options o = decoder_defaults();
    struct rows *r = rows_new();
    sound(r, "__");
    struct listener l = listen_with(names_loop(dictionary, sizeof dictionary, 300, 11), dictionary, &o);
    const char *word = strchr(dictionary, ' ') + 1; /* of N0 */
    for (; *word != '\n'; word++)
        sound(r, (char[]){*word, '_', 0});
    sound(r, "______");
    add_noise(r, 600, 3);
    struct listener_result all = hear(&l, r);
    listener_done(&l);
    for (uint32_t cap = 1; cap < 600; cap = cap * 3 / 2 + 1) {
        o.max_tokens = cap;
        l = listen_with(names_loop(dictionary, sizeof dictionary, 300, 11), dictionary, &o);
        decoder_start(l.decoder);
        for (uint32_t t = 0; t < r->n; t++) {
            decoder_step(l.decoder, r->y[t]);
            assert_in_range(l.decoder->n_tokens, 1, cap);
        }
        struct listener_result result;
        decoder_finish(l.decoder, &result);
        assert_true(result.n_words == 0 || result.score_q8 <= all.score_q8);
        const int16_t alike[N_LABELS] = {0}; /* all scores equal: no beam can tell them apart */
        decoder_start(l.decoder);
        for (int t = 0; t < 10; t++) {
            decoder_step(l.decoder, alike);
            assert_in_range(l.decoder->n_tokens, 1, cap);
        }
        if (cap > 60)
            assert_true(same_result(&result, &all));
        listener_done(&l);
    }
    free(r);
}

/* A sentence that ended long ago is still found after the beam has dropped it. */
static void a_complete_sentence_is_kept(void **state) {
    (void)state;
    struct decoder_options o = decoder_defaults();
    o.min_confidence_q15 = 0;
    o.beam_q8 = 1024;
    struct listener l = listen_to("stop|stop the kitchen lights|turn on the kitchen lights", &o);
    struct rows *r = rows_new();
    sound(r, "__stap___zwwzz");
    feed(l.decoder, r);
    int64_t blanks = 0;
    assert_true(l.decoder->has_complete);
    for (uint32_t t = 9; t < r->n; t++)
        blanks += r->y[t][0] - o.blank_penalty_q8;
    assert_true(l.decoder->complete.score + l.decoder->greedy_sum <= -9 * 26 - 5 * o.blank_penalty_q8 + blanks);
    struct listener_result result;
    decoder_finish(l.decoder, &result);
    assert_string_equal(text_of(l.graph, &result), "stop");
    assert_int_equal(result.score_q8, -9 * 26 - 5 * o.blank_penalty_q8 + blanks);
    free(r);
    listener_done(&l);
}

static void long_sound_does_not_overflow(void **state) {
    (void)state;
    struct decoder_options o = decoder_defaults();
    o.no_speech_ms = UINT32_MAX;
    struct listener l = listen_to("stop", &o);
    int16_t row[N_LABELS];
    for (unsigned i = 0; i < N_LABELS; i++)
        row[i] = INT16_MIN; /* the lowest value, except for one phone that is not in "stop" */
    row['z' - 'a' + 1] = 0;
    decoder_start(l.decoder);
    for (int t = 0; t < 200000; t++)
        decoder_step(l.decoder, row);
    struct listener_result result;
    decoder_finish(l.decoder, &result);
    assert_true(result.reason != TRAGUS_REASON_NONE);
    expect(&l, "__stap__", "stop", TRAGUS_REASON_NONE); /* later utterances are not affected */

    o.min_confidence_q15 = 0;
    o.blank_penalty_q8 = 0; /* otherwise staying in the last phone would be cheaper than blank */
    use_options(&l, &o);
    decoder_start(l.decoder);
    struct rows *r = rows_new();
    sound(r, "_stap_");
    for (uint32_t t = 0; t < r->n; t++)
        decoder_step(l.decoder, r->y[t]);
    for (int t = 0; t < 3000; t++) /* scores are normalised in between; the total stays exact */
        decoder_step(l.decoder, row);
    assert_true(l.decoder->taken_off < 0);
    decoder_finish(l.decoder, &result);
    assert_string_equal(text_of(l.graph, &result), "stop");
    assert_int_equal(result.score_q8, -6 * 26 + 3000 * INT16_MIN);

    /* A word may lose more than 32 bits hold: in each of its phones as much as one can lose. */
    decoder_start(l.decoder);
    for (const char *phone = "stap"; *phone; phone++) {
        r->n = 0;
        sound(r, (char[]){*phone, 0});
        decoder_step(l.decoder, r->y[0]);
        for (int t = 0; t < 33000; t++)
            decoder_step(l.decoder, row);
    }
    decoder_finish(l.decoder, &result);
    assert_string_equal(text_of(l.graph, &result), "stop");
    assert_true(result.words[0].confidence_q15 < 20);
    r->n = 0;
    sound(r, "_stap_");
    listener_done(&l);

    /* The same if no token has the sentence any more, because a dead end fits better. */
    struct toy *t = toy_new();
    toy_arc(t, 0, "stop", 1);
    toy_arc(t, 1, "kitchen", 2);
    t->is_final[1] = 1;
    l = listen_with(t, home, &o);
    row['k' - 'a' + 1] = -20000;
    feed(l.decoder, r);
    for (int i = 0; i < 3000; i++)
        decoder_step(l.decoder, row);
    assert_true(l.decoder->taken_off < 0);
    assert_int_equal(l.decoder->best_complete, DECODER_NONE);
    decoder_finish(l.decoder, &result);
    assert_string_equal(text_of(l.graph, &result), "stop");
    assert_int_equal(result.score_q8, -6 * 26 + 3000 * INT16_MIN);
    free(r);
    listener_done(&l);
}

static void same_sound_same_result(void **state) {
    (void)state;
    char dictionary[8192];
    struct decoder_options o = decoder_defaults();
    o.max_tokens = 150;
    struct listener l = listen_with(names_loop(dictionary, sizeof dictionary, 200, 23), dictionary, &o);
    struct listener m = listen_with(names_loop(dictionary, sizeof dictionary, 200, 23), dictionary, &o);
    struct rows *r = rows_new(), *other = rows_new();
    sound(r, "___abc_hgf_de_cba_aa_bc__");
    sound(other, "bbbbbbbb_c_c_c_c");
    for (uint64_t seed = 1; seed < 20; seed++) {
        add_noise(r, 300, seed);
        struct listener_result a = hear(&l, r);
        hear(&m, other); /* earlier sound does not matter */
        struct listener_result b = hear(&m, r);
        assert_true(same_result(&a, &b));
    }
    free(r);
    free(other);
    listener_done(&l);
    listener_done(&m);
}

/* --- comparison with an exhaustive search ------------------------------------------------------------------------------------- */

struct search {
    const struct grammar_acceptor *in;
    const char *dictionary;
    const struct rows *rows;
    int32_t blank_penalty_q8, word_penalty_q8;
    int64_t best;
    char best_text[256]; /* one of the best */
    const char *asked;   /* the text to find the best score of */
    int64_t best_asked;
};

/* The score of the best CTC path of one string of phones: Viterbi over blank, phone, blank, ... (Graves et al., 2006). */
static int64_t path_score(const struct search *s, const uint8_t *phones, unsigned n) {
    enum { MOST = 2 * 40 + 1 };
    int64_t v[MOST], none = INT64_MIN / 2;
    unsigned n_states = 2 * n + 1;
    assert_true(n_states <= MOST);
    for (unsigned i = 0; i < n_states; i++)
        v[i] = none;
    for (uint32_t t = 0; t < s->rows->n; t++) {
        for (unsigned i = n_states; i-- > 0;) {
            int64_t from = t == 0 && i > 1 ? none : t == 0 ? 0 : v[i];
            if (t > 0 && i > 0 && v[i - 1] > from)
                from = v[i - 1];
            if (t > 0 && i % 2 == 1 && i > 2 && phones[i / 2] != phones[i / 2 - 1] && v[i - 2] > from)
                from = v[i - 2];
            v[i] = from + (i % 2 == 0 ? s->rows->y[t][0] - s->blank_penalty_q8 : s->rows->y[t][phones[i / 2]]);
        }
    }
    int64_t best = v[n_states - 1] > v[n_states - 2] ? v[n_states - 1] : v[n_states - 2];
    return best < none / 2 ? INT64_MIN : best;
}

static void try_all(struct search *s, uint32_t at, uint8_t *phones, unsigned n, const char *text, int32_t paid) {
    if (s->in->is_final[at] && n > 0) {
        int64_t score = path_score(s, phones, n);
        score -= score == INT64_MIN ? 0 : paid;
        if (score > s->best) {
            s->best = score;
            snprintf(s->best_text, sizeof s->best_text, "%s", text);
        }
        if (s->asked && strcmp(s->asked, text) == 0 && score > s->best_asked)
            s->best_asked = score;
    }
    for (uint32_t a = s->in->first_arc[at]; a < s->in->first_arc[at + 1]; a++) {
        struct lexicon_pronunciation p[LEXICON_MAX_VARIANTS];
        const char *word = s->in->words[s->in->arcs[a].word];
        int n_variants = toy_pronounce((void *)(uintptr_t)s->dictionary, word, p, LEXICON_MAX_VARIANTS);
        for (int v = 0; v < n_variants; v++) {
            char longer[64];
            if (n + p[v].n_phones > s->rows->n) /* more phones than rows: no path */
                continue;
            memcpy(phones + n, p[v].phones, p[v].n_phones);
            snprintf(longer, sizeof longer, "%s%s%s", text, *text ? " " : "", word);
            try_all(s, s->in->arcs[a].to, phones, n + p[v].n_phones, longer, paid + s->word_penalty_q8);
        }
    }
}

static void exhaustive(void **state) {
    (void)state;
    struct toy_random random = {4711};
    int n_heard = 0;
    for (int round = 0; round < 1500; round++) {
        char dictionary[400], names[5][2];
        size_t at = 0;
        for (unsigned w = 0; w < 5; w++) {
            snprintf(names[w], sizeof names[w], "%c", 'A' + w);
            for (unsigned v = 0; v < 1 + toy_random(&random, 2); v++) {
                at += (size_t)snprintf(dictionary + at, sizeof dictionary - at, "%c ", 'A' + w);
                for (unsigned i = 0; i < 1 + toy_random(&random, 3); i++)
                    dictionary[at++] = (char)('a' + toy_random(&random, 3)); /* few phones: many repeats */
                at += (size_t)snprintf(dictionary + at, sizeof dictionary - at, "\n");
            }
        }
        struct toy *t = toy_new();
        uint32_t n_states = 2 + toy_random(&random, 4);
        int cyclic = round % 4 == 0;
        for (uint32_t s = 0; s + 1 < n_states; s++) {
            for (uint32_t i = 0; i < 1 + toy_random(&random, 2); i++)
                toy_arc(t, s, names[toy_random(&random, 5)],
                        cyclic ? 1 + toy_random(&random, n_states - 1) : s + 1 + toy_random(&random, n_states - s - 1));
            toy_arc(t, s, names[toy_random(&random, 5)], s + 1);
            t->is_final[s] = s > 0 && toy_random(&random, 3) == 0;
        }
        t->is_final[n_states - 1] = 1;

        struct decoder_options o = decoder_defaults();
        o.beam_q8 = 1 << 24;
        o.max_tokens = 100000;
        o.blank_penalty_q8 = (int32_t)toy_random(&random, 1000) - 200;
        o.word_penalty_q8 = (int32_t)toy_random(&random, 600);
        o.filler_penalty_q8 = 1 << 20; /* disables the filler, so that no incomplete sentence is reported */
        o.min_confidence_q15 = 0;
        struct listener l = listen_with(t, dictionary, &o);

        struct rows *r = rows_new();
        r->n = 1 + toy_random(&random, cyclic ? 6 : 11);
        for (uint32_t i = 0; i < r->n; i++)
            for (unsigned k = 0; k < N_LABELS; k++)
                r->y[i][k] = (int16_t)-toy_random(&random, round % 2 ? 3000 : 4); /* with 4, many values are equal */
        struct listener_result result = hear(&l, r);

        uint8_t phones[64];
        struct search s = {
            &t->words, dictionary, r, o.blank_penalty_q8, o.word_penalty_q8, INT64_MIN, "", text_of(l.graph, &result), INT64_MIN};
        try_all(&s, 0, phones, 0, "", 0);
        assert_int_equal(result.n_words > 0, s.best > INT64_MIN);
        if (result.n_words > 0) {
            n_heard++;
            int32_t paid = (int32_t)result.n_words * o.word_penalty_q8;
            assert_int_equal(result.score_q8 - paid, s.best);
            assert_int_equal(result.score_q8 - paid, s.best_asked); /* the words have that score */
        }
        free(r);
        listener_done(&l);
    }
    assert_true(n_heard > 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences),
        cmocka_unit_test(equal_phones_need_a_blank_between),
        cmocka_unit_test(cyclic_grammar_of_digits),
        cmocka_unit_test(word_times),
        cmocka_unit_test(score_of_a_known_path),
        cmocka_unit_test(partial_results_grow),
        cmocka_unit_test(refusals),
        cmocka_unit_test(a_word_has_its_price),
        cmocka_unit_test(confidence_falls_with_choice),
        cmocka_unit_test(confidence_falls_with_what_does_not_fit),
        cmocka_unit_test(each_gap_and_edge_is_judged),
        cmocka_unit_test(the_fault_is_named),
        cmocka_unit_test(rivals_are_found),
        cmocka_unit_test(curves),
        cmocka_unit_test(endpoint),
        cmocka_unit_test(endpoint_by_sentence),
        cmocka_unit_test(assumed_silence_ends_a_sentence_or_changes_nothing),
        cmocka_unit_test(no_sentence_at_all),
        cmocka_unit_test(dead_ends),
        cmocka_unit_test(histories_are_collected),
        cmocka_unit_test(collection_by_hand),
        cmocka_unit_test(tokens_are_capped),
        cmocka_unit_test(a_complete_sentence_is_kept),
        cmocka_unit_test(long_sound_does_not_overflow),
        cmocka_unit_test(same_sound_same_result),
        cmocka_unit_test(exhaustive),
    };
    return cmocka_run_group_tests_name("decoder", tests, NULL, NULL);
}
