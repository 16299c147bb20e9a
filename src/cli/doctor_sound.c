/* SPDX-License-Identifier: Apache-2.0 */
/* cli/doctor_sound.c: opens the microphone, records, and judges the sound. The recording is in memory only. */
#include "base/cpu.h"
#include "busjson/busjson.h"
#include "cli/devices.h"
#include "cli/doctor.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PERIOD_MS 60
#define PIECE 8000
#define SETTLE (AUDIO_RATE / 5) /* samples: microphones pop when they are opened */

/* What is judged as wrong. */
#define MOST_CLIPPED 0.001
#define MOST_OFFSET 0.05
#define MOST_NOISE_DB (-40.0)
#define LEAST_RISE_DB 10.0 /* of speech over the noise */
#define LEAST_SPEECH_DB (-45.0)
#define GOOD_SPEECH_DB (-25.0)

void doctor_check_device(struct doctor *d) {
    struct audio_offer offer;
    tragus_error e = {0};
    char text[256];

    int r = audio_capture_look(d->device, &d->mix, &offer, &e);
    d->opens = r >= 0;
    if (d->opens) {
        doctor_report(d, "device", DOCTOR_OK, "", "%s can be opened", offer.name);
        devices_describe(&offer, text, sizeof(text));
        doctor_report(d, "format", DOCTOR_OK, "", "%s", text);
        return;
    }
    bool daemon_can = d->daemons_device && ((r == -EBUSY && d->daemon_has_microphone) || (r == -EACCES && d->daemon_runs));
    d->through_daemon = daemon_can && d->may_listen;
    if (daemon_can && r == -EBUSY)
        doctor_report(d, "device", DOCTOR_OK, "", "%s is in use by tragusd, which listens now", d->device);
    else if (d->through_daemon)
        doctor_report(d, "device", DOCTOR_SKIPPED, "", "this user may not open %s; it is checked through tragusd, which may",
                      d->device);
    else
        doctor_report(d, "device", DOCTOR_FAILED, e.text, "%s cannot be opened", d->device);
    doctor_report(d, "format", DOCTOR_SKIPPED, "", "the device is not open");
}

/* --- judging ------------------------------------------------------------------------------------------------------------------ */

static void report_speech(struct doctor *d, const struct levels_result *l, bool gate_opened) {
    char advice[200];

    if (l->speech_db - l->noise_db < LEAST_RISE_DB) {
        doctor_report(d, "speech", DOCTOR_FAILED,
                      "speak closer to the microphone or louder, or raise its capture level in alsamixer (F4)",
                      "speech at %.0f dB hardly rises above the noise", l->speech_db);
    } else if (l->speech_db < LEAST_SPEECH_DB) {
        double gain_db = fmin(d->mix.gain_db + GOOD_SPEECH_DB - l->speech_db, AUDIO_MOST_GAIN_DB);
        snprintf(advice, sizeof(advice),
                 "raise the capture level in alsamixer (F4), or write gain = %.0f into [microphone] of tragus.conf", gain_db);
        doctor_report(d, "speech", DOCTOR_WARNING, advice, "speech is soft: %.0f dB", l->speech_db);
    } else {
        doctor_report(d, "speech", DOCTOR_OK, "", "at %.0f dB, %.0f dB above the noise", l->speech_db, l->speech_db - l->noise_db);
    }
    if (gate_opened)
        doctor_report(d, "gate", DOCTOR_OK, "", "it opens when you speak");
    else
        doctor_report(d, "gate", DOCTOR_FAILED, "lower open_db or least_dbfs in [gate] of tragus.conf, or raise the capture level",
                      "it does not open when you speak");
}

