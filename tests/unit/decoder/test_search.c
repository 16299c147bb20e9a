/* SPDX-License-Identifier: Apache-2.0 */
/* Compares the decoder with an exhaustive search. */
#include "hear.h"

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
        cmocka_unit_test(exhaustive),
    };
    return cmocka_run_group_tests_name("search", tests, NULL, NULL);
}
