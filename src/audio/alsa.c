/* SPDX-License-Identifier: Apache-2.0 */
/* audio/alsa.c: live capture from an ALSA PCM.
 *
 * It is timer-scheduled, like sound servers: the device runs with a buffer of about a second; the reader sleeps until enough sound
 * should be there, then reads all of it. So the caller can choose the wake-up rate with each read (ten a second in silence, one
 * each 60 ms in speech) without reconfiguring the running device. All kinds of PCM also behave alike this way: the poll
 * descriptors of plugins wake every period whatever avail_min says.
 *
 * The device runs at its lowest rate of at least 16 kHz; audio/convert.c converts. A device that stops delivering without an error
 * (as some USB microphones do after a bus reset), or answers each read with an error, counts as gone after STALL_US.
 */
#include "audio/source.h"
#include "base/assert.h"
#include "base/clock.h"

#include <alsa/asoundlib.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_US 1000000u
#define PERIOD_US 20000u
#define STALL_US 3000000u
#define LEAST_SLEEP_MS 2
/* Pauses between reads of a device that gives an error or nothing each time: 20, 40 ... 320 ms. */
#define FIRST_PAUSE_MS 20
#define MOST_DOUBLINGS 4
/* A read does not wait. If one takes this much CPU time, alsa-lib turns around in a plugin that gives no frames. */
#define MOST_READ_NS 200000000u
#define RESAMPLER_HOLDS 512 /* samples at 16 kHz: more than its filter length */

struct audio_capture {
    snd_pcm_t *pcm;
    struct audio_converter *converter;
    unsigned char *frames; /* in the device's format; room for size_frames */
    snd_pcm_uframes_t size_frames;
    size_t frame_bytes;
    unsigned rate;
    uint64_t last_read_us; /* when sound was last read */
    unsigned n_failures;   /* reads since then that gave an error or nothing */
    uint64_t failing_from_us;
    char name[AUDIO_NAME_BYTES];
};

/* Suppresses alsa-lib's own messages on stderr, because the caller reports errors once, in our words. */
static void alsa_quiet(const char *file, int line, const char *function, int code, const char *format, ...) {
    (void)file, (void)line, (void)function, (void)code, (void)format;
}

struct encoding {
    snd_pcm_format_t alsa;
    unsigned ours; /* enum in struct audio_format */
    size_t bytes;
};

static const struct encoding encodings[] = {
    {SND_PCM_FORMAT_S16_LE, AUDIO_S16LE, 2},
    {SND_PCM_FORMAT_S32_LE, AUDIO_S32LE, 4},
    {SND_PCM_FORMAT_FLOAT_LE, AUDIO_F32LE, 4},
};

/* Sets p to all that the device offers. */
static int any_hardware(snd_pcm_t *pcm, snd_pcm_hw_params_t *p, const char *device, tragus_error *reterr) {
    int r = snd_pcm_hw_params_any(pcm, p);
    if (r < 0)
        return base_error_set(reterr, r, "microphone %s offers no configuration: %s", device, snd_strerror(r));
    /* Uses the device's own rate instead of the resampler in alsa-lib's plug: our conversion is better and known. Plugins that
     * only resample may refuse this; then we accept theirs. */
    (void)snd_pcm_hw_params_set_rate_resample(pcm, p, 0);
    return 0;
}

static int choose_channels(snd_pcm_t *pcm, snd_pcm_hw_params_t *p, const struct audio_mix *mix, unsigned *ret, const char *device,
                           tragus_error *reterr) {
    unsigned most = 0;

    int r = snd_pcm_hw_params_get_channels_max(p, &most);
    if (mix->channel == AUDIO_LOUDEST) {
        /* A plug makes as many as we ask for, from fewer. */
        *ret = most > AUDIO_MOST_CHANNELS ? 2 : most;
    } else if (mix->channel > 0) {
        if (r >= 0 && most < mix->channel)
            return base_error_set(reterr, -ENOTSUP,
                                  "microphone %s has %u channel%s, not %u; choose another channel in [microphone]", device, most,
                                  most == 1 ? "" : "s", mix->channel);
        /* A plug would average two channels into one. */
        *ret = mix->channel > 2 ? mix->channel : most >= 2 ? 2 : 1;
        if (r >= 0)
            r = snd_pcm_hw_params_set_channels_min(pcm, p, ret);
    } else {
        *ret = 1;
    }
    if (r >= 0)
        r = snd_pcm_hw_params_set_channels_near(pcm, p, ret);
    if (r < 0 || *ret < 1 || *ret > AUDIO_MOST_CHANNELS)
        return base_error_set(reterr, r < 0 ? r : -ENOTSUP, "microphone %s gives no number of channels from 1 to %d", device,
                              AUDIO_MOST_CHANNELS);
    return 0;
}

