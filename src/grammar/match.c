/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/match.c: finds the readings of a text and ranks them like Home Assistant.
 *
 * Readings that fill slot `name` from a list come first, the longest name before others; then those with the fewest free-text
 * slots, the most literal text, the shortest free text. Otherwise the first template wins. Skip words are removed only if nothing
 * without free text matches.
 */
#include "grammar/matcher.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "grammar/correct.h"
#include "grammar/letters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_READINGS = 1000, /* limit before ranking */
    LARGEST_MATCH = 64 << 20,
};

struct candidate {
    struct grammar_reading reading;
    bool has_name;
    uint32_t n_name, n_wildcards, n_literal, n_wild; /* n_wild: characters of wildcards, or of what no list has */
    size_t order;
    struct grammar_input input; /* what the template matched: without skip words, if they were left out */
    size_t token;               /* index of its token among those that the template gives */
};

struct grammar_match {
    struct grammar_pool pool;
    struct candidate *candidates;
    size_t n, size;
};

struct job {
    const struct grammar *g;
    struct grammar_match *match;
    struct grammar_pool work;
    struct grammar_costs costs;
    struct grammar_match_options options;
    const char *typed;
    bool fills_unmatched;       /* words that no list has may stand in the place of a list */
    const char *corrected;      /* NULL: the text is as typed */
    struct grammar_input input; /* the whole text */
    const char *text;           /* its normalised form */
    bool too_long;
};

/* Looks up a key in the caller's context and in that of the chosen values; the newest wins. */
static const char *context_value(const struct job *j, const struct grammar_fill *fills, const char *key) {
    for (const struct grammar_fill *f = fills; f; f = f->before)
        for (size_t i = 0; f->entry && i < f->entry->n_context; i++)
            if (strcmp(f->entry->context[i].key, key) == 0)
                return f->entry->context[i].value;
    for (size_t i = j->options.n_context; i > 0; i--)
        if (j->options.context[i - 1].key && strcmp(j->options.context[i - 1].key, key) == 0)
            return j->options.context[i - 1].value;
    return NULL;
}

static bool context_allows(const struct job *j, const struct grammar_block *b, const struct grammar_fill *fills) {
    bool may_miss = fills && fills->n_unmatched > 0; /* a value that is in no list might have it */
    for (size_t i = 0; i < b->n_required; i++) {
        const char *value = context_value(j, fills, b->required[i].key);
        if (!grammar_condition_holds(&b->required[i], value) && (value || !may_miss))
            return false;
    }
    for (size_t i = 0; i < b->n_excluded; i++)
        if (grammar_condition_holds(&b->excluded[i], context_value(j, fills, b->excluded[i].key)))
            return false;
    return true;
}

static struct grammar_slot *slot_of(struct grammar_reading *r, const char *name) {
    for (size_t i = 0; i < r->n_slots; i++)
        if (strcmp(r->slots[i].name, name) == 0)
            return &r->slots[i];
    if (r->n_slots == GRAMMAR_MAX_SLOTS)
        return NULL;
    r->slots[r->n_slots].name = name;
    return &r->slots[r->n_slots++];
}

static bool has_slot(const struct grammar_reading *r, const char *name) {
    for (size_t i = 0; i < r->n_slots; i++)
        if (strcmp(r->slots[i].name, name) == 0)
            return true;
    return false;
}

static tragus_value value_of(const struct job *j, const struct grammar_input *in, const struct grammar_fill *f) {
    struct grammar_pool *pool = &j->match->pool;
    tragus_value v = {.type = TRAGUS_TEXT};
    if (f->entry && f->entry->has_out)
        return f->entry->out;
    if (f->value.text) {
        v = f->value;
        v.text = grammar_pool_text(pool, v.text, strlen(v.text));
    } else if (f->entry && f->entry->spelling) {
        v.text = f->entry->spelling;
    } else {
        v.text = grammar_input_text(in, pool, f->start, f->end);
    }
    return v;
}

