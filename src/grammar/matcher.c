/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/matcher.c: token passing: a set of tokens enters an item at the left and leaves it at the right.
 *
 * A token records how much input is consumed and which slots are filled. Tokens that agree in both are merged, so the sets stay
 * small for every template (no backtracking, no exponential growth). The matches of a list at a position are computed once for all
 * templates. A set keeps the order in which the alternatives are written, because the first one wins a tie.
 */
#include "grammar/matcher.h"

#include "base/assert.h"
#include "grammar/digits.h"
#include "grammar/index.h"
#include "grammar/letters.h"

#include <errno.h>
#include <string.h>

enum {
    MOST_TOKENS = 512,  /* limit for one set; later tokens are dropped */
    LINEAR_TOKENS = 16, /* sets up to this size are searched without a hash table */
    TOKEN_TABLE = 2 * MOST_TOKENS,
    MOST_WORK = 20000000,
};

struct list_hit {
    const struct grammar_entry *entry; /* NULL: digits */
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

static void pass(struct grammar_matcher *m, const struct grammar_item *item, const struct grammar_tokens *in,
                 struct grammar_tokens *out);

/* Sets of tokens */

static bool same_fills(const struct grammar_fill *a, const struct grammar_fill *b) {
    for (; a && b && a != b; a = a->before, b = b->before) {
        if (a->start != b->start || a->end != b->end || a->unmatched != b->unmatched || a->entry != b->entry ||
            a->item->list != b->item->list)
            return false;
        if (a->value.text != b->value.text && (!a->value.text || !b->value.text || strcmp(a->value.text, b->value.text) != 0))
            return false;
        if (a->item->slot != b->item->slot && (!a->item->slot || !b->item->slot || strcmp(a->item->slot, b->item->slot) != 0))
            return false;
    }
    return a == b;
}

static uint64_t mix(uint64_t h, uint64_t value) {
    h = (h ^ value) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 32;
}

static bool same_token(const struct grammar_token *a, const struct grammar_token *b) {
    return a->at == b->at && a->gap == b->gap && a->origin == b->origin &&
           (a->fills ? a->fills->hash : 0) == (b->fills ? b->fills->hash : 0) && same_fills(a->fills, b->fills);
}

static size_t token_bucket(const struct grammar_tokens *set, const struct grammar_token *t) {
    uint64_t h = mix(mix(t->fills ? t->fills->hash : 0, t->at), (uint64_t)t->origin << 3 | t->gap);
    size_t bucket = (size_t)h & (set->n_table - 1);
    while (set->table[bucket] && !same_token(&set->items[set->table[bucket] - 1], t))
        bucket = (bucket + 1) & (set->n_table - 1);
    return bucket;
}

static bool has_token(const struct grammar_tokens *set, const struct grammar_token *t) {
    for (size_t i = 0; i < set->n; i++)
        if (same_token(&set->items[i], t))
            return true;
    return false;
}

static void make_table(struct grammar_matcher *m, struct grammar_tokens *set) {
    set->n_table = TOKEN_TABLE;
    set->table = grammar_pool_alloc(m->pool, set->n_table * sizeof *set->table);
    for (size_t i = 0; i < set->n; i++)
        set->table[token_bucket(set, &set->items[i])] = (uint32_t)i + 1;
}

static void add(struct grammar_matcher *m, struct grammar_tokens *set, struct grammar_token t) {
    if (++m->work > MOST_WORK)
        grammar_pool_escape(m->pool, -E2BIG);
    grammar_pool_spend(m->pool, 2);
    if (set->n >= MOST_TOKENS)
        return;
    if (set->n < LINEAR_TOKENS) {
        if (has_token(set, &t))
            return;
    } else {
        if (set->n_table == 0)
            make_table(m, set);
        size_t bucket = token_bucket(set, &t);
        if (set->table[bucket])
            return;
        set->table[bucket] = (uint32_t)set->n + 1;
    }
    *grammar_pool_push(m->pool, set->items, set->n, set->size) = t;
}

/* Replaces the origins of the last step's tokens by those of the tokens that entered the whole item, and merges equal tokens. */
static void settle(struct grammar_matcher *m, const struct grammar_tokens *in, const struct grammar_tokens *last,
                   struct grammar_tokens *out) {
    for (size_t i = 0; i < last->n; i++) {
        struct grammar_token t = last->items[i];
        t.origin = in->items[t.origin].origin;
        add(m, out, t);
    }
}

/* Stable sort by origin (below n_origins): results of the first token come first. */
static void order(struct grammar_matcher *m, struct grammar_tokens *set, size_t n_origins) {
    size_t i = 1;
    while (i < set->n && set->items[i - 1].origin <= set->items[i].origin)
        i++;
    if (i >= set->n)
        return;
    uint32_t *next = grammar_pool_alloc(m->pool, (n_origins + 1) * sizeof *next);
    struct grammar_token *sorted = grammar_pool_alloc(m->pool, set->size * sizeof *sorted);
    for (i = 0; i < set->n; i++)
        next[set->items[i].origin + 1]++;
    for (i = 0; i < n_origins; i++)
        next[i + 1] += next[i];
    for (i = 0; i < set->n; i++)
        sorted[next[set->items[i].origin]++] = set->items[i];
    set->items = sorted;
    set->n_table = 0; /* the indices have changed */
}

/* Letters */

static bool is_border(const struct grammar_matcher *m, uint32_t at) {
    uint32_t c = m->input->chars[at];
    return c == ' ' || c == '-' || c == '_'; /* "up-to-date" typed for "up to date" */
}

/* Whether one of the characters around a position is of a script without blanks between words. */
static bool is_unspaced(const struct grammar_matcher *m, uint32_t before, uint32_t behind) {
    return (before > 0 && grammar_is_unspaced(m->input->chars[before - 1])) ||
           (behind < m->input->n && grammar_is_unspaced(m->input->chars[behind]));
}

/* Whether a hyphen is between two words, and not a minus. */
static bool is_hyphen(const struct grammar_matcher *m, uint32_t at) {
    return is_border(m, at) && at + 1 < m->input->n && !grammar_is_digit(m->input->chars[at + 1]);
}

/* Skips the border that the gap requires. Returns false if there is none. In a script without blanks, people type one where they
 * like. */
static bool cross_gap(const struct grammar_matcher *m, struct grammar_token *t) {
    if (t->at < m->input->n && !m->ignore_whitespace) {
        bool blank = m->input->chars[t->at] == ' ';
        if (t->gap == GRAMMAR_GAP_NONE)
            t->at += blank && is_unspaced(m, t->at, t->at + 1);
        else if (blank || (t->gap == GRAMMAR_GAP_MUST && is_border(m, t->at)))
            t->at++;
        else if (t->gap == GRAMMAR_GAP_MUST && !is_unspaced(m, t->at, t->at))
            return false;
    }
    t->gap = GRAMMAR_GAP_NONE;
    return t->at < m->input->n;
}

/* People put a blank before free text and numbers where a script has none ("เป็น 24 องศา"). Returns false at the end of the text. */
static bool skip_blank(const struct grammar_matcher *m, struct grammar_token *t) {
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
        bool soft = t->gap == GRAMMAR_GAP_SOFT;
        if (!cross_gap(m, t))
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
        add(m, out, t);
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
            add(m, out, t);
        require_border(m, &t);
        add(m, item->n_items ? &padded : out, t);
    }
    if (item->n_items) {
        pass(m, item->items[0], &padded, &words);
        for (size_t i = 0; i < words.n; i++) {
            const struct grammar_token *from = &padded.items[words.items[i].origin];
            words.items[i].origin = from->origin;
            words.items[i].written = from->written; /* the sign, not its words */
            words.items[i].gap = GRAMMAR_GAP_MAY;
            add(m, out, words.items[i]);
        }
    }
    order(m, out, in->n);
}

