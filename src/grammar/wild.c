/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/wild.c: see wild.h. */
#include "grammar/wild.h"

#include "base/utf8.h"
#include "grammar/files.h"
#include "grammar/language.h"
#include "grammar/letters.h"
#include "grammar/matcher.h"
#include "grammar/resolve.h"

#include <string.h>
#include <unistd.h>

enum {
    LEAST_BY_ONE = 100, /* numbers up to here are known, then ... */
    STEP = 5,           /* ... every fifth */
    MOST_NUMBER = 1000, /* up to here */
    LONGEST_NAME = 8,   /* words; longer names are left as they were said */
};

/* Compiling */

static void add_number(struct grammar_compiler *c, struct grammar_list *list, int value) {
    struct grammar_pool *pool = &c->g->pool;
    const char *digits = grammar_pool_format(pool, "%d", value);
    struct grammar_entry e = {.has_out = true, .in = grammar_template_number(&c->parser, digits)};
    e.out = (tragus_value){.type = TRAGUS_INTEGER, .integer = value, .real = value, .text = digits};
    if (e.in)
        *grammar_pool_push(pool, list->entries, list->n_entries, list->size_entries) = e;
}

static const struct grammar_item *numbers_of(struct grammar_compiler *c) {
    struct grammar_list *list = grammar_pool_alloc(&c->g->pool, sizeof *list);
    struct grammar_item *item = grammar_pool_alloc(&c->g->pool, sizeof *item);
    list->name = "";
    list->number = c->g->n_lists++;
    list->kind = GRAMMAR_LIST_RANGE;
    for (int n = 1; n <= MOST_NUMBER; n += n < LEAST_BY_ONE ? 1 : STEP)
        add_number(c, list, n);
    *item = (struct grammar_item){.kind = GRAMMAR_ITEM_LIST, .name = list->name, .list = list};
    return item;
}

static size_t count_words(const struct grammar_input *in) {
    size_t n = in->n > 0;
    for (uint32_t i = 0; i < in->n; i++)
        n += in->chars[i] == ' ';
    return n;
}

/* A value with an output stands for something, such as a lamp, and people need not write that as a name. */
static void add_name(struct grammar_compiler *c, struct grammar_wild *wild, const char *text, bool has_out) {
    struct grammar_input in;
    if (grammar_input_read(&in, &c->work, text, false) < 0 || in.n == 0)
        return;
    const char **spelling = (const char **)grammar_map_at(&wild->names, &c->g->pool, grammar_encode(&c->g->pool, in.chars, in.n));
    size_t n_words = count_words(&in);
    if (*spelling || has_out || n_words > LONGEST_NAME || grammar_input_is_folded(&in, 0, in.n))
        return;
    *spelling = grammar_copy_text(c, text);
    wild->longest_name = n_words > wild->longest_name ? n_words : wild->longest_name;
}

static void add_names(struct grammar_compiler *c, struct grammar_wild *wild, const struct grammar_model_definition *d) {
    for (size_t i = 0; d->kind == GRAMMAR_LIST_VALUES && i < d->n_values && grammar_in_language(c, d->source); i++) {
        const struct grammar_text *in = &d->values[i].in;
        if (!grammar_is_template(in))
            add_name(c, wild, in->text, d->values[i].has_out);
    }
}

/* Reads a list of words, one a line; # begins a comment. Without the file, or if it cannot be read, words stay as they are. */
static void add_capitals(struct grammar_compiler *c, struct grammar_wild *wild, const char *path) {
    struct grammar_input in;
    size_t len;
    if (access(path, R_OK) < 0 || grammar_read_file(path, &c->file_text, &len, NULL) < 0)
        return;
    for (const char *at = c->file_text, *end = at + len, *next; at < end; at = next) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *line = grammar_pool_text(&c->work, at, (size_t)((newline ? newline : end) - at));
        next = newline ? newline + 1 : end;
        if (*line != '#' && base_utf8_valid(line, strlen(line)) && grammar_input_read(&in, &c->work, line, false) == 0 && in.n > 0)
            *grammar_map_at(&wild->capitals, &c->g->pool, grammar_encode(&c->g->pool, in.chars, in.n)) =
                grammar_input_text(&in, &c->g->pool, 0, in.n);
    }
}

const struct grammar_wild *grammar_compile_wild(struct grammar_compiler *c) {
    const struct grammar_language *language = c->parser.language;
    struct grammar_wild *wild = grammar_pool_alloc(&c->g->pool, sizeof *wild);
    for (size_t i = 0; i < c->b->lists.n; i++) {
        const struct grammar_model_list *list = c->b->lists.items[i].value;
        for (size_t k = 0; k < list->n; k++)
            add_names(c, wild, &list->definitions[k]);
    }
    if (language)
        add_capitals(c, wild, language->capitals_path);
    if (!language || !language->measures_one)
        return wild;
    wild->one = grammar_template_parse(&c->parser, language->measures_one, strlen(language->measures_one));
    wild->other = grammar_template_parse(&c->parser, language->measures_other, strlen(language->measures_other));
    wild->number = wild->one && wild->other ? numbers_of(c) : NULL;
    return wild;
}