/* Builds the `out` text of a sentence; {slot} in it is replaced by the slot's value. */
static const char *output_text(const struct job *j, const char *out, const struct grammar_reading *r) {
    struct grammar_pool *pool = &j->match->pool;
    const char *text = "";
    while (*out) {
        const char *open = strchr(out, '{'), *close = open ? strchr(open, '}') : NULL, *value = NULL;
        for (size_t i = 0; close && i < r->n_slots; i++)
            if (strlen(r->slots[i].name) == (size_t)(close - open - 1) &&
                memcmp(r->slots[i].name, open + 1, (size_t)(close - open - 1)) == 0)
                value = r->slots[i].value.text;
        const char *next = value ? close + 1 : close ? close + 1 : out + strlen(out);
        size_t n = (size_t)((value ? open : next) - out);
        text = grammar_pool_format(pool, "%s%.*s%s", text, (int)n, out, value ? value : "");
        out = next;
    }
    return text;
}

static void add_unmatched(struct job *j, const struct grammar_input *in, const struct grammar_fill *f, struct grammar_reading *r) {
    const char *text = grammar_input_text(in, &j->match->pool, f->start, f->end);
    base_assert(f->item->list && r->n_unmatched < GRAMMAR_MAX_UNMATCHED);
    r->unmatched[r->n_unmatched++] = (tragus_unmatched){f->item->slot ? f->item->slot : f->item->list->name, text};
}

/* Adds the slots that the block has, in the words of its files or from the context. */
static void add_fixed_slots(struct job *j, const struct grammar_block *b, const struct grammar_fill *fills,
                            struct grammar_reading *r) {
    size_t n_said = r->n_slots;
    for (size_t i = 0; i < b->n_slots; i++) {
        struct grammar_slot *slot = has_slot(r, b->slots[i].name) ? NULL : slot_of(r, b->slots[i].name);
        if (slot) {
            slot->value = b->slots[i].value;
            slot->fixed = true;
        }
    }
    for (size_t i = 0; i < b->n_required; i++) {
        const struct grammar_condition *c = &b->required[i];
        const char *value = context_value(j, fills, c->key);
        struct grammar_slot *slot = value && c->slot ? slot_of(r, c->slot) : NULL;
        if (slot && slot >= r->slots + n_said) { /* the context wins over the block, as in hassil, but not over words */
            slot->value = (tragus_value){.type = TRAGUS_TEXT, .text = grammar_pool_text(&j->match->pool, value, strlen(value))};
            slot->fixed = true;
        }
    }
}

static void add_reading(struct job *j, const struct grammar_input *in, size_t order, const struct grammar_token *token,
                        size_t index) {
    const struct grammar_template *t = &j->g->templates[order];
    if (j->match->n >= MOST_READINGS || !context_allows(j, t->block, token->fills))
        return;
    if (token->fills && token->fills->n_unmatched > 0 && token->n_literal == 0)
        return; /* would fit any text */
    struct candidate c = {.order = order, .n_literal = token->n_literal, .input = *in, .token = index};
    struct grammar_reading *r = &c.reading;
    const struct grammar_fill *fills[4 * GRAMMAR_MAX_SLOTS];
    size_t n = 0;
    for (const struct grammar_fill *f = token->fills; f && n < sizeof fills / sizeof fills[0]; f = f->before)
        fills[n++] = f;
    while (n > 0) {
        const struct grammar_fill *f = fills[--n];
        bool wildcard = f->item->list && f->item->list->kind == GRAMMAR_LIST_WILDCARD;
        if (wildcard) {
            c.n_wildcards++;
            c.n_wild += f->end - f->start;
        }
        if (f->unmatched) {
            c.n_wild += f->end - f->start;
            add_unmatched(j, in, f, r);
            continue;
        }
        struct grammar_slot *slot = f->item->slot ? slot_of(r, f->item->slot) : NULL;
        if (!slot)
            continue;
        slot->value = value_of(j, in, f);
        slot->wildcard = wildcard;
        slot->fixed = f->start >= f->end; /* no word belongs to it */
        if (!slot->fixed) {
            slot->first_word = in->word[f->start];
            slot->n_words = (uint32_t)(in->word[f->end - 1] - in->word[f->start] + 1);
        }
        if (strcmp(slot->name, "name") == 0) {
            c.has_name = !wildcard;
            c.n_name = wildcard ? 0 : f->end - f->start;
        }
    }
    add_fixed_slots(j, t->block, token->fills, r);
    r->intent = t->block->intent;
    r->response = t->block->response;
    r->metadata = t->block->metadata;
    r->n_metadata = t->block->n_metadata;
    r->corrected = j->corrected;
    r->min_confidence = t->block->min_confidence;
    r->template_text = t->text;
    r->text = t->out ? output_text(j, t->out, r) : j->text;
    *grammar_pool_push(&j->match->pool, j->match->candidates, j->match->n, j->match->size) = c;
}

