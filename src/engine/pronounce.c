/* SPDX-License-Identifier: Apache-2.0 */
/* engine/pronounce.c: pronounces a text as a grammar reads it: the text becomes a grammar of one sentence, and each way through its
 * acceptor is pronounced word by word. So digits and signs are said in words, and nothing is read otherwise than when it is
 * recognised. */
#include "engine/engine.h"

#include "base/buffer.h"
#include "engine/private.h"

#include <errno.h>
#include <string.h>

enum { MOST_WORDS = 32, MOST_WAYS = 1000 };

struct reading {
    const struct lexicon *lexicon;
    const struct lexicon_overrides *overrides;
    const struct grammar_acceptor *acceptor;
    struct lexicon_pronunciation *out;
    size_t n, max, n_ways;
    int code; /* of the first word that could not be pronounced */
};

static void keep(struct reading *r, const struct lexicon_pronunciation *p) {
    for (size_t i = 0; i < r->n; i++)
        if (r->out[i].n_phones == p->n_phones && memcmp(r->out[i].phones, p->phones, p->n_phones) == 0)
            return;
    r->out[r->n++] = *p;
}

static void fail(struct reading *r, int code) {
    if (r->code == 0)
        r->code = code;
}

/* Goes on from a state; `before` is what the words on the way there sound like. */
static void walk(struct reading *r, uint32_t state, const struct lexicon_pronunciation *before, unsigned n_words) {
    const struct grammar_acceptor *a = r->acceptor;
    if (a->is_final[state] && n_words > 0 && r->n < r->max)
        keep(r, before);
    for (uint32_t i = a->first_arc[state]; i < a->first_arc[state + 1] && n_words < MOST_WORDS; i++) {
        struct lexicon_pronunciation words[LEXICON_MAX_VARIANTS];
        if (r->n == r->max || ++r->n_ways > MOST_WAYS)
            return;
        int n = lexicon_pronounce(r->lexicon, r->overrides, a->words[a->arcs[i].word], words, LEXICON_MAX_VARIANTS);
        if (n < 0)
            fail(r, n);
        for (int k = 0; k < n; k++) {
            struct lexicon_pronunciation both = *before;
            if (both.n_phones + words[k].n_phones > LEXICON_MAX_PHONES) {
                fail(r, -E2BIG);
                continue;
            }
            memcpy(both.phones + both.n_phones, words[k].phones, words[k].n_phones);
            both.n_phones = (uint8_t)(both.n_phones + words[k].n_phones);
            if (words[k].source > both.source)
                both.source = words[k].source;
            walk(r, a->arcs[i].to, &both, n_words + 1);
        }
    }
}

static bool is_letter_or_digit(char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Compiles the text; signs of templates mean themselves. */
static int compile_text(struct grammar **ret, const tragus_model *m, const char *text) {
    struct grammar_builder *b = NULL;
    struct base_buffer line = {0};
    int r = grammar_builder_new(&b);
    if (r < 0)
        return r;
    for (; *text; text++) {
        bool sign = *text > ' ' && *text < 0x7F && !is_letter_or_digit(*text);
        base_buffer_add(&line, "\\", sign ? 1 : 0);
        base_buffer_add(&line, (unsigned char)*text < ' ' ? " " : text, 1);
    }
    if (line.failed)
        r = -ENOMEM;
    if (r == 0)
        r = engine_give_languages(b, m, NULL, NULL, NULL);
    if (r == 0)
        r = grammar_builder_add_text(b, "text", "list", line.data ? line.data : "", line.len_bytes, NULL, NULL);
    if (r == 0)
        r = grammar_compile(ret, b, NULL, NULL);
    base_buffer_done(&line);
    grammar_builder_free(b);
    return r == -EINVAL ? -ENOENT : r;
}

int engine_pronounce(tragus_model *m, const struct lexicon_overrides *o, const char *text, struct lexicon_pronunciation *out,
                     size_t max) {
    struct grammar *g = NULL;
    int r = compile_text(&g, m, text);
    if (r < 0)
        return r;
    struct reading reading = {
        .lexicon = engine_model_lexicon(m), .overrides = o, .acceptor = grammar_acceptor(g), .out = out, .max = max};
    const struct lexicon_pronunciation nothing = {.source = LEXICON_USER};
    if (reading.acceptor->n_states > 0)
        walk(&reading, reading.acceptor->start, &nothing, 0);
    grammar_free(g);
    return reading.n ? (int)reading.n : reading.code ? reading.code : -ENOENT;
}
