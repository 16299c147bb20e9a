/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/listen_keep.h"
#include "audio/source.h"
#include "base/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_MS 60
#define PIECE 8000
#define RING (90 * (size_t)AUDIO_RATE) /* the longest sentence is 60 s, and is reported a little later */
#define MARGIN ((uint64_t)AUDIO_RATE * 3 / 10)

struct listen_keep {
    const char *folder, *device;
    struct audio_capture *capture;
    pthread_t thread;
    bool started;
    int stop, pipe;       /* an eventfd; the end that is written to */
    pthread_mutex_t lock; /* of the next two */
    int16_t *ring;
    uint64_t n_heard; /* samples */
    unsigned n_files;
    _Atomic int code; /* negative errno: why the microphone gives no more sound */
};

static void remember(struct listen_keep *k, const int16_t *piece, size_t n) {
    pthread_mutex_lock(&k->lock);
    for (size_t i = 0; i < n; i++)
        k->ring[(k->n_heard + i) % RING] = piece[i];
    k->n_heard += n;
    pthread_mutex_unlock(&k->lock);
}

/* When tragusd or the main thread has closed its end, write fails: SIGPIPE is blocked in threads. */
static bool send_all(int fd, const int16_t *piece, size_t n) {
    const char *at = (const char *)piece;
    for (size_t left = n * sizeof(*piece); left > 0;) {
        ssize_t done = write(fd, at, left);
        if (done < 0)
            return false;
        at += done;
        left -= (size_t)done;
    }
    return true;
}

static void *record(void *user) {
    struct listen_keep *k = user;
    int16_t piece[PIECE];
    uint32_t lost_ms;
    uint64_t stop;

    while (read(k->stop, &stop, sizeof(stop)) < 0) {
        int n = audio_capture_read(k->capture, PERIOD_MS, k->stop, piece, PIECE, &lost_ms);
        if (n == -EPIPE) /* an overrun: the sound goes on */
            continue;
        if (n < 0) {
            atomic_store(&k->code, n);
            break;
        }
        remember(k, piece, (size_t)n);
        if (!send_all(k->pipe, piece, (size_t)n))
            break;
    }
    explicit_bzero(piece, sizeof(piece));
    close(k->pipe); /* the end of the input */
    return NULL;
}

static int check_folder(const char *path) {
    struct stat st;

    if (stat(path, &st) < 0)
        return -errno;
    if (!S_ISDIR(st.st_mode))
        return -ENOTDIR;
    return access(path, W_OK | X_OK) < 0 ? -errno : 0;
}

int listen_keep_new(struct listen_keep **ret, const char *folder, const char *device, tragus_error *reterr) {
    const struct audio_mix mix = {0};

    int r = check_folder(folder);
    if (r < 0)
        return base_error_at(reterr, r, folder, 0, 0, "cannot be written to: %s; make this folder, or name another", strerror(-r));
    struct listen_keep *k = calloc(1, sizeof(*k));
    if (!k)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    k->folder = folder;
    k->device = device;
    k->pipe = -1;
    pthread_mutex_init(&k->lock, NULL);
    k->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    k->ring = calloc(RING, sizeof(*k->ring));
    r = k->stop >= 0 && k->ring ? 0 : base_error_set(reterr, -ENOMEM, "out of memory");
    if (r >= 0)
        r = audio_capture_open(&k->capture, device, &mix, reterr);
    if (r < 0) {
        listen_keep_free(k);
        return r;
    }
    *ret = k;
    return 0;
}

int listen_keep_start(struct listen_keep *k) {
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    k->pipe = ends[1];
    int r = base_thread_start(&k->thread, "record", record, k);
    if (r < 0) {
        close(ends[0]);
        close(ends[1]);
        return r;
    }
    k->started = true;
    return ends[0];
}

int listen_keep_state(const struct listen_keep *k, tragus_error *reterr) {
    int code = atomic_load(&k->code);
    return code < 0 ? base_error_set(reterr, code, "microphone %s gives no more sound: %s; plug it in and start again", k->device,
                                     strerror(-code))
                    : 0;
}

/* Copies the samples of an utterance, as far as they are still there. */
static int16_t *copy(struct listen_keep *k, uint32_t start_ms, uint32_t end_ms, size_t *ret_n) {
    uint64_t from = (uint64_t)start_ms * AUDIO_RATE / 1000, to = (uint64_t)end_ms * AUDIO_RATE / 1000 + MARGIN;
    int16_t *pcm = NULL;

    from = from > MARGIN ? from - MARGIN : 0;
    pthread_mutex_lock(&k->lock);
    if (to > k->n_heard)
        to = k->n_heard;
    if (k->n_heard > RING && from < k->n_heard - RING)
        from = k->n_heard - RING;
    *ret_n = to > from ? (size_t)(to - from) : 0;
    if (*ret_n > 0 && (pcm = malloc(*ret_n * sizeof(*pcm))))
        for (size_t i = 0; i < *ret_n; i++)
            pcm[i] = k->ring[(from + i) % RING];
    pthread_mutex_unlock(&k->lock);
    return pcm;
}

int listen_keep_write(struct listen_keep *k, uint32_t start_ms, uint32_t end_ms, char *path, size_t size, tragus_error *reterr) {
    time_t now = time(NULL);
    struct tm local;
    char stamp[32];
    size_t n;

    int16_t *pcm = copy(k, start_ms, end_ms, &n);
    if (!pcm)
        return base_error_set(reterr, -ENODATA, "the sound is no longer there");
    strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", localtime_r(&now, &local));
    snprintf(path, size, "%s/rejected-%s-%u.wav", k->folder, stamp, ++k->n_files);
    int r = audio_file_write(path, pcm, n, reterr);
    explicit_bzero(pcm, n * sizeof(*pcm));
    free(pcm);
    return r;
}

void listen_keep_free(struct listen_keep *k) {
    const uint64_t one = 1;

    if (!k)
        return;
    if (k->started) {
        (void)!write(k->stop, &one, sizeof(one));
        pthread_join(k->thread, NULL);
    }
    audio_capture_close(k->capture);
    if (k->stop >= 0)
        close(k->stop);
    if (k->ring)
        explicit_bzero(k->ring, RING * sizeof(*k->ring));
    free(k->ring);
    pthread_mutex_destroy(&k->lock);
    free(k);
}
