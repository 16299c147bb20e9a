/* SPDX-License-Identifier: Apache-2.0 */
/* tests/grammar/names.c: what a list with many names costs: processor time and memory to compile it, and to match a sentence.
 *
 *     names MODEL [NUMBER [MOST_CPU_MS MOST_MIB]]     10,000 names; with limits: fails if it takes more
 */
#include "base/clock.h"
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const char *const words[] = {
    "left",    "right",  "upper",   "lower",  "front",  "back",   "north",   "south",  "east",    "west",    "red",    "green",
    "blue",    "white",  "black",   "old",    "new",    "big",    "small",   "spare",  "desk",    "bedside", "corner", "wall",
    "window",  "mirror", "closet",  "stairs", "piano",  "sofa",   "cabinet", "shelf",  "tree",    "path",    "door",   "table",
    "kitchen", "garage", "attic",   "garden", "office", "study",  "porch",   "pantry", "lamp",    "fan",     "outlet", "speaker",
    "blind",   "heater", "monitor", "switch", "sensor", "socket", "valve",   "camera", "toaster", "printer", "radio",  "boiler"};
enum { N_WORDS = sizeof(words) / sizeof(words[0]) };

static const char sentences[] = "language: en\n"
                                "sentences: ['(turn|switch) (on|off) [the] {name}', '(turn|switch) [the] {name} (on|off)', 'dim "
                                "{name} to {0..100:level} percent']\n"
                                "lists: {name: {values: [lamp]}}\n";

/* Draws two to four words, so that names share beginnings and ends as those of a house do, but no more than that. */
static void draw_name(uint64_t *seed, char *out, size_t size) {
    size_t len = 0;
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    for (unsigned k = 0, n = 2 + (unsigned)(*seed >> 60) % 3; k < n; k++) {
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        len += (size_t)snprintf(out + len, size - len, "%s%s", k > 0 ? " " : "", words[(*seed >> 33) % N_WORDS]);
    }
}

static long peak_kib(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

int main(int argc, char **argv) {
    size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 10000;
    tragus_model *m = NULL;
    tragus_grammar *g = NULL, *large = NULL;
    tragus_match *match = NULL;
    tragus_error e = {0};
    tragus_list_value *values = calloc(n, sizeof(*values));
    char(*names)[64] = calloc(n, sizeof(*names));

    if (argc < 2 || n == 0 || n > 20000 || !values || !names) {
        fputs("usage: names MODEL [NUMBER [MOST_CPU_MS MOST_MIB]]; at most 20000 names\n", stderr);
        return 2;
    }
    uint64_t seed = 1;
    for (size_t i = 0; i < n; i++) {
        draw_name(&seed, names[i], sizeof(names[i]));
        values[i].in = names[i];
    }
    if (tragus_model_open(&m, argv[1], NULL, &e) < 0 ||
        tragus_grammar_load_texts(&g, m, NULL, &(tragus_text){"names.yaml", "hassil", sentences, strlen(sentences)}, 1, NULL, &e) <
            0) {
        fprintf(stderr, "names: %s\n", e.text);
        return 1;
    }
    long before_kib = peak_kib();
    uint64_t start = base_clock_thread_cpu_ns();
    if (tragus_grammar_with_list(&large, g, "name", values, n, NULL, &e) < 0) {
        fprintf(stderr, "names: %s\n", e.text);
        return 1;
    }
    unsigned ms = (unsigned)((base_clock_thread_cpu_ns() - start) / 1000000);
    double mib = (double)(peak_kib() - before_kib) / 1024;
    char text[128];
    snprintf(text, sizeof(text), "turn on the %s", names[n - 1]);
    start = base_clock_thread_cpu_ns();
    int r = tragus_match_text(&match, large, text, NULL, 0, 1);
    unsigned match_us = (unsigned)((base_clock_thread_cpu_ns() - start) / 1000);
    printf("%zu names: %u ms of processor time, %.1f MiB more at most, %u arcs of words, %u arcs of phones; a sentence: %u us\n", n,
           ms, mib, grammar_acceptor(engine_grammar_sentences(large))->n_arcs, engine_grammar_graph(large)->n_arcs, match_us);
    bool good = r == 1 && (argc < 5 || (ms <= strtoul(argv[3], NULL, 10) && mib <= strtod(argv[4], NULL)));
    tragus_match_free(match);
    tragus_grammar_unref(large);
    tragus_grammar_unref(g);
    tragus_model_unref(m);
    free(values);
    free(names);
    return good ? 0 : 1;
}
