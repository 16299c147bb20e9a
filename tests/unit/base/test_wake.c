/* SPDX-License-Identifier: Apache-2.0 */
/* Tests waking and starting a thread: no wake-up is lost, signals stay with the main thread, and a thread has its name. */
#include "base/thread.h"
#include "base/wake.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define N_ROUNDS 2000

struct pair {
    struct base_wake to_thread, to_main;
    _Atomic unsigned n_asked, n_answered;
    sigset_t mask;
    char name[16];
};

static void *answer(void *user) {
    struct pair *p = user;
    pthread_sigmask(SIG_SETMASK, NULL, &p->mask);
    while (atomic_load(&p->n_answered) < N_ROUNDS) {
        base_wake_wait(&p->to_thread, -1);
        atomic_store(&p->n_answered, atomic_load(&p->n_asked));
        base_wake_up(&p->to_main);
    }
    pthread_getname_np(pthread_self(), p->name, sizeof(p->name));
    return NULL;
}

static void no_call_is_lost_between_two_threads(void **state) {
    struct pair p = {.n_asked = 0};
    pthread_t thread;
    (void)state;
    assert_int_equal(base_wake_init(&p.to_thread), 0);
    assert_int_equal(base_wake_init(&p.to_main), 0);
    assert_int_equal(base_thread_start(&thread, "answering", answer, &p), 0);
    for (unsigned i = 1; i <= N_ROUNDS; i++) {
        atomic_store(&p.n_asked, i);
        base_wake_up(&p.to_thread);
        while (atomic_load(&p.n_answered) < i)
            base_wake_wait(&p.to_main, 10000);
        if (i == N_ROUNDS - 1) /* while the thread exists */
            assert_true(base_thread_cpu_us(thread) > 0);
    }
    pthread_join(thread, NULL);
    assert_string_equal(p.name, "answering");
    assert_int_equal(sigismember(&p.mask, SIGTERM), 1);
    base_wake_done(&p.to_thread);
    base_wake_done(&p.to_main);
    assert_int_equal(p.to_main.fd, -1);
}

static int is_readable(const struct base_wake *w) {
    struct pollfd f = {.fd = w->fd, .events = POLLIN};
    return poll(&f, 1, 0);
}

static void many_calls_wake_once(void **state) {
    struct base_wake w;
    (void)state;
    assert_int_equal(base_wake_init(&w), 0);
    assert_int_equal(is_readable(&w), 0);
    base_wake_clear(&w); /* does not block */
    base_wake_up(&w);
    base_wake_up(&w);
    assert_int_equal(is_readable(&w), 1);
    base_wake_wait(&w, -1);
    assert_int_equal(is_readable(&w), 0);
    base_wake_wait(&w, 1); /* ends with its timeout */
    base_wake_done(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_call_is_lost_between_two_threads),
        cmocka_unit_test(many_calls_wake_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
