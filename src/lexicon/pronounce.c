/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/pronounce.c: finds the pronunciation of a written word, in this order:
 *
 *  1. as written: the user's own, else the dictionary (a single letter also by its name), else the dictionary without accents
 *  2. without punctuation at its ends
 *  3. without an ending of the language, such as that of a plural
 *  4. in parts: split at hyphens, dots and underscores, then where capitals begin ("EcoBee", "HVACUnit")
 *  5. letter by letter: a few capitals, or a word without vowels ("HVAC", "tbd")
 *  6. as a guess from its letters
 * Parts are handled the same way, so they get shorter until they can be pronounced. A joined pronunciation is as reliable as its
 * least reliable part.
 */
#include "base/utf8.h"
#include "lexicon/internal.h"
#include "lexicon/overrides.h"
#include "lexicon/spelling.h"

#include <errno.h>
#include <string.h>

#define MAX_SPELLED_CAPITALS 5 /* words with more capitals are shouted, not abbreviations */

struct speaker {
    const struct lexicon *lexicon;
    const struct lexicon_overrides *overrides;
    size_t max; /* variants wanted, 1..LEXICON_MAX_VARIANTS */
};

struct variants {
    size_t n;
    struct lexicon_pronunciation items[LEXICON_MAX_VARIANTS];
};

/* All functions below return 1 if they found a pronunciation, 0 if they do not apply to the text, or a negative errno. */
static int say(const struct speaker *s, const char *text, size_t len_bytes, struct variants *ret);

static void add_variant(const struct speaker *s, struct variants *v, const struct lexicon_pronunciation *p) {
    for (size_t i = 0; i < v->n; i++)
        if (v->items[i].n_phones == p->n_phones && memcmp(v->items[i].phones, p->phones, p->n_phones) == 0)
            return;
    if (v->n < s->max)
        v->items[v->n++] = *p;
}

/* Appends b to *v: combines each variant of one with each variant of the other, up to the limit. */
static int join(const struct speaker *s, struct variants *v, const struct variants *b) {
    struct variants a = *v;
    v->n = 0;
    for (size_t i = 0; i < a.n; i++) {
        for (size_t k = 0; k < b->n; k++) {
            struct lexicon_pronunciation both = a.items[i];
            const struct lexicon_pronunciation *second = &b->items[k];
            if (both.n_phones + second->n_phones > LEXICON_MAX_PHONES)
                return -E2BIG;
            memcpy(both.phones + both.n_phones, second->phones, second->n_phones);
            both.n_phones = (uint8_t)(both.n_phones + second->n_phones);
            if (second->source > both.source)
                both.source = second->source;
            add_variant(s, v, &both);
        }
    }
    return 1;
}

/* --- 1: as written --- */

static int find_in_dictionary(const struct speaker *s, const char *word, size_t len_bytes, struct variants *ret) {
    ret->n = dictionary_find(&s->lexicon->dictionary, word, len_bytes, ret->items, s->max);
    return ret->n > 0;
}

/* Finds the name of a letter: dictionaries list it as "a.", because "a" may be a word. */
static int find_letter_name(const struct speaker *s, char letter, struct variants *ret) {
    return find_in_dictionary(s, (char[]){letter, '.'}, 2, ret) || find_in_dictionary(s, &letter, 1, ret);
}

static int say_as_it_stands(const struct speaker *s, const char *folded, struct variants *ret) {
    size_t len_bytes = strlen(folded);
    ret->n = overrides_find(s->overrides, folded, ret->items, s->max);
    if (ret->n > 0)
        return 1;
    find_in_dictionary(s, folded, len_bytes, ret);
    struct variants name;
    if (len_bytes == 1 && folded[0] >= 'a' && folded[0] <= 'z' && find_letter_name(s, folded[0], &name))
        for (size_t i = 0; i < name.n; i++)
            add_variant(s, ret, &name.items[i]);
    if (ret->n > 0)
        return 1;
    char letters[SPELLING_MAX_BYTES];
    int n_letters = spelling_letters(folded, letters);
    return n_letters > 0 && strcmp(letters, folded) != 0 && find_in_dictionary(s, letters, (size_t)n_letters, ret);
}

/* --- 2: punctuation at the ends --- */

