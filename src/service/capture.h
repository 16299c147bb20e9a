/* SPDX-License-Identifier: Apache-2.0 */
/* service/capture.h: the capture thread: device -> hops -> gate -> ring. One per open microphone.
 *
 * In silence it wakes ten times a second and nobody else does; with the gate open every 60 ms. It never blocks on its consumer: a
 * full ring drops hops and counts them.
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
    uint64_t hops;     /* heard, those before it included: the index of the hop to come */
    uint64_t wakeups;  /* returns from waiting */
    uint64_t cpu_us;   /* of the thread */
    uint64_t lost_us;  /* sound lost, by the device or for want of room in the ring */
    uint64_t overruns; /* how often */
    int32_t level_cdb; /* of the last hop, 1/100 dB re full scale */
};

struct capture_options {
    struct frontend_gate_options gate;
    uint32_t cpu_flags;                      /* which kernels may be used */
    uint64_t first_hop;                      /* the index of the first hop */
    struct base_ring *hops;                  /* of struct engine_hop */
    const struct base_wake *recogniser_wake; /* woken when hops are in the ring */
    const struct base_wake *main_wake;       /* woken when sound was lost, or the thread has ended */
};

/* Starts on an open device, which becomes the capture's; on failure it stays the caller's. */
int capture_start(struct capture **ret, struct audio_capture *device, const struct capture_options *options);

/* Ends the thread (an open segment is closed in the ring), closes the device, zeroes the sound held, frees. ret_last: the counters
 * at the end of the thread; may be NULL. */
void capture_stop(struct capture *c, struct capture_counters *ret_last);

/* The gate stays open at least so long after speech, from now on. */
void capture_let_hang(struct capture *c, uint32_t hops);
int capture_status(const struct capture *c); /* 0: running; else why it ended, a negative errno */
void capture_counters(const struct capture *c, struct capture_counters *ret);

#endif
