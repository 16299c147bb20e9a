/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/vosk.c: reads the list of phrases that Vosk takes: a JSON array of texts. Each phrase is a sentence, word for word. */
#include "grammar/vosk.h"
#include "grammar/notation.h"
#include "grammar/template.h"

#include <string.h>

static struct grammar_item *parse(struct grammar_parser *p, const struct grammar_text *text) {
    return grammar_template_plain(p, text->text, strlen(text->text));
}

const struct grammar_notation grammar_notation_plain = {.parse = parse};

void grammar_read_vosk(struct grammar_builder *b, struct grammar_source *source, const struct grammar_yaml *root,
                       struct grammar_report *report) {
    struct grammar_model_block *block = grammar_model_add_block(b, source, root->position, "", "");
    source->has_plain_blocks = true;
    for (size_t i = 0; i < root->n; i++) {
        const struct grammar_yaml *y = root->items[i];
        if (y->kind != GRAMMAR_YAML_SCALAR) {
            grammar_report_at(report, TRAGUS_ERROR, y->position, "an item of a list of phrases must be a text in quotes");
        } else if (strcmp(y->text, "[unk]") == 0) {
            grammar_report_at(report, TRAGUS_NOTE, y->position,
                              "[unk] is not needed and is ignored: what is none of the sentences is rejected in any case");
        } else {
            const struct grammar_text in = {
                .text = y->text, .source = source, .position = y->position, .notation = &grammar_notation_plain};
            grammar_model_add_sentence(b, block, in, NULL);
        }
    }
}
