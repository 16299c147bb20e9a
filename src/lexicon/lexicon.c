/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/lexicon.c: opens the two files of a language. */
#include "lexicon/lexicon.h"

#include "lexicon/internal.h"
#include "lexicon/phones.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int open_both(struct lexicon *l, const char *dictionary_path, const char *g2p_path, tragus_error *reterr) {
    int r = store_open(&l->dictionary_store, dictionary_path, STORE_LEXICON, dictionary_sections, dictionary_n_sections, reterr);
    if (r < 0)
        return r;
    r = dictionary_view(&l->dictionary, l->dictionary_store, dictionary_path, reterr);
    if (r < 0)
        return r;
    size_t endings_bytes = 0;
    const char *endings = store_section(l->dictionary_store, ENDINGS_SECTION, &endings_bytes);
    if (endings)
        r = endings_parse(&l->endings, endings, endings_bytes, l->dictionary.phone_names, l->dictionary.n_phones, dictionary_path,
                          reterr);
    if (r < 0 || !g2p_path)
        return r;
    r = store_open(&l->g2p_store, g2p_path, STORE_G2P, g2p_sections, g2p_n_sections, reterr);
    if (r < 0)
        return r;
    r = g2p_view(&l->g2p, l->g2p_store, l->dictionary.phones, l->dictionary.phones_bytes, g2p_path, reterr);
    l->can_guess = r == 0;
    return r;
}

int lexicon_open(struct lexicon **ret, const char *dictionary_path, const char *g2p_path, tragus_error *reterr) {
    struct lexicon *l = calloc(1, sizeof *l);
    if (!l)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    int r = open_both(l, dictionary_path, g2p_path, reterr);
    if (r < 0) {
        lexicon_free(l);
        return r;
    }
    *ret = l;
    return 0;
}

void lexicon_free(struct lexicon *l) {
    if (!l)
        return;
    store_free(l->dictionary_store);
    store_free(l->g2p_store);
    free(l);
}

size_t lexicon_n_words(const struct lexicon *l) {
    return l->dictionary.n_words;
}

size_t lexicon_n_phones(const struct lexicon *l) {
    return l->dictionary.n_phones;
}

const char *lexicon_phone(const struct lexicon *l, unsigned phone) {
    return phone >= 1 && phone <= l->dictionary.n_phones ? l->dictionary.phone_names[phone] : NULL;
}

int lexicon_find_phone(const struct lexicon *l, const char *name) {
    return phones_find(l->dictionary.phone_names, l->dictionary.n_phones, name, strlen(name));
}