/* Lists */

static tragus_value number_value(struct grammar_pool *pool, double real) {
    tragus_value v = {.type = TRAGUS_INTEGER, .real = real, .integer = (int64_t)real};
    if ((double)v.integer != real)
        v.type = TRAGUS_REAL;
    v.text =
        v.type == TRAGUS_INTEGER ? grammar_pool_format(pool, "%lld", (long long)v.integer) : grammar_pool_format(pool, "%g", real);
    return v;
}

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
                (struct list_hit){.end = end, .gap = GRAMMAR_GAP_SOFT, .value = number_value(m->lasting, value)};
            /* a soft gap: "10 %" and "10%", however the template has it */
            return;
        }
}

/* A list inside a value has its own values only: otherwise any text would be a value. */
static void try_entry(struct grammar_matcher *m, const struct grammar_list *list, struct grammar_list_memo *memo,
                      const struct grammar_entry *entry) {
    struct grammar_token start = {.at = memo->at, .gap = memo->gap};
    struct grammar_tokens in = {.items = &start, .n = 1, .size = 1}, out = {0};
    bool fills_unmatched = m->fills_unmatched;
    m->notes_written = memo->notes_written || entry->as_written;
    m->fills_unmatched = false;
    pass(m, entry->in, &in, &out);
    m->fills_unmatched = fills_unmatched;
    for (size_t k = 0; k < out.n; k++) {
        struct list_hit *hit = grammar_pool_push(m->lasting, memo->hits, memo->n_hits, memo->size_hits);
        *hit = (struct list_hit){.entry = entry, .end = out.items[k].at};
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
    if (!cross_gap(m, &first))
        return;
    struct grammar_token number = first;
    memo->start = skip_blank(m, &number) && list->n_ranges > 0 ? number.at : first.at;
    match_digits(m, list, memo);
    memo->start = memo->n_hits > 0 ? memo->start : first.at;
    if (list->kind == GRAMMAR_LIST_RANGE && memo->gap == GRAMMAR_GAP_VALUE && !is_unspaced(m, first.at, first.at) &&
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

static const struct grammar_fill *new_fill(struct grammar_matcher *m, const struct grammar_token *t, struct grammar_fill fill) {
    struct grammar_fill *copy = grammar_pool_alloc(m->pool, sizeof *copy);
    fill.before = t->fills;
    fill.n_unmatched = (uint8_t)((t->fills ? t->fills->n_unmatched : 0) + fill.unmatched);
    fill.hash = mix(mix(t->fills ? t->fills->hash : 1, (uint64_t)fill.start << 32 | fill.end),
                    (uint64_t)(uintptr_t)fill.entry ^ (uint64_t)(uintptr_t)fill.item->list << 1);
    for (const char *c = fill.item->list ? NULL : fill.value.text; c && *c; c++)
        fill.hash = mix(fill.hash, (uint64_t)(unsigned char)*c);
    *copy = fill;
    return copy;
}

/* Matches one or more words, few first. Ends within a word only if text follows without a blank. unmatched: in the place of a
 * value; for a range the one word must be a number. */
static void pass_wildcard(struct grammar_matcher *m, const struct grammar_item *item, const struct grammar_token *from,
                          uint32_t origin, bool unmatched, struct grammar_tokens *out) {
    struct grammar_token start = *from;
    if (!cross_gap(m, &start) || !skip_blank(m, &start))
        return;
    const struct grammar_input *in = m->input;
    bool is_number = unmatched && item->list->kind == GRAMMAR_LIST_RANGE;
    if (is_number && !grammar_is_digit(in->chars[start.at]))
        return;
    for (uint32_t end = start.at + 1; end <= in->n && out->n < MOST_TOKENS; end++) {
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
        t.fills = new_fill(m, from, (struct grammar_fill){.item = item, .start = start.at, .end = end, .unmatched = unmatched});
        struct grammar_written piece = {.wild = m->wild};
        piece.chars = grammar_input_spelled(in, start.at, end, &piece.n);
        grammar_note(m, &piece, &t);
        if (at_border && end < in->n)
            grammar_note_blank(m, &t);
        add(m, out, t);
    }
}

static void pass_list(struct grammar_matcher *m, const struct grammar_item *item, const struct grammar_tokens *in,
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
            t.fills = new_fill(m, from,
                               (struct grammar_fill){
                                   .item = item, .entry = hit->entry, .value = hit->value, .start = memo.start, .end = hit->end});
            struct grammar_written piece = {.value = &hit->value};
            if (hit->entry)
                piece = (struct grammar_written){
                    .text = hit->entry->spelling, .inside = hit->written, .value = hit->entry->has_out ? &hit->entry->out : NULL};
            else
                piece.chars = grammar_input_spelled(m->input, memo.start, hit->end, &piece.n);
            grammar_note(m, &piece, &t);
            add(m, out, t);
        }
        if (!any && m->fills_unmatched && (from->fills ? from->fills->n_unmatched : 0) < GRAMMAR_MAX_UNMATCHED)
            pass_wildcard(m, item, from, (uint32_t)i, true, out);
    }
}

/* Groups */

static void enter(const struct grammar_tokens *in, struct grammar_tokens *copy, struct grammar_matcher *m) {
    *copy = (struct grammar_tokens){0};
    for (size_t i = 0; i < in->n; i++) {
        struct grammar_token t = in->items[i];
        t.origin = (uint32_t)i;
        add(m, copy, t);
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
    pass(m, item->items[0], &inner, &done);
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
            t.fills = new_fill(m, &t, (struct grammar_fill){.item = item, .value = *value, .start = start, .end = t.at});
        }
        add(m, out, t);
    }
}

