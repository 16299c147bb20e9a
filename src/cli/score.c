/* SPDX-License-Identifier: Apache-2.0 */
/* cli/score.c: alignment of words, comparison of slots, intervals. */
#include "cli/score.h"
#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct words {
    const char *word[SCORE_MAX_WORDS];
    size_t len[SCORE_MAX_WORDS];
    size_t n;
};

static bool is_gap(char c) {
    return c == ' ' || c == '\t' || c == '-' || c == '_';
}

static void split(struct words *w, const char *text) {
    w->n = 0;
    while (w->n < SCORE_MAX_WORDS) {
        while (is_gap(*text))
            text++;
        if (!*text)
            return;
        w->word[w->n] = text;
        while (*text && !is_gap(*text))
            text++;
        w->len[w->n] = (size_t)(text - w->word[w->n]);
        w->n++;
    }
}

static bool equal(const char *a, size_t a_len, const char *b, size_t b_len) {
    const char *a_end = a + a_len, *b_end = b + b_len;
    while (a < a_end && b < b_end)
        if (base_utf8_fold(base_utf8_next(&a, a_end)) != base_utf8_fold(base_utf8_next(&b, b_end)))
            return false;
    return a == a_end && b == b_end;
}

size_t score_n_errors(const struct score_errors *e) {
    return e->n_substituted + e->n_deleted + e->n_inserted;
}

struct score_errors score_words(const char *reference, const char *heard) {
    static struct words r, h;
    static struct score_errors row[SCORE_MAX_WORDS + 1]; /* row[j]: the first i words of r compared with the first j words of h */
    split(&r, reference);
    split(&h, heard);
    for (size_t j = 0; j <= h.n; j++)
        row[j] = (struct score_errors){.n_inserted = j};
    for (size_t i = 1; i <= r.n; i++) {
        struct score_errors diagonal = row[0];
        row[0].n_deleted++;
        for (size_t j = 1; j <= h.n; j++) {
            struct score_errors same = diagonal, deleted = row[j], inserted = row[j - 1];
            diagonal = row[j];
            same.n_substituted += !equal(r.word[i - 1], r.len[i - 1], h.word[j - 1], h.len[j - 1]);
            deleted.n_deleted++;
            inserted.n_inserted++;
            row[j] = same;
            if (score_n_errors(&deleted) < score_n_errors(&row[j]))
                row[j] = deleted;
            if (score_n_errors(&inserted) < score_n_errors(&row[j]))
                row[j] = inserted;
        }
    }
    struct score_errors result = row[h.n];
    result.n_words = r.n;
    return result;
}

static bool text_equal(const char *a, const char *b) {
    struct score_errors e = score_words(a, b);
    return score_n_errors(&e) == 0;
}

static bool is_number(json_object *o, double *ret) {
    json_type type = json_object_get_type(o);
    if (type != json_type_int && type != json_type_double) {
        /* The label may have a number as text where the grammar has a number, or the reverse. */
        char *end;
        const char *text = json_object_get_string(o);
        if (type != json_type_string || !*text)
            return false;
        *ret = strtod(text, &end);
        return *end == '\0';
    }
    *ret = json_object_get_double(o);
    return true;
}

static bool value_equal(json_object *a, json_object *b) {
    double x, y;
    if (is_number(a, &x) && is_number(b, &y))
        return fabs(x - y) < 1e-9;
    if (!a || !b)
        return a == b;
    return text_equal(json_object_get_string(a), json_object_get_string(b));
}

bool score_slots_equal(json_object *labelled, json_object *found) {
    size_t n_labelled = labelled ? (size_t)json_object_object_length(labelled) : 0;
    size_t n_found = found ? (size_t)json_object_object_length(found) : 0;
    if (n_labelled != n_found)
        return false;
    if (n_labelled == 0)
        return true;
    json_object_object_foreach(labelled, name, value) {
        json_object *other;
        if (!json_object_object_get_ex(found, name, &other) || !value_equal(value, other))
            return false;
    }
    return true;
}

void score_interval(size_t n_right, size_t n, double *ret_low, double *ret_high) {
    const double z = 1.959964; /* for 95 % */
    if (n == 0) {
        *ret_low = 0.0;
        *ret_high = 1.0;
        return;
    }
    double all = (double)n, p = (double)n_right / all, z2n = z * z / all;
    double middle = (p + z2n / 2) / (1 + z2n);
    double half = z * sqrt(p * (1 - p) / all + z2n / (4 * all)) / (1 + z2n);
    *ret_low = middle - half < 0.0 ? 0.0 : middle - half;
    *ret_high = middle + half > 1.0 ? 1.0 : middle + half;
}
