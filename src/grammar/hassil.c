/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/hassil.c: reads Home Assistant's sentence files: the layout with `intents:`, the layout of 2026 with `data:` and the
 * intent named by the folder, shared lists and rules, and intents.yaml. Known keys that have no effect here are ignored silently;
 * unknown keys give a warning.
 */
#include "grammar/files.h"
#include "grammar/model.h"
#include "grammar/rhino.h"
#include "grammar/vosk.h"
#include "grammar/yaml.h"

#include "base/suggest.h"

#include <string.h>

struct reader {
    struct grammar_builder *b;
    struct grammar_report *report;
    struct grammar_source *source;
    const char *intent, *combination; /* from the names of folder and file */
};

static const char *const top_keys[] = {
    "language",     "settings",   "intents",   "intent",  "data",   "lists",    "expansion_rules",
    "sentences",    "skip_words", "responses", "version", "filter", "metadata", "no_correct_patterns",
    "unknown_text", NULL};
static const char *const settings_keys[] = {"ignore_whitespace", "filter_with_regex", NULL};
static const char *const intent_keys[] = {"data", "description", "platform", "domain", "metadata", "settings", NULL};
static const char *const block_keys[] = {
    "sentences",    "slots",           "requires_context", "excludes_context", "expansion_rules", "lists",    "required_keywords",
    "response",     "min_confidence",  "final_silence_ms", "end_silence_ms",   "open_silence_ms", "metadata", "example",
    "name_domains", "inferred_domain", "speech_to_phrase", "settings",         "description",     NULL};
static const char *const sentence_keys[] = {"in", "out", NULL};
static const char *const list_keys[] = {"values", "range", "multi_range", "wildcard", "metadata", NULL};
static const char *const range_keys[] = {"type",      "from",   "to",    "step",           "multiplier",
                                         "fractions", "digits", "words", "words_language", NULL};
static const char *const value_keys[] = {"in", "out", "context", "metadata", "requires_context", NULL};
static const char *const condition_keys[] = {"value", "slot", NULL};

