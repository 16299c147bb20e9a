/* SPDX-License-Identifier: Apache-2.0 */
/* audio/file.c: reads whole sound files, by path or descriptor, as 16 kHz mono.
 *
 * libsndfile reads through callbacks: regular files with pread, which does not move a shared file position; pipes from memory,
 * after collecting them. Pieces go through the converter immediately, and each is passed on before the next is read.
 */
#include "audio/source.h"
#include "base/assert.h"

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
    int code; /* negative errno: a read failed, which libsndfile takes for the end of the file */
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
        if (got < 0)
            in->code = -errno;
        n = got < 0 ? 0 : got;
    } else {
        memcpy(to, in->memory + in->position, (size_t)n);
    }
    in->position += n;
    return n;
}

static SF_VIRTUAL_IO input_functions = {.get_filelen = input_size, .seek = input_seek, .read = input_read, .tell = input_tell};

static int cannot_be_read(int code, const char *name, tragus_error *reterr) {
    return base_error_at(reterr, code, name, 0, 0, "cannot be read: %s", strerror(-code));
}

/* Where the converted samples go. */
struct sink {
    audio_take *take;
    void *user;
    size_t n, most;
    int16_t *piece; /* room for what one push gives */
    size_t size;
};

static int too_long(const struct sink *k, const char *name, tragus_error *reterr) {
    return base_error_at(reterr, -EFBIG, name, 0, 0, "is longer than %zu s; cut it into pieces", k->most / AUDIO_RATE);
}

/* Converts frames, or what the converter still holds (NULL), and passes the samples on. */
static int sink_push(struct sink *k, struct audio_converter *c, const void *frames, size_t n_frames, const char *name,
                     tragus_error *reterr) {
    base_assert(k->piece);
    int n = frames ? audio_converter_push(c, frames, n_frames, k->piece, k->size) : audio_converter_flush(c, k->piece, k->size);
    if (n < 0)
        return base_error_at(reterr, n, name, 0, 0, "cannot be converted to 16 kHz");
    if (n == 0)
        return 0;
    k->n += (size_t)n;
    if (k->n > k->most)
        return too_long(k, name, reterr);
    int r = k->take(k->piece, (size_t)n, k->user);
    return r == -ENOMEM ? base_error_at(reterr, r, name, 0, 0, "out of memory") : r;
}

/* Makes the converter, and memory for one push. */
static int begin(struct sink *k, struct audio_converter **ret, const struct audio_format *format, const char *name,
                 tragus_error *reterr) {
    tragus_error e;
    int r = audio_converter_new(ret, format, PIECE_FRAMES, &e);
    if (r < 0)
        return base_error_at(reterr, r, name, 0, 0, "%s", e.text);
    k->size = audio_converter_most(*ret);
    k->piece = malloc(k->size * sizeof(*k->piece));
    return k->piece ? 0 : base_error_at(reterr, -ENOMEM, name, 0, 0, "out of memory");
}

static int end(struct sink *k, struct audio_converter *c, int r, const char *name, tragus_error *reterr) {
    if (r >= 0)
        r = sink_push(k, c, NULL, 0, name, reterr);
    if (r >= 0 && k->n == 0)
        r = base_error_at(reterr, -ENODATA, name, 0, 0, "holds no sound");
    if (k->piece)
        explicit_bzero(k->piece, k->size * sizeof(*k->piece));
    free(k->piece);
    audio_converter_free(c);
    return r;
}

static int read_frames(SNDFILE *file, unsigned channels, float *frames, struct audio_converter *c, struct sink *k, const char *name,
                       tragus_error *reterr) {
    sf_count_t n;
    size_t n_before = 0;
    int r = 0;
    while (r >= 0 && (n = sf_readf_float(file, frames, PIECE_FRAMES)) > 0) {
        for (size_t i = 0; i < (size_t)n * channels; i++)
            if (!isfinite(frames[i]))
                return base_error_at(reterr, -EBADMSG, name, 0, 0,
                                     "holds a sample that is not a number (frame %zu); it is damaged, write it anew",
                                     n_before + i / channels);
        n_before += (size_t)n;
        r = sink_push(k, c, frames, (size_t)n, name, reterr);
    }
    return r;
}

static int open_sound_file(SNDFILE **ret, SF_INFO *info, struct input *in, const char *name, tragus_error *reterr) {
    if (in->size == 0)
        return base_error_at(reterr, -ENODATA, name, 0, 0, "is empty");
    *ret = sf_open_virtual(&input_functions, SFM_READ, info, in);
    if (*ret)
        return 0;
    if (in->code < 0)
        return cannot_be_read(in->code, name, reterr);
    /* sf_strerror(NULL) is about the last failed open. */
    const char *why = sf_strerror(NULL);
    size_t len = strcspn(why, "\n");
    while (len > 0 && (why[len - 1] == '.' || why[len - 1] == ' '))
        len--;
    return base_error_at(reterr, -EBADMSG, name, 0, 0,
                         "is not a sound file that can be read (WAV, FLAC, Ogg Opus, Ogg Vorbis, AIFF, ...): %.*s", (int)len, why);
}

