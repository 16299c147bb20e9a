/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/grammar.h: sentences as people write them, compiled to a word automaton for the recogniser and a matcher for text.
 *
 * Two things come out of one grammar: `grammar_acceptor`, an acceptor of word sequences without any meaning (what can be said), and
 * grammar_match, which gives the readings (intent, slots) of a word sequence, best first. The decoder finds the words; the matcher
 * then says what they mean, by Home Assistant's ranking: so a typed and a spoken sentence never mean different things.
 */
#ifndef TRAGUS_GRAMMAR_GRAMMAR_H
#define TRAGUS_GRAMMAR_GRAMMAR_H

#include "base/budget.h"
#include "base/error.h"

#include "tragus.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void grammar_diagnostics_done(tragus_diagnostics *d);
/* Adds a diagnostic without a place; text is cut to its size. d may be NULL. */
void grammar_diagnostics_add(tragus_diagnostics *d, tragus_severity severity, const char *text);

struct grammar;         /* compiled; immutable; any thread */
struct grammar_builder; /* collects files, lists and contexts before compiling; main only */

int grammar_builder_new(struct grammar_builder **ret);
void grammar_builder_free(struct grammar_builder *b);

/* What reading and compiling from here on may take; NULL (the default): no limit but some hundred megabytes. Borrowed. The calling
 * thread starts the budget. Beyond it functions return -ETIME, -E2BIG or -ECANCELED, and say which template, list or file costs
 * most. */
void grammar_builder_set_budget(struct grammar_builder *b, struct base_budget *budget);

/* Where to find how a language says numbers and signs: a file language.yaml, read at once, or a folder with a folder for each
 * language's tag, in which language.yaml is read when a grammar is of that language. What is added first counts. Without, numbers
 * and signs are understood when typed only. */
int grammar_builder_add_language(struct grammar_builder *b, const char *path, tragus_diagnostics *d, tragus_error *reterr);

/* The language of sentences that name none: as set, else that of the first file added, else "". Only its letters before a region
 * count. */
void grammar_builder_set_default_language(struct grammar_builder *b, const char *tag);
const char *grammar_builder_default_language(const struct grammar_builder *b);

/* Adds a file, or every *.yaml, *.yml, *.txt, *.list of a directory (recursively; files before folders, each sorted by name).
 * YAML: both of Home Assistant's layouts. `.txt`, `.list`: one template a line, `#` comments, `template => text`, and `[Name]`
 * alone in a line to begin the sentences of an intent. What has another ending is told by its content. Files of another language
 * than the first one with sentences are left aside. */
int grammar_builder_add_path(struct grammar_builder *b, const char *path, tragus_diagnostics *d, tragus_error *reterr);

/* Adds text in memory; name is used in diagnostics. format: "hassil", "list" or NULL to tell from the content. */
int grammar_builder_add_text(struct grammar_builder *b, const char *name, const char *format, const char *text, size_t len,
                             tragus_diagnostics *d, tragus_error *reterr);

struct grammar_list_value {
    const char *in;             /* template */
    const char *out;            /* NULL: as spoken */
    const char *context_domain; /* NULL: none */
};
/* Sets (replaces) a whole list given at run time: Home Assistant's {name}, {area}, {floor}. */
int grammar_builder_set_list(struct grammar_builder *b, const char *list, const struct grammar_list_value values[], size_t n,
                             tragus_diagnostics *d, tragus_error *reterr);

/* Compiles everything added. A wrong template or list is -EINVAL with all diagnostics (the first error also in reterr). A list that
 * is used and not given skips its templates with a warning. The builder stays usable (change a list, compile again). */
int grammar_compile(struct grammar **ret, struct grammar_builder *b, tragus_diagnostics *d, tragus_error *reterr);
void grammar_free(struct grammar *g);

/* Reports that what was made of the compiled grammar exceeded the budget: as grammar_compile does it, naming what costs most.
 * Returns code. */
int grammar_refuse(const struct grammar *g, const struct base_budget *budget, int code, tragus_diagnostics *d,
                   tragus_error *reterr);

const char *grammar_language(const struct grammar *g); /* the tag that the sentences name, as written; "": none */
size_t grammar_n_templates(const struct grammar *g);
size_t grammar_n_intents(const struct grammar *g);
const char *grammar_intent(const struct grammar *g, size_t i);

/* The acceptor: nondeterministic at most in having several arcs of one word; no epsilon; trimmed; words as they are spoken (digits
 * and symbols spelled out), folded to lower case. */
struct grammar_word_arc {
    uint32_t word; /* index into words */
    uint32_t to;
};
struct grammar_acceptor {
    uint32_t n_states, n_arcs, n_words;
    uint32_t start;
    const uint32_t *first_arc; /* n_states + 1 */
    const struct grammar_word_arc *arcs;
    const uint8_t *is_final;  /* n_states */
    const char *const *words; /* n_words spellings */
};
const struct grammar_acceptor *grammar_acceptor(const struct grammar *g); /* valid while g is */

#define GRAMMAR_MAX_SLOTS 16
struct grammar_slot {
    const char *name;
    tragus_value value;
    uint32_t first_word, n_words; /* where in the input */
    bool wildcard;
    bool fixed; /* from the sentence's `slots:`, not from words */
};
struct grammar_reading { /* pointers are valid while the grammar and the match are */
    const char *intent;  /* "" in an intent-less list */
    const char *text;    /* normalised; for `in`/`out` sentences and `=>` lines their output */
    const char *template_text;
    const char *response; /* NULL: none */
    struct grammar_slot slots[GRAMMAR_MAX_SLOTS];
    size_t n_slots;
};
struct grammar_match;

/* All readings of typed or recognised text, best first (at most max_readings). 0 readings is not an error. context: what the caller
 * knows (area: where the microphone is). Returns how many, or a negative errno; *ret is freed with grammar_match_free (it keeps the
 * texts). */
int grammar_match(struct grammar_match **ret, const struct grammar *g, const char *text, const tragus_context context[],
                  size_t n_context, size_t max_readings);

/* The same within a budget, which may be NULL. Beyond it -ETIME, -E2BIG or -ECANCELED, and reterr names the template that took
 * most. */
int grammar_match_within(struct grammar_match **ret, const struct grammar *g, const char *text, const tragus_context context[],
                         size_t n_context, size_t max_readings, struct base_budget *budget, tragus_error *reterr);
const struct grammar_reading *grammar_match_reading(const struct grammar_match *m, size_t i);
void grammar_match_free(struct grammar_match *m);

#endif
