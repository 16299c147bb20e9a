/* SPDX-License-Identifier: Apache-2.0 */
#include "service/batch.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ_BYTES 16384
#define CHUNK 1600 /* samples at 16 kHz between two checks for commands: 100 ms */
#define LIVE_LAG_US 2000000
/* The most records that one hop can produce: started, partial results, ended, a result and retired, several times at the end of a
 * segment. This thread can wait for room, so it loses none of them. */
#define LEAST_ROOM (RECOGNISER_FINAL_RECORDS + 32)

struct batch {
    struct base_descriptor input;
    struct base_wake wake; /* wakes this thread */
    const struct base_wake *main_wake;
    struct batch_options options;
    struct recogniser *recogniser;
    struct audio_converter *converter;
    pthread_t thread;
    struct engine_segmenter segmenter;
    tragus_error error;
    size_t frame_bytes, n_carry;
    unsigned char raw[READ_BYTES];
    int16_t *pcm; /* n_pcm samples: the most that one push can give */
    size_t n_pcm;
    uint64_t n_samples;

    _Atomic bool cancel, done;
    _Atomic int32_t level_cdb;
    _Atomic uint64_t n_hops, wakeups, cpu_us, lost_us;
};

int batch_check_descriptor(int fd, tragus_error *reterr) {
    struct stat st;
    int type = 0;
    socklen_t length = sizeof(type);

    if (fstat(fd, &st) < 0)
        return base_error_set(reterr, -errno, "the descriptor cannot be looked at: %s", strerror(errno));
    if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY)
        return base_error_set(reterr, -ENOTSUP, "the descriptor is not open for reading; pass the read end of the pipe");
    if (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode))
        return 0;
    if (S_ISSOCK(st.st_mode) && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM)
        return 0;
    return base_error_set(reterr, -ENOTSUP, "sound is taken from a pipe, a stream socket or a regular file; this is none of them");
}

static bool cancelled(const struct batch *b) {
    return atomic_load_explicit(&b->cancel, memory_order_acquire);
}

/* Waits for the descriptor, a command or the timeout. Returns 1 if the descriptor is readable. */
static int wait_readable(struct batch *b, int timeout_ms) {
    struct pollfd p[2] = {{.fd = b->wake.fd, .events = POLLIN}, {.fd = b->input.fd, .events = POLLIN}};

    int n = poll(p, timeout_ms < 0 ? 2 : 1, timeout_ms);
    atomic_fetch_add_explicit(&b->wakeups, 1, memory_order_relaxed);
    if (p[0].revents & POLLIN)
        base_wake_clear(&b->wake);
    recogniser_take_commands(b->recogniser);
    return n > 0 && p[1].revents != 0;
}

static void to_recogniser(const struct engine_hop *hop, void *user) {
    struct batch *b = user;
    while (recogniser_room(b->recogniser) < LEAST_ROOM && !cancelled(b))
        wait_readable(b, 5);
    recogniser_take_hop(b->recogniser, hop);
}

static void take_samples(struct batch *b, const int16_t *pcm, size_t n) {
    while (n > 0 && !cancelled(b)) {
        size_t taken = n < CHUNK ? n : CHUNK;
        uint64_t time_us = b->n_samples * 1000000 / AUDIO_RATE;

        if (b->options.live)
            time_us = base_clock_monotonic_us() - (uint64_t)n * 1000000 / AUDIO_RATE;
        engine_segmenter_push(&b->segmenter, pcm, taken, time_us, to_recogniser, b);
        recogniser_take_commands(b->recogniser);
        atomic_store_explicit(&b->n_hops, b->segmenter.n_hops, memory_order_relaxed);
        atomic_store_explicit(&b->level_cdb, frontend_gate_level_cdb(&b->segmenter.gate), memory_order_relaxed);
        b->n_samples += taken;
        pcm += taken;
        n -= taken;
    }
}

