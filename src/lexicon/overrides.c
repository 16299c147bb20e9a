/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/overrides.c: a user's own pronunciations, in a sorted array, because a home has dozens of them, not thousands. */
#include "lexicon/overrides.h"

#include "base/assert.h"
#include "base/utf8.h"
#include "lexicon/dictionary.h"
#include "lexicon/internal.h"
#include "lexicon/phones.h"
#include "lexicon/spelling.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct override {
    char word[DICTIONARY_MAX_WORD_BYTES + 1]; /* folded */
    struct lexicon_pronunciation pronunciation;
};

struct lexicon_overrides {
    struct override *items; /* by word, then in the order given */
    size_t n_items, size_items;
};

int lexicon_overrides_new(struct lexicon_overrides **ret) {
    struct lexicon_overrides *o = calloc(1, sizeof *o);
    if (!o)
        return -ENOMEM;
    *ret = o;
    return 0;
}

void lexicon_overrides_free(struct lexicon_overrides *o) {
    if (!o)
        return;
    free(o->items);
    free(o);
}

/* Returns the first item whose word does not sort before this one. */
static size_t lower_bound(const struct lexicon_overrides *o, const char *word) {
    size_t low = 0, high = o->n_items;
    base_assert(high == 0 || o->items);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(o->items[middle].word, word) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t overrides_find(const struct lexicon_overrides *o, const char *folded, struct lexicon_pronunciation *out, size_t max) {
    size_t n = 0;
    if (!o)
        return 0;
    for (size_t i = lower_bound(o, folded); n < max && i < o->n_items && strcmp(o->items[i].word, folded) == 0; i++)
        out[n++] = o->items[i].pronunciation;
    return n;
}

static bool same_sound(const struct lexicon_pronunciation *a, const struct lexicon_pronunciation *b) {
    return a->n_phones == b->n_phones && memcmp(a->phones, b->phones, a->n_phones) == 0;
}

static int add(struct lexicon_overrides *o, const struct lexicon *l, const struct phones_line *from, tragus_error *reterr) {
    const char *file = from->file;
    int line = from->line;
    char folded[SPELLING_MAX_BYTES];
    struct lexicon_pronunciation pronunciation;
    int len_bytes = spelling_fold(from->word, from->word_bytes, folded);
    if (len_bytes == -EILSEQ)
        return base_error_at(reterr, -EINVAL, file, line, 0, "the word is not valid UTF-8; save the file as UTF-8");
    if (len_bytes < 0 || len_bytes > DICTIONARY_MAX_WORD_BYTES)
        return base_error_at(reterr, -EINVAL, file, line, 0, "the word is too long; at most %d bytes", DICTIONARY_MAX_WORD_BYTES);
    if (len_bytes == 0 || strpbrk(folded, " \t\r\n"))
        return base_error_at(reterr, -EINVAL, file, line, 0, "\"%s\" is not one word; give each word a line of its own", folded);
    int r = phones_parse(l->dictionary.phone_names, l->dictionary.n_phones, from->phones, file, line, from->column, &pronunciation,
                         reterr);
    if (r < 0)
        return r;

    size_t at = lower_bound(o, folded), n_variants = 0;
    for (; at < o->n_items && strcmp(o->items[at].word, folded) == 0; at++, n_variants++)
        if (same_sound(&o->items[at].pronunciation, &pronunciation))
            return 0;
    if (n_variants == LEXICON_MAX_VARIANTS)
        return base_error_at(reterr, -E2BIG, file, line, 0, "\"%s\" has %d pronunciations already; leave the rarest out", folded,
                             LEXICON_MAX_VARIANTS);
    if (o->n_items == o->size_items) {
        size_t size_items = o->size_items ? 2 * o->size_items : 16;
        struct override *items = reallocarray(o->items, size_items, sizeof *items);
        if (!items)
            return base_error_at(reterr, -ENOMEM, file, line, 0, "out of memory");
        o->items = items;
        o->size_items = size_items;
    }
    memmove(o->items + at + 1, o->items + at, (o->n_items - at) * sizeof *o->items);
    o->items[at] = (struct override){.pronunciation = pronunciation};
    memcpy(o->items[at].word, folded, (size_t)len_bytes);
    o->n_items++;
    return 0;
}

int lexicon_overrides_add(struct lexicon_overrides *o, const struct lexicon *l, const char *word, const char *phones,
                          tragus_error *reterr) {
    const struct phones_line from = {.word = word, .word_bytes = strlen(word), .phones = phones};
    return add(o, l, &from, reterr);
}

struct loading {
    struct lexicon_overrides next;
    const struct lexicon *lexicon;
};

static int take_line(const struct phones_line *line, void *user, tragus_error *reterr) {
    struct loading *l = user;
    return add(&l->next, l->lexicon, line, reterr);
}

int lexicon_overrides_load(struct lexicon_overrides *o, const struct lexicon *l, const char *path, tragus_error *reterr) {
    /* Fill a copy, so that a file with a mistake changes nothing. */
    struct loading loading = {.next = {.n_items = o->n_items, .size_items = o->n_items}, .lexicon = l};
    if (o->n_items > 0) {
        loading.next.items = reallocarray(NULL, o->n_items, sizeof *o->items);
        if (!loading.next.items)
            return base_error_at(reterr, -ENOMEM, path, 0, 0, "out of memory");
        memcpy(loading.next.items, o->items, o->n_items * sizeof *o->items);
    }
    int r = phones_read(path, take_line, &loading, reterr);
    if (r < 0) {
        free(loading.next.items);
        return r;
    }
    free(o->items);
    *o = loading.next;
    return 0;
}
