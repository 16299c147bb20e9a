/* SPDX-License-Identifier: Apache-2.0 */
/* The microphone when calls into alsa-lib fail: each one once, and some for ever. It must give sound again, say in one line what is
 * wrong and in one that it is over, and use next to no processor time.
 *
 * Most of a case is waiting, so each runs in a process of its own, and many at once.
 */
#include "base/clock.h"
#include "fail_alsa.h"
#include "ready.h"
#include "rig.h"
#include "service/microphone.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define N_CALLS 24 /* of a device that listens: one and a half seconds */
#define AT_ONCE 40
#define MOST_CPU_US 150000 /* of the thread that reads, in all the seconds of a case */
#define MOST_LINES 16

static const int errors[] = {-EPIPE, -ESTRPIPE, -EAGAIN, -ENODEV, -EIO, 0};
#define N_ERRORS (sizeof(errors) / sizeof(errors[0]))

static tragus_model *model;
static sd_event *event;
static struct base_wake wake;
static struct microphone *microphone;

/* --- in the process of a case ------------------------------------------------------------------------------------------------ */

struct lines { /* what was logged */
    unsigned n_trouble, n_back, n_others;
    char first[512];
};

static void on_change(void *user) {
    (void)user;
}

static struct microphone_counters counters(void) {
    struct microphone_counters c;
    microphone_check(microphone);
    microphone_counters(microphone, &c);
    return c;
}

static bool wait_until(bool (*is_so)(uint64_t value), uint64_t value, unsigned seconds) {
    for (uint64_t end_us = base_clock_monotonic_us() + seconds * UINT64_C(1000000); base_clock_monotonic_us() < end_us;) {
        if (is_so(value))
            return true;
        (void)sd_event_run(event, 10000);
    }
    return false;
}

static bool has_heard(uint64_t hops) {
    return counters().hops >= hops;
}

static bool has_called(uint64_t n) {
    (void)counters();
    return fail_alsa_n_calls() >= n;
}

static bool has_trouble(uint64_t value) {
    (void)value;
    (void)counters();
    return microphone_is_missing(microphone);
}

static struct lines read_lines(const char *path) {
    struct lines l = {0};
    char line[512];
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof(line), f)) {
        bool back = strstr(line, "The microphone is back"), found = strstr(line, "Found the microphone");
        bool trouble = strstr(line, "Failed to open the microphone") || strstr(line, " is gone: ");
        l.n_back += back;
        l.n_trouble += trouble;
        l.n_others += !back && !trouble && !found;
        if (trouble && !*l.first)
            snprintf(l.first, sizeof(l.first), "%s", line);
    }
    if (f)
        fclose(f);
    return l;
}

static const char *start(const char *device) {
    struct microphone_options o = {.device = device, .most_pause_s = 1, .gate = frontend_gate_defaults()};
    if (sd_event_new(&event) < 0 || base_wake_init(&wake) < 0 ||
        microphone_new(&microphone, &model, 1, event, &o, &wake, on_change, NULL) < 0)
        return "cannot be made";
    microphone_want(microphone, true);
    return wait_until(has_heard, 20, 30) ? NULL : "hears nothing before anything failed";
}

/* Nothing fails any more. Returns what is wrong, or NULL. */
static const char *end(const char *log) {
    static char text[700];

    fail_alsa_never();
    if (!wait_until(has_heard, counters().hops + 40, 15))
        return "gives no sound afterwards";
    struct microphone_counters c = counters();
    microphone_free(microphone);
    struct lines l = read_lines(log);
    snprintf(text, sizeof(text), "%u lines of trouble, %u that it is over, %u others, %llu us: %s", l.n_trouble, l.n_back,
             l.n_others, (unsigned long long)c.capture_us, l.first);
    bool good = l.n_trouble <= 1 && l.n_back == l.n_trouble && l.n_others == 0 && c.capture_us <= MOST_CPU_US;
    if (good && fail_alsa_n_open() != 0)
        return "leaves a device open";
    return good ? NULL : text;
}

struct fault {     /* of a case */
    unsigned call; /* 0: functions fail for ever */
    int error;
    const char *function, *before; /* before: fails with -ESTRPIPE, so that the function is reached; may be NULL */
    bool says_trouble;             /* for ever */
};

