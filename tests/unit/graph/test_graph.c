/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the phone graph: that it has the language of the acceptor, shares paths, and rejects what it must. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "toy.h"

/* --- the language of a graph or of an acceptor, as sorted lines "phones: words" --- */

#define MAX_LINES 20000
#define LINE 128
struct language {
    char (*lines)[LINE];
    size_t n;
};

static void say(struct language *l, const char *sounds, const char *words) {
    assert_true(l->n < MAX_LINES);
    snprintf(l->lines[l->n++], LINE, "%s:%s", sounds, words);
}

static void speak_graph(struct language *l, const struct graph *g, uint32_t node, const char *sounds, const char *words,
                        int depth) {
    if (g->is_final[node])
        say(l, sounds, words);
    for (uint32_t a = g->first_arc[node]; depth > 0 && a < g->first_arc[node + 1]; a++) {
        char s[60], w[60];
        snprintf(s, sizeof s, "%s%c", sounds, g->arcs[a].phone + 'a' - 1);
        if (g->arcs[a].word == GRAPH_NO_WORD)
            snprintf(w, sizeof w, "%s", words);
        else
            snprintf(w, sizeof w, "%s %s", words, g->words[g->arcs[a].word]);
        speak_graph(l, g, g->arcs[a].to, s, w, depth - 1);
    }
}

/* depth counts phones, as above */
static void speak_words(struct language *l, const struct grammar_acceptor *in, const char *dictionary, uint32_t state,
                        const char *sounds, const char *words, int depth) {
    if (in->is_final[state])
        say(l, sounds, words);
    for (uint32_t a = in->first_arc[state]; a < in->first_arc[state + 1]; a++) {
        struct lexicon_pronunciation p[LEXICON_MAX_VARIANTS];
        int n = toy_pronounce((void *)(uintptr_t)dictionary, in->words[in->arcs[a].word], p, LEXICON_MAX_VARIANTS);
        for (int v = 0; v < n; v++) {
            char s[60], w[60];
            size_t at = strlen(sounds);
            if (p[v].n_phones > depth)
                continue;
            snprintf(w, sizeof w, "%s %s", words, in->words[in->arcs[a].word]);
            memcpy(s, sounds, at);
            for (int i = 0; i < p[v].n_phones; i++)
                s[at++] = (char)(p[v].phones[i] + 'a' - 1);
            s[at] = 0;
            speak_words(l, in, dictionary, in->arcs[a].to, s, w, depth - p[v].n_phones);
        }
    }
}

static int compare_lines(const void *a, const void *b) {
    return strcmp(a, b);
}

static void sort_unique(struct language *l) {
    size_t kept = 0;
    qsort(l->lines, l->n, LINE, compare_lines);
    for (size_t i = 0; i < l->n; i++)
        if (kept == 0 || strcmp(l->lines[kept - 1], l->lines[i]) != 0)
            memmove(l->lines[kept++], l->lines[i], LINE);
    l->n = kept;
}

static void drop_words(struct language *l) {
    for (size_t i = 0; i < l->n; i++)
        *strchr(l->lines[i], ':') = 0;
    sort_unique(l);
}

static struct language language(void) {
    struct language l = {calloc(MAX_LINES, LINE), 0};
    assert_non_null(l.lines);
    return l;
}

static int contains(const struct language *l, const char *line) {
    return bsearch(line, l->lines, l->n, LINE, compare_lines) != NULL;
}

/* Every phone sequence of one is in the other; every word sequence of the graph is in the acceptor with the same phones. With exact
 * the word sequences are also equal. */
