/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/pieces.c: converts trees to automata over pieces of words, word borders and epsilons, with one or two arcs per item. */
#include "grammar/pieces.h"

#include "base/utf8.h"
#include "grammar/letters.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_NODES = 1 << 20, /* limit for one template */
    MOST_DETERMINED = 400000,
    FEW_VALUES = 32, /* are not worth joining */
    FEW_LETTERS = 64,
    MOST_BYTES = 4, /* of a letter */
};

uint32_t grammar_pieces_spelling(struct grammar_pieces *p, const char *text) {
    void *known = grammar_map_get(p->spellings, text);
    if (!known) {
        void **at = grammar_map_at(p->spellings, p->pool, grammar_pool_text(p->pool, text, strlen(text)));
        known = *at = (void *)(uintptr_t)p->spellings->n;
    }
    return (uint32_t)((uintptr_t)known - 1);
}

void grammar_pieces_clear(struct grammar_pieces *p) {
    p->n_nodes = p->n_arcs = 0;
    p->too_large = false;
}

uint32_t grammar_pieces_node(struct grammar_pieces *p) {
    grammar_pool_spend(p->nodes, 4);
    if (p->n_nodes >= MOST_NODES) {
        p->too_large = true;
        return 0;
    }
    *grammar_pool_push(p->nodes, p->first_arc, p->n_nodes, p->size_nodes) = GRAMMAR_NO_ARC;
    return (uint32_t)p->n_nodes - 1;
}

static void add_arc(struct grammar_pieces *p, uint32_t from, uint32_t label, uint32_t to) {
    *grammar_pool_push(p->nodes, p->arcs, p->n_arcs, p->size_arcs) = (struct grammar_piece_arc){label, to, p->first_arc[from]};
    p->first_arc[from] = (uint32_t)p->n_arcs - 1;
}

static uint32_t step(struct grammar_pieces *p, uint32_t from, uint32_t label) {
    uint32_t to = grammar_pieces_node(p);
    if (!p->too_large)
        add_arc(p, from, label, to);
    return to;
}

static uint32_t small_letter(const struct grammar_pieces *p, uint32_t c) {
    if (c >= 'a' && c <= 'z')
        return c;
    return p->dotless ? grammar_fold_dotless(c) : base_utf8_fold(c);
}

/* Capitals inside a word tell how it is said ("EcoBee", "HVAC"); one at its start does not. */
static uint32_t spelled(struct grammar_pieces *p, const struct grammar_item *item, uint32_t start, uint32_t end) {
    uint32_t few[FEW_LETTERS], *word = few, n = 0;
    char few_bytes[MOST_BYTES * FEW_LETTERS + 1], *text = few_bytes;
    struct grammar_pool_mark mark = grammar_pool_mark(p->scratch);
    if (end - start > FEW_LETTERS) {
        word = grammar_pool_alloc(p->scratch, (end - start) * sizeof *word);
        text = grammar_pool_alloc(p->scratch, (size_t)MOST_BYTES * (end - start) + 1);
    }
    bool has_capitals = false;
    for (uint32_t i = start; i < end; i++) {
        uint32_t c = item->capitals[i];
        has_capitals |= n > 0 && small_letter(p, c) != c;
        if (c)
            word[n++] = c;
    }
    size_t len = 0;
    for (uint32_t i = 0; i < n; i++)
        len += base_utf8_put(has_capitals ? word[i] : small_letter(p, word[i]), text + len);
    text[len] = '\0';
    uint32_t piece = grammar_pieces_spelling(p, text);
    grammar_pool_release(p->scratch, mark);
    return piece;
}

/* Where a script has no blanks, each piece of a template is a word of its own: joined, whole sentences would be words, as many as
 * there are sentences. */
