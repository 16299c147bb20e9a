/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the way from hops to rows: which samples affect a row, reset, silence, extremes, the running mean, the counts. */
#include "base/cpu.h"
#include "frontend/cepstrum.h"
#include "frontend/mel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct base_arena arena;
static struct frontend *frontend;
static uint32_t random_state = 1;

static int16_t random16(void) {
    random_state = random_state * 1664525u + 1013904223u;
    return (int16_t)((int32_t)(random_state >> 16) - 32768);
}

static int setup(void **state) {
    (void)state;
    struct base_arena size = {0};
    assert_null(frontend_place(&size, base_cpu_detect()));
    assert_int_equal(base_arena_init(&arena, size.used_bytes), 0);
    frontend = frontend_place(&arena, base_cpu_detect());
    base_arena_seal(&arena);
    return frontend == NULL;
}

static int teardown(void **state) {
    (void)state;
    base_arena_done(&arena);
    return 0;
}

/* pcm: n_hops whole hops. Returns the number of rows. */
static size_t run(const int16_t *pcm, size_t n_hops, int16_t (*rows)[FRONTEND_FEATURES], int16_t (*log_mel)[FRONTEND_BANDS]) {
    size_t n_rows = 0;
    for (size_t i = 0; i < n_hops; i++) {
        if (frontend_push(frontend, pcm + i * FRONTEND_HOP, rows[n_rows])) {
            memcpy(log_mel[n_rows++], frontend_log_mel(frontend), sizeof(log_mel[0]));
        }
    }
    return n_rows;
}

static void test_row_i_sees_its_400_samples_and_the_one_before(void **state) {
    (void)state;
    enum { N_HOPS = 12 };
    static int16_t pcm[N_HOPS * FRONTEND_HOP], rows[N_HOPS][FRONTEND_FEATURES], log_mel[N_HOPS][FRONTEND_BANDS];
    for (int at = 0; at < N_HOPS * FRONTEND_HOP; at += 13) {
        memset(pcm, 0, sizeof(pcm));
        pcm[at] = 20000;
        frontend_reset(frontend);
        assert_int_equal(run(pcm, N_HOPS, rows, log_mel), N_HOPS - 2); /* the first two calls give nothing */
        for (int i = 0; i < N_HOPS - 2; i++) {
            int within = at - i * FRONTEND_HOP;
            bool heard = false;
            for (int b = 0; b < FRONTEND_BANDS; b++) {
                heard = heard || log_mel[i][b] != FRONTEND_FLOOR_LOG2 * 256;
            }
            if (within < -1 || within >= FRONTEND_WINDOW) {
                assert_false(heard);
            } else if (within >= 10 && within < FRONTEND_WINDOW - 10) { /* at its edges the window is almost zero */
                assert_true(heard);
            }
        }
    }
}

static void test_reset_forgets_everything(void **state) {
    (void)state;
    enum { N_HOPS = 500 };
    static int16_t pcm[N_HOPS * FRONTEND_HOP], log_mel[N_HOPS][FRONTEND_BANDS], rows[2][N_HOPS][FRONTEND_FEATURES];
    for (size_t n = 0; n < sizeof(pcm) / sizeof(pcm[0]); n++) {
        pcm[n] = (int16_t)(random16() / (1 + (int)(n / 1000) % 50));
    }
    uint64_t counts[2][2];
    for (int round = 0; round < 2; round++) {
        frontend_reset(frontend);
        assert_int_equal(run(pcm, N_HOPS, rows[round], log_mel), N_HOPS - 2);
        frontend_fft_counts(frontend, &counts[round][0], &counts[round][1]);
        assert_int_equal(counts[round][1], (N_HOPS - 2) * 2 * FRONTEND_N_BINS);
        assert_in_range(counts[round][0], 1, counts[round][1]);
    }
    assert_int_equal(counts[0][0], counts[1][0]);
    assert_memory_equal(rows[0], rows[1], sizeof(rows[0]));
}

/* Not a sample of the last frame is left in the memory, nor anything computed from it. */
static void test_reset_leaves_the_memory_as_it_was(void **state) {
    (void)state;
    static int16_t pcm[8 * FRONTEND_HOP], rows[8][FRONTEND_FEATURES], log_mel[8][FRONTEND_BANDS];
    for (size_t n = 0; n < sizeof(pcm) / sizeof(pcm[0]); n++) {
        pcm[n] = random16();
    }
    frontend_reset(frontend);
    void *before = malloc(arena.used_bytes);
    assert_non_null(before);
    memcpy(before, arena.memory, arena.used_bytes);
    assert_int_equal(run(pcm, 8, rows, log_mel), 6);
    assert_int_not_equal(memcmp(before, arena.memory, arena.used_bytes), 0);
    frontend_reset(frontend);
    assert_memory_equal(before, arena.memory, arena.used_bytes);
    free(before);
}