/* If a live writer gets ahead of us, drops sound older than 2 s, which is of no use any more. */
static void drop_old(struct batch *b) {
    int waiting = 0;
    uint64_t bytes_per_s = (uint64_t)b->options.format.rate * b->frame_bytes;

    if (ioctl(b->input.fd, FIONREAD, &waiting) < 0 || (uint64_t)waiting * 1000000 < bytes_per_s * LIVE_LAG_US)
        return;
    uint64_t dropped = 0;
    while (dropped + READ_BYTES < (uint64_t)waiting) {
        ssize_t n = base_descriptor_read(&b->input, b->raw, READ_BYTES);
        if (n <= 0)
            break;
        dropped += (uint64_t)n;
    }
    b->n_carry = (b->n_carry + dropped) % b->frame_bytes; /* keeps the frame alignment; the bytes themselves are lost anyway */
    engine_segmenter_end(&b->segmenter, to_recogniser, b);
    atomic_fetch_add_explicit(&b->lost_us, dropped * 1000000 / bytes_per_s, memory_order_relaxed);
}

/* Takes converted samples, or the converter's error. */
static int take_converted(struct batch *b, int samples) {
    if (samples < 0)
        return base_error_set(&b->error, samples, "the sound cannot be converted: %s", strerror(-samples));
    take_samples(b, b->pcm, (size_t)samples);
    return 0;
}

static int run_raw(struct batch *b) {
    int r = 0;
    while (r >= 0 && !cancelled(b)) {
        if (!wait_readable(b, -1))
            continue;
        if (b->options.live)
            drop_old(b);
        ssize_t n = base_descriptor_read(&b->input, b->raw + b->n_carry, READ_BYTES - b->n_carry);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n < 0)
            return base_error_set(&b->error, -errno, "the descriptor cannot be read: %s", strerror(errno));
        if (n == 0)
            return take_converted(b, audio_converter_flush(b->converter, b->pcm, b->n_pcm));
        size_t there = b->n_carry + (size_t)n;
        size_t frames = there / b->frame_bytes;
        r = take_converted(b, audio_converter_push(b->converter, b->raw, frames, b->pcm, b->n_pcm));
        b->n_carry = there - frames * b->frame_bytes;
        memmove(b->raw, b->raw + frames * b->frame_bytes, b->n_carry);
    }
    return r;
}

static int too_large(struct batch *b) {
    return base_error_set(&b->error, -EFBIG, "the sound is larger than %zu bytes; send it in parts", b->options.max_bytes);
}

/* Copies a pipe to memory first, so that reading can be cancelled and limited, and libsndfile can seek. */
static int spool(struct batch *b) {
    size_t total = 0;
    int memory = memfd_create("tragus sound", MFD_CLOEXEC);
    if (memory < 0)
        return -errno;
    while (!cancelled(b)) {
        if (!wait_readable(b, -1))
            continue;
        ssize_t n = base_descriptor_read(&b->input, b->raw, READ_BYTES);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n < 0) {
            int r = base_error_set(&b->error, -errno, "the descriptor cannot be read: %s", strerror(errno));
            close(memory);
            return r;
        }
        if (n == 0)
            break;
        total += (size_t)n;
        int r = total > b->options.max_bytes ? too_large(b) : write(memory, b->raw, (size_t)n) != n ? -ENOMEM : 0;
        if (r < 0) {
            close(memory);
            return r;
        }
    }
    (void)lseek(memory, 0, SEEK_SET);
    close(b->input.fd);
    b->input = base_descriptor_of(memory);
    return 0;
}

static int run_sound_file(struct batch *b) {
    struct stat st;
    int16_t *pcm;
    size_t n;

    int r = fstat(b->input.fd, &st) < 0 ? -errno : S_ISREG(st.st_mode) ? 0 : spool(b);
    if (r >= 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size > b->options.max_bytes)
        r = too_large(b);
    if (r < 0 || cancelled(b))
        return r;
    r = audio_fd_read(b->input.fd, NULL, &pcm, &n, &b->error);
    if (r < 0)
        return r;
    take_samples(b, pcm, n);
    explicit_bzero(pcm, n * sizeof(*pcm));
    free(pcm);
    return 0;
}

static void *run(void *user) {
    struct batch *b = user;

    if (!b->options.live) /* live sound has priority; on Linux each thread has its own nice value */
        (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 10);
    recogniser_take_commands(b->recogniser);
    int r = b->options.sound_file ? run_sound_file(b) : run_raw(b);
    if (r < 0 && b->error.code == 0)
        base_error_set(&b->error, r, "the sound cannot be read: %s", strerror(-r));
    engine_segmenter_end(&b->segmenter, to_recogniser, b);
    atomic_store_explicit(&b->n_hops, b->segmenter.n_hops, memory_order_relaxed);
    while (recogniser_room(b->recogniser) < LEAST_ROOM) /* main empties the ring even after a cancel */
        wait_readable(b, 5);
    recogniser_end(b->recogniser);
    atomic_store_explicit(&b->cpu_us, base_clock_thread_cpu_ns() / 1000, memory_order_relaxed);
    atomic_store_explicit(&b->done, true, memory_order_release);
    base_wake_up(b->main_wake);
    return NULL;
}

