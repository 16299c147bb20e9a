/* SPDX-License-Identifier: Apache-2.0 */
/* language.yaml: how a language says numbers and signs. Then a grammar that uses them. */
#include "fuzz.h"
#include "grammar/grammar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char fuzz_name[] = "language";

static char folder[] = "/tmp/tragus-fuzz-XXXXXX", path[sizeof folder + 16];

static void remove_link(void) {
    (void)unlink(path);
    (void)rmdir(folder);
}

/* The reader goes by the name, which a file in memory does not have. */
void fuzz_prepare(void) {
    fuzz_check(mkdtemp(folder) != NULL, "no folder");
    snprintf(path, sizeof path, "%s/language.yaml", folder);
    (void)atexit(remove_link);
    fuzz_check(symlink(fuzz_file(NULL, 0), path) == 0, "no link");
}

void fuzz_one(const uint8_t *data, size_t size) {
    static const char sentences[] = "set it to 0\nset it to -12.5\n1500 %\n{n}\nat 7:30 for $5.50\nthe 3rd 2½ 1,000\n";
    struct base_budget budget;
    struct grammar_builder *b = NULL;
    struct grammar *g = NULL;
    tragus_diagnostics d = {0};
    tragus_error e = {0};

    fuzz_check(grammar_builder_new(&b) == 0, "no builder");
    base_budget_init(&budget, 200, 32u << 20);
    base_budget_start(&budget);
    grammar_builder_set_budget(b, &budget);
    (void)fuzz_file(data, size);
    int r = grammar_builder_add_language(b, path, &d, &e);
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
