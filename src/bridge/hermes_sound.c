/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/hermes_sound.c: sound in messages, each a small WAV file, which tragusd reads from pipes as one stream. */
#include "bridge/hermes.h"
#include "busjson/busjson.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PIPE_BYTES 262144

static uint32_t little(const char *at, size_t n) {
    uint32_t x = 0;
    while (n-- > 0)
        x = x << 8 | (unsigned char)at[n];
    return x;
}

/* Finds the samples. Returns false if this is no WAV file with samples that tragusd can take from a pipe. */
static bool read_wav(const char *wav, size_t n, struct bridge_format *ret, const char **samples, size_t *n_samples) {
    size_t at = 12;
    bool described = false;

    if (n < 12 || memcmp(wav, "RIFF", 4) != 0 || memcmp(wav + 8, "WAVE", 4) != 0)
        return false;
    while (n - at >= 8) {
        const char *name = wav + at;
        size_t size = little(wav + at + 4, 4), rest = n - at - 8;
        at += 8;
        if (memcmp(name, "fmt ", 4) == 0 && size >= 16 && rest >= 16) {
            uint32_t tag = little(wav + at, 2);
            *ret = (struct bridge_format){
                .channels = little(wav + at + 2, 2), .rate = little(wav + at + 4, 4), .width = little(wav + at + 14, 2) / 8};
            described = (tag == 1 || tag == 0xfffe) && (ret->width == 2 || ret->width == 4) && ret->channels >= 1 &&
                        ret->channels <= 32 && ret->rate >= 4000 && ret->rate <= 384000;
        } else if (memcmp(name, "data", 4) == 0) {
            *samples = wav + at;
            *n_samples = size < rest ? size : rest;
            *n_samples -= described ? *n_samples % (size_t)(ret->width * ret->channels) : 0;
            return described;
        }
        if (size + (size & 1) > rest)
            return false;
        at += size + (size & 1);
    }
    return false;
}

void hermes_sound_close(struct hermes *h, enum hermes_reader reader) {
    if (h->pipes[reader] >= 0)
        close(h->pipes[reader]);
    h->pipes[reader] = -1;
}

int hermes_sound_open(struct hermes *h, enum hermes_reader reader, struct bridge_format *ret) {
    int ends[2];

    hermes_sound_close(h, reader);
    if (h->format.rate == 0 || pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    (void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES);
    if (fcntl(ends[1], F_SETFL, O_NONBLOCK) < 0) {
        close(ends[0]);
        close(ends[1]);
        return -1;
    }
    h->pipes[reader] = ends[1];
    *ret = h->format;
    return ends[0];
}

/* The sound is live: what does not fit into the pipe is lost. */
static void write_to(struct hermes *h, enum hermes_reader reader, const char *samples, size_t n) {
    if (h->pipes[reader] < 0 || n == 0)
        return;
    ssize_t done = write(h->pipes[reader], samples, n);
    if ((done < 0 && errno != EAGAIN) || (done >= 0 && (size_t)done < n))
        hermes_sound_close(h, reader); /* the reader is gone, or a sample was cut; the session ends and begins anew */
}

void hermes_sound_take(struct hermes *h, const char *session, const char *wav, size_t n) {
    const char *asked = busjson_text(h->request, "sessionId"), *samples;
    struct bridge_format format = {0};
    size_t n_samples;
    int waits = SD_EVENT_OFF; /* after a failure */

    if (!read_wav(wav, n, &format, &samples, &n_samples)) {
        mqtt_complain(h->mqtt, "hermes/audioServer", "the payload must be a WAV file with samples of 16 or 32 bits");
        return;
    }
    if (memcmp(&format, &h->format, sizeof(format)) != 0)
        for (size_t i = 0; i < HERMES_READERS; i++)
            hermes_sound_close(h, (enum hermes_reader)i);
    h->format = format;
    (void)sd_event_source_get_enabled(h->mqtt->retry, &waits);
    if (!h->mqtt->listener && !session && waits == SD_EVENT_OFF)
        mqtt_listen(h->mqtt);
    hermes_asr_begin(h);
    if (!session)
        write_to(h, HERMES_LISTENS, samples, n_samples);
    if (!session || (asked && strcmp(session, asked) == 0))
        write_to(h, HERMES_ASKED, samples, n_samples);
}
