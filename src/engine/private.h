/* SPDX-License-Identifier: Apache-2.0 */
/* engine/private.h: what the files of this room share. */
#ifndef TRAGUS_ENGINE_PRIVATE_H
#define TRAGUS_ENGINE_PRIVATE_H

#include "base/arena.h"
#include "base/error.h"
#include "decoder/decoder.h"
#include "engine/engine.h"
#include "graph/words.h"

/* Exports a function of tragus.h; all others are hidden. */
#define ENGINE_PUBLIC __attribute__((visibility("default")))

/* Copies the options of a program over defaults of size bytes. Both begin with their size. A program that was built with an older
 * tragus.h lacks the last fields, which stay as they are in ret; one that was built with a newer one has more, which are not read.
 * Returns 0, or -EINVAL if `given` does not even contain its size, because nobody has initialised it. */
int engine_take_options(void *ret, size_t size, const void *given);

/* Tells a builder where to find languages: m's own, then those in `folder` (NULL: none), beside m's, and the installed ones. m may
 * be NULL. */
int engine_give_languages(struct grammar_builder *b, const tragus_model *m, const char *folder, tragus_diagnostics *d,
                          tragus_error *reterr);

/* Copies n words of a text, starting with word `first`, separated by single blanks and NUL-terminated; `to` has room for
 * strlen(text) + 1 bytes. Returns a pointer past the NUL. */
char *engine_copy_words(char *to, const char *text, uint32_t first, uint32_t n);

/* CPU time for what a sentence means: the thread that asks for an event may be unable to afford a long computation. */
#define ENGINE_MEANING_MS 100

/* Whether two readings have the same intent and slots; without an intent, the same text. */
bool engine_same_meaning(const tragus_reading *a, const tragus_reading *b);

/* The share of these words that is probably right, 0..1; there must be some. any: the graph of any words. */
double engine_free_confidence(const struct graph *any, const struct engine_free_words *heard);

const struct lm *engine_model_lm(const tragus_model *m); /* NULL: it has none */
/* The words of m's language model as a tree, built when first needed; NULL if it has none, or if that failed, with the error. Any
 * thread. Valid as long as m. */
const struct graph_words *engine_model_words(tragus_model *m, tragus_error *reterr);

/* The graph of any words of m's language model, made when first needed; NULL if it has none, or if that failed, with the error. Any
 * thread. Valid as long as m. */
const struct graph *engine_model_dictation(tragus_model *m, tragus_error *reterr);

/* Makes a tree of m's language model in which the words of the names in a grammar's lists are preferred. *ret is NULL if there are
 * none, or no language model. Returns 0 or -ENOMEM; free with graph_words_free. */
int engine_prefer_names(struct graph_words **ret, tragus_model *m, const struct grammar *sentences,
                        const struct lexicon_overrides *overrides);

struct engine_alternatives { /* the rivals of a sentence that mean something else */
    size_t n;
    tragus_alternative view[LISTENER_MAX_RIVALS]; /* point into the matches */
    tragus_match *matches[LISTENER_MAX_RIVALS];
    const struct listener_rival *nearest; /* in the result; NULL: there is none */
};
/* Takes at most ENGINE_MEANING_MS of CPU time altogether; rivals not read by then are left out. Free with engine_alternatives_done.
 */
void engine_alternatives_find(struct engine_alternatives *ret, tragus_grammar *g, const struct listener_result *r,
                              const tragus_context context[], size_t n_context);
void engine_alternatives_done(struct engine_alternatives *a);

struct engine_listener {
    struct base_arena arena;
    struct base_account *account; /* that counts the arena; NULL: none */
    tragus_grammar *grammar;      /* NULL: any words */
    const struct listener_ops *ops;
    void *state; /* passed to ops; lies in the arena */
    uint32_t row_width;
    uint16_t min_confidence_q15; /* of the session; sentences may ask for another one */
    uint32_t hang_hops;
};

/* Decoder options from the model's passport, overridden by the session's options (NULL: none). Keys of the passport are decimal
 * numbers; decoder_defaults applies to a key that is missing or out of range:
 *   blank_penalty     nats, 0..64         word_penalty      nats, 0..64         min_confidence    0..1
 *   filler_penalty    nats, -64..64       prior             0..64               sure              0..1
 *   beam              nats, 1..1000       final_silence_ms, end_silence_ms, open_silence_ms   100..10000
 *   lm_scale          0..64               free_word_penalty nats, -64..64
 *   free_beam         nats, 1..1000
 *   wake_slope        nats a nat, 0..64
 *   confidence_offset nats, -64..64       confidence_scale  a nat, 0..64        lateness_ms       0..500 */
struct decoder_options engine_decoder_options(const tragus_model *m, const tragus_session_options *o);

#endif
