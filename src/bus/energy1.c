/* SPDX-License-Identifier: Apache-2.0 */
/* bus/energy1.c: org.tragus.Energy1: CPU time, memory and energy of the daemon. Clients poll the counters; they are never
 * signalled, so that measuring causes no wake-ups.
 *
 * The counters of CPU time grow while somebody speaks. Who may hear the microphone, or is trusted otherwise, sees them as they are.
 * All others see a copy that is renewed every ten minutes, so that they learn how much was said in that time, but not when.
 */
#include "base/clock.h"
#include "bus/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COPY_US UINT64_C(600000000)
#define RIGHTS_US UINT64_C(1000000) /* a GetAll asks for ten properties */

struct bus_shown {
    struct service_report copy;
    uint64_t copy_energy_uj, copied_us; /* when; 0: never */
    char caller[64];                    /* who asked last, and whether it sees the counters as they are */
    bool may_measure;
    uint64_t asked_us;
};

void bus_shown_free(struct bus *b) {
    free(b->shown);
    b->shown = NULL;
}

static bool may_measure(struct bus *b, sd_bus *bus, uint64_t now_us) {
    struct bus_shown *shown = b->shown;
    sd_bus_message *m = sd_bus_get_current_message(bus);
    const char *sender = m ? sd_bus_message_get_sender(m) : NULL;
    struct service_caller caller;
    sd_bus_error error = SD_BUS_ERROR_NULL;

    if (!sender || strlen(sender) >= sizeof(shown->caller))
        return false;
    if (strcmp(sender, shown->caller) == 0 && now_us - shown->asked_us < RIGHTS_US)
        return shown->may_measure;
    shown->may_measure = bus_caller(b, m, &caller, &error) >= 0 && service_may_measure(b->service, &caller);
    sd_bus_error_free(&error);
    memcpy(shown->caller, sender, strlen(sender) + 1);
    shown->asked_us = now_us;
    return shown->may_measure;
}

/* The counters for the caller of the current message; the energy only if ret_energy_uj is not NULL, because its meters are files.
 */
static int report(struct bus *b, sd_bus *bus, struct service_report *ret, uint64_t *ret_energy_uj) {
    uint64_t now_us = base_clock_monotonic_us();

    if (!b->shown && !(b->shown = calloc(1, sizeof(*b->shown))))
        return -ENOMEM;
    struct bus_shown *shown = b->shown;
    if (may_measure(b, bus, now_us)) {
        service_report(b->service, ret);
        if (ret_energy_uj)
            *ret_energy_uj = service_energy_uj(b->service);
        return 0;
    }
    if (shown->copied_us == 0 || now_us - shown->copied_us >= COPY_US) {
        service_report(b->service, &shown->copy);
        shown->copy_energy_uj = service_energy_uj(b->service);
        shown->copied_us = now_us;
    }
    *ret = shown->copy;
    if (ret_energy_uj)
        *ret_energy_uj = shown->copy_energy_uj;
    return 0;
}

static int get_property(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                        void *user, sd_bus_error *error) {
    struct service_report r;
    uint64_t energy_uj = 0;
    bool of_energy = strcmp(property, "EnergyMicrojoules") == 0;
    (void)path, (void)interface, (void)error;

    int code = report(user, bus, &r, of_energy ? &energy_uj : NULL);
    if (code < 0)
        return code;
    const struct {
        const char *name;
        uint64_t value;
    } counters[] = {
        {"CpuTimeUSec", r.cpu_us},       {"AudioTimeUSec", r.audio_us}, {"SpeechTimeUSec", r.speech_us},
        {"DecodeTimeUSec", r.decode_us}, {"Wakeups", r.wakeups},        {"EnergyMicrojoules", energy_uj},
    };
    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
        if (strcmp(counters[i].name, property) == 0)
            return sd_bus_message_append(reply, "t", counters[i].value);
    if (strcmp(property, "MaxRssKiB") == 0)
        return sd_bus_message_append(reply, "u", r.max_rss_kib);
    if (strcmp(property, "StageTimeUSec") == 0)
        return sd_bus_message_append(reply, "a{st}", 4, "capture", r.capture_us, "frontend", r.frontend_us, "network", r.network_us,
                                     "decoder", r.decoder_us);
    if (strcmp(property, "ThreadTimeUSec") == 0)
        return sd_bus_message_append(reply, "a{st}", 4, "main", r.main_us, "capture", r.capture_us, "recogniser", r.recogniser_us,
                                     "batch", r.batch_us);
    double factor = r.audio_us ? (double)(r.capture_us + r.decode_us) / (double)r.audio_us : 0; /* RealTimeFactor */
    return sd_bus_message_append(reply, "d", factor);
}

const sd_bus_vtable bus_energy_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("CpuTimeUSec", "t", get_property, 0, 0),
    SD_BUS_PROPERTY("AudioTimeUSec", "t", get_property, 0, 0),
    SD_BUS_PROPERTY("SpeechTimeUSec", "t", get_property, 0, 0),
    SD_BUS_PROPERTY("DecodeTimeUSec", "t", get_property, 0, 0),
    SD_BUS_PROPERTY("Wakeups", "t", get_property, 0, 0),
    SD_BUS_PROPERTY("EnergyMicrojoules", "t", get_property, 0, 0),
    SD_BUS_PROPERTY("MaxRssKiB", "u", get_property, 0, 0),
    SD_BUS_PROPERTY("StageTimeUSec", "a{st}", get_property, 0, 0),
    SD_BUS_PROPERTY("ThreadTimeUSec", "a{st}", get_property, 0, 0),
    SD_BUS_PROPERTY("RealTimeFactor", "d", get_property, 0, 0),
    SD_BUS_VTABLE_END,
};
