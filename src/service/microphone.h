/* SPDX-License-Identifier: Apache-2.0 */
/* service/microphone.h: main's side of the live sound: the recogniser thread, the capture thread while somebody listens, and what
 * happens when the device is missing, goes, or comes back.
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
    uint64_t hops, wakeups, capture_us, recogniser_us; /* of all threads so far */
    int32_t level_cdb;
};

struct microphone_options {
    const char *device;
    unsigned most_pause_s;
    struct frontend_gate_options gate;
};

/* Starts the recogniser thread, which sleeps until somebody listens. changed: the device was opened, closed, lost or found. */
int microphone_new(struct microphone **ret, tragus_model *const models[], unsigned n_models, sd_event *event,
                   const struct microphone_options *options, const struct base_wake *main_wake, void (*changed)(void *user),
                   void *user);
void microphone_free(struct microphone *m); /* joins the threads, zeroes */

/* Somebody listens: opens the device, or tries again and again if that fails. Nobody listens: closes it. */
void microphone_want(struct microphone *m, bool wanted);

/* A listener's pauses may be so long: the gate must not be the first to end its sentences. Holds until nobody listens. */
void microphone_let_hang(struct microphone *m, uint32_t hops);

bool microphone_is_open(const struct microphone *m);
bool microphone_is_missing(const struct microphone *m);     /* wanted, but not open */
const char *microphone_trouble(const struct microphone *m); /* why it is missing, for people */
/* Sound lost by overruns since the last call. */
uint64_t microphone_take_lost_us(struct microphone *m);

/* One for each model: a network runs only while somebody listens with it. */
struct recogniser *microphone_recogniser(const struct microphone *m, unsigned model);
void microphone_wake(struct microphone *m); /* the recogniser, after a command */
/* When main was woken: notices a device that is gone, and zeroes what nobody needs. */
void microphone_check(struct microphone *m);

void microphone_counters(const struct microphone *m, struct microphone_counters *ret);
/* Since the last call: did the threads move, as far as they had reason to? */
bool microphone_alive(struct microphone *m);

#endif
