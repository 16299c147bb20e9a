/* SPDX-License-Identifier: Apache-2.0 */
#include "service/microphone.h"
#include "audio/source.h"
#include "base/clock.h"
#include "base/ring.h"
#include "base/thread.h"
#include "service/capture.h"
#include "service/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 2.56 s of sound: how far a recogniser may fall behind before sound is lost. */
#define N_HOPS 256

struct microphone {
    uint32_t cpu_flags;
    sd_event *event;
    struct microphone_options options;
    void (*changed)(void *user);
    void *user;
    const struct base_wake *main_wake;
    struct base_wake wake; /* wakes the recogniser thread */

    struct base_ring hops;
    struct engine_hop *hop_memory;
    struct recogniser *recognisers[SERVICE_MAX_MODELS];
    unsigned n_recognisers;
    unsigned n_wiped; /* number of recognisers wiped since the last RECOGNISER_WIPE */
    pthread_t thread;
    _Atomic bool quit;
    _Atomic uint64_t wakeups, turns; /* of the recogniser thread: returns from waiting, and completed loops */

    struct capture *capture; /* NULL while the device is closed */
    uint32_t hang_hops;
    char name[AUDIO_NAME_BYTES];      /* of the open device */
    bool failed;                      /* since it is wanted, and it has given no sound since then */
    bool wanted, heard, said_missing; /* heard: the open device has given sound */
    tragus_error trouble;
    unsigned pause_s;
    sd_event_source *retry;
    uint64_t reported_lost_us, lost_us;
    struct capture_counters past; /* totals of capture threads that have ended */
    uint64_t watched_hops, watched_turns;
    bool watched_open, watched_work;
};

static void *run(void *user) {
    struct microphone *m = user;
    struct engine_hop hop;

    while (!atomic_load_explicit(&m->quit, memory_order_acquire)) {
        base_wake_wait(&m->wake, -1);
        atomic_fetch_add_explicit(&m->wakeups, 1, memory_order_relaxed);
        while (base_ring_pop(&m->hops, &hop))
            for (unsigned i = 0; i < m->n_recognisers; i++)
                recogniser_take_hop(m->recognisers[i], &hop);
        explicit_bzero(&hop, sizeof(hop));
        for (unsigned i = 0; i < m->n_recognisers; i++)
            recogniser_take_commands(m->recognisers[i]);
        atomic_fetch_add_explicit(&m->turns, 1, memory_order_relaxed);
    }
    return NULL;
}

/* The device is opened only when somebody listens, perhaps days after installation. So check now, and log what will be used. */
static void look_for(const struct microphone_options *o) {
    tragus_error trouble = {0};
    struct audio_offer offer;

    if (audio_capture_look(o->device, &o->mix, &offer, &trouble) < 0)
        service_log(SERVICE_LOG_NOTICE, "Waiting for a microphone: %s", trouble.text);
    else
        service_log(SERVICE_LOG_INFO, "Found the microphone: %s; it is open only while somebody listens", offer.name);
}

static int make_recognisers(struct microphone *m, tragus_model *const models[], unsigned n_models) {
    for (; m->n_recognisers < n_models; m->n_recognisers++) {
        m->recognisers[m->n_recognisers] = recogniser_new(models[m->n_recognisers], m->main_wake);
        if (!m->recognisers[m->n_recognisers])
            return -ENOMEM;
    }
    return 0;
}

static void free_recognisers(struct microphone *m) {
    for (unsigned i = 0; i < m->n_recognisers; i++)
        recogniser_free(m->recognisers[i]);
}

int microphone_new(struct microphone **ret, tragus_model *const models[], unsigned n_models, sd_event *event,
                   const struct microphone_options *options, const struct base_wake *main_wake, void (*changed)(void *user),
                   void *user) {
    struct microphone *m = calloc(1, sizeof(*m));
    if (!m)
        return -ENOMEM;
    m->cpu_flags = engine_model_cpu_flags(models[0]);
    m->event = event;
    m->options = *options;
    m->main_wake = main_wake;
    m->changed = changed;
    m->user = user;
    int r = base_wake_init(&m->wake);
    m->hop_memory = calloc(N_HOPS, sizeof(*m->hop_memory));
    if (r >= 0)
        r = m->hop_memory ? make_recognisers(m, models, n_models) : -ENOMEM;
    if (r >= 0) {
        base_ring_init(&m->hops, m->hop_memory, sizeof(*m->hop_memory), N_HOPS, 0);
        r = base_thread_start(&m->thread, "recogniser", run, m);
    }
    if (r < 0) {
        free_recognisers(m);
        free(m->hop_memory);
        base_wake_done(&m->wake);
        free(m);
        return r;
    }
    look_for(options);
    *ret = m;
    return 0;
}