static void test_silence_is_the_floor_and_runs_no_transform(void **state) {
    (void)state;
    static int16_t pcm[400 * FRONTEND_HOP], rows[400][FRONTEND_FEATURES], log_mel[400][FRONTEND_BANDS];
    frontend_reset(frontend);
    size_t n_rows = run(pcm, 400, rows, log_mel);
    for (size_t i = 0; i < n_rows; i++) {
        for (int b = 0; b < FRONTEND_BANDS; b++) {
            assert_int_equal(log_mel[i][b], FRONTEND_FLOOR_LOG2 * 256);
        }
    }
    uint64_t n_decided, n_total;
    frontend_fft_counts(frontend, &n_decided, &n_total);
    assert_int_equal(n_total, 0);
    /* Silence starts far below the prior. The running mean follows, so after 4 s little of the offset is left. */
    assert_true(rows[0][0] < -10000);
    assert_true(abs(rows[n_rows - 1][0]) < abs(rows[0][0]) / 3);
}

/* Twice the amplitude is 2 log2 units more energy in each band: all of it in coefficient 0, sqrt(40) * 2. */
static void test_gain_is_in_the_first_coefficient(void **state) {
    (void)state;
    static int16_t pcm[2][8 * FRONTEND_HOP], rows[2][8][FRONTEND_FEATURES], log_mel[2][8][FRONTEND_BANDS];
    for (int n = 0; n < 8 * FRONTEND_HOP; n++) {
        pcm[0][n] = (int16_t)(random16() / 4);
        pcm[1][n] = (int16_t)(2 * pcm[0][n]);
    }
    for (int i = 0; i < 2; i++) {
        frontend_reset(frontend);
        run(pcm[i], 8, rows[i], log_mel[i]);
    }
    for (int k = 0; k < FRONTEND_FEATURES; k++) {
        int expected = k == 0 ? 3206 : 0; /* 1 - 1/101 of 3238: the running mean has taken 1/101 */
        assert_in_range(rows[1][0][k] - rows[0][0][k] + 32768 - expected, 32768 - 4, 32768 + 4);
    }
}

static void test_extremes_stay_in_range(void **state) {
    (void)state;
    static int16_t pcm[600 * FRONTEND_HOP], rows[600][FRONTEND_FEATURES], log_mel[600][FRONTEND_BANDS];
    for (int n = 0; n < 600 * FRONTEND_HOP; n++) {
        int part = n / (100 * FRONTEND_HOP);
        pcm[n] = (int16_t)(part == 0   ? (n % 2 ? 32767 : -32768) /* the greatest pre-emphasised sample there is */
                           : part == 1 ? -32768
                           : part == 2 ? (n & 1)
                           : part == 3 ? (n / 37 % 2 ? 32767 : -32768)
                           : part == 4 ? (n % 400 == 0 ? -32768 : 0)
                                       : random16());
    }
    frontend_reset(frontend);
    size_t n_rows = run(pcm, 600, rows, log_mel);
    for (size_t i = 0; i < n_rows; i++) {
        for (int b = 0; b < FRONTEND_BANDS; b++) {
            assert_in_range(log_mel[i][b], FRONTEND_FLOOR_LOG2 * 256, 48 * 256);
        }
    }
}

/* The mean of a constant row becomes that row. After a step, half is gone after the number of hops given by the weight. */
static void test_mean_follows(void **state) {
    (void)state;
    struct frontend_mean mean;
    frontend_mean_reset(&mean);
    int32_t row[FRONTEND_FEATURES];
    int16_t out[FRONTEND_FEATURES];
    for (int k = 0; k < FRONTEND_FEATURES; k++) {
        row[k] = frontend_mean_prior_q8[k];
    }
    for (int i = 0; i < 1000; i++) {
        frontend_mean_subtract(&mean, row, out);
        for (int k = 0; k < FRONTEND_FEATURES; k++) {
            assert_int_equal(out[k], 0);
        }
    }
    for (int k = 0; k < FRONTEND_FEATURES; k++) {
        row[k] += 1000;
    }
    for (int i = 0; i < 208; i++) { /* 300 ln 2 */
        frontend_mean_subtract(&mean, row, out);
    }
    assert_in_range(out[1], 498, 502);
    for (int i = 0; i < 5000; i++) {
        frontend_mean_subtract(&mean, row, out);
    }
    assert_int_equal(out[1], 0);

    row[0] = 320 * 256;
    row[1] = -320 * 256;
    frontend_mean_subtract(&mean, row, out);
    assert_int_equal(out[0], INT16_MAX);
    assert_int_equal(out[1], INT16_MIN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_row_i_sees_its_400_samples_and_the_one_before),
        cmocka_unit_test(test_reset_forgets_everything),
        cmocka_unit_test(test_reset_leaves_the_memory_as_it_was),
        cmocka_unit_test(test_silence_is_the_floor_and_runs_no_transform),
        cmocka_unit_test(test_gain_is_in_the_first_coefficient),
        cmocka_unit_test(test_extremes_stay_in_range),
        cmocka_unit_test(test_mean_follows),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
