/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/matcher.c: token passing: a set of tokens enters an item at the left and leaves it at the right.
 *
 * A token records how much input is consumed and which slots are filled. Tokens that agree in both are merged, so the sets stay
 * small for every template (no backtracking, no exponential growth).
 */
#include "grammar/passing.h"

#include "grammar/letters.h"

#include <string.h>

/* Letters */

static bool is_border(const struct grammar_matcher *m, uint32_t at) {
    uint32_t c = m->input->chars[at];
    return c == ' ' || c == '-' || c == '_'; /* "up-to-date" typed for "up to date" */
}

bool grammar_has_no_blank(const struct grammar_matcher *m, uint32_t before, uint32_t behind) {
    return (before > 0 && grammar_is_unspaced(m->input->chars[before - 1])) ||
           (behind < m->input->n && grammar_is_unspaced(m->input->chars[behind]));
}

/* Whether a hyphen is between two words, and not a minus. */
static bool is_hyphen(const struct grammar_matcher *m, uint32_t at) {
    return is_border(m, at) && at + 1 < m->input->n && !grammar_is_digit(m->input->chars[at + 1]);
}

/* Whether the parts of a word meet there: Persian people write a blank, a non-joiner or nothing. */
static bool has_non_joiner(const struct grammar_matcher *m, uint32_t at) {
    const struct grammar_input *in = m->input;
    return at > 0 && grammar_has_non_joiner(in->text, in->from[at - 1], in->from[at] - in->from[at - 1]);
}

/* In a script without blanks, people type one where they like. */
bool grammar_cross_gap(const struct grammar_matcher *m, struct grammar_token *t) {
    if (t->at < m->input->n && !m->ignore_whitespace) {
        bool blank = m->input->chars[t->at] == ' ';
        if (t->gap == GRAMMAR_GAP_NONE)
            t->at += blank && grammar_has_no_blank(m, t->at, t->at + 1);
        else if (blank || (t->gap == GRAMMAR_GAP_MUST && is_border(m, t->at)))
            t->at++;
        else if (t->gap == GRAMMAR_GAP_MUST && !grammar_has_no_blank(m, t->at, t->at) && !has_non_joiner(m, t->at))
            return false;
    }
    t->gap = GRAMMAR_GAP_NONE;
    return t->at < m->input->n;
}

bool grammar_skip_blank(const struct grammar_matcher *m, struct grammar_token *t) {
    t->at += t->at < m->input->n && m->input->chars[t->at] == ' ';
    return t->at < m->input->n;
}

/* A border behind the value of a list need not be typed ("10%", "Schlafzimmerlampen"); everywhere else it must be. */
static void require_border(const struct grammar_matcher *m, struct grammar_token *t) {
    if (t->at == 0 || m->ignore_whitespace)
        return;
    t->gap = t->gap == GRAMMAR_GAP_VALUE || t->gap == GRAMMAR_GAP_SOFT ? GRAMMAR_GAP_SOFT : GRAMMAR_GAP_MUST;
}

static bool eat(const struct grammar_matcher *m, struct grammar_token *t, const uint32_t *chars, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        if (chars[i] == ' ') {
            require_border(m, t);
            continue;
        }
        if (chars[i] == GRAMMAR_NON_JOINER) {
            t->gap = t->gap == GRAMMAR_GAP_NONE ? GRAMMAR_GAP_MAY : t->gap;
            continue;
        }
        bool soft = t->gap == GRAMMAR_GAP_SOFT;
        if (!grammar_cross_gap(m, t))
            return false;
        if (soft && m->input->chars[t->at] != chars[i] && is_hyphen(m, t->at)) /* "{area} light" typed "kitchen-light" */
            t->at++;
        if (m->input->chars[t->at] != chars[i])
            return false;
        t->at++;
        t->n_literal++;
    }
    return true;
}

static void pass_text(struct grammar_matcher *m, const struct grammar_item *item, const struct grammar_tokens *in,
                      struct grammar_tokens *out) {
    for (size_t i = 0; i < in->n; i++) {
        struct grammar_token t = in->items[i];
        t.origin = (uint32_t)i;
        bool glued = item->n_chars == 1 && item->chars[0] == ' ' && t.at < m->input->n && m->input->chars[t.at] != ' ' &&
                     (t.gap == GRAMMAR_GAP_VALUE || t.gap == GRAMMAR_GAP_SOFT);
        if (!eat(m, &t, item->chars, item->n_chars))
            continue;
        if (!glued) /* written as it was typed: "15%" */
            grammar_note_item(m, item, &t);
        grammar_tokens_add(m, out, t);
    }
}

