/* SPDX-License-Identifier: Apache-2.0 */
/* engine/engine.h: what daemon and command line need of the library beyond tragus.h. */
#ifndef TRAGUS_ENGINE_ENGINE_H
#define TRAGUS_ENGINE_ENGINE_H

#include "base/error.h"
#include "decoder/decoder.h"
#include "frontend/gate.h"
#include "grammar/grammar.h"
#include "graph/graph.h"
#include "lexicon/lexicon.h"
#include "nn/nn.h"
#include "tragus.h"

struct lexicon *engine_model_lexicon(tragus_model *m);
struct nn_model *engine_model_network(tragus_model *m);
uint32_t engine_model_cpu_flags(const tragus_model *m); /* which kernels may be used */
const char *engine_model_path(const tragus_model *m);   /* of the acoustic model file */
const struct grammar *engine_grammar_sentences(const tragus_grammar *g);
const struct graph *engine_grammar_graph(const tragus_grammar *g);
/* The files that tragus_grammar_load reads for a path, in its order; visit returns 0 to go on. */
int engine_grammar_files(const char *path, int (*visit)(const char *file, void *user), void *user, struct base_error *reterr);

/* --- the recogniser without allocation or meaning, for a real-time thread ------------------------------------------------------
 * engine_core runs hops through front end, network and one decoder per listener; results come out as words. What they mean
 * (engine_understand) is found by a thread that may allocate. tragus_stream is both in one. */
struct engine_core;     /* front end and network of one sound */
struct engine_listener; /* one decoder on it */

struct engine_core *engine_core_new(tragus_model *m); /* NULL: out of memory */
void engine_core_free(struct engine_core *c);
/* Between two utterances of one sound: the network forgets, the front end's running mean goes on. */
void engine_core_reset(struct engine_core *c);
/* Forgets all it has heard, the running mean too. */
void engine_core_wipe(struct engine_core *c);

struct engine_listener *engine_listener_new(tragus_model *m, tragus_grammar *g,
                                            const struct decoder_options *o); /* holds a reference to g */
void engine_listener_free(struct engine_listener *l);
void engine_listener_start(struct engine_listener *l, uint64_t hop); /* begins an utterance at this hop of the sound */
uint64_t engine_listener_start_hop(const struct engine_listener *l);
struct decoder *engine_listener_decoder(struct engine_listener *l);
tragus_grammar *engine_listener_grammar(struct engine_listener *l);

/* One hop in. What the network is to make of it waits for more hops, which share the loads of its weights; true: no more can wait.
 * engine_core_next then gives the steps that are complete, one a call: 1 and *ret points to the step's posteriors, valid until the
 * next call, or 0. Where that is called matters to the cost, not to what comes out. */
bool engine_core_push(struct engine_core *c, const int16_t hop[FRONTEND_HOP]);
int engine_core_next(struct engine_core *c, const int16_t **ret_posteriors);
/* End of speech: call, instead of engine_core_next, until 0. */
int engine_core_flush(struct engine_core *c, const int16_t **ret_posteriors);

/* Which hop, counted from the first pushed after the reset, the next row of posteriors begins with: the front end and the network
 * look ahead, so it lags what was pushed. May be -1 where the front end's window still held a hop from before the reset. */
int64_t engine_core_position(const struct engine_core *c);

/* How many hops had been pushed when the step last given was complete; at the end of speech not more than there were. */
int64_t engine_core_heard(const struct engine_core *c);

void engine_core_times(const struct engine_core *c, uint64_t *ret_frontend_ns, uint64_t *ret_network_ns,
                       uint64_t *ret_steps); /* relaxed atomics */

/* What a decoder's result means: an event in memory of its own, freed with engine_event_free. Allocates. start_ms is added to all
 * times; it may be a negative number in two's complement. */
struct engine_event;
int engine_understand(struct engine_event **ret, tragus_grammar *g, const struct decoder_result *r, uint64_t sequence,
                      uint64_t start_ms, const tragus_context context[], size_t n_context);
const tragus_event *engine_event_view(const struct engine_event *e);
void engine_event_free(struct engine_event *e);

/* Decoder options as the model's passport gives them, changed by what a session asks for. Keys of the passport, decimal numbers;
 * decoder_defaults holds where one is missing or out of its range:
 *   blank_penalty     nats, 0..64         word_penalty      nats, 0..64         min_confidence    0..1
 *   filler_penalty    nats, -64..64       least_evidence    nats, -1000..1000   prior             0..64
 *   beam              nats, 1..1000       reject            nats, -1000..1000   end_silence_ms, open_silence_ms   100..10000
 *   confidence_offset nats, -64..64       confidence_scale  a nat, 0..64        lateness_ms       0..500 */
struct decoder_options engine_decoder_options(const tragus_model *m, const tragus_session_options *o);

#endif
