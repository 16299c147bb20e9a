/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/yaml.c: copies libyaml's document to a tree in the pool. Anchors and aliases become shared nodes. */
#include "grammar/yaml.h"

#include "base/budget.h"
#include "grammar/pool.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum {
    DEEPEST_NODE = 32,
    NODE_BYTES = 256, /* approximate size in libyaml, with its text and the growth of its array */
};

struct grammar_yaml_parser {
    yaml_parser_t parser;
    yaml_document_t document;
    bool has_document;
    const char *text;
    size_t len, at;
    struct base_budget *budget;
    size_t counted_bytes; /* of the nodes that libyaml allocated for the document */
};

struct reader {
    struct grammar_pool *pool;
    const char *file;
    struct grammar_report *report;
    yaml_document_t *document;
    struct grammar_yaml **made; /* by libyaml's node number, from 1 */
    bool failed;
};

static struct grammar_position position_of(const struct reader *r, yaml_mark_t mark) {
    return (struct grammar_position){r->file, (int)mark.line + 1, (int)mark.column + 1};
}

static struct grammar_yaml *copy_node(struct reader *r, int number, unsigned depth) {
    if (r->made[number])
        return r->made[number];
    const yaml_node_t *node = yaml_document_get_node(r->document, number);
    struct grammar_yaml *y = grammar_pool_alloc(r->pool, sizeof *y);
    y->position = position_of(r, node->start_mark);
    if (depth > DEEPEST_NODE) { /* also for an alias that contains itself */
        if (!r->failed)
            grammar_report_at(r->report, TRAGUS_ERROR, y->position, "nested more than %d deep; a grammar needs fewer levels",
                              DEEPEST_NODE);
        r->failed = true;
        return y;
    }
    if (node->type == YAML_SCALAR_NODE) {
        y->text = grammar_pool_text(r->pool, (const char *)node->data.scalar.value, node->data.scalar.length);
        y->plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        if (node->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
            node->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE)
            y->position.column++;
    } else if (node->type == YAML_SEQUENCE_NODE) {
        y->kind = GRAMMAR_YAML_SEQUENCE;
        y->n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
        y->items = grammar_pool_alloc(r->pool, y->n * sizeof *y->items);
        for (size_t i = 0; i < y->n; i++)
            y->items[i] = copy_node(r, node->data.sequence.items.start[i], depth + 1);
    } else {
        y->kind = GRAMMAR_YAML_MAPPING;
        y->n = (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
        y->items = grammar_pool_alloc(r->pool, y->n * sizeof *y->items);
        y->keys = grammar_pool_alloc(r->pool, y->n * sizeof *y->keys);
        for (size_t i = 0; i < y->n; i++) {
            const yaml_node_pair_t *pair = &node->data.mapping.pairs.start[i];
            y->keys[i] = copy_node(r, pair->key, depth + 1);
            y->items[i] = copy_node(r, pair->value, depth + 1);
            if (y->keys[i]->kind != GRAMMAR_YAML_SCALAR || !y->keys[i]->text) {
                if (!r->failed)
                    grammar_report_at(r->report, TRAGUS_ERROR, y->keys[i]->position, "a key must be a plain word");
                r->failed = true;
                y->keys[i] = grammar_pool_alloc(r->pool, sizeof *y);
                y->keys[i]->text = "";
            }
        }
    }
    return r->made[number] = y;
}

static void warn_of_doubles(struct reader *r, int n_nodes) {
    for (int number = 1; number <= n_nodes; number++) {
        const struct grammar_yaml *y = r->made[number];
        if (!y || y->kind != GRAMMAR_YAML_MAPPING || y->n > 1000) /* the check is quadratic */
            continue;
        grammar_pool_spend(r->pool, y->n * y->n / 4);
        for (size_t i = 0; i < y->n; i++)
            for (size_t j = i + 1; j < y->n; j++)
                if (strcmp(y->keys[i]->text, y->keys[j]->text) == 0)
                    grammar_report_at(r->report, TRAGUS_WARNING, y->keys[i]->position,
                                      "\"%s\" stands again in line %d; that one counts", y->keys[i]->text,
                                      y->keys[j]->position.line);
    }
}

void grammar_yaml_abandon(struct grammar_yaml_parser **parser) {
    if (!*parser)
        return;
    if ((*parser)->has_document)
        yaml_document_delete(&(*parser)->document);
    yaml_parser_delete(&(*parser)->parser);
    base_budget_give((*parser)->budget, (*parser)->counted_bytes);
    free(*parser);
    *parser = NULL;
}

/* Gives libyaml the next part of the text, unless the budget is exceeded. */
static int read_part(void *data, unsigned char *buffer, size_t size, size_t *ret_size) {
    struct grammar_yaml_parser *p = data;
    size_t n = p->len - p->at < size ? p->len - p->at : size;
    size_t bytes = (size_t)(p->document.nodes.top - p->document.nodes.start) * NODE_BYTES;
    if (base_budget_spend(p->budget, 4 * n) < 0)
        return 0;
    if (bytes > p->counted_bytes) {
        if (base_budget_take(p->budget, bytes - p->counted_bytes) < 0)
            return 0;
        p->counted_bytes = bytes;
    }
    memcpy(buffer, p->text + p->at, n);
    p->at += n;
    *ret_size = n;
    return 1;
}

static struct grammar_yaml *read_document(struct reader *r, struct grammar_yaml_parser *p, const char *text, size_t len) {
    p->text = text;
    p->len = len;
    p->budget = r->pool->budget;
    yaml_parser_set_input(&p->parser, read_part, p);
    if (!yaml_parser_load(&p->parser, &p->document)) {
        if (base_budget_code(p->budget) < 0)
            grammar_pool_escape(r->pool, base_budget_code(p->budget));
        yaml_mark_t mark = p->parser.problem_mark;
        if (p->parser.error == YAML_MEMORY_ERROR || !p->parser.problem) /* libyaml does not always say so */
            grammar_pool_escape(r->pool, -ENOMEM);
        if (p->parser.error == YAML_READER_ERROR) { /* has no mark: count the lines up to the byte */
            size_t offset = p->parser.problem_offset < len ? p->parser.problem_offset : len;
            for (size_t i = 0; i < offset; i++)
                if (text[i] == '\n') {
                    mark.line++;
                    mark.column = 0;
                } else {
                    mark.column++;
                }
        }
        grammar_report_at(r->report, TRAGUS_ERROR, position_of(r, mark), "not YAML: %s%s%s", p->parser.problem,
                          p->parser.context ? ", " : "", p->parser.context ? p->parser.context : "");
        return NULL;
    }
    p->has_document = true;
    if (!yaml_document_get_root_node(&p->document))
        return NULL;
    int n_nodes = (int)(p->document.nodes.top - p->document.nodes.start);
    r->document = &p->document;
    r->made = grammar_pool_alloc(r->pool, ((size_t)n_nodes + 1) * sizeof(struct grammar_yaml *));
    struct grammar_yaml *root = copy_node(r, 1, 0);
    if (!r->failed)
        warn_of_doubles(r, n_nodes);
    return r->failed ? NULL : root;
}

struct grammar_yaml *grammar_yaml_read(struct grammar_pool *pool, const char *file, const char *text, size_t len,
                                       struct grammar_report *report, struct grammar_yaml_parser **ret_parser) {
    struct reader r = {.pool = pool, .file = file, .report = report};
    *ret_parser = calloc(1, sizeof **ret_parser);
    if (!*ret_parser)
        grammar_pool_escape(pool, -ENOMEM);
    if (!yaml_parser_initialize(&(*ret_parser)->parser)) {
        free(*ret_parser);
        *ret_parser = NULL;
        grammar_pool_escape(pool, -ENOMEM);
    }
    struct grammar_yaml *root = read_document(&r, *ret_parser, text, len);
    grammar_yaml_abandon(ret_parser);
    return root;
}

struct grammar_yaml *grammar_yaml_get(const struct grammar_yaml *mapping, const char *key) {
    struct grammar_yaml *found = NULL;
    if (mapping && mapping->kind == GRAMMAR_YAML_MAPPING)
        for (size_t i = 0; i < mapping->n; i++)
            if (strcmp(mapping->keys[i]->text, key) == 0)
                found = mapping->items[i];
    return found;
}

bool grammar_yaml_is_null(const struct grammar_yaml *y) {
    return y->kind == GRAMMAR_YAML_SCALAR && y->plain &&
           (y->text[0] == '\0' || strcmp(y->text, "~") == 0 || strcmp(y->text, "null") == 0);
}

bool grammar_yaml_boolean(const struct grammar_yaml *y, bool *ret) {
    if (y->kind != GRAMMAR_YAML_SCALAR || !y->plain)
        return false;
    bool yes = strcmp(y->text, "true") == 0 || strcmp(y->text, "True") == 0 || strcmp(y->text, "TRUE") == 0;
    if (!yes && strcmp(y->text, "false") != 0 && strcmp(y->text, "False") != 0 && strcmp(y->text, "FALSE") != 0)
        return false;
    *ret = yes;
    return true;
}

bool grammar_yaml_integer(const struct grammar_yaml *y, long long *ret) {
    if (y->kind != GRAMMAR_YAML_SCALAR || !y->plain || y->text[0] == '\0' || strchr(" \t\n", y->text[0]))
        return false;
    char *end;
    errno = 0;
    long long value = strtoll(y->text, &end, 10);
    if (*end || errno)
        return false;
    *ret = value;
    return true;
}
