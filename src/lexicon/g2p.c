/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/g2p.c: beam search over graphones; g2p.h describes the model and the file.
 *
 * Letters are read from left to right. A hypothesis explains the letters so far; it has its phones, its cost, and the trie nodes of
 * its last graphones as contexts of every length, longest first. An extension looks the graphone up below each context: the first
 * hit is its n-gram, each miss before it costs the back-off weight, and all hits are the new contexts.
 */
#include "lexicon/g2p.h"

#include "store/store.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define INFO_WORDS 6
#define BEAM 32       /* on held-out words half of this is worse, twice this is no better */
#define CLOSE_COST 20 /* limit for how much more a second guess may cost: e^1.25, 3.5 times less likely */

enum symbol { SYMBOL_START, SYMBOL_END, N_SPECIAL_SYMBOLS };

const char *const g2p_sections[] = {"info", "phones", "graphones", "symbols", "costs", "weights", "children"};
const size_t g2p_n_sections = sizeof g2p_sections / sizeof g2p_sections[0];

/* --- checking --- */

static int damaged(tragus_error *reterr, const char *path, const char *what) {
    return base_error_at(reterr, -EBADMSG, path, 0, 0, "the letter-to-sound model is damaged: %s; install it again", what);
}

/* Returns "" or what is wrong. Fills first_graphone. */
static const char *check_graphones(struct g2p *g, unsigned n_phones) {
    unsigned n_letters = 0; /* letters whose first graphone was found */
    for (uint32_t i = 0; i < g->n_graphones; i++) {
        const struct g2p_graphone *one = &g->graphones[i];
        if (one->letter < 'a' || one->letter > 'z' || one->n_phones > 2)
            return "a graphone has a wrong letter or length";
        for (unsigned k = 0; k < 2; k++)
            if (k < one->n_phones ? one->phones[k] < 1 || one->phones[k] > n_phones : one->phones[k] != 0)
                return "a graphone has a phone that does not exist";
        if (i > 0 && memcmp(one - 1, one, sizeof *one) >= 0)
            return "the graphones are not in order";
        unsigned letter = (unsigned)(one->letter - 'a');
        if (letter > n_letters)
            return "a letter has no graphone";
        if (letter == n_letters)
            g->first_graphone[n_letters++] = i;
    }
    g->first_graphone[26] = g->n_graphones;
    return n_letters == 26 ? "" : "a letter has no graphone";
}

static const char *check_trie(const struct g2p *g, uint32_t order) {
    uint32_t n_symbols = g->n_graphones + N_SPECIAL_SYMBOLS;
    if (g->children[0] != 1 || g->children[1] != 1 + n_symbols || g->children[g->n_inner] != g->n_nodes)
        return "the n-grams have a wrong beginning or end";
    for (uint32_t i = 0; i < g->n_inner; i++) {
        if (g->children[i] <= i || g->children[i] > g->children[i + 1])
            return "the n-grams are not in order";
        for (uint32_t k = g->children[i]; k < g->children[i + 1]; k++)
            if (g->symbols[k] >= n_symbols || (k > g->children[i] && g->symbols[k] <= g->symbols[k - 1]))
                return "the symbols of n-grams are not in order";
    }
    /* Breadth first: the children of one level form the next. */
    uint32_t begin = 0, end = 1, depth = 0;
    while (begin < g->n_inner) {
        uint32_t next_end = g->children[end < g->n_inner ? end : g->n_inner];
        begin = end;
        end = next_end;
        if (++depth > order)
            return "the n-grams are longer than its header says";
    }
    return "";
}

