/* SPDX-License-Identifier: Apache-2.0 */
/* tests/golden/transcript.c: prints all results for some sounds, one event per line, to compare two CPUs or kernel variants byte by
 * byte: words, their times, confidences to the last bit, intent.
 *
 * usage: transcript MODEL GRAMMAR CPU FILE...     FILE: raw 16 kHz mono int16; CPU: a mask as in TRAGUS_CPU
 */
#include "tragus.h"

#include <stdio.h>
#include <stdlib.h>

static int fail(const char *what, const tragus_error *e) {
    fprintf(stderr, "%s: %s\n", what, e->text);
    return 1;
}

static void print_event(const char *path, const tragus_event *e) {
    if (e->type != TRAGUS_UTTERANCE && e->type != TRAGUS_REJECTED)
        return;
    const char *name = path;
    for (const char *c = path; *c; c++)
        name = *c == '/' ? c + 1 : name;
    printf("%s\t%s\t%s\t%a\t%d\t%u-%u", name, e->spoken, e->intent, e->confidence, (int)e->reason, e->start_ms, e->end_ms);
    for (size_t i = 0; i < e->n_words; i++)
        printf("\t%s %u-%u %a", e->words[i].word, e->words[i].start_ms, e->words[i].end_ms, e->words[i].confidence);
    putchar('\n');
}

static int transcribe(tragus_model *model, tragus_grammar *grammar, const char *path) {
    FILE *f = fopen(path, "rb");
    tragus_stream *stream;
    tragus_session *session;
    if (!f || tragus_stream_new(&stream, model, NULL) < 0 || tragus_session_new(&session, stream, grammar, NULL) < 0) {
        fprintf(stderr, "%s: cannot be read, or out of memory\n", path);
        return 1;
    }
    int16_t pcm[960]; /* 60 ms, as in the daemon */
    const tragus_event *event;
    for (size_t n = 1; n > 0;) {
        n = fread(pcm, sizeof(pcm[0]), sizeof(pcm) / sizeof(pcm[0]), f);
        int r = n > 0 ? tragus_stream_feed(stream, pcm, n) : tragus_stream_flush(stream);
        if (r < 0)
            return 1;
        while (tragus_session_poll(session, &event) > 0)
            print_event(path, event);
    }
    tragus_session_free(session);
    tragus_stream_free(stream);
    fclose(f);
    return 0;
}

int main(int argc, char **argv) {
    tragus_model *model;
    tragus_grammar *grammar;
    tragus_error e = {0};
    if (argc < 5) {
        fputs("usage: transcript MODEL GRAMMAR CPU FILE...\n", stderr);
        return 2;
    }
    if (tragus_model_open(&model, argv[1], argv[3], &e) < 0)
        return fail(argv[1], &e);
    if (tragus_grammar_load(&grammar, model, NULL, (const char *const[]){argv[2]}, 1, NULL, &e) < 0)
        return fail(argv[2], &e);
    for (int i = 4; i < argc; i++)
        if (transcribe(model, grammar, argv[i]) != 0)
            return 1;
    tragus_grammar_unref(grammar);
    tragus_model_unref(model);
    return 0;
}
