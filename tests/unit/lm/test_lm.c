/* SPDX-License-Identifier: Apache-2.0 */
/* Tests language models: cutting text, training, the file, and the probabilities that come out. */
#include "lm/arpa.h"
#include "lm/mix.h"
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

/* Makes tables from sentences separated by '|'; those after "||" count `weight` times. */
static struct lm_tables tables_of(const char *sentences, double weight, const struct lm_limits *limits) {
    char *copy = strdup(sentences), *heavy = strstr(copy, "||"), *save;
    struct lm_trainer *t;
    struct lm_tables tables;
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
    free(copy);
    return tables;
}

/* Writes tables, and opens the file. Frees them. */
static struct lm *opened(struct lm_tables *tables) {
    char path[] = "test-lm-XXXXXX";
    struct lm *lm = NULL;
    tragus_error e = {0};
    close(mkstemp(path));
    if (lm_tables_write(tables, lexicon, path, "language: en\n", &e) < 0 || lm_open(&lm, path, lexicon, &e) < 0)
        fail_msg("%s", e.text);
    lm_tables_done(tables);
    unlink(path);
    return lm;
}

static struct lm *train(const char *sentences, double weight, const struct lm_limits *limits) {
    struct lm_tables tables = tables_of(sentences, weight, limits);
    return opened(&tables);
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
static void check_sums(const struct lm *lm) {
    static const char *const contexts[] = {"", "the", "the quick", "a", "over the", "fox", "sleeps over", "dog dog"};
    for (unsigned i = 0; i < sizeof contexts / sizeof contexts[0]; i++) {
        uint32_t s = after(lm, contexts[i]), next;
        double sum = exp(-lm_end(lm, s) / 256.0);
        for (uint32_t w = 0; w < lm_n_words(lm); w++)
            sum += exp(-lm_next(lm, s, w, &next) / 256.0);
        if (fabs(sum - 1) > 0.04)
            fail_msg("after \"%s\" the probabilities add up to %.3f", contexts[i], sum);
    }
}

static void adds_up(void **state) {
    (void)state;
    static const struct lm_limits pruned = {.max_words = 1000, .max_pairs = 6, .max_triples = 4};
    const struct lm_limits *limits[] = {&plenty, &pruned};
    for (unsigned k = 0; k < 2; k++) {
        struct lm *lm = train(animals, 0, limits[k]);
        check_sums(lm);
        lm_free(lm);
    }
}

/* Of a sentence whose words the model knows, in nats a word. */
static double mean_cost(const struct lm *lm, const char *sentence) {
    char *copy = strdup(sentence), *save;
    uint32_t state = lm_start(lm), n = 1;
    double sum = 0;
    for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save), n++) {
        assert_true(lm_find(lm, w) != LM_NO_WORD);
        sum += lm_next(lm, state, lm_find(lm, w), &state);
    }
    free(copy);
    return (sum + lm_end(lm, state)) / 256.0 / n;
}

/* The same for tables, whose costs are not rounded: what they say of each word after these, as lm_mix_samples tells it. */
static void check_exact_sum(const struct lm_tables *t, const char *before) {
    struct lm_mix_sample s[20];
    char sentence[200];
    double sum = s[lm_mix_samples(t, t, before, s) - 1].base; /* the end */
    for (uint32_t w = 0; w < t->n_words; w++) {
        snprintf(sentence, sizeof sentence, "%s %s", before, t->words[w]);
        sum += s[lm_mix_samples(t, t, sentence, s) - 2].base;
    }
    if (fabs(sum - 1) > 0.001)
        fail_msg("after \"%s\" the probabilities add up to %.4f", before, sum);
}

/* A user's sentences beside a general model. */
static const char own[] = "add milk to the list|add bread to the list|the dog is on the list|add a dog to the list|milk and bread";

static void mixes(void **state) {
    (void)state;
    static const double weights[] = {0.1, 0.5, 0.9};
    struct lm *general = train(animals, 0, &plenty);
    for (unsigned k = 0; k < 3; k++) {
        struct lm_tables a = tables_of(animals, 0, &plenty), b = tables_of(own, 0, &plenty), both;
        tragus_error e = {0};
        assert_int_equal(lm_mix(&a, &b, weights[k], &both, &e), 0);
        lm_tables_done(&a);
        lm_tables_done(&b);
        check_exact_sum(&both, "");
        check_exact_sum(&both, "the quick");
        check_exact_sum(&both, "to the");
        check_exact_sum(&both, "milk");
        struct lm *lm = opened(&both);
        assert_true(lm_find(lm, "milk") != LM_NO_WORD && lm_find(lm, "hill") != LM_NO_WORD);
        /* not one of the sentences, but of their kind: the more they count, the likelier */
        static const char kind[] = "the fox and the dog jumps over the dog";
        assert_true(mean_cost(lm, "add milk and bread to the list") < 3.2 - weights[k]);
        assert_true(mean_cost(lm, kind) < mean_cost(general, kind) - log(1 - weights[k]) + 0.1);
        lm_free(lm);
    }
    lm_free(general);
}