static void check_language(const struct graph *g, const struct grammar_acceptor *in, const char *dictionary, int depth, int exact) {
    struct language of_graph = language(), of_words = language();
    speak_graph(&of_graph, g, g->start, "", "", depth);
    speak_words(&of_words, in, dictionary, in->start, "", "", depth);
    size_t n = of_graph.n;
    sort_unique(&of_graph);
    sort_unique(&of_words);
    if (exact) {
        assert_int_equal(n, of_graph.n); /* no two paths are equal */
        assert_int_equal(of_graph.n, of_words.n);
    }
    for (size_t i = 0; i < of_graph.n; i++)
        assert_true(contains(&of_words, of_graph.lines[i]));
    drop_words(&of_graph);
    drop_words(&of_words);
    assert_int_equal(of_graph.n, of_words.n);
    for (size_t i = 0; i < of_graph.n; i++)
        assert_string_equal(of_graph.lines[i], of_words.lines[i]);
    free(of_graph.lines);
    free(of_words.lines);
}

/* Checks what holds for every graph: sorted arcs, marks, one continuation within words, no two nodes alike, all nodes reachable. */
static void check_shape(const struct graph *g) {
    assert_int_equal(g->start, 0);
    assert_int_equal(g->first_arc[0], 0);
    assert_int_equal(g->first_arc[g->n_nodes], g->n_arcs);
    uint8_t *reached = calloc(g->n_nodes, 1);
    assert_non_null(reached);
    reached[g->start] = 1;
    for (uint32_t n = 0; n < g->n_nodes; n++) {
        assert_true(reached[n]); /* breadth first: a node is reached from one with a lower number */
        const struct graph_arc *arcs = g->arcs + g->first_arc[n];
        uint32_t n_arcs = g->first_arc[n + 1] - g->first_arc[n];
        for (uint32_t i = 0; i < n_arcs; i++) {
            assert_in_range(arcs[i].phone, 1, TOY_PHONES);
            assert_true(arcs[i].to < g->n_nodes);
            assert_true(arcs[i].word == GRAPH_NO_WORD || arcs[i].word < g->n_words);
            assert_int_equal(arcs[i].first, arcs[0].first);
            reached[arcs[i].to] = 1;
            if (arcs[i].word != GRAPH_NO_WORD && g->first_arc[arcs[i].to] < g->first_arc[arcs[i].to + 1])
                assert_int_equal(g->arcs[g->first_arc[arcs[i].to]].first, 1);
            if (arcs[i].word == GRAPH_NO_WORD)
                assert_int_equal(g->arcs[g->first_arc[arcs[i].to]].first, 0);
            if (i == 0)
                continue;
            assert_true(arcs[i - 1].phone <= arcs[i].phone);
            if (arcs[i - 1].phone == arcs[i].phone) { /* at most one arc that continues a word, and it comes first */
                assert_true(arcs[i].word != GRAPH_NO_WORD);
                assert_true(arcs[i - 1].to != arcs[i].to);
            }
        }
        for (uint32_t m = 0; m < n && g->n_nodes < 2000; m++) {
            const struct graph_arc *others = g->arcs + g->first_arc[m];
            if (g->first_arc[m + 1] - g->first_arc[m] == n_arcs && g->is_final[m] == g->is_final[n])
                assert_true(n_arcs == 0 ? 0 : memcmp(arcs, others, n_arcs * sizeof *arcs) != 0);
        }
    }
    assert_int_equal(g->is_final[g->start], g->is_final[g->start] != 0);
    free(reached);
}

/* --- tests ------------------------------------------------------------------------------------------------------------------- */

static void prefixes_and_suffixes_are_shared(void **state) {
    (void)state;
    struct toy *t = toy_new();
    toy_arc(t, 0, "kitten", 1);
    toy_arc(t, 0, "kit", 1);
    toy_arc(t, 0, "mitten", 1);
    t->is_final[1] = 1;
    const char *dictionary = "kitten kitn\nkit kit\nmitten mitn\n";
    struct graph *g = toy_graph(t, dictionary);
    check_shape(g);
    check_language(g, &t->words, dictionary, 20, 1);
    /* k i t(kit) / k i t n(kitten) / m i t n(mitten): the word is on the last arc, so "kitten" and "mitten" do not share their
     * ends */
    assert_int_equal(g->n_arcs, 9);
    assert_int_equal(g->n_words, 3);
    assert_string_equal(g->words[0], "kitten");
    graph_free(g);
    free(t);
}

