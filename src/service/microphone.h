/* SPDX-License-Identifier: Apache-2.0 */
/* service/microphone.h: the main thread's side of live sound: the recogniser thread, the capture thread while somebody listens,
 * and what to do when the device is missing, disappears or comes back.
 */
#ifndef TRAGUS_SERVICE_MICROPHONE_H
#define TRAGUS_SERVICE_MICROPHONE_H

#include "service/recogniser.h"
#include "service/service.h"
#include "tragus.h"

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct microphone;

struct microphone_counters {
    uint64_t hops, wakeups, capture_us, recogniser_us; /* totals of all threads so far */
    int32_t level_cdb;
};

struct microphone_options {
    const char *device;
    struct audio_mix mix;
    unsigned most_pause_s;
    struct frontend_gate_options gate;
};

/* Starts the recogniser thread, which sleeps until somebody listens. changed is called when the device is opened, closed, lost or
 * found. */
int microphone_new(struct microphone **ret, tragus_model *const models[], unsigned n_models, sd_event *event,
                   const struct microphone_options *options, const struct base_wake *main_wake, void (*changed)(void *user),
                   void *user);
void microphone_free(struct microphone *m); /* joins the threads, zeroes the memory */

/* true: somebody listens, so opens the device and retries if that fails. false: closes it. */
void microphone_want(struct microphone *m, bool wanted);

/* Allows for a listener's longest pause, so that the gate does not end its sentences early. Applies until nobody listens. */
void microphone_let_hang(struct microphone *m, uint32_t hops);

bool microphone_is_open(const struct microphone *m);
bool microphone_is_missing(const struct microphone *m);     /* wanted, but not open */
const char *microphone_trouble(const struct microphone *m); /* the reason it is missing, as text for people */
/* Sound lost by overruns since the last call. */
uint64_t microphone_take_lost_us(struct microphone *m);

/* There is one for each model; a network runs only while somebody listens with it. */
struct recogniser *microphone_recogniser(const struct microphone *m, unsigned model);
void microphone_wake(struct microphone *m); /* wakes the recogniser thread after a command */
/* Call it when main was woken: detects a lost device, and zeroes sound that is no longer needed. */
void microphone_check(struct microphone *m);

void microphone_counters(const struct microphone *m, struct microphone_counters *ret);
/* Whether the threads have progressed since the last call, if they had work. */
bool microphone_alive(struct microphone *m);

#endif