static size_t samples_of(const char *sentence, struct lm_mix_sample *to) {
    struct lm_tables a = tables_of(animals, 0, &plenty), b = tables_of(own, 0, &plenty);
    size_t n = lm_mix_samples(&a, &b, sentence, to);
    lm_tables_done(&a);
    lm_tables_done(&b);
    return n;
}

static void weighs_models(void **state) {
    (void)state;
    struct lm_mix_sample s[20];
    assert_int_equal(samples_of("add milk zebra to the list", s), 6);
    assert_true(s[0].base <= 0 && s[0].own > 0); /* "add" */
    assert_true(lm_mix_weight(s, 6) == 0.5);
    assert_int_equal(samples_of("the quick fox sleeps", s), 5);
    assert_true(lm_mix_weight(s, 5) < 0.1);
    const struct lm_mix_sample even[] = {{0.1, 0.2}, {0.2, 0.1}, {0.1, 0.05}, {0.3, 0.31}};
    double w = lm_mix_weight(even, 4);
    for (double other = 0.05; other <= 0.5; other += 0.05) { /* no other weight makes them likelier */
        double best = 0, not_better = 0;
        for (unsigned i = 0; i < 4; i++) {
            best += log(w * even[i].own + (1 - w) * even[i].base);
            not_better += log(other * even[i].own + (1 - other) * even[i].base);
        }
        assert_true(not_better <= best + 1e-4);
    }
    assert_true(lm_mix_weight(s, 0) == 0.5);
}

static int read_arpa(struct lm_tables *ret, const char *text, tragus_error *e) {
    char path[] = "test-arpa-XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    int r = lm_arpa_read(ret, path, any_word, NULL, e);
    unlink(path);
    return r;
}

static void arpa_there_and_back(void **state) {
    (void)state;
    static const struct lm_limits some = {.max_words = 1000, .max_pairs = 20, .max_triples = 6};
    struct lm_tables first = tables_of(animals, 0, &some), again;
    char *text = NULL;
    size_t size;
    tragus_error e = {0};
    FILE *f = open_memstream(&text, &size);
    assert_int_equal(lm_arpa_write(&first, f), 0);
    fclose(f);
    assert_int_equal(read_arpa(&again, text, &e), 0);
    assert_int_equal(first.n_words, again.n_words);
    assert_int_equal(first.n_pairs, again.n_pairs);
    assert_int_equal(first.n_triples, again.n_triples);
    for (uint32_t i = 0; i < first.n_words; i++) {
        assert_string_equal(first.words[i], again.words[i]);
        assert_true(fabsf(first.singles[i].cost - again.singles[i].cost) < 0.001f);
        assert_true(fabsf(first.singles[i].weight - again.singles[i].weight) < 0.001f);
    }
    for (size_t i = 0; i < first.n_pairs; i++)
        assert_true(first.pairs[i].key == again.pairs[i].key && fabsf(first.pairs[i].is.cost - again.pairs[i].is.cost) < 0.001f &&
                    fabsf(first.pairs[i].is.weight - again.pairs[i].is.weight) < 0.001f);
    for (size_t i = 0; i < first.n_triples; i++)
        assert_true(first.triples[i].key == again.triples[i].key && fabsf(first.triples[i].cost - again.triples[i].cost) < 0.001f);
    lm_tables_done(&first);
    lm_tables_done(&again);
    free(text);
}