/* Restricts p, which holds all that the device offers, to what we take. Returns the bytes of a sample. */
static int choose_hardware(snd_pcm_t *pcm, snd_pcm_hw_params_t *p, const struct audio_mix *mix, struct audio_format *ret_format,
                           const char *device, tragus_error *reterr) {
    unsigned channels, rate = AUDIO_RATE;
    int dir = 0;

    int r = snd_pcm_hw_params_set_access(pcm, p, SND_PCM_ACCESS_RW_INTERLEAVED);
    if (r < 0)
        return base_error_set(reterr, r, "microphone %s cannot be read interleaved: %s; try plughw: or plug: before its name",
                              device, snd_strerror(r));

    const struct encoding *encoding = NULL;
    for (size_t i = 0; !encoding && i < sizeof(encodings) / sizeof(encodings[0]); i++)
        if (snd_pcm_hw_params_set_format(pcm, p, encodings[i].alsa) == 0)
            encoding = &encodings[i];
    if (!encoding)
        return base_error_set(reterr, -ENOTSUP, "microphone %s gives none of S16_LE, S32_LE, FLOAT_LE; try plughw: before its name",
                              device);

    r = choose_channels(pcm, p, mix, &channels, device, reterr);
    if (r < 0)
        return r;
    if (snd_pcm_hw_params_set_rate_min(pcm, p, &rate, &dir) == 0)
        r = snd_pcm_hw_params_set_rate_first(pcm, p, &rate, &dir);
    else /* only rates below 16 kHz: take the nearest and upsample */
        r = snd_pcm_hw_params_set_rate_near(pcm, p, &rate, &dir);
    if (r < 0 || rate < 8000 || rate > 192000)
        return base_error_set(reterr, r < 0 ? r : -ENOTSUP, "microphone %s gives no rate from 8000 to 192000 Hz", device);

    *ret_format = (struct audio_format){.rate = rate, .channels = channels, .encoding = encoding->ours};
    return (int)encoding->bytes;
}

static int configure_hardware(struct audio_capture *c, const struct audio_mix *mix, struct audio_format *ret_format,
                              const char *device, tragus_error *reterr) {
    unsigned buffer_us = BUFFER_US, period_us = PERIOD_US;
    snd_pcm_hw_params_t *p;
    int dir = 0;

    snd_pcm_hw_params_alloca(&p);
    int r = any_hardware(c->pcm, p, device, reterr);
    if (r < 0)
        return r;
    int sample_bytes = choose_hardware(c->pcm, p, mix, ret_format, device, reterr);
    if (sample_bytes < 0)
        return sample_bytes;
    (void)snd_pcm_hw_params_set_buffer_time_near(c->pcm, p, &buffer_us, &dir);
    (void)snd_pcm_hw_params_set_period_time_near(c->pcm, p, &period_us, &dir);
    r = snd_pcm_hw_params(c->pcm, p);
    if (r < 0)
        return base_error_set(reterr, r, "microphone %s cannot be set up: %s", device, snd_strerror(r));
    r = snd_pcm_hw_params_get_buffer_size(p, &c->size_frames);
    if (r < 0)
        return base_error_set(reterr, r, "microphone %s does not tell its buffer: %s", device, snd_strerror(r));

    c->rate = ret_format->rate;
    c->frame_bytes = (size_t)sample_bytes * ret_format->channels;
    return 0;
}

static int configure_software(struct audio_capture *c, const char *device, tragus_error *reterr) {
    snd_pcm_sw_params_t *p;
    snd_pcm_sw_params_alloca(&p);
    int r = snd_pcm_sw_params_current(c->pcm, p);
    if (r >= 0)
        r = snd_pcm_sw_params_set_avail_min(c->pcm, p, c->size_frames); /* nobody polls, so the device need not wake us */
    if (r >= 0)
        r = snd_pcm_sw_params(c->pcm, p);
    if (r < 0)
        return base_error_set(reterr, r, "microphone %s cannot be set up: %s", device, snd_strerror(r));
    return 0;
}

static void name_device(snd_pcm_t *pcm, const char *device, char name[AUDIO_NAME_BYTES]) {
    snd_pcm_info_t *info;
    snd_pcm_info_alloca(&info);
    const char *what = snd_pcm_info(pcm, info) == 0 ? snd_pcm_info_get_name(info) : NULL;
    if (what && *what && strcmp(what, device) != 0)
        snprintf(name, AUDIO_NAME_BYTES, "%s (%s)", device, what);
    else
        snprintf(name, AUDIO_NAME_BYTES, "%s", device);
}

int audio_capture_forbidden(const char *device, tragus_error *reterr) {
    return base_error_set(
        reterr, -EACCES,
        "microphone %s may not be opened by this user; group audio may: sudo usermod -a -G audio USER, then log in "
        "again",
        device);
}