static void close_device(struct microphone *m) {
    struct capture_counters c;

    if (!m->capture)
        return;
    capture_stop(m->capture, &c);
    m->capture = NULL;
    m->lost_us += c.lost_us - m->reported_lost_us;
    m->reported_lost_us = 0;
    m->past.hops = c.hops;
    m->past.wakeups += c.wakeups;
    m->past.cpu_us += c.cpu_us;
    m->options.mix.first = c.channel; /* or each sentence would begin in a channel that was left before */
}

void microphone_free(struct microphone *m) {
    if (!m)
        return;
    m->retry = sd_event_source_disable_unref(m->retry);
    close_device(m);
    atomic_store_explicit(&m->quit, true, memory_order_release);
    microphone_wake(m);
    pthread_join(m->thread, NULL);
    free_recognisers(m);
    explicit_bzero(m->hop_memory, N_HOPS * sizeof(*m->hop_memory));
    free(m->hop_memory);
    base_wake_done(&m->wake);
    free(m);
}

static void try_to_open(struct microphone *m);

static int on_retry(sd_event_source *source, uint64_t now_us, void *user) {
    (void)source, (void)now_us;
    try_to_open(user);
    return 0;
}

/* Retries after 1, 2, 4 ... s: an unplugged device often comes back within seconds, or else not today. */
static void retry_later(struct microphone *m) {
    m->pause_s = m->pause_s == 0 ? 1 : m->pause_s * 2;
    if (m->pause_s > m->options.most_pause_s)
        m->pause_s = m->options.most_pause_s;
    uint64_t pause_us = (uint64_t)m->pause_s * 1000000;
    int r;
    if (m->retry) {
        r = sd_event_source_set_time_relative(m->retry, pause_us);
        if (r >= 0)
            r = sd_event_source_set_enabled(m->retry, SD_EVENT_ONESHOT);
    } else {
        r = sd_event_add_time_relative(m->event, &m->retry, CLOCK_MONOTONIC, pause_us, pause_us / 10, on_retry, m);
    }
    if (r < 0)
        service_log(SERVICE_LOG_ERROR, "Failed to plan another attempt to open the microphone: %s", strerror(-r));
}

static void try_to_open(struct microphone *m) {
    struct audio_capture *device;

    if (!m->wanted || m->capture)
        return;
    int r = audio_capture_open(&device, m->options.device, &m->options.mix, &m->trouble);
    if (r >= 0) {
        snprintf(m->name, sizeof(m->name), "%s", audio_capture_name(device));
        struct capture_options options = {.gate = m->options.gate,
                                          .cpu_flags = m->cpu_flags,
                                          .first_hop = m->past.hops,
                                          .hops = &m->hops,
                                          .recogniser_wake = &m->wake,
                                          .main_wake = m->main_wake};
        r = capture_start(&m->capture, device, &options);
        if (r < 0) {
            audio_capture_close(device);
            base_error_set(&m->trouble, r, "the capture thread cannot be started: %s", strerror(-r));
        }
    }
    if (r < 0) {
        if (!m->said_missing)
            service_log(SERVICE_LOG_WARNING, "Failed to open the microphone, trying again from time to time: %s", m->trouble.text);
        m->said_missing = m->failed = true;
        retry_later(m);
    } else {
        capture_let_hang(m->capture, m->hang_hops);
        m->heard = false;
    }
    m->changed(m->user);
}

void microphone_want(struct microphone *m, bool wanted) {
    if (wanted == m->wanted)
        return;
    m->wanted = wanted;
    if (wanted) {
        try_to_open(m);
        return;
    }
    m->retry = sd_event_source_disable_unref(m->retry);
    m->pause_s = 0;
    m->failed = false;
    m->hang_hops = 0;
    close_device(m);
    m->n_wiped = 0;
    for (unsigned i = 0; i < m->n_recognisers; i++)
        recogniser_command(m->recognisers[i], (struct recogniser_command){.type = RECOGNISER_WIPE, .n_heard = m->past.hops});
    microphone_wake(m);
    m->changed(m->user);
}