static void equal_words_after_different_ones_are_merged(void **state) {
    (void)state;
    struct toy *t = toy_new();
    char a[] = "red lamp on", b[] = "blue lamp on", c[] = "blue lamp off", d[] = "red lamp off";
    toy_sentence(t, a);
    toy_sentence(t, b);
    toy_sentence(t, c);
    toy_sentence(t, d);
    const char *dictionary = "red red\nblue blu\nlamp lamp\non on\noff of\noff af\n";
    struct graph *g = toy_graph(t, dictionary);
    check_shape(g);
    check_language(g, &t->words, dictionary, 20, 1);
    assert_int_equal(g->n_arcs, 3 + 3 + 4 + 1 + 2 + 2); /* red, blue; lamp once; o shared by on and off, a */
    graph_free(g);
    free(t);
}

static void homophones(void **state) {
    (void)state;
    const char *dictionary = "two tu\ntoo tu\nto tu\nto ta\nlate lat\neight at\n";
    struct toy *t = toy_new();
    toy_arc(t, 0, "too", 1);
    toy_arc(t, 0, "two", 1);
    toy_arc(t, 0, "to", 2); /* state 2 continues differently */
    toy_arc(t, 1, "late", 3);
    toy_arc(t, 2, "eight", 3);
    t->is_final[3] = 1;
    struct graph *g = toy_graph(t, dictionary);
    check_shape(g);
    check_language(g, &t->words, dictionary, 20, 0);
    struct language l = language();
    speak_graph(&l, g, 0, "", "", 20);
    sort_unique(&l);
    assert_int_equal(l.n, 3);
    assert_string_equal(l.lines[0], "taat: to eight");
    assert_string_equal(l.lines[1], "tuat: to eight");
    assert_string_equal(l.lines[2], "tulat: too late");
    free(l.lines);
    graph_free(g);
    free(t);

    /* to different states with the same continuation: again the first one of the acceptor */
    t = toy_new();
    toy_arc(t, 0, "two", 2);
    toy_arc(t, 0, "too", 1);
    toy_arc(t, 1, "late", 3);
    toy_arc(t, 2, "late", 3);
    t->is_final[3] = 1;
    g = toy_graph(t, dictionary);
    check_shape(g);
    assert_int_equal(g->n_arcs, 5);
    assert_string_equal(g->words[g->arcs[1].word], "two");
    graph_free(g);
    free(t);
}

static void cycles(void **state) {
    (void)state;
    const char *dictionary = "one wan\ntwo tu\nup ap\n";
    struct toy *t = toy_new(); /* the loop unrolled: states 0 and 2 are equivalent, and 1 and 3 */
    for (uint32_t s = 0; s < 4; s++) {
        toy_arc(t, s, "one", (s + 1) % 4);
        toy_arc(t, s, "two", (s + 1) % 4);
        if (s % 2 == 1)
            toy_arc(t, s, "up", s);
    }
    t->is_final[1] = t->is_final[3] = 1;
    struct graph *g = toy_graph(t, dictionary);
    check_shape(g);
    check_language(g, &t->words, dictionary, 11, 1);
    assert_int_equal(g->n_arcs, 5 + 5 + 2);
    graph_free(g);
    free(t);
}

