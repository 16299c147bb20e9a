/* SPDX-License-Identifier: Apache-2.0 */
/* Tests free words: a grammar with exact words around any words of a small language model. The rows are made from pronunciations,
 * as a network would give them for clear speech. */
#include "decoder/decoder.h"
#include "graph/words.h"
#include "lm/train.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MOST_ROWS 600
#define LABELS 40
#define CLEAR (-10 * 256)

static struct lexicon *lexicon;
static struct lm *lm;
static struct graph_words *tree;

static int setup(void **state) {
    (void)state;
    static const char *const sentences[] = {"oat milk",      "two eggs",           "two eggs and milk",
                                            "some bread",    "oat milk and bread", "call the dentist",
                                            "too much milk", "eggs to boil",       "a light meal"};
    const struct lm_limits limits = {.max_words = 100, .max_pairs = 1000, .max_triples = 1000};
    char path[4096], out[] = "test-free-XXXXXX";
    struct lm_trainer *t;
    struct lm_tables tables;
    tragus_error e = {0};
    snprintf(path, sizeof path, "%s/models/en/lexicon.tragus", getenv("abs_top_builddir") ? getenv("abs_top_builddir") : ".");
    if (lexicon_open(&lexicon, path, NULL, &e) < 0 || lm_trainer_new(&t) < 0)
        return -1;
    for (unsigned i = 0; i < sizeof sentences / sizeof sentences[0]; i++)
        lm_trainer_add(t, sentences[i]);
    int r = lm_trainer_finish(t, &limits, NULL, NULL, &tables, &e);
    lm_trainer_free(t);
    close(mkstemp(out));
    if (r == 0)
        r = lm_tables_write(&tables, lexicon, out, "", &e);
    if (r == 0)
        r = lm_open(&lm, out, lexicon, &e);
    unlink(out);
    lm_tables_done(&tables);
    return r < 0 ? r : graph_words_build(&tree, lm, NULL);
}

static int teardown(void **state) {
    (void)state;
    graph_words_free(tree);
    lm_free(lm);
    lexicon_free(lexicon);
    return 0;
}

/* add FREE to list | broadcast FREE | light */
static struct graph *make_graph(void) {
    static const char *const words[] = {GRAMMAR_FREE_WORDS, "add", "broadcast", "light", "list", "to"};
    static const struct grammar_word_arc arcs[] = {{1, 1}, {2, 4}, {3, 5}, {0, 2}, {5, 3}, {4, 5}, {0, 5}};
    static const uint32_t first_arc[] = {0, 3, 4, 5, 6, 7, 7};
    static const uint8_t is_final[] = {0, 0, 0, 0, 0, 1};
    const struct grammar_acceptor a = {
        .n_states = 6, .n_arcs = 7, .n_words = 6, .first_arc = first_arc, .arcs = arcs, .is_final = is_final, .words = words};
    struct graph *g;
    tragus_error e;
    if (graph_build(&g, &a, lexicon, NULL, tree, 0, NULL, &e) < 0)
        fail_msg("%s", e.text);
    return g;
}

static struct decoder *make_decoder(struct base_arena *arena, const struct graph *g) {
    struct decoder_options o = decoder_defaults();
    o.min_confidence_q15 = 0;
    const struct decoder_setup setup = {.graph = g, .n_labels = LABELS, .row_width = LABELS, .options = o};
    struct base_arena counting = {0};
    decoder_place(&counting, &setup);
    assert_int_equal(base_arena_init(arena, counting.used_bytes), 0);
    struct decoder *d = decoder_place(arena, &setup);
    base_arena_seal(arena);
    return d;
}

