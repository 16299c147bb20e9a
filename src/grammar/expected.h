/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/expected.h: reads files of test sentences, each with the intent and the slots that it must have.
 *
 * YAML is Home Assistant's layout: `entities`, `areas` and `floors` are the home, whose names become the lists {name}, {area} and
 * {floor}; each item of `tests` has `sentences`, and `slots`, `intent` and `context` if needed. Without an intent, it is the name
 * of the file's folder. Plain text has a sentence in each line: `turn on the lamp => TurnOn name=lamp area="living room"`, or `turn
 * on the sky => -` if it must not be understood; without slots, any slots are right. `#` begins a comment.
 */
#ifndef TRAGUS_GRAMMAR_EXPECTED_H
#define TRAGUS_GRAMMAR_EXPECTED_H

#include "grammar/grammar.h"

enum { GRAMMAR_MAX_EXPECTED_CONTEXT = 8 };

struct grammar_expected_slot {
    const char *name;
    const char *const *values; /* any of these is right */
    size_t n_values;
};

struct grammar_expected { /* one sentence */
    const char *text;
    int line, column;
    const char *intent; /* NULL: it must not be understood */
    bool any_slots;     /* the slots are not checked */
    bool any_domain;    /* the slot `domain` need not be mentioned: Home Assistant's tests leave it to the intent */
    const struct grammar_expected_slot *slots;
    size_t n_slots;
    tragus_context context[GRAMMAR_MAX_EXPECTED_CONTEXT];
    size_t n_context;
};

enum { GRAMMAR_EXPECTED_LISTS = 3 };
struct grammar_expected_list {
    const char *name; /* "name", "area", "floor" */
    bool given;       /* false: the grammar keeps its own */
    tragus_list_value *values;
    size_t n;
};

struct grammar_expectations {
    struct grammar_expected *items;
    size_t n, size;
    struct grammar_expected_list lists[GRAMMAR_EXPECTED_LISTS];
    const char *area; /* where the microphone is, NULL: not said */
};

/* Reads a file. Free *ret with grammar_expectations_free. What has a mistake is left out with a warning in d. */
int grammar_expectations_read(struct grammar_expectations **ret, const char *path, tragus_diagnostics *d, tragus_error *reterr);
void grammar_expectations_free(struct grammar_expectations *e); /* takes NULL */

/* Whether a value is the expected one: the same text, or the same number. */
bool grammar_expected_value(const struct grammar_expected_slot *slot, const tragus_value *value);

#endif
