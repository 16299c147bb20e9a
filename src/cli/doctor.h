/* SPDX-License-Identifier: Apache-2.0 */
/* cli/doctor.h: what the parts of `tragus doctor` share: its options, what it has found out, and its report. */
#ifndef TRAGUS_CLI_DOCTOR_H
#define TRAGUS_CLI_DOCTOR_H

#include "audio/source.h"
#include "cli/cli.h"
#include "cli/levels.h"

#include <systemd/sd-bus.h>

enum doctor_state { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_FAILED, DOCTOR_SKIPPED };

struct doctor {
    /* options, and what tragus.conf says */
    const char *address, *config_path;
    char *device, *model; /* model: NULL = the default */
    bool daemons_device;  /* device is the one that tragusd is configured for */
    struct audio_mix mix;
    json_object *grammars; /* array: the names in [grammars] */
    unsigned seconds;      /* length of the recording */
    bool speech, json;

    /* findings */
    sd_bus *bus;
    bool daemon_runs, may_listen, daemon_has_microphone;
    bool opens;           /* this program can open the device */
    bool through_daemon;  /* it cannot, but tragusd can */
    json_object *results; /* array: one object for each check */
    json_object *levels;  /* NULL: not measured */
    bool failed, model_failed;
};

/* Reports one check: prints a line, and another one with the advice ("" = none). */
void doctor_report(struct doctor *d, const char *check, enum doctor_state state, const char *advice, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* --- doctor_daemon.c: what the daemon knows --- */
void doctor_check_daemon(struct doctor *d);
void doctor_check_rights(struct doctor *d);
void doctor_check_grammars(struct doctor *d);
/* Lets the daemon recognise a recording at 16 kHz, with its default grammar. */
void doctor_check_sentence(struct doctor *d, const int16_t *pcm, size_t n);
/* Listens with a session of the daemon for d->seconds, and reports on sound and sentence. */
void doctor_listen_through_daemon(struct doctor *d);

/* --- doctor_sound.c: the device and its sound --- */
void doctor_check_device(struct doctor *d);
void doctor_check_sound(struct doctor *d);
/* measured: whether the samples were there, or only their levels. gate_opened: also if only levels were there. */
void doctor_report_levels(struct doctor *d, const struct levels_result *l, bool measured, bool gate_opened);

#endif
