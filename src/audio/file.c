/* SPDX-License-Identifier: Apache-2.0 */
/* audio/file.c: reads whole sound files, by path or descriptor, as 16 kHz mono.
 *
 * libsndfile reads through callbacks: regular files with pread, which does not move a shared file position; pipes from memory,
 * after collecting them. Pieces go through the converter immediately, so only the result is held as a whole.
 */
#include "audio/source.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sndfile.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_FRAMES 8192
#define MOST_SAMPLES ((size_t)4 * 3600 * AUDIO_RATE) /* 4 hours, 460 MB: anything longer is a mistake, not a command */
#define MOST_PIPE_BYTES ((size_t)512 << 20)

struct input {
    int fd;                      /* -1: read from memory */
    const unsigned char *memory; /* the contents of a pipe */
    sf_count_t size, position;
};

static sf_count_t input_size(void *user) {
    return ((struct input *)user)->size;
}

static sf_count_t input_tell(void *user) {
    return ((struct input *)user)->position;
}

static sf_count_t input_seek(sf_count_t offset, int whence, void *user) {
    struct input *in = user;
    sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? in->position : in->size;
    /* A damaged header may point anywhere. */
    if (offset < -base || offset > in->size - base)
        return -1;
    return in->position = base + offset;
}

static sf_count_t input_read(void *to, sf_count_t n, void *user) {
    struct input *in = user;
    if (n > in->size - in->position)
        n = in->size - in->position;
    if (n <= 0)
        return 0;
    if (in->fd >= 0) {
        ssize_t got;
        do
            got = pread(in->fd, to, (size_t)n, in->position);
        while (got < 0 && errno == EINTR);
        n = got < 0 ? 0 : got;
    } else {
        memcpy(to, in->memory + in->position, (size_t)n);
    }
    in->position += n;
    return n;
}

static SF_VIRTUAL_IO input_functions = {.get_filelen = input_size, .seek = input_seek, .read = input_read, .tell = input_tell};

/* The samples so far, in growing memory. */
struct samples {
    int16_t *pcm;
    size_t n, size;
};

static int samples_reserve(struct samples *s, size_t more) {
    if (s->n + more > MOST_SAMPLES)
        return -EFBIG;
    if (s->n + more <= s->size)
        return 0;
    size_t size = s->size * 2 > s->n + more ? s->size * 2 : s->n + more;
    int16_t *pcm = realloc(s->pcm, size * sizeof(*pcm));
    if (!pcm)
        return -ENOMEM;
    s->pcm = pcm;
    s->size = size;
    return 0;
}

static int samples_push(struct samples *s, struct audio_converter *c, const void *frames, size_t n_frames) {
    int r = samples_reserve(s, audio_converter_most(c));
    if (r == 0)
        r = frames ? audio_converter_push(c, frames, n_frames, s->pcm + s->n, s->size - s->n)
                   : audio_converter_flush(c, s->pcm + s->n, s->size - s->n);
    if (r < 0)
        return r;
    s->n += (size_t)r;
    return 0;
}

static int push_failed(int r, const char *name, tragus_error *reterr) {
    if (r == -EFBIG)
        return base_error_at(reterr, r, name, 0, 0, "is longer than 4 hours; cut it into pieces");
    return base_error_at(reterr, r, name, 0, 0, r == -ENOMEM ? "out of memory" : "cannot be converted to 16 kHz");
}

static int give(struct samples *s, const char *name, int16_t **ret_pcm, size_t *ret_n, tragus_error *reterr) {
    if (s->n == 0)
        return base_error_at(reterr, -ENODATA, name, 0, 0, "holds no sound");
    *ret_pcm = s->pcm;
    *ret_n = s->n;
    *s = (struct samples){0};
    return 0;
}

static int read_frames(SNDFILE *file, unsigned channels, float *frames, struct audio_converter *c, struct samples *s,
                       const char *name, tragus_error *reterr) {
    sf_count_t n;
    size_t n_before = 0;
    while ((n = sf_readf_float(file, frames, PIECE_FRAMES)) > 0) {
        for (size_t i = 0; i < (size_t)n * channels; i++)
            if (!isfinite(frames[i]))
                return base_error_at(reterr, -EBADMSG, name, 0, 0,
                                     "holds a sample that is not a number (frame %zu); it is damaged, write it anew",
                                     n_before + i / channels);
        n_before += (size_t)n;
        int r = samples_push(s, c, frames, (size_t)n);
        if (r < 0)
            return push_failed(r, name, reterr);
    }
    int r = samples_push(s, c, NULL, 0);
    return r < 0 ? push_failed(r, name, reterr) : 0;
}

static int read_sound_file(struct input *in, const char *name, int16_t **ret_pcm, size_t *ret_n, tragus_error *reterr) {
    if (in->size == 0)
        return base_error_at(reterr, -ENODATA, name, 0, 0, "is empty");

    SF_INFO info = {0};
    SNDFILE *file = sf_open_virtual(&input_functions, SFM_READ, &info, in);
    if (!file) {
        /* sf_strerror(NULL) is about the last failed open. */
        const char *why = sf_strerror(NULL);
        size_t len = strcspn(why, "\n");
        while (len > 0 && (why[len - 1] == '.' || why[len - 1] == ' '))
            len--;
        return base_error_at(reterr, -EBADMSG, name, 0, 0,
                             "is not a sound file that can be read (WAV, FLAC, Ogg Opus, Ogg Vorbis, AIFF, ...): %.*s", (int)len,
                             why);
    }
    struct audio_format format = {.rate = info.samplerate > 0 ? (uint32_t)info.samplerate : 0,
                                  .channels = info.channels > 0 ? (uint32_t)info.channels : 0,
                                  .encoding = AUDIO_F32LE};
    struct audio_converter *converter = NULL;
    tragus_error error;
    struct samples samples = {0};
    float *frames = NULL;
    int r = audio_converter_new(&converter, &format, PIECE_FRAMES, &error);
    if (r < 0) {
        r = base_error_at(reterr, r, name, 0, 0, "%s", error.text);
    } else if (!(frames = malloc((size_t)PIECE_FRAMES * format.channels * sizeof(*frames)))) {
        r = base_error_at(reterr, -ENOMEM, name, 0, 0, "out of memory");
    } else {
        r = read_frames(file, format.channels, frames, converter, &samples, name, reterr);
        if (r == 0)
            r = give(&samples, name, ret_pcm, ret_n, reterr);
    }
    free(frames);
    free(samples.pcm);
    audio_converter_free(converter);
    sf_close(file);
    return r;
}

