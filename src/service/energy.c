/* SPDX-License-Identifier: Apache-2.0 */
/* service/energy.c: the cost of recognition: CPU time by thread and stage, wake-ups, and joules if the machine has a meter.
 *
 * Values are read only on request, so measuring causes no wake-ups. Meters measure the whole machine, in microjoules: RAPL through
 * the powercap interface (Linux, Documentation/power/powercap), else hwmon's energy counters. Many machines let only root read
 * them.
 */
#include "service/private.h"

#include "base/clock.h"

#include <glob.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

static uint64_t sum_of_files(const char *pattern) {
    unsigned long long value;
    uint64_t sum = 0;
    glob_t found;

    if (glob(pattern, 0, NULL, &found) != 0)
        return 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        FILE *f = fopen(found.gl_pathv[i], "re");
        if (f && fscanf(f, "%llu", &value) == 1)
            sum += value;
        if (f)
            fclose(f);
    }
    globfree(&found);
    return sum;
}

uint64_t energy_meter_uj(void) {
    /* Packages only, because they include their parts (intel-rapl:0:0). */
    uint64_t uj = sum_of_files("/sys/class/powercap/intel-rapl:?/energy_uj");
    return uj ? uj : sum_of_files("/sys/class/hwmon/hwmon*/energy1_input");
}

static uint64_t clock_us(clockid_t clock) {
    struct timespec t = {0};
    (void)clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void add_recogniser(struct service_report *report, const struct recogniser *r) {
    struct engine_cost c;
    recogniser_cost(r, &c);
    report->speech_us += c.hops * ENGINE_HOP_US;
    report->frontend_us += c.frontend_us;
    report->network_us += c.network_us;
    report->decoder_us += c.listeners_us;
}

void energy_add_batch(struct service_report *report, struct batch *batch) {
    struct batch_counters c;
    batch_counters(batch, &c);
    report->audio_us += c.hops * 10000;
    report->batch_us += c.cpu_us;
    report->wakeups += c.wakeups;
    add_recogniser(report, batch_recogniser(batch));
}

void service_report(const struct service *s, struct service_report *ret) {
    struct service_report report = s->past;
    struct rusage usage = {0};
    uint64_t turns = 0;

    for (const struct service_batch *b = s->batches; b; b = b->next)
        energy_add_batch(&report, b->batch);
    if (s->microphone) {
        struct microphone_counters c;
        microphone_counters(s->microphone, &c);
        report.audio_us += c.hops * 10000;
        report.capture_us = c.capture_us;
        report.recogniser_us = c.recogniser_us;
        report.wakeups += c.wakeups;
        for (unsigned i = 0; i < s->n_models; i++)
            add_recogniser(&report, microphone_recogniser(s->microphone, i));
    }
    report.main_us = clock_us(CLOCK_THREAD_CPUTIME_ID);
    report.cpu_us = clock_us(CLOCK_PROCESS_CPUTIME_ID);
    report.decode_us = report.recogniser_us + report.batch_us;
    if (sd_event_get_iteration(s->event, &turns) >= 0)
        report.wakeups += turns;
    (void)getrusage(RUSAGE_SELF, &usage);
    report.max_rss_kib = (uint32_t)usage.ru_maxrss;
    *ret = report;
}

uint64_t service_energy_uj(const struct service *s) {
    uint64_t now_uj = energy_meter_uj();
    return now_uj > s->start_energy_uj ? now_uj - s->start_energy_uj : 0;
}