size_t grammar_n_names(const struct grammar *g) {
    return g->wild ? g->wild->names.n : 0;
}

const char *grammar_name(const struct grammar *g, size_t i) {
    return g->wild->names.items[i].key;
}

/* Writing */

struct writing {
    struct grammar_pool *pool;
    const struct grammar_wild *wild;
    struct grammar_input in;
    struct grammar_matcher matcher;
    uint32_t number_end; /* where a number that was left in words ends */
    uint32_t *out;
    size_t n, size;
};

static void put(struct writing *w, const uint32_t *chars, size_t n) {
    for (size_t i = 0; i < n; i++)
        *grammar_pool_push(w->pool, w->out, w->n, w->size) = chars[i];
}

static void put_text(struct writing *w, const char *text) {
    size_t n;
    const uint32_t *chars = grammar_decode(w->pool, text, strlen(text), &n);
    put(w, chars, n);
}

static void put_typed(struct writing *w, uint32_t start, uint32_t end) {
    uint32_t n;
    const uint32_t *chars = grammar_input_spelled(&w->in, start, end, &n);
    put(w, chars, n);
}

static bool is_border(const struct grammar_input *in, uint32_t at) {
    return at == in->n || in->chars[at] == ' ';
}

/* The end of n words from `at` on, or 0 if there are fewer. */
static uint32_t end_of_words(const struct grammar_input *in, uint32_t at, size_t n) {
    for (; n > 0; n--) {
        while (!is_border(in, at))
            at++;
        if (n > 1 && at++ == in->n)
            return 0;
    }
    return at;
}

/* Writes the longest name that begins here. Returns its end, or 0. */
static uint32_t put_name(struct writing *w, uint32_t at) {
    const struct grammar_input *in = &w->in;
    for (size_t n = w->wild->longest_name; n > 0; n--) {
        uint32_t end = end_of_words(in, at, n);
        const char *name = end ? grammar_map_get(&w->wild->names, grammar_encode(w->pool, in->chars + at, end - at)) : NULL;
        if (!name)
            continue;
        if (grammar_input_is_folded(in, at, end))
            put_text(w, name);
        else /* typed with capitals */
            put_typed(w, at, end);
        return end;
    }
    return 0;
}

static bool is_measure(struct writing *w, const struct grammar_item *measure, uint32_t at) {
    const struct grammar_tokens found = grammar_match_from(&w->matcher, measure, at);
    for (size_t i = 0; i < found.n; i++)
        if (is_border(&w->in, found.items[i].at))
            return true;
    return false;
}

/* Writes the number that begins here in digits, if a measure follows. Returns its end, or 0. */
static uint32_t put_number(struct writing *w, uint32_t at) {
    if (!w->wild->number)
        return 0;
    bool continues = w->number_end > 0 && at <= w->number_end + 1; /* a number that is larger than those known */
    const struct grammar_tokens found = grammar_match_from(&w->matcher, w->wild->number, at);
    for (size_t i = 0; i < found.n; i++) {
        uint32_t end = found.items[i].at;
        const tragus_value *number = &found.items[i].fills->entry->out;
        const struct grammar_item *measure = number->integer == 1 ? w->wild->one : w->wild->other;
        if (!continues && end < w->in.n && w->in.chars[end] == ' ' && is_measure(w, measure, end + 1)) {
            put_text(w, number->text);
            return end;
        }
        if (is_border(&w->in, end) && end > w->number_end)
            w->number_end = end;
    }
    return 0;
}

static void put_word(struct writing *w, uint32_t at, uint32_t end) {
    const struct grammar_input *in = &w->in;
    const char *text = NULL;
    if (grammar_input_is_folded(in, at, end))
        text = grammar_map_get(&w->wild->capitals, grammar_encode(w->pool, in->chars + at, end - at));
    if (text)
        put_text(w, text);
    else
        put_typed(w, at, end);
}

static void write_all(struct writing *w) {
    for (uint32_t at = 0, end; at < w->in.n; at = end) {
        end = put_name(w, at);
        end = end ? end : put_number(w, at);
        if (!end) {
            end = end_of_words(&w->in, at, 1);
            put_word(w, at, end);
        }
        for (; end < w->in.n && w->in.chars[end] == ' '; end++)
            put_typed(w, end, end + 1);
    }
}

const char *grammar_wild_text(struct grammar_pool *pool, const struct grammar_wild *wild, const uint32_t *spelled, size_t n) {
    if (!wild || n == 0 || spelled[0] == ' ')
        return grammar_encode(pool, spelled, n);
    struct writing w = {.pool = pool, .wild = wild, .in = grammar_input_of(pool, spelled, n)};
    grammar_matcher_init(&w.matcher, pool, pool, &w.in, false);
    write_all(&w);
    return grammar_encode(pool, w.out, w.n);
}
