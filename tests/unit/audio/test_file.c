/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: formats that libsndfile writes and reads, pipes, and files that are no sound or damaged. */
#include "audio/source.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/tragus-test-file-XXXXXX";
static char path[256];

static int make_folder(void **state) {
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/sound", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    unlink(path);
    return rmdir(folder);
}

/* One second of 1 kHz at half of full scale on every channel. */
static void write_tone(int format, int rate, int channels) {
    SF_INFO info = {.samplerate = rate, .channels = channels, .format = format};
    SNDFILE *f = sf_open(path, SFM_WRITE, &info);
    assert_non_null(f);
    float *frames = malloc((size_t)rate * (size_t)channels * sizeof(*frames));
    for (int i = 0; i < rate; i++)
        for (int k = 0; k < channels; k++)
            frames[i * channels + k] = (float)(0.5 * sin(2.0 * M_PI * 1000.0 * i / rate));
    assert_int_equal(sf_writef_float(f, frames, rate), rate);
    free(frames);
    sf_close(f);
}

static double level(const int16_t *pcm, size_t n) {
    double sum = 0.0;
    for (size_t i = n / 4; i < n - n / 4; i++)
        sum += (double)pcm[i] * pcm[i];
    return sqrt(sum / (double)(n - 2 * (n / 4)));
}

static void write_bytes(const void *bytes, size_t n) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

static size_t read_bytes(unsigned char *bytes, size_t size) {
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(bytes, 1, size, f);
    fclose(f);
    return n;
}

static void formats_and_rates_are_read(void **state) {
    static const struct {
        int format, rate, channels;
        double tolerance; /* of the level: lossy codecs */
    } cases[] = {
        {SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, 0.001},  {SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, 0.001},
        {SF_FORMAT_WAV | SF_FORMAT_PCM_24, 44100, 2, 0.001},  {SF_FORMAT_WAV | SF_FORMAT_FLOAT, 48000, 6, 0.001},
        {SF_FORMAT_WAV | SF_FORMAT_ULAW, 8000, 1, 0.02},      {SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 44100, 1, 0.001},
        {SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 22050, 1, 0.001}, {SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100, 1, 0.05},
        {SF_FORMAT_OGG | SF_FORMAT_OPUS, 48000, 2, 0.05},     {SF_FORMAT_OGG | SF_FORMAT_OPUS, 16000, 1, 0.05},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int16_t *pcm = NULL;
        size_t n = 0;
        tragus_error e = {0};
        write_tone(cases[i].format, cases[i].rate, cases[i].channels);
        if (audio_file_read(path, &pcm, &n, &e) < 0)
            fail_msg("format %x, %d Hz: %s", (unsigned)cases[i].format, cases[i].rate, e.text);
        if (n < 15990 || n > 16010)
            fail_msg("format %x, %d Hz: %zu samples", (unsigned)cases[i].format, cases[i].rate, n);
        double expected = 16384.0 / sqrt(2.0);
        if (fabs(level(pcm, n) / expected - 1.0) > cases[i].tolerance)
            fail_msg("format %x, %d Hz: level %f", (unsigned)cases[i].format, cases[i].rate, level(pcm, n));
        free(pcm);
    }
}

static void sixteen_bits_at_16_khz_are_kept(void **state) {
    (void)state;
    int16_t in[65536], *pcm;
    size_t n;
    for (int i = 0; i < 65536; i++)
        in[i] = (int16_t)(i - 32768);
    SF_INFO info = {.samplerate = 16000, .channels = 1, .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16};
    SNDFILE *f = sf_open(path, SFM_WRITE, &info);
    assert_int_equal(sf_write_short(f, in, 65536), 65536);
    sf_close(f);
    assert_int_equal(audio_file_read(path, &pcm, &n, NULL), 0);
    assert_int_equal(n, 65536);
    assert_memory_equal(pcm, in, sizeof(in));
    free(pcm);
}

