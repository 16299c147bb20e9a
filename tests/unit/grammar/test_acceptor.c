/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the acceptor: its words, its shape, and that it accepts the same language as the matcher. */
#include "make.h"
#include "walk.h"

static int has_word(const struct grammar_acceptor *w, const char *word) {
    for (uint32_t i = 0; i < w->n_words; i++)
        if (strcmp(w->words[i], word) == 0)
            return 1;
    return 0;
}

static void words(void **state) {
    (void)state;
    struct grammar *g = make_grammar(
        "language: en\nsentences: ['Turn on [the] light[s]', 'set to {0..100:x}[([ ]%)| percent]', 'Wi-Fi 5', '{free}',\n"
        "  '{color}s now', '({a};b) {@a}', '[maybe]']\n"
        "lists: {free: {wildcard: true}, color: {values: [red, 'light[ ]blue']}, a: {values: [one two]}}\n");
    const struct grammar_acceptor *w = grammar_acceptor(g);
    assert_true(walk_accepts(w, "turn on light"));
    assert_true(walk_accepts(w, "turn on the lights"));
    assert_true(walk_accepts(w, "set to fifty five percent"));
    assert_true(walk_accepts(w, "set to one hundred"));
    assert_true(walk_accepts(w, "wi fi five"));
    assert_true(walk_accepts(w, "reds now")); /* pieces joined across the border of a list */
    assert_true(walk_accepts(w, "light blues now"));
    assert_true(walk_accepts(w, "lightblues now"));
    assert_true(walk_accepts(w, "b one two one two"));
    assert_true(walk_accepts(w, "one two b one two"));
    assert_false(walk_accepts(w, "turn on light s"));
    assert_false(walk_accepts(w, "set to"));
    assert_false(walk_accepts(w, "red s now"));
    assert_false(walk_accepts(w, ""));
    for (uint32_t i = 0; i < w->n_words; i++) {
        assert_null(strpbrk(w->words[i], "0123456789%-ABCDEFGHIJKLMNOPQRSTUVWXYZ "));
        assert_true(i == 0 || strcmp(w->words[i - 1], w->words[i]) < 0);
    }
    assert_true(has_word(w, "lights"));
    assert_false(has_word(w, "light_s"));
    grammar_free(g);
}

/* Capitals inside a word stay, because they tell how it is said; the matcher does not mind. */
static void capitals(void **state) {
    (void)state;
    struct grammar *g = make_grammar("Turn on the EcoBee\nshow my TV[s]\n");
    const struct grammar_acceptor *w = grammar_acceptor(g);
    assert_true(walk_accepts(w, "turn on the EcoBee"));
    assert_false(has_word(w, "ecobee"));
    assert_true(walk_accepts(w, "show my TVs"));
    assert_true(matches(g, "turn on the EcoBee"));
    assert_true(matches(g, "turn on the ecobee"));
    assert_true(matches(g, "show my tvs"));
    grammar_free(g);
}

static void examples(void **state) {
    char some[5][GRAMMAR_EXAMPLE_BYTES], again[5][GRAMMAR_EXAMPLE_BYTES];
    (void)state;
    struct grammar *g =
        make_grammar("language: en\nsentences: ['(turn|switch) on [the] {color} light[s]', 'set to {0..100:x} percent', 'stop']\n"
                     "lists: {color: {values: [red, green]}}\n");
    size_t n = grammar_examples(g, some, 3);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++) {
        assert_true(walk_accepts(grammar_acceptor(g), some[i]));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(some[i], some[k]);
    }
    assert_int_equal(grammar_examples(g, again, 3), 3);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(some[i], again[i]);
    grammar_free(g);

    g = make_grammar("stop\n"); /* fewer than asked for */
    assert_int_equal(grammar_examples(g, some, 5), 1);
    assert_string_equal(some[0], "stop");
    grammar_free(g);

    char text[40 * 12 + 2] = ""; /* 40 words: no example at all, rather than a part of one */
    for (unsigned i = 0; i < 40; i++)
        strcat(text, i % 2 ? "elephants " : "wander ");
    g = make_grammar(strcat(text, "\n"));
    assert_int_equal(grammar_examples(g, some, 5), 0);
    grammar_free(g);
}

