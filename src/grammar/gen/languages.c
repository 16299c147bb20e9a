/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/gen/languages.c: the list of languages; a new one is a file beside this and a line here. */
#include "grammar/gen/languages.h"

const struct grammar_language *const grammar_languages[] = {
    &grammar_language_en,
};
const size_t grammar_n_languages = sizeof grammar_languages / sizeof grammar_languages[0];
