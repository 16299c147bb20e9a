/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/examine.c: walks the trees of templates: counts sentences, and draws random ones. */
#include "grammar/examine.h"

#include "grammar/compiled.h"
#include "grammar/letters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- counting --- */

static double ways_of(const struct grammar_item *item, const struct grammar_block *block);

static double ways_of_list(const struct grammar_list *list, const struct grammar_block *block) {
    double n = 0;
    if (!list || list->kind == GRAMMAR_LIST_WILDCARD)
        return list != NULL;
    for (size_t i = 0; list->kind == GRAMMAR_LIST_RANGE && i < list->n_ranges; i++)
        if (list->ranges[i].from <= list->ranges[i].to) {
            int64_t n_whole = (list->ranges[i].to - list->ranges[i].from) / list->ranges[i].step + 1;
            n += (double)n_whole * (list->ranges[i].fractions ? (int)list->ranges[i].fractions : 1);
        }
    for (size_t i = 0; list->kind == GRAMMAR_LIST_VALUES && i < list->n_entries; i++)
        if (grammar_entry_fits(&list->entries[i], block))
            n += ways_of(list->entries[i].in, block);
    return n;
}

static double ways_of(const struct grammar_item *item, const struct grammar_block *block) {
    double n = item->kind != GRAMMAR_ITEM_ALTERNATIVE;
    switch (item->kind) {
    case GRAMMAR_ITEM_TEXT:
    case GRAMMAR_ITEM_SPOKEN:
        return 1;
    case GRAMMAR_ITEM_LIST:
        return ways_of_list(item->list, block);
    case GRAMMAR_ITEM_ALTERNATIVE:
        for (uint32_t i = 0; i < item->n_items; i++)
            n += ways_of(item->items[i], block);
        return n;
    case GRAMMAR_ITEM_PERMUTATION:
    case GRAMMAR_ITEM_SEQUENCE:
    case GRAMMAR_ITEM_RULE:
    case GRAMMAR_ITEM_OUTPUT:
        for (uint32_t i = 0; i < item->n_items && n > 0; i++)
            n *= ways_of(item->items[i], block) * (item->kind == GRAMMAR_ITEM_PERMUTATION ? i + 1 : 1);
        return n;
    }
    return n;
}

static size_t words_in(const uint32_t *chars, uint32_t n) {
    size_t words = 0;
    for (uint32_t i = 0; i < n; i++)
        words += chars[i] != ' ' && (i == 0 || chars[i - 1] == ' ');
    return words;
}

static size_t longest(const struct grammar_item *item) {
    size_t n = 0, one;
    if (item->kind == GRAMMAR_ITEM_TEXT)
        return words_in(item->chars, item->n_chars);
    if (item->kind == GRAMMAR_ITEM_SPOKEN && item->n_items == 0)
        return 1;
    if (item->kind == GRAMMAR_ITEM_LIST) {
        for (size_t i = 0; item->list && i < item->list->n_entries; i++)
            n = (one = longest(item->list->entries[i].in)) > n ? one : n;
        return n > 0 ? n : 1;
    }
    for (uint32_t i = 0; i < item->n_items; i++) {
        one = longest(item->items[i]);
        n = item->kind != GRAMMAR_ITEM_ALTERNATIVE ? n + one : one > n ? one : n;
    }
    return n;
}

void grammar_examine(const struct grammar *g, size_t i, struct grammar_examined *ret) {
    const struct grammar_template *t = &g->templates[i];
    *ret = (struct grammar_examined){
        .file = t->position.file,
        .line = t->position.line,
        .column = t->position.column,
        .text = t->text,
        .intent = t->block->intent,
        .ways = ways_of(t->body, t->block),
        .n_words = longest(t->body),
        .is_wild = t->has_wildcard,
    };
}

/* --- random sentences --- */

struct sentence {
    struct grammar_pool pool;
    const struct grammar_item *body;
    const struct grammar_block *block;
    uint64_t *seed;
    uint32_t *chars;
    size_t n, size;
    char *text;
};

static uint32_t draw(struct sentence *s, size_t n) { /* 0..n - 1; splitmix64 */
    uint64_t z = *s->seed += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (uint32_t)((z ^ z >> 31) % n);
}

static void put(struct sentence *s, const uint32_t *chars, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (chars[i] != ' ' || (s->n > 0 && s->chars[s->n - 1] != ' '))
            *grammar_pool_push(&s->pool, s->chars, s->n, s->size) = chars[i];
}

static void put_text(struct sentence *s, const char *text) {
    size_t n;
    const uint32_t *chars = grammar_decode(&s->pool, text, strlen(text), &n);
    put(s, chars, n);
}

static void put_blank(struct sentence *s) {
    put(s, &(const uint32_t){' '}, 1);
}

static void put_item(struct sentence *s, const struct grammar_item *item);

static void put_number(struct sentence *s, const struct grammar_list *list) {
    const struct grammar_range *r = &list->ranges[draw(s, list->n_ranges)];
    int64_t n = r->from + r->step * draw(s, (size_t)((r->to - r->from) / r->step + 1));
    put_text(s, grammar_pool_format(&s->pool, "%lld", (long long)n));
}

