/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the decoder on rows made from strings of phones: paths, times, pruning, histories, results. */
#include "hear.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences),
        cmocka_unit_test(equal_phones_need_a_blank_between),
        cmocka_unit_test(cyclic_grammar_of_digits),
        cmocka_unit_test(word_times),
        cmocka_unit_test(score_of_a_known_path),
        cmocka_unit_test(partial_results_grow),
        cmocka_unit_test(no_sentence_at_all),
        cmocka_unit_test(dead_ends),
        cmocka_unit_test(histories_are_collected),
        cmocka_unit_test(collection_by_hand),
        cmocka_unit_test(tokens_are_capped),
        cmocka_unit_test(a_complete_sentence_is_kept),
        cmocka_unit_test(long_sound_does_not_overflow),
        cmocka_unit_test(same_sound_same_result),
    };
    return cmocka_run_group_tests_name("decoder", tests, NULL, NULL);
}
