/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/notation.h: the languages of templates other than Home Assistant's. */
#ifndef TRAGUS_GRAMMAR_NOTATION_H
#define TRAGUS_GRAMMAR_NOTATION_H

#include "grammar/model.h"

extern const struct grammar_notation grammar_notation_plain; /* words without special signs */
extern const struct grammar_notation grammar_notation_ini;   /* sentences.ini; scope: the intent's name, or NULL: of a slot file */
extern const struct grammar_notation grammar_notation_jsgf;  /* scope: struct grammar_jsgf_scope */
extern const struct grammar_notation grammar_notation_rhino; /* scope: none */

#endif
