/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/compile.h: compiles a text dictionary to the mapped file of dictionary.h. The same input gives the same bytes. */
#ifndef TRAGUS_LEXICON_COMPILE_H
#define TRAGUS_LEXICON_COMPILE_H

#include "base/error.h"

/* Reads the files, with lines `word PH PH` (variants on further lines as `word(2)` or again `word`; `#` begins a comment), and
 * writes the dictionary to output. The pronunciations of a word in a later file replace those in earlier files. endings_path: the
 * rules of lexicon/endings.h, NULL = none. */
int lexicon_compile(const char *const paths[], int n_paths, const char *endings_path, const char *output, tragus_error *reterr);

#endif
