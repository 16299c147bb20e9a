/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/resolve.h: the compiler's state, and what resolves the names in a template's tree: rules, lists, ranges. */
#ifndef TRAGUS_GRAMMAR_RESOLVE_H
#define TRAGUS_GRAMMAR_RESOLVE_H

#include "grammar/compiled.h"
#include "grammar/costs.h"
#include "grammar/template.h"

enum { GRAMMAR_DEEPEST_TEMPLATE = 200 };

struct grammar_measure { /* of an item with all rules put in */
    uint64_t size;
    unsigned n_slots, n_chunks;
    bool nullable, wildcard, starts_wild, ends_wild;
    const char *missing; /* a list that is not given, NULL: none */
};

struct grammar_scope {
    const struct grammar_model_block *block; /* whose own names count; NULL: none */
    struct grammar_map rules, lists;         /* what is resolved already */
};

struct grammar_compiler {
    struct grammar_builder *b;
    struct grammar *g;
    struct grammar_report *report;
    struct grammar_costs costs;
    struct grammar_parser parser;
    const char *language;
    struct grammar_scope global;
    struct grammar_map missing;
    const char *stack[GRAMMAR_DEEPEST_TEMPLATE]; /* names under way, "<rule>" or "{list}" */
    unsigned depth, n_stack;
    struct grammar_text within;        /* the text whose items are resolved, for positions */
    struct grammar_pool work, scratch; /* freed behind the compilation */
};

/* Whether a file's language fits the grammar's. */
bool grammar_in_language(const struct grammar_compiler *c, const struct grammar_source *s);

/* The tables of a language, NULL: none. */
const struct grammar_language *grammar_tables_of(struct grammar_compiler *c, const char *tag);

/* The position of a character of a text. */
struct grammar_position grammar_position_in(const struct grammar_text *t, uint32_t offset);

/* A copy in the grammar, which outlives the builder; NULL stays NULL. */
const char *grammar_copy_text(struct grammar_compiler *c, const char *text);

/* The tree of a template, names unresolved; NULL: a mistake was reported. */
struct grammar_item *grammar_parse(struct grammar_compiler *c, const struct grammar_text *t, tragus_severity severity);

/* Fills in the lists and rules that an item names, and measures it. False: mistakes were reported. */
bool grammar_resolve(struct grammar_compiler *c, struct grammar_scope *s, struct grammar_item *item, struct grammar_measure *m);

/* The list that an item names, compiled once; *ret NULL: it is not given. False: mistakes were reported. */
bool grammar_find_list(struct grammar_compiler *c, struct grammar_scope *s, const struct grammar_item *item,
                       const struct grammar_list **ret);

/* Reports that a rule or list under way is used inside itself. name: "<rule>" or "{list}". */
void grammar_report_cycle(struct grammar_compiler *c, const char *name, uint32_t offset);

#endif