/* Random acceptors, with a dictionary of few phones so that many paths coincide. */
static void random_acceptors(void **state) {
    (void)state;
    struct toy_random r = {20240607};
    for (int round = 0; round < 300; round++) {
        int homophones_too = round % 2, cyclic = round % 3 == 0;
        char dictionary[2000], names[8][3];
        size_t at = 0;
        for (unsigned w = 0; w < 8; w++) {
            snprintf(names[w], sizeof names[w], "%c", 'A' + w);
            for (unsigned v = 0; v < 1 + toy_random(&r, 2); v++) {
                at += (size_t)snprintf(dictionary + at, sizeof dictionary - at, "%c ", 'A' + w);
                if (!homophones_too)
                    dictionary[at++] = (char)('h' + w); /* a phone of its own keeps words apart */
                for (unsigned i = 0; i < 1 + toy_random(&r, 3); i++)
                    dictionary[at++] = (char)('a' + toy_random(&r, 3));
                at += (size_t)snprintf(dictionary + at, sizeof dictionary - at, "\n");
            }
        }
        struct toy *t = toy_new();
        uint32_t n_states = 2 + toy_random(&r, 5);
        for (uint32_t s = 0; s + 1 < n_states; s++) {
            for (uint32_t i = 0; i < 1 + toy_random(&r, 3); i++) {
                uint32_t to = cyclic ? toy_random(&r, n_states) : s + 1 + toy_random(&r, n_states - s - 1);
                toy_arc(t, s, names[toy_random(&r, 8)], to);
            }
            t->is_final[s] = toy_random(&r, 4) == 0;
            toy_arc(t, s, names[toy_random(&r, 8)], s + 1); /* all states are reachable and reach the end */
        }
        t->is_final[n_states - 1] = 1;
        struct graph *g = toy_graph(t, dictionary), *again = toy_graph(t, dictionary);
        check_shape(g);
        check_language(g, &t->words, dictionary, cyclic ? 7 : 40, 0);
        if (!homophones_too) { /* a nondeterministic acceptor may leave two paths; the pairs are still the same */
            struct language a = language(), b = language();
            speak_graph(&a, g, 0, "", "", cyclic ? 7 : 40);
            speak_words(&b, &t->words, dictionary, 0, "", "", cyclic ? 7 : 40);
            sort_unique(&a);
            sort_unique(&b);
            assert_int_equal(a.n, b.n);
            for (size_t i = 0; i < a.n; i++)
                assert_string_equal(a.lines[i], b.lines[i]);
            free(a.lines);
            free(b.lines);
        }
        assert_int_equal(g->n_arcs, again->n_arcs);
        assert_memory_equal(g->arcs, again->arcs, g->n_arcs * sizeof *g->arcs);
        assert_memory_equal(g->first_arc, again->first_arc, (g->n_nodes + 1) * sizeof *g->first_arc);
        graph_free(g);
        graph_free(again);
        free(t);
    }
}

