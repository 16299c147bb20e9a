/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/model.h: the merged content of all files, still as text.
 *
 * Every piece records its source file: files in another language than the sentences are excluded only when compiling, and mistakes
 * in templates are found then and must be reported with their position.
 */
#ifndef TRAGUS_GRAMMAR_MODEL_H
#define TRAGUS_GRAMMAR_MODEL_H

#include "grammar/diagnostic.h"
#include "grammar/map.h"
#include "grammar/pool.h"

struct grammar_source {
    const char *file;
    const char *language;  /* NULL: fits every language */
    bool has_plain_blocks; /* blocks without `speech_to_phrase: true` */
};

struct grammar_blanks { /* the setting ignore_whitespace of a file */
    const struct grammar_source *source;
    bool ignored;
};

struct grammar_parser;
struct grammar_text;

/* Another language of templates than Home Assistant's. */
struct grammar_notation {
    /* Like grammar_template_parse; the text may have several lines. */
    struct grammar_item *(*parse)(struct grammar_parser *parser, const struct grammar_text *text);
    bool (*is_one)(const char *text); /* like grammar_template_is_one; NULL: list values have no signs */
    /* For messages: how a list is named, what to do if it is missing, where a rule is to be defined. */
    const char *list_opens, *list_closes, *list_hint, *rule_hint;
};

struct grammar_text { /* a template with its position */
    const char *text;
    const struct grammar_source *source;
    struct grammar_position position;
    const struct grammar_notation *notation; /* NULL: Home Assistant's */
    const void *scope;                       /* for the notation: where it looks up names */
};

struct grammar_pair { /* of a context */
    const char *key, *value;
};

struct grammar_condition { /* from requires_context or excludes_context */
    const char *key;
    const char **values; /* any of these fits; n = 0: every value fits */
    size_t n, size;
    const char *slot; /* the slot that the value is copied to, NULL: none */
};

struct grammar_model_value {
    struct grammar_text in;
    bool has_out;
    tragus_value out;
    struct grammar_pair *context;
    size_t n_context, size_context;
};

enum grammar_fractions { GRAMMAR_WHOLE = 0, GRAMMAR_HALVES = 2, GRAMMAR_TENTHS = 10 };

enum { GRAMMAR_MOST_ORDINAL_SIGNS = 32 };

struct grammar_ordinal_signs {
    const char *texts[GRAMMAR_MOST_ORDINAL_SIGNS];
    size_t n;
    /* A bit for each sign that may stand behind a number: [0] below 100, by the number; [1] from 100 on, by its last two digits. */
    uint32_t fit[2][100];
};

struct grammar_range {
    int64_t from, to, step;
    enum grammar_fractions fractions;
    double multiplier;
    bool digits, words;
    bool ordinal;                              /* said "third", typed "3rd" or "3" */
    bool one_by_one;                           /* may also be said digit by digit */
    const struct grammar_ordinal_signs *signs; /* of ordinals, behind the digits; set when compiling, NULL: none */
    uint32_t group;                            /* the sign between groups of three digits, 0: none; set when compiling */
    const char *words_language;                /* NULL: the grammar's */
};

enum grammar_list_kind { GRAMMAR_LIST_VALUES, GRAMMAR_LIST_RANGE, GRAMMAR_LIST_WILDCARD };

struct grammar_model_definition { /* of a list, by one file */
    const struct grammar_source *source;
    struct grammar_position position;
    enum grammar_list_kind kind;
    struct grammar_model_value *values;
    size_t n_values, size_values;
    struct grammar_range *ranges;
    size_t n_ranges, size_ranges;
};

struct grammar_model_list {
    const char *name;
    struct grammar_model_definition *definitions; /* merged when compiling: values are concatenated, otherwise the last one wins */
    size_t n, size;
    bool at_run_time; /* set by the program: replaces the definitions in files */
};

struct grammar_model_rule {
    const char *name;
    struct grammar_text *bodies; /* the last one in the grammar's language wins */
    size_t n, size;
};

