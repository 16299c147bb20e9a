/* SPDX-License-Identifier: Apache-2.0 */
/* engine/alternatives.c: what else may have been said: the rivals of a sentence that mean something else.
 *
 * A rival with other words may have the same meaning ("turn on the light", "turn the light on"), and then it does not make the
 * sentence less certain. So rivals are found in the sound's thread and judged here, where meanings are known.
 */
#include "base/clock.h"
#include "engine/private.h"

#include <string.h>

static bool same_value(const tragus_value *a, const tragus_value *b) {
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case TRAGUS_TEXT:
        break;
    case TRAGUS_INTEGER:
        return a->integer == b->integer;
    case TRAGUS_REAL:
        return !(a->real < b->real) && !(a->real > b->real);
    case TRAGUS_BOOLEAN:
        return a->boolean == b->boolean;
    }
    return strcmp(a->text, b->text) == 0;
}

bool engine_same_meaning(const tragus_reading *a, const tragus_reading *b) {
    if (strcmp(a->intent, b->intent) != 0 || a->n_slots != b->n_slots)
        return false;
    if (!a->intent[0] && strcmp(a->text, b->text) != 0)
        return false;
    for (size_t i = 0; i < a->n_slots; i++)
        if (strcmp(a->slots[i].name, b->slots[i].name) != 0 || !same_value(&a->slots[i].value, &b->slots[i].value))
            return false;
    return true;
}

/* The first reading of some words, or NULL, also when the thread's CPU time has reached deadline_ns. *ret owns it. */
static const tragus_reading *read_words(tragus_match **ret, tragus_grammar *g, const uint32_t words[], uint32_t n,
                                        const tragus_context context[], size_t n_context, uint64_t deadline_ns) {
    const struct graph *graph = engine_grammar_graph(g);
    uint64_t now_ns = base_clock_thread_cpu_ns();
    struct base_budget budget;
    char text[LISTENER_MAX_WORDS * 32];
    size_t len = 0;
    if (now_ns >= deadline_ns)
        return NULL;
    for (uint32_t i = 0; i < n; i++) {
        size_t more = strlen(graph_word(graph, words[i]));
        if (len + more + 2 > sizeof(text))
            return NULL;
        if (i > 0)
            text[len++] = ' ';
        memcpy(text + len, graph_word(graph, words[i]), more);
        len += more;
    }
    text[len] = '\0';
    base_budget_init(&budget, (uint32_t)((deadline_ns - now_ns) / 1000000 + 1), 0);
    return engine_match_text(ret, g, text, context, n_context, 1, &budget, NULL) > 0 ? tragus_match_reading(*ret, 0) : NULL;
}

static void add(struct engine_alternatives *a, tragus_match *m, const tragus_reading *r, const struct listener_rival *rival,
                int32_t logit_q8) {
    a->matches[a->n] = m;
    a->view[a->n] = (tragus_alternative){.text = r->text,
                                         .intent = r->intent,
                                         .slots = r->slots,
                                         .n_slots = r->n_slots,
                                         .confidence = decoder_logistic(logit_q8 - rival->margin_q8) / 32768.0};
    a->n++;
}

void engine_alternatives_find(struct engine_alternatives *ret, tragus_grammar *g, const struct listener_result *r,
                              const tragus_context context[], size_t n_context) {
    *ret = (struct engine_alternatives){.nearest = NULL};
    uint64_t deadline_ns = base_clock_thread_cpu_ns() + (uint64_t)ENGINE_MEANING_MS * 1000000;
    uint32_t words[LISTENER_MAX_WORDS];
    for (uint32_t i = 0; i < r->n_words; i++)
        words[i] = r->words[i].word;
    tragus_match *best = NULL;
    const tragus_reading *meant = r->n_rivals > 0 ? read_words(&best, g, words, r->n_words, context, n_context, deadline_ns) : NULL;
    for (uint32_t i = 0; i < r->n_rivals && meant; i++) {
        const struct listener_rival *rival = &r->rivals[i];
        tragus_match *m = NULL;
        const tragus_reading *other = read_words(&m, g, rival->words, rival->n_words, context, n_context, deadline_ns);
        bool differs = other && !engine_same_meaning(meant, other);
        for (size_t k = 0; k < ret->n && differs; k++)
            differs = !engine_same_meaning(tragus_match_reading(ret->matches[k], 0), other);
        if (!differs) {
            tragus_match_free(m);
            continue;
        }
        if (!ret->nearest)
            ret->nearest = rival;
        add(ret, m, other, rival, r->logit_q8 - ret->nearest->cost_q8);
    }
    tragus_match_free(best);
}

void engine_alternatives_done(struct engine_alternatives *a) {
    for (size_t i = 0; i < a->n; i++)
        tragus_match_free(a->matches[i]);
    a->n = 0;
}
