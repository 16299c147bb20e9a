/* SPDX-License-Identifier: Apache-2.0 */
/* engine/private.h: what the files of this room know of each other. */
#ifndef TRAGUS_ENGINE_PRIVATE_H
#define TRAGUS_ENGINE_PRIVATE_H

#include "base/error.h"
#include "engine/engine.h"

/* Marks a function of tragus.h: everything else is hidden. */
#define ENGINE_PUBLIC __attribute__((visibility("default")))

/* Errors and diagnostics of the rooms below, in the structs of the public interface. ret may be NULL; returns e->code. */
int engine_error_give(tragus_error *ret, const struct base_error *e);

/* A time in the sound; what lies before it (an utterance may begin in the padding, start_ms < 0) counts as its begin. */
uint32_t engine_time(int64_t start_ms, uint32_t ms);

tragus_value engine_value(const struct grammar_value *v);

/* Copies n words of a text, from the first-th on, with single blanks and a NUL; to has strlen(text) + 1 bytes of room. Returns the
 * byte behind the NUL. */
char *engine_copy_words(char *to, const char *text, uint32_t first, uint32_t n);

/* The grammar's form of a context; free()d by the caller; NULL: out of memory. */
struct grammar_context_value *engine_context(const tragus_context context[], size_t n);

struct engine_event {
    tragus_event view; /* its pointers lead into what follows */
    tragus_grammar *grammar;
    struct grammar_match *match;
    tragus_word words[DECODER_MAX_WORDS];
    tragus_slot slots[GRAMMAR_MAX_SLOTS];
    size_t text_bytes; /* of text: the sentence, then the words of each slot */
    char text[];
};

/* An event that only says which words were heard so far. */
int engine_event_partial(struct engine_event **ret, tragus_grammar *g, const uint32_t words[], uint32_t n_words, uint64_t sequence);

#endif
