/* SPDX-License-Identifier: Apache-2.0 */
/* A user's own pronunciations. A file with a mistake changes nothing; a good one may be read twice. */
#include "fuzz.h"
#include "lexicon/lexicon.h"

#include <stdlib.h>
#include <string.h>

const char fuzz_name[] = "overrides";

static struct lexicon *l;

void fuzz_prepare(void) {
    tragus_error e = {0};
    if (lexicon_open(&l, fuzz_source("tests/fuzz/samples/lexicon/ten-words.tragus"), NULL, &e) < 0)
        fuzz_check(false, e.text);
}

void fuzz_one(const uint8_t *data, size_t size) {
    struct lexicon_pronunciation out[LEXICON_MAX_VARIANTS];
    struct lexicon_overrides *o = NULL;
    tragus_error e = {0};

    fuzz_check(lexicon_overrides_new(&o) == 0, "out of memory");
    fuzz_check(lexicon_overrides_add(o, l, "cat", "D AO G", &e) == 0, e.text);
    for (int i = 0; i < 2; i++) {
        int r = lexicon_overrides_load(o, l, fuzz_file(data, size), &e);
        fuzz_check(r == 0 || e.text[0], "refused without a reason");
        fuzz_check(lexicon_pronounce(l, o, "cat", out, LEXICON_MAX_VARIANTS) >= 1, "a word was lost");
        fuzz_check(out[0].source == LEXICON_USER, "a user's word was lost");
    }
    char *text = fuzz_text(data, size);
    (void)lexicon_pronounce(l, o, text, out, LEXICON_MAX_VARIANTS);
    free(text);
    lexicon_overrides_free(o);
}
