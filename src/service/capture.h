/* SPDX-License-Identifier: Apache-2.0 */
/* service/capture.h: the capture thread: device -> hops -> gate -> ring. One per open microphone.
 *
 * In silence this thread wakes ten times a second and all others sleep; with the gate open it wakes every 60 ms. It never waits
 * for its consumer: if the ring is full, it drops hops and counts them.
 */
#ifndef TRAGUS_SERVICE_CAPTURE_H
#define TRAGUS_SERVICE_CAPTURE_H

#include "audio/source.h"
#include "base/ring.h"
#include "base/wake.h"
#include "engine/segment.h"

#include <stdint.h>

struct capture;

struct capture_counters {
    uint64_t hops;     /* including those before first_hop: the index of the next hop */
    uint64_t wakeups;  /* returns from waiting */
    uint64_t cpu_us;   /* CPU time of the thread */
    uint64_t lost_us;  /* sound lost in the device or because the ring was full */
    uint64_t overruns; /* number of times that sound was lost */
    int32_t level_cdb; /* of the last hop, 1/100 dB re full scale */
    unsigned channel;  /* capture_stop only: what AUDIO_LOUDEST has chosen, from 1 on; 0: nothing */
};

struct capture_options {
    struct frontend_gate_options gate;
    uint32_t cpu_flags;                      /* the kernels that may be used */
    uint64_t first_hop;                      /* the index of the first hop */
    struct base_ring *hops;                  /* ring of struct engine_hop */
    const struct base_wake *recogniser_wake; /* woken when hops were put into the ring */
    const struct base_wake *main_wake;       /* woken by the first hop, when sound was lost, and at the end of the thread */
};

/* Starts capturing from an open device. On success the capture owns the device; on failure the caller keeps it. */
int capture_start(struct capture **ret, struct audio_capture *device, const struct capture_options *options);

/* Stops the thread, which ends an open segment in the ring; closes the device, zeroes the sound held and frees everything.
 * ret_last: the counters at the end of the thread; may be NULL. */
void capture_stop(struct capture *c, struct capture_counters *ret_last);

/* From now on, keeps the gate open at least this long after speech. */
void capture_let_hang(struct capture *c, uint32_t hops);
int capture_status(const struct capture *c); /* 0: running; else the negative errno that ended it */
void capture_counters(const struct capture *c, struct capture_counters *ret);

#endif
