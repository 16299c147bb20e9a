/* SPDX-License-Identifier: Apache-2.0 */
#include "service/capture.h"
#include "base/clock.h"
#include "base/thread.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define PERIOD_CLOSED_MS 100
/* Two steps of the network, which are computed as one batch. Compared with 20 ms this needs a third of the wake-ups and half of
 * the memory traffic, and words are known 20 ms later on average. */
#define PERIOD_OPEN_MS 60
#define CHUNK 8000 /* samples: half a second, more than accumulates when the reader is late */

struct capture {
    struct audio_capture *device;
    struct base_ring *hops;
    const struct base_wake *recogniser_wake, *main_wake;
    struct base_wake wake; /* wakes this thread */
    pthread_t thread;
    struct engine_segmenter segmenter;
    int16_t chunk[CHUNK];
    uint64_t dropped_hops, first_hop;
    bool pushed, told;

    _Atomic bool stop;
    _Atomic int status;
    _Atomic int32_t level_cdb;
    _Atomic uint32_t hang_hops;
    _Atomic uint64_t n_hops, wakeups, lost_us, overruns;
    _Atomic uint64_t cpu_us; /* written when the thread ends */
};

static void to_ring(const struct engine_hop *hop, void *user) {
    struct capture *c = user;
    if (base_ring_push(c->hops, hop))
        c->pushed = true;
    else
        c->dropped_hops++;
}

static void count_loss(struct capture *c, uint64_t us) {
    atomic_fetch_add_explicit(&c->lost_us, us, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->overruns, 1, memory_order_relaxed);
    base_wake_up(c->main_wake);
}

static void *run(void *user) {
    struct capture *c = user;
    uint32_t lost_ms = 0;
    int status = 0;

    while (!atomic_load_explicit(&c->stop, memory_order_relaxed)) {
        c->segmenter.gate.options.hang_hops = atomic_load_explicit(&c->hang_hops, memory_order_relaxed);
        int n = audio_capture_read(c->device, c->segmenter.gate.open ? PERIOD_OPEN_MS : PERIOD_CLOSED_MS, c->wake.fd, c->chunk,
                                   CHUNK, &lost_ms);
        atomic_fetch_add_explicit(&c->wakeups, 1, memory_order_relaxed);
        if (n == -EPIPE) { /* what follows is not contiguous with what came before */
            engine_segmenter_end(&c->segmenter, to_ring, c);
            count_loss(c, (uint64_t)lost_ms * 1000);
        } else if (n < 0) {
            status = n;
            break;
        } else {
            uint64_t length_us = (uint64_t)n * 1000000 / AUDIO_RATE;
            engine_segmenter_push(&c->segmenter, c->chunk, (size_t)n, base_clock_monotonic_us() - length_us, to_ring, c);
            atomic_store_explicit(&c->n_hops, c->segmenter.n_hops, memory_order_relaxed);
            atomic_store_explicit(&c->level_cdb, frontend_gate_level_cdb(&c->segmenter.gate), memory_order_relaxed);
        }
        if (!c->told && c->segmenter.n_hops > c->first_hop) {
            c->told = true;
            base_wake_up(c->main_wake);
        }
        if (c->dropped_hops > 0) {
            count_loss(c, c->dropped_hops * FRONTEND_HOP * 1000000 / FRONTEND_RATE);
            c->dropped_hops = 0;
        }
        if (c->pushed) {
            c->pushed = false;
            base_wake_up(c->recogniser_wake);
        }
    }
    engine_segmenter_end(&c->segmenter, to_ring, c);
    atomic_store_explicit(&c->n_hops, c->segmenter.n_hops, memory_order_relaxed); /* ending may have completed a hop */
    base_wake_up(c->recogniser_wake);
    atomic_store_explicit(&c->cpu_us, base_clock_thread_cpu_ns() / 1000, memory_order_relaxed);
    atomic_store_explicit(&c->status, status < 0 ? status : -ECANCELED, memory_order_release);
    base_wake_up(c->main_wake);
    return NULL;
}

int capture_start(struct capture **ret, struct audio_capture *device, const struct capture_options *options) {
    struct capture *c = calloc(1, sizeof(*c));
    if (!c)
        return -ENOMEM;
    c->device = device;
    c->hops = options->hops;
    c->recogniser_wake = options->recogniser_wake;
    c->main_wake = options->main_wake;
    engine_segmenter_init(&c->segmenter, &options->gate, options->cpu_flags, options->first_hop);
    c->n_hops = c->first_hop = options->first_hop;
    c->hang_hops = options->gate.hang_hops;
    int r = base_wake_init(&c->wake);
    if (r >= 0)
        r = base_thread_start(&c->thread, "capture", run, c);
    if (r < 0) {
        base_wake_done(&c->wake);
        free(c);
        return r;
    }
    /* Real-time where the unit allows it (LimitRTPRIO), so that a busy machine loses no sound. */
    (void)pthread_setschedparam(c->thread, SCHED_FIFO, &(struct sched_param){.sched_priority = 10});
    *ret = c;
    return 0;
}

void capture_stop(struct capture *c, struct capture_counters *ret_last) {
    if (!c)
        return;
    atomic_store_explicit(&c->stop, true, memory_order_relaxed);
    base_wake_up(&c->wake);
    pthread_join(c->thread, NULL);
    if (ret_last) {
        capture_counters(c, ret_last);
        ret_last->channel = audio_capture_channel(c->device);
    }
    audio_capture_close(c->device);
    base_wake_done(&c->wake);
    explicit_bzero(c, sizeof(*c));
    free(c);
}

void capture_let_hang(struct capture *c, uint32_t hops) {
    if (hops > atomic_load_explicit(&c->hang_hops, memory_order_relaxed))
        atomic_store_explicit(&c->hang_hops, hops, memory_order_relaxed);
}

int capture_status(const struct capture *c) {
    return atomic_load_explicit(&c->status, memory_order_acquire);
}

void capture_counters(const struct capture *c, struct capture_counters *ret) {
    uint64_t cpu_us =
        capture_status(c) != 0 ? atomic_load_explicit(&c->cpu_us, memory_order_relaxed) : base_thread_cpu_us(c->thread);

    *ret = (struct capture_counters){
        .hops = atomic_load_explicit(&c->n_hops, memory_order_relaxed),
        .wakeups = atomic_load_explicit(&c->wakeups, memory_order_relaxed),
        .cpu_us = cpu_us,
        .lost_us = atomic_load_explicit(&c->lost_us, memory_order_relaxed),
        .overruns = atomic_load_explicit(&c->overruns, memory_order_relaxed),
        .level_cdb = atomic_load_explicit(&c->level_cdb, memory_order_relaxed),
    };
}
