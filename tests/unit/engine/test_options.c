/* SPDX-License-Identifier: Apache-2.0 */
/* Options of programs that were built with another version of tragus.h. */
#include "ready.h"
#include "tragus.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The size of options whose last field is this one. */
#define UP_TO(type, field) (offsetof(type, field) + sizeof(((type *)NULL)->field))

static tragus_model *model;
static tragus_grammar *grammar;

/* How much of a quiet sound is recognised: nothing, unless the gate of the stream is off. */
static uint64_t recognised_ms(const tragus_stream_options *stream_options, const tragus_session_options *options) {
    struct ready_sound sound = {0};
    tragus_stream *stream;
    tragus_session *session;
    tragus_cost cost;
    ready_append_quiet(&sound, 1000);
    assert_int_equal(tragus_stream_new(&stream, model, stream_options), 0);
    assert_int_equal(tragus_session_new(&session, stream, grammar, options), 0);
    assert_int_equal(tragus_stream_feed(stream, sound.pcm, sound.n), 0);
    assert_int_equal(tragus_stream_flush(stream), 0);
    tragus_stream_cost(stream, &cost);
    tragus_stream_free(stream);
    ready_sound_done(&sound);
    return cost.speech_ms;
}

static void fields_of_an_older_program_are_taken(void **state) {
    tragus_stream_options stream;
    tragus_session_options session;
    (void)state;
    tragus_stream_options_init(&stream);
    tragus_session_options_init(&session);
    session.size_bytes = UP_TO(tragus_session_options, open_silence_ms);
    assert_int_equal(recognised_ms(&stream, &session), 0);
    stream.gate = 0;
    stream.size_bytes = UP_TO(tragus_stream_options, gate); /* without what pads the struct */
    assert_true(recognised_ms(&stream, &session) > 0);
}

/* What lies behind an older struct is not read. */
static void fields_that_are_missing_have_their_defaults(void **state) {
    static const char wild[] = "never a pointer of a grammar";
    tragus_stream_options stream;
    tragus_session_options session;
    tragus_match_options match;
    tragus_grammar_options of_grammar;
    tragus_grammar *g = NULL;
    tragus_match *m = NULL;
    (void)state;
    tragus_stream_options_init(&stream);
    stream.gate = 0;
    stream.size_bytes = offsetof(tragus_stream_options, gate);
    tragus_session_options_init(&session);
    memcpy(&session.wake, &(const char *){wild}, sizeof(session.wake));
    session.wake_per_hour = -1;
    session.fallback = 1; /* this model has no language model */
    session.size_bytes = offsetof(tragus_session_options, wake);
    assert_int_equal(recognised_ms(&stream, &session), 0);

    tragus_match_options_init(&match);
    match.max = 0;
    match.n_context = 1000000;
    match.size_bytes = offsetof(tragus_match_options, context);
    assert_int_equal(tragus_match_text_with(&m, grammar, "lights on", &match), 1);
    tragus_match_free(m);

    tragus_grammar_options_init(&of_grammar);
    of_grammar.pronunciations_path = "/nonexistent";
    of_grammar.max_arcs = 1;
    of_grammar.size_bytes = offsetof(tragus_grammar_options, pronunciations_path);
    assert_int_equal(tragus_grammar_load_texts(&g, model, &of_grammar, &(tragus_text){"a", "list", "lights on", 9}, 1, NULL, NULL),
                     0);
    tragus_grammar_unref(g);
}

static void more_fields_than_this_library_knows_are_not_read(void **state) {
    struct {
        tragus_session_options known;
        void *of_a_later_version;
    } newer = {.of_a_later_version = NULL};
    (void)state;
    tragus_session_options_init(&newer.known);
    newer.known.size_bytes = sizeof(newer);
    assert_int_equal(recognised_ms(NULL, &newer.known), 0);
}

static void options_that_nobody_initialised_are_refused(void **state) {
    const tragus_stream_options stream = {.gate = 1};
    const tragus_session_options session = {.reject = 1};
    const tragus_match_options match = {.max = 1};
    const tragus_grammar_options of_grammar = {.max_arcs = 0};
    tragus_stream *good, *bad;
    tragus_session *s;
    tragus_match *m;
    tragus_grammar *g;
    tragus_error e = {0};
    (void)state;
    assert_int_equal(tragus_stream_new(&bad, model, &stream), -EINVAL);
    assert_int_equal(tragus_stream_new(&good, model, NULL), 0);
    assert_int_equal(tragus_session_new(&s, good, grammar, &session), -EINVAL);
    tragus_stream_free(good);
    assert_int_equal(tragus_match_text_with(&m, grammar, "lights on", &match), -EINVAL);
    assert_int_equal(tragus_grammar_load_texts(&g, model, &of_grammar, &(tragus_text){"a", "list", "lights on", 9}, 1, NULL, &e),
                     -EINVAL);
    assert_non_null(strstr(e.text, "tragus_grammar_options_init"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_of_an_older_program_are_taken),
        cmocka_unit_test(fields_that_are_missing_have_their_defaults),
        cmocka_unit_test(more_fields_than_this_library_knows_are_not_read),
        cmocka_unit_test(options_that_nobody_initialised_are_refused),
    };
    model = ready_model();
    grammar = ready_grammar(model, "lights on\n");
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    tragus_grammar_unref(grammar);
    tragus_model_unref(model);
    return failed;
}
