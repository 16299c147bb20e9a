/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/hassil_blocks.c: reads the blocks of sentences of Home Assistant's files, with their slots, conditions and options. */
#include "grammar/hassil.h"

#include "grammar/value.h"

#include <string.h>

static const char *const block_keys[] = {
    "sentences",    "slots",           "requires_context", "excludes_context", "expansion_rules", "lists",    "required_keywords",
    "response",     "min_confidence",  "final_silence_ms", "end_silence_ms",   "open_silence_ms", "metadata", "example",
    "name_domains", "inferred_domain", "speech_to_phrase", "settings",         "description",     NULL};
static const char *const sentence_keys[] = {"in", "out", NULL};
static const char *const condition_keys[] = {"value", "slot", NULL};

static void add_value(struct grammar_hassil *r, struct grammar_condition *c, const char *value) {
    *grammar_pool_push(&r->b->pool, c->values, c->n, c->size) = value;
}

void grammar_hassil_condition(struct grammar_hassil *r, const struct grammar_yaml *key, const struct grammar_yaml *y,
                              struct grammar_condition *c) {
    c->key = key->text;
    if (y->kind == GRAMMAR_YAML_MAPPING) {
        grammar_hassil_warn_of_unknown(r, y, condition_keys, "a context");
        const struct grammar_yaml *slot = grammar_yaml_get(y, "slot"), *value = grammar_yaml_get(y, "value");
        bool copy = false;
        if (slot && grammar_yaml_boolean(slot, &copy))
            c->slot = copy ? c->key : NULL;
        else if (slot && slot->kind == GRAMMAR_YAML_SCALAR)
            c->slot = slot->text;
        if (!value)
            return;
        y = value;
    }
    if (y->kind == GRAMMAR_YAML_SEQUENCE) {
        for (size_t i = 0; i < y->n; i++)
            if (y->items[i]->kind == GRAMMAR_YAML_SCALAR)
                add_value(r, c, y->items[i]->text);
    } else if (y->kind == GRAMMAR_YAML_SCALAR && !grammar_yaml_is_null(y)) {
        add_value(r, c, y->text);
    }
}

static void read_sentence(struct grammar_hassil *r, const struct grammar_yaml *y, struct grammar_model_block *block) {
    const struct grammar_yaml *in = y, *out = NULL;
    if (y->kind == GRAMMAR_YAML_MAPPING) {
        grammar_hassil_warn_of_unknown(r, y, sentence_keys, "a sentence");
        in = grammar_yaml_get(y, "in");
        out = grammar_yaml_get(y, "out");
    } else if (y->kind != GRAMMAR_YAML_SCALAR) {
        grammar_hassil_wrong(r, y, "a sentence", "a template, or a map with in and out");
        return;
    }
    const char *out_text = out && out->kind == GRAMMAR_YAML_SCALAR ? out->text : NULL;
    if (in && in->kind == GRAMMAR_YAML_SEQUENCE) { /* several ways to say the same */
        for (size_t i = 0; i < in->n; i++)
            if (grammar_hassil_text(r, in->items[i], "a sentence"))
                grammar_model_add_sentence(r->b, block, grammar_hassil_template(r, in->items[i]), out_text);
    } else if (in && in->kind == GRAMMAR_YAML_SCALAR) {
        grammar_model_add_sentence(r->b, block, grammar_hassil_template(r, in), out_text);
    } else {
        grammar_report_at(r->report, TRAGUS_ERROR, y->position, "a sentence needs `in: TEMPLATE` beside out");
    }
}

void grammar_hassil_sentences(struct grammar_hassil *r, const struct grammar_yaml *y, struct grammar_model_block *block) {
    if (grammar_hassil_is_sequence(r, y, "sentences"))
        for (size_t i = 0; i < y->n; i++)
            read_sentence(r, y->items[i], block);
}

static void add_slot(struct grammar_hassil *r, struct grammar_model_block *block, const char *name, tragus_value value) {
    *grammar_pool_push(&r->b->pool, block->slots, block->n_slots, block->size_slots) = (tragus_field){name, value};
}

static void read_confidence(struct grammar_hassil *r, const struct grammar_yaml *y, struct grammar_model_block *block) {
    tragus_value v = {0};
    if (y->kind == GRAMMAR_YAML_SCALAR)
        v = grammar_hassil_value(y);
    if ((v.type == TRAGUS_INTEGER || v.type == TRAGUS_REAL) && v.real > 0 && v.real <= 1)
        block->min_confidence = v.real;
    else
        grammar_hassil_wrong(r, y, "min_confidence", "a number above 0 and at most 1");
}

enum { LEAST_SILENCE_MS = 100, MOST_SILENCE_MS = 5000 }; /* as in session options */

static uint32_t read_silence(struct grammar_hassil *r, const struct grammar_yaml *block, const char *key) {
    const struct grammar_yaml *y = grammar_yaml_get(block, key);
    if (!y)
        return 0;
    tragus_value v = {0};
    if (y->kind == GRAMMAR_YAML_SCALAR)
        v = grammar_hassil_value(y);
    if (v.type == TRAGUS_INTEGER && v.real >= LEAST_SILENCE_MS && v.real <= MOST_SILENCE_MS)
        return (uint32_t)v.real;
    grammar_hassil_wrong(r, y, key, "a number of milliseconds from 100 to 5000");
    return 0;
}

