/* SPDX-License-Identifier: Apache-2.0 */
/* engine/engine.h: what the daemon and the command line need from the library beyond tragus.h. */
#ifndef TRAGUS_ENGINE_ENGINE_H
#define TRAGUS_ENGINE_ENGINE_H

#include "base/account.h"
#include "base/budget.h"
#include "base/error.h"
#include "engine/recogniser.h"
#include "engine/segment.h"
#include "grammar/examine.h"
#include "grammar/expected.h"
#include "grammar/grammar.h"
#include "graph/graph.h"
#include "lexicon/lexicon.h"
#include "nn/nn.h"
#include "tragus.h"

#define ENGINE_DEFAULT_LANGUAGE "en" /* of the model if none is named, and of sentences that name none */

struct lexicon *engine_model_lexicon(tragus_model *m);
const struct nn_model *engine_model_network(const tragus_model *m);
uint32_t engine_model_cpu_flags(const tragus_model *m);   /* the kernels that may be used */
const char *engine_model_path(const tragus_model *m);     /* path of the acoustic model file */
const char *engine_model_language(const tragus_model *m); /* its tag, such as "en" */
/* Makes what sessions with `fallback` need, unless that was done before; takes some 20 ms of a PC. reterr may be NULL. Any thread.
 * Returns -ENODATA if there is no language model, or -ENOMEM. */
int engine_model_prepare_fallback(tragus_model *m, tragus_error *reterr);
const struct grammar *engine_grammar_sentences(const tragus_grammar *g);
const struct graph *engine_grammar_graph(const tragus_grammar *g);
/* Counts the memory of a new grammar in an account, until it is freed. Returns false, and counts nothing, if there would be more
 * than most_bytes in the account. */
bool engine_grammar_count(tragus_grammar *g, struct base_account *a, size_t most_bytes);
size_t engine_grammar_counted(const tragus_grammar *g, const struct base_account *a); /* 0: not in this account */
/* The i-th diagnostic of reading and compiling a grammar and its lists; NULL: there are no more. */
const tragus_diagnostic *engine_grammar_diagnostic(const tragus_grammar *g, size_t i);
/* Lists that a program has set. They live with the grammar, or are freed with engine_lists_free. */
struct engine_list {
    struct engine_list *next;
    char *name;
    struct grammar_list_value *values;
    size_t n;
};
/* Copies a list and its texts; returns NULL if there is no memory. */
struct engine_list *engine_list_new(const char *name, const struct grammar_list_value values[], size_t n);
void engine_lists_free(struct engine_list *lists);
const struct engine_list *engine_grammar_lists(const tragus_grammar *g); /* the latest first; NULL: none */
tragus_model *engine_grammar_model(const tragus_grammar *g);             /* the model it was compiled with; NULL: typed text only */
/* Visits the files that tragus_grammar_load would read for a path, in the same order; visit returns 0 to continue. */
int engine_grammar_files(const char *path, int (*visit)(const char *file, void *user), void *user, tragus_error *reterr);

/* Returns NULL if a format of grammars has that name, else the names of all, for a message. */
const char *engine_unknown_format(const char *format);

/* --- compiling and matching within a budget ---
 * These work like the functions of tragus.h, for a thread that compiles beside others; they do not check the arguments again.
 * budget: the calling thread starts it and works in it, and another thread may cancel it; NULL: the limits from the options. Work
 * over budget fails with -ETIME, -E2BIG or -ECANCELED, and the error names the template, list or file that costs most. Models and
 * grammars are immutable, so any number of threads may compile and match with them at once. */
enum { ENGINE_MAX_CPU_MS = 10000, ENGINE_MAX_BYTES = 256 << 20 }; /* used if the options set none */

/* Loads either files and directories, or texts in memory; the count of the other is 0. lists: set at once, as by
 * engine_grammar_with_list, but those that no sentence uses are kept, too, with a warning. */
int engine_grammar_load(tragus_grammar **ret, tragus_model *m, const tragus_grammar_options *o, const char *const paths[],
                        size_t n_paths, const tragus_text texts[], size_t n_texts, const struct engine_list *lists,
                        tragus_diagnostics *d, struct base_budget *budget, tragus_error *reterr);
int engine_grammar_with_list(tragus_grammar **ret, tragus_grammar *g, const char *list, const tragus_list_value values[], size_t n,
                             tragus_diagnostics *d, struct base_budget *budget, tragus_error *reterr);
int engine_match_text(tragus_match **ret, tragus_grammar *g, const char *text, const tragus_context context[], size_t n_context,
                      size_t max, struct base_budget *budget, tragus_error *reterr);
int engine_match_text_with(tragus_match **ret, tragus_grammar *g, const char *text, const struct grammar_match_options *o,
                           struct base_budget *budget, tragus_error *reterr);

/* Gets the pronunciations of a text as a grammar in the model's language reads it, with digits and signs in words; overrides may be
 * NULL. Several words are joined, and the source is that of the least certain one. Returns the number (1..max), -ENOENT if nothing
 * in it can be pronounced, -E2BIG if it is too long, or another negative errno. */
int engine_pronounce(tragus_model *m, const struct lexicon_overrides *o, const char *text, struct lexicon_pronunciation *out,
                     size_t max);

/* Like tragus_wake_phrases; pronunciations: a file of the user's own, NULL for none. */
int engine_wake_phrases(tragus_grammar **ret, tragus_model *m, const char *const phrases[], size_t n, double per_hour,
                        const char *pronunciations, tragus_diagnostics *d, tragus_error *reterr);

/* Makes an event from a record; free it with engine_event_free. Returns -EINVAL for SWAPPED and RETIRED, which are not events.
 * Times count from hop `origin` of the sound; earlier times are set to the origin. */
struct engine_event;
int engine_event_new(struct engine_event **ret, const struct engine_record *r, uint64_t origin, const tragus_context context[],
                     size_t n_context);
const tragus_event *engine_event_view(const struct engine_event *e);
void engine_event_free(struct engine_event *e); /* zeroes the memory */

#endif
