/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/rank.c: ranks readings as Home Assistant does.
 *
 * Readings that fill slot `name` from a list come first, the longest name before others; then those with the fewest free-text
 * slots, the most literal text, the shortest free text. Otherwise the first template wins. */
#include "grammar/match.h"

#include <stdlib.h>
#include <string.h>

static int by_rank(const void *pa, const void *pb) {
    const struct grammar_candidate *a = *(const struct grammar_candidate *const *)pa,
                                   *b = *(const struct grammar_candidate *const *)pb;
    if (a->reading.n_unmatched != b->reading.n_unmatched)
        return a->reading.n_unmatched < b->reading.n_unmatched ? -1 : 1;
    if (a->reading.n_unmatched > 0 && a->n_literal != b->n_literal)
        return a->n_literal > b->n_literal ? -1 : 1;
    if (a->has_name != b->has_name)
        return a->has_name ? -1 : 1;
    if (a->n_name != b->n_name)
        return a->n_name > b->n_name ? -1 : 1;
    if (a->n_wildcards != b->n_wildcards)
        return a->n_wildcards < b->n_wildcards ? -1 : 1;
    if (a->n_literal != b->n_literal)
        return a->n_literal > b->n_literal ? -1 : 1;
    if (a->n_wild != b->n_wild)
        return a->n_wild < b->n_wild ? -1 : 1;
    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    return a < b ? -1 : a > b; /* in one array, in the order in which the alternatives were tried */
}

static bool same_reading(const struct grammar_reading *a, const struct grammar_reading *b) {
    if (strcmp(a->intent, b->intent) != 0 || a->n_slots != b->n_slots || strcmp(a->text, b->text) != 0 ||
        a->n_unmatched != b->n_unmatched)
        return false;
    for (size_t i = 0; i < a->n_unmatched; i++)
        if (strcmp(a->unmatched[i].slot, b->unmatched[i].slot) != 0 || strcmp(a->unmatched[i].text, b->unmatched[i].text) != 0)
            return false;
    for (size_t i = 0; i < a->n_slots; i++) {
        size_t k = 0;
        while (k < b->n_slots && strcmp(a->slots[i].name, b->slots[k].name) != 0)
            k++;
        if (k == b->n_slots || a->slots[i].value.type != b->slots[k].value.type ||
            strcmp(a->slots[i].value.text, b->slots[k].value.text) != 0)
            return false;
    }
    return true;
}

void grammar_rank(struct grammar_match *match, size_t max_readings) {
    const struct grammar_candidate **ranked = grammar_pool_alloc(&match->pool, (match->n + 1) * sizeof *ranked);
    size_t most = match->n < max_readings ? match->n : max_readings, n = 0;
    struct grammar_candidate *kept = grammar_pool_alloc(&match->pool, (most + 1) * sizeof *kept);
    for (size_t i = 0; i < match->n; i++)
        ranked[i] = &match->candidates[i];
    qsort(ranked, match->n, sizeof *ranked, by_rank);
    for (size_t i = 0; i < match->n && n < most; i++) {
        bool known = false;
        for (size_t k = 0; k < n && !known; k++)
            known = same_reading(&kept[k].reading, &ranked[i]->reading);
        if (!known)
            kept[n++] = *ranked[i];
    }
    match->candidates = kept;
    match->n = n;
}
