/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/places.h: finds where words of the acceptor, which have no position, stand in the texts that were read. */
#ifndef TRAGUS_GRAMMAR_PLACES_H
#define TRAGUS_GRAMMAR_PLACES_H

#include "grammar/diagnostic.h"

/* Sets ret[i] to the first place of words[i], in lists before sentences. A word that no text has whole, as one that is joined from
 * parts, has no file. The files' names are the builder's. Without memory, no word is found. */
void grammar_builder_places(const struct grammar_builder *b, const char *const words[], size_t n, struct grammar_position ret[]);

#endif
