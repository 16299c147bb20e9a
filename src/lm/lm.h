/* SPDX-License-Identifier: Apache-2.0 */
/* lm/lm.h: a statistical language model: how likely a word is after the words before it.
 *
 * A back-off trigram model (Katz, 1987). Costs are integers, 1/16 nat in the file and Q8 nats here, so they are the same on every
 * machine.
 *
 * Store kind STORE_NGRAMS, written by lm/write.c, sections:
 *   info      u32: version = 1, order = 3, n_words, n_nodes, n_inner, cost units per nat = 16
 *   words     NUL-terminated spellings in lower case, ascending by bytes
 *   phones    NUL-terminated names of phones 1..n, the same as in the dictionary
 *   spoken    the words' pronunciations in their order: a phone is a byte, as in lexicon/dictionary.h; guesses take too long to be
 *             made when the model is loaded
 *   symbols   u16 per node: symbol 0 begins a sentence, 1 ends it, 2... are the words
 *   costs     u8 per node: of its symbol after its context
 *   weights   i8 per inner node: cost of backing off from it as a context
 *   children  u32 per inner node and one more: its children are the nodes from here to where those of the next node begin
 *   passport  text: what it was made from
 * Nodes are a trie of n-grams, breadth first: node 0 is the empty context and has all symbols as children; then come the pairs, all
 * of them inner nodes; the triples are leaves. With a triple u v w the model also has the pair v w.
 */
#ifndef TRAGUS_LM_LM_H
#define TRAGUS_LM_LM_H

#include "base/error.h"
#include "lexicon/lexicon.h"

#include <stddef.h>
#include <stdint.h>

#define LM_VERSION 1
#define LM_ORDER 3
#define LM_COSTS_A_NAT 16
#define LM_MAX_WORDS 65000u
#define LM_MAX_WORD_BYTES 63
#define LM_NO_WORD UINT32_MAX

enum lm_symbol { LM_SYMBOL_START, LM_SYMBOL_END, LM_N_SPECIAL_SYMBOLS };

struct lm; /* a mapped file; immutable, any thread */

/* Opens a file and checks it completely, and that its phones are those of the lexicon (NULL: any). Returns 0, or a negative errno
 * and in reterr what is wrong. The caller frees with lm_free. */
int lm_open(struct lm **ret, const char *path, const struct lexicon *lexicon, tragus_error *reterr);
void lm_free(struct lm *lm); /* takes NULL */

uint32_t lm_n_words(const struct lm *lm);
size_t lm_n_ngrams(const struct lm *lm, unsigned order); /* 1 (with the special symbols) to LM_ORDER */
/* The i-th n-gram of this order, ascending by its symbols, and its cost and back-off weight in nats. */
void lm_ngram(const struct lm *lm, unsigned order, size_t i, uint32_t symbols[LM_ORDER], float *ret_cost, float *ret_weight);
const char *lm_passport(const struct lm *lm, size_t *ret_len); /* not terminated */
const char *lm_word(const struct lm *lm, uint32_t word);       /* 0..n-1; valid as long as lm */
uint32_t lm_find(const struct lm *lm, const char *spelling);   /* the word, or LM_NO_WORD */
/* Gets the pronunciations of a word. Returns their number, 1 to LEXICON_MAX_VARIANTS. */
int lm_spoken(const struct lm *lm, uint32_t word, struct lexicon_pronunciation out[LEXICON_MAX_VARIANTS]);

/* A state stands for the words so far, as far as they matter for those that follow; 0 is that without any. */
uint32_t lm_start(const struct lm *lm); /* at the beginning of a sentence */
/* Returns -ln of the probability of this word in this state, Q8, and the state after it. */
int32_t lm_next(const struct lm *lm, uint32_t state, uint32_t word, uint32_t *ret_state);
int32_t lm_end(const struct lm *lm, uint32_t state); /* -ln of the probability that the sentence ends here, Q8 */
/* Returns -ln of the probability of this word without context, Q8. */
int32_t lm_alone(const struct lm *lm, uint32_t word);

#endif
