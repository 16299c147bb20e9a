/* SPDX-License-Identifier: Apache-2.0 */
/* engine/wake.c: what a session needs to wait for a wake phrase: a spotter, and the rows since the phrase may have ended. */
#include "base/decimal.h"
#include "engine/utterance.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_DEFAULT_MS 8000
#define DEFAULT_PER_HOUR 0.1

struct engine_wake *engine_wake_new(tragus_model *m, tragus_grammar *phrases, const tragus_session_options *o) {
    struct engine_wake *w = calloc(1, sizeof(*w));
    if (!w)
        return NULL;
    w->open_hops = (o->wake_open_ms > 0 ? o->wake_open_ms : OPEN_DEFAULT_MS) / ENGINE_HOP_MS;
    w->row_width = nn_model_row_width(engine_model_network(m));
    w->step_hops = nn_model_step_hops(engine_model_network(m));
    w->rows = calloc((size_t)ENGINE_WAKE_ROWS * w->row_width, sizeof(*w->rows));
    w->spotter = engine_spotter_new(m, phrases, o);
    if (!w->rows || !w->spotter) {
        engine_wake_free(w);
        return NULL;
    }
    return w;
}

void engine_wake_free(struct engine_wake *w) {
    if (!w)
        return;
    engine_listener_free(w->spotter);
    if (w->rows)
        explicit_bzero(w->rows, (size_t)ENGINE_WAKE_ROWS * w->row_width * sizeof(*w->rows));
    free(w->rows);
    free(w);
}

struct engine_listener *engine_wake_spotter(struct engine_wake *w) {
    return w->spotter;
}

uint32_t engine_wake_open_hops(const struct engine_wake *w) {
    return w->open_hops;
}

void engine_wake_reset(struct engine_wake *w) {
    w->open = w->running = false;
    w->end_hop = INT64_MIN;
    w->n_rows = 0;
}

void engine_wake_keep(struct engine_wake *w, const int16_t *posteriors) {
    memcpy(w->rows + (size_t)(w->n_rows++ % ENGINE_WAKE_ROWS) * w->row_width, posteriors, w->row_width * sizeof(*w->rows));
}

const int16_t *engine_wake_row(const struct engine_wake *w, uint32_t n_before) {
    return w->rows + (size_t)((w->n_rows - 1 - n_before) % ENGINE_WAKE_ROWS) * w->row_width;
}

/* --- phrases ------------------------------------------------------------------------------------------------------------------ */

#define MOST_PHRASES 16
#define MOST_BYTES 100
#define MEMORY_BYTES ((size_t)16 << 20)
#define CPU_MS 500
#define MANY_MISSED_PERCENT 3 /* a phrase of three syllables with rare sounds has 1 */

/* Copies a phrase as a line of a list of sentences. Returns where the line ends, or NULL and an error. */
static char *add_phrase(char *to, const char *phrase, tragus_error *reterr) {
    size_t n = strlen(phrase);
    if (n > MOST_BYTES)
        base_error_set(reterr, -EINVAL, "the wake phrase \"%.40s...\" is longer than %d bytes", phrase, MOST_BYTES);
    else if (phrase[strspn(phrase, " \t")] == '\0')
        base_error_set(reterr, -EINVAL, "a wake phrase is empty; give words, such as \"hey house\"");
    else if (strpbrk(phrase, "[](){}<>|;:#\"\n\r"))
        base_error_set(reterr, -EINVAL,
                       "the wake phrase \"%.40s\" has a sign that is not spoken; give plain words, and each phrase alone", phrase);
    else
        return stpcpy(stpcpy(to, phrase), "\n");
    return NULL;
}

static int compile(tragus_grammar **ret, tragus_model *m, const char *text, const char *pronunciations, tragus_diagnostics *d,
                   tragus_error *reterr) {
    tragus_grammar_options o;
    tragus_grammar_options_init(&o);
    o.pronunciations_path = pronunciations;
    o.max_cpu_ms = CPU_MS;
    o.max_bytes = MEMORY_BYTES;
    const tragus_text list = {.name = "wake phrases", .format = "list", .text = text, .len_bytes = strlen(text)};
    return engine_grammar_load(ret, m, &o, NULL, 0, &list, 1, NULL, d, NULL, reterr);
}

/* Refuses a phrase that cannot be used. In a grammar of several it would only be left out, and nobody would listen for it. */
static int check_each(tragus_model *m, const char *const phrases[], size_t n, const char *pronunciations, tragus_error *reterr) {
    int r = 0;
    for (size_t i = 0; i < n && r >= 0; i++) {
        tragus_grammar *g = NULL;
        r = compile(&g, m, phrases[i], pronunciations, NULL, reterr);
        tragus_grammar_unref(g);
    }
    return r;
}

