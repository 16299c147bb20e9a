/* SPDX-License-Identifier: Apache-2.0 */
/* audio/source.h: sound from an ALSA capture device, a file or a descriptor, always as 16 kHz mono int16. */
#ifndef TRAGUS_AUDIO_SOURCE_H
#define TRAGUS_AUDIO_SOURCE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUDIO_RATE 16000
#define AUDIO_MOST_CHANNELS 32

/* --- whole files (libsndfile: any rate, any channels, WAV, FLAC, Ogg Opus, ...) --- */

/* Reads a whole file as 16 kHz mono. The caller frees *ret_pcm. Refuses, with a message, a file that is not sound, is empty or
 * contains NaN. */
int audio_file_read(const char *path, int16_t **ret_pcm, size_t *ret_n, tragus_error *reterr);
/* Writes 16 kHz mono to a new WAV file that only its owner may read. A file of that name stays as it is, and -EEXIST is returned.
 */
int audio_file_write(const char *path, const int16_t *pcm, size_t n, tragus_error *reterr);
/* audio_file_read from a descriptor, which stays open; one that cannot seek is read from its position. name: for messages. */
int audio_fd_read(int fd, const char *name, int16_t **ret_pcm, size_t *ret_n, tragus_error *reterr);
/* Takes samples as they are converted; the first negative result ends the reading. */
typedef int audio_take(const int16_t *pcm, size_t n, void *user);
/* Reads a regular file of sound (also a memfd) piece by piece, so that a small file of long silence takes no memory. Returns -EFBIG
 * and a message if it has more than most_samples at 16 kHz, if possible before the first piece; or what take has returned. */
int audio_fd_stream(int fd, size_t most_samples, audio_take *take, void *user, tragus_error *reterr);

/* --- streaming conversion: raw frames of any format in, 16 kHz mono out; allocates only in _new --- */
struct audio_format {
    uint32_t rate;     /* 4000..384000 */
    uint32_t channels; /* 1..32; mixed down */
    enum {
        AUDIO_S16LE,
        AUDIO_S32LE,
        AUDIO_F32LE,
        AUDIO_ULAW,
        AUDIO_WAV
    } encoding; /* AUDIO_WAV: a sound file, not for a converter */
};
struct audio_converter;
int audio_converter_new(struct audio_converter **ret, const struct audio_format *format, size_t max_frames, tragus_error *reterr);
void audio_converter_free(struct audio_converter *c);
/* How several channels become one. All zeros: their average, unchanged in level. */
#define AUDIO_LOUDEST (AUDIO_MOST_CHANNELS + 1)
#define AUDIO_MOST_GAIN_DB 30
struct audio_mix {
    unsigned channel; /* 0 = the average of all; from 1 on: this one; AUDIO_LOUDEST: the one in which speech stands out most */
    unsigned first;   /* for AUDIO_LOUDEST: the channel to begin with, from 1 on, as it was told before; 0: the first one */
    double gain_db;   /* -AUDIO_MOST_GAIN_DB..AUDIO_MOST_GAIN_DB; samples beyond full scale are limited to it */
};
/* Reads a channel as tragus.conf has it: mix, loudest, or a number. Returns -EINVAL if it is none of these. */
int audio_mix_channel(unsigned *ret, const char *text);
/* Call it before the first push. Returns -EINVAL and a message if there is no such channel or gain. Allocates. */
int audio_converter_set_mix(struct audio_converter *c, const struct audio_mix *mix, tragus_error *reterr);
/* The channel that AUDIO_LOUDEST has chosen so far, from 1 on; 0: nothing is chosen. Not while another thread pushes. */
unsigned audio_converter_channel(const struct audio_converter *c);
/* Converts n_frames (<= max_frames); writes at most size samples to out. Returns their number, or a negative errno: -ENOSPC if
 * size is too small. NaN and values far beyond full scale become silence. */
int audio_converter_push(struct audio_converter *c, const void *frames, size_t n_frames, int16_t *out, size_t size);
/* End of the sound: writes what the resampler still holds and returns how many samples. The converter is then reset. */
int audio_converter_flush(struct audio_converter *c, int16_t *out, size_t size);
/* The most samples that one push or flush can return. */
size_t audio_converter_most(const struct audio_converter *c);

/* --- live capture (ALSA) --- */
struct audio_capture;

#define AUDIO_NAME_BYTES 160
#define AUDIO_MOST_RATES 12
struct audio_offer { /* what a device offers */
    char name[AUDIO_NAME_BYTES];
    unsigned rates[AUDIO_MOST_RATES]; /* of those in common use, in rising order */
    size_t n_rates;
    unsigned least_channels, most_channels;
    unsigned rate, channels; /* those that audio_capture_open takes for this mix */
};

/* Opens an ALSA capture PCM by name ("default", "hw:1", ...): the native rate nearest above 16 kHz, S16 if possible. For
 * AUDIO_LOUDEST it takes all channels, but two if ALSA converts to any number of them. Returns -ENODEV, -EBUSY, -EACCES, ... with a
 * message. Allocates; the functions below do not. */
int audio_capture_open(struct audio_capture **ret, const char *device, const struct audio_mix *mix, tragus_error *reterr);
void audio_capture_close(struct audio_capture *c);
/* Checks that the device exists and can be used, without recording. Its name is as audio_capture_name would return it. */
int audio_capture_look(const char *device, const struct audio_mix *mix, struct audio_offer *ret, tragus_error *reterr);
/* Returns -EACCES, with the message that both of them give for it. */
int audio_capture_forbidden(const char *device, tragus_error *reterr);

/* Waits until about period_ms of sound is there or wake_fd (an eventfd, -1 = none) is readable. Then reads and converts all of it,
 * up to size samples (more than 1024). Returns the number of samples (0: woken by wake_fd, or nothing came), -EPIPE after an
 * overrun (already recovered; *ret_lost_ms says how much was lost), -ENODEV when the device is gone or gives nothing for 3 s, or
 * another negative errno. No allocation, no log. */
int audio_capture_read(struct audio_capture *c, unsigned period_ms, int wake_fd, int16_t *out, size_t size, uint32_t *ret_lost_ms);

const char *audio_capture_name(const struct audio_capture *c); /* card and device, as described by ALSA */
/* As audio_converter_channel; not while another thread reads. */
unsigned audio_capture_channel(const struct audio_capture *c);

#endif