static const char *one_call(const struct fault *f, const char *log) {
    fail_alsa_call(f->call, f->error);
    if (!wait_until(has_called, f->call, 15))
        return "makes no further calls";
    return end(log);
}

static const char *for_ever(const struct fault *f, const char *log) {
    struct microphone_counters before = counters(), after;

    fail_alsa_never();
    if (f->before)
        fail_alsa_function(f->before, -ESTRPIPE);
    fail_alsa_function(f->function, f->error);
    if (!f->before && strncmp(f->function, "pcm_avail", 9) != 0 && strcmp(f->function, "pcm_readi") != 0)
        fail_alsa_function("pcm_avail", -ENODEV); /* so that the device is opened again */
    if (wait_until(has_trouble, 0, 8) != f->says_trouble)
        return f->says_trouble ? "reports nothing" : "reports trouble";
    (void)wait_until(has_called, UINT64_MAX, 3);
    after = counters();
    if (fail_alsa_n_failed() < 2)
        return "was not tried again";
    if (fail_alsa_n_calls() > 2000 || after.wakeups - before.wakeups > 1000)
        return "is tried again and again without a pause";
    if (f->says_trouble && !*microphone_trouble(microphone))
        return "has no text of what is wrong";
    return end(log);
}

/* --- all cases --------------------------------------------------------------------------------------------------------------- */

static unsigned n_cases, n_wrong;
static pid_t running[AT_ONCE];
static unsigned n_running;

static void collect(unsigned most) {
    while (n_running > most) {
        int status;
        pid_t pid = wait(&status);
        for (unsigned i = 0; i < n_running; i++)
            if (running[i] == pid) {
                running[i] = running[--n_running];
                n_wrong += status != 0;
                break;
            }
    }
}

static void run(const struct fault *f) {
    char log[300];

    collect(AT_ONCE - 1);
    snprintf(log, sizeof(log), "%s/log.%u", rig_folder(), n_cases++);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0) {
        running[n_running++] = pid;
        return;
    }
    int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (dup2(fd, STDERR_FILENO) < 0)
        _exit(1);
    const char *wrong = start("silence");
    if (!wrong)
        wrong = f->call > 0 ? one_call(f, log) : for_ever(f, log);
    if (wrong) {
        printf("%s %u %s%s fails with %s: %s\n", f->call > 0 ? "call" : "for ever", f->call, f->function ? f->function : "",
               f->before ? " after an overrun" : "", f->error ? strerror(-f->error) : "no frames", wrong);
        fflush(stdout);
    }
    _exit(wrong ? 1 : 0);
}

static void finish(void) {
    collect(0);
    print_message("%u cases, %u wrong\n", n_cases, n_wrong);
    assert_int_equal(n_wrong, 0);
    n_cases = 0;
}

static void each_call_fails_once(void **state) {
    (void)state;
    for (unsigned n = 1; n <= N_CALLS; n++)
        for (size_t e = 0; e < N_ERRORS; e++)
            run(&(struct fault){.call = n, .error = errors[e]});
    finish();
}

static void each_function_fails_for_ever(void **state) {
    static const char *const reading[] = {"pcm_avail", "pcm_readi"};
    static const char *const recovering[] = {"pcm_prepare", "pcm_start", "pcm_resume", "pcm_state"};
    static const char *const opening[] = {"pcm_open",      "pcm_hw_params", "pcm_hw_params_any",       "pcm_hw_params_set_access",
                                          "pcm_sw_params", "pcm_start",     "pcm_hw_params_set_format"};
    (void)state;
    for (size_t e = 0; e < N_ERRORS; e++) {
        for (size_t i = 0; i < 2; i++)
            run(&(struct fault){.function = reading[i], .error = errors[e], .says_trouble = true});
        for (size_t i = 0; i < 4 && errors[e] < 0; i++)
            run(&(struct fault){.function = recovering[i], .before = "pcm_readi", .error = errors[e], .says_trouble = true});
        for (size_t i = 0; i < 7 && errors[e] < 0; i++)
            run(&(struct fault){.function = opening[i], .error = errors[e], .says_trouble = true});
    }
    finish();
}

static int make(void **state) {
    (void)state;
    model = ready_model();
    rig_device("silence", NULL);
    return 0;
}

static int unmake(void **state) {
    (void)state;
    tragus_model_unref(model);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_fails_once),
        cmocka_unit_test(each_function_fails_for_ever),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