void doctor_report_levels(struct doctor *d, const struct levels_result *l, bool measured, bool gate_opened) {
    d->levels = json_object_new_object();
    busjson_add(d->levels, "noise_db", busjson_confidence(l->noise_db));
    busjson_add(d->levels, "speech_db", busjson_confidence(l->speech_db));
    if (measured) {
        busjson_add(d->levels, "clipped", json_object_new_double(l->clipped));
        busjson_add(d->levels, "offset", busjson_confidence(l->offset));
        busjson_add(d->levels, "gate_open_ms", json_object_new_int64((int64_t)l->open_ms));
    }
    if (l->only_silence) {
        doctor_report(d, "noise", DOCTOR_FAILED,
                      "unmute the microphone in alsamixer (F4: capture), or choose another channel in [microphone] of tragus.conf",
                      "the device gives silence only");
        return;
    }
    if (l->noise_db > MOST_NOISE_DB)
        doctor_report(d, "noise", DOCTOR_WARNING, "move the microphone away from fans and loudspeakers, or lower its capture level",
                      "loud noise: %.0f dB", l->noise_db);
    else
        doctor_report(d, "noise", DOCTOR_OK, "", "at %.0f dB", l->noise_db);
    if (!measured)
        doctor_report(d, "clipping", DOCTOR_SKIPPED, "", "tragusd has the device and tells levels only");
    else if (l->clipped > MOST_CLIPPED)
        doctor_report(d, "clipping", DOCTOR_FAILED,
                      "lower the capture level in alsamixer (F4), or gain in [microphone] of tragus.conf",
                      "%.1f %% of the samples are at full scale", l->clipped * 100);
    else
        doctor_report(d, "clipping", DOCTOR_OK, "", "none");
    if (!measured)
        doctor_report(d, "offset", DOCTOR_SKIPPED, "", "tragusd has the device and tells levels only");
    else if (fabs(l->offset) > MOST_OFFSET)
        doctor_report(d, "offset", DOCTOR_WARNING,
                      "the sound is understood, but clips earlier; try another microphone or sound card", "%.1f %% of full scale",
                      l->offset * 100);
    else
        doctor_report(d, "offset", DOCTOR_OK, "", "%.1f %% of full scale", l->offset * 100);
    if (d->speech)
        report_speech(d, l, gate_opened);
}

/* --- recording ---------------------------------------------------------------------------------------------------------------- */

/* Fills pcm; returns 0, or a negative errno and the error. */
static int record(const struct doctor *d, int16_t *pcm, size_t n, tragus_error *reterr) {
    int16_t piece[PIECE];
    struct audio_capture *c;
    uint32_t lost_ms;
    size_t n_heard = 0; /* including those that are left out at the beginning */

    int r = audio_capture_open(&c, d->device, &d->mix, reterr);
    if (r < 0)
        return r;
    while (n_heard < SETTLE + n) {
        r = audio_capture_read(c, PERIOD_MS, -1, piece, PIECE, &lost_ms);
        if (r < 0 && r != -EPIPE) {
            base_error_set(reterr, r, "microphone %s gives no sound: %s; unplug it and plug it in again", d->device, strerror(-r));
            break;
        }
        for (int i = 0; i < r; i++, n_heard++)
            if (n_heard >= SETTLE && n_heard < SETTLE + n)
                pcm[n_heard - SETTLE] = piece[i];
        r = 0;
    }
    audio_capture_close(c);
    explicit_bzero(piece, sizeof(piece));
    return r;
}

void doctor_check_sound(struct doctor *d) {
    size_t n = (size_t)d->seconds * AUDIO_RATE;
    struct levels levels;
    struct levels_result result;
    tragus_error e = {0};

    if (!d->opens && !d->through_daemon) {
        doctor_report(d, "sound", DOCTOR_SKIPPED, "", "the device cannot be opened");
        return;
    }
    if (d->speech)
        fprintf(stderr, "Please say a sentence of your grammar within %u seconds.\n", d->seconds);
    if (!d->opens) {
        doctor_listen_through_daemon(d);
        return;
    }
    int16_t *pcm = calloc(n, sizeof(*pcm));
    int r = pcm ? record(d, pcm, n, &e) : base_error_set(&e, -ENOMEM, "out of memory");
    if (r < 0) {
        doctor_report(d, "sound", DOCTOR_FAILED, e.text, "the recording failed");
    } else {
        levels_init(&levels, base_cpu_detect());
        levels_push(&levels, pcm, n);
        levels_end(&levels, &result);
        doctor_report_levels(d, &result, true, result.open_ms > 0);
        explicit_bzero(&levels, sizeof(levels));
        if (d->speech)
            doctor_check_sentence(d, pcm, n);
    }
    if (pcm)
        explicit_bzero(pcm, n * sizeof(*pcm));
    free(pcm);
}