static int say_trimmed(const struct speaker *s, const char *text, size_t len_bytes, struct variants *ret) {
    static const char punctuation[] = ".,;:!?\"'()[] \t";
    const char *begin = text, *end = text + len_bytes;
    while (begin < end && strchr(punctuation, *begin))
        begin++;
    while (begin < end && strchr(punctuation, end[-1]))
        end--;
    if (begin == end)
        return -ENOENT;
    return end - begin == (ptrdiff_t)len_bytes ? 0 : say(s, begin, (size_t)(end - begin), ret);
}

/* --- shapes of words --- */

static bool is_upper(uint32_t c) {
    return base_utf8_fold(c) != c;
}

/* Returns the number of characters if all are capitals, else 0. */
static size_t count_capitals(const char *text, size_t len_bytes) {
    size_t n = 0;
    for (const char *at = text, *end = text + len_bytes; at < end; n++)
        if (!is_upper(base_utf8_next(&at, end)))
            return 0;
    return n;
}

static unsigned count_characters(const char *text) {
    unsigned n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

/* Returns the length without the last n characters; there must be more than n. */
static size_t without_last(const char *text, size_t len_bytes, unsigned n) {
    for (; n > 0 && len_bytes > 0; n--)
        while (--len_bytes > 0 && ((unsigned char)text[len_bytes] & 0xc0) == 0x80)
            ;
    return len_bytes;
}

/* --- 3: inflected words --- */

/* Appends the sound of an ending to each variant in *v. */
static int join_ending(const struct speaker *s, const struct ending *e, struct variants *v) {
    struct variants stems = *v;
    v->n = 0;
    for (size_t i = 0; i < stems.n; i++) {
        const struct lexicon_pronunciation *stem = &stems.items[i];
        const struct lexicon_pronunciation *sound = ending_sound_after(&s->lexicon->endings, e, stem->phones[stem->n_phones - 1]);
        struct variants one = {.n = 1, .items = {*stem}}, end = {.n = 1};
        if (!sound)
            continue;
        end.items[0] = *sound;
        int r = join(s, &one, &end);
        if (r < 0)
            return r;
        add_variant(s, v, &one.items[0]);
    }
    return v->n > 0;
}

/* Pronounces a word without its ending: a word that is known as written, or capitals ("TVs"). */
static int say_stem(const struct speaker *s, const char *text, size_t len_bytes, const char *ending, struct variants *ret) {
    char folded[SPELLING_MAX_BYTES];
    int n = spelling_fold(text, len_bytes, folded);
    size_t ending_bytes = strlen(ending) + 1;
    if (n < 0 || (size_t)n + ending_bytes > sizeof folded)
        return 0;
    memcpy(folded + n, ending, ending_bytes);
    int r = say_as_it_stands(s, folded, ret);
    return r == 0 && !*ending && count_capitals(text, len_bytes) >= 2 ? say(s, text, len_bytes, ret) : r;
}

static int say_inflected(const struct speaker *s, const char *text, size_t len_bytes, struct variants *ret) {
    const struct endings *all = &s->lexicon->endings;
    char folded[SPELLING_MAX_BYTES];
    int n = spelling_fold(text, len_bytes, folded), r = n < 0 ? n : 0;
    for (unsigned i = 0; i < all->n_items && r == 0; i++) {
        const struct ending *e = &all->items[i];
        if (!ending_fits(e, folded, (size_t)n))
            continue;
        size_t stem_bytes = without_last(text, len_bytes, count_characters(e->written));
        r = e->known ? say_stem(s, text, stem_bytes, e->becomes, ret) : say(s, text, stem_bytes, ret);
        if (r > 0)
            return join_ending(s, e, ret);
    }
    return r;
}

/* --- 4: parts --- */

/* Appends the pronunciation of text[begin, end) to *v; n_parts counts the parts. */
static int say_next_part(const struct speaker *s, const char *begin, const char *end, size_t *n_parts, struct variants *v) {
    struct variants part;
    if (begin == end)
        return 1;
    int r = say(s, begin, (size_t)(end - begin), &part);
    if (r <= 0)
        return r < 0 ? r : -ENOENT;
    if ((*n_parts)++ > 0)
        return join(s, v, &part);
    *v = part;
    return 1;
}

static int say_separated(const struct speaker *s, const char *text, size_t len_bytes, struct variants *ret) {
    const char *end = text + len_bytes;
    size_t n_parts = 0;
    int n_separators = 0, r;
    for (const char *begin = text;;) {
        const char *at = begin;
        while (at < end && !strchr("-._", *at))
            at++;
        n_separators += at < end;
        if (at == end && n_separators == 0)
            return 0;
        r = say_next_part(s, begin, at, &n_parts, ret);
        if (r < 0)
            return r;
        if (at == end)
            return n_parts > 0 ? 1 : -ENOENT;
        begin = at + 1;
    }
}

/* A part begins at a capital after a small letter, and at the last of consecutive capitals if a small letter follows. */
static int say_camel_case(const struct speaker *s, const char *text, size_t len_bytes, struct variants *ret) {
    const char *begin = text, *end = text + len_bytes, *at = text;
    size_t n_parts = 0;
    uint32_t before = base_utf8_next(&at, end);
    while (at < end) {
        const char *here = at;
        uint32_t c = base_utf8_next(&at, end);
        const char *peek = at;
        bool small_follows = at < end && !is_upper(base_utf8_next(&peek, end));
        if (is_upper(c) && (!is_upper(before) || small_follows)) {
            int r = say_next_part(s, begin, here, &n_parts, ret);
            if (r < 0)
                return r;
            begin = here;
        }
        before = c;
    }
    return n_parts == 0 ? 0 : say_next_part(s, begin, end, &n_parts, ret);
}

/* --- 5 and 6: letters --- */

static int spell(const struct speaker *s, const char *letters, struct variants *ret) {
    for (const char *letter = letters; *letter; letter++) {
        struct variants name;
        if (!find_letter_name(s, *letter, &name))
            return 0;
        name.n = 1;
        name.items[0].source = LEXICON_GUESS;
        if (letter == letters) {
            *ret = name;
            continue;
        }
        int r = join(s, ret, &name);
        if (r < 0)
            return r;
    }
    return 1;
}

static int say_by_letters(const struct speaker *s, const char *text, size_t len_bytes, const char *folded, struct variants *ret) {
    char letters[SPELLING_MAX_BYTES];
    int n_letters = spelling_letters(folded, letters);
    if (n_letters <= 0)
        return n_letters < 0 ? n_letters : -ENOENT;
    size_t n_capitals = count_capitals(text, len_bytes);
    if ((n_capitals >= 2 && n_capitals <= MAX_SPELLED_CAPITALS) || !strpbrk(letters, "aeiouy")) {
        int r = spell(s, letters, ret);
        if (r != 0)
            return r;
    }
    if (!s->lexicon->can_guess)
        return -ENOENT;
    int n = g2p_guess(&s->lexicon->g2p, letters, (size_t)n_letters, ret->items, s->max);
    if (n < 0)
        return n;
    ret->n = (size_t)n;
    return 1;
}

static int say(const struct speaker *s, const char *text, size_t len_bytes, struct variants *ret) {
    char folded[SPELLING_MAX_BYTES];
    int r = spelling_fold(text, len_bytes, folded);
    if (r == -EILSEQ)
        return -ENOENT;
    if (r < 0)
        return r;
    r = say_as_it_stands(s, folded, ret);
    if (r == 0)
        r = say_trimmed(s, text, len_bytes, ret);
    if (r == 0)
        r = say_inflected(s, text, len_bytes, ret);
    if (r == 0)
        r = say_separated(s, text, len_bytes, ret);
    if (r == 0)
        r = say_camel_case(s, text, len_bytes, ret);
    return r != 0 ? r : say_by_letters(s, text, len_bytes, folded, ret);
}

int lexicon_pronounce(const struct lexicon *l, const struct lexicon_overrides *o, const char *word,
                      struct lexicon_pronunciation *out, size_t max_variants) {
    struct variants v = {0};
    if (max_variants == 0)
        return -EINVAL;
    struct speaker s = {l, o, max_variants < LEXICON_MAX_VARIANTS ? max_variants : LEXICON_MAX_VARIANTS};
    int r = say(&s, word, strlen(word), &v);
    if (r < 0)
        return r;
    memcpy(out, v.items, v.n * sizeof *out);
    return (int)v.n;
}
