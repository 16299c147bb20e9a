/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the gate on recordings of people (TRAGUS_SHARED/corpora/dev): it must pass all speech and may pass some other sound.
 *
 * The clips have no marks for speech, so the test finds it from the level over the whole clip, which a gate does not know. A hop is
 * speech if its level is within 25 dB of the clip's loudest hop and 10 dB above its quietest tenth. With the 500 ms of history that
 * a caller gets first, all of these hops must pass in nearly all clips.
 *
 * usage: gate_recordings [FOLDER...]: prints a line per folder. Without arguments: the sets and limits below.
 */
#include "base/cpu.h"
#include "base/fixed.h"
#include "frontend/gate.h"

#include <dirent.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_HOPS (60 * 100) /* longest clip that is tested */

static const struct {
    const char *name;
    int least_whole_percent; /* clips in which every hop of speech passes */
    int most_open_percent;   /* share of all sound that passes */
} limits[] = {
    {"coffee_dev", 99, 65}, /* measured: 100 %, 56 % */
    {"rhasspy_commands", 99, 100},
    {"view_glass_dev", 99, 90}, /* 100 %, 82 % */
};

struct tally {
    long n_clips, n_whole, n_hops, n_passed, n_speech, n_lost;
};

static int compare(const void *a, const void *b) {
    const int32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* levels and open: one value per hop. */
static void judge(const int32_t *levels, const bool *open, size_t n, struct tally *t) {
    static int32_t sorted[SIZE_HOPS];
    static bool passed[SIZE_HOPS];
    memcpy(sorted, levels, n * sizeof(sorted[0]));
    qsort(sorted, n, sizeof(sorted[0]), compare);
    int32_t near_loudest = sorted[n - 1] - 2500, over_quiet = sorted[n / 10] + 1000;
    int32_t least = near_loudest > over_quiet ? near_loudest : over_quiet;
    memcpy(passed, open, n * sizeof(passed[0]));
    for (size_t i = 1; i < n; i++) {
        if (open[i] && !open[i - 1]) {
            for (size_t back = 1; back <= FRONTEND_GATE_HISTORY && back <= i; back++) {
                passed[i - back] = true;
            }
        }
    }
    long lost = 0;
    for (size_t i = 0; i < n; i++) {
        bool speech = levels[i] >= least;
        t->n_speech += speech;
        t->n_passed += passed[i];
        lost += speech && !passed[i];
    }
    t->n_lost += lost;
    t->n_whole += lost == 0;
    t->n_hops += (long)n;
    t->n_clips++;
    if (lost > 0 && getenv("VERBOSE") != NULL) {
        printf("  lost %ld of clip %ld:", lost, t->n_clips);
        for (size_t i = 0; i < n; i++) {
            if (levels[i] >= least && !passed[i]) {
                printf(" %zu(%d)", i, levels[i] / 100);
            }
        }
        printf(" of %zu, loudest %d quiet %d\n", n, sorted[n - 1] / 100, sorted[n / 10] / 100);
    }
}

static void listen(const char *path, struct tally *t) {
    static int16_t pcm[SIZE_HOPS * FRONTEND_HOP];
    static int32_t levels[SIZE_HOPS];
    static bool open[SIZE_HOPS];
    SF_INFO info = {0};
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    if (file == NULL || info.channels != 1 || info.samplerate % FRONTEND_RATE != 0) {
        fprintf(stderr, "%s: not a mono file at 16 or 48 kHz: %s\n", path, sf_strerror(file));
        exit(1);
    }
    /* libsndfile decodes Opus at 48 kHz. The mean of three samples is exact enough for a level. */
    int step = info.samplerate / FRONTEND_RATE;
    static int16_t raw[SIZE_HOPS * FRONTEND_HOP * 3];
    sf_count_t n = sf_read_short(file, raw, SIZE_HOPS * FRONTEND_HOP * step) / step;
    sf_close(file);
    for (sf_count_t i = 0; i < n; i++) {
        int32_t sum = 0;
        for (int k = 0; k < step; k++) {
            sum += raw[i * step + k];
        }
        pcm[i] = (int16_t)(sum / step);
    }
    struct frontend_gate gate;
    frontend_gate_init(&gate, NULL, base_cpu_detect());
    size_t n_hops = (size_t)n / FRONTEND_HOP;
    for (size_t i = 0; i < n_hops; i++) {
        open[i] = frontend_gate_push(&gate, pcm + i * FRONTEND_HOP);
        levels[i] = frontend_gate_level_cdb(&gate);
    }
    if (n_hops > 0) {
        judge(levels, open, n_hops, t);
    }
}

static struct tally folder(const char *path) {
    struct tally t = {0};
    struct dirent **entries;
    int n = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        size_t len = strlen(entries[i]->d_name);
        if (len > 5 && strcmp(entries[i]->d_name + len - 5, ".opus") == 0) {
            char file[4096];
            snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
            listen(file, &t);
        }
        free(entries[i]);
    }
    if (n >= 0) {
        free(entries);
    }
    if (t.n_clips > 0) {
        printf("%s: %ld clips, %ld whole (%.1f %%), %ld of %ld hops of speech lost, %.1f %% of %.1f min let through (%.1f %% "
               "speech)\n",
               path, t.n_clips, t.n_whole, 100.0 * (double)t.n_whole / (double)t.n_clips, t.n_lost, t.n_speech,
               100.0 * (double)t.n_passed / (double)t.n_hops, (double)t.n_hops / 6000,
               100.0 * (double)t.n_speech / (double)t.n_hops);
    }
    return t;
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        folder(argv[i]);
    }
    const char *shared = getenv("TRAGUS_SHARED");
    int n_read = 0, rc = 0;
    for (size_t i = 0; argc == 1 && shared != NULL && i < sizeof(limits) / sizeof(limits[0]); i++) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/corpora/dev/%s", shared, limits[i].name);
        struct tally t = folder(path);
        if (t.n_clips == 0) {
            continue;
        }
        n_read++;
        if (t.n_whole * 100 < t.n_clips * limits[i].least_whole_percent ||
            t.n_passed * 100 > t.n_hops * limits[i].most_open_percent) {
            printf("%s: at least %d %% of the clips must be whole, at most %d %% let through\n", path,
                   limits[i].least_whole_percent, limits[i].most_open_percent);
            rc = 1;
        }
    }
    if (argc == 1 && n_read == 0) {
        printf("skipped: no recordings in TRAGUS_SHARED/corpora/dev\n");
        return 77;
    }
    return rc;
}
