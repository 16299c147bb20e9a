/* SPDX-License-Identifier: Apache-2.0 */
/* lm/text.h: cuts written text into sentences of plain words for a language model. */
#ifndef TRAGUS_LM_TEXT_H
#define TRAGUS_LM_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define LM_MAX_SENTENCE_BYTES 4096

/* Reads the next sentence at *text (UTF-8, before end) into out: words in lower case, separated by single blanks. A line, or a mark
 * like . ! ? ; ends a sentence; other marks are dropped, except apostrophes within words. A longer sentence is cut. Advances *text.
 * Returns false when there is no more. */
bool lm_text_next(const char **text, const char *end, char out[LM_MAX_SENTENCE_BYTES]);

#endif
