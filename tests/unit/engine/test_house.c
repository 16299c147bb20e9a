/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar for Home Assistant, data/grammars/home-assistant-en.yaml, in a large house: 200 names, 20 areas and 3 floors compile
 * with the model within the default limits. The log has the processor time and the sizes. */
#include "../grammar/walk.h"
#include "base/clock.h"
#include "engine/engine.h"
#include "ready.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
    NAMES = 200,
    MOST_ARCS = 60000,  /* of the graph; the default limit is 1,000,000 */
    MOST_CPU_MS = 5000, /* for each of the four grammars; the default limit is 10,000 */
};

static const char *const places[] = {"desk",     "bedside", "ceiling",  "corner",  "wall",    "window", "mirror",
                                     "closet",   "stairs",  "piano",    "sofa",    "cabinet", "shelf",  "tree",
                                     "fountain", "balcony", "entrance", "counter", "bench",   "door",   "table",
                                     "carpet",   "chimney", "gate",     "path"};
static const struct {
    const char *word, *domain;
} things[] = {{"lamp", "light"},  {"spot", "light"},    {"light", "light"},          {"socket", "switch"},
              {"blind", "cover"}, {"sensor", "sensor"}, {"speaker", "media_player"}, {"fan", "fan"}};
static const char *const areas[] = {"kitchen", "living room", "bedroom",      "bathroom", "hallway",  "garage", "study",
                                    "nursery", "dining room", "guest room",   "cellar",   "attic",    "pantry", "garden",
                                    "terrace", "porch",       "laundry room", "workshop", "playroom", "library"};
static const char *const floors[] = {"upstairs", "downstairs", "ground floor"};

/* Replaces a list and reports what this took. */
static tragus_grammar *with_list(tragus_grammar *g, const char *list, const tragus_list_value values[], size_t n) {
    tragus_grammar *next = NULL;
    tragus_error e = {0};
    uint64_t before = base_clock_thread_cpu_ns();
    if (tragus_grammar_with_list(&next, g, list, values, n, NULL, &e) < 0)
        fail_msg("%s:%d: %s", e.file, e.line, e.text);
    unsigned ms = (unsigned)((base_clock_thread_cpu_ns() - before) / 1000000);
    const struct grammar_acceptor *w = grammar_acceptor(engine_grammar_sentences(next));
    const struct graph *graph = engine_grammar_graph(next);
    print_message("%zu values of {%s}: %u ms of processor time, %u arcs of words, %u arcs of phones\n", n, list, ms, w->n_arcs,
                  graph->n_arcs);
    assert_in_range(ms, 0, MOST_CPU_MS);
    assert_in_range(graph->n_arcs, 1, MOST_ARCS);
    tragus_grammar_unref(g);
    return next;
}

static tragus_grammar *with_words(tragus_grammar *g, const char *list, const char *const words[], size_t n) {
    tragus_list_value values[32] = {{0}};
    for (size_t i = 0; i < n; i++)
        values[i].in = words[i];
    return with_list(g, list, values, n);
}

static void large_house(void **state) {
    (void)state;
    static char names[NAMES][64];
    static tragus_list_value values[NAMES];
    const char *source = getenv("abs_top_srcdir");
    char path[4096];
    tragus_model *m = ready_model();
    tragus_grammar *g = NULL;
    tragus_error e = {0};

    snprintf(path, sizeof(path), "%s/data/grammars/home-assistant-en.yaml", source ? source : ".");
    if (tragus_grammar_load(&g, m, NULL, (const char *const[]){path}, 1, NULL, &e) < 0)
        fail_msg("%s:%d: %s", e.file, e.line, e.text);
    assert_int_equal(graph_report(engine_grammar_graph(g))->n_guessed, 0);
    for (size_t i = 0; i < NAMES; i++) {
        snprintf(names[i], sizeof(names[i]), "%s %s", places[i / 8], things[i % 8].word);
        values[i] = (tragus_list_value){.in = names[i], .domain = things[i % 8].domain};
    }
    g = with_words(g, "floor", floors, 3);
    g = with_words(g, "area", areas, 20);
    g = with_list(g, "name", values, NAMES);

    const struct grammar_acceptor *w = grammar_acceptor(engine_grammar_sentences(g));
    assert_true(walk_accepts(w, "turn on the path fan in the laundry room"));
    assert_true(walk_accepts(w, "set the chimney spot to thirty percent"));
    assert_true(walk_accepts(w, "open the gate blind"));
    assert_false(walk_accepts(w, "open the gate spot"));
    tragus_grammar_unref(g);
    tragus_model_unref(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(large_house)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
