/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/gate.h: a level gate over an adaptive noise floor, so that silence costs next to nothing.
 *
 * Integers only. It uses differences over four samples: a filter that removes offsets and most of a hum and is strongest
 * near 2 kHz, so that speech stands out from white noise and rumble. It opens when the energy of the differences is above the floor
 * for some hops, and closes after a hang-over. If in doubt it opens, because the decoder can reject what it passes by mistake, but
 * what it blocks is lost.
 */
#ifndef TRAGUS_FRONTEND_GATE_H
#define TRAGUS_FRONTEND_GATE_H

#include "frontend/frontend.h"
#include "frontend/kernels/kernels.h"

#define FRONTEND_GATE_HISTORY 50 /* hops (500 ms) that a caller keeps and pushes first when the gate opens */
#define FRONTEND_GATE_LAG 4      /* samples over which the difference is taken */
#define FRONTEND_GATE_RECENT 10  /* hops of which some must be above the threshold */
#define FRONTEND_GATE_MINIMA 8   /* the floor is the least of this many minima ... */
#define FRONTEND_GATE_SPAN 40    /* ... each over this many hops: 3.2 s, longer than speech without a gap */

/* Energies here are log2 of a mean square in Q8: 3.01 dB a unit. */
struct frontend_gate_options {
    int32_t open_q8;    /* rise over the floor that opens the gate: default 2.0 = 6 dB */
    uint32_t open_hops; /* hops above it, among the last FRONTEND_GATE_RECENT, that open the gate: default 3 */
    uint32_t hang_hops; /* hops with fewer of those that close it: default 80 */
    int32_t least_q8;   /* lower limit of the floor: default 3.0, differences of 2.8 sample steps rms: below microphone hiss */
};

struct frontend_gate {
    struct frontend_gate_options options;
    frontend_gate_squares *squares;
    int32_t level_q8;                        /* level of the last hop itself, for meters */
    int32_t change_q8;                       /* level of its differences */
    int32_t floor_q8;                        /* level of the noise, in differences */
    int32_t smooth_q8;                       /* change_q8 over about 4 hops */
    int32_t minima_q8[FRONTEND_GATE_MINIMA]; /* ring: the minimum of smooth_q8 in each span */
    int32_t others_q8;                       /* the least of all minima but the newest */
    uint32_t span, span_hops;                /* index of the newest span, and its hops so far */
    uint32_t quiet_hops;
    uint32_t recent;   /* one bit for each of the last 32 hops, newest lowest: above the threshold */
    uint32_t n_recent; /* how many of the last FRONTEND_GATE_RECENT were */
    bool open;
    /* Here and not on the stack: the compiler would check the stack (-fstack-protector-strong) at each hop of silence. */
    uint64_t sums[2];                                  /* of the last hop: of its squares, and of the squares of its differences */
    int16_t samples[FRONTEND_GATE_LAG + FRONTEND_HOP]; /* the last samples of the hop before, then the hop */
};

struct frontend_gate_options frontend_gate_defaults(void);

/* options: NULL for the defaults. cpu_flags: the kernels that may be used (base/cpu.h). */
void frontend_gate_init(struct frontend_gate *g, const struct frontend_gate_options *options, uint32_t cpu_flags);

/* Takes one hop; returns whether the gate is then open. Costs 320 multiply-adds and two logarithms. */
bool frontend_gate_push(struct frontend_gate *g, const int16_t hop[FRONTEND_HOP]);

/* Level of the last hop in 1/100 dB re full scale (0 .. -9000), for meters. */
int32_t frontend_gate_level_cdb(const struct frontend_gate *g);
/* The same for sound with this mean square of its samples. */
int32_t frontend_level_cdb(uint64_t mean_square);

#endif
