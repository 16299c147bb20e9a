/* SPDX-License-Identifier: Apache-2.0 */
/* bus/energy1.c: org.tragus.Energy1: CPU time, memory and energy of the daemon. Clients poll the counters; they are never
 * signalled, so that measuring causes no wake-ups. */
#include "bus/private.h"

#include <errno.h>
#include <string.h>

static int get_counter(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                       void *user, sd_bus_error *error) {
    struct bus *b = user;
    struct service_report r;
    (void)bus, (void)path, (void)interface, (void)error;

    service_report(b->service, &r);
    const struct {
        const char *name;
        uint64_t value;
    } counters[] = {
        {"CpuTimeUSec", r.cpu_us},       {"AudioTimeUSec", r.audio_us}, {"SpeechTimeUSec", r.speech_us},
        {"DecodeTimeUSec", r.decode_us}, {"Wakeups", r.wakeups},
    };
    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
        if (strcmp(counters[i].name, property) == 0)
            return sd_bus_message_append(reply, "t", counters[i].value);
    return -ENOENT;
}

static int get_energy(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *user,
                      sd_bus_error *error) {
    struct bus *b = user;
    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return sd_bus_message_append(reply, "t", service_energy_uj(b->service));
}

static int get_rss(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *user,
                   sd_bus_error *error) {
    struct bus *b = user;
    struct service_report r;
    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    service_report(b->service, &r);
    return sd_bus_message_append(reply, "u", r.max_rss_kib);
}

static int get_stages(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *user,
                      sd_bus_error *error) {
    struct bus *b = user;
    struct service_report r;
    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    service_report(b->service, &r);
    return sd_bus_message_append(reply, "a{st}", 4, "capture", r.capture_us, "frontend", r.frontend_us, "network", r.network_us,
                                 "decoder", r.decoder_us);
}

static int get_threads(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                       void *user, sd_bus_error *error) {
    struct bus *b = user;
    struct service_report r;
    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    service_report(b->service, &r);
    return sd_bus_message_append(reply, "a{st}", 4, "main", r.main_us, "capture", r.capture_us, "recogniser", r.recogniser_us,
                                 "batch", r.batch_us);
}

static int get_factor(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *user,
                      sd_bus_error *error) {
    struct bus *b = user;
    struct service_report r;
    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    service_report(b->service, &r);
    double factor = r.audio_us ? (double)(r.capture_us + r.decode_us) / (double)r.audio_us : 0;
    return sd_bus_message_append(reply, "d", factor);
}

const sd_bus_vtable bus_energy_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("CpuTimeUSec", "t", get_counter, 0, 0),
    SD_BUS_PROPERTY("AudioTimeUSec", "t", get_counter, 0, 0),
    SD_BUS_PROPERTY("SpeechTimeUSec", "t", get_counter, 0, 0),
    SD_BUS_PROPERTY("DecodeTimeUSec", "t", get_counter, 0, 0),
    SD_BUS_PROPERTY("Wakeups", "t", get_counter, 0, 0),
    SD_BUS_PROPERTY("EnergyMicrojoules", "t", get_energy, 0, 0),
    SD_BUS_PROPERTY("MaxRssKiB", "u", get_rss, 0, 0),
    SD_BUS_PROPERTY("StageTimeUSec", "a{st}", get_stages, 0, 0),
    SD_BUS_PROPERTY("ThreadTimeUSec", "a{st}", get_threads, 0, 0),
    SD_BUS_PROPERTY("RealTimeFactor", "d", get_factor, 0, 0),
    SD_BUS_VTABLE_END,
};