/* Reads a descriptor to its end. */
static int collect(int fd, unsigned char **ret, size_t *ret_len, const char *name, tragus_error *reterr) {
    unsigned char *bytes = NULL;
    size_t len = 0, size = 0;
    for (;;) {
        if (len == size) {
            size = size ? size * 2 : 1 << 16;
            unsigned char *grown = size <= MOST_PIPE_BYTES ? realloc(bytes, size) : NULL;
            if (!grown) {
                free(bytes);
                return base_error_at(reterr, size <= MOST_PIPE_BYTES ? -ENOMEM : -EFBIG, name, 0, 0,
                                     size <= MOST_PIPE_BYTES ? "out of memory" : "gives more than 512 MB; cut it into pieces");
            }
            bytes = grown;
        }
        ssize_t n = read(fd, bytes + len, size - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int code = -errno;
            free(bytes);
            return base_error_at(reterr, code, name, 0, 0, "cannot be read: %s", strerror(-code));
        }
        if (n == 0)
            break;
        len += (size_t)n;
    }
    *ret = bytes;
    *ret_len = len;
    return 0;
}

static int read_raw(const unsigned char *bytes, size_t len, const struct audio_format *raw, const char *name, int16_t **ret_pcm,
                    size_t *ret_n, tragus_error *reterr) {
    struct audio_converter *c;
    int r = audio_converter_new(&c, raw, PIECE_FRAMES, reterr);
    if (r < 0)
        return r;
    size_t sample = raw->encoding == AUDIO_ULAW ? 1 : raw->encoding == AUDIO_S16LE ? 2 : 4;
    size_t frame = sample * raw->channels, n_frames = len / frame;
    struct samples samples = {0};
    for (size_t i = 0; r == 0 && i < n_frames; i += PIECE_FRAMES)
        r = samples_push(&samples, c, bytes + i * frame, n_frames - i < PIECE_FRAMES ? n_frames - i : PIECE_FRAMES);
    if (r == 0)
        r = samples_push(&samples, c, NULL, 0);
    r = r < 0 ? push_failed(r, name, reterr) : give(&samples, name, ret_pcm, ret_n, reterr);
    free(samples.pcm);
    audio_converter_free(c);
    return r;
}

static int read_descriptor(int fd, const char *name, const struct audio_format *raw, int16_t **ret_pcm, size_t *ret_n,
                           tragus_error *reterr) {
    struct stat st;
    if (fstat(fd, &st) < 0)
        return base_error_at(reterr, -errno, name, 0, 0, "cannot be read: %s", strerror(errno));
    if (S_ISDIR(st.st_mode))
        return base_error_at(reterr, -EISDIR, name, 0, 0, "is a directory, not a sound file");
    bool is_raw = raw && raw->encoding != AUDIO_WAV;
    if (S_ISREG(st.st_mode) && !is_raw) {
        struct input in = {.fd = fd, .size = st.st_size};
        return read_sound_file(&in, name, ret_pcm, ret_n, reterr);
    }
    unsigned char *bytes = NULL;
    size_t len = 0;
    int r = collect(fd, &bytes, &len, name, reterr);
    if (r < 0)
        return r;
    if (is_raw) {
        r = read_raw(bytes, len, raw, name, ret_pcm, ret_n, reterr);
    } else {
        struct input in = {.fd = -1, .memory = bytes, .size = (sf_count_t)len};
        r = read_sound_file(&in, name, ret_pcm, ret_n, reterr);
    }
    free(bytes);
    return r;
}

int audio_fd_read(int fd, const struct audio_format *raw, int16_t **ret_pcm, size_t *ret_n, tragus_error *reterr) {
    return read_descriptor(fd, "input", raw, ret_pcm, ret_n, reterr);
}

int audio_file_read(const char *path, int16_t **ret_pcm, size_t *ret_n, tragus_error *reterr) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return base_error_at(reterr, -errno, path, 0, 0, "cannot be opened: %s", strerror(errno));
    int r = read_descriptor(fd, path, NULL, ret_pcm, ret_n, reterr);
    close(fd);
    return r;
}

int audio_file_write(const char *path, const int16_t *pcm, size_t n, tragus_error *reterr) {
    SF_INFO info = {.samplerate = AUDIO_RATE, .channels = 1, .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16};

    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return base_error_at(reterr, -errno, path, 0, 0, "cannot be written: %s", strerror(errno));
    SNDFILE *file = sf_open_fd(fd, SFM_WRITE, &info, SF_TRUE);
    bool written = file && sf_write_short(file, pcm, (sf_count_t)n) == (sf_count_t)n;
    if (file ? sf_close(file) == 0 && written : (close(fd), false))
        return 0;
    unlink(path);
    return base_error_at(reterr, -EIO, path, 0, 0, "cannot be written: is the disk full?");
}