static uint32_t add_text(struct grammar_pieces *p, const struct grammar_item *item, uint32_t from) {
    for (uint32_t i = 0; i < item->n_chars;) {
        if (item->chars[i] == ' ') {
            from = step(p, from, GRAMMAR_WORD_BORDER);
            i++;
            continue;
        }
        uint32_t start = i;
        while (i < item->n_chars && item->chars[i] != ' ')
            i++;
        if (i == start + 1 && item->chars[start] == GRAMMAR_NON_JOINER)
            continue; /* nothing that is said */
        uint32_t piece = spelled(p, item, start, i);
        if (grammar_is_unspaced(item->chars[start]))
            from = step(p, from, GRAMMAR_WORD_BORDER);
        from = step(p, from, piece);
        if (grammar_is_unspaced(item->chars[i - 1]))
            from = step(p, from, GRAMMAR_WORD_BORDER);
    }
    return from;
}

static uint32_t add_spoken(struct grammar_pieces *p, const struct grammar_item *item, uint32_t from) {
    from = step(p, from, GRAMMAR_WORD_BORDER);
    if (item->n_items)
        return step(p, grammar_pieces_add(p, item->items[0], from), GRAMMAR_WORD_BORDER);
    if (grammar_has_digit(item->chars, item->n_chars))
        return grammar_pieces_node(p); /* cannot be said: a dead end */
    return from;
}

/* Builds the automaton of a list's numbers, once per list. */
static struct grammar_automaton spell_range(struct grammar_pieces *p, const struct grammar_list *list) {
    struct grammar_pieces alone = {.pool = p->pool,
                                   .nodes = p->pool,
                                   .scratch = p->scratch,
                                   .spellings = p->spellings,
                                   .ranges = p->ranges,
                                   .dotless = p->dotless};
    struct grammar_links links = {0};
    uint32_t n_states = 2;
    for (size_t i = 0; i < list->n_entries && !alone.too_large; i++) {
        grammar_pieces_clear(&alone);
        uint32_t start = grammar_pieces_node(&alone), end = grammar_pieces_add(&alone, list->entries[i].in, start);
        grammar_cut_words(&alone, start, end, p->pool, &links, 0, 1, &n_states);
    }
    p->too_large |= alone.too_large;
    uint8_t *finals = grammar_pool_alloc(p->pool, n_states);
    finals[1] = 1;
    struct grammar_automaton whole = grammar_automaton_make(p->pool, &links, n_states, 0, finals), determined;
    if (grammar_automaton_determinise(p->pool, p->pool, &whole, MOST_DETERMINED, &determined))
        whole = determined;
    return grammar_automaton_merge(p->pool, p->pool, &whole);
}

static uint32_t add_range(struct grammar_pieces *p, const struct grammar_list *list, uint32_t from) {
    struct grammar_spelled_range *range = &p->ranges[list->number];
    if (!range->done) {
        range->automaton = spell_range(p, list);
        range->done = true;
    }
    const struct grammar_automaton *s = &range->automaton;
    uint32_t base = grammar_pieces_node(p), to = grammar_pieces_node(p);
    for (uint32_t i = 1; i < s->n_states && !p->too_large; i++)
        grammar_pieces_node(p); /* state i becomes node base + 1 + i; base + 1 is `to` */
    if (p->too_large)
        return to;
    add_arc(p, from, GRAMMAR_WORD_BORDER, base);
    for (uint32_t i = 0; i < s->n_states; i++) {
        uint32_t node = i ? base + 1 + i : base;
        for (uint32_t k = s->first_arc[i]; k < s->first_arc[i + 1]; k++) {
            uint32_t behind = step(p, node, s->arcs[k].word);
            if (!p->too_large)
                add_arc(p, behind, GRAMMAR_WORD_BORDER, base + 1 + s->arcs[k].to);
        }
        if (s->is_final[i])
            add_arc(p, node, GRAMMAR_EPSILON, to);
    }
    return to;
}

static uint32_t add_values(struct grammar_pieces *p, const struct grammar_list *list, const uint8_t *fits, uint32_t from) {
    uint32_t to = grammar_pieces_node(p);
    for (size_t i = 0; i < list->n_entries && !p->too_large; i++)
        if (fits[i / 8] >> i % 8 & 1)
            add_arc(p, grammar_pieces_add(p, list->entries[i].in, from), GRAMMAR_EPSILON, to);
    return to;
}