/* Feeds words, in their first pronunciations, and half a second of silence. Returns the words understood. */
static const char *hear(struct decoder *d, const struct graph *g, const char *spoken, struct listener_result *result) {
    static char text[1000];
    int16_t row[LABELS];
    char *copy = strdup(spoken), *save;
    decoder_start(d);
    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        struct lexicon_pronunciation p[LEXICON_MAX_VARIANTS];
        assert_true(lexicon_pronounce(lexicon, NULL, word, p, LEXICON_MAX_VARIANTS) > 0);
        for (unsigned i = 0; i < 2u * p[0].n_phones; i++) {
            for (unsigned k = 0; k < LABELS; k++)
                row[k] = CLEAR;
            row[i % 2 ? 0 : p[0].phones[i / 2]] = 0;
            decoder_step(d, row);
        }
    }
    for (unsigned k = 0; k < LABELS; k++)
        row[k] = k == 0 ? 0 : CLEAR;
    for (unsigned i = 0; i < 20 && decoder_step(d, row) != LISTENER_ENDED; i++)
        continue;
    decoder_finish(d, result);
    text[0] = '\0';
    for (uint32_t i = 0; i < result->n_words; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i > 0 ? " " : "", graph_word(g, result->words[i].word));
    free(copy);
    return text;
}

static void understands(void **state) {
    (void)state;
    static const char *const same[] = {"add oat milk to list",
                                       "add two eggs to list",
                                       "broadcast call the dentist",
                                       "broadcast oat milk and bread",
                                       "light",
                                       "add a light meal to list",
                                       "add eggs to boil to list"};
    struct base_arena arena;
    struct graph *g = make_graph();
    struct decoder *d = make_decoder(&arena, g);
    struct listener_result r;
    for (unsigned i = 0; i < sizeof same / sizeof same[0]; i++)
        assert_string_equal(hear(d, g, same[i], &r), same[i]);
    /* of words that sound alike, the one that the model expects there */
    assert_string_equal(hear(d, g, "add to eggs to list", &r), "add two eggs to list");
    assert_string_equal(hear(d, g, "broadcast two much milk", &r), "broadcast too much milk");
    /* what the language model takes is no loss of sound */
    hear(d, g, "add oat milk to list", &r);
    assert_true(r.n_features > 0 && r.features[DECODER_WORD] <= 64 && r.features[DECODER_WINDOW] <= 64);
    base_arena_done(&arena);
    graph_free(g);
}

/* Free words fit everything, so the exact words have to fit on their own, and better if they are few. */
static void judges_the_exact_words_alone(void **state) {
    (void)state;
    struct base_arena arena;
    struct graph *g = make_graph();
    struct decoder *d = make_decoder(&arena, g);
    struct listener_result said, longer, other;
    assert_string_equal(hear(d, g, "add oat milk to list", &said), "add oat milk to list");
    assert_string_equal(hear(d, g, "add two eggs and milk to list", &longer), "add two eggs and milk to list");
    /* add, to and list have 8 phones, which lose nothing here: 6 nats / 8 */
    assert_int_equal(said.features[DECODER_EXACT], 1536 / 8);
    assert_int_equal(longer.features[DECODER_EXACT], 1536 / 8);
    assert_true(said.confidence_q15 > 26214);
    /* one phone of "list" is another */
    assert_string_equal(hear(d, g, "add oat milk to lift", &other), "add oat milk to list");
    assert_true(other.features[DECODER_EXACT] >= 2 * 1536 / 8);
    assert_true(other.confidence_q15 < said.confidence_q15);
    /* a sentence without free words is judged as in any grammar */
    assert_string_equal(hear(d, g, "light", &other), "light");
    assert_int_equal(other.features[DECODER_EXACT], 0);
    base_arena_done(&arena);
    graph_free(g);
}

static void the_same_again(void **state) {
    (void)state;
    struct base_arena arena;
    struct graph *g = make_graph();
    struct decoder *d = make_decoder(&arena, g);
    struct listener_result first, second;
    hear(d, g, "add two eggs and milk to list", &first);
    hear(d, g, "broadcast some bread", &second);
    hear(d, g, "add two eggs and milk to list", &second);
    assert_memory_equal(&first, &second, sizeof first);
    base_arena_done(&arena);
    graph_free(g);
}

