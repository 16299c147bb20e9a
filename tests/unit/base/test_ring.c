/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that a ring keeps order and loses nothing: in one thread, across the wrap of its indices, and between two threads. */
#include "base/ring.h"

#include <pthread.h>
#include <sched.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define JUST_BELOW_THE_WRAP (UINT32_MAX - 5)

static void test_full_and_empty(void **unused) {
    (void)unused;
    static const uint32_t starts[] = {0, JUST_BELOW_THE_WRAP, UINT32_MAX / 2};
    for (size_t s = 0; s < 3; s++) {
        uint32_t elements[8], value = 0, next_in = 0, next_out = 0;
        struct base_ring ring;
        base_ring_init(&ring, elements, sizeof elements[0], 8, starts[s]);
        assert_false(base_ring_pop(&ring, &value));
        assert_false(base_ring_peek(&ring, &value));
        for (int round = 0; round < 20; round++) {
            while (base_ring_push(&ring, &next_in))
                next_in++;
            assert_int_equal(base_ring_fill(&ring), 8);
            assert_int_equal(next_in - next_out, 8);
            /* Leaves a different number of elements each time, so that the borders move. */
            for (int i = 0; i < 8 - round % 8; i++) {
                uint32_t ahead = value + 1000;
                assert_true(base_ring_peek(&ring, &ahead));
                assert_int_equal(ahead, next_out);
                assert_true(base_ring_pop(&ring, &value));
                assert_int_equal(value, next_out++);
            }
            assert_int_equal(base_ring_fill(&ring), next_in - next_out);
        }
    }
}

static void test_odd_elements(void **unused) {
    (void)unused;
    char elements[4][3], out[3];
    struct base_ring ring;
    base_ring_init(&ring, elements, 3, 4, JUST_BELOW_THE_WRAP);
    for (int i = 0; i < 100; i++) {
        char in[3] = {(char)i, (char)(i + 1), (char)(i + 2)};
        assert_true(base_ring_push(&ring, in));
        assert_true(base_ring_pop(&ring, out));
        assert_memory_equal(in, out, 3);
    }
}

#define N_MESSAGES 200000u

struct message { /* makes torn or reordered writes visible */
    uint32_t number, square, inverse;
};

static void *produce(void *arg) {
    struct base_ring *ring = arg;
    for (uint32_t i = 0; i < N_MESSAGES;) {
        struct message m = {i, i * i, ~i};
        if (base_ring_push(ring, &m))
            i++;
        else
            sched_yield();
    }
    return NULL;
}

static void test_two_threads(void **unused) {
    (void)unused;
    struct message elements[64], m;
    struct base_ring ring;
    base_ring_init(&ring, elements, sizeof m, 64, JUST_BELOW_THE_WRAP);
    pthread_t producer;
    assert_int_equal(pthread_create(&producer, NULL, produce, &ring), 0);
    uint32_t n_wrong = 0;
    for (uint32_t i = 0; i < N_MESSAGES;) {
        n_wrong += base_ring_fill(&ring) > 64;
        if (!base_ring_pop(&ring, &m)) {
            sched_yield();
            continue;
        }
        n_wrong += m.number != i || m.square != i * i || m.inverse != ~i;
        i++;
    }
    assert_int_equal(pthread_join(producer, NULL), 0);
    assert_int_equal(n_wrong, 0);
    assert_int_equal(base_ring_fill(&ring), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full_and_empty),
        cmocka_unit_test(test_odd_elements),
        cmocka_unit_test(test_two_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