/* Programs get what is a text, a number or a truth value; anything else is left out with a note. */
static void read_metadata(struct grammar_hassil *r, const struct grammar_yaml *y, struct grammar_model_block *block) {
    for (size_t i = 0; i < y->n; i++) {
        if (y->items[i]->kind == GRAMMAR_YAML_SCALAR)
            *grammar_pool_push(&r->b->pool, block->metadata, block->n_metadata, block->size_metadata) =
                (tragus_field){y->keys[i]->text, grammar_hassil_value(y->items[i])};
        else
            grammar_report_at(r->report, TRAGUS_NOTE, y->items[i]->position,
                              "metadata \"%.60s\" is no single value, and is not passed on", y->keys[i]->text);
    }
}

static void read_slots(struct grammar_hassil *r, const struct grammar_yaml *y, struct grammar_model_block *block) {
    const struct grammar_yaml *slots = grammar_yaml_get(y, "slots"), *domain = grammar_yaml_get(y, "inferred_domain");
    if (slots && grammar_hassil_is_mapping(r, slots, "slots"))
        for (size_t i = 0; i < slots->n; i++)
            if (grammar_hassil_text(r, slots->items[i], "a fixed slot"))
                add_slot(r, block, slots->keys[i]->text, grammar_hassil_value(slots->items[i]));
    if (domain && grammar_hassil_text(r, domain, "inferred_domain"))
        add_slot(r, block, "domain", grammar_value_read(domain->text, false));
}

static struct grammar_condition *new_requirement(struct grammar_hassil *r, struct grammar_model_block *block) {
    struct grammar_condition *c = grammar_pool_push(&r->b->pool, block->required, block->n_required, block->size_required);
    return memset(c, 0, sizeof *c);
}

static struct grammar_condition *new_exclusion(struct grammar_hassil *r, struct grammar_model_block *block) {
    struct grammar_condition *c = grammar_pool_push(&r->b->pool, block->excluded, block->n_excluded, block->size_excluded);
    return memset(c, 0, sizeof *c);
}

/* `name_domains: [light, fan]`, or the name of a group in intents.yaml. */
static void read_domains(struct grammar_hassil *r, const struct grammar_yaml *y, struct grammar_model_block *block) {
    const struct grammar_yaml key = {.text = "domain"};
    if (y->kind == GRAMMAR_YAML_SCALAR) {
        block->domain_group = y->text;
        block->domain_group_position = y->position;
    } else if (grammar_hassil_is_sequence(r, y, "name_domains")) {
        grammar_hassil_condition(r, &key, y, new_requirement(r, block));
    }
}

/* After a mistake the sentences are left out: without a condition they would be recognised where they must not be. */
static void read_conditions(struct grammar_hassil *r, const struct grammar_yaml *y, struct grammar_model_block *block) {
    const struct grammar_yaml *required = grammar_yaml_get(y, "requires_context"),
                              *excluded = grammar_yaml_get(y, "excludes_context"), *domains = grammar_yaml_get(y, "name_domains");
    size_t n_errors = r->report->n_errors;
    if (required && grammar_hassil_is_mapping(r, required, "requires_context"))
        for (size_t i = 0; i < required->n; i++)
            grammar_hassil_condition(r, required->keys[i], required->items[i], new_requirement(r, block));
    if (excluded && grammar_hassil_is_mapping(r, excluded, "excludes_context"))
        for (size_t i = 0; i < excluded->n; i++)
            grammar_hassil_condition(r, excluded->keys[i], excluded->items[i], new_exclusion(r, block));
    if (domains)
        read_domains(r, domains, block);
    if (r->report->n_errors > n_errors)
        block->n_sentences = 0;
}

static void read_block(struct grammar_hassil *r, const char *intent, const struct grammar_yaml *y) {
    if (y->kind != GRAMMAR_YAML_MAPPING) {
        grammar_hassil_wrong(r, y, "an item of data", "a map with sentences");
        return;
    }
    grammar_hassil_warn_of_unknown(r, y, block_keys, "data");
    const struct grammar_yaml *sentences = grammar_yaml_get(y, "sentences"), *entry;
    if (!sentences) {
        grammar_report_at(r->report, TRAGUS_ERROR, y->position, "data needs sentences");
        return;
    }
    struct grammar_model_block *block = grammar_model_add_block(r->b, r->source, y->position, intent, r->combination);
    grammar_hassil_sentences(r, sentences, block);
    if ((entry = grammar_yaml_get(y, "response")))
        block->response = grammar_hassil_text(r, entry, "response");
    if ((entry = grammar_yaml_get(y, "min_confidence")))
        read_confidence(r, entry, block);
    block->pauses = (struct grammar_pauses){read_silence(r, y, "final_silence_ms"), read_silence(r, y, "end_silence_ms"),
                                            read_silence(r, y, "open_silence_ms")};
    if ((entry = grammar_yaml_get(y, "speech_to_phrase")) && !grammar_yaml_boolean(entry, &block->speech_to_phrase))
        grammar_hassil_wrong(r, entry, "speech_to_phrase", "true or false");
    if (!block->speech_to_phrase)
        r->source->has_plain_blocks = true;
    read_slots(r, y, block);
    if ((entry = grammar_yaml_get(y, "metadata")) && grammar_hassil_is_mapping(r, entry, "metadata"))
        read_metadata(r, entry, block);
    read_conditions(r, y, block);
    grammar_hassil_lists(r, &block->lists, grammar_yaml_get(y, "lists"));
    grammar_hassil_rules(r, &block->rules, grammar_yaml_get(y, "expansion_rules"));
}

void grammar_hassil_data(struct grammar_hassil *r, const char *intent, const struct grammar_yaml *y) {
    if (grammar_hassil_is_sequence(r, y, "data"))
        for (size_t i = 0; i < y->n; i++)
            read_block(r, intent, y->items[i]);
}
