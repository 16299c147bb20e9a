/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/hassil.h: what the readers of the parts of Home Assistant's sentence files share. Private to hassil*.c. */
#ifndef TRAGUS_GRAMMAR_HASSIL_H
#define TRAGUS_GRAMMAR_HASSIL_H

#include "grammar/model.h"
#include "grammar/yaml.h"

struct grammar_hassil { /* a file that is being read */
    struct grammar_builder *b;
    struct grammar_report *report;
    struct grammar_source *source;
    const char *intent, *combination; /* from the names of folder and file */
};

/* Warns of the keys of a mapping that are not in `known`, which ends with NULL. where: what the mapping is, for the message. */
void grammar_hassil_warn_of_unknown(struct grammar_hassil *r, const struct grammar_yaml *mapping, const char *const *known,
                                    const char *where);

/* Reports the mistake that `what` is not what is wanted. */
void grammar_hassil_wrong(struct grammar_hassil *r, const struct grammar_yaml *y, const char *what, const char *wanted);

/* Return whether y is one, and report it if it is something else than nothing. */
bool grammar_hassil_is_mapping(struct grammar_hassil *r, const struct grammar_yaml *y, const char *what);
bool grammar_hassil_is_sequence(struct grammar_hassil *r, const struct grammar_yaml *y, const char *what);

/* Returns a scalar's text, or NULL after reporting that it is none. */
const char *grammar_hassil_text(struct grammar_hassil *r, const struct grammar_yaml *y, const char *what);

/* Return a scalar as a template with its position, and as a value. */
struct grammar_text grammar_hassil_template(struct grammar_hassil *r, const struct grammar_yaml *y);
tragus_value grammar_hassil_value(const struct grammar_yaml *y);

/* Read `lists:` and `expansion_rules:`. y: NULL if there is none. */
void grammar_hassil_lists(struct grammar_hassil *r, struct grammar_map *lists, const struct grammar_yaml *y);
void grammar_hassil_rules(struct grammar_hassil *r, struct grammar_map *rules, const struct grammar_yaml *y);

/* Reads the `data:` of an intent: its blocks of sentences. */
void grammar_hassil_data(struct grammar_hassil *r, const char *intent, const struct grammar_yaml *y);

/* Reads `sentences:` of a block. */
void grammar_hassil_sentences(struct grammar_hassil *r, const struct grammar_yaml *y, struct grammar_model_block *block);

/* Reads a condition: `k: v`; `k: [v, w]`; `k: null`; `k: {value: v, slot: true or NAME}`. */
void grammar_hassil_condition(struct grammar_hassil *r, const struct grammar_yaml *key, const struct grammar_yaml *y,
                              struct grammar_condition *c);

#endif
