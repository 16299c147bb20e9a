/* SPDX-License-Identifier: Apache-2.0 */
/* Compares the runtime with the exact computation of whole sounds by models/training/device/program.py, and tests the loader with
 * bad files.
 *
 * tests/data/nn-tiny.tragus is a small network of random numbers with every operation; nn-tiny-lengths.bin contains its posteriors
 * for the first 0, 1, 2, .. 40 rows of its test (made by test_programs.py --tiny). The bad files have valid checksums, so only the
 * checks of the network can reject them.
 */
#define _GNU_SOURCE /* memfd_create */
#include "base/buffer.h"
#include "base/cpu.h"
#include "base/crc32c.h"
#include "nn/nn.h"
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define N_ROWS 40
#define N_LABELS 11
#define STEP_HOPS 3

static char tiny_path[4096], disk_path[] = "/tmp/tragus-nn-XXXXXX", memory_path[64];
static const char *bad_path; /* one of two: most bad files are in memory, for speed */
static int memory_fd;
static const char *const names[] = {"passport", "labels", "program", "scale", "weights", "test"};
#define N_SECTIONS (sizeof(names) / sizeof(names[0]))
enum { PASSPORT, LABELS, PROGRAM, SCALE, WEIGHTS, TEST };

static struct base_buffer file; /* the tiny model's bytes */
static struct store *sections;
static const int16_t *features; /* of the model's test */

static void read_file(const char *path, struct base_buffer *out) {
    FILE *f = fopen(path, "rb");
    char block[4096];
    size_t n;

    assert_non_null(f);
    while ((n = fread(block, 1, sizeof(block), f)) > 0)
        base_buffer_add(out, block, n);
    fclose(f);
    assert_false(out->failed);
}

static void write_bad(const void *bytes, size_t n_bytes) {
    bad_path = memory_path;
    assert_int_equal(ftruncate(memory_fd, (off_t)n_bytes), 0);
    assert_int_equal(pwrite(memory_fd, bytes, n_bytes, 0), n_bytes);
}

static struct nn_model *open_tiny(uint32_t cpu_flags) {
    struct nn_model *m;
    tragus_error e;

    if (nn_model_open(&m, tiny_path, cpu_flags, &e) < 0)
        fail_msg("%s", e.text);
    return m;
}

static struct nn_state *new_state(struct base_arena *a, const struct nn_model *m) {
    struct nn_state *s;

    *a = (struct base_arena){0};
    assert_null(nn_place(a, m));
    assert_int_equal(base_arena_init(a, a->used_bytes), 0);
    s = nn_place(a, m);
    assert_int_equal(a->used_bytes, a->size_bytes);
    base_arena_seal(a);
    return s;
}

/* Whole sounds of each length one after another on one state, with each set of kernels, cut into pieces of all sizes. */
static void test_lengths(void **unused) {
    const uint32_t masks[] = {0, base_cpu_detect()};
    struct base_buffer expected = {0};
    char path[4096];

    (void)unused;
    snprintf(path, sizeof(path), "%s/tests/data/nn-tiny-lengths.bin", getenv("abs_top_srcdir"));
    read_file(path, &expected);
    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
        struct nn_model *m = open_tiny(masks[i]);
        size_t look_ahead = nn_model_look_ahead_hops(m);
        struct base_arena a;
        struct nn_state *s = new_state(&a, m);

        for (size_t cut = 1; cut <= NN_MAX_HOPS; cut++) {
            const char *next = expected.data;

            for (size_t n_rows = 0; n_rows <= N_ROWS; n_rows++) {
                size_t n_steps = 0, n_new;
                int16_t posteriors[NN_MAX_HOPS * NN_MAX_WIDTH];

                nn_reset(s);
                for (size_t row = 0; row < n_rows;) {
                    size_t n = n_rows - row < cut ? n_rows - row : cut;

                    n_new = nn_push(s, features + row * NN_N_FEATURES, n, posteriors);
                    row += n;
                    n_steps += n_new;
                    /* A step is returned with the row to which it looks ahead. */
                    assert_int_equal(n_steps, row > look_ahead ? (row - 1 - look_ahead) / STEP_HOPS + 1 : 0);
                    assert_memory_equal(posteriors, next, n_new * N_LABELS * sizeof(int16_t));
                    next += n_new * N_LABELS * sizeof(int16_t);
                }
                while ((n_new = nn_flush(s, posteriors)) > 0) {
                    assert_memory_equal(posteriors, next, n_new * N_LABELS * sizeof(int16_t));
                    next += n_new * N_LABELS * sizeof(int16_t);
                    n_steps += n_new;
                }
                assert_int_equal(n_steps, (n_rows + STEP_HOPS - 1) / STEP_HOPS);
                assert_int_equal(nn_flush(s, posteriors), 0);
            }
            assert_ptr_equal(next, expected.data + expected.len_bytes);
        }
        base_arena_done(&a);
        nn_model_free(m);
    }
    base_buffer_done(&expected);
}