static void put_list(struct sentence *s, const struct grammar_item *item) {
    const struct grammar_list *list = item->list;
    if (list->kind == GRAMMAR_LIST_WILDCARD) {
        char *name = grammar_pool_text(&s->pool, list->name, strlen(list->name));
        for (char *at = name; *at; at++)
            *at = *at == '_' || *at == '-' ? ' ' : *at;
        put_text(s, name);
        return;
    }
    if (list->kind == GRAMMAR_LIST_RANGE && (list->ranges[0].digits || list->n_entries == 0)) {
        put_number(s, list);
        return;
    }
    const struct grammar_entry **fit = grammar_pool_alloc(&s->pool, (list->n_entries + 1) * sizeof *fit);
    size_t n = 0;
    for (size_t i = 0; i < list->n_entries; i++)
        if ((!s->block || grammar_entry_fits(&list->entries[i], s->block)) && ways_of(list->entries[i].in, s->block) > 0)
            fit[n++] = &list->entries[i];
    const struct grammar_entry *e = n > 0 ? fit[draw(s, n)] : NULL;
    if (e && e->spelling)
        put_text(s, e->spelling);
    else if (e)
        put_item(s, e->in);
}

static void put_alternative(struct sentence *s, const struct grammar_item *item) {
    uint32_t at = draw(s, item->n_items);
    for (uint32_t i = 0; i < item->n_items; i++, at++)
        if (ways_of(item->items[at % item->n_items], s->block) > 0) {
            put_item(s, item->items[at % item->n_items]);
            return;
        }
}

static void put_permutation(struct sentence *s, const struct grammar_item *item) {
    uint32_t order[32] = {0};
    for (uint32_t i = 0; i < item->n_items && i < 32; i++) { /* Fisher and Yates, from the inside out */
        uint32_t k = draw(s, i + 1);
        order[i] = order[k];
        order[k] = i;
    }
    put_blank(s);
    for (uint32_t i = 0; i < item->n_items && i < 32; i++) {
        put_item(s, item->items[order[i]]);
        put_blank(s);
    }
}

static void put_item(struct sentence *s, const struct grammar_item *item) {
    switch (item->kind) {
    case GRAMMAR_ITEM_TEXT:
    case GRAMMAR_ITEM_SPOKEN:
        put(s, item->written, item->n_written);
        return;
    case GRAMMAR_ITEM_LIST:
        put_list(s, item);
        return;
    case GRAMMAR_ITEM_ALTERNATIVE:
        put_alternative(s, item);
        return;
    case GRAMMAR_ITEM_PERMUTATION:
        put_permutation(s, item);
        return;
    case GRAMMAR_ITEM_SEQUENCE:
    case GRAMMAR_ITEM_RULE:
    case GRAMMAR_ITEM_OUTPUT:
        for (uint32_t i = 0; i < item->n_items; i++)
            put_item(s, item->items[i]);
        return;
    }
}

static void make_sentence(void *data) {
    struct sentence *s = data;
    put_item(s, s->body);
    while (s->n > 0 && s->chars[s->n - 1] == ' ')
        s->n--;
    s->text = strdup(grammar_encode(&s->pool, s->chars, s->n));
}

static char *sentence_of(const struct grammar_item *body, const struct grammar_block *block, uint64_t *seed) {
    struct sentence s = {.body = body, .block = block, .seed = seed};
    grammar_pool_init(&s.pool, 64 << 20, NULL);
    if (grammar_pool_run(&s.pool, make_sentence, &s) < 0)
        s.text = NULL;
    grammar_pool_done(&s.pool);
    return s.text;
}

char *grammar_sample(const struct grammar *g, size_t i, uint64_t *seed) {
    const struct grammar_template *t = &g->templates[i];
    return ways_of(t->body, t->block) > 0 ? sentence_of(t->body, t->block, seed) : NULL;
}

/* --- values --- */

struct visiting {
    bool *seen; /* lists, by number */
    int (*visit)(const char *list, const char *spoken, const char *value, void *user);
    void *user;
    int result;
};

static void visit_list(struct visiting *v, const struct grammar_list *list) {
    static const struct grammar_block any = {0};
    uint64_t seed = 1;
    if (v->seen[list->number] || list->kind != GRAMMAR_LIST_VALUES)
        return;
    v->seen[list->number] = true;
    for (size_t i = 0; v->result >= 0 && i < list->n_entries; i++) {
        const struct grammar_entry *e = &list->entries[i];
        char *spoken = e->spelling ? strdup(e->spelling) : sentence_of(e->in, &any, &seed);
        v->result = spoken ? v->visit(list->name, spoken, e->has_out ? e->out.text : spoken, v->user) : -ENOMEM;
        free(spoken);
    }
}

static void visit_item(struct visiting *v, const struct grammar_item *item) {
    if (item->kind == GRAMMAR_ITEM_LIST && item->list)
        visit_list(v, item->list);
    for (uint32_t i = 0; item->kind != GRAMMAR_ITEM_SPOKEN && i < item->n_items && v->result >= 0; i++)
        visit_item(v, item->items[i]);
}

int grammar_visit_values(const struct grammar *g, int (*visit)(const char *list, const char *spoken, const char *value, void *user),
                         void *user) {
    struct visiting v = {.seen = calloc(g->n_lists + 1, sizeof *v.seen), .visit = visit, .user = user};
    if (!v.seen)
        return -ENOMEM;
    for (size_t i = 0; v.result >= 0 && i < g->n_templates; i++)
        visit_item(&v, g->templates[i].body);
    free(v.seen);
    return v.result < 0 ? v.result : 0;
}
