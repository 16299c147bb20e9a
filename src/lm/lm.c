/* SPDX-License-Identifier: Apache-2.0 */
/* lm/lm.c: opens, checks and asks a language model; lm.h describes the file. */
#include "lm/lm.h"

#include "lm/layout.h"
#include "store/store.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct lm {
    struct store *store;
    const char **spellings;
    const uint8_t **spoken; /* by word: its first phone */
    uint32_t n_words, n_symbols, n_nodes, n_inner;
    const uint16_t *symbols;
    const uint8_t *costs;
    const int8_t *weights;
    const uint32_t *children;
};

static const char *const sections[] = {LM_SECTION_INFO,    LM_SECTION_WORDS,    LM_SECTION_PHONES,
                                       LM_SECTION_SPOKEN,  LM_SECTION_SYMBOLS,  LM_SECTION_COSTS,
                                       LM_SECTION_WEIGHTS, LM_SECTION_CHILDREN, LM_SECTION_PASSPORT};

/* --- checking ---------------------------------------------------------------------------------------------------------------- */

static int damaged(tragus_error *reterr, const char *path, const char *what) {
    return base_error_at(reterr, -EBADMSG, path, 0, 0, "the language model is damaged: %s; install it again", what);
}

/* Finds where each spelling begins. Returns "" or what is wrong. */
static const char *check_words(struct lm *lm, const char *words, size_t size_bytes) {
    size_t at = 0;
    for (uint32_t i = 0; i < lm->n_words; i++) {
        const char *end = at < size_bytes ? memchr(words + at, '\0', size_bytes - at) : NULL;
        size_t len = end ? (size_t)(end - words) - at : 0;
        if (len == 0 || len > LM_MAX_WORD_BYTES)
            return "a word is empty or too long";
        lm->spellings[i] = words + at;
        if (i > 0 && strcmp(lm->spellings[i - 1], lm->spellings[i]) >= 0)
            return "the words are not in order";
        at += len + 1;
    }
    return at == size_bytes ? "" : "there are more words than its header says";
}

/* Finds where the pronunciations of each word begin. n_phones: the greatest phone. Returns "" or what is wrong. */
static const char *check_spoken(struct lm *lm, const uint8_t *spoken, size_t size_bytes, unsigned n_phones) {
    size_t at = 0;
    for (uint32_t i = 0; i < lm->n_words; i++) {
        unsigned n_variants = 0, n = 0;
        lm->spoken[i] = spoken + at;
        for (bool last = false; !last; at++) {
            if (at == size_bytes || (spoken[at] & LM_PHONE) < 1 || (spoken[at] & LM_PHONE) > n_phones || ++n > LEXICON_MAX_PHONES)
                return "a pronunciation is damaged";
            if (spoken[at] & LM_LAST_OF_PRONUNCIATION && (n = 0, ++n_variants > LEXICON_MAX_VARIANTS))
                return "a word has too many pronunciations";
            last = (spoken[at] & LM_LAST_OF_WORD) != 0;
            if (last && !(spoken[at] & LM_LAST_OF_PRONUNCIATION))
                return "a pronunciation is damaged";
        }
    }
    return at == size_bytes ? "" : "there are more pronunciations than words";
}

static const char *check_trie(const struct lm *lm) {
    const uint32_t *children = lm->children;
    if (children[0] != 1 || children[1] != 1 + lm->n_symbols || children[lm->n_inner] != lm->n_nodes ||
        children[1 + lm->n_symbols] != lm->n_inner)
        return "the n-grams have a wrong beginning or end";
    for (uint32_t i = 0; i < lm->n_inner; i++) {
        if (children[i] > children[i + 1])
            return "the n-grams are not in order";
        for (uint32_t k = children[i]; k < children[i + 1]; k++)
            if (lm->symbols[k] >= lm->n_symbols || (k > children[i] && lm->symbols[k] <= lm->symbols[k - 1]))
                return "the symbols of n-grams are not in order";
    }
    return "";
}

static uint32_t find_child(const struct lm *lm, uint32_t node, uint32_t symbol) {
    if (node == 0)
        return 1 + symbol; /* the empty context has all symbols in order */
    uint32_t low = lm->children[node], high = lm->children[node + 1];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (lm->symbols[middle] < symbol)
            low = middle + 1;
        else
            high = middle;
    }
    return low < lm->children[node + 1] && lm->symbols[low] == symbol ? low : 0;
}

/* The state after a triple u v w is its pair v w, which therefore must exist. */
static const char *check_suffixes(const struct lm *lm) {
    for (uint32_t pair = 1 + lm->n_symbols; pair < lm->n_inner; pair++)
        for (uint32_t k = lm->children[pair]; k < lm->children[pair + 1]; k++)
            if (find_child(lm, 1u + lm->symbols[pair], lm->symbols[k]) == 0)
                return "a triple has no pair";
    return "";
}

