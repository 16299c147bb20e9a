/* SPDX-License-Identifier: Apache-2.0 */
#include "ready.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORDINGS "/usr/share/sounds/alsa"

static _Noreturn void skip(const char *why, const char *path) {
    printf("skipped: %s (%s)\n", why, path);
    exit(77);
}

tragus_model *ready_model(void) {
    static const char *const files[] = {"acoustic.tragus", "lexicon.tragus", "g2p.tragus"};
    char path[4096];
    const char *build = getenv("abs_top_builddir");
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(path, sizeof(path), "%s/models/en/%s", build ? build : ".", files[i]);
        if (access(path, R_OK) < 0) {
            fprintf(stderr, "%s is missing: it is committed and linked by make\n", path);
            exit(1);
        }
    }
    tragus_model *m = NULL;
    tragus_error e = {0};
    snprintf(path, sizeof(path), "%s/models/en", build ? build : ".");
    if (tragus_model_open(&m, path, NULL, &e) < 0) {
        fprintf(stderr, "%s: %s\n", e.file, e.text);
        exit(1);
    }
    return m;
}

tragus_model *ready_model_with_words(void) {
    static const char *const files[] = {"en/acoustic.tragus", "en/lexicon.tragus", "en/g2p.tragus", "words/en/words.tragus"};
    const char *build = getenv("abs_top_builddir");
    char folder[] = "test-words-XXXXXX", from[4096], to[4][64];
    tragus_model *m = NULL;
    tragus_error e = {.text = "cannot link the files of the model"};
    bool linked = mkdtemp(folder) != NULL;
    for (unsigned i = 0; i < 4 && linked; i++) {
        snprintf(from, sizeof(from), "%s/models/%s", build ? build : ".", files[i]);
        snprintf(to[i], sizeof(to[i]), "%s%s", folder, strrchr(files[i], '/'));
        char *whole = realpath(from, NULL);
        linked = whole && symlink(whole, to[i]) == 0;
        free(whole);
    }
    if (!linked || tragus_model_open(&m, folder, NULL, &e) < 0) {
        fprintf(stderr, "%s: %s\n", e.file, e.text);
        exit(1);
    }
    for (unsigned i = 0; i < 4; i++)
        unlink(to[i]);
    rmdir(folder);
    return m;
}

static int16_t *grow(struct ready_sound *s, size_t n) {
    s->pcm = realloc(s->pcm, (s->n + n) * sizeof(*s->pcm));
    if (!s->pcm)
        abort();
    s->n += n;
    return s->pcm + s->n - n;
}

/* alsa-utils' files are 48 kHz, 16 bits, mono, with a 44-byte header. Averaging three samples is crude, but good enough here.
 */
void ready_append_recording(struct ready_sound *s, const char *name) {
    char path[256];
    snprintf(path, sizeof(path), RECORDINGS "/%s.wav", name);
    FILE *f = fopen(path, "rb");
    if (!f)
        skip("no recorded speech; install alsa-utils", path);
    int16_t in[3 * 1600];
    size_t n;
    fseek(f, 44, SEEK_SET);
    while ((n = fread(in, 3 * sizeof(in[0]), 1600, f)) > 0) {
        int16_t *to = grow(s, n);
        for (size_t i = 0; i < n; i++)
            to[i] = (int16_t)((in[3 * i] + in[3 * i + 1] + in[3 * i + 2]) / 3);
    }
    fclose(f);
}

void ready_append_noise(struct ready_sound *s, unsigned ms, int amplitude) {
    static uint32_t state = 1;
    int16_t *to = grow(s, ms * 16);
    for (unsigned i = 0; i < ms * 16; i++) {
        state = state * 1664525u + 1013904223u;
        to[i] = (int16_t)((int)(state >> 16) % (2 * amplitude + 1) - amplitude);
    }
}

void ready_append_quiet(struct ready_sound *s, unsigned ms) {
    ready_append_noise(s, ms, 2);
}

void ready_sound_done(struct ready_sound *s) {
    free(s->pcm);
    *s = (struct ready_sound){0};
}

tragus_grammar *ready_grammar(tragus_model *m, const char *text) {
    tragus_grammar *g = NULL;
    tragus_error e = {0};
    if (tragus_grammar_load_texts(&g, m, NULL, &(tragus_text){"test", NULL, text, strlen(text)}, 1, NULL, &e) < 0) {
        fprintf(stderr, "%s:%d: %s\n", e.file, e.line, e.text);
        exit(1);
    }
    return g;
}