static int read_sound_file(struct input *in, struct sink *k, const char *name, tragus_error *reterr) {
    struct audio_converter *converter = NULL;
    SF_INFO info = {0};
    SNDFILE *file = NULL;

    int r = open_sound_file(&file, &info, in, name, reterr);
    if (!file)
        return r;
    struct audio_format format = {.rate = info.samplerate > 0 ? (uint32_t)info.samplerate : 0,
                                  .channels = info.channels > 0 ? (uint32_t)info.channels : 0,
                                  .encoding = AUDIO_F32LE};
    float *frames = NULL;
    r = begin(k, &converter, &format, name, reterr);
    /* A header may say what it likes, so sink_push counts, too. */
    if (r >= 0 && info.frames > 0 && info.frames < SF_COUNT_MAX && (double)info.frames * AUDIO_RATE > (double)k->most * format.rate)
        r = too_long(k, name, reterr);
    if (r >= 0 && !(frames = malloc((size_t)PIECE_FRAMES * format.channels * sizeof(*frames))))
        r = base_error_at(reterr, -ENOMEM, name, 0, 0, "out of memory");
    if (r >= 0)
        r = read_frames(file, format.channels, frames, converter, k, name, reterr);
    if (r >= 0 && in->code < 0)
        r = cannot_be_read(in->code, name, reterr);
    if (frames)
        explicit_bzero(frames, (size_t)PIECE_FRAMES * format.channels * sizeof(*frames));
    free(frames);
    sf_close(file);
    return end(k, converter, r, name, reterr);
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
            return cannot_be_read(code, name, reterr);
        }
        if (n == 0)
            break;
        len += (size_t)n;
    }
    *ret = bytes;
    *ret_len = len;
    return 0;
}

static int read_descriptor(int fd, const char *name, struct sink *k, tragus_error *reterr) {
    struct stat st;
    if (fstat(fd, &st) < 0)
        return cannot_be_read(-errno, name, reterr);
    if (S_ISDIR(st.st_mode))
        return base_error_at(reterr, -EISDIR, name, 0, 0, "is a directory, not a sound file");
    if (S_ISREG(st.st_mode)) {
        struct input in = {.fd = fd, .size = st.st_size};
        return read_sound_file(&in, k, name, reterr);
    }
    unsigned char *bytes = NULL;
    size_t len = 0;
    int r = collect(fd, &bytes, &len, name, reterr);
    if (r < 0)
        return r;
    struct input in = {.fd = -1, .memory = bytes, .size = (sf_count_t)len};
    r = read_sound_file(&in, k, name, reterr);
    free(bytes);
    return r;
}

int audio_fd_stream(int fd, size_t most_samples, audio_take *take, void *user, tragus_error *reterr) {
    struct sink k = {.take = take, .user = user, .most = most_samples};
    return read_descriptor(fd, "input", &k, reterr);
}

/* The samples so far, in growing memory. */
struct samples {
    int16_t *pcm;
    size_t n, size;
};

static int keep(const int16_t *pcm, size_t n, void *user) {
    struct samples *s = user;
    if (s->n + n > s->size) {
        size_t size = s->size * 2 > s->n + n ? s->size * 2 : s->n + n;
        int16_t *larger = realloc(s->pcm, size * sizeof(*larger));
        if (!larger)
            return -ENOMEM;
        s->pcm = larger;
        s->size = size;
    }
    memcpy(s->pcm + s->n, pcm, n * sizeof(*pcm));
    s->n += n;
    return 0;
}

static int read_whole(int fd, const char *name, int16_t **ret_pcm, size_t *ret_n, tragus_error *reterr) {
    struct samples samples = {0};
    struct sink k = {.take = keep, .user = &samples, .most = MOST_SAMPLES};
    int r = read_descriptor(fd, name, &k, reterr);
    if (r < 0) {
        free(samples.pcm);
        return r;
    }
    *ret_pcm = samples.pcm;
    *ret_n = samples.n;
    return 0;
}

int audio_fd_read(int fd, const char *name, int16_t **ret_pcm, size_t *ret_n, tragus_error *reterr) {
    return read_whole(fd, name, ret_pcm, ret_n, reterr);
}

int audio_file_read(const char *path, int16_t **ret_pcm, size_t *ret_n, tragus_error *reterr) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return base_error_at(reterr, -errno, path, 0, 0, "cannot be opened: %s", strerror(errno));
    int r = read_whole(fd, path, ret_pcm, ret_n, reterr);
    close(fd);
    return r;
}

int audio_file_write(const char *path, const int16_t *pcm, size_t n, tragus_error *reterr) {
    SF_INFO info = {.samplerate = AUDIO_RATE, .channels = 1, .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16};

    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return base_error_at(reterr, -errno, path, 0, 0, "cannot be written: %s", strerror(errno));
    /* libsndfile may not close fd: if it cannot write the header, nobody would know whether it did. */
    SNDFILE *file = sf_open_fd(fd, SFM_WRITE, &info, SF_FALSE);
    bool written = file && sf_write_short(file, pcm, (sf_count_t)n) == (sf_count_t)n;
    written = (!file || sf_close(file) == 0) && written;
    written = close(fd) == 0 && written;
    if (written)
        return 0;
    unlink(path);
    return base_error_at(reterr, -EIO, path, 0, 0, "cannot be written: is the disk full?");
}
