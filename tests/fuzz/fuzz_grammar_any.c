/* SPDX-License-Identifier: Apache-2.0 */
/* Text whose format is found from its content; and the same text as the values of a list that is set at run time. */
#include "grammar_use.h"

#include <stdlib.h>
#include <string.h>

const char fuzz_name[] = "grammar_any";

#define MOST_VALUES 64

/* Each line is `in`, `in TAB out` or `in TAB out TAB domain`. */
static size_t values_of(char *text, struct grammar_list_value out[MOST_VALUES]) {
    size_t n = 0;
    for (char *rest = text, *line; n < MOST_VALUES && (line = strsep(&rest, "\n")); n++) {
        out[n] = (struct grammar_list_value){.in = strsep(&line, "\t")};
        out[n].out = strsep(&line, "\t");
        out[n].context_domain = strsep(&line, "\t");
    }
    return n;
}

static void use_values(const uint8_t *data, size_t size) {
    static const char sentences[] = "turn on {name}\nturn off {name} [please]\n[the] {area} {name}\n";
    struct grammar_list_value values[MOST_VALUES];
    struct grammar_builder *b = limited_builder();
    tragus_diagnostics d = {0};
    tragus_error e = {0};
    char *text = fuzz_text(data, size);
    size_t n = values_of(text, values);

    fuzz_check(grammar_builder_add_text(b, "sample", "list", sentences, strlen(sentences), &d, &e) == 0, e.text);
    for (int i = 0; i < 2; i++) {
        int r = grammar_builder_set_list(b, i == 0 ? "name" : "area", values, n, &d, &e);
        fuzz_check(r == 0 || e.text[0], "refused without a reason");
    }
    compile_and_use(b, "turn on the kitchen light", &d);
    grammar_builder_free(b);
    grammar_diagnostics_done(&d);
    free(text);
}

void fuzz_one(const uint8_t *data, size_t size) {
    use_grammar(data, size, NULL);
    use_values(data, size);
}
