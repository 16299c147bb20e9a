/* SPDX-License-Identifier: Apache-2.0 */
/* tests/grammar/names.c: what a list with many names costs: processor time and memory to compile it, to match a sentence, and to
 * recognise a sound with it.
 *
 *     names MODEL [NUMBER [MOST_CPU_MS MOST_MIB]]     10,000 names; with limits: fails if it takes more
 *     names MODEL NUMBER SOUND                        prints the figures with tabs between them, for names.py; SOUND: raw, 16 kHz
 */
#include "base/clock.h"
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const char *const words[] = {"left",    "right",  "upper",   "lower",   "front",  "back",    "north",  "south",  "east",
                                    "west",    "red",    "green",   "blue",    "white",  "black",   "old",    "new",    "big",
                                    "small",   "spare",  "desk",    "bedside", "corner", "wall",    "window", "mirror", "closet",
                                    "stairs",  "piano",  "sofa",    "cabinet", "shelf",  "tree",    "path",   "door",   "table",
                                    "kitchen", "garage", "attic",   "garden",  "office", "study",   "porch",  "pantry", "lamp",
                                    "fan",     "outlet", "speaker", "blind",   "heater", "monitor", "switch", "sensor", "socket",
                                    "valve",   "camera", "toaster", "printer", "radio",  "boiler",  "rear",   "side",   "center"};
enum { N_WORDS = sizeof(words) / sizeof(words[0]), RUNS = 10, RATE = 16000, MOST_SECONDS = 60 };

static const char sentences[] = "language: en\n"
                                "sentences: ['(turn|switch) (on|off) [the] {name}', '(turn|switch) [the] {name} (on|off)', 'dim "
                                "{name} to {0..100:level} percent', '{name}']\n"
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

static tragus_model *m;
static tragus_grammar *g, *large;
static tragus_list_value *values;
static size_t n_values;

struct costs {
    double compile_ms, mib, match_ms;
};

static double ms_since(uint64_t start_ns) {
    return (double)(base_clock_thread_cpu_ns() - start_ns) / 1e6;
}

static tragus_grammar *with_list(void) {
    tragus_error e = {0};
    tragus_grammar *fresh;
    if (tragus_grammar_with_list(&fresh, g, "name", values, n_values, NULL, &e) == 0)
        return fresh;
    fprintf(stderr, "names: %s\n", e.text);
    exit(1);
}

/* Sets `large`, and measures setting the list, of several times the least, and a sentence. */
static struct costs measure(void) {
    struct costs c;
    tragus_match *match;
    char text[128];
    long before_kib = peak_kib();
    uint64_t start = base_clock_thread_cpu_ns();
    large = with_list();
    c.compile_ms = ms_since(start);
    c.mib = (double)(peak_kib() - before_kib) / 1024;
    for (int run = 1; run < RUNS; run++) {
        start = base_clock_thread_cpu_ns();
        tragus_grammar *again = with_list();
        double ms = ms_since(start);
        c.compile_ms = ms < c.compile_ms ? ms : c.compile_ms;
        tragus_grammar_unref(again);
    }
    snprintf(text, sizeof(text), "turn on the %s", values[n_values - 1].in);
    start = base_clock_thread_cpu_ns();
    if (tragus_match_text(&match, large, text, NULL, 0, 1) != 1) {
        fprintf(stderr, "names: \"%s\" is not understood\n", text);
        exit(1);
    }
    c.match_ms = ms_since(start);
    tragus_match_free(match);
    return c;
}

