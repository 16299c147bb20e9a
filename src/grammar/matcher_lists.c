/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/matcher_lists.c: passes tokens through lists: values, numbers, free text. The matches of a list at a position are
 * computed once for all templates. */
#include "grammar/passing.h"

#include "grammar/digits.h"
#include "grammar/index.h"
#include "grammar/letters.h"
#include "grammar/value.h"

struct list_hit {
    const struct grammar_entry *entry; /* NULL: digits */
    const struct grammar_fill *inside; /* as in grammar_fill */
    tragus_value value;                /* of digits, or as written */
    uint32_t end;
    enum grammar_gap gap;
    const struct grammar_written *written;
};

struct grammar_list_memo {
    uint32_t list, at;
    enum grammar_gap gap;
    bool notes_written;                /* the hits have notes */
    const struct grammar_block *block; /* the hits are for templates of this block; NULL: for all */
    uint32_t start;                    /* position of its first letter */
    struct list_hit *hits;
    size_t n_hits, size_hits;
};

/* Matches digits at the token, as a number of the range. */
static void match_digits(struct grammar_matcher *m, const struct grammar_list *list, struct grammar_list_memo *memo) {
    for (int reading = 0; reading < GRAMMAR_N_DIGITS_READINGS; reading++)
        for (size_t i = 0; i < list->n_ranges; i++) {
            uint32_t end;
            double value;
            if (!grammar_digits_in(&list->ranges[i], (enum grammar_digits_reading)reading, m->input->chars, m->input->n,
                                   memo->start, &end, &value))
                continue;
            *grammar_pool_push(m->lasting, memo->hits, memo->n_hits, memo->size_hits) =
                (struct list_hit){.end = end, .gap = GRAMMAR_GAP_SOFT, .value = grammar_value_number(m->lasting, value)};
            /* a soft gap: "10 %" and "10%", however the template has it */
            return;
        }
}

/* Copies fills to where the memos are, which outlive the template. */
static const struct grammar_fill *keep_fills(struct grammar_matcher *m, const struct grammar_fill *fills) {
    const struct grammar_fill *kept = NULL, **at = &kept;
    for (; fills; fills = fills->before) {
        struct grammar_fill *copy = grammar_pool_alloc(m->lasting, sizeof *copy);
        *copy = *fills;
        *at = copy;
        at = &copy->before;
    }
    return kept;
}

/* A list inside a value has its own values only: otherwise any text would be a value. */
static void try_entry(struct grammar_matcher *m, const struct grammar_list *list, struct grammar_list_memo *memo,
                      const struct grammar_entry *entry) {
    struct grammar_token start = {.at = memo->at, .gap = memo->gap};
    struct grammar_tokens in = {.items = &start, .n = 1, .size = 1}, out = {0};
    bool fills_unmatched = m->fills_unmatched;
    m->notes_written = memo->notes_written || entry->as_written;
    m->fills_unmatched = false;
    grammar_pass(m, entry->in, &in, &out);
    m->fills_unmatched = fills_unmatched;
    for (size_t k = 0; k < out.n; k++) {
        struct list_hit *hit = grammar_pool_push(m->lasting, memo->hits, memo->n_hits, memo->size_hits);
        *hit = (struct list_hit){.entry = entry, .inside = keep_fills(m, out.items[k].fills), .end = out.items[k].at};
        hit->gap = list->kind == GRAMMAR_LIST_RANGE       ? GRAMMAR_GAP_MAY
                   : out.items[k].gap == GRAMMAR_GAP_NONE ? GRAMMAR_GAP_VALUE
                                                          : out.items[k].gap;
        hit->written = out.items[k].written;
        if (entry->as_written)
            hit->value = grammar_output_value(m->lasting, &(const struct grammar_item){0}, hit->written);
    }
    m->notes_written = memo->notes_written;
}

static void fill_memo(struct grammar_matcher *m, const struct grammar_list *list, struct grammar_list_memo *memo) {
    struct grammar_token first = {.at = memo->at, .gap = memo->gap};
    struct grammar_index_search search;
    size_t i;
    if (!grammar_cross_gap(m, &first))
        return;
    struct grammar_token number = first;
    memo->start = grammar_skip_blank(m, &number) && list->n_ranges > 0 ? number.at : first.at;
    match_digits(m, list, memo);
    memo->start = memo->n_hits > 0 ? memo->start : first.at;
    if (list->kind == GRAMMAR_LIST_RANGE && memo->gap == GRAMMAR_GAP_VALUE && !grammar_has_no_blank(m, first.at, first.at) &&
        !m->ignore_whitespace)
        return; /* number words are not glued to a value ("some one") */
    if (!list->index) {
        for (i = 0; i < list->n_entries; i++)
            try_entry(m, list, memo, &list->entries[i]);
        return;
    }
    grammar_index_begin(&search, list->index, m->input->chars + first.at, m->input->n - first.at);
    while (grammar_index_next(&search, &i))
        try_entry(m, list, memo, &list->entries[i]);
}

static size_t memo_bucket(const struct grammar_matcher *m, const struct grammar_list_memo *like) {
    uint32_t state = (uint32_t)like->gap << 1 | like->notes_written;
    size_t h = (like->list * 0x9E3779B1u ^ like->at * 0x85EBCA77u ^ state * 0xC2B2AE3Du) & (m->n_buckets - 1);
    while (m->buckets[h]) {
        const struct grammar_list_memo *memo = &m->memos[m->buckets[h] - 1];
        if (memo->list == like->list && memo->at == like->at && memo->gap == like->gap &&
            memo->notes_written == like->notes_written && (!memo->block || memo->block == like->block))
            break;
        h = (h + 1) & (m->n_buckets - 1);
    }
    return h;
}