/* The least rarity of a way through the graph of a phrase, or -ENOMEM. */
static int32_t least_rarity(const struct graph *g, const struct decoder_spotting *s) {
    int32_t *to_node = malloc(g->n_nodes * sizeof(*to_node)), least = INT32_MAX;
    if (!to_node)
        return -ENOMEM;
    for (uint32_t n = 0; n < g->n_nodes; n++)
        to_node[n] = n == g->start ? 0 : INT32_MAX;
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t n = 0; n < g->n_nodes; n++)
            for (uint32_t a = g->first_arc[n]; a < g->first_arc[n + 1] && to_node[n] < INT32_MAX; a++) {
                int32_t rarity = to_node[n] + s->rarity_q8[g->arcs[a].phone];
                changed |= rarity < to_node[g->arcs[a].to];
                if (rarity < to_node[g->arcs[a].to])
                    to_node[g->arcs[a].to] = rarity;
            }
    }
    for (uint32_t n = 0; n < g->n_nodes; n++)
        least = g->is_final[n] && to_node[n] < least ? to_node[n] : least;
    free(to_node);
    return least;
}

/* Whether every word of a phrase is among the most frequent words of the language, so that it may be said to somebody else. */
static bool is_common(tragus_model *m, const char *phrase) {
    char value[4096], common[sizeof(value) + 2], word[MOST_BYTES + 3];
    if (nn_model_passport_value(engine_model_network(m), "wake_common", value, sizeof(value)) < 0)
        return false;
    snprintf(common, sizeof(common), " %s ", value);
    while (*(phrase += strspn(phrase, " \t")) != '\0') {
        size_t n = strcspn(phrase, " \t");
        snprintf(word, sizeof(word), " %.*s ", (int)n, phrase);
        for (char *c = word; *c; c++)
            *c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
        if (!strstr(common, word))
            return false;
        phrase += n;
    }
    return true;
}

/* Says how often a phrase will be missed, as a warning if that is often. */
static int estimate(tragus_model *m, const char *phrase, double per_hour, const char *pronunciations, tragus_diagnostics *d,
                    tragus_error *reterr) {
    tragus_grammar *g;
    tragus_session_options o;
    char text[256], rate[BASE_DECIMAL_BYTES];
    tragus_session_options_init(&o);
    o.wake_per_hour = per_hour;
    struct decoder_spotting s = engine_decoder_options(m, &o).spotting;
    int r = compile(&g, m, phrase, pronunciations, NULL, reterr);
    if (r < 0)
        return r;
    int32_t rarity_q8 = least_rarity(engine_grammar_graph(g), &s);
    tragus_grammar_unref(g);
    if (rarity_q8 < 0)
        return base_error_set(reterr, rarity_q8, "out of memory");
    if (is_common(m, phrase)) {
        snprintf(text, sizeof(text),
                 "\"%.60s\" has only frequent words, so it will be said to others, too; add a rarer word, such as a name", phrase);
        grammar_diagnostics_add(d, TRAGUS_WARNING, text);
    }
    if (s.missed.n == 0)
        return 0;
    int32_t percent = (decoder_curve_at(&s.missed, decoder_least_logit(&s, &s.alone, rarity_q8)) + 128) / 256;
    bool many = percent >= MANY_MISSED_PERCENT;
    snprintf(text, sizeof(text), "\"%.60s\": in a quiet room about %d %% of the calls are missed at %s false alarms an hour%s",
             phrase, percent, base_decimal(per_hour > 0 ? per_hour : DEFAULT_PER_HOUR, rate),
             many ? "; take a longer phrase with rarer sounds, or allow more false alarms" : "");
    grammar_diagnostics_add(d, many ? TRAGUS_WARNING : TRAGUS_NOTE, text);
    return 0;
}

int engine_wake_phrases(tragus_grammar **ret, tragus_model *m, const char *const phrases[], size_t n, double per_hour,
                        const char *pronunciations, tragus_diagnostics *d, tragus_error *reterr) {
    char text[MOST_PHRASES * (MOST_BYTES + 2)], *to = text;
    tragus_grammar *g;
    if (n == 0 || n > MOST_PHRASES)
        return base_error_set(reterr, -EINVAL, "there must be from 1 to %d wake phrases, not %zu", MOST_PHRASES, n);
    for (size_t i = 0; i < n; i++)
        if (!(to = add_phrase(to, phrases[i], reterr)))
            return -EINVAL;
    int r = n > 1 ? check_each(m, phrases, n, pronunciations, reterr) : 0;
    if (r >= 0)
        r = compile(&g, m, text, pronunciations, d, reterr);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n && r >= 0 && d; i++)
        r = estimate(m, phrases[i], per_hour, pronunciations, d, reterr);
    if (r < 0) {
        tragus_grammar_unref(g);
        return r;
    }
    *ret = g;
    return 0;
}

ENGINE_PUBLIC int tragus_wake_phrases(tragus_grammar **ret, tragus_model *m, const char *const phrases[], size_t n, double per_hour,
                                      tragus_diagnostics *d, tragus_error *reterr) {
    if (!ret || !m || !phrases)
        return -EINVAL;
    return engine_wake_phrases(ret, m, phrases, n, per_hour, NULL, d, reterr);
}
