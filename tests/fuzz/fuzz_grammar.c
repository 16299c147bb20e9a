/* SPDX-License-Identifier: Apache-2.0 */
/* Uses arbitrary bytes as a grammar, in every format, and as the text to match. There must be no crash, leak or hang, and the arcs
 * of the acceptor must be within bounds. Runs on saved samples; with -fsanitize=fuzzer and -DTRAGUS_LIBFUZZER it is a libFuzzer
 * target.
 */
#include "../unit/grammar/builder.h"
#include "grammar/grammar.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(int good, const char *what) {
    if (!good) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

static void use(const struct grammar *g, const char *text) {
    const struct grammar_acceptor *w = grammar_acceptor(g);
    for (uint32_t i = 0; i < w->n_arcs; i++)
        check(w->arcs[i].to < w->n_states && w->arcs[i].word < w->n_words, "an arc leads out of the acceptor");
    for (uint32_t s = 0; s < w->n_states; s++)
        check(w->first_arc[s] <= w->first_arc[s + 1] && w->first_arc[s + 1] <= w->n_arcs, "arcs out of order");
    const char *texts[] = {text, "turn on the kitchen light", "set it to twenty five percent", "a a a a a a a b"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct grammar_match *m = NULL;
        int n = grammar_match(&m, g, texts[i], NULL, 0, 5);
        for (int k = 0; k < n; k++) {
            const struct grammar_reading *r = grammar_match_reading(m, (size_t)k);
            check(r && r->intent && r->text && r->template_text, "a reading without text");
            for (size_t s = 0; s < r->n_slots; s++)
                check(r->slots[s].name && r->slots[s].value.text, "a slot without value");
        }
        if (n >= 0)
            grammar_match_free(m);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const formats[] = {"hassil", "list", "ini", "jsgf", NULL};
    const struct grammar_list_value names[] = {{"kitchen light", NULL, "light"}, {"[big] fan", "fan.big", "fan"}};
    char *text = malloc(size + 1);
    check(text != NULL, "out of memory");
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct grammar_builder *b;
        struct grammar *g = NULL;
        tragus_diagnostics d = {0};
        tragus_error e = {0};
        check(english_builder(&b) == 0, "out of memory");
        int r = grammar_builder_add_text(b, "sample", formats[i], text, size, &d, &e);
        check(r == 0 || e.text[0], "refused without a reason");
        grammar_builder_set_list(b, "name", names, 2, &d, NULL);
        memset(&e, 0, sizeof e);
        r = grammar_compile(&g, b, &d, &e);
        check(r == 0 || e.text[0], "refused without a reason");
        grammar_builder_free(b);
        if (r == 0)
            use(g, text);
        grammar_free(g);
        grammar_diagnostics_done(&d);
    }
    free(text);
    return 0;
}

#ifndef TRAGUS_LIBFUZZER
/* Tests each sample unchanged, truncated at some places, and with some bytes changed, the same ones in every run. */
static void vary(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(1);
    }
    static uint8_t data[1 << 16], copy[1 << 16];
    size_t n = fread(data, 1, sizeof data, f);
    fclose(f);
    LLVMFuzzerTestOneInput(data, n);
    uint64_t seed = n;
    for (int round = 0; round < 40 && n > 0; round++) {
        static const char signs[] = "()[]{}<>|;:\\\"'&*-,#\n 0";
        memcpy(copy, data, n);
        size_t len = n;
        for (int k = 0; k <= round % 4; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            copy[(seed >> 33) % n] = (uint8_t)signs[(seed >> 20) % (sizeof signs - 1)];
        }
        if (round % 5 == 0)
            len = (size_t)((seed >> 40) % n);
        LLVMFuzzerTestOneInput(copy, len);
    }
}

static void vary_folder(const char *path) {
    DIR *directory = opendir(path);
    if (!directory) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(1);
    }
    const struct dirent *entry;
    int n = 0;
    while ((entry = readdir(directory))) {
        char name[4096];
        if (entry->d_name[0] == '.')
            continue;
        if (snprintf(name, sizeof name, "%s/%s", path, entry->d_name) >= (int)sizeof name)
            exit(1);
        vary(name);
        n++;
    }
    closedir(directory);
    printf("%d samples, each with 40 variations\n", n);
    if (n == 0)
        exit(1);
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        vary(argv[i]);
    if (argc == 1) {
        const char *top = getenv("abs_top_srcdir");
        char path[4096];
        snprintf(path, sizeof path, "%s/tests/fuzz/samples/grammar", top ? top : ".");
        vary_folder(path);
    }
    return 0;
}
#endif