/* After a reset in the middle of a sound or of a flush, nothing remains of it. */
static void test_reset(void **unused) {
    struct nn_model *m = open_tiny(base_cpu_detect());
    struct base_arena a, fresh_a;
    struct nn_state *s = new_state(&a, m), *fresh;
    int16_t posteriors[NN_MAX_HOPS * NN_MAX_WIDTH], expected[NN_MAX_LABELS];

    (void)unused;
    for (size_t n_before = 0; n_before < N_ROWS; n_before++) {
        for (size_t row = 0; row < n_before; row++)
            nn_push(s, features + row * NN_N_FEATURES, 1, posteriors);
        if (n_before % 2)
            nn_flush(s, posteriors);
        nn_reset(s);
        fresh = new_state(&fresh_a, m);
        for (size_t row = N_ROWS; row-- > 0;) {
            size_t n_steps = nn_push(s, features + row * NN_N_FEATURES, 1, posteriors);

            assert_int_equal(n_steps, nn_push(fresh, features + row * NN_N_FEATURES, 1, expected));
            assert_memory_equal(posteriors, expected, n_steps * N_LABELS * sizeof(int16_t));
        }
        nn_reset(s);
        base_arena_done(&fresh_a);
    }
    base_arena_done(&a);
    nn_model_free(m);
}

static void test_properties(void **unused) {
    struct nn_model *m = open_tiny(0);
    char value[16];
    size_t n;

    (void)unused;
    assert_int_equal(nn_model_n_labels(m), N_LABELS);
    assert_string_equal(nn_model_label(m, 0), "<blank>");
    assert_int_equal(nn_model_find_label(m, "L10"), 10);
    assert_int_equal(nn_model_find_label(m, "L1x"), -ENOENT);
    assert_int_equal(nn_model_step_hops(m), STEP_HOPS);
    /* convolution 9 taps, 3 past; depthwise 9, 7 past; convolution 3, 1 past; depthwise 4, 0 past */
    assert_int_equal(nn_model_look_ahead_hops(m), 5 + 3 * (1 + 1 + 3));
    assert_int_equal(nn_model_macs_per_step(m), 9 * 40 * 16 + 9 * 16 + 16 * 32 + 32 * 16 + 3 * 16 * 16 + 4 * 16 + 16 * 16);
    assert_int_equal(nn_model_size_bytes(m), file.len_bytes);
    assert_string_equal(nn_model_kernels(m)->gemm_name, "ref");
    assert_int_equal(nn_model_passport_value(m, "language", value, sizeof(value)), 0);
    assert_string_equal(value, "none");
    assert_int_equal(nn_model_passport_value(m, "name", value, 15), 0);
    assert_string_equal(value, "random numbers");
    assert_int_equal(nn_model_passport_value(m, "name", value, 14), -ENOBUFS);
    assert_int_equal(nn_model_passport_value(m, "nam", value, sizeof(value)), -ENOENT);
    assert_memory_equal(nn_model_passport(m, &n), "name: random numbers\n", 21);
    assert_int_equal(nn_model_check(m, NULL), 0);
    nn_model_free(m);
}

