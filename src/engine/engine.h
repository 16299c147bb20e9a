/* SPDX-License-Identifier: Apache-2.0 */
/* engine/engine.h: what daemon and command line need of the library beyond tragus.h. */
#ifndef TRAGUS_ENGINE_ENGINE_H
#define TRAGUS_ENGINE_ENGINE_H

#include "base/budget.h"
#include "base/error.h"
#include "engine/recogniser.h"
#include "engine/segment.h"
#include "grammar/grammar.h"
#include "graph/graph.h"
#include "lexicon/lexicon.h"
#include "nn/nn.h"
#include "tragus.h"

#define ENGINE_DEFAULT_LANGUAGE "en" /* of a model where none is named, and of sentences that name none */

struct lexicon *engine_model_lexicon(tragus_model *m);
struct nn_model *engine_model_network(tragus_model *m);
uint32_t engine_model_cpu_flags(const tragus_model *m);   /* which kernels may be used */
const char *engine_model_path(const tragus_model *m);     /* of the acoustic model file */
const char *engine_model_language(const tragus_model *m); /* its tag, "en" */
const struct grammar *engine_grammar_sentences(const tragus_grammar *g);
const struct graph *engine_grammar_graph(const tragus_grammar *g);
tragus_model *engine_grammar_model(const tragus_grammar *g); /* that it was compiled with; NULL: for typed text only */
/* The files that tragus_grammar_load reads for a path, in its order; visit returns 0 to go on. */
int engine_grammar_files(const char *path, int (*visit)(const char *file, void *user), void *user, tragus_error *reterr);

/* --- compiling and matching within a budget --------------------------------------------------------------------------------------
 * As the functions of tragus.h do it, for a thread that compiles beside others; the arguments are not checked again. budget: the
 * calling thread starts it and works in it, another one may cancel it; NULL: the limits of the options. What exceeds it is -ETIME,
 * -E2BIG or -ECANCELED, and the error names the template, list or file that costs most. Models and grammars are immutable, so any
 * number of threads may compile and match with them at once. */
enum { ENGINE_MAX_CPU_MS = 10000, ENGINE_MAX_BYTES = 256 << 20 }; /* where options give none */

/* From files and directories, or from texts in memory: one of the two, the other one's number is 0. */
int engine_grammar_load(tragus_grammar **ret, tragus_model *m, const tragus_grammar_options *o, const char *const paths[],
                        size_t n_paths, const tragus_text texts[], size_t n_texts, tragus_diagnostics *d,
                        struct base_budget *budget, tragus_error *reterr);
int engine_grammar_with_list(tragus_grammar **ret, tragus_grammar *g, const char *list, const tragus_list_value values[], size_t n,
                             tragus_diagnostics *d, struct base_budget *budget, tragus_error *reterr);
int engine_match_text(tragus_match **ret, tragus_grammar *g, const char *text, const tragus_context context[], size_t n_context,
                      size_t max, struct base_budget *budget, tragus_error *reterr);

/* How many hops without speech the gate must stay open, so that it is never the first to end a sentence in which someone pauses. */
uint32_t engine_hang_hops(tragus_model *m, const tragus_session_options *o);

/* What a record means, as an event that engine_event_free frees. -EINVAL for SWAPPED and RETIRED, which mean nothing. Times count
 * from hop `origin` of the sound; what lies before it counts as the origin. */
struct engine_event;
int engine_event_new(struct engine_event **ret, const struct engine_record *r, uint64_t origin, const tragus_context context[],
                     size_t n_context);
const tragus_event *engine_event_view(const struct engine_event *e);
void engine_event_free(struct engine_event *e); /* zeroes */

#endif