static struct grammar_automaton copy_automaton(struct grammar_pool *pool, const struct grammar_automaton *a) {
    uint32_t n_arcs = a->first_arc[a->n_states];
    struct grammar_automaton copy = {.n_states = a->n_states, .start = a->start};
    copy.first_arc = grammar_pool_alloc(pool, ((size_t)a->n_states + 1) * sizeof *copy.first_arc);
    copy.arcs = grammar_pool_alloc(pool, (size_t)n_arcs * sizeof *copy.arcs);
    copy.is_final = grammar_pool_alloc(pool, a->n_states);
    memcpy(copy.first_arc, a->first_arc, ((size_t)a->n_states + 1) * sizeof *copy.first_arc);
    memcpy(copy.arcs, a->arcs, (size_t)n_arcs * sizeof *copy.arcs);
    memcpy(copy.is_final, a->is_final, a->n_states);
    return copy;
}

/* Builds the automaton of nodes and arcs: over pieces, borders and epsilons, as if these were words. */
static struct grammar_automaton nodes_automaton(struct grammar_pool *pool, const struct grammar_pieces *p, uint32_t start,
                                                uint32_t end) {
    struct grammar_links links = {.items = grammar_pool_alloc(pool, p->n_arcs * sizeof *links.items)};
    for (uint32_t node = 0; node < p->n_nodes; node++)
        for (uint32_t k = p->first_arc[node]; k != GRAMMAR_NO_ARC; k = p->arcs[k].next)
            links.items[links.n++] = (struct grammar_link){node, p->arcs[k].label, p->arcs[k].to};
    uint8_t *finals = grammar_pool_alloc(pool, p->n_nodes);
    finals[end] = 1;
    struct grammar_automaton whole = grammar_automaton_make(pool, &links, (uint32_t)p->n_nodes, start, finals), determined;
    return grammar_automaton_determinise(pool, pool, &whole, MOST_DETERMINED, &determined) ? determined : whole;
}

struct chain { /* the labels of a value that can be said in one way */
    const uint32_t *labels;
    size_t n;
};

static int by_labels(const void *pa, const void *pb) {
    const struct chain *a = pa, *b = pb;
    for (size_t i = 0; i < a->n && i < b->n; i++)
        if (a->labels[i] != b->labels[i])
            return a->labels[i] < b->labels[i] ? -1 : 1;
    return a->n < b->n ? -1 : a->n > b->n;
}

/* Whether an item is nothing but text, which is most values of a long list. */
static bool is_text(const struct grammar_item *item) {
    bool all = item->kind == GRAMMAR_ITEM_SEQUENCE || item->kind == GRAMMAR_ITEM_TEXT;
    for (uint32_t i = 0; i < item->n_items && all; i++)
        all = is_text(item->items[i]);
    return all;
}

/* Adds the automaton of a text, and returns its labels and the epsilon behind them. */
static struct chain chain_of(struct grammar_pieces *p, const struct grammar_item *text) {
    grammar_pieces_clear(p);
    uint32_t start = grammar_pieces_node(p), end = grammar_pieces_add(p, text, start);
    struct chain chain = {.n = p->n_arcs + 1};
    uint32_t *labels = grammar_pool_alloc(p->scratch, chain.n * sizeof *labels);
    for (uint32_t node = start, i = 0; node != end; node = p->arcs[p->first_arc[node]].to)
        labels[i++] = p->arcs[p->first_arc[node]].label;
    labels[chain.n - 1] = GRAMMAR_EPSILON;
    chain.labels = labels;
    return chain;
}

