/* SPDX-License-Identifier: Apache-2.0 */
#include "grammar_use.h"
#include "../unit/grammar/builder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A tenth of what a program allows: a budget that is not kept is then found by the limit of the target. */
#ifdef FUZZ_INSTRUMENTED
#define BUDGET_CPU_MS 1000
#else
#define BUDGET_CPU_MS 200
#endif
#define BUDGET_BYTES (32u << 20)

static struct base_budget budget;

struct grammar_builder *limited_builder(void) {
    struct grammar_builder *b = NULL;
    fuzz_check(english_builder(&b) == 0, "no builder");
    base_budget_init(&budget, BUDGET_CPU_MS, BUDGET_BYTES);
    base_budget_start(&budget);
    grammar_builder_set_budget(b, &budget);
    return b;
}

static void check_acceptor(const struct grammar_acceptor *w) {
    for (uint32_t i = 0; i < w->n_arcs; i++)
        fuzz_check(w->arcs[i].to < w->n_states && w->arcs[i].word < w->n_words, "an arc leads out of the acceptor");
    for (uint32_t s = 0; s < w->n_states; s++)
        fuzz_check(w->first_arc[s] <= w->first_arc[s + 1] && w->first_arc[s + 1] <= w->n_arcs, "arcs out of order");
}

static void check_match(const struct grammar_match *m, int n) {
    for (int k = 0; k < n; k++) {
        const struct grammar_reading *r = grammar_match_reading(m, (size_t)k);
        fuzz_check(r && r->intent && r->text && r->template_text, "a reading without text");
        for (size_t s = 0; s < r->n_slots; s++)
            fuzz_check(r->slots[s].name && r->slots[s].value.text, "a slot without value");
    }
}

static void use(const struct grammar *g, const char *text) {
    static const char *const others[] = {"turn on the kitchen light", "set it to twenty five percent", "a a a a a a a b"};
    check_acceptor(grammar_acceptor(g));
    for (size_t i = 0; i <= sizeof others / sizeof others[0]; i++) {
        struct grammar_match *m = NULL;
        tragus_error e = {0};
        base_budget_init(&budget, BUDGET_CPU_MS, BUDGET_BYTES);
        base_budget_start(&budget);
        const struct grammar_match_options how = {.max_readings = 5, .fuzzy = true, .unmatched = true};
        int n = grammar_match_with(&m, g, i == 0 ? text : others[i - 1], &how, &budget, &e);
        if (n >= 0) {
            check_match(m, n);
            grammar_match_free(m);
        } else if (n == -ETIME || n == -E2BIG) {
            break; /* the next texts would take as long */
        }
    }
}

void compile_and_use(struct grammar_builder *b, const char *text, tragus_diagnostics *d) {
    struct grammar *g = NULL;
    tragus_error e = {0};
    int r = grammar_compile(&g, b, d, &e);
    fuzz_check(r == 0 || e.text[0], "refused without a reason");
    if (r == 0)
        use(g, text);
    grammar_free(g);
}

void use_grammar(const uint8_t *data, size_t size, const char *format) {
    static const struct grammar_list_value names[] = {{"kitchen light", NULL, "light"}, {"[big] fan", "fan.big", "fan"}};
    struct grammar_builder *b = limited_builder();
    tragus_diagnostics d = {0};
    tragus_error e = {0};
    char *text = fuzz_text(data, size);

    int r = grammar_builder_add_text(b, "sample", format, text, size, &d, &e);
    fuzz_check(r == 0 || e.text[0], "refused without a reason");
    (void)grammar_builder_set_list(b, "name", names, 2, &d, NULL);
    compile_and_use(b, text, &d);
    grammar_builder_free(b);
    grammar_diagnostics_done(&d);
    free(text);
}
