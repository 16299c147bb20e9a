/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/match.c: finds the readings of a text: matches all templates, ranks what they give (rank.c), and writes the best ones as
 * the files spell them. Skip words are removed only if nothing without free text matches.
 */
#include "grammar/match.h"

#include "grammar/correct.h"
#include "grammar/letters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_MATCH = 64 << 20 };

static void match_templates(struct grammar_match_job *j, const struct grammar_input *in,
                            bool (*fits)(const struct grammar_template *t)) {
    struct grammar_matcher m;
    grammar_matcher_init(&m, &j->work, &j->match->pool, in, j->g->ignore_whitespace);
    m.fills_unmatched = j->fills_unmatched;
    for (size_t i = 0; i < j->g->n_templates && in->n > 0; i++) {
        const struct grammar_template *t = &j->g->templates[i];
        if (t->spoken_only || !fits(t))
            continue;
        struct grammar_cost outer = grammar_costs_begin(&j->costs, t->position, t->text);
        struct grammar_pool_mark mark = grammar_pool_mark(&j->work);
        struct grammar_tokens whole = grammar_match_template(&m, t);
        for (size_t k = 0; k < whole.n; k++)
            grammar_add_reading(j, in, i, &whole.items[k], k);
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
static uint32_t skip_word_at(struct grammar_match_job *j, struct grammar_matcher *m, uint32_t at) {
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
static bool mark_skip_words(struct grammar_match_job *j, bool *skip) {
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
static bool *run_of(struct grammar_match_job *j, const bool *skip, bool at_start) {
    const struct grammar_input *in = &j->input;
    bool *run = grammar_pool_alloc(&j->match->pool, in->n * sizeof *run), inside = true;
    for (uint32_t i = 0; i < in->n; i++) {
        uint32_t at = at_start ? i : in->n - 1 - i;
        inside = inside && (skip[at] || (at_start && in->chars[at] == ' '));
        run[at] = inside;
    }
    return run;
}

static void match_without_skip_words(struct grammar_match_job *j) {
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

/* Written text */

/* The input words from..to - 1 with the blanks before them: skip words at one end of the sentence. */
static const char *skipped(const struct grammar_match_job *j, uint32_t from, uint32_t to) {
    const struct grammar_input *in = &j->input;
    uint32_t start = 0, end;
    while (start < in->n && in->word[start] < from)
        start++;
    for (end = start; end < in->n && in->word[end] < to;)
        end++;
    return grammar_input_text(in, &j->match->pool, start, end);
}

/* Writes free text as people do. This is done for the few best readings only. */
static void give_free_text(struct grammar_match_job *j, struct grammar_candidate *c) {
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
        c->reading.text = grammar_reading_output(j, t->out, &c->reading);
}

/* Matches the template of a reading again, now noting how its pieces are written. This is done for the few best readings only, so
 * that the others cost no memory. */
static void give_written(struct grammar_match_job *j, struct grammar_candidate *c) {
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
static void find_readings(struct grammar_match_job *j, const char *text) {
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
static void find_corrected(struct grammar_match_job *j) {
    struct grammar_correction c;
    grammar_correct_begin(&c, j->g, &j->match->pool, &j->input);
    while (j->match->n == 0 && (j->corrected = grammar_correct_next(&c)))
        find_readings(j, j->corrected);
}

static void match_text(void *data) {
    struct grammar_match_job *j = data;
    find_readings(j, j->typed);
    if (j->match->n == 0 && j->options.fuzzy)
        find_corrected(j);
    if (j->match->n == 0 && j->options.unmatched) {
        j->fills_unmatched = true;
        find_readings(j, j->typed);
    }
    grammar_rank(j->match, j->options.max_readings);
    for (size_t i = 0; i < j->match->n; i++) {
        give_free_text(j, &j->match->candidates[i]);
        give_written(j, &j->match->candidates[i]);
    }
}

int grammar_match_with(struct grammar_match **ret, const struct grammar *g, const char *text, const struct grammar_match_options *o,
                       struct base_budget *budget, tragus_error *reterr) {
    struct grammar_report report = {.reterr = reterr};
    struct base_budget unlimited;
    struct grammar_match_job *j = calloc(1, sizeof *j);
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
    *j = (struct grammar_match_job){.g = g, .match = match, .costs = {.budget = budget}, .options = *o, .typed = text};
    grammar_pool_init(&match->pool, LARGEST_MATCH, budget);
    grammar_pool_init(&j->work, LARGEST_MATCH, budget);
    match->pool.is_secret = j->work.is_secret = true;
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