static void limits_and_errors(void **state) {
    (void)state;
    struct toy *t = toy_new();
    toy_arc(t, 0, "one", 1);
    toy_arc(t, 1, "xyzzy", 2);
    t->is_final[2] = 1;
    struct graph *g = NULL;
    tragus_error e = {0};
    assert_int_equal(graph_build_with(&g, toy_words(t), toy_pronounce, (char[]){"one wan\n"}, NULL, 0, NULL, &e), -EINVAL);
    assert_non_null(strstr(e.text, "\"xyzzy\""));
    assert_null(g);
    toy_arc(t, 0, "two", 3); /* a sentence that can be spoken stays, without the dead way to "xyzzy" */
    t->is_final[3] = 1;
    assert_int_equal(graph_build_with(&g, toy_words(t), toy_pronounce, (char[]){"one wan\ntwo tu\n"}, NULL, 0, NULL, &e), 0);
    assert_int_equal(graph_report(g)->n_unspoken, 1);
    assert_string_equal(graph_report(g)->unspoken[0], "xyzzy");
    assert_int_equal(g->n_arcs, 2);
    graph_free(g);
    g = NULL;
    free(t);
    t = toy_new();
    toy_arc(t, 0, "one", 1);
    toy_arc(t, 1, "xyzzy", 2);
    t->is_final[2] = 1;

    char dictionary[] = "one wan\nxyzzy ZIZI\n";
    assert_int_equal(graph_build_with(&g, toy_words(t), toy_pronounce, dictionary, NULL, 6, NULL, &e), -E2BIG);
    assert_non_null(strstr(e.text, "6 arcs"));
    assert_int_equal(graph_build_with(&g, toy_words(t), toy_pronounce, dictionary, NULL, 7, NULL, &e), 0);
    assert_int_equal(graph_report(g)->n_guessed, 1);
    assert_string_equal(graph_report(g)->guessed[0], "xyzzy");
    assert_true(g->size_bytes > g->n_arcs * sizeof *g->arcs);
    assert_int_equal(sizeof(struct graph_arc), 12);
    graph_free(g);
    graph_free(NULL);
    free(t);

    t = toy_new(); /* "one xyzzy", and "two" with free words: without a language model, nothing can be spoken, but much be typed */
    toy_arc(t, 0, "one", 1);
    toy_arc(t, 1, "xyzzy", 2);
    toy_arc(t, 0, "two", 3);
    toy_arc(t, 3, GRAMMAR_FREE_WORDS, 2);
    t->is_final[2] = 1;
    assert_int_equal(graph_build_with(&g, toy_words(t), toy_pronounce, (char[]){"one wan\ntwo tu\n"}, NULL, 0, NULL, &e), 0);
    assert_true(graph_report(g)->lacks_free_words);
    assert_int_equal(graph_report(g)->n_unspoken, 1);
    assert_int_equal(g->n_nodes, 1);
    assert_int_equal(g->n_arcs, 0);
    assert_false(g->is_final[0]);
    graph_free(g);
    free(t);

    struct grammar_acceptor nothing = {0};
    assert_int_equal(graph_build_with(&g, &nothing, toy_pronounce, dictionary, NULL, 0, NULL, &e), 0);
    assert_int_equal(g->n_nodes, 1);
    assert_int_equal(g->n_arcs, 0);
    assert_int_equal(g->is_final[0], 0);
    graph_free(g);
}

/* A word sounds as it is spelled, because a search in a toy dictionary would take longer than the building. */
static int spell(void *user, const char *word, struct lexicon_pronunciation *out, size_t max) {
    (void)user;
    assert(max > 0);
    *out = (struct lexicon_pronunciation){.n_phones = (uint8_t)strlen(word), .source = LEXICON_DICTIONARY};
    for (size_t i = 0; word[i]; i++)
        out->phones[i] = (uint8_t)(word[i] - 'a' + 1);
    return 1;
}

