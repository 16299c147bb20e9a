/* SPDX-License-Identifier: Apache-2.0 */
/* A letter-to-sound model, beside a small lexicon with the same phones. What is accepted guesses words. */
#include "lexicon/lexicon.h"
#include "sealed.h"

const char fuzz_name[] = "g2p";

static void use(const char *path) {
    static const char *const words[] = {"ax", "xyzzy", "abcdefghijklmnopqrstuvwxyz", "q", "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"};
    struct lexicon_pronunciation out[LEXICON_MAX_VARIANTS];
    struct lexicon *l = NULL;
    tragus_error e = {0};

    int r = lexicon_open(&l, fuzz_source("tests/fuzz/samples/lexicon/ten-words.tragus"), path, &e);
    fuzz_check(r == 0 || e.text[0], "refused without a reason");
    if (r < 0)
        return;
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
