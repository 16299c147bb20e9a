/* SPDX-License-Identifier: Apache-2.0 */
/* cli/levels.h: what `tragus doctor` says about a recording: levels, clipping, offset, and whether the gate opens. */
#ifndef TRAGUS_CLI_LEVELS_H
#define TRAGUS_CLI_LEVELS_H

#include "frontend/gate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEVELS_BINS 91 /* of 1 dB: 0, -1, ... -90 dB re full scale */

struct levels {
    struct frontend_gate gate;
    int16_t hop[FRONTEND_HOP];
    size_t n_in_hop;
    uint64_t n_samples, n_clipped, n_hops, n_open;
    int64_t sum;
    uint64_t counts[LEVELS_BINS]; /* of hops by level, without the offset */
};

struct levels_result {
    double noise_db;   /* 10 % of the hops are below */
    double speech_db;  /* 5 % of the hops are above: the loud syllables */
    double clipped;    /* share of the samples */
    double offset;     /* mean, as a share of full scale */
    uint64_t open_ms;  /* how long the gate was open */
    bool only_silence; /* every hop is below -90 dB */
};

void levels_init(struct levels *l, uint32_t cpu_flags);
void levels_push(struct levels *l, const int16_t *pcm, size_t n);
/* Takes a level that was measured elsewhere, in place of sound. */
void levels_push_db(struct levels *l, double level_db);
void levels_end(const struct levels *l, struct levels_result *ret);

#endif
