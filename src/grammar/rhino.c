/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/rhino.c: reads a context of Picovoice's Rhino: expressions of each intent, the values of slots, macros. Slots are lists;
 * a macro has a rule for each of its phrases, because they have places of their own in the file.
 */
#include "grammar/rhino.h"
#include "grammar/notation.h"

#include <string.h>

struct reader {
    struct grammar_builder *b;
    struct grammar_report *report;
    struct grammar_source *source;
    struct grammar_map *macros; /* numbers of phrases */
};

static const char *const parts[] = {"expressions", "slots", "macros"};

bool grammar_is_rhino(const struct grammar_yaml *root) {
    const struct grammar_yaml *context = grammar_yaml_get(root, "context");
    for (size_t i = 0; context && i < sizeof parts / sizeof parts[0]; i++)
        if (grammar_yaml_get(context, parts[i]))
            return true;
    return false;
}

static struct grammar_text text_of(struct reader *r, const struct grammar_yaml *y, const struct grammar_notation *notation) {
    return (struct grammar_text){
        .text = y->text, .source = r->source, .position = y->position, .notation = notation, .scope = r->macros};
}

/* Calls visit for each phrase under each name of a part. */
static void read_part(struct reader *r, const struct grammar_yaml *context, const char *part,
                      void (*visit)(struct reader *r, const struct grammar_yaml *name, const struct grammar_yaml *phrase)) {
    const struct grammar_yaml *names = grammar_yaml_get(context, part);
    if (!names || grammar_yaml_is_null(names))
        return;
    if (names->kind != GRAMMAR_YAML_MAPPING) {
        grammar_report_at(r->report, TRAGUS_ERROR, names->position, "%s must be a map of \"name: ...\" lines", part);
        return;
    }
    for (size_t i = 0; i < names->n; i++) {
        const struct grammar_yaml *phrases = names->items[i];
        if (phrases->kind != GRAMMAR_YAML_SEQUENCE)
            grammar_report_at(r->report, TRAGUS_ERROR, names->keys[i]->position, "%.60s must be a list of \"- ...\" lines",
                              names->keys[i]->text);
        for (size_t k = 0; phrases->kind == GRAMMAR_YAML_SEQUENCE && k < phrases->n; k++)
            if (phrases->items[k]->kind == GRAMMAR_YAML_SCALAR)
                visit(r, names->keys[i], phrases->items[k]);
            else
                grammar_report_at(r->report, TRAGUS_ERROR, phrases->items[k]->position,
                                  "a phrase must be a text; put it in quotes");
    }
}

static void read_expression(struct reader *r, const struct grammar_yaml *intent, const struct grammar_yaml *phrase) {
    size_t n = r->b->n_blocks;
    struct grammar_model_block *block = n > 0 ? r->b->blocks[n - 1] : NULL;
    if (!block || block->source != r->source || block->intent != intent->text)
        block = grammar_model_add_block(r->b, r->source, intent->position, intent->text, "");
    grammar_model_add_sentence(r->b, block, text_of(r, phrase, &grammar_notation_rhino), NULL);
}

static void read_value(struct reader *r, const struct grammar_yaml *slot, const struct grammar_yaml *phrase) {
    struct grammar_model_list *list = grammar_model_list(r->b, &r->b->lists, slot->text);
    if (list->at_run_time)
        return;
    struct grammar_model_definition *d = list->n > 0 ? &list->definitions[list->n - 1] : NULL;
    if (!d || d->source != r->source) {
        d = grammar_pool_push(&r->b->pool, list->definitions, list->n, list->size);
        *d = (struct grammar_model_definition){.source = r->source, .position = slot->position};
    }
    grammar_pool_push(&r->b->pool, d->values, d->n_values, d->size_values)->in = text_of(r, phrase, &grammar_notation_plain);
}

static void read_macro(struct reader *r, const struct grammar_yaml *macro, const struct grammar_yaml *phrase) {
    void **at = grammar_map_at(r->macros, &r->b->pool, macro->text);
    if (!*at)
        *at = grammar_pool_alloc(&r->b->pool, sizeof(size_t));
    size_t *n = *at;
    grammar_model_add_rule(r->b, &r->b->rules, grammar_rhino_rule(&r->b->pool, r->source->file, macro->text, (*n)++),
                           text_of(r, phrase, &grammar_notation_rhino));
}

const char *grammar_rhino_rule(struct grammar_pool *pool, const char *file, const char *macro, size_t i) {
    return grammar_pool_format(pool, "%s:@%s %zu", file, macro, i + 1);
}

void grammar_read_rhino(struct grammar_builder *b, struct grammar_source *source, const struct grammar_yaml *root,
                        struct grammar_report *report) {
    struct reader r = {.b = b, .report = report, .source = source};
    const struct grammar_yaml *context = grammar_yaml_get(root, "context"), *language = grammar_yaml_get(root, "language");
    r.macros = grammar_pool_alloc(&b->pool, sizeof *r.macros);
    source->has_plain_blocks = true;
    if (language && language->kind == GRAMMAR_YAML_SCALAR)
        source->language = language->text;
    for (size_t i = 0; i < context->n; i++) {
        size_t k = 0;
        while (k < sizeof parts / sizeof parts[0] && strcmp(context->keys[i]->text, parts[k]) != 0)
            k++;
        if (k == sizeof parts / sizeof parts[0])
            grammar_report_at(report, TRAGUS_WARNING, context->keys[i]->position,
                              "key \"%.60s\" is not known in a context and ignored", context->keys[i]->text);
    }
    read_part(&r, context, "macros", read_macro);
    read_part(&r, context, "slots", read_value);
    read_part(&r, context, "expressions", read_expression);
}