struct grammar_model_sentence {
    struct grammar_text in;
    const char *out; /* NULL: none */
};

struct grammar_model_block {
    const struct grammar_source *source;
    struct grammar_position position;
    const char *intent, *combination; /* "" for none */
    struct grammar_model_sentence *sentences;
    size_t n_sentences, size_sentences;
    const char *response;
    double min_confidence; /* 0: none */
    struct grammar_pauses pauses;
    bool speech_to_phrase;
    tragus_field *slots;
    size_t n_slots, size_slots;
    tragus_field *metadata;
    size_t n_metadata, size_metadata;
    struct grammar_condition *required, *excluded;
    size_t n_required, size_required, n_excluded, size_excluded;
    const char *domain_group; /* `name_domains: default`, of intents.yaml; NULL: none */
    struct grammar_position domain_group_position;
    struct grammar_map lists, rules; /* local ones: struct grammar_model_list, struct grammar_model_rule */
};

struct grammar_model_combination {
    size_t order;
    bool context_area;
    struct grammar_map groups; /* of struct grammar_condition: sets of domains */
};

struct grammar_model_intent {
    bool declared; /* in intents.yaml, which then defines the order */
    size_t order;
    struct grammar_map combinations;
};

struct grammar_builder {
    struct grammar_pool pool;
    struct grammar_map intents; /* struct grammar_model_intent */
    struct grammar_map lists;   /* struct grammar_model_list */
    struct grammar_map rules;   /* struct grammar_model_rule */
    struct grammar_map jsgf;    /* grammars that were read or imported, by name; jsgf.c */
    struct grammar_model_block **blocks;
    size_t n_blocks, size_blocks;
    struct grammar_text *skip_words;
    size_t n_skip_words, size_skip_words;
    struct grammar_blanks *blanks; /* the last one in the grammar's language counts */
    size_t n_blanks, size_blanks;
    bool typed_only;
    const char *language;         /* whose sentences are compiled; NULL: that of the first block with a language */
    struct grammar_map languages; /* those already read, by tag; language.c */
    const char **folders;         /* where to look for others */
    size_t n_folders, size_folders;
    char default_language[17];               /* "": none */
    tragus_error mistake;                    /* the first one that cost a part of the grammar; text "": none */
    struct grammar_yaml_parser *open_parser; /* freed after a reader leaves the pool's run */
    struct grammar_run_time_list *run_time_lists;
};

struct grammar_model_list *grammar_model_list(struct grammar_builder *b, struct grammar_map *lists, const char *name);
void grammar_model_add_rule(struct grammar_builder *b, struct grammar_map *rules, const char *name, struct grammar_text body);
struct grammar_model_intent *grammar_model_intent(struct grammar_builder *b, const char *name);
struct grammar_model_block *grammar_model_add_block(struct grammar_builder *b, const struct grammar_source *source,
                                                    struct grammar_position position, const char *intent, const char *combination);
/* out: the text that the sentence stands for, NULL: itself. */
void grammar_model_add_sentence(struct grammar_builder *b, struct grammar_model_block *block, struct grammar_text in,
                                const char *out);

/* Returns the source for a file of a format that has plain blocks only. file: valid as long as the builder. */
struct grammar_source *grammar_model_plain_source(struct grammar_builder *b, const char *file);

/* The readers. They report mistakes to r and do not fail in any other way. */
void grammar_read_hassil(struct grammar_builder *b, const char *file, const char *text, size_t len, struct grammar_report *r);
void grammar_read_ini(struct grammar_builder *b, const char *file, const char *text, size_t len, struct grammar_report *r);
void grammar_read_jsgf(struct grammar_builder *b, const char *file, const char *text, size_t len, struct grammar_report *r);
void grammar_read_plain(struct grammar_builder *b, const char *file, const char *text, size_t len, struct grammar_report *r);
/* Reads the values of the list `name`. */
void grammar_read_slot_file(struct grammar_builder *b, const char *file, const char *name, const char *text, size_t len,
                            struct grammar_report *r);

#endif