/* A list of ten thousand names, every third of two words, like a device list after a bad import. */
static void large_list(void **state) {
    (void)state;
    enum { N = 10000 };
    static char names[N][12];
    struct toy_random r = {7};
    struct toy *t = toy_new();
    for (uint32_t i = 0; i < N; i++) {
        size_t n = 3 + toy_random(&r, 7);
        for (size_t k = 0; k < n; k++)
            names[i][k] = (char)('a' + toy_random(&r, 26));
        t->spellings[i] = names[i]; /* toy_word searches for equals, too slowly here; equal names do no harm */
    }
    t->words.n_words = N;
    for (uint32_t i = 0; i < N; i++) {
        if (i % 3 != 0) {
            toy_arc_number(t, 0, i, 1);
        } else {
            toy_arc_number(t, 0, i, i + 2);
            toy_arc_number(t, i + 2, (i * 7919u) % N, 1);
        }
    }
    t->is_final[1] = 1;
    struct graph *g = NULL;
    tragus_error e;
    assert_int_equal(graph_build_with(&g, toy_words(t), spell, NULL, NULL, 0, NULL, &e), 0);
    check_shape(g);
    assert_true(g->n_arcs > 40000 && g->n_arcs < 100000);

    /* A sufficient budget changes nothing; an insufficient one ends the work with its code and frees its memory. */
    struct base_budget budget;
    struct graph *same = NULL;
    base_budget_init(&budget, 60000, 64 << 20);
    base_budget_start(&budget);
    assert_int_equal(graph_build_with(&same, toy_words(t), spell, NULL, NULL, 0, &budget, &e), 0);
    assert_int_equal(same->n_arcs, g->n_arcs);
    assert_memory_equal(same->arcs, g->arcs, g->n_arcs * sizeof *g->arcs);
    assert_true(budget.used_bytes >= same->n_arcs * sizeof *same->arcs);
    graph_free(same);
    graph_free(g);
    for (size_t max_bytes = 1 << 10; max_bytes <= 2 << 20; max_bytes *= 2) { /* each step of the work is the first to exceed one */
        base_budget_init(&budget, 0, max_bytes);
        base_budget_start(&budget);
        assert_int_equal(graph_build_with(&same, toy_words(t), spell, NULL, NULL, 0, &budget, &e), -E2BIG);
        assert_int_equal(e.code, -E2BIG);
    }
    base_budget_init(&budget, 1, 0);
    base_budget_start(&budget);
    assert_int_equal(graph_build_with(&same, toy_words(t), spell, NULL, NULL, 0, &budget, &e), -ETIME);
    base_budget_init(&budget, 0, 0);
    base_budget_start(&budget);
    base_budget_cancel(&budget);
    assert_int_equal(graph_build_with(&same, toy_words(t), spell, NULL, NULL, 0, &budget, &e), -ECANCELED);
    free(t);
}

/* --- the n-th allocation fails, for every n (the linker's --wrap redirects the room's calls to these) --- */

static long n_until_failure = -1; /* -1 = never */

static int fails(void) {
    return n_until_failure >= 0 && n_until_failure-- == 0;
}

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_malloc(size_t n) {
    return fails() ? NULL : __real_malloc(n);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size) {
    return fails() ? NULL : __real_calloc(n, size);
}

void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n) {
    return fails() ? NULL : __real_realloc(p, n);
}

static void out_of_memory_anywhere(void **state) {
    (void)state;
    struct toy *t = toy_new();
    char dictionary[] = "one wan\ntwo tu\ntwo ta\nthree zri\n";
    for (uint32_t s = 0; s < 60; s++) {
        toy_arc(t, s, "one", s + 1);
        toy_arc(t, s, "two", s % 7 == 3 ? s : s + 1);
        toy_arc(t, s, "three", (s + 60) / 2 + 1);
    }
    t->is_final[60] = 1;
    const struct grammar_acceptor *in = toy_words(t);
    long n = 0, n_failed = 0;
    for (int reached = 1; reached; n++) {
        struct graph *g = NULL;
        tragus_error e = {0};
        n_until_failure = n;
        int r = graph_build_with(&g, in, toy_pronounce, dictionary, NULL, 0, NULL, &e);
        reached = n_until_failure < 0;
        n_until_failure = -1;
        if (r < 0) {
            n_failed++;
            assert_true(reached);
            assert_int_equal(r, -ENOMEM);
            assert_int_equal(e.code, -ENOMEM);
            assert_null(g);
        } else {
            check_shape(g);
            graph_free(g);
        }
    }
    assert_true(n > 30 && n_failed >= n - 2); /* giving back surplus memory may fail; the last n is not reached */
    free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefixes_and_suffixes_are_shared),
        cmocka_unit_test(equal_words_after_different_ones_are_merged),
        cmocka_unit_test(homophones),
        cmocka_unit_test(cycles),
        cmocka_unit_test(random_acceptors),
        cmocka_unit_test(limits_and_errors),
        cmocka_unit_test(large_list),
        cmocka_unit_test(out_of_memory_anywhere),
    };
    return cmocka_run_group_tests_name("graph", tests, NULL, NULL);
}
