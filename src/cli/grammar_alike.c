/* SPDX-License-Identifier: Apache-2.0 */
/* cli/grammar_alike.c: compares the names of each list by their phones. */
#include "cli/grammar_alike.h"
#include "engine/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_NAME 96 /* phones */

struct name {
    char *list, *spoken, *value;
    uint8_t phones[LONGEST_NAME];
    size_t n; /* 0: it has a word that cannot be pronounced, or is too long */
};

struct names {
    const struct lexicon *lexicon;
    struct lexicon_overrides *overrides;
    struct name *items;
    size_t n, size;
    bool too_many;
};

/* Fills in the phones of a name. */
static void pronounce(const struct names *all, struct name *name) {
    struct lexicon_pronunciation p;
    char *words = strdup(name->spoken), *rest = NULL;
    for (char *word = words ? strtok_r(words, " ", &rest) : NULL; word; word = strtok_r(NULL, " ", &rest)) {
        if (lexicon_pronounce(all->lexicon, all->overrides, word, &p, 1) <= 0 || name->n + p.n_phones > LONGEST_NAME) {
            name->n = 0;
            break;
        }
        memcpy(name->phones + name->n, p.phones, p.n_phones);
        name->n += p.n_phones;
    }
    free(words);
}

static int add_name(const char *list, const char *spoken, const char *value, void *user) {
    struct names *all = user;
    if (all->n == GRAMMAR_ALIKE_MOST) {
        all->too_many = true;
        return 0;
    }
    if (all->n == all->size) {
        size_t size = all->size ? 2 * all->size : 64;
        struct name *larger = reallocarray(all->items, size, sizeof(*larger));
        if (!larger)
            return -ENOMEM;
        all->items = larger;
        all->size = size;
    }
    struct name *name = &all->items[all->n++];
    *name = (struct name){.list = strdup(list), .spoken = strdup(spoken), .value = strdup(value)};
    if (!name->list || !name->spoken || !name->value)
        return -ENOMEM;
    pronounce(all, name);
    return 0;
}

/* The number of phones to change, add or drop (Levenshtein). */
static size_t distance(const struct name *a, const struct name *b) {
    size_t row[LONGEST_NAME + 1];
    for (size_t k = 0; k <= b->n; k++)
        row[k] = k;
    for (size_t i = 1; i <= a->n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t k = 1; k <= b->n; k++) {
            size_t change = diagonal + (a->phones[i - 1] != b->phones[k - 1]);
            diagonal = row[k];
            size_t step = (row[k] < row[k - 1] ? row[k] : row[k - 1]) + 1;
            row[k] = change < step ? change : step;
        }
    }
    return row[b->n];
}

/* Whether two names of a list with different values sound alike; then text says so. */
static bool are_alike(const struct name *a, const struct name *b, char *text, size_t size) {
    size_t longer = a->n > b->n ? a->n : b->n, shorter = a->n + b->n - longer, most = 1 + longer / 12;
    if (shorter == 0 || longer - shorter > most || strcmp(a->list, b->list) != 0 || strcmp(a->value, b->value) == 0)
        return false;
    size_t d = distance(a, b);
    if (d > most)
        return false;
    if (d == 0)
        snprintf(text, size, "{%.40s}: \"%.60s\" and \"%.60s\" sound the same; rename one", a->list, a->spoken, b->spoken);
    else
        snprintf(text, size, "{%.40s}: \"%.60s\" and \"%.60s\" sound alike: %zu of %zu phones differ", a->list, a->spoken,
                 b->spoken, d, longer);
    return true;
}

static void names_done(struct names *all) {
    for (size_t i = 0; i < all->n; i++) {
        free(all->items[i].list);
        free(all->items[i].spoken);
        free(all->items[i].value);
    }
    free(all->items);
    lexicon_overrides_free(all->overrides);
}

int grammar_alike(const tragus_grammar *g, tragus_model *m, const char *pronunciations, void (*found)(const char *text, void *user),
                  void *user, bool *ret_all, tragus_error *reterr) {
    struct names all = {.lexicon = engine_model_lexicon(m)};
    char text[256];

    int r = lexicon_overrides_new(&all.overrides);
    if (r < 0)
        return base_error_set(reterr, r, "out of memory");
    if (pronunciations)
        r = lexicon_overrides_load(all.overrides, all.lexicon, pronunciations, reterr);
    if (r >= 0 && (r = grammar_visit_values(engine_grammar_sentences(g), add_name, &all)) < 0)
        base_error_set(reterr, r, "out of memory");
    for (size_t i = 0; r >= 0 && i < all.n; i++)
        for (size_t k = i + 1; k < all.n; k++)
            if (are_alike(&all.items[i], &all.items[k], text, sizeof(text)))
                found(text, user);
    *ret_all = !all.too_many;
    names_done(&all);
    return r;
}
