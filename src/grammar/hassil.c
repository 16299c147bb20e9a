/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/hassil.c: reads Home Assistant's sentence files: the layout with `intents:`, the layout of 2026 with `data:` and the
 * intent named by the folder, shared lists and rules, and intents.yaml. Known keys that have no effect here are ignored silently;
 * unknown keys give a warning.
 */
#include "grammar/hassil.h"

#include "base/suggest.h"
#include "grammar/files.h"
#include "grammar/rhino.h"
#include "grammar/value.h"
#include "grammar/vosk.h"

#include <string.h>

static const char *const top_keys[] = {
    "language",     "settings",   "intents",   "intent",  "data",   "lists",    "expansion_rules",
    "sentences",    "skip_words", "responses", "version", "filter", "metadata", "no_correct_patterns",
    "unknown_text", NULL};
static const char *const settings_keys[] = {"ignore_whitespace", "filter_with_regex", NULL};
static const char *const intent_keys[] = {"data", "description", "platform", "domain", "metadata", "settings", NULL};

/* What the parts share */

void grammar_hassil_warn_of_unknown(struct grammar_hassil *r, const struct grammar_yaml *mapping, const char *const *known,
                                    const char *where) {
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

void grammar_hassil_wrong(struct grammar_hassil *r, const struct grammar_yaml *y, const char *what, const char *wanted) {
    grammar_report_at(r->report, TRAGUS_ERROR, y->position, "%s must be %s", what, wanted);
}

bool grammar_hassil_is_mapping(struct grammar_hassil *r, const struct grammar_yaml *y, const char *what) {
    if (y->kind == GRAMMAR_YAML_MAPPING)
        return true;
    if (!grammar_yaml_is_null(y)) /* an empty `lists:` is allowed */
        grammar_hassil_wrong(r, y, what, "a map of \"name: ...\" lines");
    return false;
}

bool grammar_hassil_is_sequence(struct grammar_hassil *r, const struct grammar_yaml *y, const char *what) {
    if (y->kind == GRAMMAR_YAML_SEQUENCE)
        return true;
    if (!grammar_yaml_is_null(y))
        grammar_hassil_wrong(r, y, what, "a list of \"- ...\" lines");
    return false;
}

const char *grammar_hassil_text(struct grammar_hassil *r, const struct grammar_yaml *y, const char *what) {
    if (y->kind == GRAMMAR_YAML_SCALAR)
        return y->text;
    grammar_hassil_wrong(r, y, what, "a text; put it in quotes, because YAML takes [ ] for a list and { } for a map");
    return NULL;
}

struct grammar_text grammar_hassil_template(struct grammar_hassil *r, const struct grammar_yaml *y) {
    return (struct grammar_text){.text = y->text, .source = r->source, .position = y->position};
}

tragus_value grammar_hassil_value(const struct grammar_yaml *y) {
    return grammar_value_read(y->text, y->plain);
}

/* Intents */

static void read_intents(struct grammar_hassil *r, const struct grammar_yaml *y) {
    if (!grammar_hassil_is_mapping(r, y, "intents"))
        return;
    for (size_t i = 0; i < y->n; i++) {
        const struct grammar_yaml *intent = y->items[i];
        if (!grammar_hassil_is_mapping(r, intent, "an intent"))
            continue;
        grammar_hassil_warn_of_unknown(r, intent, intent_keys, "an intent");
        const struct grammar_yaml *data = grammar_yaml_get(intent, "data");
        if (data)
            grammar_hassil_data(r, y->keys[i]->text, data);
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

static void read_combination(struct grammar_hassil *r, const struct grammar_yaml *y, struct grammar_model_combination *c) {
    const struct grammar_yaml *area = grammar_yaml_get(y, "context_area"), *groups = grammar_yaml_get(y, "name_domain_groups");
    if (area && !grammar_yaml_boolean(area, &c->context_area))
        grammar_hassil_wrong(r, area, "context_area", "true or false");
    if (!groups || !grammar_hassil_is_mapping(r, groups, "name_domain_groups"))
        return;
    for (size_t i = 0; i < groups->n; i++) {
        struct grammar_condition *domains = grammar_pool_alloc(&r->b->pool, sizeof *domains);
        const struct grammar_yaml key = {.text = "domain"};
        grammar_hassil_condition(r, &key, groups->items[i], domains);
        *grammar_map_at(&c->groups, &r->b->pool, groups->keys[i]->text) = domains;
    }
}

static void read_intents_file(struct grammar_hassil *r, const struct grammar_yaml *root) {
    for (size_t i = 0; i < root->n; i++) {
        struct grammar_model_intent *intent = grammar_model_intent(r->b, root->keys[i]->text);
        intent->declared = true;
        intent->order = i;
        const struct grammar_yaml *combinations = grammar_yaml_get(root->items[i], "slot_combinations");
        if (!combinations || !grammar_hassil_is_mapping(r, combinations, "slot_combinations"))
            continue;
        for (size_t j = 0; j < combinations->n; j++) {
            struct grammar_model_combination *c = grammar_pool_alloc(&r->b->pool, sizeof *c);
            c->order = j;
            *grammar_map_at(&intent->combinations, &r->b->pool, combinations->keys[j]->text) = c;
            read_combination(r, combinations->items[j], c);
        }
    }
}

/* A file */

/* "a/HassTurnOn/name_only.yaml": combination name_only; intent HassTurnOn; without a folder the file's stem for both. */
static void name_by_path(struct grammar_hassil *r, const char *file) {
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
static void warn_of_corrections(struct grammar_hassil *r, const struct grammar_yaml *root) {
    for (size_t i = 0; i < root->n; i++) {
        const char *key = root->keys[i]->text;
        if (strcmp(key, "no_correct_patterns") == 0 || strcmp(key, "unknown_text") == 0)
            grammar_report_at(r->report, TRAGUS_WARNING, root->keys[i]->position,
                              "%s is left out: what is none of the sentences is rejected", key);
    }
}

static void read_blanks(struct grammar_hassil *r, const struct grammar_yaml *setting) {
    struct grammar_blanks blanks = {.source = r->source};
    if (setting && grammar_yaml_boolean(setting, &blanks.ignored))
        *grammar_pool_push(&r->b->pool, r->b->blanks, r->b->n_blanks, r->b->size_blanks) = blanks;
    else if (setting)
        grammar_hassil_wrong(r, setting, "ignore_whitespace", "true or false");
}

static void read_top(struct grammar_hassil *r, const struct grammar_yaml *root) {
    const struct grammar_yaml *entry;
    grammar_hassil_warn_of_unknown(r, root, top_keys, "a grammar");
    warn_of_corrections(r, root);
    if ((entry = grammar_yaml_get(root, "language")))
        r->source->language = grammar_hassil_text(r, entry, "language");
    if ((entry = grammar_yaml_get(root, "settings")) && grammar_hassil_is_mapping(r, entry, "settings")) {
        grammar_hassil_warn_of_unknown(r, entry, settings_keys, "settings");
        read_blanks(r, grammar_yaml_get(entry, "ignore_whitespace"));
    }
    if ((entry = grammar_yaml_get(root, "intent")) && grammar_hassil_text(r, entry, "intent"))
        r->intent = entry->text;
    if ((entry = grammar_yaml_get(root, "intents")))
        read_intents(r, entry);
    if ((entry = grammar_yaml_get(root, "data")))
        grammar_hassil_data(r, r->intent, entry);
    if ((entry = grammar_yaml_get(root, "sentences"))) {
        r->source->has_plain_blocks = true;
        const char *intent = grammar_yaml_get(root, "intent") ? r->intent : "";
        grammar_hassil_sentences(r, entry, grammar_model_add_block(r->b, r->source, entry->position, intent, r->combination));
    }
    grammar_hassil_lists(r, &r->b->lists, grammar_yaml_get(root, "lists"));
    grammar_hassil_rules(r, &r->b->rules, grammar_yaml_get(root, "expansion_rules"));
    if ((entry = grammar_yaml_get(root, "skip_words")) && grammar_hassil_is_sequence(r, entry, "skip_words"))
        for (size_t i = 0; i < entry->n; i++)
            if (grammar_hassil_text(r, entry->items[i], "a skip word"))
                *grammar_pool_push(&r->b->pool, r->b->skip_words, r->b->n_skip_words, r->b->size_skip_words) =
                    grammar_hassil_template(r, entry->items[i]);
}

void grammar_read_hassil(struct grammar_builder *b, const char *file, const char *text, size_t len, struct grammar_report *report) {
    struct grammar_source *source = grammar_pool_alloc(&b->pool, sizeof *source);
    source->file = file;
    struct grammar_hassil r = {.b = b, .report = report, .source = source};
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
    if (!grammar_hassil_is_mapping(&r, root, "a grammar file"))
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