static int pronounce(void *user, const char *word, struct lexicon_pronunciation *out, size_t max_variants) {
    (void)user;
    return lexicon_pronounce(lexicon, NULL, word, out, max_variants);
}

/* Words that the user has given: one that the language model lacks, one that it finds unlikely, one that cannot be spoken. */
static void prefers_names(void **state) {
    (void)state;
    static const char *const names[] = {"meet", "meal", "susan", "\xe5\xae\xa2"};
    const struct graph_preferred preferred = {.words = names, .n = 4, .most_q8 = 512, .pronounce = pronounce};
    struct graph_words *plain = tree, *own;
    struct base_arena arena;
    struct listener_result r;
    assert_int_equal(graph_words_build(&own, lm, &preferred), 0);
    assert_int_equal(own->n_more, 2);
    tree = own;
    struct graph *g = make_graph();
    tree = plain;
    /* The graph has copied what it needs: the tree is overwritten before it is freed. */
    memset(own->least_q8, 0xff, own->n_nodes * sizeof *own->least_q8);
    memset(own->arcs, 0xff, own->n_arcs * sizeof *own->arcs);
    memset(own->first_arc, 0xff, own->n_nodes * sizeof *own->first_arc);
    for (uint32_t i = 0; i < own->n_more; i++)
        memset(own->more[i], 'x', strlen(own->more[i]));
    graph_words_free(own);
    unsigned n_preferred = 0;
    for (uint32_t a = g->tree_arc; a < g->n_arcs; a++) {
        const struct graph_arc *arc = &g->arcs[a];
        uint32_t next = 7;
        if (arc->word == GRAPH_NO_WORD)
            continue;
        const char *word = graph_word(g, arc->word);
        bool is_preferred = strcmp(word, "meet") == 0 || strcmp(word, "meal") == 0 || strcmp(word, "susan") == 0;
        assert_int_equal(arc->most_q8, is_preferred ? 512 : 0);
        int32_t cost = graph_free_word(g, arc, lm_start(lm), &next);
        if (lm_find(lm, word) == LM_NO_WORD)
            assert_true(cost == 512 && next == 0);
        else if (is_preferred)
            assert_true(cost <= 512 && cost <= lm_next(lm, lm_start(lm), lm_find(lm, word), &next));
        else
            assert_int_equal(cost, lm_next(lm, lm_start(lm), lm_find(lm, word), &next));
        n_preferred += is_preferred;
    }
    assert_true(n_preferred >= 3);
    struct decoder *d = make_decoder(&arena, g);
    assert_string_equal(hear(d, g, "add susan to list", &r), "add susan to list");
    assert_string_equal(hear(d, g, "broadcast meet susan", &r), "broadcast meet susan");
    assert_string_equal(hear(d, g, "add oat milk to list", &r), "add oat milk to list");
    assert_true(r.n_features > 0 && r.features[DECODER_WORD] <= 64);
    base_arena_done(&arena);
    graph_free(g);
    /* they are not there without having been given */
    g = make_graph();
    d = make_decoder(&arena, g);
    assert_string_not_equal(hear(d, g, "add susan to list", &r), "add susan to list");
    base_arena_done(&arena);
    graph_free(g);
}

/* Without a language model the rest of the grammar works. */
static void without_model(void **state) {
    (void)state;
    struct graph_words *kept = tree;
    tree = NULL;
    struct graph *g = make_graph();
    tree = kept;
    assert_true(graph_report(g)->lacks_free_words);
    assert_int_equal(graph_report(g)->n_unspoken, 0);
    assert_null(g->lm);
    struct base_arena arena = {0};
    struct decoder *d = make_decoder(&arena, g);
    struct listener_result r;
    assert_string_equal(hear(d, g, "light", &r), "light");
    base_arena_done(&arena);
    graph_free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(understands), cmocka_unit_test(judges_the_exact_words_alone),
                                       cmocka_unit_test(the_same_again), cmocka_unit_test(prefers_names),
                                       cmocka_unit_test(without_model)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
