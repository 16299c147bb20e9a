/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/rhino.h: reads a context of Picovoice's Rhino from a YAML document. */
#ifndef TRAGUS_GRAMMAR_RHINO_H
#define TRAGUS_GRAMMAR_RHINO_H

#include "grammar/model.h"
#include "grammar/yaml.h"

bool grammar_is_rhino(const struct grammar_yaml *root);
void grammar_read_rhino(struct grammar_builder *b, struct grammar_source *source, const struct grammar_yaml *root,
                        struct grammar_report *report);

/* Returns the name of the rule that has the i-th phrase of a macro. */
const char *grammar_rhino_rule(struct grammar_pool *pool, const char *file, const char *macro, size_t i);

#endif