/* Checks the names of the phones against the lexicon's, and counts them. */
static const char *check_phones(const char *phones, size_t size_bytes, const struct lexicon *lexicon, unsigned *ret_n) {
    unsigned n = 0;
    for (size_t at = 0; at < size_bytes; n++) {
        const char *end = memchr(phones + at, '\0', size_bytes - at);
        if (!end)
            return "a phone has no end";
        if (lexicon && (n == lexicon_n_phones(lexicon) || strcmp(lexicon_phone(lexicon, n + 1), phones + at) != 0))
            return "its phones are not those of the lexicon";
        at = (size_t)(end - phones) + 1;
    }
    *ret_n = n;
    return n <= LM_PHONE && (!lexicon || n == lexicon_n_phones(lexicon)) ? "" : "its phones are not those of the lexicon";
}

static int check(struct lm *lm, const char *path, const struct lexicon *lexicon, tragus_error *reterr) {
    size_t phones_bytes = 0, spoken_bytes = 0, passport_bytes = 0;
    unsigned n_phones = 0;
    size_t info_bytes = 0, words_bytes = 0, symbols_bytes = 0, costs_bytes = 0, weights_bytes = 0, children_bytes = 0;
    const uint32_t *info = store_section(lm->store, LM_SECTION_INFO, &info_bytes);
    const char *words = store_section(lm->store, LM_SECTION_WORDS, &words_bytes);
    const char *phones = store_section(lm->store, LM_SECTION_PHONES, &phones_bytes);
    const uint8_t *spoken = store_section(lm->store, LM_SECTION_SPOKEN, &spoken_bytes);
    lm->symbols = store_section(lm->store, LM_SECTION_SYMBOLS, &symbols_bytes);
    lm->costs = store_section(lm->store, LM_SECTION_COSTS, &costs_bytes);
    lm->weights = store_section(lm->store, LM_SECTION_WEIGHTS, &weights_bytes);
    lm->children = store_section(lm->store, LM_SECTION_CHILDREN, &children_bytes);
    const void *passport = store_section(lm->store, LM_SECTION_PASSPORT, &passport_bytes);
    if (!info || !words || !phones || !spoken || !lm->symbols || !lm->costs || !lm->weights || !lm->children || !passport ||
        info_bytes != LM_N_INFO * sizeof *info)
        return damaged(reterr, path, "a section is missing or too short");
    if (info[LM_INFO_VERSION] != LM_VERSION || info[LM_INFO_ORDER] != LM_ORDER || info[LM_INFO_COSTS_A_NAT] != LM_COSTS_A_NAT)
        return base_error_at(reterr, -EBADMSG, path, 0, 0, "this language model has format %u, this program reads format %d",
                             (unsigned)info[LM_INFO_VERSION], LM_VERSION);
    lm->n_words = info[LM_INFO_WORDS];
    lm->n_nodes = info[LM_INFO_NODES];
    lm->n_inner = info[LM_INFO_INNER];
    lm->n_symbols = lm->n_words + LM_N_SPECIAL_SYMBOLS;
    if (lm->n_words < 1 || lm->n_words > LM_MAX_WORDS || lm->n_inner < 1 + lm->n_symbols || lm->n_inner > lm->n_nodes ||
        symbols_bytes != (uint64_t)lm->n_nodes * sizeof *lm->symbols || costs_bytes != lm->n_nodes ||
        weights_bytes != lm->n_inner || children_bytes != ((uint64_t)lm->n_inner + 1) * sizeof *lm->children)
        return damaged(reterr, path, "the sizes of its sections do not agree");
    lm->spellings = calloc(lm->n_words, sizeof *lm->spellings);
    lm->spoken = calloc(lm->n_words, sizeof *lm->spoken);
    if (!lm->spellings || !lm->spoken)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    const char *wrong = check_words(lm, words, words_bytes);
    wrong = *wrong ? wrong : check_phones(phones, phones_bytes, lexicon, &n_phones);
    wrong = *wrong ? wrong : check_spoken(lm, spoken, spoken_bytes, n_phones);
    wrong = *wrong ? wrong : check_trie(lm);
    wrong = *wrong ? wrong : check_suffixes(lm);
    return *wrong ? damaged(reterr, path, wrong) : 0;
}

int lm_open(struct lm **ret, const char *path, const struct lexicon *lexicon, tragus_error *reterr) {
    struct lm *lm = calloc(1, sizeof *lm);
    if (!lm)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    int r = store_open(&lm->store, path, STORE_NGRAMS, sections, sizeof sections / sizeof sections[0], reterr);
    if (r == 0)
        r = check(lm, path, lexicon, reterr);
    if (r < 0) {
        lm_free(lm);
        return r;
    }
    store_let_go(lm->store); /* nobody may ever need free words; and sentences with them need few of the n-grams */
    *ret = lm;
    return 0;
}

void lm_free(struct lm *lm) {
    if (!lm)
        return;
    store_free(lm->store);
    free(lm->spellings);
    free(lm->spoken);
    free(lm);
}

