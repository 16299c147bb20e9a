/* SPDX-License-Identifier: Apache-2.0 */
/* A lexicon, with its rules for endings. What is accepted is asked for words. */
#include "lexicon/lexicon.h"
#include "sealed.h"

const char fuzz_name[] = "lexicon";

static void use(const char *path) {
    static const char *const words[] = {"cat", "cats", "zzz", "a", "b-c", "TV", "catdog", "berries", ""};
    struct lexicon_pronunciation out[LEXICON_MAX_VARIANTS];
    struct lexicon *l = NULL;
    tragus_error e = {0};

    int r = lexicon_open(&l, path, NULL, &e);
    fuzz_check(r == 0 || e.text[0], "refused without a reason");
    if (r < 0)
        return;
    for (unsigned i = 1; i <= lexicon_n_phones(l); i++)
        fuzz_check(lexicon_phone(l, i) != NULL, "a phone without a name");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        int n = lexicon_pronounce(l, NULL, words[i], out, LEXICON_MAX_VARIANTS);
        for (int k = 0; k < n; k++)
            for (unsigned j = 0; j < out[k].n_phones; j++)
                fuzz_check(lexicon_phone(l, out[k].phones[j]) != NULL, "a phone that does not exist");
    }
    lexicon_free(l);
}

void fuzz_one(const uint8_t *data, size_t size) {
    fuzz_sealed(data, size, use);
}