static void warn_of_unknown(struct reader *r, const struct grammar_yaml *mapping, const char *const *known, const char *where) {
    size_t n = 0;
    while (known[n])
        n++;
    for (size_t i = 0; i < mapping->n; i++) {
        const char *key = mapping->keys[i]->text;
        size_t k = 0;
        while (k < n && strcmp(known[k], key) != 0)
            k++;
        if (k < n)
            continue;
        const char *nearest = base_suggest(key, known, n);
        grammar_report_at(r->report, TRAGUS_WARNING, mapping->keys[i]->position, "key \"%s\" is not known in %s and ignored%s%s%s",
                          key, where, nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
    }
}

static void wrong(struct reader *r, const struct grammar_yaml *y, const char *what, const char *wanted) {
    grammar_report_at(r->report, TRAGUS_ERROR, y->position, "%s must be %s", what, wanted);
}

static bool is_mapping(struct reader *r, const struct grammar_yaml *y, const char *what) {
    if (y->kind == GRAMMAR_YAML_MAPPING)
        return true;
    if (!grammar_yaml_is_null(y)) /* an empty `lists:` is allowed */
        wrong(r, y, what, "a map of \"name: ...\" lines");
    return false;
}

static bool is_sequence(struct reader *r, const struct grammar_yaml *y, const char *what) {
    if (y->kind == GRAMMAR_YAML_SEQUENCE)
        return true;
    if (!grammar_yaml_is_null(y))
        wrong(r, y, what, "a list of \"- ...\" lines");
    return false;
}

static const char *text_of(struct reader *r, const struct grammar_yaml *y, const char *what) {
    if (y->kind == GRAMMAR_YAML_SCALAR)
        return y->text;
    wrong(r, y, what, "a text; put it in quotes, because YAML takes [ ] for a list and { } for a map");
    return NULL;
}

static struct grammar_text template_of(struct reader *r, const struct grammar_yaml *y) {
    return (struct grammar_text){.text = y->text, .source = r->source, .position = y->position};
}

static tragus_value value_of(const struct grammar_yaml *y) {
    return grammar_model_value(y->text, y->plain);
}

/* Lists */

static bool read_integer(struct reader *r, const struct grammar_yaml *mapping, const char *key, int64_t *ret) {
    const struct grammar_yaml *y = grammar_yaml_get(mapping, key);
    long long value;
    if (!y)
        return true;
    if (!grammar_yaml_integer(y, &value) || value > 1000000000 || value < -1000000000) {
        grammar_report_at(r->report, TRAGUS_ERROR, y->position, "%s of a range must be a whole number up to 1000000000", key);
        return false;
    }
    *ret = value;
    return true;
}

static void read_range(struct reader *r, const struct grammar_yaml *y, struct grammar_model_definition *d) {
    if (!is_mapping(r, y, "a range"))
        return;
    warn_of_unknown(r, y, range_keys, "a range");
    struct grammar_range range = {.step = 1, .multiplier = 1, .digits = true, .words = true};
    if (!grammar_yaml_get(y, "from") || !grammar_yaml_get(y, "to")) {
        grammar_report_at(r->report, TRAGUS_ERROR, y->position, "a range needs from and to");
        return;
    }
    if (!read_integer(r, y, "from", &range.from) || !read_integer(r, y, "to", &range.to) ||
        !read_integer(r, y, "step", &range.step))
        return;
    if (range.from > range.to || range.step < 1) {
        grammar_report_at(r->report, TRAGUS_ERROR, y->position,
                          "a range runs upwards: from %lld must not be above to %lld, step at least 1", (long long)range.from,
                          (long long)range.to);
        return;
    }
    const struct grammar_yaml *fractions = grammar_yaml_get(y, "fractions"), *multiplier = grammar_yaml_get(y, "multiplier");
    const struct grammar_yaml *language = grammar_yaml_get(y, "words_language"), *type = grammar_yaml_get(y, "type");
    range.one_by_one = type && type->kind == GRAMMAR_YAML_SCALAR && strcmp(type->text, "digits") == 0;
    range.ordinal = type && type->kind == GRAMMAR_YAML_SCALAR && strcmp(type->text, "ordinal") == 0; /* others are labels */
    if (fractions && !grammar_yaml_is_null(fractions)) {
        if (fractions->kind == GRAMMAR_YAML_SCALAR && strcmp(fractions->text, "halves") == 0)
            range.fractions = GRAMMAR_HALVES;
        else if (fractions->kind == GRAMMAR_YAML_SCALAR && strcmp(fractions->text, "tenths") == 0)
            range.fractions = GRAMMAR_TENTHS;
        else
            wrong(r, fractions, "fractions", "halves or tenths");
    }
    if (multiplier && !grammar_yaml_is_null(multiplier)) {
        tragus_value v = {0};
        if (multiplier->kind == GRAMMAR_YAML_SCALAR)
            v = value_of(multiplier);
        if (v.type == TRAGUS_INTEGER || v.type == TRAGUS_REAL)
            range.multiplier = v.real;
        else
            wrong(r, multiplier, "multiplier", "a number");
    }
    for (int i = 0; i < 2; i++) {
        const struct grammar_yaml *flag = grammar_yaml_get(y, i ? "words" : "digits");
        if (flag && !grammar_yaml_boolean(flag, i ? &range.words : &range.digits))
            wrong(r, flag, i ? "words" : "digits", "true or false");
    }
    if (language && !grammar_yaml_is_null(language))
        range.words_language = text_of(r, language, "words_language");
    *grammar_pool_push(&r->b->pool, d->ranges, d->n_ranges, d->size_ranges) = range;
    d->kind = GRAMMAR_LIST_RANGE;
}

static void read_value(struct reader *r, const struct grammar_yaml *y, struct grammar_model_definition *d) {
    struct grammar_model_value v = {0};
    if (y->kind == GRAMMAR_YAML_SCALAR) {
        v.in = template_of(r, y);
    } else if (y->kind == GRAMMAR_YAML_MAPPING) {
        warn_of_unknown(r, y, value_keys, "a list value");
        const struct grammar_yaml *in = grammar_yaml_get(y, "in"), *out = grammar_yaml_get(y, "out");
        const struct grammar_yaml *context = grammar_yaml_get(y, "context");
        if (!in || in->kind != GRAMMAR_YAML_SCALAR) {
            grammar_report_at(r->report, TRAGUS_ERROR, y->position, "a list value needs `in: TEXT`");
            return;
        }
        v.in = template_of(r, in);
        if (out && out->kind == GRAMMAR_YAML_SCALAR && !grammar_yaml_is_null(out)) {
            v.has_out = true;
            v.out = value_of(out);
        } else if (out && out->kind == GRAMMAR_YAML_SEQUENCE) { /* several values in one: their texts, separated by commas */
            const char *all = "";
            for (size_t i = 0; i < out->n; i++)
                if (text_of(r, out->items[i], "an item of out"))
                    all = grammar_pool_format(&r->b->pool, "%s%s%s", all, i ? "," : "", out->items[i]->text);
            v.has_out = true;
            v.out = grammar_model_value(all, false);
        } else if (out && out->kind == GRAMMAR_YAML_MAPPING) {
            wrong(r, out, "out", "a text, number or truth value");
        }
        if (context && is_mapping(r, context, "context"))
            for (size_t i = 0; i < context->n; i++) {
                const struct grammar_yaml *value = context->items[i];
                if (value->kind == GRAMMAR_YAML_MAPPING)
                    value = grammar_yaml_get(value, "value");
                if (value && value->kind == GRAMMAR_YAML_SCALAR && !grammar_yaml_is_null(value))
                    *grammar_pool_push(&r->b->pool, v.context, v.n_context, v.size_context) =
                        (struct grammar_pair){context->keys[i]->text, value->text};
            }
    } else {
        wrong(r, y, "a list value", "a text, or a map with in and out");
        return;
    }
    *grammar_pool_push(&r->b->pool, d->values, d->n_values, d->size_values) = v;
}

static void read_list(struct reader *r, struct grammar_map *lists, const struct grammar_yaml *key, const struct grammar_yaml *y) {
    struct grammar_model_definition d = {.source = r->source, .position = key->position};
    const struct grammar_yaml *values = y, *range = NULL, *ranges = NULL, *wildcard = NULL;
    if (y->kind == GRAMMAR_YAML_MAPPING) {
        warn_of_unknown(r, y, list_keys, "a list");
        values = grammar_yaml_get(y, "values");
        range = grammar_yaml_get(y, "range");
        ranges = grammar_yaml_get(y, "multi_range");
        wildcard = grammar_yaml_get(y, "wildcard");
    }
    bool is_wildcard = false;
    size_t n_errors = r->report->n_errors;
    if (wildcard && !grammar_yaml_boolean(wildcard, &is_wildcard))
        wrong(r, wildcard, "wildcard", "true or false");
    if (is_wildcard) {
        d.kind = GRAMMAR_LIST_WILDCARD;
    } else if (range) {
        read_range(r, range, &d);
    } else if (ranges) {
        if (is_sequence(r, ranges, "multi_range"))
            for (size_t i = 0; i < ranges->n; i++)
                read_range(r, ranges->items[i], &d);
    } else if (values) {
        if (is_sequence(r, values, "the values of a list"))
            for (size_t i = 0; i < values->n; i++)
                read_value(r, values->items[i], &d);
    } else {
        grammar_report_at(r->report, TRAGUS_ERROR, key->position, "list %s needs values, range or `wildcard: true`", key->text);
    }
    if (d.kind == GRAMMAR_LIST_VALUES && !d.n_values && r->report->n_errors > n_errors)
        return; /* templates that use it are left out too, and reported */
    struct grammar_model_list *list = grammar_model_list(r->b, lists, key->text);
    if (!list->at_run_time) /* lists set by the program take precedence over files */
        *grammar_pool_push(&r->b->pool, list->definitions, list->n, list->size) = d;
}

static void read_lists(struct reader *r, struct grammar_map *lists, const struct grammar_yaml *y) {
    if (y && is_mapping(r, y, "lists"))
        for (size_t i = 0; i < y->n; i++)
            read_list(r, lists, y->keys[i], y->items[i]);
}

static void read_rules(struct reader *r, struct grammar_map *rules, const struct grammar_yaml *y) {
    if (!y || !is_mapping(r, y, "expansion_rules"))
        return;
    for (size_t i = 0; i < y->n; i++)
        if (text_of(r, y->items[i], "a rule"))
            grammar_model_add_rule(r->b, rules, y->keys[i]->text, template_of(r, y->items[i]));
}

/* Blocks of sentences */

static void add_value(struct reader *r, struct grammar_condition *c, const char *value) {
    *grammar_pool_push(&r->b->pool, c->values, c->n, c->size) = value;
}

/* k: v; k: [v, w]; k: null; k: {value: v, slot: true or NAME} */
static void read_condition(struct reader *r, const struct grammar_yaml *key, const struct grammar_yaml *y,
                           struct grammar_condition *c) {
    c->key = key->text;
    if (y->kind == GRAMMAR_YAML_MAPPING) {
        warn_of_unknown(r, y, condition_keys, "a context");
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

static void read_sentence(struct reader *r, const struct grammar_yaml *y, struct grammar_model_block *block) {
    struct grammar_model_sentence s = {0};
    if (y->kind == GRAMMAR_YAML_SCALAR) {
        s.in = template_of(r, y);
    } else if (y->kind == GRAMMAR_YAML_MAPPING) {
        warn_of_unknown(r, y, sentence_keys, "a sentence");
        const struct grammar_yaml *in = grammar_yaml_get(y, "in"), *out = grammar_yaml_get(y, "out");
        if (out && out->kind == GRAMMAR_YAML_SCALAR)
            s.out = out->text;
        if (in && in->kind == GRAMMAR_YAML_SEQUENCE) { /* several ways to say the same */
            for (size_t i = 0; i < in->n; i++)
                if (text_of(r, in->items[i], "a sentence"))
                    *grammar_pool_push(&r->b->pool, block->sentences, block->n_sentences, block->size_sentences) =
                        (struct grammar_model_sentence){template_of(r, in->items[i]), s.out};
            return;
        }
        if (!in || in->kind != GRAMMAR_YAML_SCALAR) {
            grammar_report_at(r->report, TRAGUS_ERROR, y->position, "a sentence needs `in: TEMPLATE` beside out");
            return;
        }
        s.in = template_of(r, in);
    } else {
        wrong(r, y, "a sentence", "a template, or a map with in and out");
        return;
    }
    *grammar_pool_push(&r->b->pool, block->sentences, block->n_sentences, block->size_sentences) = s;
}

static void read_sentences(struct reader *r, const struct grammar_yaml *y, struct grammar_model_block *block) {
    if (is_sequence(r, y, "sentences"))
        for (size_t i = 0; i < y->n; i++)
            read_sentence(r, y->items[i], block);
}

static struct grammar_condition *new_requirement(struct reader *r, struct grammar_model_block *block, const char *key) {
    struct grammar_condition *c = grammar_pool_push(&r->b->pool, block->required, block->n_required, block->size_required);
    *c = (struct grammar_condition){.key = key};
    return c;
}

static void add_slot(struct reader *r, struct grammar_model_block *block, const char *name, tragus_value value) {
    *grammar_pool_push(&r->b->pool, block->slots, block->n_slots, block->size_slots) = (tragus_field){name, value};
}

static void read_confidence(struct reader *r, const struct grammar_yaml *y, struct grammar_model_block *block) {
    tragus_value v = {0};
    if (y->kind == GRAMMAR_YAML_SCALAR)
        v = value_of(y);
    if ((v.type == TRAGUS_INTEGER || v.type == TRAGUS_REAL) && v.real > 0 && v.real <= 1)
        block->min_confidence = v.real;
    else
        wrong(r, y, "min_confidence", "a number above 0 and at most 1");
}

enum { LEAST_SILENCE_MS = 100, MOST_SILENCE_MS = 5000 }; /* as in session options */

static uint32_t read_silence(struct reader *r, const struct grammar_yaml *block, const char *key) {
    const struct grammar_yaml *y = grammar_yaml_get(block, key);
    if (!y)
        return 0;
    tragus_value v = {0};
    if (y->kind == GRAMMAR_YAML_SCALAR)
        v = value_of(y);
    if (v.type == TRAGUS_INTEGER && v.real >= LEAST_SILENCE_MS && v.real <= MOST_SILENCE_MS)
        return (uint32_t)v.real;
    wrong(r, y, key, "a number of milliseconds from 100 to 5000");
    return 0;
}

/* Programs get what is a text, a number or a truth value; anything else is left out with a note. */
static void read_metadata(struct reader *r, const struct grammar_yaml *y, struct grammar_model_block *block) {
    for (size_t i = 0; i < y->n; i++) {
        if (y->items[i]->kind == GRAMMAR_YAML_SCALAR)
            *grammar_pool_push(&r->b->pool, block->metadata, block->n_metadata, block->size_metadata) =
                (tragus_field){y->keys[i]->text, value_of(y->items[i])};
        else
            grammar_report_at(r->report, TRAGUS_NOTE, y->items[i]->position,
                              "metadata \"%.60s\" is no single value, and is not passed on", y->keys[i]->text);
    }
}

static void read_block(struct reader *r, const char *intent, const struct grammar_yaml *y) {
    if (y->kind != GRAMMAR_YAML_MAPPING) {
        wrong(r, y, "an item of data", "a map with sentences");
        return;
    }
    warn_of_unknown(r, y, block_keys, "data");
    const struct grammar_yaml *sentences = grammar_yaml_get(y, "sentences"), *entry;
    if (!sentences) {
        grammar_report_at(r->report, TRAGUS_ERROR, y->position, "data needs sentences");
        return;
    }
    struct grammar_model_block *block = grammar_model_add_block(r->b, r->source, y->position, intent, r->combination);
    read_sentences(r, sentences, block);
    if ((entry = grammar_yaml_get(y, "response")))
        block->response = text_of(r, entry, "response");
    if ((entry = grammar_yaml_get(y, "min_confidence")))
        read_confidence(r, entry, block);
    block->pauses = (struct grammar_pauses){read_silence(r, y, "final_silence_ms"), read_silence(r, y, "end_silence_ms"),
                                            read_silence(r, y, "open_silence_ms")};
    if ((entry = grammar_yaml_get(y, "speech_to_phrase")) && !grammar_yaml_boolean(entry, &block->speech_to_phrase))
        wrong(r, entry, "speech_to_phrase", "true or false");
    if (!block->speech_to_phrase)
        r->source->has_plain_blocks = true;
    if ((entry = grammar_yaml_get(y, "slots")) && is_mapping(r, entry, "slots"))
        for (size_t i = 0; i < entry->n; i++)
            if (text_of(r, entry->items[i], "a fixed slot"))
                add_slot(r, block, entry->keys[i]->text, value_of(entry->items[i]));
    if ((entry = grammar_yaml_get(y, "inferred_domain")) && text_of(r, entry, "inferred_domain"))
        add_slot(r, block, "domain", grammar_model_value(entry->text, false));
    if ((entry = grammar_yaml_get(y, "metadata")) && is_mapping(r, entry, "metadata"))
        read_metadata(r, entry, block);
    size_t n_errors = r->report->n_errors;
    if ((entry = grammar_yaml_get(y, "requires_context")) && is_mapping(r, entry, "requires_context"))
        for (size_t i = 0; i < entry->n; i++)
            read_condition(r, entry->keys[i], entry->items[i], new_requirement(r, block, NULL));
    if ((entry = grammar_yaml_get(y, "excludes_context")) && is_mapping(r, entry, "excludes_context"))
        for (size_t i = 0; i < entry->n; i++) {
            struct grammar_condition *c = grammar_pool_push(&r->b->pool, block->excluded, block->n_excluded, block->size_excluded);
            *c = (struct grammar_condition){0};
            read_condition(r, entry->keys[i], entry->items[i], c);
        }
    if ((entry = grammar_yaml_get(y, "name_domains"))) {
        if (entry->kind == GRAMMAR_YAML_SCALAR) {
            block->domain_group = entry->text;
            block->domain_group_position = entry->position;
        } else if (is_sequence(r, entry, "name_domains")) {
            const struct grammar_yaml key = {.text = "domain"};
            read_condition(r, &key, entry, new_requirement(r, block, NULL));
        }
    }
    if (r->report->n_errors > n_errors)
        block->n_sentences = 0; /* without its conditions it would be recognised where it must not be */
    read_lists(r, &block->lists, grammar_yaml_get(y, "lists"));
    read_rules(r, &block->rules, grammar_yaml_get(y, "expansion_rules"));
}

static void read_data(struct reader *r, const char *intent, const struct grammar_yaml *y) {
    if (is_sequence(r, y, "data"))
        for (size_t i = 0; i < y->n; i++)
            read_block(r, intent, y->items[i]);
}

static void read_intents(struct reader *r, const struct grammar_yaml *y) {
    if (!is_mapping(r, y, "intents"))
        return;
    for (size_t i = 0; i < y->n; i++) {
        const struct grammar_yaml *intent = y->items[i];
        if (!is_mapping(r, intent, "an intent"))
            continue;
        warn_of_unknown(r, intent, intent_keys, "an intent");
        const struct grammar_yaml *data = grammar_yaml_get(intent, "data");
        if (data)
            read_data(r, y->keys[i]->text, data);
        else
            grammar_report_at(r->report, TRAGUS_ERROR, y->keys[i]->position, "intent %s needs data", y->keys[i]->text);
    }
}

/* intents.yaml: which slots go together, which domains a group of names means, whether the area is that of the microphone */

static bool is_intents_file(const struct grammar_yaml *root) {
    if (root->n == 0)
        return false;
    for (size_t i = 0; i < root->n; i++)
        if (root->items[i]->kind != GRAMMAR_YAML_MAPPING ||
            !(grammar_yaml_get(root->items[i], "slot_combinations") || grammar_yaml_get(root->items[i], "supported")))
            return false;
    return true;
}

static void read_intents_file(struct reader *r, const struct grammar_yaml *root) {
    r->b->has_intent_order = true;
    for (size_t i = 0; i < root->n; i++) {
        struct grammar_model_intent *intent = grammar_model_intent(r->b, root->keys[i]->text);
        intent->declared = true;
        intent->order = i;
        const struct grammar_yaml *combinations = grammar_yaml_get(root->items[i], "slot_combinations");
        if (!combinations || !is_mapping(r, combinations, "slot_combinations"))
            continue;
        for (size_t j = 0; j < combinations->n; j++) {
            struct grammar_model_combination *c = grammar_pool_alloc(&r->b->pool, sizeof *c);
            c->order = j;
            *grammar_map_at(&intent->combinations, &r->b->pool, combinations->keys[j]->text) = c;
            const struct grammar_yaml *area = grammar_yaml_get(combinations->items[j], "context_area");
            if (area && !grammar_yaml_boolean(area, &c->context_area))
                wrong(r, area, "context_area", "true or false");
            const struct grammar_yaml *groups = grammar_yaml_get(combinations->items[j], "name_domain_groups");
            if (!groups || !is_mapping(r, groups, "name_domain_groups"))
                continue;
            for (size_t k = 0; k < groups->n; k++) {
                struct grammar_condition *domains = grammar_pool_alloc(&r->b->pool, sizeof *domains);
                const struct grammar_yaml key = {.text = "domain"};
                read_condition(r, &key, groups->items[k], domains);
                *grammar_map_at(&c->groups, &r->b->pool, groups->keys[k]->text) = domains;
            }
        }
    }
}

/* A file */

/* "a/HassTurnOn/name_only.yaml": combination name_only; intent HassTurnOn; without a folder the file's stem for both. */
static void name_by_path(struct reader *r, const char *file) {
    const char *folder = grammar_file_folder(&r->b->pool, file);
    r->combination = grammar_file_stem(&r->b->pool, file);
    r->intent = *folder ? folder : r->combination;
}

static bool has_any_key(const struct grammar_yaml *root) {
    for (size_t k = 0; top_keys[k]; k++)
        if (strcmp(top_keys[k], "language") != 0 && grammar_yaml_get(root, top_keys[k]))
            return true;
    return false;
}

/* Of wyoming-vosk: what is to become of other sentences than these. */
static void warn_of_corrections(struct reader *r, const struct grammar_yaml *root) {
    for (size_t i = 0; i < root->n; i++) {
        const char *key = root->keys[i]->text;
        if (strcmp(key, "no_correct_patterns") == 0 || strcmp(key, "unknown_text") == 0)
            grammar_report_at(r->report, TRAGUS_WARNING, root->keys[i]->position,
                              "%s is left out: what is none of the sentences is rejected", key);
    }
}

static void read_top(struct reader *r, const struct grammar_yaml *root) {
    const struct grammar_yaml *entry;
    warn_of_unknown(r, root, top_keys, "a grammar");
    warn_of_corrections(r, root);
    if ((entry = grammar_yaml_get(root, "language")))
        r->source->language = text_of(r, entry, "language");
    if ((entry = grammar_yaml_get(root, "settings")) && is_mapping(r, entry, "settings")) {
        warn_of_unknown(r, entry, settings_keys, "settings");
        const struct grammar_yaml *blanks = grammar_yaml_get(entry, "ignore_whitespace");
        if (blanks && !grammar_yaml_boolean(blanks, &r->b->ignore_whitespace))
            wrong(r, blanks, "ignore_whitespace", "true or false");
    }
    if ((entry = grammar_yaml_get(root, "intent")) && text_of(r, entry, "intent"))
        r->intent = entry->text;
    if ((entry = grammar_yaml_get(root, "intents")))
        read_intents(r, entry);
    if ((entry = grammar_yaml_get(root, "data")))
        read_data(r, r->intent, entry);
    if ((entry = grammar_yaml_get(root, "sentences"))) {
        r->source->has_plain_blocks = true;
        const char *intent = grammar_yaml_get(root, "intent") ? r->intent : "";
        read_sentences(r, entry, grammar_model_add_block(r->b, r->source, entry->position, intent, r->combination));
    }
    read_lists(r, &r->b->lists, grammar_yaml_get(root, "lists"));
    read_rules(r, &r->b->rules, grammar_yaml_get(root, "expansion_rules"));
    if ((entry = grammar_yaml_get(root, "skip_words")) && is_sequence(r, entry, "skip_words"))
        for (size_t i = 0; i < entry->n; i++)
            if (text_of(r, entry->items[i], "a skip word"))
                *grammar_pool_push(&r->b->pool, r->b->skip_words, r->b->n_skip_words, r->b->size_skip_words) =
                    template_of(r, entry->items[i]);
}

void grammar_read_hassil(struct grammar_builder *b, const char *file, const char *text, size_t len, struct grammar_report *report) {
    struct grammar_source *source = grammar_pool_alloc(&b->pool, sizeof *source);
    source->file = file;
    struct reader r = {.b = b, .report = report, .source = source};
    const struct grammar_yaml *root = grammar_yaml_read(&b->pool, file, text, len, report, &b->open_parser);
    if (!root || grammar_yaml_is_null(root))
        return;
    if (root->kind == GRAMMAR_YAML_SEQUENCE && root->n > 0 && root->items[0]->kind == GRAMMAR_YAML_SCALAR) {
        grammar_read_vosk(b, source, root, report);
        return;
    }
    if (grammar_is_rhino(root)) {
        grammar_read_rhino(b, source, root, report);
        return;
    }
    if (!is_mapping(&r, root, "a grammar file"))
        return;
    name_by_path(&r, file);
    if (grammar_yaml_get(root, "tests"))
        grammar_report_at(report, TRAGUS_NOTE, root->position, "tests, not sentences; the file is ignored");
    else if (is_intents_file(root))
        read_intents_file(&r, root);
    else if (!has_any_key(root))
        grammar_report_at(
            report, TRAGUS_WARNING, root->position,
            "no key that a grammar has (intents, data, sentences, lists, expansion_rules, skip_words); the file is ignored");
    else
        read_top(&r, root);
}
