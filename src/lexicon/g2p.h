/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/g2p.h: guesses how a word is pronounced from its letters.
 *
 * A joint-sequence model (Bisani and Ney, 2008): an n-gram over graphones, which are pairs of a letter and up to two phones ("x":K
 * S, "e":silent). The best sequence whose letters form the word gives its phones. Costs are integers, 1/16 nat, so the guess is the
 * same on every machine.
 *
 * Store kind STORE_G2P, written by models/training/lexicon/g2p.py, sections:
 *   info       u32: version = 1, order, n_graphones, n_nodes, n_inner, cost units per nat = 16
 *   phones     NUL-terminated names of phones 1..n, the same as in the dictionary
 *   graphones  4 bytes: letter, n phones, phones; ascending
 *   symbols    u16 per node: symbol 0 begins a word, 1 ends it, 2... are the graphones
 *   costs      u8 per node: of its symbol after its context
 *   weights    i8 per inner node: cost of backing off from it as a context
 *   children   u32 per inner node and one more: its children are the nodes from here to where those of the next node begin
 * Nodes are a trie of n-grams, breadth first: node 0 is the empty context and has all symbols as children; the nodes of the
 * highest order come last and are leaves.
 */
#ifndef TRAGUS_LEXICON_G2P_H
#define TRAGUS_LEXICON_G2P_H

#include "base/error.h"
#include "lexicon/lexicon.h"

#include <stddef.h>
#include <stdint.h>

#define G2P_VERSION 1
#define G2P_MAX_ORDER 8
#define G2P_COSTS_A_NAT 16

struct g2p_graphone {
    uint8_t letter;
    uint8_t n_phones;
    uint8_t phones[2];
};

struct g2p { /* a view of a mapped file */
    const struct g2p_graphone *graphones;
    uint32_t n_graphones;
    uint32_t first_graphone[27]; /* of each letter, and the end of the last letter's */
    const uint16_t *symbols;
    const uint8_t *costs;
    const int8_t *weights;
    const uint32_t *children;
    uint32_t n_nodes, n_inner;
};

struct store;

/* Checks all sections and fills *ret, which points into the store. phones: the section of the dictionary, which must be equal. */
int g2p_view(struct g2p *ret, const struct store *s, const char *phones, size_t phones_bytes, const char *path,
             tragus_error *reterr);

/* Writes up to max (at most 2) guesses for letters a to z, the best first; a second one only if it is nearly as likely. Returns
 * their number (at least 1), -E2BIG if every reading has more than LEXICON_MAX_PHONES phones, or -ENOENT if all readings are
 * silent. */
int g2p_guess(const struct g2p *g, const char *letters, size_t n_letters, struct lexicon_pronunciation *out, size_t max);

extern const char *const g2p_sections[];
extern const size_t g2p_n_sections;

#endif