/* As typed, or as spoken with borders on both sides. */
static void pass_spoken(struct grammar_matcher *m, const struct grammar_item *item, const struct grammar_tokens *in,
                        struct grammar_tokens *out) {
    struct grammar_tokens padded = {0}, words = {0};
    pass_text(m, item, in, out);
    for (size_t i = 0; i < in->n; i++) {
        struct grammar_token t = in->items[i];
        t.origin = (uint32_t)i;
        grammar_note_item(m, item, &t);
        if (item->n_items == 0 && grammar_has_digit(item->chars, item->n_chars))
            continue; /* a number without words is not left out as a sign is */
        if (item->n_items == 0 && item->joins)
            grammar_tokens_add(m, out, t);
        require_border(m, &t);
        grammar_tokens_add(m, item->n_items ? &padded : out, t);
    }
    if (item->n_items) {
        grammar_pass(m, item->items[0], &padded, &words);
        for (size_t i = 0; i < words.n; i++) {
            const struct grammar_token *from = &padded.items[words.items[i].origin];
            words.items[i].origin = from->origin;
            words.items[i].written = from->written; /* the sign, not its words */
            words.items[i].gap = GRAMMAR_GAP_MAY;
            grammar_tokens_add(m, out, words.items[i]);
        }
    }
    grammar_tokens_order(m, out, in->n);
}

/* Groups */

static void enter(const struct grammar_tokens *in, struct grammar_tokens *copy, struct grammar_matcher *m) {
    *copy = (struct grammar_tokens){0};
    for (size_t i = 0; i < in->n; i++) {
        struct grammar_token t = in->items[i];
        t.origin = (uint32_t)i;
        grammar_tokens_add(m, copy, t);
    }
}

/* Fills a slot, or puts another text in place of what is said. To know its text, what is inside is noted in any case. */
static void pass_output(struct grammar_matcher *m, const struct grammar_item *item, const struct grammar_tokens *in,
                        struct grammar_tokens *out) {
    struct grammar_tokens inner, done = {0};
    bool notes_written = m->notes_written;
    enter(in, &inner, m);
    for (size_t i = 0; i < inner.n; i++)
        inner.items[i].written = NULL;
    m->notes_written = true;
    grammar_pass(m, item->items[0], &inner, &done);
    m->notes_written = notes_written;
    for (size_t i = 0; i < done.n; i++) {
        struct grammar_token t = done.items[i];
        const struct grammar_token *from = &in->items[t.origin];
        tragus_value *value = grammar_pool_alloc(m->lasting, sizeof *value);
        *value = grammar_output_value(m->lasting, item, t.written);
        struct grammar_written piece = {.inside = t.written};
        if (!item->value || item->replaces)
            piece.value = value; /* else the value is only the slot's */
        if (item->replaces || (item->conversions && !item->value))
            piece.text = value->text;
        t.written = from->written;
        grammar_note(m, &piece, &t);
        if (item->slot) {
            uint32_t start = from->at;
            while (start < t.at && m->input->chars[start] == ' ')
                start++;
            t.fills = grammar_fill_new(m, &t, (struct grammar_fill){.item = item, .value = *value, .start = start, .end = t.at});
        }
        grammar_tokens_add(m, out, t);
    }
}

static void pass_sequence(struct grammar_matcher *m, const struct grammar_item *item, const struct grammar_tokens *in,
                          struct grammar_tokens *out) {
    struct grammar_tokens now;
    enter(in, &now, m);
    for (uint32_t i = 0; i < item->n_items && now.n > 0; i++) {
        struct grammar_tokens next = {0}, settled = {0};
        grammar_pass(m, item->items[i], &now, &next);
        grammar_tokens_settle(m, &now, &next, &settled);
        now = settled;
    }
    for (size_t i = 0; i < now.n; i++)
        grammar_tokens_add(m, out, now.items[i]);
}

