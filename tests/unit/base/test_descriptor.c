/* SPDX-License-Identifier: Apache-2.0 */
/* Clients' descriptors leave a reserve for the process itself. */
#include "base/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#define MOST 1024

static void limit(rlim_t n) {
    struct rlimit l;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &l), 0);
    l.rlim_cur = n;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &l), 0);
}

/* Fills up, with holes at the bottom. Returns how many descriptors can be opened after that. */
static unsigned fill(unsigned n_limit) {
    int kept[MOST], own[MOST], last;
    unsigned n_kept = 0, n_own = 0;

    limit(n_limit);
    while ((last = base_descriptor_keep(STDIN_FILENO)) >= 0)
        kept[n_kept++] = last;
    assert_int_equal(last, -ENOBUFS);
    assert_true(n_kept > 3);
    close(kept[0]);
    kept[0] = base_descriptor_keep(STDIN_FILENO); /* a hole is filled again */
    assert_true(kept[0] >= 3);
    assert_int_equal(base_descriptor_keep(STDIN_FILENO), -ENOBUFS);
    while ((last = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)) >= 0)
        own[n_own++] = last;
    assert_int_equal(errno, EMFILE);
    assert_int_equal(base_descriptor_keep(STDIN_FILENO), -ENOBUFS); /* when nothing at all is left */
    for (unsigned i = 0; i < n_kept; i++)
        close(kept[i]);
    for (unsigned i = 0; i < n_own; i++)
        close(own[i]);
    return n_own;
}

static void a_reserve_is_left(void **state) {
    (void)state;
    assert_int_equal(fill(MOST), BASE_DESCRIPTOR_RESERVE);
    assert_int_equal(fill(64), 32);
}

static void what_is_none_is_refused(void **state) {
    (void)state;
    assert_int_equal(base_descriptor_keep(-1), -EBADF);
}

static void the_limit_is_raised(void **state) {
    struct rlimit l;
    (void)state;
    limit(64);
    base_descriptor_raise_limit();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &l), 0);
    assert_int_equal(l.rlim_cur, l.rlim_max);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reserve_is_left),
        cmocka_unit_test(what_is_none_is_refused),
        cmocka_unit_test(the_limit_is_raised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