static void a_descriptor_gives_the_same_as_its_file(void **state) {
    (void)state;
    int16_t *whole, *pcm;
    size_t n_whole, n;
    write_tone(SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 44100, 2);
    assert_int_equal(audio_file_read(path, &whole, &n_whole, NULL), 0);

    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(lseek(fd, 17, SEEK_SET), 17);
    assert_int_equal(audio_fd_read(fd, "input", &pcm, &n, NULL), 0);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 17); /* nobody's position moved */
    close(fd);
    assert_int_equal(n, n_whole);
    assert_memory_equal(pcm, whole, n * sizeof(*pcm));
    free(pcm);

    char command[300];
    snprintf(command, sizeof(command), "cat %s", path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_int_equal(audio_fd_read(fileno(pipe), "input", &pcm, &n, NULL), 0);
    pclose(pipe);
    assert_int_equal(n, n_whole);
    assert_memory_equal(pcm, whole, n * sizeof(*pcm));
    free(pcm);
    free(whole);
}

/* Goes on reading from the other descriptor. */
static int swap_descriptor(const int16_t *pcm, size_t n, void *user) {
    const int *fds = user;
    (void)pcm, (void)n;
    return dup2(fds[1], fds[0]) < 0 ? -errno : 0;
}

/* libsndfile takes a failed read for the end of the file. */
static void a_failed_read_is_not_the_end(void **state) {
    (void)state;
    tragus_error e = {0};
    int16_t *pcm;
    size_t n;
    write_tone(SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1);

    int fds[] = {open(path, O_RDONLY), open(path, O_WRONLY)};
    assert_true(fds[0] >= 0 && fds[1] >= 0);
    assert_int_equal(audio_fd_stream(fds[0], 1000000, swap_descriptor, fds, &e), -EBADF);
    assert_string_equal(e.text, "cannot be read: Bad file descriptor");
    assert_int_equal(audio_fd_read(fds[1], "input", &pcm, &n, &e), -EBADF);
    assert_string_equal(e.text, "cannot be read: Bad file descriptor");
    close(fds[0]);
    close(fds[1]);
}

static void a_sentence_says_what_is_wrong(int code, const char *word) {
    int16_t *pcm = NULL;
    size_t n = 0;
    tragus_error e = {0};
    int r = audio_file_read(path, &pcm, &n, &e);
    if (r != code)
        fail_msg("%d instead of %d: %s", r, code, e.text);
    assert_null(pcm);
    assert_string_equal(e.file, path);
    if (!strstr(e.text, word))
        fail_msg("no '%s' in: %s", word, e.text);
}

static void what_is_no_sound_is_refused(void **state) {
    (void)state;
    unlink(path);
    a_sentence_says_what_is_wrong(-ENOENT, "opened");
    write_bytes("", 0);
    a_sentence_says_what_is_wrong(-ENODATA, "empty");
    write_bytes("intents:\n  this is text\n", 24);
    a_sentence_says_what_is_wrong(-EBADMSG, "not a sound file");
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    a_sentence_says_what_is_wrong(-EISDIR, "directory");
    rmdir(path);
}

static void not_a_number_is_refused(void **state) {
    (void)state;
    float frames[2000] = {0};
    frames[1500] = NAN;
    SF_INFO info = {.samplerate = 16000, .channels = 1, .format = SF_FORMAT_WAV | SF_FORMAT_FLOAT};
    SNDFILE *f = sf_open(path, SFM_WRITE, &info);
    assert_int_equal(sf_write_float(f, frames, 2000), 2000);
    sf_close(f);
    a_sentence_says_what_is_wrong(-EBADMSG, "frame 1500");
}