/* --- asking ------------------------------------------------------------------------------------------------------------------ */

uint32_t lm_n_words(const struct lm *lm) {
    return lm->n_words;
}

const char *lm_word(const struct lm *lm, uint32_t word) {
    return lm->spellings[word];
}

size_t lm_n_ngrams(const struct lm *lm, unsigned order) {
    return order == 1 ? lm->n_symbols : order == 2 ? lm->n_inner - lm->n_symbols - 1 : lm->n_nodes - lm->n_inner;
}

/* The inner node from `low` to before `high` whose children include this one. */
static uint32_t parent_of(const struct lm *lm, uint32_t low, uint32_t high, uint32_t child) {
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (lm->children[middle] <= child)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void lm_ngram(const struct lm *lm, unsigned order, size_t i, uint32_t symbols[LM_ORDER], float *ret_cost, float *ret_weight) {
    uint32_t first = order == 1 ? 1 : order == 2 ? 1 + lm->n_symbols : lm->n_inner, node = first + (uint32_t)i;
    *ret_cost = lm->costs[node] / (float)LM_COSTS_A_NAT;
    *ret_weight = node < lm->n_inner ? lm->weights[node] / (float)LM_COSTS_A_NAT : 0;
    for (; order > 0; order--) {
        symbols[order - 1] = lm->symbols[node];
        node = order == 3   ? parent_of(lm, 1 + lm->n_symbols, lm->n_inner, node)
               : order == 2 ? parent_of(lm, 1, 1 + lm->n_symbols, node)
                            : 0;
    }
}

const char *lm_passport(const struct lm *lm, size_t *ret_len) {
    return store_section(lm->store, LM_SECTION_PASSPORT, ret_len);
}

static int by_spelling(const void *key, const void *item) {
    return strcmp(key, *(const char *const *)item);
}

uint32_t lm_find(const struct lm *lm, const char *spelling) {
    const char **found = bsearch(spelling, lm->spellings, lm->n_words, sizeof *lm->spellings, by_spelling);
    return found ? (uint32_t)(found - lm->spellings) : LM_NO_WORD;
}

int lm_spoken(const struct lm *lm, uint32_t word, struct lexicon_pronunciation out[LEXICON_MAX_VARIANTS]) {
    int n = 0;
    struct lexicon_pronunciation p = {.source = LEXICON_DICTIONARY};
    for (const uint8_t *at = lm->spoken[word];; at++) {
        p.phones[p.n_phones++] = *at & LM_PHONE;
        if (!(*at & LM_LAST_OF_PRONUNCIATION))
            continue;
        out[n++] = p;
        p.n_phones = 0;
        if (*at & LM_LAST_OF_WORD)
            return n;
    }
}

static int32_t q8(int32_t cost) {
    return cost * (256 / LM_COSTS_A_NAT);
}

/* The longest suffix of a pair, a word, or nothing, that any n-gram continues. */
static uint32_t shorten(const struct lm *lm, uint32_t node) {
    if (node > lm->n_symbols && lm->children[node] == lm->children[node + 1])
        node = 1u + lm->symbols[node];
    return node > 0 && lm->children[node] == lm->children[node + 1] ? 0 : node;
}

/* The cost of a symbol in a state. *ret_pair: the node of its pair, or of the symbol alone if there is no such pair. */
static int32_t look_up(const struct lm *lm, uint32_t state, uint32_t symbol, uint32_t *ret_pair) {
    int32_t cost = 0;
    uint32_t before = state > lm->n_symbols ? 1u + lm->symbols[state] : state, triple = 0;
    if (state > lm->n_symbols) {
        triple = find_child(lm, state, symbol);
        cost += triple > 0 ? lm->costs[triple] : lm->weights[state];
    }
    uint32_t pair = before > 0 ? find_child(lm, before, symbol) : 0;
    *ret_pair = pair > 0 ? pair : 1 + symbol;
    if (triple > 0)
        return cost;
    if (pair == 0 && before > 0)
        cost += lm->weights[before];
    return cost + lm->costs[*ret_pair];
}

uint32_t lm_start(const struct lm *lm) {
    return shorten(lm, 1 + LM_SYMBOL_START);
}

int32_t lm_next(const struct lm *lm, uint32_t state, uint32_t word, uint32_t *ret_state) {
    uint32_t pair;
    int32_t cost = look_up(lm, state, word + LM_N_SPECIAL_SYMBOLS, &pair);
    *ret_state = shorten(lm, pair);
    return q8(cost);
}

int32_t lm_end(const struct lm *lm, uint32_t state) {
    uint32_t pair;
    return q8(look_up(lm, state, LM_SYMBOL_END, &pair));
}

int32_t lm_alone(const struct lm *lm, uint32_t word) {
    return q8(lm->costs[1 + LM_N_SPECIAL_SYMBOLS + word]);
}
