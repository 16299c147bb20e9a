/* SPDX-License-Identifier: Apache-2.0 */
/* The segmenter: the hops do not depend on the chunks; history first; starts and ends of segments; gaps. */
#include "base/cpu.h"
#include "engine/segment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RATE FRONTEND_RATE
#define N_SAMPLES (8 * RATE + 77)
#define MOST_HOPS 1000

struct hops {
    size_t n;
    struct engine_hop hops[MOST_HOPS];
};

static void collect(const struct engine_hop *hop, void *user) {
    struct hops *h = user;
    assert_true(h->n < MOST_HOPS);
    h->hops[h->n++] = *hop;
}

/* Faint noise with two loud stretches: 3.0 to 3.5 s, and from 7.5 s to the end. */
static int16_t *make_sound(void) {
    int16_t *pcm = calloc(N_SAMPLES, sizeof(*pcm));
    uint32_t state = 7;
    for (size_t i = 0; i < N_SAMPLES; i++) {
        state = state * 1664525u + 1013904223u;
        int noise = (int)(state >> 24) - 128;
        int loud = (i >= 3 * RATE && i < 7 * RATE / 2) || i >= 15 * RATE / 2;
        pcm[i] = (int16_t)(loud ? noise * 100 : noise / 64);
    }
    return pcm;
}

static struct hops *cut(const int16_t *pcm, size_t chunk) {
    struct hops *h = calloc(1, sizeof(*h));
    struct engine_segmenter *c = calloc(1, sizeof(*c));
    engine_segmenter_init(c, NULL, base_cpu_detect(), 0);
    for (size_t i = 0; i < N_SAMPLES; i += chunk) {
        size_t n = N_SAMPLES - i < chunk ? N_SAMPLES - i : chunk;
        engine_segmenter_push(c, pcm + i, n, (uint64_t)i * 1000000 / RATE, collect, h);
    }
    engine_segmenter_end(c, collect, h);
    free(c);
    return h;
}

static void test_chunks(void **state) {
    static const size_t chunks[] = {1, 7, 159, 160, 161, 1600, 5000};
    (void)state;
    int16_t *pcm = make_sound();
    struct hops *whole = cut(pcm, N_SAMPLES);
    for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
        struct hops *pieces = cut(pcm, chunks[i]);
        assert_int_equal(pieces->n, whole->n);
        for (size_t k = 0; k < whole->n; k++) {
            assert_int_equal(pieces->hops[k].flags, whole->hops[k].flags);
            assert_int_equal(pieces->hops[k].index, whole->hops[k].index);
            assert_int_equal(pieces->hops[k].n_heard, whole->hops[k].n_heard);
            assert_memory_equal(pieces->hops[k].pcm, whole->hops[k].pcm, sizeof(whole->hops[k].pcm));
            int64_t apart = (int64_t)pieces->hops[k].time_us - (int64_t)whole->hops[k].time_us;
            assert_in_range(llabs(apart), 0, 63); /* one sample: the chunk's time is in whole microseconds */
        }
        free(pieces);
    }
    free(whole);
    free(pcm);
}

static void test_segments(void **state) {
    (void)state;
    int16_t *pcm = make_sound();
    struct hops *h = cut(pcm, 1600);
    size_t n_first = 0, n_last = 0;

    for (size_t i = 0; i < h->n; i++) {
        if (h->hops[i].flags & ENGINE_FIRST) {
            assert_int_equal(n_first, n_last); /* the previous one has ended */
            n_first++;
        }
        n_last += (h->hops[i].flags & ENGINE_LAST) != 0;
        assert_true(n_first > n_last || (h->hops[i].flags & ENGINE_LAST));
        if (i > 0 && !(h->hops[i].flags & (ENGINE_FIRST | ENGINE_LAST))) { /* the last may be an end marker after the sound */
            assert_int_equal(h->hops[i].time_us - h->hops[i - 1].time_us, 10000);
            assert_int_equal(h->hops[i].index, h->hops[i - 1].index + 1);
        }
        assert_false(h->hops[i].flags & ENGINE_BEGINS); /* the sound begins with silence */
        assert_true(h->hops[i].n_heard >= h->hops[i].index + !(h->hops[i].flags & ENGINE_ENDS));
    }
    assert_int_equal(n_first, 2);
    assert_int_equal(n_last, 2);
    /* The history: sound from well before the loud stretch, identical to the input at that time. */
    assert_in_range(h->hops[0].time_us, 2400000, 2700000);
    size_t at = h->hops[0].time_us * RATE / 1000000;
    assert_memory_equal(h->hops[0].pcm, pcm + at, sizeof(h->hops[0].pcm));
    assert_int_equal(h->hops[0].n_heard, h->hops[0].index + FRONTEND_GATE_HISTORY);
    assert_int_equal(h->hops[0].index, at / FRONTEND_HOP);
    assert_true(h->hops[h->n - 1].flags & ENGINE_ENDS); /* the sound ends within speech */
    free(h);
    free(pcm);
}

/* Speech from the first sample on, a gap within it, and speech again. */
static void test_gap(void **state) {
    (void)state;
    int16_t *pcm = make_sound(), *loud = pcm + 3 * RATE;
    struct hops *h = calloc(1, sizeof(*h));
    struct engine_segmenter *c = calloc(1, sizeof(*c));
    engine_segmenter_init(c, NULL, base_cpu_detect(), 500);
    engine_segmenter_push(c, loud, 1000, 0, collect, h);
    engine_segmenter_end(c, collect, h);
    size_t n = h->n;
    assert_int_equal(n, 8); /* 6.25 hops, the last one padded, and the end marker */
    assert_int_equal(h->hops[0].index, 500);
    assert_int_equal(h->hops[0].flags, ENGINE_FIRST | ENGINE_BEGINS);
    assert_int_equal(h->hops[n - 1].flags, ENGINE_LAST | ENGINE_ENDS);
    assert_int_equal(h->hops[n - 2].flags, 0);
    engine_segmenter_push(c, loud, 1000, 2000000, collect, h);
    assert_int_equal(h->hops[n].index, 507);
    assert_int_equal(h->hops[n].time_us, 2000000);
    assert_int_equal(h->hops[n].flags, ENGINE_FIRST | ENGINE_BEGINS);
    free(c);
    free(h);
    free(pcm);
}

static void test_silence(void **state) {
    (void)state;
    struct hops *h = calloc(1, sizeof(*h));
    struct engine_segmenter *c = calloc(1, sizeof(*c));
    int16_t *zeros = calloc(10 * RATE, sizeof(*zeros));
    engine_segmenter_init(c, NULL, base_cpu_detect(), 0);
    engine_segmenter_push(c, zeros, 10 * RATE, 0, collect, h);
    engine_segmenter_end(c, collect, h);
    assert_int_equal(h->n, 0);
    assert_int_equal(c->n_hops, 1000);
    free(zeros);
    free(c);
    free(h);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_chunks), cmocka_unit_test(test_segments), cmocka_unit_test(test_gap),
                                       cmocka_unit_test(test_silence)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
