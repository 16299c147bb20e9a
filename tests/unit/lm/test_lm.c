/* SPDX-License-Identifier: Apache-2.0 */
/* Tests language models: cutting text, training, the file, and the probabilities that come out. */
#include "lm/lm.h"
#include "lm/text.h"
#include "lm/train.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct lexicon *lexicon;

static int open_lexicon(void **state) {
    (void)state;
    const char *build = getenv("abs_top_builddir");
    char path[4096];
    tragus_error e;
    snprintf(path, sizeof path, "%s/models/en/lexicon.tragus", build ? build : ".");
    return lexicon_open(&lexicon, path, NULL, &e);
}

static int close_lexicon(void **state) {
    (void)state;
    lexicon_free(lexicon);
    return 0;
}

static void sentences_of(const char *text, const char *expected) {
    char all[1000] = "", sentence[LM_MAX_SENTENCE_BYTES];
    for (const char *at = text, *end = text + strlen(text); lm_text_next(&at, end, sentence);)
        if (sentence[0])
            snprintf(all + strlen(all), sizeof all - strlen(all), "%s%.200s", all[0] ? "|" : "", sentence);
    assert_string_equal(all, expected);
}

static void text(void **state) {
    (void)state;
    sentences_of("I'd like two, please. Now!", "i'd like two please|now");
    sentences_of("well-known \"words\" (and more)\nnext line", "well known words and more|next line");
    sentences_of("It is 3.5 degrees.", "it is 3.5 degrees");
    sentences_of("don\xe2\x80\x99t \xe2\x80\x94 caf\xc3\x89", "don't caf\xc3\xa9");
    sentences_of("'quoted'", "quoted");
    sentences_of("...\n\n  ", "");
    sentences_of("", "");
}

static bool any_word(void *user, const char *word, uint32_t n) {
    (void)user;
    (void)n;
    return strcmp(word, "lazy") != 0;
}

/* Trains a model from sentences separated by '|'; those after "||" count `weight` times. */
static struct lm *train(const char *sentences, double weight, const struct lm_limits *limits) {
    char *copy = strdup(sentences), *heavy = strstr(copy, "||"), *save, path[] = "test-lm-XXXXXX";
    struct lm_trainer *t;
    struct lm_tables tables;
    struct lm *lm;
    tragus_error e = {0};
    assert_int_equal(lm_trainer_new(&t), 0);
    for (char *s = strtok_r(copy, "|", &save); s; s = strtok_r(NULL, "|", &save)) {
        if (heavy && s > heavy && weight > 0) {
            assert_int_equal(lm_trainer_source(t, weight, &e), 0);
            heavy = NULL;
        }
        assert_int_equal(lm_trainer_add(t, s), 0);
    }
    assert_int_equal(lm_trainer_finish(t, limits, any_word, NULL, &tables, &e), 0);
    lm_trainer_free(t);
    close(mkstemp(path));
    if (lm_tables_write(&tables, lexicon, path, "language: en\n", &e) < 0 || lm_open(&lm, path, lexicon, &e) < 0)
        fail_msg("%s", e.text);
    lm_tables_done(&tables);
    unlink(path);
    free(copy);
    return lm;
}

static const struct lm_limits plenty = {.max_words = 1000, .max_pairs = 100000, .max_triples = 100000};
static const char animals[] = "the quick fox jumps over the lazy dog|the quick dog sleeps|a fox sleeps over the hill|the dog jumps|"
                              "the quick fox sleeps|the fox and the dog|a quick dog and a quick fox|over the hill and over the dog";

static uint32_t after(const struct lm *lm, const char *words) {
    char *copy = strdup(words), *save;
    uint32_t state = lm_start(lm);
    for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
        lm_next(lm, state, lm_find(lm, w), &state);
    free(copy);
    return state;
}

static int32_t cost(const struct lm *lm, const char *before, const char *word) {
    uint32_t state;
    return lm_next(lm, after(lm, before), lm_find(lm, word), &state);
}

