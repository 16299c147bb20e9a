/* SPDX-License-Identifier: Apache-2.0 */
/* engine/match.c: the parses of typed text, as structs of the public interface. */
#include "engine/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct tragus_match {
    tragus_grammar *grammar;
    struct grammar_match *match;
    size_t n, n_slots, text_bytes;
    char *text; /* the words of the slots */
    tragus_slot *slots;
    tragus_reading readings[];
};

char *engine_copy_words(char *to, const char *text, uint32_t first, uint32_t n) {
    uint32_t word = 0;
    while (*text && word < first + n) {
        text += strspn(text, " \t\n\r");
        size_t len = strcspn(text, " \t\n\r");
        if (len > 0 && word >= first) {
            if (word > first)
                *to++ = ' ';
            memcpy(to, text, len);
            to += len;
        }
        text += len;
        word++;
    }
    *to++ = '\0';
    return to;
}

static int fill_readings(tragus_match *m, const char *text) {
    for (size_t i = 0; i < m->n; i++)
        m->n_slots += grammar_match_reading(m->match, i)->n_slots;
    m->slots = calloc(m->n_slots ? m->n_slots : 1, sizeof(*m->slots));
    m->text_bytes = m->n_slots * (strlen(text) + 1) + 1;
    m->text = malloc(m->text_bytes);
    if (!m->slots || !m->text)
        return -ENOMEM;
    tragus_slot *slot = m->slots;
    char *words = m->text;
    for (size_t i = 0; i < m->n; i++) {
        const struct grammar_reading *from = grammar_match_reading(m->match, i);
        m->readings[i] = (tragus_reading){.text = from->text,
                                          .intent = from->intent ? from->intent : "",
                                          .response = from->response,
                                          .template_text = from->template_text,
                                          .slots = slot,
                                          .n_slots = from->n_slots,
                                          .metadata = from->metadata,
                                          .n_metadata = from->n_metadata,
                                          .unmatched = from->unmatched,
                                          .n_unmatched = from->n_unmatched,
                                          .corrected = from->corrected};
        for (size_t k = 0; k < from->n_slots; k++, slot++) {
            const struct grammar_slot *s = &from->slots[k];
            *slot = (tragus_slot){.name = s->name, .value = s->value, .text = words, .confidence = 1.0, .wildcard = s->wildcard};
            words = engine_copy_words(words, text, s->first_word, s->fixed ? 0 : s->n_words);
        }
    }
    return 0;
}

int engine_match_text_with(tragus_match **ret, tragus_grammar *g, const char *text, const struct grammar_match_options *o,
                           struct base_budget *budget, tragus_error *reterr) {
    struct grammar_match *match = NULL;
    base_budget_start(budget);
    int n = grammar_match_with(&match, engine_grammar_sentences(g), text, o, budget, reterr);
    if (n < 0)
        return n;
    tragus_match *m = calloc(1, sizeof(*m) + (size_t)n * sizeof(m->readings[0]));
    if (!m) {
        grammar_match_free(match);
        return base_error_set(reterr, -ENOMEM, "out of memory");
    }
    m->grammar = tragus_grammar_ref(g);
    m->match = match;
    m->n = (size_t)n;
    int r = fill_readings(m, text);
    if (r < 0) {
        tragus_match_free(m);
        return base_error_set(reterr, r, "out of memory");
    }
    *ret = m;
    return n;
}

int engine_match_text(tragus_match **ret, tragus_grammar *g, const char *text, const tragus_context context[], size_t n_context,
                      size_t max, struct base_budget *budget, tragus_error *reterr) {
    const struct grammar_match_options o = {.context = context, .n_context = n_context, .max_readings = max};
    return engine_match_text_with(ret, g, text, &o, budget, reterr);
}

ENGINE_PUBLIC int tragus_match_text(tragus_match **ret, tragus_grammar *g, const char *text, const tragus_context context[],
                                    size_t n_context, size_t max) {
    tragus_match_options o;
    tragus_match_options_init(&o);
    o.context = context;
    o.n_context = n_context;
    o.max = max;
    return tragus_match_text_with(ret, g, text, &o);
}

ENGINE_PUBLIC void tragus_match_options_init(tragus_match_options *o) {
    if (o)
        *o = (tragus_match_options){.size_bytes = sizeof(*o), .max = 1};
}

ENGINE_PUBLIC int tragus_match_text_with(tragus_match **ret, tragus_grammar *g, const char *text, const tragus_match_options *o) {
    struct base_budget budget;
    tragus_match_options own;
    tragus_match_options_init(&own);
    if (o && engine_take_options(&own, sizeof(own), o) < 0)
        return -EINVAL;
    if (!ret || !g || !text || (!own.context && own.n_context > 0))
        return -EINVAL;
    const struct grammar_match_options how = {.context = own.context,
                                              .n_context = own.n_context,
                                              .max_readings = own.max,
                                              .fuzzy = own.fuzzy,
                                              .unmatched = own.unmatched};
    base_budget_init(&budget, ENGINE_MAX_CPU_MS, ENGINE_MAX_BYTES);
    return engine_match_text_with(ret, g, text, &how, &budget, NULL);
}

ENGINE_PUBLIC const tragus_reading *tragus_match_reading(const tragus_match *m, size_t i) {
    return m && i < m->n ? &m->readings[i] : NULL;
}

ENGINE_PUBLIC void tragus_match_free(tragus_match *m) {
    if (!m)
        return;
    grammar_match_free(m->match);
    tragus_grammar_unref(m->grammar);
    if (m->slots) /* with numbers that were said */
        explicit_bzero(m->slots, m->n_slots * sizeof(*m->slots));
    if (m->text)
        explicit_bzero(m->text, m->text_bytes);
    free(m->slots);
    free(m->text);
    free(m);
}
