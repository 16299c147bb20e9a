/* SPDX-License-Identifier: Apache-2.0 */
/* When the decoder lets an utterance end. */
#include "hear.h"

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

/* Silence is assumed as soon as the last phone sounds, and two rows more than the pause, for which it may sound on; but not where
 * more may follow. */
static void the_last_phone_need_not_be_over(void **state) {
    (void)state;
    struct decoder_options o = decoder_defaults();
    o.step_ms = 50;
    o.sure_q15 = 16384;
    struct listener l = listen_to("stop|stop the light", &o);
    struct rows *said = rows_new(), *silence = rows_new();
    sound(said, "__stap__dh__lait");
    sound(silence, "____________");
    decoder_start(l.decoder);
    for (uint32_t t = 0; t < said->n; t++) {
        decoder_step(l.decoder, said->y[t]);
        if (t + 1 == 6) /* in the last phone of "stop" */
            assert_int_equal(decoder_rows_to_end(l.decoder), 0);
    }
    assert_int_equal(decoder_rows_to_end(l.decoder), 4 + 2); /* 200 ms */
    assert_true(decoder_assume(l.decoder, silence->y[0], 6));
    free(said);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoint),
        cmocka_unit_test(endpoint_by_sentence),
        cmocka_unit_test(assumed_silence_ends_a_sentence_or_changes_nothing),
        cmocka_unit_test(the_last_phone_need_not_be_over),
    };
    return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
