/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/vosk.h: reads a list of phrases from a JSON document. */
#ifndef TRAGUS_GRAMMAR_VOSK_H
#define TRAGUS_GRAMMAR_VOSK_H

#include "grammar/model.h"
#include "grammar/yaml.h"

void grammar_read_vosk(struct grammar_builder *b, struct grammar_source *source, const struct grammar_yaml *root,
                       struct grammar_report *report);

#endif
