/* SPDX-License-Identifier: Apache-2.0 */
/* What happens when memory is missing, and what is left in memory that is freed. */
#include "calls.h"
#include "engine/core.h"
#include "engine/private.h"
#include "nn/nn.h"
#include "ready.h"

#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Whichever allocation fails: a grammar with free words is refused, or it can be spoken. */
static void without_memory_free_words_are_not_left_out(void **state) {
    static const char free_text[] = "intents: {Say: {data: [{sentences: ['say {words}']}]}}\nlists: {words: {wildcard: true}}\n";
    const tragus_text text = {"free", NULL, free_text, strlen(free_text)};
    struct calls calls;
    (void)state;
    unsigned n_refused = 0;
    bool failed = true; /* there was an n-th allocation */
    for (unsigned n = 1; failed; n += 1 + n / 6) {
        tragus_model *m = ready_model_with_words(); /* which has not yet listed its words */
        tragus_grammar *g = NULL;
        tragus_error e = {0};
        calls_fail(n);
        calls_start();
        int r = tragus_grammar_load_texts(&g, m, NULL, &text, 1, NULL, &e);
        calls = calls_stop();
        calls_fail(0);
        failed = calls.n_allocated >= n;
        n_refused += r == -ENOMEM;
        assert_true(r == 0 || r == -ENOMEM);
        assert_true(r < 0 || engine_grammar_graph(g)->lm);
        tragus_grammar_unref(g);
        tragus_model_unref(m);
    }
    assert_true(n_refused > 8 || calls.n_allocated == 0); /* no allocation fails under a sanitizer */
}

static tragus_model *model;
static const int16_t *last_row; /* lies in the memory of a core */
static bool row_wiped;

static void look_for_row(void *p) {
    const char *begin = p, *row = (const char *)last_row;
    size_t n_bytes = nn_model_n_labels(engine_model_network(model)) * sizeof(*last_row);
    if (row < begin || row >= begin + malloc_usable_size(p))
        return;
    row_wiped = true;
    for (size_t i = 0; i < n_bytes; i++)
        row_wiped &= row[i] == 0;
}

static void nothing_heard_is_left_in_freed_memory(void **state) {
    struct ready_sound sound = {0};
    (void)state;
    model = ready_model();
    ready_append_noise(&sound, 1000, 3000);
    struct engine_core *core = engine_core_new(model);
    assert_non_null(core);
    for (size_t i = 0; i + FRONTEND_HOP <= sound.n && !last_row; i += FRONTEND_HOP)
        if (engine_core_push(core, sound.pcm + i))
            while (engine_core_next(core, &last_row) > 0)
                ;
    assert_non_null(last_row);
    calls_watch(look_for_row);
    calls_start();
    engine_core_free(core);
    struct calls calls = calls_stop();
    calls_watch(NULL);
    assert_true(row_wiped || calls.n_freed == 0); /* under a sanitizer, what is freed is not seen */
    tragus_model_unref(model);
    ready_sound_done(&sound);
}

/* Of what was typed or said, in UTF-8 and in the numbers of its characters. */
static const char secret[] = "xylophone";
static const uint32_t secret_characters[] = {'x', 'y', 'l', 'o', 'p', 'h', 'o', 'n', 'e'};
static unsigned n_told;

static void look_for_secret(void *p) {
    size_t n = malloc_usable_size(p);
    n_told += memmem(p, n, secret, sizeof secret - 1) || memmem(p, n, secret_characters, sizeof secret_characters);
}

static void nothing_typed_is_left_in_freed_memory(void **state) {
    static const char free_text[] = "intents: {Say: {data: [{sentences: ['say {words}']}]}}\nlists: {words: {wildcard: true}}\n";
    const tragus_text text = {"free", NULL, free_text, strlen(free_text)};
    tragus_grammar *g;
    tragus_match *m;
    (void)state;
    assert_int_equal(tragus_grammar_load_texts(&g, NULL, NULL, &text, 1, NULL, NULL), 0);
    n_told = 0;
    calls_watch(look_for_secret);
    calls_start();
    int n = tragus_match_text(&m, g, "say the xylophone is here", NULL, 0, 1);
    bool is_there = n == 1 && strstr(tragus_match_reading(m, 0)->slots[0].text, secret);
    tragus_match_free(m);
    calls_stop();
    calls_watch(NULL);
    assert_true(is_there);
    assert_int_equal(n_told, 0);
    tragus_grammar_unref(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_memory_free_words_are_not_left_out),
        cmocka_unit_test(nothing_heard_is_left_in_freed_memory),
        cmocka_unit_test(nothing_typed_is_left_in_freed_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
