/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that time, memory and cancellation of a budget are each reported with their own code until the next start. */
#include "base/budget.h"
#include "base/buffer.h"
#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static void no_budget(void **state) {
    (void)state;
    assert_int_equal(base_budget_spend(NULL, 1u << 30), 0);
    assert_int_equal(base_budget_take(NULL, SIZE_MAX), 0);
    assert_int_equal(base_budget_code(NULL), 0);
    base_budget_start(NULL);
    base_budget_give(NULL, 1);
    base_budget_cancel(NULL);
}

static void time_ends(void **state) {
    (void)state;
    struct base_budget b;
    base_budget_init(&b, 20, 0);
    uint64_t start = base_clock_thread_cpu_ns();
    base_budget_start(&b);
    while (base_budget_spend(&b, BASE_BUDGET_INTERVAL / 8) == 0)
        assert_true(base_clock_thread_cpu_ns() - start < 2000000000);
    assert_int_equal(base_budget_code(&b), -ETIME);
    assert_true(base_clock_thread_cpu_ns() - start >= 20000000);
    assert_int_equal(base_budget_spend(&b, 1), -ETIME); /* immediately, also between two checks of the clock */
    base_budget_start(&b);
    assert_int_equal(base_budget_spend(&b, 1), 0);
}

static void sleep_is_free(void **state) {
    (void)state;
    struct base_budget b;
    base_budget_init(&b, 20, 0);
    base_budget_start(&b);
    nanosleep(&(struct timespec){.tv_nsec = 40000000}, NULL);
    assert_int_equal(base_budget_spend(&b, 2 * BASE_BUDGET_INTERVAL), 0);
}

static void memory_ends(void **state) {
    (void)state;
    struct base_budget b;
    base_budget_init(&b, 0, 1000);
    base_budget_start(&b);
    assert_int_equal(base_budget_take(&b, 600), 0);
    base_budget_give(&b, 600);
    assert_int_equal(base_budget_take(&b, 1000), 0);
    assert_int_equal(base_budget_take(&b, 1), -E2BIG);
    assert_int_equal(base_budget_spend(&b, 1), -E2BIG);
    base_budget_start(&b);
    void *memory = base_budget_malloc(&b, 1000);
    assert_non_null(memory);
    assert_null(base_budget_malloc(&b, SIZE_MAX));
    assert_int_equal(base_budget_code(&b), -E2BIG);
    free(memory);
}

static void buffers_count(void **state) {
    (void)state;
    struct base_budget b;
    struct base_buffer buffer = {.budget = &b};
    static const char zeros[4000];
    base_budget_init(&b, 0, 1000);
    base_budget_start(&b);
    base_buffer_add(&buffer, zeros, 400);
    assert_false(buffer.failed);
    assert_in_range(b.used_bytes, 400, 1000);
    base_buffer_add(&buffer, zeros, sizeof(zeros));
    assert_true(buffer.failed);
    assert_int_equal(base_budget_code(&b), -E2BIG);
    base_buffer_done(&buffer);
    assert_int_equal(b.used_bytes, 0);
}

static void *cancel(void *budget) {
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    base_budget_cancel(budget);
    return NULL;
}

static void another_thread_cancels(void **state) {
    (void)state;
    struct base_budget b;
    pthread_t thread;
    base_budget_init(&b, 30000, 0);
    base_budget_start(&b);
    assert_int_equal(pthread_create(&thread, NULL, cancel, &b), 0);
    while (base_budget_spend(&b, 1) == 0)
        ;
    assert_int_equal(base_budget_code(&b), -ECANCELED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    base_budget_start(&b);
    assert_int_equal(base_budget_spend(&b, BASE_BUDGET_INTERVAL), -ECANCELED); /* a cancellation before the start counts, too */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_budget),   cmocka_unit_test(time_ends),     cmocka_unit_test(sleep_is_free),
        cmocka_unit_test(memory_ends), cmocka_unit_test(buffers_count), cmocka_unit_test(another_thread_cancels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