int g2p_view(struct g2p *ret, const struct store *s, const char *phones, size_t phones_bytes, const char *path,
             tragus_error *reterr) {
    struct g2p g = {0};
    size_t info_bytes = 0, own_phones_bytes = 0, graphones_bytes = 0, symbols_bytes = 0, costs_bytes = 0, weights_bytes = 0,
           children_bytes = 0;
    const uint32_t *info = store_section(s, "info", &info_bytes);
    const char *own_phones = store_section(s, "phones", &own_phones_bytes);
    g.graphones = store_section(s, "graphones", &graphones_bytes);
    g.symbols = store_section(s, "symbols", &symbols_bytes);
    g.costs = store_section(s, "costs", &costs_bytes);
    g.weights = store_section(s, "weights", &weights_bytes);
    g.children = store_section(s, "children", &children_bytes);
    if (!info || !own_phones || !g.graphones || !g.symbols || !g.costs || !g.weights || !g.children ||
        info_bytes != INFO_WORDS * sizeof *info)
        return damaged(reterr, path, "a section is missing or too short");
    if (info[0] != G2P_VERSION || info[5] != G2P_COSTS_A_NAT)
        return base_error_at(reterr, -EBADMSG, path, 0, 0, "this letter-to-sound model has format %u, this program reads format %d",
                             (unsigned)info[0], G2P_VERSION);
    if (own_phones_bytes != phones_bytes || memcmp(own_phones, phones, phones_bytes) != 0)
        return base_error_at(reterr, -EBADMSG, path, 0, 0,
                             "this letter-to-sound model has other phones than the dictionary; use two files of the same language");
    uint32_t order = info[1];
    g.n_graphones = info[2];
    g.n_nodes = info[3];
    g.n_inner = info[4];
    if (order < 1 || order > G2P_MAX_ORDER || g.n_graphones < 26 || g.n_graphones > UINT16_MAX - N_SPECIAL_SYMBOLS ||
        g.n_inner < 1 || g.n_inner > g.n_nodes || graphones_bytes != (size_t)g.n_graphones * sizeof *g.graphones ||
        symbols_bytes != (uint64_t)g.n_nodes * sizeof *g.symbols || costs_bytes != g.n_nodes || weights_bytes != g.n_inner ||
        children_bytes != ((uint64_t)g.n_inner + 1) * sizeof *g.children || g.children[g.n_inner] > g.n_nodes)
        return damaged(reterr, path, "the sizes of its sections do not agree");
    unsigned n_phones = 0;
    for (size_t i = 0; i < phones_bytes; i++)
        n_phones += phones[i] == '\0';
    const char *wrong = check_graphones(&g, n_phones);
    if (!*wrong)
        wrong = check_trie(&g, order);
    if (*wrong)
        return damaged(reterr, path, wrong);
    *ret = g;
    return 0;
}

/* --- search --- */

struct hypothesis {
    int32_t cost;
    uint8_t n_contexts, n_phones;
    uint32_t contexts[G2P_MAX_ORDER]; /* trie nodes, longest context first, the empty one (node 0) last */
    uint8_t phones[LEXICON_MAX_PHONES];
};

struct beam { /* the best hypotheses that explain the same number of letters, in no order */
    size_t n;
    size_t worst;        /* index of the most expensive one, if the beam is full */
    int32_t costs[BEAM]; /* copied from items, because they are searched most */
    uint64_t keys[BEAM];
    struct hypothesis items[BEAM];
};

