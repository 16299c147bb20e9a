/* SPDX-License-Identifier: Apache-2.0 */
/* lm/vocabulary.c: a hash table of words (open addressing). */
#include "lm/vocabulary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void lm_vocabulary_done(struct lm_vocabulary *v) {
    for (uint32_t i = 0; i < v->n_words; i++)
        free(v->words[i].spelling);
    free(v->words);
    free(v->slots);
    *v = (struct lm_vocabulary){0};
}

static uint32_t hash(const char *word, size_t len) { /* FNV-1a */
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (uint8_t)word[i]) * 16777619u;
    return h;
}

static bool grow(struct lm_vocabulary *v) {
    uint32_t n_slots = v->n_slots ? 2 * v->n_slots : 1024;
    uint32_t *slots = calloc(n_slots, sizeof *slots);
    if (!slots)
        return false;
    for (uint32_t i = 0; i < v->n_words; i++) {
        uint32_t at = hash(v->words[i].spelling, strlen(v->words[i].spelling)) & (n_slots - 1);
        while (slots[at])
            at = (at + 1) & (n_slots - 1);
        slots[at] = i + 1;
    }
    free(v->slots);
    v->slots = slots;
    v->n_slots = n_slots;
    return true;
}

static uint32_t add(struct lm_vocabulary *v, const char *word, size_t len, uint32_t slot) {
    if (v->n_words == v->size_words) {
        uint32_t size_words = v->size_words ? 2 * v->size_words : 1024;
        struct lm_vocabulary_word *words = reallocarray(v->words, size_words, sizeof *words);
        if (!words)
            return LM_VOCABULARY_FULL;
        v->words = words;
        v->size_words = size_words;
    }
    char *spelling = strndup(word, len);
    if (!spelling)
        return LM_VOCABULARY_FULL;
    v->words[v->n_words] = (struct lm_vocabulary_word){.spelling = spelling};
    v->slots[slot] = ++v->n_words;
    return v->n_words - 1;
}

uint32_t lm_vocabulary_number(struct lm_vocabulary *v, const char *word, size_t len) {
    if (2 * v->n_words >= v->n_slots && !grow(v))
        return LM_VOCABULARY_FULL;
    uint32_t at = hash(word, len) & (v->n_slots - 1);
    for (; v->slots[at]; at = (at + 1) & (v->n_slots - 1)) {
        const char *spelling = v->words[v->slots[at] - 1].spelling;
        if (strncmp(spelling, word, len) == 0 && spelling[len] == '\0')
            return v->slots[at] - 1;
    }
    return add(v, word, len, at);
}

void lm_vocabulary_count(struct lm_vocabulary *v, uint32_t number, double weight) {
    v->words[number].n++;
    v->words[number].weighted += weight;
}

static int by_weight(const void *pa, const void *pb) {
    const struct lm_vocabulary_word *a = *(const struct lm_vocabulary_word *const *)pa,
                                    *b = *(const struct lm_vocabulary_word *const *)pb;
    if (a->weighted != b->weighted)
        return a->weighted > b->weighted ? -1 : 1;
    return strcmp(a->spelling, b->spelling);
}

static int by_spelling(const void *pa, const void *pb) {
    return strcmp((*(const struct lm_vocabulary_word *const *)pa)->spelling,
                  (*(const struct lm_vocabulary_word *const *)pb)->spelling);
}

static bool may_be_in(const struct lm_vocabulary_word *w, bool (*usable)(void *user, const char *word, uint32_t n), void *user) {
    return strlen(w->spelling) <= LM_MAX_WORD_BYTES && !strpbrk(w->spelling, "0123456789") &&
           (!usable || usable(user, w->spelling, w->n));
}

int lm_vocabulary_choose(const struct lm_vocabulary *v, uint32_t max_words,
                         bool (*usable)(void *user, const char *word, uint32_t n), void *user, struct lm_tables *ret,
                         uint16_t **ret_symbols) {
    const struct lm_vocabulary_word **chosen = calloc(v->n_words + 1, sizeof *chosen);
    uint16_t *symbols = malloc((v->n_words + 1) * sizeof *symbols);
    uint32_t n = 0;
    int r = chosen && symbols ? 0 : -ENOMEM;
    for (uint32_t i = 0; r == 0 && i < v->n_words; i++) {
        symbols[i] = UINT16_MAX;
        if (may_be_in(&v->words[i], usable, user))
            chosen[n++] = &v->words[i];
    }
    if (r == 0 && n > 0)
        qsort(chosen, n, sizeof *chosen, by_weight);
    n = n < max_words ? n : max_words;
    n = n < LM_MAX_WORDS ? n : LM_MAX_WORDS;
    if (r == 0 && n == 0)
        r = -EINVAL;
    if (r == 0 && !(ret->words = calloc(n, sizeof *ret->words)))
        r = -ENOMEM;
    if (r == 0)
        qsort(chosen, n, sizeof *chosen, by_spelling);
    for (; r == 0 && ret->n_words < n; ret->n_words++) {
        const struct lm_vocabulary_word *w = chosen[ret->n_words];
        symbols[w - v->words] = (uint16_t)(ret->n_words + LM_N_SPECIAL_SYMBOLS);
        if (!(ret->words[ret->n_words] = strdup(w->spelling)))
            r = -ENOMEM;
    }
    free(chosen);
    if (r < 0) {
        free(symbols);
        return r;
    }
    *ret_symbols = symbols;
    return 0;
}