static void pass_sequence(struct grammar_matcher *m, const struct grammar_item *item, const struct grammar_tokens *in,
                          struct grammar_tokens *out) {
    struct grammar_tokens now;
    enter(in, &now, m);
    for (uint32_t i = 0; i < item->n_items && now.n > 0; i++) {
        struct grammar_tokens next = {0}, settled = {0};
        pass(m, item->items[i], &now, &next);
        settle(m, &now, &next, &settled);
        now = settled;
    }
    for (size_t i = 0; i < now.n; i++)
        add(m, out, now.items[i]);
}

static void pass_alternative(struct grammar_matcher *m, const struct grammar_item *item, const struct grammar_tokens *in,
                             struct grammar_tokens *out) {
    for (uint32_t i = 0; i < item->n_items; i++)
        pass(m, item->items[i], in, out);
    order(m, out, in->n);
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
            pass(m, item->items[i], &sets[said], &next);
            settle(m, &sets[said], &next, &sets[said | (size_t)1 << i]);
        }
    }
    for (size_t i = 0; i < sets[n_sets - 1].n; i++) {
        struct grammar_token t = sets[n_sets - 1].items[i];
        require_border(m, &t);
        grammar_note_blank(m, &t);
        add(m, out, t);
    }
    order(m, out, in->n);
}

/* Tokens of out get origin = their index in `in`. */
static void pass(struct grammar_matcher *m, const struct grammar_item *item, const struct grammar_tokens *in,
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
        pass_list(m, item, in, out);
        return;
    case GRAMMAR_ITEM_RULE:
        pass(m, item->items[0], in, out);
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
    pass(m, t->body, &in, &all);
    for (size_t i = 0; i < all.n; i++)
        if (all.items[i].at == m->input->n) {
            all.items[i].gap = GRAMMAR_GAP_NONE;
            add(m, &whole, all.items[i]);
        }
    return whole;
}

struct grammar_tokens grammar_match_from(struct grammar_matcher *m, const struct grammar_item *item, uint32_t from) {
    struct grammar_token start = {.at = from, .gap = GRAMMAR_GAP_MAY};
    struct grammar_tokens in = {.items = &start, .n = 1, .size = 1}, all = {0};
    m->block = NULL;
    pass(m, item, &in, &all);
    return all;
}