/* Opens the bad file. Returns true if it is refused with a message that names the file. Otherwise runs it, which must do no harm,
 * and returns false. */
static bool refused(const char *part) {
    struct nn_model *m = NULL;
    tragus_error e = {0};
    struct base_arena a;
    struct nn_state *s;
    int16_t posteriors[NN_MAX_HOPS * NN_MAX_WIDTH];
    size_t n_steps = 0;

    if (nn_model_open(&m, bad_path, base_cpu_detect(), &e) < 0) {
        assert_null(m);
        assert_true(e.code < 0 && strlen(e.text) > 10);
        assert_string_equal(e.file, bad_path);
        if (part && !strstr(e.text, part))
            fail_msg("\"%s\" does not say \"%s\"", e.text, part);
        return true;
    }
    nn_model_check(m, NULL);
    s = new_state(&a, m);
    for (size_t row = 0; row < N_ROWS; row += NN_MAX_HOPS / 3)
        n_steps += nn_push(s, features + row * NN_N_FEATURES, NN_MAX_HOPS / 3, posteriors);
    for (size_t n; (n = nn_flush(s, posteriors)) > 0; n_steps += n)
        ;
    assert_int_equal(n_steps, (N_ROWS + nn_model_step_hops(m) - 1) / nn_model_step_hops(m));
    base_arena_done(&a);
    nn_model_free(m);
    return false;
}

static void test_truncated_and_flipped(void **unused) {
    char *bytes = malloc(file.len_bytes);

    (void)unused;
    assert_non_null(bytes);
    memcpy(bytes, file.data, file.len_bytes);
    for (size_t n = 0; n < file.len_bytes; n += n < 512 ? 1 : 61) {
        write_bad(bytes, n);
        assert_true(refused(NULL));
    }
    for (size_t i = 0; i < file.len_bytes; i += i < 512 ? 1 : 5) {
        bytes[i] = (char)(bytes[i] ^ 1 << i % 8);
        write_bad(bytes, file.len_bytes);
        if (!refused(NULL) && i != 10) /* a higher minor version is accepted */
            fail_msg("bit %zu of byte %zu is not covered", i % 8, i);
        bytes[i] = file.data[i];
    }
    free(bytes);
}

/* Writes the tiny model with one section replaced, or omitted if bytes is NULL. */
static void write_with(size_t section, const void *bytes, size_t n_bytes) {
    struct store_part parts[N_SECTIONS];
    size_t n = 0;

    for (size_t i = 0; i < N_SECTIONS; i++) {
        struct store_part part = {.name = names[i]};

        part.bytes = store_section(sections, names[i], &part.size_bytes);
        if (i == section) {
            part.bytes = bytes;
            part.size_bytes = n_bytes;
        }
        if (part.bytes)
            parts[n++] = part;
    }
    bad_path = disk_path;
    assert_int_equal(store_write(bad_path, STORE_ACOUSTIC, parts, n, NULL), 0);
}

/* Writes the tiny model with some bytes of a section changed and all checksums fixed; cheaper than store_write. */
static void write_changed(size_t section, size_t at, const void *bytes, size_t n_bytes) {
    size_t n;
    const unsigned char *original = store_section(sections, names[section], &n);
    char *copy = malloc(file.len_bytes), *entry = copy + 64 + section * 64; /* the layout is in store/store.h */
    uint64_t offset;
    uint32_t crc;

    assert_non_null(copy);
    assert_true(at + n_bytes <= n);
    memcpy(copy, file.data, file.len_bytes);
    memcpy(&offset, entry + 16, sizeof(offset));
    assert_memory_equal(copy + offset, original, n);
    memcpy(copy + offset + at, bytes, n_bytes);
    crc = base_crc32c(0, copy + offset, n);
    memcpy(entry + 32, &crc, sizeof(crc));
    crc = base_crc32c(0, copy + 64, N_SECTIONS * 64);
    memcpy(copy + 28, &crc, sizeof(crc));
    crc = base_crc32c(0, copy, 60);
    memcpy(copy + 60, &crc, sizeof(crc));
    write_bad(copy, file.len_bytes);
    free(copy);
}