static void pass_alternative(struct grammar_matcher *m, const struct grammar_item *item, const struct grammar_tokens *in,
                             struct grammar_tokens *out) {
    for (uint32_t i = 0; i < item->n_items; i++)
        grammar_pass(m, item->items[i], in, out);
    grammar_tokens_order(m, out, in->n);
}

/* Keeps a set of tokens for each subset of the parts said so far; each part is between blanks. */
static void pass_permutation(struct grammar_matcher *m, const struct grammar_item *item, const struct grammar_tokens *in,
                             struct grammar_tokens *out) {
    size_t n_sets = (size_t)1 << item->n_items;
    struct grammar_tokens *sets = grammar_pool_alloc(m->pool, n_sets * sizeof *sets);
    enter(in, &sets[0], m);
    for (size_t said = 0; said + 1 < n_sets; said++) {
        for (size_t i = 0; i < sets[said].n; i++) {
            require_border(m, &sets[said].items[i]);
            grammar_note_blank(m, &sets[said].items[i]);
        }
        for (uint32_t i = 0; i < item->n_items && sets[said].n > 0; i++) {
            if (said >> i & 1)
                continue;
            struct grammar_tokens next = {0};
            grammar_pass(m, item->items[i], &sets[said], &next);
            grammar_tokens_settle(m, &sets[said], &next, &sets[said | (size_t)1 << i]);
        }
    }
    for (size_t i = 0; i < sets[n_sets - 1].n; i++) {
        struct grammar_token t = sets[n_sets - 1].items[i];
        require_border(m, &t);
        grammar_note_blank(m, &t);
        grammar_tokens_add(m, out, t);
    }
    grammar_tokens_order(m, out, in->n);
}

void grammar_pass(struct grammar_matcher *m, const struct grammar_item *item, const struct grammar_tokens *in,
                  struct grammar_tokens *out) {
    if (in->n == 0)
        return;
    grammar_pool_spend(m->pool, 1 + in->n);
    switch (item->kind) {
    case GRAMMAR_ITEM_TEXT:
        pass_text(m, item, in, out);
        return;
    case GRAMMAR_ITEM_SPOKEN:
        pass_spoken(m, item, in, out);
        return;
    case GRAMMAR_ITEM_SEQUENCE:
        pass_sequence(m, item, in, out);
        return;
    case GRAMMAR_ITEM_ALTERNATIVE:
        pass_alternative(m, item, in, out);
        return;
    case GRAMMAR_ITEM_PERMUTATION:
        pass_permutation(m, item, in, out);
        return;
    case GRAMMAR_ITEM_LIST:
        grammar_pass_list(m, item, in, out);
        return;
    case GRAMMAR_ITEM_RULE:
        grammar_pass(m, item->items[0], in, out);
        return;
    case GRAMMAR_ITEM_OUTPUT:
        pass_output(m, item, in, out);
        return;
    }
}

void grammar_matcher_init(struct grammar_matcher *m, struct grammar_pool *pool, struct grammar_pool *lasting,
                          const struct grammar_input *input, bool ignore_whitespace) {
    memset(m, 0, sizeof *m);
    m->pool = pool;
    m->lasting = lasting;
    m->input = input;
    m->ignore_whitespace = ignore_whitespace;
}

struct grammar_tokens grammar_match_template(struct grammar_matcher *m, const struct grammar_template *t) {
    struct grammar_token start = {.gap = GRAMMAR_GAP_MAY};
    struct grammar_tokens in = {.items = &start, .n = 1, .size = 1}, all = {0}, whole = {0};
    m->block = t->block;
    grammar_pass(m, t->body, &in, &all);
    for (size_t i = 0; i < all.n; i++)
        if (all.items[i].at == m->input->n) {
            all.items[i].gap = GRAMMAR_GAP_NONE;
            grammar_tokens_add(m, &whole, all.items[i]);
        }
    return whole;
}

struct grammar_tokens grammar_match_from(struct grammar_matcher *m, const struct grammar_item *item, uint32_t from) {
    struct grammar_token start = {.at = from, .gap = GRAMMAR_GAP_MAY};
    struct grammar_tokens in = {.items = &start, .n = 1, .size = 1}, all = {0};
    m->block = NULL;
    grammar_pass(m, item, &in, &all);
    return all;
}
