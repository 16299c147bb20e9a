/* SPDX-License-Identifier: Apache-2.0 */
/* join_sounds: concatenates recordings as raw S16_LE mono with silence between them, for alsa_test_pcm to play.
 *
 *     join_sounds RATE GAP_MS OUT.raw FILE...
 *
 * At 16000 Hz it accepts files of any rate. At another rate it accepts only files of that rate and does not convert them, so that
 * the daemon has to. Prints a line per file: its name, and its start and end in milliseconds. The output begins and ends with a
 * gap. The gaps contain faint noise, as in a room.
 */
#include "audio/source.h"

#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_native(const char *path, int rate, int16_t **ret, size_t *ret_n) {
    SF_INFO info = {0};
    SNDFILE *f = sf_open(path, SFM_READ, &info);
    if (!f || info.samplerate != rate || info.channels != 1) {
        fprintf(stderr, "join_sounds: %s: %s\n", path, f ? "not mono, or of another rate" : sf_strerror(NULL));
        return -1;
    }
    *ret = calloc((size_t)info.frames, sizeof(**ret));
    if (!*ret)
        return -1;
    *ret_n = (size_t)sf_readf_short(f, *ret, info.frames);
    sf_close(f);
    return 0;
}

/* At most 2 steps: -84 dB. A linear congruential generator, so that every run plays the same noise. */
static void write_gap(FILE *out, int rate, int gap_ms) {
    static uint32_t state = 1;
    for (int i = 0; i < rate * gap_ms / 1000; i++) {
        state = state * 1664525u + 1013904223u;
        int16_t sample = (int16_t)((int)(state >> 30) - 2);
        fwrite(&sample, sizeof(sample), 1, out);
    }
}

int main(int argc, char **argv) {
    tragus_error e;
    int16_t *pcm;
    size_t n;
    int rate = argc > 4 ? atoi(argv[1]) : 0, gap_ms = argc > 4 ? atoi(argv[2]) : 0;

    if (rate < 8000 || gap_ms < 0) {
        fputs("join_sounds RATE GAP_MS OUT.raw FILE...\n", stderr);
        return 2;
    }
    FILE *out = fopen(argv[3], "wb");
    if (!out) {
        perror(argv[3]);
        return 1;
    }
    write_gap(out, rate, gap_ms);
    for (int i = 4; i < argc; i++) {
        long start = ftell(out) / 2;
        if (rate == AUDIO_RATE && audio_file_read(argv[i], &pcm, &n, &e) < 0) {
            fprintf(stderr, "join_sounds: %s: %s\n", argv[i], e.text);
            return 1;
        }
        if (rate != AUDIO_RATE && read_native(argv[i], rate, &pcm, &n) < 0)
            return 1;
        fwrite(pcm, sizeof(*pcm), n, out);
        free(pcm);
        printf("%s\t%ld\t%ld\n", argv[i], start * 1000 / rate, ftell(out) / 2 * 1000 / rate);
        write_gap(out, rate, gap_ms);
    }
    return fclose(out) == 0 ? 0 : 1;
}