/* Builds the tree of values that are texts, in which equal beginnings are joined: what determinising gives, but faster. */
static struct grammar_automaton text_tree(struct grammar_pool *pool, struct chain *chains, size_t n) {
    struct grammar_links links = {0};
    uint32_t *path = NULL, n_states = 2; /* path: the states of the value before; state 1 is behind all values */
    size_t size_path = 0, n_path = 0;
    qsort(chains, n, sizeof *chains, by_labels);
    *grammar_pool_push(pool, path, n_path, size_path) = 0;
    for (size_t i = 0; i < n; i++) {
        size_t shared = 0;
        grammar_pool_spend(pool, 1 + 4 * chains[i].n);
        while (i > 0 && shared < chains[i].n && shared < chains[i - 1].n &&
               chains[i].labels[shared] == chains[i - 1].labels[shared])
            shared++;
        for (size_t k = shared; k < chains[i].n; k++) {
            uint32_t to = k + 1 == chains[i].n ? 1 : n_states++;
            *grammar_pool_push(pool, links.items, links.n, links.size) = (struct grammar_link){path[k], chains[i].labels[k], to};
            n_path = k + 1;
            *grammar_pool_push(pool, path, n_path, size_path) = to;
        }
    }
    uint8_t *finals = grammar_pool_alloc(pool, n_states);
    finals[1] = 1;
    return grammar_automaton_make(pool, &links, n_states, 0, finals);
}

/* Returns the tree of the values that fit. Returns false if one of them is more than text. */
static bool join_texts(struct grammar_pieces *alone, const struct grammar_list *list, const uint8_t *fits,
                       struct grammar_automaton *ret) {
    size_t n = 0;
    for (size_t i = 0; i < list->n_entries; i++) {
        bool chosen = fits[i / 8] >> i % 8 & 1;
        if (chosen && !is_text(list->entries[i].in))
            return false;
        n += chosen;
    }
    struct chain *chains = grammar_pool_alloc(alone->scratch, (n + 1) * sizeof *chains);
    n = 0;
    for (size_t i = 0; i < list->n_entries && !alone->too_large; i++)
        if (fits[i / 8] >> i % 8 & 1)
            chains[n++] = chain_of(alone, list->entries[i].in);
    *ret = text_tree(alone->scratch, chains, n);
    return true;
}

/* Joins the beginnings and ends that values share. The automaton is over pieces, borders and epsilons, as if these were words, so
 * it means the same in every place. */
static struct grammar_spelled_list *spell_list(struct grammar_pieces *p, const struct grammar_list *list, const uint8_t *fits) {
    struct grammar_pool *pool = p->scratch;
    struct grammar_pieces alone = {.pool = p->pool,
                                   .nodes = pool,
                                   .scratch = pool,
                                   .spellings = p->spellings,
                                   .ranges = p->ranges,
                                   .dotless = p->dotless,
                                   .block = p->block};
    struct grammar_spelled_list *s = grammar_pool_alloc(p->pool, sizeof *s);
    struct grammar_automaton whole;
    if (!join_texts(&alone, list, fits, &whole)) {
        uint32_t start = grammar_pieces_node(&alone), end = add_values(&alone, list, fits, start);
        whole = nodes_automaton(pool, &alone, start, end);
    }
    p->too_large |= alone.too_large;
    whole = grammar_automaton_merge(pool, pool, &whole);
    s->automaton = copy_automaton(p->pool, &whole);
    s->block = alone.has_lists ? p->block : NULL;
    return s;
}

/* Returns the values that fit the block, joined at the first call. fits is copied. */
static const struct grammar_spelled_list *find_list(struct grammar_pieces *p, const struct grammar_list *list,
                                                    const uint8_t *fits) {
    size_t n_bytes = (list->n_entries + 7) / 8;
    for (const struct grammar_spelled_list *s = p->lists[list->number]; s; s = s->next)
        if (memcmp(s->fits, fits, n_bytes) == 0 && (!s->block || s->block == p->block))
            return s;
    struct grammar_spelled_list *s = spell_list(p, list, fits);
    s->fits = grammar_pool_alloc(p->pool, n_bytes);
    memcpy(s->fits, fits, n_bytes);
    s->next = p->lists[list->number];
    p->lists[list->number] = s;
    return s;
}

