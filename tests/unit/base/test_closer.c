/* SPDX-License-Identifier: Apache-2.0 */
#include "base/closer.h"
#include "lingering.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void what_others_serve_may_wait(void **state) {
    int pipe_ends[2], sockets[2];
    (void)state;
    assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
    const struct {
        int fd;
        bool may_wait;
    } cases[] = {
        {open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), true},
        {memfd_create("test", MFD_CLOEXEC), true}, /* a regular file; to ask which file system it is on may wait, too */
        {open("/dev/null", O_RDWR | O_CLOEXEC), true},
        {socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), true},
        {socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), true},
        {pipe_ends[0], false},
        {pipe_ends[1], false},
        {sockets[0], false},
        {sockets[1], false},
        {eventfd(0, EFD_CLOEXEC), false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (cases[i].fd < 0) {
            assert_int_equal(errno, EAFNOSUPPORT); /* a machine without IPv6 */
            continue;
        }
        assert_int_equal(base_closer_may_wait(cases[i].fd), cases[i].may_wait);
        close(cases[i].fd);
    }
    assert_false(base_closer_may_wait(-1));
}

/* A closed descriptor counts until its thread has noted that. */
static void wait_until_open(unsigned n) {
    for (int i = 0; base_closer_n_open() > n && i < 2000; i++)
        usleep(5000);
    assert_int_equal(base_closer_n_open(), n);
}

static void all_are_closed(void **state) {
    int ends[200][2];
    char byte;
    (void)state;
    for (int i = 0; i < 200; i++)
        assert_int_equal(pipe2(ends[i], O_CLOEXEC), 0);
    for (int i = 0; i < 200; i++)
        base_closer_close(ends[i][1]);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(read(ends[i][0], &byte, 1), 0);
        close(ends[i][0]);
    }
    wait_until_open(0);
}

static void nobody_waits_for_a_slow_one(void **state) {
    int other, ends[2];
    char byte;
    (void)state;
    int fd = lingering_socket(&other);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    alarm(30); /* before it closes by itself */
    base_closer_close(fd);
    usleep(100000);
    assert_int_equal(base_closer_n_open(), 1); /* so it does wait */
    base_closer_close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 0);
    wait_until_open(1);
    close(other);
    wait_until_open(0);
    alarm(0);
    close(ends[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_others_serve_may_wait),
        cmocka_unit_test(all_are_closed),
        cmocka_unit_test(nobody_waits_for_a_slow_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