static void match_templates(struct job *j, const struct grammar_input *in, bool (*fits)(const struct grammar_template *t)) {
    struct grammar_matcher m;
    grammar_matcher_init(&m, &j->work, &j->match->pool, in, j->g->ignore_whitespace);
    m.fills_unmatched = j->fills_unmatched;
    for (size_t i = 0; i < j->g->n_templates && in->n > 0; i++) {
        if (j->g->templates[i].spoken_only || !fits(&j->g->templates[i]))
            continue;
        const struct grammar_template *t = &j->g->templates[i];
        struct grammar_cost outer = grammar_costs_begin(&j->costs, t->position, t->text);
        struct grammar_pool_mark mark = grammar_pool_mark(&j->work);
        struct grammar_tokens whole = grammar_match_template(&m, &j->g->templates[i]);
        for (size_t k = 0; k < whole.n; k++)
            add_reading(j, in, i, &whole.items[k], k);
        grammar_pool_release(&j->work, mark);
        grammar_costs_resume(&j->costs, &outer);
    }
}

/* Skip words */

static bool fits_any(const struct grammar_template *t) {
    (void)t;
    return true;
}

static bool has_closed_ends(const struct grammar_template *t) {
    return !t->starts_wild && !t->ends_wild;
}

static bool only_ends_wild(const struct grammar_template *t) {
    return t->ends_wild && !t->starts_wild;
}

static bool only_starts_wild(const struct grammar_template *t) {
    return t->starts_wild && !t->ends_wild;
}

static uint32_t end_of_word(const struct grammar_input *in, uint32_t at) {
    while (at < in->n && in->chars[at] != ' ')
        at++;
    return at;
}

/* Returns where the longest skip word ends that begins at a character; 0: there is none. */
static uint32_t skip_word_at(struct job *j, struct grammar_matcher *m, uint32_t at) {
    const struct grammar_input *in = &j->input;
    for (size_t s = 0; s < j->g->n_skip_words; s++) {
        const struct grammar_tokens found = grammar_match_from(m, j->g->skip_words[s], at);
        uint32_t end = 0;
        for (size_t i = 0; i < found.n; i++) {
            uint32_t to = found.items[i].at;
            if (to > end && (to == in->n || in->chars[to] == ' ' || j->g->ignore_whitespace))
                end = to;
        }
        if (end > 0)
            return end;
    }
    return 0;
}

/* Marks the characters of skip words, and the blanks before them. */
static bool mark_skip_words(struct job *j, bool *skip) {
    const struct grammar_input *in = &j->input;
    struct grammar_matcher m;
    grammar_matcher_init(&m, &j->work, &j->match->pool, in, j->g->ignore_whitespace);
    bool any = false;
    for (uint32_t at = 0, end; at < in->n; at = end + (end < in->n && in->chars[end] == ' ')) {
        end = skip_word_at(j, &m, at);
        for (uint32_t i = at > 0 && in->chars[at - 1] == ' ' ? at - 1 : at; i < end; i++)
            skip[i] = any = true;
        if (end == 0)
            end = j->g->ignore_whitespace ? at + 1 : end_of_word(in, at);
    }
    return any;
}

/* Returns the marks that form a run at one end; a blank behind the first words belongs to none. */
static bool *run_of(struct job *j, const bool *skip, bool at_start) {
    const struct grammar_input *in = &j->input;
    bool *run = grammar_pool_alloc(&j->match->pool, in->n * sizeof *run), inside = true;
    for (uint32_t i = 0; i < in->n; i++) {
        uint32_t at = at_start ? i : in->n - 1 - i;
        inside = inside && (skip[at] || (at_start && in->chars[at] == ' '));
        run[at] = inside;
    }
    return run;
}

