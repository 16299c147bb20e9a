/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of the decoder: rows made from strings of phones, and a decoder that hears them. */
#ifndef TESTS_UNIT_DECODER_HEAR_H
#define TESTS_UNIT_DECODER_HEAR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../graph/toy.h"
#include "decoder/state.h"

#define N_LABELS (TOY_PHONES + 1)
#define MAX_ROWS 4000

static const char home[] =
    "turn tern\non an\non on\noff of\nthe dh\nthe di\nlight lait\nlights laits\nlamp lamp\nred red\nread red\n"
    "cat kat\ntwo tu\ntoo tu\nstop stap\na h\nkitchen kicen\none wan\nthree zri\n";

/* --- rows --------------------------------------------------------------------------------------------------------------------- */

struct rows {
    uint32_t n;
    int16_t y[MAX_ROWS][N_LABELS];
};

static inline struct rows *rows_new(void) {
    struct rows *r = calloc(1, sizeof *r);
    assert_non_null(r);
    return r;
}

/* One row for each character: a phone, or '_' for the blank. The label has -0.1 nats, the others -9. */
static inline void sound(struct rows *r, const char *labels) {
    for (; *labels; labels++) {
        assert_true(r->n < MAX_ROWS);
        for (unsigned i = 0; i < N_LABELS; i++)
            r->y[r->n][i] = -9 * 256;
        r->y[r->n++][*labels == '_' ? 0 : *labels - 'a' + 1] = -26;
    }
}

/* Adds a random value from -amount to +amount to every value. */
static inline void add_noise(struct rows *r, int amount, uint64_t seed) {
    struct toy_random random = {seed};
    for (uint32_t t = 0; t < r->n; t++)
        for (unsigned i = 0; i < N_LABELS; i++) {
            int y = r->y[t][i] + (int)toy_random(&random, (uint32_t)(2 * amount + 1)) - amount;
            r->y[t][i] = (int16_t)(y > 0 ? 0 : y);
        }
}

/* --- a decoder and its memory ------------------------------------------------------------------------------------------------- */

struct listener {
    struct toy *toy;
    struct graph *graph;
    struct base_arena arena;
    struct decoder *decoder;
};

static inline struct decoder *place(struct base_arena *a, const struct graph *g, const struct decoder_options *o) {
    const struct decoder_setup setup = {.graph = g, .n_labels = N_LABELS, .row_width = N_LABELS, .options = *o};
    struct base_arena counting = {0};
    assert_null(decoder_place(&counting, &setup));
    assert_int_equal(base_arena_init(a, counting.used_bytes), 0);
    struct decoder *d = decoder_place(a, &setup);
    base_arena_seal(a);
    assert_int_equal(a->used_bytes, counting.used_bytes);
    return d;
}

static inline struct listener listen_with(struct toy *t, const char *dictionary, const struct decoder_options *o) {
    struct listener l = {.toy = t, .graph = toy_graph(t, dictionary)};
    l.decoder = place(&l.arena, l.graph, o);
    return l;
}

/* Makes its decoder anew with other options. */
static inline void use_options(struct listener *l, const struct decoder_options *o) {
    base_arena_done(&l->arena);
    l->decoder = place(&l->arena, l->graph, o);
}

/* Makes a listener for sentences separated by '|'. */
static inline struct listener listen_to(const char *sentences, const struct decoder_options *o) {
    struct toy *t = toy_new();
    static char text[4096];
    snprintf(text, sizeof text, "%s", sentences);
    for (char *s = text, *end; s; s = end) {
        end = strchr(s, '|');
        if (end)
            *end++ = 0;
        toy_sentence(t, s);
    }
    return listen_with(t, home, o);
}

static inline void listener_done(struct listener *l) {
    base_arena_done(&l->arena);
    graph_free(l->graph);
    free(l->toy);
}

static inline enum listener_state feed(struct decoder *d, const struct rows *r) {
    enum listener_state s = LISTENER_WAITING;
    decoder_start(d);
    for (uint32_t t = 0; t < r->n; t++)
        s = decoder_step(d, r->y[t]);
    return s;
}

static inline const char *text_of(const struct graph *g, const struct listener_result *r) {
    static char text[1024];
    text[0] = 0;
    for (uint32_t i = 0; i < r->n_words; i++) {
        strcat(text, i > 0 ? " " : "");
        strcat(text, g->words[r->words[i].word]);
    }
    return text;
}

static inline struct listener_result hear(struct listener *l, const struct rows *r) {
    struct listener_result result;
    feed(l->decoder, r);
    decoder_finish(l->decoder, &result);
    return result;
}

/* The cost of a row of sound() for a path with another phone. */
#define WRONG_PHONE (9 * 256 - 26)

/* The confidence of a word of n phones whose score is below the greedy path, computed independently of decoder/result.c. */
static inline int32_t ratio_of_word(const struct decoder_options *o, int n, int score_q8) {
    return (score_q8 + n * o->filler_penalty_q8) / (n + 2);
}

static inline uint16_t confidence_of_word(const struct decoder_options *o, int n, int score_q8) {
    return decoder_confidence(o, ratio_of_word(o, n, score_q8));
}

static inline void expect(struct listener *l, const char *labels, const char *text, tragus_reason verdict) {
    struct rows *r = rows_new();
    sound(r, labels);
    struct listener_result result = hear(l, r);
    assert_string_equal(text_of(l->graph, &result), text);
    assert_int_equal(result.reason, verdict);
    free(r);
}

#endif
