/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/reading.c: what a token says about its sentence: the intent, the slots with their values, the text. A block of sentences
 * may require or exclude a context: what the caller knows, and what the chosen values bring along. */
#include "grammar/match.h"

#include "base/assert.h"

#include <string.h>

/* Looks up a key in the context of the chosen values; the newest wins. A value with a context of its own hides those of the lists
 * inside it, as in hassil. */
static const char *context_of_values(const struct grammar_fill *fills, const char *key) {
    for (const struct grammar_fill *f = fills; f; f = f->before) {
        const char *inside = f->entry && f->entry->n_context == 0 ? context_of_values(f->inside, key) : NULL;
        if (inside)
            return inside;
        for (size_t i = 0; f->entry && i < f->entry->n_context; i++)
            if (strcmp(f->entry->context[i].key, key) == 0)
                return f->entry->context[i].value;
    }
    return NULL;
}

/* Looks up a key in the context of the chosen values and in the caller's. */
static const char *context_value(const struct grammar_match_job *j, const struct grammar_fill *fills, const char *key) {
    const char *value = context_of_values(fills, key);
    if (value)
        return value;
    for (size_t i = j->options.n_context; i > 0; i--)
        if (j->options.context[i - 1].key && strcmp(j->options.context[i - 1].key, key) == 0)
            return j->options.context[i - 1].value;
    return NULL;
}

static bool context_allows(const struct grammar_match_job *j, const struct grammar_block *b, const struct grammar_fill *fills) {
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

static struct grammar_slot *find_slot(struct grammar_reading *r, const char *name) {
    for (size_t i = 0; i < r->n_slots; i++)
        if (strcmp(r->slots[i].name, name) == 0)
            return &r->slots[i];
    return NULL;
}

/* Returns the slot, which is added if it is new; NULL if there are too many. */
static struct grammar_slot *slot_of(struct grammar_reading *r, const char *name) {
    struct grammar_slot *slot = find_slot(r, name);
    if (slot || r->n_slots == GRAMMAR_MAX_SLOTS)
        return slot;
    slot = &r->slots[r->n_slots++];
    slot->name = name;
    return slot;
}

static tragus_value value_of(const struct grammar_match_job *j, const struct grammar_input *in, const struct grammar_fill *f) {
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

const char *grammar_reading_output(const struct grammar_match_job *j, const char *out, const struct grammar_reading *r) {
    struct grammar_pool *pool = &j->match->pool;
    const char *text = "";
    while (*out) {
        const char *open = strchr(out, '{'), *close = open ? strchr(open, '}') : NULL, *value = NULL;
        for (size_t i = 0; close && i < r->n_slots; i++)
            if (strlen(r->slots[i].name) == (size_t)(close - open - 1) &&
                memcmp(r->slots[i].name, open + 1, (size_t)(close - open - 1)) == 0)
                value = r->slots[i].value.text;
        const char *next = close ? close + 1 : out + strlen(out);
        size_t n = (size_t)((value ? open : next) - out);
        text = grammar_pool_format(pool, "%s%.*s%s", text, (int)n, out, value ? value : "");
        out = next;
    }
    return text;
}

static void add_unmatched(struct grammar_match_job *j, const struct grammar_input *in, const struct grammar_fill *f,
                          struct grammar_reading *r) {
    const char *text = grammar_input_text(in, &j->match->pool, f->start, f->end);
    base_assert(f->item->list && r->n_unmatched < GRAMMAR_MAX_UNMATCHED);
    r->unmatched[r->n_unmatched++] = (tragus_unmatched){f->item->slot ? f->item->slot : f->item->list->name, text};
}

/* Adds the slots that the block has, in the words of its files or from the context. */
static void add_fixed_slots(struct grammar_match_job *j, const struct grammar_block *b, const struct grammar_fill *fills,
                            struct grammar_reading *r) {
    size_t n_said = r->n_slots;
    for (size_t i = 0; i < b->n_slots; i++) {
        struct grammar_slot *slot = find_slot(r, b->slots[i].name) ? NULL : slot_of(r, b->slots[i].name);
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

/* Enters the value of a slot, or of a list that fills none. */
static void add_fill(struct grammar_match_job *j, const struct grammar_input *in, const struct grammar_fill *f,
                     struct grammar_candidate *c) {
    struct grammar_reading *r = &c->reading;
    bool wildcard = f->item->list && f->item->list->kind == GRAMMAR_LIST_WILDCARD;
    c->n_wildcards += wildcard;
    c->n_wild += wildcard || f->unmatched ? f->end - f->start : 0;
    if (f->unmatched) {
        add_unmatched(j, in, f, r);
        return;
    }
    struct grammar_slot *slot = f->item->slot ? slot_of(r, f->item->slot) : NULL;
    if (!slot)
        return;
    slot->value = value_of(j, in, f);
    slot->wildcard = wildcard;
    slot->fixed = f->start >= f->end; /* no word belongs to it */
    if (!slot->fixed) {
        slot->first_word = in->word[f->start];
        slot->n_words = (uint32_t)(in->word[f->end - 1] - in->word[f->start] + 1);
    }
    if (strcmp(slot->name, "name") == 0) {
        c->has_name = !wildcard;
        c->n_name = wildcard ? 0 : f->end - f->start;
    }
}

/* Enters the first word first, and a value after the lists inside it: where both fill one slot, the whole value wins. */
static void add_fills(struct grammar_match_job *j, const struct grammar_input *in, const struct grammar_fill *newest,
                      struct grammar_candidate *c) {
    const struct grammar_fill *fills[4 * GRAMMAR_MAX_SLOTS];
    size_t n = 0;
    for (const struct grammar_fill *f = newest; f && n < sizeof fills / sizeof fills[0]; f = f->before)
        fills[n++] = f;
    while (n > 0) {
        add_fills(j, in, fills[--n]->inside, c);
        add_fill(j, in, fills[n], c);
    }
}

void grammar_add_reading(struct grammar_match_job *j, const struct grammar_input *in, size_t order,
                         const struct grammar_token *token, size_t index) {
    const struct grammar_template *t = &j->g->templates[order];
    if (j->match->n >= GRAMMAR_MOST_READINGS || !context_allows(j, t->block, token->fills))
        return;
    if (token->fills && token->fills->n_unmatched > 0 && token->n_literal == 0)
        return; /* would fit any text */
    struct grammar_candidate c = {.order = order, .n_literal = token->n_literal, .input = *in, .token = index};
    struct grammar_reading *r = &c.reading;
    add_fills(j, in, token->fills, &c);
    add_fixed_slots(j, t->block, token->fills, r);
    r->intent = t->block->intent;
    r->response = t->block->response;
    r->metadata = t->block->metadata;
    r->n_metadata = t->block->n_metadata;
    r->corrected = j->corrected;
    r->min_confidence = t->block->min_confidence;
    r->template_text = t->text;
    r->text = t->out ? grammar_reading_output(j, t->out, r) : j->text;
    *grammar_pool_push(&j->match->pool, j->match->candidates, j->match->n, j->match->size) = c;
}
