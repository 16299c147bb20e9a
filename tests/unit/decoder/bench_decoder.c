/* SPDX-License-Identifier: Apache-2.0 */
/* Measures the cost of graph and decoder: bench_decoder [N_NAMES [SECONDS]].
 *
 * Sentences "COMMAND the NAME", "COMMAND the NAME in the NAME" with 20 commands and N_NAMES names of 4 to 9 phones; random
 * sentences, with rows as uncertain as those of a small network. Prints the size of the graph, the time to build it, and the time
 * per step. Instructions: `valgrind --tool=callgrind --toggle-collect=decoder_step bench_decoder 300 10`.
 */
#include "../graph/toy.h"
#include "base/clock.h"
#include "decoder/decoder.h"

#define N_COMMANDS 20
#define N_LABELS 40
#define ROW_MS 30

static char (*spellings)[12];

/* Pronounces a word as it is spelled; letters are phones 1..26. */
static int spell(void *user, const char *word, struct lexicon_pronunciation *out, size_t max) {
    (void)user, (void)max;
    *out = (struct lexicon_pronunciation){.n_phones = (uint8_t)strlen(word), .source = LEXICON_DICTIONARY};
    for (size_t i = 0; word[i]; i++)
        out->phones[i] = (uint8_t)(word[i] - 'a' + 1);
    return 1;
}

/* Blanks are certain, as in CTC; a phone has one or two competitors within 1 to 3 nats. */
static void row(struct toy_random *r, int16_t *y, unsigned label) {
    for (unsigned i = 0; i < N_LABELS; i++)
        y[i] = (int16_t) - (1280 + (int)toy_random(r, 1792));
    y[label] = (int16_t) - (int)toy_random(r, label == 0 ? 64 : 256);
    for (unsigned i = 0; label != 0 && i < 2; i++) {
        unsigned rival = toy_random(r, N_LABELS);
        if (rival != label)
            y[rival] = (int16_t) - (256 + (int)toy_random(r, 512));
    }
}

static void speak(struct toy_random *r, const char *word, int16_t (*rows)[N_LABELS], uint32_t *n, uint32_t most) {
    for (; *word && *n + 4 < most; word++) {
        row(r, rows[(*n)++], (unsigned)(*word - 'a' + 1));
        for (uint32_t i = 0; i < 1 + toy_random(r, 2); i++) /* 75 ms per phone */
            row(r, rows[(*n)++], 0);
    }
}

int main(int argc, char **argv) {
    uint32_t n_names = argc > 1 ? (uint32_t)atoi(argv[1]) : 3000, seconds = argc > 2 ? (uint32_t)atoi(argv[2]) : 60;
    if (n_names < 1 || n_names > 10000 || seconds < 1 || seconds > 3600) {
        fprintf(stderr, "usage: bench_decoder [1..10000 names [1..3600 seconds]]\n");
        return 2;
    }
    struct toy_random r = {42};
    struct toy *t = toy_new();
    uint32_t n_words = N_COMMANDS + 2 + n_names;
    spellings = calloc(n_words, sizeof *spellings);
    assert(spellings);
    for (uint32_t i = 0; i < n_words; i++) {
        size_t n = 4 + toy_random(&r, 6);
        for (size_t k = 0; k < n; k++)
            spellings[i][k] = (char)('a' + toy_random(&r, 26));
        t->spellings[i] = spellings[i];
    }
    strcpy(spellings[0], "th");
    strcpy(spellings[1], "in");
    t->words.n_words = n_words;
    for (uint32_t c = 0; c < N_COMMANDS; c++)
        toy_arc_number(t, 0, 2 + c, 1 + c % 4);
    for (uint32_t s = 0; s < 4; s++) { /* four kinds of commands, each with its own names */
        toy_arc_number(t, 1 + s, 0, 5 + s);
        for (uint32_t i = 0; i < n_names; i++)
            if (i % 4 == s || i % 7 == 0)
                toy_arc_number(t, 5 + s, 2 + N_COMMANDS + i, 9 + s);
        toy_arc_number(t, 9 + s, 1, 13 + s);
        toy_arc_number(t, 13 + s, 0, 17 + s);
        for (uint32_t i = 0; i < n_names; i++)
            if (i % 5 != s)
                toy_arc_number(t, 17 + s, 2 + N_COMMANDS + i, 21);
        t->is_final[9 + s] = 1;
    }
    t->is_final[21] = 1;

    struct graph *g;
    tragus_error e;
    uint64_t begin_us = base_clock_monotonic_us();
    if (graph_build_with(&g, toy_words(t), spell, NULL, NULL, 0, NULL, &e) < 0) {
        fprintf(stderr, "bench_decoder: %s\n", e.text);
        return 1;
    }
    printf("graph: %u word arcs, %u nodes, %u arcs, %zu KiB, built in %.1f ms\n", t->words.n_arcs, g->n_nodes, g->n_arcs,
           g->size_bytes / 1024, (double)(base_clock_monotonic_us() - begin_us) / 1e3);

    uint32_t n_rows = 0, most = seconds * 1000 / ROW_MS;
    int16_t(*rows)[N_LABELS] = calloc(most + 1, sizeof *rows);
    assert(rows);
    while (n_rows + 4 < most) { /* a path through the acceptor, then half a second of silence */
        for (uint32_t state = 0; state < 9 || state > 12 || toy_random(&r, 2) == 0;) {
            uint32_t n = t->first_arc[state + 1] - t->first_arc[state];
            if (n == 0)
                break;
            const struct grammar_word_arc *arc = &t->sorted[t->first_arc[state] + toy_random(&r, n)];
            speak(&r, spellings[arc->word], rows, &n_rows, most);
            state = arc->to;
        }
        for (unsigned i = 0; i < 18 && n_rows < most; i++)
            row(&r, rows[n_rows++], 0);
    }

    const struct decoder_setup setup = {.graph = g, .n_labels = N_LABELS, .row_width = N_LABELS, .options = decoder_defaults()};
    struct base_arena counting = {0}, arena;
    decoder_place(&counting, &setup);
    if (base_arena_init(&arena, counting.used_bytes) < 0)
        return 1;
    struct decoder *d = decoder_place(&arena, &setup);
    uint64_t all_us = 0, worst_us = 0;
    uint32_t n_sentences = 0;
    struct listener_result result;
    decoder_start(d);
    for (uint32_t i = 0; i < n_rows; i++) {
        uint64_t before_us = base_clock_monotonic_us();
        enum listener_state s = decoder_step(d, rows[i]);
        uint64_t us = base_clock_monotonic_us() - before_us;
        all_us += us;
        worst_us = us > worst_us ? us : worst_us;
        if (s == LISTENER_ENDED) {
            decoder_finish(d, &result);
            n_sentences += result.reason == TRAGUS_REASON_NONE;
            decoder_start(d);
        }
    }
    printf("decoder: %zu KiB, %u rows, %u sentences accepted, %.1f us a step, worst %u us, %.4f of real time\n",
           counting.used_bytes / 1024, n_rows, n_sentences, (double)all_us / n_rows, (unsigned)worst_us,
           (double)all_us / 1e3 / (n_rows * (double)ROW_MS));
    base_arena_done(&arena);
    graph_free(g);
    free(rows);
    free(spellings);
    free(t);
    return 0;
}