static int open_error(int r, const char *device, tragus_error *reterr) {
    switch (-r) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return base_error_set(reterr, -ENODEV, "there is no microphone %s; `tragus devices` lists those there are", device);
    case EBUSY:
        return base_error_set(reterr, r, "microphone %s is in use by another program; a dsnoop device lets programs share it",
                              device);
    case EACCES:
    case EPERM:
        return audio_capture_forbidden(device, reterr);
    default:
        return base_error_set(reterr, r, "microphone %s cannot be opened: %s", device, snd_strerror(r));
    }
}

int audio_capture_open(struct audio_capture **ret, const char *device, const struct audio_mix *mix, tragus_error *reterr) {
    struct audio_format format = {0};

    struct audio_capture *c = calloc(1, sizeof(*c));
    if (!c)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    snd_lib_error_set_handler(alsa_quiet);
    int r = snd_pcm_open(&c->pcm, device, SND_PCM_STREAM_CAPTURE, SND_PCM_NONBLOCK);
    if (r < 0) {
        c->pcm = NULL;
        r = open_error(r, device, reterr);
        goto failed;
    }
    r = configure_hardware(c, mix, &format, device, reterr);
    if (r >= 0)
        r = configure_software(c, device, reterr);
    if (r < 0)
        goto failed;
    name_device(c->pcm, device, c->name);
    r = audio_converter_new(&c->converter, &format, c->size_frames, reterr);
    if (r >= 0)
        r = audio_converter_set_mix(c->converter, mix, reterr);
    if (r < 0)
        goto failed;
    c->frames = calloc(c->size_frames, c->frame_bytes);
    if (!c->frames) {
        r = base_error_set(reterr, -ENOMEM, "out of memory");
        goto failed;
    }
    r = snd_pcm_start(c->pcm);
    if (r < 0) {
        r = base_error_set(reterr, r, "microphone %s does not start: %s", device, snd_strerror(r));
        goto failed;
    }
    c->last_read_us = base_clock_monotonic_us();
    *ret = c;
    return 0;

failed:
    audio_capture_close(c);
    return r;
}

void audio_capture_close(struct audio_capture *c) {
    if (!c)
        return;
    if (c->pcm) {
        (void)snd_pcm_drop(c->pcm);
        (void)snd_pcm_close(c->pcm);
    }
    if (c->frames) {
        explicit_bzero(c->frames, c->size_frames * c->frame_bytes);
        free(c->frames);
    }
    audio_converter_free(c->converter);
    free(c);
}

/* Fills in what the device offers: of the rates, those that are in common use. */
static int list_offers(snd_pcm_t *pcm, const char *device, const struct audio_mix *mix, struct audio_offer *ret,
                       tragus_error *reterr) {
    static const unsigned rates[AUDIO_MOST_RATES] = {8000,  11025, 16000, 22050, 24000,  32000,
                                                     44100, 48000, 88200, 96000, 176400, 192000};
    struct audio_format format;
    snd_pcm_hw_params_t *p;
    unsigned least, most;

    snd_pcm_hw_params_alloca(&p);
    int r = any_hardware(pcm, p, device, reterr);
    if (r < 0)
        return r;
    for (size_t i = 0; i < AUDIO_MOST_RATES; i++)
        if (snd_pcm_hw_params_test_rate(pcm, p, rates[i], 0) == 0)
            ret->rates[ret->n_rates++] = rates[i];
    if (snd_pcm_hw_params_get_channels_min(p, &least) == 0 && snd_pcm_hw_params_get_channels_max(p, &most) == 0) {
        ret->least_channels = least;
        ret->most_channels = most < AUDIO_MOST_CHANNELS ? most : AUDIO_MOST_CHANNELS;
    }
    r = choose_hardware(pcm, p, mix, &format, device, reterr);
    if (r < 0)
        return r;
    ret->rate = format.rate;
    ret->channels = format.channels;
    return 0;
}

int audio_capture_look(const char *device, const struct audio_mix *mix, struct audio_offer *ret, tragus_error *reterr) {
    snd_pcm_t *pcm;

    snd_lib_error_set_handler(alsa_quiet);
    int r = snd_pcm_open(&pcm, device, SND_PCM_STREAM_CAPTURE, SND_PCM_NONBLOCK);
    if (r < 0)
        return open_error(r, device, reterr);
    *ret = (struct audio_offer){0};
    name_device(pcm, device, ret->name);
    r = list_offers(pcm, device, mix, ret, reterr);
    (void)snd_pcm_close(pcm);
    return r;
}

