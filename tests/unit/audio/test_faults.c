/* SPDX-License-Identifier: Apache-2.0 */
/* Each call into alsa-lib fails once while a device is opened, looked at or listed: either it works all the same, or there is one
 * sentence that names the device, and nothing stays open. */
#include "audio/devices.h"
#include "audio/source.h"
#include "base/clock.h"
#include "base/wake.h"
#include "fail_alsa.h"
#include "rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DEVICE "silence"
#define MOST_CALLS 1000

static const int errors[] = {-EPIPE, -ESTRPIPE, -EAGAIN, -ENODEV, -EIO, -EINVAL, -EBUSY};
#define N_ERRORS (sizeof(errors) / sizeof(errors[0]))

static struct base_wake never;
static const struct audio_mix mixes[] = {{.channel = 0}, {.channel = 1}, {.channel = AUDIO_LOUDEST}};

static int make(void **state) {
    (void)state;
    rig_device(DEVICE, NULL);
    FILE *f = fopen(getenv("ALSA_CONFIG_PATH"), "a");
    assert_non_null(f);
    fprintf(f, "pcm." DEVICE ".hint { show on description \"A quiet room\" }\ndefaults.namehint.extended on\n");
    assert_int_equal(fclose(f), 0);
    return base_wake_init(&never);
}

static int unmake(void **state) {
    (void)state;
    base_wake_done(&never);
    return 0;
}

static void check_sentence(const tragus_error *e, const char *device) {
    assert_true(strlen(e->text) > 10);
    assert_null(strchr(e->text, '\n'));
    assert_non_null(strstr(e->text, device));
}

/* A device that was opened although a call failed must give sound. */
static void check_sound(struct audio_capture *c) {
    int16_t out[16000];
    uint32_t lost_ms;
    int n = 0;

    for (uint64_t end_us = base_clock_monotonic_us() + 5000000; n == 0 && base_clock_monotonic_us() < end_us;)
        n = audio_capture_read(c, 20, never.fd, out, sizeof(out) / sizeof(out[0]), &lost_ms);
    assert_true(n > 0);
    assert_true(strlen(audio_capture_name(c)) > 0);
}

/* Opens and closes; returns whether it could be opened. */
static bool open_once(const struct audio_mix *mix) {
    struct audio_capture *c = NULL;
    tragus_error e = {0};

    if (audio_capture_open(&c, DEVICE, mix, &e) < 0) {
        assert_null(c);
        check_sentence(&e, DEVICE);
        return false;
    }
    if (fail_alsa_n_failed() > 0)
        check_sound(c);
    audio_capture_close(c); /* may be what fails */
    return true;
}

static bool look_once(const struct audio_mix *mix) {
    struct audio_offer offer;
    tragus_error e = {0};

    if (audio_capture_look(DEVICE, mix, &offer, &e) < 0) {
        check_sentence(&e, DEVICE);
        return false;
    }
    assert_true(offer.rate > 0 && offer.channels > 0);
    return true;
}

static bool list_once(const struct audio_mix *mix) {
    struct audio_device *list = NULL;
    tragus_error e = {0};
    size_t n = 0;
    (void)mix;

    if (audio_devices_list(&list, &n, "/nowhere", &e) < 0) {
        check_sentence(&e, "ALSA");
        return false;
    }
    for (size_t i = 0; i < n; i++)
        if (list[i].code < 0)
            check_sentence(&list[i].error, list[i].device);
    audio_devices_free(list, n);
    return true;
}

static void fail_each(const char *what, bool (*once)(const struct audio_mix *mix), const struct audio_mix *mix) {
    unsigned n_tried = 0, n_refused = 0, n_calls;

    fail_alsa_never();
    assert_true(once(mix));
    n_calls = fail_alsa_n_calls();
    assert_in_range(n_calls, 1, MOST_CALLS);
    for (unsigned n = 1; n <= n_calls; n++)
        for (size_t e = 0; e < N_ERRORS; e++) {
            fail_alsa_call(n, errors[e]);
            n_refused += !once(mix);
            n_tried += fail_alsa_n_failed();
            assert_int_equal(fail_alsa_n_open(), 0);
        }
    fail_alsa_never();
    assert_true(once(mix));
    print_message("%s: %u calls, %u failures, %u of them refused\n", what, n_calls, n_tried, n_refused);
    assert_true(n_refused > 0 && n_refused < n_tried);
}

static void opening(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(mixes) / sizeof(mixes[0]); i++)
        fail_each("open", open_once, &mixes[i]);
}

static void looking(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(mixes) / sizeof(mixes[0]); i++)
        fail_each("look", look_once, &mixes[i]);
}

static void listing(void **state) {
    (void)state;
    fail_each("list", list_once, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(opening), cmocka_unit_test(looking), cmocka_unit_test(listing)};
    return cmocka_run_group_tests(tests, make, unmake);
}
