/* SPDX-License-Identifier: Apache-2.0 */
/* language.yaml: how a language says numbers and signs. Then a grammar that uses them. */
#include "fuzz.h"
#include "grammar/grammar.h"

#include <stdlib.h>
#include <string.h>

const char fuzz_name[] = "language";

void fuzz_one(const uint8_t *data, size_t size) {
    static const char sentences[] = "set it to 0\nset it to -12.5\n1500 %\n{n}\n";
    struct base_budget budget;
    struct grammar_builder *b = NULL;
    struct grammar *g = NULL;
    tragus_diagnostics d = {0};
    tragus_error e = {0};

    fuzz_check(grammar_builder_new(&b) == 0, "no builder");
    base_budget_init(&budget, 200, 32u << 20);
    base_budget_start(&budget);
    grammar_builder_set_budget(b, &budget);
    int r = grammar_builder_add_language(b, fuzz_file(data, size), &d, &e);
    fuzz_check(r == 0 || e.text[0], "refused without a reason");
    if (r == 0) {
        r = grammar_builder_add_text(b, "sample", "list", sentences, strlen(sentences), &d, &e);
        if (r == 0)
            r = grammar_compile(&g, b, &d, &e);
        fuzz_check(r == 0 || e.text[0], "refused without a reason");
    }
    grammar_free(g);
    grammar_builder_free(b);
    grammar_diagnostics_done(&d);
}
