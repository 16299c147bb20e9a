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
#include "frontend/gate.h"

#include <stdint.h>

struct capture;

struct capture_counters {
    uint64_t hops;     /* heard */
    uint64_t wakeups;  /* returns from waiting */
    uint64_t cpu_us;   /* of the thread */
    uint64_t lost_us;  /* sound lost, by the device or for want of room in the ring */
    uint64_t overruns; /* how often */
    int32_t level_cdb; /* of the last hop, 1/100 dB re full scale */
};

/* Starts on an open device, which becomes the capture's. cpu_flags: what kernels may use. hops: of struct cutter_hop; recogniser_fd
 * and main_fd: eventfds, written when hops are in the ring, and when sound was lost or the thread has ended. */
int capture_start(struct capture **ret, struct audio_capture *device, const struct frontend_gate_options *gate, uint32_t cpu_flags,
                  struct base_ring *hops, int recogniser_fd, int main_fd);

/* Ends the thread (an open segment is closed in the ring), closes the device, zeroes the sound held, frees. */
void capture_stop(struct capture *c);

/* The gate stays open at least so long after speech, from now on. */
void capture_let_hang(struct capture *c, uint32_t hops);
int capture_status(const struct capture *c); /* 0: running; else why it ended, a negative errno */
void capture_counters(const struct capture *c, struct capture_counters *ret);

#endif
