/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/gen/languages.h: the languages whose numbers and symbols can be spoken, one file of tables each. */
#ifndef TRAGUS_GRAMMAR_GEN_LANGUAGES_H
#define TRAGUS_GRAMMAR_GEN_LANGUAGES_H

#include "grammar/language.h"

extern const struct grammar_language grammar_language_en;

extern const struct grammar_language *const grammar_languages[];
extern const size_t grammar_n_languages;

#endif
