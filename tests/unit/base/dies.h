/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/base/dies.h: checks in a child process whether a function ends in base_assert_failed. */
#ifndef TRAGUS_TESTS_UNIT_BASE_DIES_H
#define TRAGUS_TESTS_UNIT_BASE_DIES_H

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static inline bool dies(void (*f)(void)) {
    pid_t child = fork();
    if (child < 0)
        abort();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0});
        signal(SIGABRT, SIG_DFL);
        int nowhere = open("/dev/null", O_WRONLY);
        dup2(nowhere, STDERR_FILENO);
        f();
        _exit(0);
    }
    int status;
    if (waitpid(child, &status, 0) != child)
        abort();
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

#endif