/* Restarts after an overrun or a suspend. Returns -EPIPE and how much was lost, or the error that prevents it. */
static int recover(struct audio_capture *c, int error, uint32_t *ret_lost_ms) {
    int r = error == -ESTRPIPE ? snd_pcm_resume(c->pcm) : -ENOSYS;
    if (r < 0)
        r = snd_pcm_prepare(c->pcm);
    if (r >= 0 && snd_pcm_state(c->pcm) != SND_PCM_STATE_RUNNING)
        r = snd_pcm_start(c->pcm);
    if (r < 0)
        return r;
    uint64_t now_us = base_clock_monotonic_us();
    *ret_lost_ms = (uint32_t)((now_us - c->last_read_us) / 1000);
    c->last_read_us = now_us;
    return -EPIPE;
}

/* Sleeps until about period_ms of sound is in the buffer. Returns 1 when it is; 0 if woken by wake_fd; a negative errno from the
 * device. */
static int wait_for_sound(struct audio_capture *c, unsigned period_ms, int wake_fd) {
    snd_pcm_uframes_t wanted = (snd_pcm_uframes_t)c->rate * period_ms / 1000;
    if (wanted > c->size_frames / 2)
        wanted = c->size_frames / 2;

    for (;;) {
        snd_pcm_sframes_t there = snd_pcm_avail(c->pcm);
        if (there < 0)
            return (int)there;
        if ((snd_pcm_uframes_t)there >= wanted)
            return 1;
        /* Checked even if some sound is there: too little to be read may have arrived between the last read and the stall.
         */
        if (base_clock_monotonic_us() - c->last_read_us > STALL_US)
            return -ENODEV;
        int sleep_ms = (int)((wanted - (snd_pcm_uframes_t)there) * 1000 / c->rate) + 1;
        struct pollfd p = {.fd = wake_fd, .events = POLLIN};
        int r = poll(&p, 1, sleep_ms > LEAST_SLEEP_MS ? sleep_ms : LEAST_SLEEP_MS);
        if (r < 0 && errno != EINTR)
            return -errno;
        if (r > 0)
            return 0;
        /* Most of it is enough: the device counts in periods, and waiting for the last one would cost another wake-up. */
        there = snd_pcm_avail(c->pcm);
        if (there < 0)
            return (int)there;
        if ((snd_pcm_uframes_t)there >= wanted / 2 && there > 0)
            return 1;
    }
}

/* The first failure is tried again at once, the next ones after growing pauses. Returns -ENODEV when there were only failures for
 * too long. */
static int count_failure(struct audio_capture *c, int wake_fd) {
    uint64_t now_us = base_clock_monotonic_us();

    if (c->n_failures++ == 0) {
        c->failing_from_us = now_us;
        return 0;
    }
    if (now_us - c->failing_from_us > STALL_US)
        return -ENODEV;
    unsigned doublings = c->n_failures - 2 < MOST_DOUBLINGS ? c->n_failures - 2 : MOST_DOUBLINGS;
    struct pollfd p = {.fd = wake_fd, .events = POLLIN};
    (void)poll(&p, 1, FIRST_PAUSE_MS << doublings);
    return 0;
}

int audio_capture_read(struct audio_capture *c, unsigned period_ms, int wake_fd, int16_t *out, size_t size, uint32_t *ret_lost_ms) {
    int r = wait_for_sound(c, period_ms, wake_fd);
    if (r == 0)
        return 0;
    if (r > 0) {
        /* Reads only as much as fits after conversion, including what the resampler held back; the rest stays for the next call. */
        uint64_t fits = size > RESAMPLER_HOLDS ? (uint64_t)(size - RESAMPLER_HOLDS) * c->rate / AUDIO_RATE : 0;
        snd_pcm_uframes_t most = fits < c->size_frames ? (snd_pcm_uframes_t)fits : c->size_frames;
        uint64_t before_ns = base_clock_thread_cpu_ns();
        snd_pcm_sframes_t n = snd_pcm_readi(c->pcm, c->frames, most);
        if (n > 0) {
            c->last_read_us = base_clock_monotonic_us();
            c->n_failures = 0;
            return audio_converter_push(c->converter, c->frames, (size_t)n, out, size);
        }
        if (base_clock_thread_cpu_ns() - before_ns > MOST_READ_NS)
            return -ENODEV;
        r = n == 0 ? -EAGAIN : (int)n;
    }
    if (r == -EPIPE || r == -ESTRPIPE || r == -EAGAIN) {
        int failed = count_failure(c, wake_fd);
        if (failed < 0 || r == -EAGAIN)
            return failed;
        r = recover(c, r, ret_lost_ms);
        return r == -EPIPE && c->n_failures > 1 ? 0 : r; /* one loss is told, until there is sound again */
    }
    return r == -EBADFD || r == -ENXIO || r == -EIO ? -ENODEV : r;
}

const char *audio_capture_name(const struct audio_capture *c) {
    return c->name;
}

unsigned audio_capture_channel(const struct audio_capture *c) {
    return audio_converter_channel(c->converter);
}