/* Replaces every word of the program by every value that could matter. Most are refused; the others must do no harm. */
static void test_hostile_program(void **unused) {
    size_t n_bytes, n_refused = 0, n_accepted = 0;
    const uint32_t *words = store_section(sections, "program", &n_bytes);

    (void)unused;
    for (size_t i = 0; i < n_bytes / 4; i++) {
        const uint32_t values[] = {words[i] - 1, words[i] + 1, 0,          1,          2,         3,  4,  5,
                                   16,           31,           32,         62,         63,        64, 65, 4096,
                                   65536,        INT32_MAX,    0x80000000, UINT32_MAX, 0x10000010};

        for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
            write_changed(PROGRAM, i * 4, &values[v], 4);
            if (refused(NULL)) {
                n_refused++;
                assert_int_not_equal(values[v], words[i]);
            } else {
                n_accepted++;
            }
        }
    }
    assert_true(n_refused > 10 * n_accepted);
}

/* Extreme values everywhere in the factors and weights. */
static void test_hostile_numbers(void **unused) {
    static const int32_t values[] = {0, 1, -1, INT32_MAX, INT32_MIN, 1 << 22, -(1 << 22), 0x3f3f3f3f};
    size_t n_scale, n_weights;
    const int8_t *weights = store_section(sections, "weights", &n_weights);
    int8_t worst = -128;

    (void)unused;
    store_section(sections, "scale", &n_scale);
    for (size_t at = 0; at < n_scale; at += 4)
        for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
            write_changed(SCALE, at, &values[v], 4);
            refused(NULL);
        }
    for (size_t at = 0; at < n_weights; at += 7) {
        write_changed(WEIGHTS, at, &worst, 1);
        assert_true(refused(NULL));
        assert_true(weights[at] != worst);
    }
}

