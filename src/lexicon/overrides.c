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

/* column: of the first phone in the line. */
static int add(struct lexicon_overrides *o, const struct lexicon *l, const char *word, size_t word_bytes, const char *phones,
               const char *file, int line, int column, tragus_error *reterr) {
    char folded[SPELLING_MAX_BYTES];
    struct lexicon_pronunciation pronunciation;
    int len_bytes = spelling_fold(word, word_bytes, folded);
    if (len_bytes == -EILSEQ)
        return base_error_at(reterr, -EINVAL, file, line, 0, "the word is not valid UTF-8; save the file as UTF-8");
    if (len_bytes < 0 || len_bytes > DICTIONARY_MAX_WORD_BYTES)
        return base_error_at(reterr, -EINVAL, file, line, 0, "the word is too long; at most %d bytes", DICTIONARY_MAX_WORD_BYTES);
    if (len_bytes == 0 || strpbrk(folded, " \t\r\n"))
        return base_error_at(reterr, -EINVAL, file, line, 0, "\"%s\" is not one word; give each word a line of its own", folded);
    int r = phones_parse(l->dictionary.phone_names, l->dictionary.n_phones, phones, file, line, column, &pronunciation, reterr);
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
    return add(o, l, word, strlen(word), phones, NULL, 0, 0, reterr);
}

/* Reads one line of a file: `word PH PH`, `word(2) PH PH` for variants as in CMUdict, a comment, or nothing. */
static int add_line(struct lexicon_overrides *o, const struct lexicon *l, char *text, const char *file, int line,
                    tragus_error *reterr) {
    static const char space[] = " \t\r\n";
    char *comment = strchr(text, '#');
    if (comment)
        *comment = '\0';
    const char *word = text + strspn(text, space);
    size_t field_bytes = strcspn(word, space), word_bytes = field_bytes;
    if (word_bytes == 0)
        return 0;
    const char *bracket = memchr(word, '(', word_bytes);
    if (bracket && bracket > word && word[word_bytes - 1] == ')')
        word_bytes = (size_t)(bracket - word);
    return add(o, l, word, word_bytes, word + field_bytes, file, line, (int)(word + field_bytes - text) + 1, reterr);
}

int lexicon_overrides_load(struct lexicon_overrides *o, const struct lexicon *l, const char *path, tragus_error *reterr) {
    /* Fill a copy, so that a file with a mistake changes nothing. */
    struct lexicon_overrides next = {.n_items = o->n_items, .size_items = o->n_items};
    FILE *file = fopen(path, "re");
    if (!file)
        return base_error_at(reterr, -errno, path, 0, 0, "cannot be read: %s", strerror(errno));
    int r = 0;
    if (o->n_items > 0) {
        next.items = reallocarray(NULL, o->n_items, sizeof *next.items);
        if (next.items)
            memcpy(next.items, o->items, o->n_items * sizeof *next.items);
        else
            r = base_error_at(reterr, -ENOMEM, path, 0, 0, "out of memory");
    }
    char *text = NULL;
    size_t size_bytes = 0;
    ssize_t len_bytes;
    for (int line = 1; r == 0 && (len_bytes = getline(&text, &size_bytes, file)) >= 0; line++)
        r = strlen(text) == (size_t)len_bytes
                ? add_line(&next, l, text, path, line, reterr)
                : base_error_at(reterr, -EINVAL, path, line, 0, "a NUL byte: this is not a text file");
    if (r == 0 && !feof(file) && !ferror(file)) /* or the rest would be lost silently */
        r = base_error_at(reterr, -ENOMEM, path, 0, 0, "out of memory");
    if (r == 0 && ferror(file))
        r = base_error_at(reterr, -EIO, path, 0, 0, "cannot be read: it is a directory or the disk failed");
    free(text);
    fclose(file);
    if (r < 0) {
        free(next.items);
        return r;
    }
    free(o->items);
    *o = next;
    return 0;
}
