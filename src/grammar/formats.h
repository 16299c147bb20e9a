/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/formats.h: the formats of grammars, and how a text's format is recognised. */
#ifndef TRAGUS_GRAMMAR_FORMATS_H
#define TRAGUS_GRAMMAR_FORMATS_H

#include "grammar/model.h"

#define GRAMMAR_FORMATS "hassil, list, ini, jsgf"

struct grammar_format {
    const char *name;
    void (*read)(struct grammar_builder *b, const char *file, const char *text, size_t len, struct grammar_report *r);
};

/* Returns NULL if no format has that name. */
const struct grammar_format *grammar_format_named(const char *name);

/* Returns the format of a text: what its content shows without doubt, else what the suffix of its name says. file: "" for none. */
const struct grammar_format *grammar_format_of(const char *file, const char *text, size_t len);

#endif
