/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/compile.h: a dictionary as text becomes the mapped file of dictionary.h; the same bytes for the same input. */
#ifndef TRAGUS_LEXICON_COMPILE_H
#define TRAGUS_LEXICON_COMPILE_H

#include "base/error.h"

/* Reads `word PH PH` lines (variants as further lines, `word(2)` or again `word`; `#` begins a comment) of the files and writes the
 * dictionary to output. A word that stands in a later file is said as that file says, not also as an earlier one does.
 * endings_path: the rules of lexicon/endings.h, NULL = none. */
int lexicon_compile(const char *const paths[], int n_paths, const char *endings_path, const char *output, tragus_error *reterr);

#endif
