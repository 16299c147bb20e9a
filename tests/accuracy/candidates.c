/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the best sentence that each of several grammars finds in each utterance, accepted or not, with the numbers that its
 * confidence is computed from. The network runs once for all grammars.
 *
 * usage: candidates [--phrases PER_HOUR] MODEL GRAMMAR... < SOUNDS
 *   --phrases  spot the sentences of the grammars anywhere in the sounds, as wake phrases are, with so many false alarms an hour;
 *              inf: every candidate counts
 *   SOUNDS   any number of sounds: their number of samples as a 32-bit number, then the samples, 16 kHz mono, 16 bits,
 * little-endian
 *
 * The first line has the names of the columns, which are separated by tabs: number of the sound, number of the grammar, reason (0:
 * accepted), confidence, start and end of the speech and time of the decision in ms, words, and the features of decoder/evidence.h
 * times 256. The margin is that to the nearest sentence with another meaning, and the confidence takes it into account.
 */
#include "decoder/evidence.h"
#include "engine/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_GRAMMARS 256

static struct {
    tragus_model *model;
    tragus_grammar *grammars[MAX_GRAMMARS];
    struct engine_session sessions[MAX_GRAMMARS];
    unsigned n;
    struct engine_recogniser *recogniser;
    struct engine_segmenter segmenter;
    uint32_t sound;
} all;

static bool print(const struct engine_record *r, void *user) {
    (void)user;
    if (r->type != ENGINE_HEARD || (r->event != TRAGUS_UTTERANCE && r->event != TRAGUS_REJECTED))
        return true;
    const struct listener_result *result = &r->result;
    tragus_grammar *grammar = all.grammars[r->session->tag];
    struct engine_alternatives alternatives;
    engine_alternatives_find(&alternatives, grammar, result, NULL, 0);
    const struct listener_rival *rival = alternatives.nearest;
    uint16_t confidence_q15 = decoder_logistic(result->logit_q8 - (rival ? rival->cost_q8 : 0));
    int reason = (int)result->reason;
    if (reason == TRAGUS_REASON_NONE && confidence_q15 < r->listener->min_confidence_q15)
        reason = TRAGUS_AMBIGUOUS;
    const struct graph *graph = engine_grammar_graph(grammar);
    int64_t start_ms = r->start_hop * ENGINE_HOP_MS;
    printf("%u\t%llu\t%d\t%.4f\t%lld\t%lld\t%llu\t%s", all.sound, (unsigned long long)r->session->tag, reason,
           confidence_q15 / 32768.0, (long long)start_ms + result->start_ms, (long long)start_ms + result->end_ms,
           (unsigned long long)r->n_heard * ENGINE_HOP_MS, result->n_words > 0 ? graph_word(graph, result->words[0].word) : "");
    for (uint32_t i = 1; i < result->n_words; i++)
        printf(" %s", graph_word(graph, result->words[i].word));
    for (uint32_t i = 0; i < result->n_features; i++)
        printf("\t%d", i == DECODER_MARGIN && rival ? rival->margin_q8 : result->features[i]);
    putchar('\n');
    engine_alternatives_done(&alternatives);
    return true;
}

static void take(const struct engine_hop *hop, void *user) {
    (void)user;
    engine_recogniser_take(all.recogniser, hop);
}

static int fail(const char *what, const tragus_error *error) {
    fprintf(stderr, "candidates: %s: %s\n", what, error ? error->text : "out of memory");
    return 1;
}

int main(int argc, char *argv[]) {
    tragus_error error = {0};
    bool phrases = argc > 2 && strcmp(argv[1], "--phrases") == 0;
    double per_hour = phrases ? strtod(argv[2], NULL) : 0;
    if (phrases) {
        argc -= 2;
        argv += 2;
    }
    if (argc < 3 || argc - 2 > MAX_GRAMMARS) {
        fprintf(stderr, "usage: candidates [--phrases PER_HOUR] MODEL GRAMMAR... < SOUNDS\n");
        return 2;
    }
    if (tragus_model_open(&all.model, argv[1], getenv("TRAGUS_CPU"), &error) < 0)
        return fail(argv[1], &error);
    tragus_session_options options;
    tragus_session_options_init(&options);
    options.reject = 0;
    options.wake_per_hour = per_hour;
    all.recogniser = engine_recogniser_new(all.model, print, NULL);
    if (!all.recogniser)
        return fail("recogniser", NULL);
    struct frontend_gate_options gate = frontend_gate_defaults();
    for (int i = 2; i < argc; i++) {
        tragus_diagnostics d = {0};
        const char *paths[] = {argv[i]};
        if (tragus_grammar_load(&all.grammars[all.n], all.model, NULL, paths, 1, &d, &error) < 0)
            return fail(argv[i], &error);
        tragus_diagnostics_done(&d);
        all.sessions[all.n] = (struct engine_session){
            .listener = (phrases ? engine_spotter_new : engine_listener_new)(all.model, all.grammars[all.n], &options),
            .tag = all.n};
        if (!all.sessions[all.n].listener)
            return fail(argv[i], NULL);
        uint32_t hang_hops = engine_listener_hang_hops(all.sessions[all.n].listener);
        gate.hang_hops = hang_hops > gate.hang_hops ? hang_hops : gate.hang_hops;
        all.n++;
    }
    printf("sound\tgrammar\treason\tconfidence\tstart\tend\tdecided\twords");
    for (unsigned i = 0; i < DECODER_N_FEATURES; i++)
        printf("\t%s", decoder_feature_names[i]);
    putchar('\n');
    for (uint32_t n; fread(&n, sizeof(n), 1, stdin) == 1; all.sound++) {
        static int16_t pcm[FRONTEND_HOP * 6];
        engine_segmenter_init(&all.segmenter, &gate, engine_model_cpu_flags(all.model), 0);
        engine_recogniser_wipe(all.recogniser);
        for (unsigned i = 0; i < all.n; i++) {
            all.sessions[i].sequence = 0;
            engine_recogniser_add(all.recogniser, &all.sessions[i]);
        }
        while (n > 0) {
            size_t some = fread(pcm, sizeof(*pcm), n < FRONTEND_HOP * 6 ? n : FRONTEND_HOP * 6, stdin);
            if (some == 0)
                return fail("SOUNDS end within a sound", &error);
            engine_segmenter_push(&all.segmenter, pcm, some, 0, take, NULL);
            n -= (uint32_t)some;
        }
        engine_segmenter_end(&all.segmenter, take, NULL);
        engine_recogniser_end(all.recogniser);
        fflush(stdout);
    }
    return 0;
}