/* Returns an index into memos, because growing moves the array. */
static size_t list_at(struct grammar_matcher *m, const struct grammar_list *list, const struct grammar_token *t) {
    if (m->n_memos * 2 >= m->n_buckets) {
        m->n_buckets = m->n_buckets ? m->n_buckets * 2 : 64;
        m->buckets = grammar_pool_alloc(m->lasting, m->n_buckets * sizeof *m->buckets);
        for (size_t i = 0; i < m->n_memos; i++)
            m->buckets[memo_bucket(m, &m->memos[i])] = (uint32_t)i + 1;
    }
    struct grammar_list_memo memo = {
        .list = list->number, .at = t->at, .gap = t->gap, .notes_written = m->notes_written, .block = m->block};
    size_t bucket = memo_bucket(m, &memo);
    if (m->buckets[bucket])
        return m->buckets[bucket] - 1;
    bool outer = m->of_block;
    m->of_block = false;
    fill_memo(m, list, &memo);
    memo.block = m->of_block ? m->block : NULL;
    m->of_block = outer;
    *grammar_pool_push(m->lasting, m->memos, m->n_memos, m->size_memos) = memo;
    m->buckets[memo_bucket(m, &memo)] = (uint32_t)m->n_memos;
    return m->n_memos - 1;
}

/* Matches one or more words, few first. Ends within a word only if text follows without a blank. unmatched: in the place of a
 * value; for a range the one word must be a number. */
static void pass_wildcard(struct grammar_matcher *m, const struct grammar_item *item, const struct grammar_token *from,
                          uint32_t origin, bool unmatched, struct grammar_tokens *out) {
    struct grammar_token start = *from;
    if (!grammar_cross_gap(m, &start) || !grammar_skip_blank(m, &start))
        return;
    const struct grammar_input *in = m->input;
    bool is_number = unmatched && item->list->kind == GRAMMAR_LIST_RANGE;
    if (is_number && !grammar_is_digit(in->chars[start.at]))
        return;
    for (uint32_t end = start.at + 1; end <= in->n && out->n < GRAMMAR_MOST_TOKENS; end++) {
        bool at_border = end == in->n || in->chars[end] == ' ';
        if (is_number && in->chars[end - 1] == ' ')
            break;
        bool ends_number = is_number && !at_border && !grammar_is_digit(in->chars[end]); /* "200%" */
        if (in->chars[end - 1] == ' ' || (!at_border && !ends_number && !item->joins && !m->ignore_whitespace))
            continue;
        struct grammar_token t = start;
        t.at = end;
        t.gap = at_border || ends_number ? GRAMMAR_GAP_MAY : GRAMMAR_GAP_NONE; /* "{album}[by {artist}]" */
        t.origin = origin;
        t.fills =
            grammar_fill_new(m, from, (struct grammar_fill){.item = item, .start = start.at, .end = end, .unmatched = unmatched});
        struct grammar_written piece = {.wild = m->wild};
        piece.chars = grammar_input_spelled(in, start.at, end, &piece.n);
        grammar_note(m, &piece, &t);
        if (at_border && end < in->n)
            grammar_note_blank(m, &t);
        grammar_tokens_add(m, out, t);
    }
}

void grammar_pass_list(struct grammar_matcher *m, const struct grammar_item *item, const struct grammar_tokens *in,
                       struct grammar_tokens *out) {
    for (size_t i = 0; i < in->n; i++) {
        const struct grammar_token *from = &in->items[i];
        if (item->list->kind == GRAMMAR_LIST_WILDCARD) {
            pass_wildcard(m, item, from, (uint32_t)i, false, out);
            continue;
        }
        size_t index = list_at(m, item->list, from);
        const struct grammar_list_memo memo = m->memos[index];
        bool any = false;
        m->of_block |= memo.block != NULL;
        for (size_t k = 0; k < memo.n_hits; k++) {
            const struct list_hit *hit = &memo.hits[k];
            m->of_block |= hit->entry && hit->entry->n_context > 0;
            if (hit->entry && m->block && !grammar_entry_fits(hit->entry, m->block))
                continue;
            any = true;
            struct grammar_token t = *from;
            t.at = hit->end;
            t.gap = hit->gap;
            t.origin = (uint32_t)i;
            t.fills = grammar_fill_new(m, from,
                                       (struct grammar_fill){.item = item,
                                                             .entry = hit->entry,
                                                             .inside = hit->inside,
                                                             .value = hit->value,
                                                             .start = memo.start,
                                                             .end = hit->end});
            struct grammar_written piece = {.value = &hit->value};
            if (hit->entry)
                piece = (struct grammar_written){
                    .text = hit->entry->spelling, .inside = hit->written, .value = hit->entry->has_out ? &hit->entry->out : NULL};
            else
                piece.chars = grammar_input_spelled(m->input, memo.start, hit->end, &piece.n);
            grammar_note(m, &piece, &t);
            grammar_tokens_add(m, out, t);
        }
        if (!any && m->fills_unmatched && (from->fills ? from->fills->n_unmatched : 0) < GRAMMAR_MAX_UNMATCHED)
            pass_wildcard(m, item, from, (uint32_t)i, true, out);
    }
}