static void one_sample_is_a_sound(void **state) {
    (void)state;
    int16_t sample = -5, *pcm;
    size_t n;
    SF_INFO info = {.samplerate = 16000, .channels = 1, .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16};
    SNDFILE *f = sf_open(path, SFM_WRITE, &info);
    assert_int_equal(sf_write_short(f, &sample, 1), 1);
    sf_close(f);
    assert_int_equal(audio_file_read(path, &pcm, &n, NULL), 0);
    assert_int_equal(n, 1);
    assert_int_equal(pcm[0], -5);
    free(pcm);
}

/* Whatever is cut off or overwritten: sound or a sentence, never a crash, never more samples than the bytes can hold. */
static void damaged_files_are_read_or_refused(void **state) {
    static const int formats[] = {SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                                  SF_FORMAT_OGG | SF_FORMAT_OPUS};
    static unsigned char bytes[200000], damaged[200000];
    unsigned seed = 1;
    (void)state;
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        write_tone(formats[i], 16000, 1);
        size_t len = read_bytes(bytes, sizeof(bytes));
        assert_in_range(len, 1000, sizeof(bytes) - 1);
        for (int k = 0; k < 150; k++) {
            size_t n_bytes = k < 64 ? (size_t)k : len;
            memcpy(damaged, bytes, len);
            for (int j = 0; k >= 64 && j < 1 + k % 4; j++) {
                seed = seed * 1103515245 + 12345;
                damaged[(seed >> 8) % (k < 110 ? 64 : len)] = (unsigned char)(seed >> 24);
            }
            write_bytes(damaged, n_bytes);
            int16_t *pcm = NULL;
            size_t n = 0;
            tragus_error e = {0};
            int r = audio_file_read(path, &pcm, &n, &e);
            if (r < 0) {
                assert_true(e.text[0]);
                assert_null(pcm);
            } else {
                assert_true(n > 0 && n < 16000 * 100);
            }
            free(pcm);
        }
    }
}

static void zero_hertz_is_refused(void **state) {
    unsigned char bytes[64000];
    (void)state;
    write_tone(SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1);
    size_t len = read_bytes(bytes, sizeof(bytes));
    memset(bytes + 24, 0, 4); /* the rate, in a WAV header */
    write_bytes(bytes, len);
    int16_t *pcm = NULL;
    size_t n;
    tragus_error e = {0};
    assert_true(audio_file_read(path, &pcm, &n, &e) < 0);
    assert_true(e.text[0]);
}

static void a_file_is_written_whole_or_not_at_all(void **state) {
    (void)state;
    struct rlimit before;
    int16_t in[16000], *pcm;
    struct stat st;
    size_t n;
    tragus_error e = {0};

    for (int i = 0; i < 16000; i++)
        in[i] = (int16_t)(i - 8000);
    unlink(path);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    for (rlim_t bytes = 0; bytes <= 1000; bytes += 1000) { /* not even the header, then a part of the sound */
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = bytes, .rlim_max = before.rlim_max}), 0);
        int r = audio_file_write(path, in, 16000, &e);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(r, -EIO);
        assert_int_equal(access(path, F_OK), -1);
    }
    assert_int_equal(audio_file_write(path, in, 16000, &e), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(audio_file_read(path, &pcm, &n, NULL), 0);
    assert_int_equal(n, 16000);
    assert_memory_equal(pcm, in, sizeof(in));
    free(pcm);
    assert_int_equal(audio_file_write(path, in, 16000, &e), -EEXIST);
    assert_string_equal(e.text, "cannot be written: File exists");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_and_rates_are_read),
        cmocka_unit_test(sixteen_bits_at_16_khz_are_kept),
        cmocka_unit_test(a_descriptor_gives_the_same_as_its_file),
        cmocka_unit_test(a_failed_read_is_not_the_end),
        cmocka_unit_test(a_file_is_written_whole_or_not_at_all),
        cmocka_unit_test(what_is_no_sound_is_refused),
        cmocka_unit_test(not_a_number_is_refused),
        cmocka_unit_test(one_sample_is_a_sound),
        cmocka_unit_test(damaged_files_are_read_or_refused),
        cmocka_unit_test(zero_hertz_is_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
