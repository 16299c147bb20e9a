/* SPDX-License-Identifier: Apache-2.0 */
/* alsa_test_pcm.c: an ALSA capture device without hardware: type `tragus_test`, loaded by alsa-lib from an asound.conf.
 *
 *     pcm_type.tragus_test { lib "<builddir>/tests/integration/.libs/libasound_module_pcm_tragus_test.so" }
 *     pcm.microphone { type tragus_test file "speech.raw" rate 48000 control "/tmp/x/control" }
 *
 * It plays `file` (raw S16_LE, `channels`, at `rate`) once, at the pace of CLOCK_MONOTONIC times `speed`, then endless silence,
 * like a microphone in a quiet room. `control` names a file that a test may write while the device runs. The device reads it on
 * every access: "gone" = unplugged (open devices and new opens get ENODEV), "overrun" = one overrun (then the device removes the
 * control file), "play PATH" = play this file from now on (then it removes the control file), "overruns" = nothing but
 * overruns, "fail N" = every read gives the errno N, or no frame if N is 0. A new open plays from the beginning,
 * or fails: "busy" = another program uses the device, "forbidden" = this user may not open it.
 *
 * `end "gone"`: the device is unplugged after the last frame of the file, so a sound ends as a file does. `end "stalled"`: it runs
 * on and gives nothing more, like a USB device whose bus hangs. `patient 1`: the device stands still while its buffer is full, so a
 * late reader loses nothing, whatever the speed.
 */
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

struct test_device {
    snd_pcm_ioplug_t io;
    int sound_fd; /* -1: silence */
    int timer_fd;
    double speed;
    bool patient, gone_at_end;
    uint64_t last; /* last frame available; UINT64_MAX: no end */
    char control[256];
    double start_s;    /* on CLOCK_MONOTONIC */
    uint64_t consumed; /* frames delivered since the start */
};

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Reads the control file into `order`; false if there is none. */
static bool read_control(const char *path, char *order, size_t size) {
    if (!*path)
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, order, size - 1);
    close(fd);
    order[n > 0 ? n : 0] = '\0';
    order[strcspn(order, "\n")] = '\0';
    return n > 0;
}

static int start(snd_pcm_ioplug_t *io) {
    struct test_device *d = io->private_data;
    d->start_s = now_s();
    d->consumed = 0;
    long period_ns = (long)(1e9 * (double)io->period_size / io->rate / d->speed);
    struct itimerspec every = {{period_ns / 1000000000, period_ns % 1000000000}, {period_ns / 1000000000, period_ns % 1000000000}};
    return timerfd_settime(d->timer_fd, 0, &every, NULL) < 0 ? -errno : 0;
}

static int stop(snd_pcm_ioplug_t *io) {
    struct test_device *d = io->private_data;
    struct itimerspec never = {0};
    return timerfd_settime(d->timer_fd, 0, &never, NULL) < 0 ? -errno : 0;
}

/* The write position of the "hardware", as a frame in the buffer. ioplug takes any negative result as an overrun. */
static snd_pcm_sframes_t pointer(snd_pcm_ioplug_t *io) {
    struct test_device *d = io->private_data;
    char order[300];

    if (io->state != SND_PCM_STATE_RUNNING)
        return (snd_pcm_sframes_t)(d->consumed % io->buffer_size);
    if (read_control(d->control, order, sizeof(order)) && strcmp(order, "overrun") == 0) {
        unlink(d->control);
        return -EPIPE;
    }
    if (read_control(d->control, order, sizeof(order)) && strcmp(order, "overruns") == 0)
        return -EPIPE;
    uint64_t produced = (uint64_t)((now_s() - d->start_s) * io->rate * d->speed);
    /* Less than the whole buffer, because a full one would look empty. */
    if (d->patient && produced - d->consumed >= io->buffer_size) {
        produced = d->consumed + io->buffer_size - 1;
        d->start_s = now_s() - (double)produced / io->rate / d->speed;
    }
    if (produced > d->last)
        produced = d->last;
    if (produced - d->consumed > io->buffer_size)
        return -EPIPE;
    return (snd_pcm_sframes_t)(produced % io->buffer_size);
}

static snd_pcm_sframes_t transfer(snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *areas, snd_pcm_uframes_t offset,
                                  snd_pcm_uframes_t n) {
    struct test_device *d = io->private_data;
    char order[300];

    if (read_control(d->control, order, sizeof(order))) {
        if (strcmp(order, "gone") == 0)
            return -ENODEV;
        if (strncmp(order, "fail ", 5) == 0)
            return -atoi(order + 5);
        if (strncmp(order, "play ", 5) == 0) {
            if (d->sound_fd >= 0)
                close(d->sound_fd);
            d->sound_fd = open(order + 5, O_RDONLY | O_CLOEXEC);
            unlink(d->control);
        }
    }
    char *to = (char *)areas->addr + (areas->first + areas->step * offset) / 8;
    size_t wanted = n * 2 * io->channels, got = 0;
    while (d->sound_fd >= 0 && got < wanted) {
        ssize_t r = read(d->sound_fd, to + got, wanted - got);
        if (r <= 0) {
            close(d->sound_fd);
            d->sound_fd = -1;
            break;
        }
        got += (size_t)r;
    }
    if (got < wanted && d->gone_at_end) {
        n = got / 2 / io->channels;
        d->consumed += n;
        return n > 0 ? (snd_pcm_sframes_t)n : -ENODEV;
    }
    memset(to + got, 0, wanted - got);
    d->consumed += n;
    return (snd_pcm_sframes_t)n;
}

