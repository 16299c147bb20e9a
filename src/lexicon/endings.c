/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/endings.c: reads and applies the rules of endings.h. */
#include "lexicon/endings.h"

#include "lexicon/phones.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_LINE = 256, MOST_FIELDS = 48 };

struct reader {
    struct endings *e;
    const char *const *phones;
    unsigned n_phones;
    const char *path;
    int line;
    char text[LONGEST_LINE];
    char *fields[MOST_FIELDS];
    unsigned n, at;
    tragus_error *reterr;
};

static int wrong(const struct reader *r, const char *what) {
    return base_error_at(r->reterr, -EINVAL, r->path, r->line, 0, "%s; src/lexicon/endings.h says how rules are written", what);
}

static bool is_word(const struct reader *r, const char *word) {
    return r->at < r->n && strcmp(r->fields[r->at], word) == 0;
}

static bool is_keyword(const struct reader *r) {
    return is_word(r, "becomes") || is_word(r, "known") || is_word(r, "letters") || is_word(r, "not") || is_word(r, "after");
}

static int take_text(struct reader *r, char out[ENDINGS_LONGEST + 1]) {
    if (r->at == r->n || strlen(r->fields[r->at]) > ENDINGS_LONGEST)
        return wrong(r, "a text is missing or too long");
    memcpy(out, r->fields[r->at], strlen(r->fields[r->at]) + 1);
    r->at++;
    return 0;
}

static int take_texts(struct reader *r, struct endings_texts *out) {
    do {
        if (out->n == ENDINGS_MOST_TEXTS)
            return wrong(r, "too many texts");
        int code = take_text(r, out->items[out->n++]);
        if (code < 0)
            return code;
    } while (r->at < r->n && !is_keyword(r));
    return 0;
}

static int read_option(struct reader *r, struct ending *e) {
    const char *keyword = r->fields[r->at++];
    if (strcmp(keyword, "known") == 0) {
        e->known = true;
        return 0;
    }
    if (strcmp(keyword, "becomes") == 0)
        return take_text(r, e->becomes);
    if (strcmp(keyword, "not") == 0)
        return take_texts(r, &e->not );
    if (strcmp(keyword, "after") == 0)
        return take_texts(r, &e->after);
    char *end = NULL;
    unsigned long n = strcmp(keyword, "letters") == 0 && r->at < r->n ? strtoul(r->fields[r->at++], &end, 10) : 0;
    if (!end || *end || n == 0 || n > 100)
        return wrong(r, "a word is not understood");
    e->letters = (unsigned)n;
    return 0;
}

static int read_ending(struct reader *r) {
    struct endings *all = r->e;
    if (all->n_items == ENDINGS_MOST)
        return wrong(r, "too many endings");
    struct ending *e = &all->items[all->n_items++];
    e->first_sound = all->n_sounds;
    int code = take_text(r, e->written);
    while (code == 0 && r->at < r->n)
        code = read_option(r, e);
    if (code == 0 && e->becomes[0] && !e->known)
        return wrong(r, "\"becomes\" needs \"known\"");
    return code;
}

static int read_sound(struct reader *r) {
    struct endings *all = r->e;
    if (all->n_sounds == ENDINGS_MOST || all->n_items == 0)
        return wrong(r, all->n_items ? "too many sounds" : "a sound stands before the first ending");
    struct ending_sound *s = &all->sounds[all->n_sounds++];
    bool after = false;
    for (; r->at < r->n; r->at++) {
        if (is_word(r, "after") && !after) {
            after = true;
            continue;
        }
        int phone = phones_find(r->phones, r->n_phones, r->fields[r->at], strlen(r->fields[r->at]));
        if (phone < 0 || (!after && s->sound.n_phones == LEXICON_MAX_PHONES))
            return base_error_at(r->reterr, -EINVAL, r->path, r->line, 0, "\"%.20s\" is no phone of this language",
                                 r->fields[r->at]);
        if (after)
            s->after |= UINT64_C(1) << phone;
        else
            s->sound.phones[s->sound.n_phones++] = (uint8_t)phone;
    }
    if (s->sound.n_phones == 0 || (after && s->after == 0))
        return wrong(r, "a sound has no phones");
    return 0;
}

/* Consecutive endings share the sounds that follow them. */
static int share_sounds(struct reader *r) {
    struct endings *all = r->e;
    for (unsigned i = all->n_items; i > 0; i--) {
        struct ending *e = &all->items[i - 1];
        unsigned end = i < all->n_items ? all->items[i].first_sound : all->n_sounds;
        e->n_sounds = end - e->first_sound;
        if (e->n_sounds == 0 && i < all->n_items) {
            e->first_sound = all->items[i].first_sound;
            e->n_sounds = all->items[i].n_sounds;
        }
        if (e->n_sounds == 0)
            return wrong(r, "an ending has no sound");
    }
    return 0;
}

int endings_parse(struct endings *ret, const char *text, size_t len_bytes, const char *const phones[], unsigned n_phones,
                  const char *path, tragus_error *reterr) {
    struct reader r = {.e = ret, .phones = phones, .n_phones = n_phones, .path = path, .reterr = reterr};
    memset(ret, 0, sizeof *ret);
    for (const char *end = text + len_bytes; text < end; text++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t n = (size_t)((stop ? stop : end) - text);
        r.line++;
        if (n >= sizeof r.text || memchr(text, '\0', n))
            return wrong(&r, "a line is too long or no text");
        memcpy(r.text, text, n);
        r.text[n] = '\0';
        r.text[strcspn(r.text, "#")] = '\0';
        char *rest = NULL;
        r.n = r.at = 0;
        for (char *field = strtok_r(r.text, " \t\r", &rest); field; field = strtok_r(NULL, " \t\r", &rest)) {
            if (r.n == MOST_FIELDS)
                return wrong(&r, "a line has too many words");
            r.fields[r.n++] = field;
        }
        if (r.n > 0) {
            bool is_ending = strcmp(r.fields[r.at++], "ending") == 0;
            if (!is_ending && strcmp(r.fields[0], "sound") != 0)
                return wrong(&r, "a rule begins with \"ending\" or \"sound\"");
            int code = is_ending ? read_ending(&r) : read_sound(&r);
            if (code < 0)
                return code;
        }
        text += n;
    }
    return share_sounds(&r);
}

static bool ends_with(const char *text, size_t len_bytes, const char *before, const char *end) {
    size_t before_bytes = strlen(before), end_bytes = strlen(end);
    return len_bytes > before_bytes + end_bytes && memcmp(text + len_bytes - end_bytes, end, end_bytes) == 0 &&
           memcmp(text + len_bytes - end_bytes - before_bytes, before, before_bytes) == 0;
}

bool ending_fits(const struct ending *e, const char *folded, size_t len_bytes) {
    if (len_bytes < e->letters || !ends_with(folded, len_bytes, "", e->written))
        return false;
    for (unsigned i = 0; i < e->not .n; i++)
        if (ends_with(folded, len_bytes, "", e->not .items[i]))
            return false;
    for (unsigned i = 0; i < e->after.n; i++)
        if (ends_with(folded, len_bytes, e->after.items[i], e->written))
            return true;
    return e->after.n == 0;
}

const struct lexicon_pronunciation *ending_sound_after(const struct endings *all, const struct ending *e, uint8_t phone) {
    for (unsigned i = e->first_sound; i < e->first_sound + e->n_sounds; i++)
        if (all->sounds[i].after == 0 || all->sounds[i].after >> phone & 1)
            return &all->sounds[i].sound;
    return NULL;
}
