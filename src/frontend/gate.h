/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/gate.h: is anything to be heard? A level gate over a following noise floor, so that silence costs next to nothing.
 *
 * Integers only. It looks at the change over four samples: a filter that takes out offsets and most of a hum and is strongest about
 * 2 kHz, so that speech stands out of white noise and out of rumble. It opens when the energy of the change lies above the floor
 * for some hops, and closes after a hang-over. It errs on the open side: what it lets through by mistake the decoder rejects, what
 * it keeps out is lost.
 */
#ifndef TRAGUS_FRONTEND_GATE_H
#define TRAGUS_FRONTEND_GATE_H

#include "frontend/frontend.h"
#include "frontend/kernels/kernels.h"

#define FRONTEND_GATE_HISTORY 50 /* hops (500 ms) that a caller keeps and pushes first when the gate opens */
#define FRONTEND_GATE_LAG 4      /* samples over which the change is taken */
#define FRONTEND_GATE_MINIMA 8   /* the floor is the least of so many minima ... */
#define FRONTEND_GATE_RECENT 10  /* hops among which some must be above the threshold */
#define FRONTEND_GATE_SPAN 40    /* ... each over so many hops: 3.2 s, longer than speech goes without a gap */

/* Energies here are log2 of a mean square in Q8: 3.01 dB a unit. */
struct frontend_gate_options {
    int32_t open_q8;    /* rise over the floor that opens: default 2.0 = 6 dB */
    uint32_t open_hops; /* hops of the last FRONTEND_GATE_RECENT above it that open: default 3 */
    uint32_t hang_hops; /* hops without as many that close: default 80 */
    int32_t least_q8;   /* the floor is never lower: default 3.0, changes of 2.8 sample steps rms: below what a microphone hisses */
};

struct frontend_gate {
    struct frontend_gate_options options;
    frontend_gate_squares *squares;
    int32_t level_q8;                        /* of the last hop as it is, for meters */
    int32_t change_q8;                       /* of its changes */
    int32_t floor_q8;                        /* of the noise, in changes */
    int32_t smooth_q8;                       /* change_q8 over about 4 hops */
    int32_t minima_q8[FRONTEND_GATE_MINIMA]; /* the least smooth_q8 of each span, a ring */
    int32_t others_q8;                       /* the least of all but the newest of them */
    uint32_t span, span_hops;                /* the newest, and its hops so far */
    uint32_t quiet_hops;
    uint32_t recent;   /* which of the last 32 hops were above the threshold, a bit each, newest lowest */
    uint32_t n_recent; /* how many of the last FRONTEND_GATE_RECENT */
    bool open;
    /* Here and not on the stack: the compiler would check the stack (-fstack-protector-strong) at each hop of silence. */
    uint64_t sums[2];                                  /* of the last hop: of squares, of squares of changes */
    int16_t samples[FRONTEND_GATE_LAG + FRONTEND_HOP]; /* the last samples of the hop before, then the hop */
};

struct frontend_gate_options frontend_gate_defaults(void);

/* options: NULL for the defaults. cpu_flags: what kernels may use (base/cpu.h). */
void frontend_gate_init(struct frontend_gate *g, const struct frontend_gate_options *options, uint32_t cpu_flags);

/* One hop in; returns whether the gate is open after it. 320 multiply-adds and two logarithms. */
bool frontend_gate_push(struct frontend_gate *g, const int16_t hop[FRONTEND_HOP]);

/* Level of the last hop in 1/100 dB re full scale (0 .. -9000), for meters. */
int32_t frontend_gate_level_cdb(const struct frontend_gate *g);

#endif