static void shape(void **state) {
    (void)state;
    /* Equivalent states are merged: n sentences that differ in one word form a ladder. */
    struct grammar *g = make_grammar("(a|b|c) (d|e) f\nc d f\n(a|b) e f\n");
    const struct grammar_acceptor *w = grammar_acceptor(g);
    assert_int_equal(w->n_states, 4);
    assert_int_equal(w->n_arcs, 6);
    assert_int_equal(w->start, 0);
    for (uint32_t s = 0; s < w->n_states; s++)
        for (uint32_t i = w->first_arc[s]; i + 1 < w->first_arc[s + 1]; i++)
            assert_true(w->arcs[i].word < w->arcs[i + 1].word); /* sorted, one arc per word */
    grammar_free(g);
}

static void skip_words(void **state) {
    (void)state;
    struct grammar *g = make_grammar("sentences: [go now]\nskip_words: [please, can you]\n");
    const struct grammar_acceptor *w = grammar_acceptor(g);
    assert_true(walk_accepts(w, "go now"));
    assert_true(walk_accepts(w, "please go now"));
    assert_true(walk_accepts(w, "please can you go now please"));
    assert_false(walk_accepts(w, "go please now"));
    assert_false(walk_accepts(w, "please"));
    grammar_free(g);
}

/* A sentence ends with the pauses of its block, also after skip words and where blocks share words. */
static void pauses(void **state) {
    (void)state;
    struct grammar *g = make_grammar("intents:\n"
                                     "  A: {data: [{sentences: [go now, stop, 'list {x}']}]}\n"
                                     "  B: {data: [{sentences: [go later, go now], end_silence_ms: 900},\n"
                                     "             {sentences: ['add {x}'], end_silence_ms: 2000, open_silence_ms: 4000},\n"
                                     "             {sentences: [go home, 'add tea'], end_silence_ms: 900}]}\n"
                                     "lists: {x: {values: [tea, milk]}}\n"
                                     "skip_words: [please]\n");
    const struct grammar_acceptor *w = grammar_acceptor(g);
    assert_int_equal(w->n_pauses, 2);
    assert_int_equal(w->pauses[0].end_silence_ms, 900);
    assert_int_equal(w->pauses[0].open_silence_ms, 0);
    assert_int_equal(w->pauses[1].open_silence_ms, 4000);
    assert_int_equal(walk_accepts(w, "stop"), 1);
    assert_int_equal(walk_accepts(w, "list milk"), 1);
    assert_int_equal(walk_accepts(w, "go later"), 2);
    assert_int_equal(walk_accepts(w, "please go home please please"), 2);
    assert_int_equal(walk_accepts(w, "add milk"), 3);
    assert_int_equal(walk_accepts(w, "add milk please"), 3);
    assert_int_equal(walk_accepts(w, "add tea"), 2); /* two kinds: the one that comes first */
    assert_int_equal(walk_accepts(w, "go now"), 2);  /* one that asks for pauses, and one that does not */
    grammar_free(g);
}

static void domains(void **state) {
    (void)state;
    struct grammar *g =
        make_grammar("intents: {A: {data: [{sentences: ['open {name}'], requires_context: {domain: cover}}]}}\n"
                     "lists: {name: {values: [{in: blind, context: {domain: cover}}, {in: lamp, context: {domain: light}}]}}\n");
    assert_true(walk_accepts(grammar_acceptor(g), "open blind"));
    assert_false(walk_accepts(grammar_acceptor(g), "open lamp"));
    grammar_free(g);
}

static void assert_same_acceptor(const struct grammar *a, const struct grammar *b) {
    const struct grammar_acceptor *v = grammar_acceptor(a), *w = grammar_acceptor(b);
    assert_int_equal(v->n_states, w->n_states);
    assert_int_equal(v->n_arcs, w->n_arcs);
    assert_int_equal(v->n_words, w->n_words);
    assert_memory_equal(v->first_arc, w->first_arc, (v->n_states + 1) * sizeof *v->first_arc);
    assert_memory_equal(v->arcs, w->arcs, v->n_arcs * sizeof *v->arcs);
    assert_memory_equal(v->is_final, w->is_final, v->n_states);
    for (uint32_t i = 0; i < v->n_words; i++)
        assert_string_equal(v->words[i], w->words[i]);
}

