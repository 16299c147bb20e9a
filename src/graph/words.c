/* SPDX-License-Identifier: Apache-2.0 */
/* graph/words.c: builds the tree breadth first from pronunciations sorted by their phones. */
#include "graph/words.h"

#include "base/buffer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct entry { /* one pronunciation of a word */
    uint32_t word;
    uint8_t n_phones;
    uint8_t phones[LEXICON_MAX_PHONES];
};

struct range { /* entries with the same phones from the root to a node */
    uint32_t begin, end, depth;
};

static int by_phones(const void *pa, const void *pb) {
    const struct entry *a = pa, *b = pb;
    int c = memcmp(a->phones, b->phones, a->n_phones < b->n_phones ? a->n_phones : b->n_phones);
    if (c != 0)
        return c;
    if (a->n_phones != b->n_phones)
        return a->n_phones < b->n_phones ? -1 : 1;
    return a->word < b->word ? -1 : a->word > b->word;
}

static uint32_t list_all(struct base_buffer *entries, const struct lm *lm) {
    struct lexicon_pronunciation variants[LEXICON_MAX_VARIANTS];
    for (uint32_t w = 0; w < lm_n_words(lm); w++) {
        int n = lm_spoken(lm, w, variants);
        for (int v = 0; v < n; v++) {
            struct entry e = {.word = w, .n_phones = variants[v].n_phones};
            memcpy(e.phones, variants[v].phones, e.n_phones);
            base_buffer_add(entries, &e, sizeof e);
        }
    }
    return (uint32_t)(entries->len_bytes / sizeof(struct entry));
}

/* Adds the arcs of one node, and its children to the queue. */
static void add_node(const struct entry *entries, struct range r, struct base_buffer *arcs, struct base_buffer *queue) {
    for (uint32_t i = r.begin; i < r.end;) {
        uint8_t phone = entries[i].phones[r.depth];
        struct graph_arc arc = {.phone = phone, .first = r.depth == 0};
        for (; i < r.end && entries[i].phones[r.depth] == phone && entries[i].n_phones == r.depth + 1; i++) {
            arc.word = entries[i].word;
            base_buffer_add(arcs, &arc, sizeof arc); /* to the root, node 0 */
        }
        struct range inner = {i, i, r.depth + 1};
        while (i < r.end && entries[i].phones[r.depth] == phone)
            i++;
        inner.end = i;
        if (inner.begin == inner.end)
            continue;
        arc.word = GRAPH_NO_WORD;
        arc.to = (uint32_t)(queue->len_bytes / sizeof r);
        base_buffer_add(arcs, &arc, sizeof arc);
        base_buffer_add(queue, &inner, sizeof inner);
    }
}

static void find_least(struct graph_words *w) {
    for (uint32_t n = w->n_nodes; n-- > 0;) { /* children come after their parents */
        int32_t least = UINT16_MAX;
        for (uint32_t a = w->first_arc[n]; a < w->first_arc[n + 1]; a++) {
            int32_t cost = w->arcs[a].word != GRAPH_NO_WORD ? lm_alone(w->lm, w->arcs[a].word) : w->least_q8[w->arcs[a].to];
            least = cost < least ? cost : least;
        }
        w->least_q8[n] = (uint16_t)least;
    }
}

int graph_words_build(struct graph_words **ret, const struct lm *lm) {
    struct base_buffer entries = {0}, arcs = {0}, queue = {0}, firsts = {0};
    struct graph_words *w = calloc(1, sizeof *w);
    struct range r = {.end = list_all(&entries, lm)};
    if (!entries.failed && r.end > 0)
        qsort(entries.data, r.end, sizeof(struct entry), by_phones);
    base_buffer_add(&queue, &r, sizeof r);
    for (size_t at = 0; at < queue.len_bytes && !arcs.failed && !queue.failed && !entries.failed; at += sizeof r) {
        uint32_t first = (uint32_t)(arcs.len_bytes / sizeof(struct graph_arc));
        memcpy(&r, queue.data + at, sizeof r);
        base_buffer_add(&firsts, &first, sizeof first);
        add_node((const struct entry *)(const void *)entries.data, r, &arcs, &queue);
    }
    bool failed = !w || entries.failed || arcs.failed || queue.failed || firsts.failed;
    if (!failed) {
        w->lm = lm;
        w->n_nodes = (uint32_t)(queue.len_bytes / sizeof r);
        w->n_arcs = (uint32_t)(arcs.len_bytes / sizeof(struct graph_arc));
        base_buffer_add(&firsts, &w->n_arcs, sizeof w->n_arcs);
        w->least_q8 = calloc(w->n_nodes, sizeof *w->least_q8);
        failed = firsts.failed || !w->least_q8;
    }
    base_buffer_done(&entries);
    base_buffer_done(&queue);
    if (failed) {
        base_buffer_done(&arcs);
        base_buffer_done(&firsts);
        free(w);
        return -ENOMEM;
    }
    w->arcs = (struct graph_arc *)(void *)arcs.data;
    w->first_arc = (uint32_t *)(void *)firsts.data;
    find_least(w);
    *ret = w;
    return 0;
}

static int pronounce_none(void *user, const char *word, struct lexicon_pronunciation *out, size_t max_variants) {
    (void)user, (void)word, (void)out, (void)max_variants;
    return -ENOENT;
}

int graph_words_graph(struct graph **ret, const struct graph_words *words) {
    static const char *const spellings[] = {GRAMMAR_FREE_WORDS};
    static const uint32_t first_arc[] = {0, 1, 1};
    static const struct grammar_word_arc arcs[] = {{.word = 0, .to = 1}};
    static const uint8_t is_final[] = {0, 1};
    static const struct grammar_acceptor any = {
        .n_states = 2, .n_arcs = 1, .n_words = 1, .first_arc = first_arc, .arcs = arcs, .is_final = is_final, .words = spellings};
    tragus_error error;
    return graph_build_with(ret, &any, pronounce_none, NULL, words, 0, NULL, &error);
}

void graph_words_free(struct graph_words *w) {
    if (!w)
        return;
    free(w->first_arc);
    free(w->arcs);
    free(w->least_q8);
    free(w);
}