static uint32_t add_automaton(struct grammar_pieces *p, const struct grammar_automaton *a, uint32_t from) {
    uint32_t to = grammar_pieces_node(p), base = (uint32_t)p->n_nodes - 1; /* state i becomes node base + i, the start `from` */
    for (uint32_t i = 1; i < a->n_states && !p->too_large; i++)
        grammar_pieces_node(p);
    for (uint32_t i = 0; i < a->n_states && !p->too_large; i++) {
        uint32_t node = i ? base + i : from;
        for (uint32_t k = a->first_arc[i]; k < a->first_arc[i + 1]; k++)
            add_arc(p, node, a->arcs[k].word, base + a->arcs[k].to);
        if (a->is_final[i])
            add_arc(p, node, GRAMMAR_EPSILON, to);
    }
    return to;
}

static uint32_t add_list(struct grammar_pieces *p, const struct grammar_list *list, uint32_t from) {
    if (list->kind == GRAMMAR_LIST_RANGE)
        return add_range(p, list, from);
    if (list->kind == GRAMMAR_LIST_WILDCARD) /* whole words, even where the text allows a part of one */
        return step(p, step(p, step(p, from, GRAMMAR_WORD_BORDER), grammar_pieces_spelling(p, GRAMMAR_FREE_WORDS)),
                    GRAMMAR_WORD_BORDER);
    struct grammar_pool_mark mark = grammar_pool_mark(p->scratch);
    uint8_t *fits = grammar_pool_alloc(p->scratch, (list->n_entries + 7) / 8);
    for (size_t i = 0; i < list->n_entries; i++)
        if (!p->block || grammar_entry_fits(&list->entries[i], p->block))
            fits[i / 8] |= (uint8_t)(1 << i % 8);
    p->has_lists = true;
    uint32_t to = p->lists && list->n_entries >= FEW_VALUES ? add_automaton(p, &find_list(p, list, fits)->automaton, from)
                                                            : add_values(p, list, fits, from);
    if (p->nodes != p->scratch) /* else new nodes lie behind the mark; who made p releases them */
        grammar_pool_release(p->scratch, mark);
    return to;
}

/* Each node is a set of parts said so far. */
static uint32_t add_permutation(struct grammar_pieces *p, const struct grammar_item *item, uint32_t from) {
    uint32_t nodes[1 << 8] = {0};
    uint32_t n_sets = 1u << item->n_items;
    for (uint32_t said = 0; said < n_sets; said++)
        nodes[said] = grammar_pieces_node(p);
    if (p->too_large)
        return 0;
    add_arc(p, from, GRAMMAR_WORD_BORDER, nodes[0]);
    for (uint32_t said = 0; said < n_sets; said++)
        for (uint32_t i = 0; i < item->n_items && !p->too_large; i++)
            if (!(said >> i & 1))
                add_arc(p, grammar_pieces_add(p, item->items[i], nodes[said]), GRAMMAR_WORD_BORDER, nodes[said | 1u << i]);
    return nodes[n_sets - 1];
}

uint32_t grammar_pieces_add(struct grammar_pieces *p, const struct grammar_item *item, uint32_t from) {
    if (p->too_large)
        return 0;
    switch (item->kind) {
    case GRAMMAR_ITEM_TEXT:
        return add_text(p, item, from);
    case GRAMMAR_ITEM_SPOKEN:
        return add_spoken(p, item, from);
    case GRAMMAR_ITEM_SEQUENCE:
        for (uint32_t i = 0; i < item->n_items; i++)
            from = grammar_pieces_add(p, item->items[i], from);
        return from;
    case GRAMMAR_ITEM_ALTERNATIVE: {
        uint32_t to = grammar_pieces_node(p);
        for (uint32_t i = 0; i < item->n_items && !p->too_large; i++)
            add_arc(p, grammar_pieces_add(p, item->items[i], from), GRAMMAR_EPSILON, to);
        return to;
    }
    case GRAMMAR_ITEM_PERMUTATION:
        return add_permutation(p, item, from);
    case GRAMMAR_ITEM_LIST:
        return add_list(p, item->list, from);
    case GRAMMAR_ITEM_RULE:
    case GRAMMAR_ITEM_OUTPUT:
        return grammar_pieces_add(p, item->items[0], from);
    }
    return from;
}