/* The values of a long list are joined once for all templates; of a block that excludes some, without these. The acceptor must be
 * that of the same values written into each template. */
static void long_lists_are_as_if_written_out(void **state) {
    static const char *const ends[] = {"lamp", "light[s]", "{1..3:n} fan", "(top|[very] low) shelf", "PS5", "x-ray", "TV"};
    char list[8192] = "lists: {name: {values: [", all[4096] = "", lights[4096] = "", others[4096] = "", text[65536];
    (void)state;
    for (int i = 0; i < 60; i++) {
        char value[64];
        bool is_light = i % 3 == 0;
        if (i % 7 == 0) /* begins in another way each time */
            snprintf(value, sizeof value, "%s of %s", ends[i / 7 % 7], i % 2 ? "mine" : "yours");
        else
            snprintf(value, sizeof value, "%s%s %s", i % 2 ? "big " : "", i % 5 ? "garden" : "hall 7", ends[i % 7]);
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s{in: '%s', context: {domain: %s}}", i ? ", " : "", value,
                 is_light ? "light" : "fan");
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? "|" : "", value);
        char *some = is_light ? lights : others;
        snprintf(some + strlen(some), sizeof all - strlen(some), "%s%s", *some ? "|" : "", value);
    }
    static const char blocks[] = "language: en\nintents:\n  A:\n    data:\n"
                                 "      - sentences: ['turn on [the] %s', '%ss please', 'un%s', '[now] %s', 'x [%s] [%s]']\n"
                                 "      - {sentences: ['dim %s', '%s dimmed'], requires_context: {domain: light}}\n"
                                 "      - {sentences: ['spin %s'], excludes_context: {domain: light}}\n%s";
    snprintf(list + strlen(list), sizeof list - strlen(list), "]}}\n");
    const char *n = "{name}";
    snprintf(text, sizeof text, blocks, n, n, n, n, n, n, n, n, n, list);
    struct grammar *long_list = make_grammar(text);
    char groups[3][4200];
    snprintf(groups[0], sizeof groups[0], "(%s)", all);
    snprintf(groups[1], sizeof groups[1], "(%s)", lights);
    snprintf(groups[2], sizeof groups[2], "(%s)", others);
    char *g = groups[0];
    snprintf(text, sizeof text, blocks, g, g, g, g, g, g, groups[1], groups[1], groups[2], "");
    struct grammar *written = make_grammar(text);
    assert_true(walk_accepts(grammar_acceptor(long_list), "turn on the big garden top shelf"));
    assert_same_acceptor(long_list, written);
    uint64_t seed = 1;
    for (int i = 0; i < 500; i++) {
        char sentence[512];
        walk_draw(grammar_acceptor(written), &seed, sentence, sizeof sentence);
        if (strncmp(sentence, "un ", 3) != 0 && !matches(long_list, sentence)) /* typed numbers are words of their own */
            fail_msg("\"%s\" is not matched", sentence);
    }
    grammar_free(long_list);
    grammar_free(written);
}

/* Values of a long list with another long list in them. */
static void lists_in_long_lists(void **state) {
    static const char begin[] =
        "language: en\nintents: {A: {data: [{sentences: ['set {outer} now', '{outer} please']}]}}\nlists:\n";
    char text[16384], sentence[128];
    (void)state;
    size_t n = (size_t)snprintf(text, sizeof text, "%s  inner: {values: [x", begin);
    for (int i = 0; i < 200; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, ", in%c%c word%c", 'a' + i % 26, 'a' + i / 26, 'a' + i % 26);
    n += (size_t)snprintf(text + n, sizeof text - n, "]}\n  outer: {values: [x");
    for (int i = 0; i < 40; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, ", out%c%c, 'out%c%c with {inner} thing'", 'a' + i % 26, 'a' + i / 26,
                              'a' + i % 26, 'a' + i / 26);
    snprintf(text + n, sizeof text - n, "]}\n");
    struct grammar *g = make_grammar(text);
    for (int i = 0; i < 40 * 200; i++) {
        int k = i % 200;
        snprintf(sentence, sizeof sentence, "set out%c%c with in%c%c word%c thing now", 'a' + i / 200 % 26, 'a' + i / 200 / 26,
                 'a' + k % 26, 'a' + k / 26, 'a' + k % 26);
        if (!walk_accepts(grammar_acceptor(g), sentence))
            fail_msg("\"%s\" is not accepted", sentence);
    }
    assert_true(walk_accepts(grammar_acceptor(g), "outba please"));
    grammar_free(g);
}