/* In every state the probabilities add up to one, as exactly as the rounding of costs allows. */
static void adds_up(void **state) {
    (void)state;
    static const struct lm_limits pruned = {.max_words = 1000, .max_pairs = 6, .max_triples = 4};
    const struct lm_limits *limits[] = {&plenty, &pruned};
    for (unsigned k = 0; k < 2; k++) {
        struct lm *lm = train(animals, 0, limits[k]);
        static const char *const contexts[] = {"", "the", "the quick", "a", "over the", "fox", "sleeps over", "dog dog"};
        for (unsigned i = 0; i < sizeof contexts / sizeof contexts[0]; i++) {
            uint32_t s = after(lm, contexts[i]), next;
            double sum = exp(-lm_end(lm, s) / 256.0);
            for (uint32_t w = 0; w < lm_n_words(lm); w++)
                sum += exp(-lm_next(lm, s, w, &next) / 256.0);
            if (fabs(sum - 1) > 0.04)
                fail_msg("after \"%s\" the probabilities add up to %.3f", contexts[i], sum);
        }
        lm_free(lm);
    }
}

static void prefers_what_was_said(void **state) {
    (void)state;
    struct lm *lm = train(animals, 0, &plenty);
    assert_int_equal(lm_find(lm, "lazy"), LM_NO_WORD);
    assert_int_equal(lm_find(lm, "zebra"), LM_NO_WORD);
    assert_string_equal(lm_word(lm, lm_find(lm, "fox")), "fox");
    assert_true(cost(lm, "the quick", "fox") < cost(lm, "the quick", "hill"));
    assert_true(cost(lm, "", "the") < cost(lm, "", "hill"));
    assert_true(cost(lm, "over", "the") < lm_alone(lm, lm_find(lm, "the")));
    assert_true(lm_end(lm, after(lm, "the quick fox sleeps")) < lm_end(lm, after(lm, "over the")));
    /* Words that the model has not seen together are forgotten: the state is that of the last one. */
    assert_int_equal(after(lm, "hill quick"), after(lm, "sleeps quick"));
    lm_free(lm);
}

static void weighs_sources(void **state) {
    (void)state;
    struct lm *even = train("turn on|turn on|turn on|turn off||turn off|turn on", 1, &plenty);
    struct lm *heavy = train("turn on|turn on|turn on|turn off||turn off|turn off", 50, &plenty);
    assert_true(cost(even, "turn", "on") < cost(even, "turn", "off"));
    assert_true(cost(heavy, "turn", "off") < cost(heavy, "turn", "on"));
    lm_free(even);
    lm_free(heavy);
}

static void limits(void **state) {
    (void)state;
    static const struct lm_limits few = {.max_words = 3, .max_pairs = 0, .max_triples = 0};
    struct lm *lm = train(animals, 0, &few);
    struct lexicon_pronunciation p[LEXICON_MAX_VARIANTS];
    uint32_t next;
    assert_int_equal(lm_n_words(lm), 3); /* the most frequent */
    assert_true(lm_find(lm, "the") != LM_NO_WORD);
    assert_int_equal(after(lm, "the"), 0); /* without pairs no word matters */
    assert_int_equal(lm_next(lm, 0, 0, &next), lm_alone(lm, 0));
    assert_true(lm_spoken(lm, lm_find(lm, "the"), p) >= 2);
    assert_int_equal(p[0].n_phones, 2);
    lm_free(lm);
}

static void refuses(void **state) {
    (void)state;
    struct lm_trainer *t;
    struct lm_tables tables;
    struct lm *lm;
    tragus_error e = {0};
    assert_int_equal(lm_trainer_new(&t), 0);
    assert_int_equal(lm_trainer_source(t, 0, &e), -EINVAL);
    assert_int_equal(lm_trainer_source(t, NAN, &e), -EINVAL);
    assert_int_equal(lm_trainer_add(t, "lazy 12 lazy"), 0);
    assert_int_equal(lm_trainer_finish(t, &plenty, any_word, NULL, &tables, &e), -EINVAL);
    assert_non_null(strstr(e.text, "no words"));
    lm_trainer_free(t);

    assert_int_equal(lm_open(&lm, "/nonexistent.tragus", lexicon, &e), -ENOENT);
    char path[4096];
    snprintf(path, sizeof path, "%s/models/en/lexicon.tragus", getenv("abs_top_builddir") ? getenv("abs_top_builddir") : ".");
    assert_int_equal(lm_open(&lm, path, lexicon, &e), -EMEDIUMTYPE);
    assert_non_null(strstr(e.text, "a language model was expected"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text),           cmocka_unit_test(adds_up), cmocka_unit_test(prefers_what_was_said),
        cmocka_unit_test(weighs_sources), cmocka_unit_test(limits),  cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests(tests, open_lexicon, close_lexicon);
}