static void match_without_skip_words(struct job *j) {
    struct grammar_pool *pool = &j->match->pool;
    bool *all = grammar_pool_alloc(pool, (j->input.n + 1) * sizeof *all);
    if (j->g->n_skip_words == 0 || !mark_skip_words(j, all))
        return;
    struct grammar_input without_all = grammar_input_without(&j->input, pool, all);
    struct grammar_input without_start = grammar_input_without(&j->input, pool, run_of(j, all, true));
    struct grammar_input without_end = grammar_input_without(&j->input, pool, run_of(j, all, false));
    match_templates(j, &without_all, has_closed_ends);
    match_templates(j, &without_start, only_ends_wild);
    match_templates(j, &without_end, only_starts_wild);
}

/* Ranking */

static int by_rank(const void *pa, const void *pb) {
    const struct candidate *a = pa, *b = pb;
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
    return a->order < b->order ? -1 : a->order > b->order;
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

/* Insertion sort, because it is stable: equal readings stay in the order in which the alternatives were tried. */
static void rank(struct grammar_match *match, size_t max_readings) {
    struct candidate *ranked = grammar_pool_alloc(&match->pool, (match->n + 1) * sizeof *ranked);
    size_t n = 0;
    for (size_t i = 0; i < match->n; i++) {
        size_t at = n++;
        for (; at > 0 && by_rank(&match->candidates[i], &ranked[at - 1]) < 0; at--)
            ranked[at] = ranked[at - 1];
        ranked[at] = match->candidates[i];
    }
    match->n = 0;
    for (size_t i = 0; i < n && match->n < max_readings; i++) {
        bool known = false;
        for (size_t k = 0; k < match->n && !known; k++)
            known = same_reading(&ranked[k].reading, &ranked[i].reading);
        if (!known)
            ranked[match->n++] = ranked[i];
    }
    match->candidates = ranked;
}

/* Written text */

/* The input words from..to - 1 with the blanks before them: skip words at one end of the sentence. */
static const char *skipped(const struct job *j, uint32_t from, uint32_t to) {
    const struct grammar_input *in = &j->input;
    uint32_t start = 0, end;
    while (start < in->n && in->word[start] < from)
        start++;
    for (end = start; end < in->n && in->word[end] < to;)
        end++;
    return grammar_input_text(in, &j->match->pool, start, end);
}

/* Writes free text as people do. This is done for the few best readings only. */
static void give_free_text(struct job *j, struct candidate *c) {
    const struct grammar_template *t = &j->g->templates[c->order];
    struct grammar_pool *pool = &j->match->pool;
    for (size_t i = 0; i < c->reading.n_slots; i++) {
        struct grammar_slot *slot = &c->reading.slots[i];
        size_t n;
        if (!slot->wildcard)
            continue;
        const uint32_t *spelled = grammar_decode(pool, slot->value.text, strlen(slot->value.text), &n);
        slot->value.text = grammar_wild_text(pool, j->g->wild, spelled, n);
    }
    if (t->out && t->has_wildcard)
        c->reading.text = output_text(j, t->out, &c->reading);
}

/* Matches the template of a reading again, now noting how its pieces are written. This is done for the few best readings only, so
 * that the others cost no memory. */
static void give_written(struct job *j, struct candidate *c) {
    const struct grammar_template *t = &j->g->templates[c->order];
    if (t->out)
        return;
    struct grammar_cost outer = grammar_costs_begin(&j->costs, t->position, t->text);
    struct grammar_pool_mark mark = grammar_pool_mark(&j->work);
    struct grammar_matcher m;
    grammar_matcher_init(&m, &j->work, &j->work, &c->input, j->g->ignore_whitespace);
    m.notes_written = true;
    m.fills_unmatched = j->fills_unmatched;
    m.wild = j->g->wild;
    struct grammar_tokens whole = grammar_match_template(&m, t);
    if (c->token < whole.n) {
        const struct grammar_input *in = &c->input;
        struct grammar_pool *pool = &j->match->pool;
        const char *text = grammar_written_text(pool, whole.items[c->token].written);
        const char *before = skipped(j, 0, in->word[0]), *after = skipped(j, in->word[in->n - 1] + 1u, UINT32_MAX);
        c->reading.text = grammar_pool_format(pool, "%s%s%s%s", before, *before ? " " : "", text, after);
    }
    grammar_pool_release(&j->work, mark);
    grammar_costs_resume(&j->costs, &outer);
}

static bool has_closed_reading(const struct grammar_match *match) {
    for (size_t i = 0; i < match->n; i++)
        if (match->candidates[i].n_wildcards == 0)
            return true;
    return false;
}

/* Finds the readings of a text, at first without what no list has. */
static void find_readings(struct job *j, const char *text) {
    struct grammar_pool *pool = &j->match->pool;
    int r = grammar_input_read(&j->input, pool, text, j->g->ignore_whitespace);
    if (r < 0) {
        j->too_long = true;
        grammar_pool_escape(pool, r);
    }
    j->text = grammar_encode(pool, j->input.chars, j->input.n);
    match_templates(j, &j->input, fits_any);
    if (!has_closed_reading(j->match)) /* skip words would be taken for a part of the free text */
        match_without_skip_words(j);
}

/* Tries the text with unknown words as known ones, the most likely first. */
static void find_corrected(struct job *j) {
    struct grammar_correction c;
    grammar_correct_begin(&c, j->g, &j->match->pool, &j->input);
    while (j->match->n == 0 && (j->corrected = grammar_correct_next(&c)))
        find_readings(j, j->corrected);
}

static void match_text(void *data) {
    struct job *j = data;
    find_readings(j, j->typed);
    if (j->match->n == 0 && j->options.fuzzy)
        find_corrected(j);
    if (j->match->n == 0 && j->options.unmatched) {
        j->fills_unmatched = true;
        find_readings(j, j->typed);
    }
    rank(j->match, j->options.max_readings);
    for (size_t i = 0; i < j->match->n; i++) {
        give_free_text(j, &j->match->candidates[i]);
        give_written(j, &j->match->candidates[i]);
    }
}

int grammar_match_with(struct grammar_match **ret, const struct grammar *g, const char *text, const struct grammar_match_options *o,
                       struct base_budget *budget, tragus_error *reterr) {
    struct grammar_report report = {.reterr = reterr};
    struct base_budget unlimited;
    struct job *j = calloc(1, sizeof *j);
    struct grammar_match *match = calloc(1, sizeof *match);
    if (!j || !match) {
        free(j);
        free(match);
        return base_error_set(reterr, -ENOMEM, "out of memory");
    }
    if (!budget) { /* needed to measure costs */
        base_budget_init(&unlimited, 0, 0);
        budget = &unlimited;
    }
    *j = (struct job){.g = g, .match = match, .costs = {.budget = budget}, .options = *o, .typed = text};
    grammar_pool_init(&match->pool, LARGEST_MATCH, budget);
    grammar_pool_init(&j->work, LARGEST_MATCH, budget);
    j->work.outer = &match->pool;
    int r = grammar_pool_run(&match->pool, match_text, j);
    if (r < 0 && j->too_long) {
        base_error_set(reterr, r, "the text has more than %d bytes or %d words; make it shorter", GRAMMAR_LONGEST_INPUT,
                       GRAMMAR_MOST_INPUT_WORDS);
    } else if (r < 0) {
        grammar_costs_settle(&j->costs);
        grammar_costs_refuse(&j->costs, r, "matching", &report);
    }
    grammar_pool_done(&j->work);
    free(j);
    if (r < 0) {
        grammar_match_free(match);
        return r;
    }
    match->pool.budget = NULL; /* the match may outlive the budget */
    *ret = match;
    return (int)match->n;
}

int grammar_match_within(struct grammar_match **ret, const struct grammar *g, const char *text, const tragus_context context[],
                         size_t n_context, size_t max_readings, struct base_budget *budget, tragus_error *reterr) {
    const struct grammar_match_options o = {.context = context, .n_context = n_context, .max_readings = max_readings};
    return grammar_match_with(ret, g, text, &o, budget, reterr);
}

int grammar_match(struct grammar_match **ret, const struct grammar *g, const char *text, const tragus_context context[],
                  size_t n_context, size_t max_readings) {
    return grammar_match_within(ret, g, text, context, n_context, max_readings, NULL, NULL);
}

const struct grammar_reading *grammar_match_reading(const struct grammar_match *m, size_t i) {
    return i < m->n ? &m->candidates[i].reading : NULL;
}

void grammar_match_free(struct grammar_match *m) {
    if (!m)
        return;
    grammar_pool_done(&m->pool);
    free(m);
}