/* As SRILM and KenLM write it: capitals, unknown words, a higher order, no weight at the highest order, a pair that was pruned. */
static void arpa_of_others(void **state) {
    (void)state;
    struct lm_tables t;
    tragus_error e = {0};
    assert_int_equal(read_arpa(&t,
                               "some words\n\\data\\\nngram 1=7\nngram 2=3\nngram 3=2\nngram 4=1\n\n\\1-grams:\n-1.5\t<unk>\n"
                               "-99\t<s>\t-0.5\n-1\t</s>\n-0.5\tThe\t-0.3\n-0.7 fox 0\n-0.9\tlazy\t-0.1\n-1.0\t12\n\n\\2-grams:\n"
                               "-0.2\t<s> The\t-0.1\n-0.3\tThe fox\t-0.1\n-0.3\tthe lazy\n\n\\3-grams:\n-0.1\t<s> The fox\n"
                               "-0.1\tThe fox </s>\n\n\\4-grams:\n-0.1\t<s> The fox </s>\n\n\\end\\\n",
                               &e),
                     0);
    assert_int_equal(t.n_words, 2);
    assert_int_equal(t.n_pairs, 2);
    assert_int_equal(t.n_triples, 1); /* "fox </s>" is no pair */
    struct lm *lm = opened(&t);
    assert_true(fabs(lm_alone(lm, lm_find(lm, "the")) / 256.0 - 0.5 * log(10)) < 0.04);
    lm_free(lm);
    static const char *const wrong[][2] = {
        {"", "\\data\\"},
        {"\\data\\\n\n", "names no words"},
        {"\\data\\\nngram 1=1\n\n\\2-grams:\n", "come first"},
        {"\\data\\\nngram 1=1\n\n\\1-grams:\n-1 a\n-1 the\n", "more n-grams"},
        {"\\data\\\nngram 1=1\n\n\\1-grams:\nx the\n", "a line is"},
        {"\\data\\\nngram 1=1\n\n\\1-grams:\n1 the\n", "a line is"},
        {"\\data\\\nngram 1=1\n\n\\1-grams:\n-1 the fox dog\n", "a line is"},
        {"\\data\\\nngram 1=1\nngram 2=99999999999\n\n\\1-grams:\n-1 the\n", "too many"},
        {"\\data\\\nngram 1=1\n\n\\1-grams:\n-1 lazy\n\n\\end\\\n", "no words that can be spoken"},
        {"\\data\\\nngram 1=1\n\n\\end\\\n", "fewer n-grams"},
        {"\\data\\\nngram 1=1\nngram 2=1\n\n\\1-grams:\n-1 the\n\n\\2-grams:\n-1 the the\n\n\\2-grams:\n-1 the the\n",
         "more n-grams"},
        {"\\data\\\nngram 1=1\nngram 2=9\n\n\\1-grams:\n-1 the\n\n\\2-grams:\n-1 the the\n\n\\end\\\n", "fewer n-grams"},
        {"\\data\\\nngram 1=1\n\n\\1-grams:\n-1 the\n", "before \\end\\"},
        {"\\data\\\nngram 1=1\n\n\\1-grams:\nnan the\n", "a line is"},
        {"\\data\\\nngram 1=1\n\n\\1-grams:\n-1 the nan\n", "a line is"},
    };
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_true(read_arpa(&t, wrong[i][0], &e) < 0);
        if (!strstr(e.text, wrong[i][1]))
            fail_msg("%u: %s", i, e.text);
    }
    assert_int_equal(lm_arpa_read(&t, "/nonexistent.arpa", NULL, NULL, &e), -ENOENT);
    assert_true(lm_arpa_read(&t, "/", NULL, NULL, &e) < 0);
    assert_non_null(strstr(e.text, "cannot be read"));
}

/* Numbers that no model of ours can hold: what is impossible stays the least likely. */
static void arpa_of_extreme_numbers(void **state) {
    (void)state;
    struct lm_tables t, ours = tables_of(animals, 0, &plenty), both;
    tragus_error e = {0};
    assert_int_equal(read_arpa(&t,
                               "\\data\\\nngram 1=4\n\n\\1-grams:\n-inf\t<s>\t1e300\n-1\t</s>\n-inf\tfox\t-inf\n"
                               "-1e30\tthe\t-1e30\n\n\\end\\\n",
                               &e),
                     0);
    struct lm *lm = opened(&t);
    assert_true(lm_alone(lm, lm_find(lm, "the")) > 15 * 256);
    assert_true(lm_alone(lm, lm_find(lm, "fox")) > 15 * 256);
    lm_free(lm);
    assert_int_equal(read_arpa(&t, "\\data\\\nngram 1=2\n\n\\1-grams:\n-inf\t<s>\t1e300\n-inf\tfox\t9e9\n\n\\end\\\n", &e), 0);
    struct lm_mix_sample samples[8];
    size_t n = lm_mix_samples(&t, &ours, "the fox", samples);
    double weight = lm_mix_weight(samples, n);
    assert_true(weight >= 0.05 && weight <= 0.5);
    assert_int_equal(lm_mix(&t, &ours, weight, &both, &e), 0);
    for (size_t i = 0; i < both.n_pairs; i++)
        assert_true(isfinite(both.pairs[i].is.cost) && isfinite(both.pairs[i].is.weight));
    lm_tables_done(&t);
    lm_tables_done(&ours);
    lm_tables_done(&both);
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
        cmocka_unit_test(text),
        cmocka_unit_test(adds_up),
        cmocka_unit_test(prefers_what_was_said),
        cmocka_unit_test(weighs_sources),
        cmocka_unit_test(limits),
        cmocka_unit_test(refuses),
        cmocka_unit_test(mixes),
        cmocka_unit_test(weighs_models),
        cmocka_unit_test(arpa_there_and_back),
        cmocka_unit_test(arpa_of_others),
        cmocka_unit_test(arpa_of_extreme_numbers),
    };
    return cmocka_run_group_tests(tests, open_lexicon, close_lexicon);
}