static int make_converter(struct batch *b, tragus_error *reterr) {
    static const size_t sample_bytes[] = {[AUDIO_S16LE] = 2, [AUDIO_S32LE] = 4, [AUDIO_F32LE] = 4, [AUDIO_ULAW] = 1};

    if (b->options.sound_file)
        return 0;
    b->frame_bytes = sample_bytes[b->options.format.encoding] * b->options.format.channels;
    int r = audio_converter_new(&b->converter, &b->options.format, READ_BYTES, reterr);
    if (r < 0)
        return r;
    b->n_pcm = audio_converter_most(b->converter);
    b->pcm = calloc(b->n_pcm, sizeof(*b->pcm));
    return b->pcm ? 0 : base_error_set(reterr, -ENOMEM, "out of memory");
}

/* Frees what batch_start has allocated so far. */
static void discard(struct batch *b) {
    audio_converter_free(b->converter);
    if (b->pcm)
        explicit_bzero(b->pcm, b->n_pcm * sizeof(*b->pcm));
    free(b->pcm);
    recogniser_free(b->recogniser);
    base_wake_done(&b->wake);
    close(b->input.fd);
    explicit_bzero(b, sizeof(*b));
    free(b);
}

int batch_start(struct batch **ret, tragus_model *m, int fd, const struct batch_options *options, struct engine_session *session,
                const struct base_wake *main_wake, tragus_error *reterr) {
    struct batch *b = calloc(1, sizeof(*b));
    if (!b) {
        close(fd);
        return base_error_set(reterr, -ENOMEM, "out of memory");
    }
    b->input = base_descriptor_of(fd);
    b->main_wake = main_wake;
    b->options = *options;
    engine_segmenter_init(&b->segmenter, &options->gate, engine_model_cpu_flags(m), 0);
    int r = base_wake_init(&b->wake);
    if (r < 0)
        base_error_set(reterr, r, "no thread can be woken: %s", strerror(-r));
    b->recogniser = recogniser_new(m, main_wake);
    if (r >= 0 && !b->recogniser)
        r = base_error_set(reterr, -ENOMEM, "out of memory");
    if (r >= 0)
        r = make_converter(b, reterr);
    if (r >= 0) {
        recogniser_command(b->recogniser, (struct recogniser_command){.type = RECOGNISER_ADD, .session = session});
        r = base_thread_start(&b->thread, "batch", run, b);
        if (r < 0)
            base_error_set(reterr, r, "no thread can be started: %s", strerror(-r));
    }
    if (r < 0) {
        discard(b);
        return r;
    }
    *ret = b;
    return 0;
}

struct recogniser *batch_recogniser(struct batch *b) {
    return b->recogniser;
}

void batch_wake(struct batch *b) {
    base_wake_up(&b->wake);
}

void batch_cancel(struct batch *b) {
    atomic_store_explicit(&b->cancel, true, memory_order_release);
    batch_wake(b);
}

bool batch_done(const struct batch *b) {
    return atomic_load_explicit(&b->done, memory_order_acquire);
}

int batch_error(const struct batch *b, tragus_error *ret) {
    if (b->error.code != 0)
        *ret = b->error;
    return b->error.code;
}

void batch_counters(const struct batch *b, struct batch_counters *ret) {
    uint64_t cpu_us = batch_done(b) ? atomic_load_explicit(&b->cpu_us, memory_order_relaxed) : base_thread_cpu_us(b->thread);

    *ret = (struct batch_counters){
        .hops = atomic_load_explicit(&b->n_hops, memory_order_relaxed),
        .wakeups = atomic_load_explicit(&b->wakeups, memory_order_relaxed),
        .cpu_us = cpu_us,
        .lost_us = atomic_load_explicit(&b->lost_us, memory_order_relaxed),
        .level_cdb = atomic_load_explicit(&b->level_cdb, memory_order_relaxed),
    };
}

void batch_free(struct batch *b) {
    if (!b)
        return;
    batch_cancel(b);
    pthread_join(b->thread, NULL);
    discard(b);
}