void microphone_let_hang(struct microphone *m, uint32_t hops) {
    m->hang_hops = hops > m->hang_hops ? hops : m->hang_hops;
    if (m->capture)
        capture_let_hang(m->capture, m->hang_hops);
}

/* The open device gives sound, so it works. Some can be opened, but give only errors. */
static void on_first_sound(struct microphone *m) {
    m->heard = true;
    m->failed = false;
    m->pause_s = 0;
    if (!m->said_missing)
        return;
    service_log(SERVICE_LOG_NOTICE, "The microphone is back: %s", m->name);
    m->said_missing = false;
    m->changed(m->user);
}

void microphone_check(struct microphone *m) {
    struct capture_counters c;

    unsigned n_before = m->n_wiped;
    for (unsigned i = 0; i < m->n_recognisers; i++)
        m->n_wiped += recogniser_wiped(m->recognisers[i]);
    /* All recognisers have forgotten the sound, so the ring may be wiped too. */
    if (m->n_wiped > n_before && m->n_wiped == m->n_recognisers && !m->capture && base_ring_fill(&m->hops) == 0)
        explicit_bzero(m->hop_memory, N_HOPS * sizeof(*m->hop_memory));
    if (!m->capture)
        return;
    capture_counters(m->capture, &c);
    if (!m->heard && c.hops > m->past.hops)
        on_first_sound(m);
    if (capture_status(m->capture) == 0)
        return;
    int status = capture_status(m->capture);
    close_device(m);
    base_error_set(&m->trouble, status, "microphone %s is gone: %s", m->options.device, strerror(-status));
    if (!m->said_missing)
        service_log(SERVICE_LOG_WARNING, "%s; trying again from time to time", m->trouble.text);
    m->said_missing = m->failed = true;
    retry_later(m);
    m->changed(m->user);
}

bool microphone_is_open(const struct microphone *m) {
    return m->capture != NULL;
}

bool microphone_is_missing(const struct microphone *m) {
    return m->wanted && (!m->capture || m->failed);
}

const char *microphone_trouble(const struct microphone *m) {
    return m->trouble.text;
}

uint64_t microphone_take_lost_us(struct microphone *m) {
    struct capture_counters c;
    if (m->capture) {
        capture_counters(m->capture, &c);
        m->lost_us += c.lost_us - m->reported_lost_us;
        m->reported_lost_us = c.lost_us;
    }
    uint64_t lost_us = m->lost_us;
    m->lost_us = 0;
    return lost_us;
}

struct recogniser *microphone_recogniser(const struct microphone *m, unsigned model) {
    return m->recognisers[model];
}

void microphone_wake(struct microphone *m) {
    base_wake_up(&m->wake);
}

void microphone_counters(const struct microphone *m, struct microphone_counters *ret) {
    struct capture_counters now = {.hops = m->past.hops, .level_cdb = -9000};

    if (m->capture)
        capture_counters(m->capture, &now);
    *ret = (struct microphone_counters){
        .hops = now.hops,
        .wakeups = m->past.wakeups + now.wakeups + atomic_load_explicit(&m->wakeups, memory_order_relaxed),
        .capture_us = m->past.cpu_us + now.cpu_us,
        .recogniser_us = base_thread_cpu_us(m->thread),
        .level_cdb = now.level_cdb,
    };
}

bool microphone_alive(struct microphone *m) {
    struct microphone_counters c;
    microphone_counters(m, &c);
    uint64_t turns = atomic_load_explicit(&m->turns, memory_order_relaxed);
    bool open = m->capture != NULL;
    bool work = base_ring_fill(&m->hops) > 0;
    for (unsigned i = 0; i < m->n_recognisers; i++)
        work |= recogniser_has_commands(m->recognisers[i]);

    /* An open device must deliver sound between two checks; a recogniser with work at both checks must complete a loop between
     * them. */
    bool capture_stuck = open && m->watched_open && c.hops == m->watched_hops;
    bool recogniser_stuck = work && m->watched_work && turns == m->watched_turns;
    m->watched_open = open;
    m->watched_work = work;
    m->watched_hops = c.hops;
    m->watched_turns = turns;
    return !capture_stuck && !recogniser_stuck;
}
