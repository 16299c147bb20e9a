/* SPDX-License-Identifier: Apache-2.0 */
/* graph_build: uses the lexicon's pronunciations. A separate file, so that graph_build_with can be linked without the lexicon. */
#include "graph/graph.h"

struct voice {
    const struct lexicon *lexicon;
    const struct lexicon_overrides *overrides;
};

static int pronounce(void *user, const char *word, struct lexicon_pronunciation *out, size_t max_variants) {
    const struct voice *v = user;
    return lexicon_pronounce(v->lexicon, v->overrides, word, out, max_variants);
}

int graph_build(struct graph **ret, const struct grammar_acceptor *words, const struct lexicon *lexicon,
                const struct lexicon_overrides *overrides, const struct graph_words *free_words, size_t max_arcs,
                struct base_budget *budget, tragus_error *reterr) {
    struct voice v = {lexicon, overrides};
    return graph_build_with(ret, words, pronounce, &v, free_words, max_arcs, budget, reterr);
}