/* Whatever the acceptor accepts is understood: random sentences from it have a reading. */
static void everything_said_is_matched(void **state) {
    (void)state;
    static const char *const grammars[] = {
        "language: en\nsentences: ['[(please|just)] turn[ed] (on;[the] {lamp}[s]) [at {0..120:t}[%| percent]]', '<verb> 21 "
        "{temp}°']\n"
        "expansion_rules: {verb: '(heat|cool)[ing] [up|down] to'}\n"
        "lists: {lamp: {values: ['desk lamp', 'wi-fi box', '(big|small) light', 'TV 2']}, temp: {range: {from: -3, to: 4, "
        "fractions: halves}}}\n"
        "skip_words: [kindly, 'for me']\n",
        "make [me] (a|one) [small|large] (coffee|tea)[ with (milk;[and] sugar)]\n1/2 [of] the 3rd 100 & more\n",
        "language: xx\nsentences: ['count 5 {n:x}', 'count {n:x}']\nlists: {n: {range: {from: 1, to: 9, words_language: en}}}\n",
    };
    uint64_t seed = 1;
    for (size_t i = 0; i < sizeof grammars / sizeof grammars[0]; i++) {
        struct grammar *g = make_grammar(grammars[i]);
        for (int n = 0; n < 2000; n++) {
            char text[1024];
            walk_draw(grammar_acceptor(g), &seed, text, sizeof text);
            if (!matches(g, text))
                fail_msg("the acceptor says \"%s\", which no template matches", text);
        }
        grammar_free(g);
    }
}

/* If a deterministic acceptor would have a million states, it stays nondeterministic and accepts the same. */
static void sets_do_not_explode(void **state) {
    (void)state;
    char text[1024] = "";
    for (int i = 0; i < 20; i++)
        strcat(text, "[(a|b)] ");
    strcat(text, "a");
    for (int i = 0; i < 20; i++)
        strcat(text, " (a|b)");
    struct grammar *g = make_grammar(strcat(text, "\n"));
    const struct grammar_acceptor *w = grammar_acceptor(g);
    assert_in_range(w->n_states, 40, 100);
    assert_true(walk_accepts(w, "a b b b b b b b b b b b b b b b b b b b b"));
    assert_true(walk_accepts(w, "b b a b b b b b b b b b b b b b b b b b b b b"));
    assert_false(walk_accepts(w, "b b b b b b b b b b b b b b b b b b b b b b b"));
    assert_false(walk_accepts(w, "a b b b b b b b b b b b b b b b b b b b"));
    grammar_free(g);
}

static void same_bytes(void **state) {
    (void)state;
    static const char text[] = "turn (on|off) [the] (light|lamp)[s]\nset {0..100:x} percent\n";
    struct grammar *a = make_grammar(text), *b = make_grammar(text);
    const struct grammar_acceptor *v = grammar_acceptor(a), *w = grammar_acceptor(b);
    assert_int_equal(v->n_arcs, w->n_arcs);
    assert_memory_equal(v->arcs, w->arcs, v->n_arcs * sizeof *v->arcs);
    assert_memory_equal(v->first_arc, w->first_arc, (v->n_states + 1) * sizeof *v->first_arc);
    grammar_free(a);
    grammar_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),
        cmocka_unit_test(capitals),
        cmocka_unit_test(examples),
        cmocka_unit_test(shape),
        cmocka_unit_test(skip_words),
        cmocka_unit_test(pauses),
        cmocka_unit_test(domains),
        cmocka_unit_test(long_lists_are_as_if_written_out),
        cmocka_unit_test(lists_in_long_lists),
        cmocka_unit_test(everything_said_is_matched),
        cmocka_unit_test(sets_do_not_explode),
        cmocka_unit_test(same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
