/* SPDX-License-Identifier: Apache-2.0 */
/* engine/prefer.c: prefers the names that a user has given, such as those of rooms and people, among free words. */
#include "engine/private.h"

#include "base/buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* In free words, one of so many words is a name of the user, and all names are as likely. Few names count as if there were more:
 * otherwise one of three would be heard everywhere. */
#define WORDS_A_NAME 10u
#define MORE_NAMES 50u
#define MOST_NAMES 20000u /* words of names; any more are not preferred */

struct pronouncing {
    struct lexicon *lexicon;
    const struct lexicon_overrides *overrides;
};

static int pronounce(void *user, const char *word, struct lexicon_pronunciation *out, size_t max_variants) {
    const struct pronouncing *p = user;
    return lexicon_pronounce(p->lexicon, p->overrides, word, out, max_variants);
}

static int by_spelling(const void *pa, const void *pb) {
    return strcmp(*(const char *const *)pa, *(const char *const *)pb);
}

/* Lists the words of all names, NUL-terminated, in one text. Words with digits are said in many ways, and are left out. */
static void list_words(struct base_buffer *text, const struct grammar *g) {
    for (size_t i = 0; i < grammar_n_names(g); i++)
        for (const char *at = grammar_name(g, i); *at; at += strspn(at, " ")) {
            size_t len = strcspn(at, " ");
            if (len <= LM_MAX_WORD_BYTES && strcspn(at, "0123456789") >= len) {
                base_buffer_add(text, at, len);
                base_buffer_add(text, "", 1);
            }
            at += len;
        }
}

/* Sorts them, once each. Returns their number. */
static uint32_t sort_words(const struct base_buffer *text, const char **words) {
    uint32_t n = 0, kept = 0;
    for (const char *at = text->data; at && at < text->data + text->len_bytes; at += strlen(at) + 1)
        words[n++] = at;
    if (n > 0)
        qsort(words, n, sizeof *words, by_spelling);
    for (uint32_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(words[kept - 1], words[i]) != 0)
            words[kept++] = words[i];
    return kept < MOST_NAMES ? kept : MOST_NAMES;
}

/* Takes out the words that are as likely anyhow. Returns how many are left. */
static uint32_t rare_words(const struct lm *lm, const char **words, uint32_t n, int32_t most_q8) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t word = lm_find(lm, words[i]);
        if (word == LM_NO_WORD || lm_alone(lm, word) > most_q8)
            words[kept++] = words[i];
    }
    return kept;
}

int engine_prefer_names(struct graph_words **ret, tragus_model *m, const struct grammar *sentences,
                        const struct lexicon_overrides *overrides) {
    struct pronouncing p = {engine_model_lexicon(m), overrides};
    struct base_buffer text = {0};
    int r = 0;
    *ret = NULL;
    if (!engine_model_lm(m))
        return 0;
    list_words(&text, sentences);
    const char **words = calloc(text.len_bytes / 2 + 1, sizeof *words);
    if (text.failed || !words)
        r = -ENOMEM;
    uint32_t n = r == 0 ? sort_words(&text, words) : 0;
    int32_t most_q8 = n > 0 ? decoder_ln_q8(WORDS_A_NAME * (n + MORE_NAMES)) : 0;
    n = n > 0 ? rare_words(engine_model_lm(m), words, n, most_q8) : 0;
    const struct graph_preferred preferred = {
        .words = words, .n = n, .most_q8 = (uint16_t)most_q8, .pronounce = pronounce, .user = &p};
    if (n > 0)
        r = graph_words_build(ret, engine_model_lm(m), &preferred);
    free(words);
    base_buffer_done(&text);
    return r;
}
