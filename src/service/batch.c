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
#define FILE_PATIENCE_US 10000000 /* for the next bytes of a regular file */
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
    size_t n_bytes;           /* that have come */
    size_t n_kept;            /* of them, counted for the sender */
    uint64_t waiting_from_us; /* since when a regular file gives nothing; 0: it does */
    unsigned char raw[READ_BYTES];
    int16_t *pcm; /* n_pcm samples: the most that one push can give */
    size_t n_pcm;
    uint64_t n_samples;

    _Atomic bool cancel, done;
    _Atomic int32_t level_cdb;
    _Atomic uint64_t n_hops, wakeups, cpu_us, lost_us;
};

int batch_check_descriptor(int fd, tragus_error *reterr) {
    int type = 0;
    socklen_t length = sizeof(type);

    int kind = base_descriptor_kind(fd);
    if (kind < 0)
        return base_error_set(reterr, kind, "the descriptor cannot be looked at: %s", strerror(-kind));
    if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY)
        return base_error_set(reterr, -ENOTSUP, "the descriptor is not open for reading; pass the read end of the pipe");
    if (kind == S_IFREG || kind == S_IFIFO)
        return 0;
    if (kind == S_IFSOCK && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM)
        return 0;
    return base_error_set(reterr, -ENOTSUP, "sound is taken from a pipe, a stream socket or a regular file; this is none of them");
}

static bool cancelled(const struct batch *b) {
    return atomic_load_explicit(&b->cancel, memory_order_acquire);
}

/* Waits for a command, the timeout (-1: none) or, if there is one, the input. Returns whether the input is readable. */
static bool wait_for(struct batch *b, int input_fd, int timeout_ms) {
    struct pollfd p[2] = {{.fd = b->wake.fd, .events = POLLIN}, {.fd = input_fd, .events = POLLIN}}; /* poll ignores -1 */

    int n = poll(p, 2, timeout_ms);
    atomic_fetch_add_explicit(&b->wakeups, 1, memory_order_relaxed);
    if (n > 0 && p[0].revents & POLLIN)
        base_wake_clear(&b->wake);
    recogniser_take_commands(b->recogniser);
    return n > 0 && p[1].revents != 0;
}

static void to_recogniser(const struct engine_hop *hop, void *user) {
    struct batch *b = user;
    while (recogniser_room(b->recogniser) < LEAST_ROOM && !cancelled(b))
        wait_for(b, -1, 5);
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
    base_wake_up(b->main_wake); /* tells the session */
}

/* Takes converted samples, or the converter's error. */
static int take_converted(struct batch *b, int samples) {
    if (samples < 0)
        return base_error_set(&b->error, samples, "the sound cannot be converted: %s", strerror(-samples));
    take_samples(b, b->pcm, (size_t)samples);
    return 0;
}

/* Returns 1 if there is input, 0 if not yet. */
static int wait_input(struct batch *b) {
    int timeout_ms = -1;

    if (b->options.file) {
        uint64_t now_us = base_clock_monotonic_us();
        if (b->waiting_from_us == 0)
            b->waiting_from_us = now_us;
        if (now_us - b->waiting_from_us >= FILE_PATIENCE_US)
            return base_error_set(&b->error, -ETIMEDOUT, "the file does not answer; copy it to a local file system");
        timeout_ms = (int)((b->waiting_from_us + FILE_PATIENCE_US - now_us) / 1000) + 1;
    }
    if (!wait_for(b, b->input.fd, timeout_ms))
        return 0;
    b->waiting_from_us = 0;
    return 1;
}

static int too_large(struct batch *b) {
    return base_error_set(&b->error, -EFBIG, "the sound is larger than %zu bytes; send it in parts", b->options.max_bytes);
}

/* Reads what there is: the number of bytes, 0 at the end, or a negative errno (-EAGAIN: nothing yet). */
static ssize_t read_input(struct batch *b, void *to, size_t size) {
    ssize_t n = base_descriptor_read(&b->input, to, size);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return -EAGAIN;
    int code = n < 0 ? -errno : n == 0 && b->options.file ? sender_file_error(b->options.file) : 0;
    if (code < 0)
        return base_error_set(&b->error, code, "the descriptor cannot be read: %s", strerror(-code));
    b->n_bytes += (size_t)n;
    return b->n_bytes > b->options.max_bytes ? too_large(b) : n;
}

static int run_raw(struct batch *b) {
    int r = 0;
    while (r >= 0 && !cancelled(b)) {
        r = wait_input(b);
        if (r <= 0)
            continue;
        if (b->options.live)
            drop_old(b);
        ssize_t n = read_input(b, b->raw + b->n_carry, READ_BYTES - b->n_carry);
        if (n == -EAGAIN)
            continue;
        if (n < 0)
            return (int)n;
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

/* Counts bytes for the sender before they are kept. */
static int count_kept(struct batch *b, size_t n) {
    if (!b->options.sender)
        return 0;
    if (!sender_take(b->options.sender, n, b->options.max_bytes))
        return base_error_set(&b->error, -EFBIG,
                              "the sounds that this user sends at the same time are larger than %zu bytes; wait for one of them",
                              b->options.max_bytes);
    b->n_kept += n;
    return 0;
}

/* Copies the input to memory, so that reading can be cancelled and limited, and libsndfile can seek. */
static int spool(struct batch *b, int memory) {
    ssize_t n = 1;
    int r = 0;
    while (r >= 0 && n != 0 && !cancelled(b)) {
        r = wait_input(b);
        if (r <= 0)
            continue;
        n = read_input(b, b->raw, READ_BYTES);
        if (n < 0 && n != -EAGAIN)
            return (int)n;
        if (n > 0)
            r = count_kept(b, (size_t)n);
        if (r >= 0 && n > 0 && write(memory, b->raw, (size_t)n) != n)
            r = -ENOMEM;
    }
    return r;
}

static int on_decoded(const int16_t *pcm, size_t n, void *user) {
    struct batch *b = user;
    take_samples(b, pcm, n);
    return cancelled(b) ? -ECANCELED : 0;
}

static int run_sound_file(struct batch *b) {
    int memory = memfd_create("tragus sound", MFD_CLOEXEC);
    if (memory < 0)
        return -errno;
    int r = spool(b, memory);
    if (r >= 0 && !cancelled(b))
        r = audio_fd_stream(memory, b->options.max_bytes / sizeof(int16_t), on_decoded, b, &b->error);
    close(memory);
    return cancelled(b) ? 0 : r;
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
        wait_for(b, -1, 5);
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
    if (b->options.sender)
        sender_give_back(b->options.sender, b->n_kept);
    sender_file_unref(b->options.file);
    explicit_bzero(b, sizeof(*b));
    free(b);
}

int batch_start(struct batch **ret, tragus_model *m, int fd, const struct batch_options *options, struct engine_session *session,
                const struct base_wake *main_wake, tragus_error *reterr) {
    struct batch *b = calloc(1, sizeof(*b));
    if (!b) {
        close(fd);
        sender_file_unref(options->file);
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
