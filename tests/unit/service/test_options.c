/* SPDX-License-Identifier: Apache-2.0 */
/* Session options: defaults and ranges. */
#include "rig.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct service_session_options defaults(void) {
    struct service_options o;
    service_options_init(&o);
    return (struct service_session_options){.grammar = "", .language = "", .app = "", .session = o.session};
}

/* Checks these options; an error message must name the option. */
static int check(struct service_session_options o, const char *name) {
    tragus_error e = {0};
    int r = service_check_options(&o, &e);
    if (r < 0)
        assert_non_null(strstr(e.text, name));
    return r;
}

static void defaults_are_right(void **state) {
    struct service_options o;
    tragus_error e = {0};
    struct service_session_options s = defaults();
    (void)state;
    service_options_init(&o);
    assert_string_equal(o.device, "default");
    assert_string_equal(o.listen_group, "tragus-listen");
    assert_string_equal(o.names_group, "tragus-names");
    assert_string_equal(o.admin_group, "tragus-admin");
    assert_int_equal(o.limits.sessions_per_user, 16);
    assert_int_equal(o.limits.sound_bytes, 64 << 20);
    assert_int_equal(service_check_options(&s, &e), 0);
    assert_int_equal(s.session.reject, 1);
    assert_false(s.limited);
}

static void confidence_is_a_share(void **state) {
    static const double right[] = {0, 0.5, 1}, wrong[] = {-0.001, 1.001, -INFINITY, INFINITY, NAN};
    struct service_session_options o = defaults();
    (void)state;
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        o.session.min_confidence = right[i];
        assert_int_equal(check(o, ""), 0);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        o.session.min_confidence = wrong[i];
        assert_int_equal(check(o, "MinConfidence"), -EINVAL);
    }
}

static void times_have_ranges(void **state) {
    static const uint32_t silence[] = {0, 100, 5000}, wrong_silence[] = {1, 99, 5001, UINT32_MAX};
    static const uint32_t longest[] = {0, 1000, 60000}, wrong_longest[] = {1, 999, 60001, UINT32_MAX};
    struct service_session_options o = defaults();
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        o.session.end_silence_ms = o.session.final_silence_ms = o.session.open_silence_ms = silence[i];
        o.session.max_speech_ms = longest[i];
        assert_int_equal(check(o, ""), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        o = defaults();
        o.session.end_silence_ms = wrong_silence[i];
        assert_int_equal(check(o, "EndSilenceMs"), -EINVAL);
        o = defaults();
        o.session.final_silence_ms = wrong_silence[i];
        assert_int_equal(check(o, "FinalSilenceMs"), -EINVAL);
        o = defaults();
        o.session.open_silence_ms = wrong_silence[i];
        assert_int_equal(check(o, "OpenSilenceMs"), -EINVAL);
        o = defaults();
        o.session.max_speech_ms = wrong_longest[i];
        assert_int_equal(check(o, "MaxCommandMs"), -EINVAL);
    }
}

static void a_limited_session_has_a_time(void **state) {
    struct service_session_options o = defaults();
    tragus_error e = {0};
    (void)state;
    o.timeout_ms = 60001; /* matters only for limited sessions */
    assert_int_equal(check(o, ""), 0);
    o.limited = true;
    assert_int_equal(check(o, "Timeout"), -EINVAL);
    o.timeout_ms = 60000;
    assert_int_equal(check(o, ""), 0);
    o.timeout_ms = 0;
    assert_int_equal(service_check_options(&o, &e), 0);
    assert_int_equal(o.timeout_ms, 8000);
}

static int check_input(struct service_input i, const char *name) {
    tragus_error e = {0};
    int r = service_check_input(&i, &e);
    if (r < 0)
        assert_non_null(strstr(e.text, name));
    return r;
}

static void input_has_ranges(void **state) {
    static const struct service_input raw = {.format = {.rate = 16000, .channels = 1, .encoding = AUDIO_S16LE}};
    static const uint32_t rates[] = {8000, 44100, 192000}, wrong_rates[] = {0, 7999, 192001, UINT32_MAX};
    struct service_input i = raw;
    (void)state;
    for (size_t k = 0; k < 3; k++) {
        i.format.rate = rates[k];
        assert_int_equal(check_input(i, ""), 0);
    }
    for (size_t k = 0; k < 4; k++) {
        i.format.rate = wrong_rates[k];
        assert_int_equal(check_input(i, "Rate"), -EINVAL);
    }
    i = raw;
    i.format.channels = 32;
    assert_int_equal(check_input(i, ""), 0);
    i.format.channels = 33;
    assert_int_equal(check_input(i, "Channels"), -EINVAL);
    i.format.channels = 0;
    assert_int_equal(check_input(i, "Channels"), -EINVAL);
    i = raw;
    i.live = true;
    assert_int_equal(check_input(i, ""), 0);
    i.sound_file = true;
    assert_int_equal(check_input(i, "sound file"), -EPROTO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_right), cmocka_unit_test(confidence_is_a_share),
        cmocka_unit_test(times_have_ranges),  cmocka_unit_test(a_limited_session_has_a_time),
        cmocka_unit_test(input_has_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
