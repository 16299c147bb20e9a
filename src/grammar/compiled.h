/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/compiled.h: a compiled grammar: the templates as trees, with everything they refer to, and the acceptor. */
#ifndef TRAGUS_GRAMMAR_COMPILED_H
#define TRAGUS_GRAMMAR_COMPILED_H

#include "grammar/costs.h"
#include "grammar/item.h"
#include "grammar/model.h"

struct grammar_wild;

struct grammar_entry { /* of a list */
    const struct grammar_item *in;
    bool has_out;
    tragus_value out;
    const char *spelling; /* as written, and the output if there is no `out`; NULL: `in` is a template, or words without digits */
    bool as_written;      /* the output is what `in` gives as text, with what its parts stand for */
    const struct grammar_pair *context;
    size_t n_context;
};

struct grammar_index;

struct grammar_list {
    const char *name;
    uint32_t number; /* 0..n_lists-1 */
    enum grammar_list_kind kind;
    struct grammar_entry *entries; /* for a range: its numbers in words */
    size_t n_entries, size_entries;
    const struct grammar_index *index; /* NULL: all are tried */
    struct grammar_range *ranges;
    size_t n_ranges, size_ranges;
};

struct grammar_block {
    const char *intent, *response;
    double min_confidence; /* 0: none */
    uint8_t pauses;        /* 0: the session's, more: of the grammar's pauses[pauses - 1] */
    tragus_field *slots;
    size_t n_slots;
    tragus_field *metadata;
    size_t n_metadata;
    struct grammar_condition *required, *excluded;
    size_t n_required, n_excluded;
};

struct grammar_template {
    const struct grammar_item *body;
    const char *text, *out;
    const struct grammar_block *block;
    struct grammar_position position;
    bool spoken_only; /* a shorter copy of another block, for recognisers only */
    bool has_wildcard, starts_wild, ends_wild;
    uint32_t n_chunks; /* pieces of literal text */
};

struct grammar {
    struct grammar_pool pool;
    struct grammar_template *templates; /* of readings with equal rank, the one of the earlier template wins */
    size_t n_templates, size_templates;
    const char **intents;
    size_t n_intents, size_intents;
    uint32_t n_lists;
    struct grammar_map list_names; /* of all lists that templates name or files define; the value is set if a template names it */
    const struct grammar_item **skip_words; /* trees; longest text first */
    size_t n_skip_words;
    const struct grammar_wild *wild;             /* how free text is written; NULL: there is none */
    const char *language;                        /* named by the sentences; "": none */
    struct grammar_position skip_words_position; /* of the longest */
    bool ignore_whitespace;
    bool dotless;            /* the language has an i without a dot */
    double least_confidence; /* the least of the blocks that have one; 0: none has */
    struct grammar_pauses pauses[GRAMMAR_MAX_PAUSES];
    uint32_t n_pauses;
    struct grammar_acceptor acceptor;
    struct grammar_cost most_units, most_bytes; /* the most expensive to compile */
};

/* Returns whether a list value may be used in a block: its own context must not contradict the conditions of the block. */
bool grammar_entry_fits(const struct grammar_entry *e, const struct grammar_block *b);

/* Returns whether the values of a condition include this one (NULL: the key is missing). */
bool grammar_condition_holds(const struct grammar_condition *c, const char *value);

/* Builds g->acceptor from the templates. Temporary data goes to `work`, and to `scratch` for each template. */
void grammar_build_acceptor(struct grammar *g, struct grammar_pool *work, struct grammar_pool *scratch, struct grammar_costs *costs,
                            struct grammar_report *r);

#endif