/* Returns the first child of an inner node with this symbol or a later one. */
static uint32_t find_child(const struct g2p *g, uint32_t node, uint32_t symbol) {
    if (node == 0)
        return 1 + symbol; /* the empty context has all symbols in order */
    uint32_t low = g->children[node], high = g->children[node + 1];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (g->symbols[middle] < symbol)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The positions of one letter's graphones below each context of a hypothesis. They are in order, so one pass finds all. */
struct cursors {
    uint32_t child[G2P_MAX_ORDER];
};

static void find_children(const struct g2p *g, const struct hypothesis *h, uint32_t symbol, struct cursors *ret) {
    for (unsigned i = 0; i < h->n_contexts; i++)
        ret->child[i] = find_child(g, h->contexts[i], symbol);
}

/* Appends a symbol to h: computes cost and contexts. Contexts without continuations are omitted; backing off from them costs
 * nothing. Call it with symbols in ascending order. Returns false, and *ret is incomplete, if the cost is `limit` or more. */
static bool extend(const struct g2p *g, const struct hypothesis *h, struct cursors *cursors, uint32_t symbol, int32_t limit,
                   struct hypothesis *ret) {
    int32_t cost = h->cost;
    bool found = false, cheap = true;
    unsigned n = 0;
    for (unsigned i = 0; i < h->n_contexts; i++) {
        uint32_t child = cursors->child[i];
        if (child == g->children[h->contexts[i] + 1] || g->symbols[child] != symbol)
            child = 0;
        else
            cursors->child[i]++;
        if (!cheap)
            continue;
        if (child == 0) {
            if (!found)
                cost += g->weights[h->contexts[i]];
            continue;
        }
        if (!found)
            cost += g->costs[child];
        found = true;
        cheap = cost < limit;
        if (child < g->n_inner && g->children[child] < g->children[child + 1])
            ret->contexts[n++] = child;
    }
    ret->contexts[n++] = 0;
    ret->n_contexts = (uint8_t)n;
    ret->cost = cost;
    return cheap;
}

/* Like extend, for a single symbol. */
static void extend_once(const struct g2p *g, const struct hypothesis *h, uint32_t symbol, struct hypothesis *ret) {
    struct cursors cursors;
    find_children(g, h, symbol, &cursors);
    extend(g, h, &cursors, symbol, INT32_MAX, ret);
}

/* Returns equal keys for hypotheses with the same number of phones and the same longest context. */
static uint64_t key_of(const struct hypothesis *h) {
    return (uint64_t)h->n_phones << 32 | h->contexts[0];
}

static void put(struct beam *b, size_t at, const struct hypothesis *h) {
    b->items[at] = *h;
    b->costs[at] = h->cost;
    b->keys[at] = key_of(h);
    int32_t most = b->costs[0];
    for (size_t i = 1; i < b->n; i++)
        most = b->costs[i] > most ? b->costs[i] : most;
    b->worst = 0;
    while (b->costs[b->worst] != most)
        b->worst++;
}

/* Adds h if it is among the best. Of two with the same phones and the same longest context, only the cheaper is kept. */
static void insert(struct beam *b, const struct hypothesis *h) {
    if (b->n == BEAM && h->cost >= b->costs[b->worst])
        return;
    uint64_t key = key_of(h);
    for (size_t i = 0; i < b->n; i++)
        if (b->keys[i] == key && memcmp(b->items[i].phones, h->phones, h->n_phones) == 0) {
            if (h->cost < b->costs[i])
                put(b, i, h);
            return;
        }
    put(b, b->n < BEAM ? b->n++ : b->worst, h);
}

/* Extends all hypotheses of `from` by a letter into `to`. Returns false if one became too long. */
static bool step(const struct g2p *g, const struct beam *from, char letter, struct beam *to) {
    bool all_fit = true;
    to->n = 0;
    for (size_t i = 0; i < from->n; i++) {
        const struct hypothesis *h = &from->items[i];
        struct cursors cursors;
        find_children(g, h, g->first_graphone[letter - 'a'] + N_SPECIAL_SYMBOLS, &cursors);
        for (uint32_t k = g->first_graphone[letter - 'a']; k < g->first_graphone[letter - 'a' + 1]; k++) {
            const struct g2p_graphone *graphone = &g->graphones[k];
            if (h->n_phones + graphone->n_phones > LEXICON_MAX_PHONES) {
                all_fit = false;
                extend(g, h, &cursors, k + N_SPECIAL_SYMBOLS, INT32_MIN, &(struct hypothesis){0}); /* only advances the cursors */
                continue;
            }
            struct hypothesis next;
            int32_t limit = to->n == BEAM ? to->costs[to->worst] : INT32_MAX;
            if (!extend(g, h, &cursors, k + N_SPECIAL_SYMBOLS, limit, &next))
                continue;
            memcpy(next.phones, h->phones, h->n_phones);
            memcpy(next.phones + h->n_phones, graphone->phones, graphone->n_phones);
            next.n_phones = (uint8_t)(h->n_phones + graphone->n_phones);
            insert(to, &next);
        }
    }
    return all_fit;
}

/* Returns the cheapest hypothesis that has phones, different from those of `but` (NULL = any). */
static const struct hypothesis *cheapest(const struct beam *b, const struct hypothesis *but) {
    const struct hypothesis *best = NULL;
    for (size_t i = 0; i < b->n; i++) {
        const struct hypothesis *h = &b->items[i];
        if (h->n_phones == 0 || (but && h->n_phones == but->n_phones && memcmp(h->phones, but->phones, h->n_phones) == 0))
            continue;
        if (!best || h->cost < best->cost)
            best = h;
    }
    return best;
}

int g2p_guess(const struct g2p *g, const char *letters, size_t n_letters, struct lexicon_pronunciation *out, size_t max) {
    struct beam beams[2];
    struct hypothesis nothing = {.n_contexts = 1};
    bool all_fit = true;
    for (size_t i = 0; i < n_letters; i++)
        if (letters[i] < 'a' || letters[i] > 'z')
            return -EINVAL;
    extend_once(g, &nothing, SYMBOL_START, &beams[0].items[0]);
    beams[0].items[0].cost = 0;
    beams[0].items[0].n_phones = 0;
    beams[0].n = 1;
    beams[1].n = 0;
    for (size_t i = 0; i < n_letters; i++)
        all_fit &= step(g, &beams[i % 2], letters[i], &beams[(i + 1) % 2]);
    struct beam *last = &beams[n_letters % 2];
    for (size_t i = 0; i < last->n; i++) {
        struct hypothesis end;
        extend_once(g, &last->items[i], SYMBOL_END, &end);
        last->items[i].cost = end.cost;
    }

    const struct hypothesis *found[2] = {cheapest(last, NULL), NULL};
    size_t n = 0;
    if (found[0])
        found[1] = cheapest(last, found[0]);
    for (; n < 2 && n < max && found[n] && found[n]->cost - found[0]->cost <= CLOSE_COST; n++) {
        out[n] = (struct lexicon_pronunciation){.n_phones = found[n]->n_phones, .source = LEXICON_GUESS};
        memcpy(out[n].phones, found[n]->phones, found[n]->n_phones);
    }
    return n > 0 ? (int)n : all_fit ? -ENOENT : -E2BIG;
}
