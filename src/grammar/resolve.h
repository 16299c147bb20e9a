/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/resolve.h: the state of the compiler, and the resolution of the names in a template's tree: rules, lists, ranges. */
#ifndef TRAGUS_GRAMMAR_RESOLVE_H
#define TRAGUS_GRAMMAR_RESOLVE_H

#include "grammar/compiled.h"
#include "grammar/costs.h"
#include "grammar/template.h"

enum { GRAMMAR_DEEPEST_TEMPLATE = 200 };

struct grammar_measure { /* of an item with all rules inserted */
    uint64_t size;
    unsigned n_slots, n_chunks;
    bool nullable, wildcard, starts_wild, ends_wild;
    const char *missing; /* the name of a missing list, NULL: none */
};

/* Of a name that is looked up; zeroed memory is none of these. */
enum grammar_state {
    GRAMMAR_BUSY = 1, /* being resolved: who uses it now makes a cycle */
    GRAMMAR_DONE,
    GRAMMAR_FAILED /* it has a mistake, which was reported */
};

struct grammar_scope {
    const struct grammar_model_block *block; /* whose own names take precedence; NULL: none */
    struct grammar_map rules, lists;         /* already resolved */
};

struct grammar_compiler {
    struct grammar_builder *b;
    struct grammar *g;
    struct grammar_report *report;
    struct grammar_costs costs;
    struct grammar_parser parser;
    const char *language;
    bool has_both_regions; /* other sentences have the same language with another region, or without one */
    struct grammar_scope global;
    struct grammar_map missing;
    struct grammar_map range_parts;              /* those made so far */
    const char *stack[GRAMMAR_DEEPEST_TEMPLATE]; /* names being resolved, "<rule>" or "{list}" */
    unsigned depth, n_stack;
    bool refused;                      /* no sentence is left, or the language's files are wrong; was reported */
    struct grammar_text within;        /* the text whose items are being resolved, for positions */
    char *file_text;                   /* of a file being read; freed after compilation */
    struct grammar_pool work, scratch; /* freed after compilation */
};

/* Returns whether a file's language fits that of the grammar. */
bool grammar_in_language(const struct grammar_compiler *c, const struct grammar_source *s);

/* Returns whether a block of sentences has exactly this tag. */
bool grammar_has_sentences_in(const struct grammar_builder *b, const char *language);

/* Returns the tables of a language, or NULL if there are none. */
const struct grammar_language *grammar_tables_of(struct grammar_compiler *c, const char *tag);

/* Returns the position of a character in a text. */
struct grammar_position grammar_position_in(const struct grammar_text *t, uint32_t offset);

/* Copies a text into the grammar, which outlives the builder; NULL stays NULL. */
const char *grammar_copy_text(struct grammar_compiler *c, const char *text);

/* Parses a template, leaving names unresolved. Returns NULL after reporting a mistake. */
struct grammar_item *grammar_parse(struct grammar_compiler *c, const struct grammar_text *t);

/* Returns whether a list value is a template; if not, every sign in it is literal. */
bool grammar_is_template(const struct grammar_text *t);

/* Resolves the lists and rules that an item names, and measures it. Returns false after reporting mistakes. */
bool grammar_resolve(struct grammar_compiler *c, struct grammar_scope *s, struct grammar_item *item, struct grammar_measure *m);

/* Gets the list that an item names, compiled once; *ret is NULL if the list is missing. Returns false after reporting mistakes. */
bool grammar_find_list(struct grammar_compiler *c, struct grammar_scope *s, const struct grammar_item *item,
                       const struct grammar_list **ret);

/* Returns the list of the numbers that item->part means, empty if the list is no range of whole numbers. */
const struct grammar_list *grammar_range_part(struct grammar_compiler *c, const struct grammar_list *base,
                                              const struct grammar_item *item);

/* Adds the lists that no template names to those that the grammar knows, and warns of those that the program has set in vain. */
void grammar_note_lists(struct grammar_compiler *c);

/* Reports that a rule or list that is being resolved uses itself. name: "<rule>" or "{list}". */
void grammar_report_cycle(struct grammar_compiler *c, const char *name, uint32_t offset);

#endif