/* Returns the milliseconds of the decoder, and of everything, for a second of sound; of several runs the least. */
static void recognise(const int16_t *pcm, size_t n, double *ret_decoder, double *ret_all) {
    *ret_decoder = *ret_all = 1e9;
    for (int run = 0; run < RUNS; run++) {
        tragus_stream_options o;
        tragus_stream *stream;
        tragus_session *session;
        const tragus_event *event;
        tragus_cost cost;
        tragus_stream_options_init(&o);
        o.gate = 0;
        if (tragus_stream_new(&stream, m, &o) < 0 || tragus_session_new(&session, stream, large, NULL) < 0)
            exit(1);
        uint64_t start = base_clock_thread_cpu_ns();
        for (size_t i = 0; i < n; i += RATE) {
            if (tragus_stream_feed(stream, pcm + i, n - i < RATE ? n - i : RATE) < 0)
                exit(1);
            while (tragus_session_poll(session, &event) > 0)
                ;
        }
        double all = ms_since(start) * RATE / (double)n;
        tragus_stream_cost(stream, &cost);
        double decoder = (double)cost.decoder_ns / 1e6 * RATE / (double)n;
        *ret_decoder = decoder < *ret_decoder ? decoder : *ret_decoder;
        *ret_all = all < *ret_all ? all : *ret_all;
        tragus_session_free(session);
        tragus_stream_free(stream);
    }
}

static int print_row(const struct costs *c, const char *sound) {
    static int16_t pcm[MOST_SECONDS * RATE];
    double decoder, all;
    FILE *f = fopen(sound, "rb");
    size_t n = f ? fread(pcm, sizeof(pcm[0]), sizeof(pcm) / sizeof(pcm[0]), f) : 0;
    if (f)
        fclose(f);
    if (n < RATE) {
        fprintf(stderr, "names: %s has no second of sound\n", sound);
        return 1;
    }
    recognise(pcm, n, &decoder, &all);
    printf("%zu\t%.1f\t%.1f\t%u\t%u\t%.2f\t%.2f\t%.2f\n", n_values, c->compile_ms, c->mib,
           grammar_acceptor(engine_grammar_sentences(large))->n_arcs, engine_grammar_graph(large)->n_arcs, decoder, all,
           c->match_ms);
    return 0;
}

static void load(const char *model) {
    tragus_error e = {0};
    const tragus_text text = {"names.yaml", "hassil", sentences, strlen(sentences)};
    if (tragus_model_open(&m, model, NULL, &e) == 0 && tragus_grammar_load_texts(&g, m, NULL, &text, 1, NULL, &e) == 0)
        return;
    fprintf(stderr, "names: %s\n", e.text);
    exit(1);
}

int main(int argc, char **argv) {
    n_values = argc > 2 ? strtoul(argv[2], NULL, 10) : 10000;
    values = calloc(n_values, sizeof(*values));
    char(*names)[64] = calloc(n_values, sizeof(*names));

    if (argc < 2 || n_values == 0 || n_values > 100000 || !values || !names) {
        fputs("usage: names MODEL [NUMBER [MOST_CPU_MS MOST_MIB]], names MODEL NUMBER SOUND; at most 100000 names\n", stderr);
        return 2;
    }
    uint64_t seed = 1;
    for (size_t i = 0; i < n_values; i++) {
        draw_name(&seed, names[i], sizeof(names[i]));
        values[i].in = names[i];
    }
    load(argv[1]);
    struct costs c = measure();
    bool good = true;
    if (argc == 4) {
        good = print_row(&c, argv[3]) == 0;
    } else {
        printf("%zu names: %.0f ms of processor time, %.1f MiB more at most, %u arcs of words, %u arcs of phones; a sentence: %.2f "
               "ms\n",
               n_values, c.compile_ms, c.mib, grammar_acceptor(engine_grammar_sentences(large))->n_arcs,
               engine_grammar_graph(large)->n_arcs, c.match_ms);
        good = argc < 5 || (c.compile_ms <= strtod(argv[3], NULL) && c.mib <= strtod(argv[4], NULL));
    }
    tragus_grammar_unref(large);
    tragus_grammar_unref(g);
    tragus_model_unref(m);
    free(values);
    free(names);
    return good ? 0 : 1;
}