static void test_sentences(void **unused) {
    static const struct {
        size_t section, at;
        int32_t value;
        const char *part;
    } cases[] = {
        {PROGRAM, 0, 2, "version 2"},
        {PROGRAM, 4, 13, "13 features"},
        {PROGRAM, 8, 4, "4 hops a step"},
        {PROGRAM, 12, 65, "65 labels"},
        {PROGRAM, 12, 1, "1 labels"},
        {PROGRAM, 16, 65, "65 operations"},
        {PROGRAM, 16, 3, "3 operations take 35"},
        {PROGRAM, 20, 4, "logits too early"},
        {PROGRAM, 20, 9, "unknown kind 9"},
        {PROGRAM, 20 + 4, 1, "not yet written"},
        {PROGRAM, 20 + 12, 44, "buffer 0, which has 40"},
        {PROGRAM, 20 + 16, 17, "writes 17 channels"},
        {PROGRAM, 20 + 20, 65, "65 taps"},
        {PROGRAM, 20 + 20, 10, "not padded"},
        {PROGRAM, 20 + 20, 33, "\"weights\" ends"},
        {PROGRAM, 20 + 24, 0, "stride 0"},
        {PROGRAM, 20 + 28, 9, "9 of them past"},
        {PROGRAM, 20 + 32, 2, "ReLU"},
        {PROGRAM, 20 + 36, 1, "shifts by 1"},
        {PROGRAM, 20 + 40 * 4 + 8, 3, "differ in channels"}, /* the first addition */
        {SCALE, 40 * 4, INT32_MAX, "overflow"},
        {SCALE, 40 * 4 + 16 * 4, -1, "multiplier -1"},
        {SCALE, 40 * 4 + 16 * 8, 0x01010100, "shifts by 0"},
        {SCALE, 40 * 4 + 16 * 8, 0x013f0101, "shifts by 63"},
        {WEIGHTS, 0, 0x00008000, "weight -128"},
        {SCALE, 736, INT32_MAX, "output 0 of operation 3 may overflow"}, /* weights of four bits */
        {SCALE, 736, INT32_MIN, "output 0 of operation 3 may overflow"},
        {WEIGHTS, 6464, 0x11111101, "weight -8"},
        {WEIGHTS, 6464, 0x10111111, "weight -8"},
        {LABELS, 0, 0x3e6d3c3c, "not <blank>"},
        {LABELS, 8, 0x0000314c, "no name"},
        {TEST, 0, 41, "own test"},
        {TEST, 0, -1, "own test"},
        {TEST, 4, 13, "own test"},
        {PASSPORT, 0, 0x00610061, "passport"},
        {PASSPORT, 0, 0x61ff6161, "passport"},
    };
    char text[4096];
    size_t n;
    const char *p;

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_changed(cases[i].section, cases[i].at, &cases[i].value, 4);
        if (!refused(cases[i].part))
            fail_msg("accepted, but expected \"%s\"", cases[i].part);
    }
    for (size_t i = 0; i < N_SECTIONS; i++) {
        write_with(i, NULL, 0);
        assert_true(refused(names[i]));
    }
    for (size_t i = 0; i < N_SECTIONS; i++) { /* one byte less, and some bytes more */
        p = store_section(sections, names[i], &n);
        if (i != PASSPORT) {
            write_with(i, p, n - 1);
            assert_true(refused(NULL));
            memset(text, 'x', sizeof(text));
            memcpy(text, p, n < sizeof(text) ? n : sizeof(text) - 64);
            write_with(i, text, (n < sizeof(text) ? n : sizeof(text) - 64) + 64);
            assert_true(refused(NULL));
        }
    }
    p = store_section(sections, "labels", &n);
    memcpy(text, p, n);
    text[9] = '2'; /* L1 becomes L2, which already exists */
    write_with(LABELS, text, n);
    assert_true(refused("same name"));
}

/* A file whose own test fails can be opened, but its check reports where. */
static void test_check_finds_difference(void **unused) {
    struct nn_model *m;
    tragus_error e;
    size_t n;
    const char *test = store_section(sections, "test", &n);
    int16_t value;

    (void)unused;
    memcpy(&value, test + n - 2, 2);
    value++;
    write_changed(TEST, n - 2, &value, 2);
    assert_int_equal(nn_model_open(&m, bad_path, 0, &e), 0);
    assert_int_equal(nn_model_check(m, &e), -EBADMSG);
    assert_non_null(strstr(e.text, "step 13, L10"));
    nn_model_free(m);
}

static int set_up(void **unused) {
    size_t n;
    int fd = mkstemp(disk_path);

    (void)unused;
    memory_fd = memfd_create("bad model", MFD_CLOEXEC);
    snprintf(memory_path, sizeof(memory_path), "/proc/self/fd/%d", memory_fd);
    if (fd < 0 || memory_fd < 0 || !getenv("abs_top_srcdir"))
        return -1;
    close(fd);
    snprintf(tiny_path, sizeof(tiny_path), "%s/tests/data/nn-tiny.tragus", getenv("abs_top_srcdir"));
    read_file(tiny_path, &file);
    if (store_open(&sections, tiny_path, STORE_ACOUSTIC, names, N_SECTIONS, NULL) < 0)
        return -1;
    features = (const int16_t *)store_section(sections, "test", &n) + 4;
    return 0;
}

static int tear_down(void **unused) {
    (void)unused;
    store_free(sections);
    base_buffer_done(&file);
    close(memory_fd);
    return unlink(disk_path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths),         cmocka_unit_test(test_reset),
        cmocka_unit_test(test_properties),      cmocka_unit_test(test_truncated_and_flipped),
        cmocka_unit_test(test_hostile_program), cmocka_unit_test(test_hostile_numbers),
        cmocka_unit_test(test_sentences),       cmocka_unit_test(test_check_finds_difference),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