static int poll_revents(snd_pcm_ioplug_t *io, struct pollfd *p, unsigned n, unsigned short *ret) {
    struct test_device *d = io->private_data;
    uint64_t ticks;
    *ret = 0;
    if (n > 0 && p[0].revents & POLLIN && read(d->timer_fd, &ticks, sizeof(ticks)) == (ssize_t)sizeof(ticks))
        *ret = POLLIN;
    return 0;
}

static int close_device(snd_pcm_ioplug_t *io) {
    struct test_device *d = io->private_data;
    if (d->sound_fd >= 0)
        close(d->sound_fd);
    close(d->timer_fd);
    free(d);
    return 0;
}

static const snd_pcm_ioplug_callback_t callbacks = {
    .start = start,
    .stop = stop,
    .pointer = pointer,
    .transfer = transfer,
    .poll_revents = poll_revents,
    .close = close_device,
};

static int offer(struct test_device *d, long rate, long channels) {
    static const unsigned access[] = {SND_PCM_ACCESS_RW_INTERLEAVED, SND_PCM_ACCESS_MMAP_INTERLEAVED};
    static const unsigned format[] = {SND_PCM_FORMAT_S16_LE};
    snd_pcm_ioplug_t *io = &d->io;
    int r = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_ACCESS, 2, access);
    if (r >= 0)
        r = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_FORMAT, 1, format);
    if (r >= 0)
        r = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_CHANNELS, (unsigned)channels, (unsigned)channels);
    if (r >= 0)
        r = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_RATE, (unsigned)rate, (unsigned)rate);
    if (r >= 0)
        r = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, 64, 1 << 18);
    if (r >= 0)
        r = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_BUFFER_BYTES, 256, 1 << 21);
    return r;
}

static int refuse_open(const char *order) {
    return strcmp(order, "gone") == 0        ? -ENODEV
           : strcmp(order, "busy") == 0      ? -EBUSY
           : strcmp(order, "forbidden") == 0 ? -EACCES
                                             : 0;
}

SND_PCM_PLUGIN_DEFINE_FUNC(tragus_test) {
    const char *file = "", *control = "", *end = "";
    long rate = 48000, channels = 1, patient = 0;
    double speed = 1.0;
    snd_config_iterator_t i, next;
    char order[300];
    struct stat st;

    (void)root;
    snd_config_for_each(i, next, conf) {
        snd_config_t *item = snd_config_iterator_entry(i);
        const char *key;
        if (snd_config_get_id(item, &key) < 0)
            continue;
        if (strcmp(key, "file") == 0)
            snd_config_get_string(item, &file);
        else if (strcmp(key, "control") == 0)
            snd_config_get_string(item, &control);
        else if (strcmp(key, "end") == 0)
            snd_config_get_string(item, &end);
        else if (strcmp(key, "patient") == 0)
            snd_config_get_integer(item, &patient);
        else if (strcmp(key, "rate") == 0)
            snd_config_get_integer(item, &rate);
        else if (strcmp(key, "channels") == 0)
            snd_config_get_integer(item, &channels);
        else if (strcmp(key, "speed") == 0)
            snd_config_get_ireal(item, &speed);
    }
    if (read_control(control, order, sizeof(order))) {
        int refusal = refuse_open(order);
        if (refusal < 0)
            return refusal;
    }

    struct test_device *d = calloc(1, sizeof(*d));
    if (!d)
        return -ENOMEM;
    d->speed = speed;
    d->patient = patient != 0;
    d->gone_at_end = strcmp(end, "gone") == 0;
    d->last = UINT64_MAX;
    snprintf(d->control, sizeof(d->control), "%s", control);
    d->sound_fd = *file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
    if (strcmp(end, "stalled") == 0 && d->sound_fd >= 0 && fstat(d->sound_fd, &st) == 0)
        d->last = (uint64_t)st.st_size / 2 / (uint64_t)channels;
    d->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    d->io.version = SND_PCM_IOPLUG_VERSION;
    d->io.name = "test microphone";
    d->io.callback = &callbacks;
    d->io.private_data = d;
    d->io.poll_fd = d->timer_fd;
    d->io.poll_events = POLLIN;
    int r = d->timer_fd < 0 ? -errno : *file && d->sound_fd < 0 ? -ENOENT : 0;
    if (r >= 0)
        r = snd_pcm_ioplug_create(&d->io, name, stream, mode);
    if (r < 0) {
        if (d->sound_fd >= 0)
            close(d->sound_fd);
        if (d->timer_fd >= 0)
            close(d->timer_fd);
        free(d);
        return r;
    }
    r = offer(d, rate, channels);
    if (r < 0) {
        snd_pcm_ioplug_delete(&d->io); /* calls close_device */
        return r;
    }
    *pcmp = d->io.pcm;
    return 0;
}
SND_PCM_PLUGIN_SYMBOL(tragus_test);
