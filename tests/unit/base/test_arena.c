/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that an arena first counts, then returns aligned zeroed pieces that do not overlap, and that misuse ends the program. */
#include "base/arena.h"

#include "dies.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct state {
    char *text;
    int32_t *numbers;
    char *nothing;
};

/* As in rooms: the same code counts and places. */
static void place(struct base_arena *a, struct state *s) {
    s->text = base_arena_place(a, 65);
    s->nothing = base_arena_place(a, 0);
    s->numbers = base_arena_place(a, 10 * sizeof *s->numbers);
}

static void test_counts_then_places(void **unused) {
    (void)unused;
    struct base_arena counting = {0}, a;
    struct state s;
    place(&counting, &s);
    assert_null(s.text);
    assert_null(s.numbers);
    assert_int_equal(counting.used_bytes, 128 + 64);

    assert_int_equal(base_arena_init(&a, counting.used_bytes), 0);
    place(&a, &s);
    assert_int_equal((uintptr_t)s.text % 64, 0);
    assert_int_equal((uintptr_t)s.numbers % 64, 0);
    for (size_t i = 0; i < 192; i++)
        assert_int_equal(s.text[i], 0);
    memset(s.text, 'x', 65);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(s.numbers[i], 0);
    base_arena_seal(&a);
    base_arena_done(&a);
    assert_null(a.memory);
    base_arena_done(&counting);
    base_arena_done(NULL);
}

static void test_too_big(void **unused) {
    (void)unused;
    struct base_arena a = {0};
    assert_int_equal(base_arena_init(&a, SIZE_MAX), -ENOMEM);
    assert_int_equal(base_arena_init(&a, SIZE_MAX - 10), -ENOMEM);
}

static void place_after_seal(void) {
    struct base_arena a;
    base_arena_init(&a, 128);
    base_arena_seal(&a);
    base_arena_place(&a, 1);
}

static void place_beyond_end(void) {
    struct base_arena a;
    base_arena_init(&a, 128);
    base_arena_place(&a, 64);
    base_arena_place(&a, 65);
}

static void count_beyond_size_t(void) {
    struct base_arena a = {0};
    base_arena_place(&a, SIZE_MAX - 200);
    base_arena_place(&a, 200);
}

static void test_misuse_stops(void **unused) {
    (void)unused;
    assert_true(dies(place_after_seal));
    assert_true(dies(place_beyond_end));
    assert_true(dies(count_beyond_size_t));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_then_places),
        cmocka_unit_test(test_too_big),
        cmocka_unit_test(test_misuse_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
