/* SPDX-License-Identifier: Apache-2.0 */
/* The service as a whole: with and without a model, observers, and shutdown. */
#include "ready.h"
#include "rig.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CHANNELS "front center\nrear left\nturn on the light\nwhat time is it\n"

static sd_event *event;
static const struct service_input raw = {.format = {.rate = 16000, .channels = 1, .encoding = AUDIO_S16LE}};

static int make(void **state) {
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    rig_device("silence", NULL);
    return sd_event_new(&event);
}

static int unmake(void **state) {
    (void)state;
    sd_event_unref(event);
    return 0;
}

/* Redirects the log to a file until log_end, which returns its text. */
static int stderr_before;
static char *log_path;

static void log_begin(void) {
    log_path = rig_file("log", "", 0);
    fflush(stderr);
    stderr_before = dup(STDERR_FILENO);
    int fd = open(log_path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_true(stderr_before >= 0 && fd >= 0 && dup2(fd, STDERR_FILENO) >= 0);
    close(fd);
}

static const char *log_end(void) {
    static char text[4096];
    fflush(stderr);
    dup2(stderr_before, STDERR_FILENO);
    close(stderr_before);
    FILE *f = fopen(log_path, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    free(log_path);
    return text;
}

static struct service *serve(void) {
    struct service_options o;
    rig_options(&o);
    rig_control("silence", NULL);
    struct service *s = rig_service(event, &o);
    rig_grammar(s, event, "channels", CHANNELS);
    return s;
}

static struct service_session *start(struct service *s, struct rig_log *log, bool microphone) {
    struct service_session_options o = rig_session_options(s, "channels", log);
    tragus_error e = {0};
    o.microphone = microphone;
    struct service_session *session = rig_session(s, &o);
    if (!microphone)
        assert_int_equal(service_session_set_pushed(session, &raw, &e), 0);
    if (service_session_start(session, &e) < 0)
        fail_msg("%s", e.text);
    return session;
}

/* --- models --- */

static void without_a_model_it_stays_up_and_says_why(void **state) {
    struct service_options o;
    struct service *s = NULL;
    struct service_session *session = NULL;
    struct service_report report;
    tragus_error e = {0};
    (void)state;
    rig_options(&o);
    o.model = "/nowhere/model";
    assert_int_equal(service_new(&s, event, &o), 0);
    assert_int_equal(service_ready(s), SERVICE_FAILED);
    assert_true(service_alive(s));
    assert_false(service_microphone_open(s));
    assert_null(service_language(s, 0));
    struct service_session_options so = rig_session_options(s, "", NULL);
    assert_int_equal(service_session_new(&session, s, &rig_daemon, &so, &e), -ENODATA);
    assert_true(e.text[0]);
    assert_int_equal(rig_add_grammar(s, event, &rig_daemon, "x", false, "stop\n", NULL, &e), -ENODATA);
    assert_int_equal(service_grammar_load(s, "x", (const char *[]){"/nowhere"}, 1, &e), -ENODATA);
    service_report(s, &report);
    assert_int_equal(report.audio_us, 0);
    rig_run(event, 10);
    service_finish(s);
    service_free(s);
    service_free(NULL);
}

static void what_is_wrong_beside_the_model_is_left_out(void **state) {
    struct service_options o;
    char *words = rig_file("words.txt", "zork QQQ\n", 9);
    char languages[4200];
    (void)state;
    rig_options(&o);
    o.pronunciations = words;
    snprintf(languages, sizeof(languages), "/nowhere/de %.4000s", o.model); /* a missing one, and the default again */
    o.languages = languages;
    log_begin();
    struct service *s = rig_service(event, &o);
    const char *log = log_end();
    assert_non_null(strstr(log, "Failed to load the model /nowhere/de, "));
    assert_non_null(strstr(log, "there is a model for \"en\" already"));
    assert_non_null(strstr(log, "Failed to load pronunciations, "));
    assert_non_null(strstr(log, "words.txt:1:"));
    assert_string_equal(service_language(s, 0), "en");
    assert_null(service_language(s, 1));
    tragus_error e = {0};
    assert_int_equal(service_find_model(s, "", &e), 0);
    assert_int_equal(service_find_model(s, "en", &e), 0);
    assert_int_equal(service_find_model(s, "de", &e), -ENODATA);
    assert_non_null(strstr(e.text, "en"));
    rig_grammar(s, event, "x", "zork\n"); /* its pronunciation is guessed */
    service_free(s);
    free(words);
}

static void limits_are_told(void **state) {
    struct service_options o;
    (void)state;
    rig_options(&o);
    o.limits.grammar_bytes = 12345;
    struct service *s = rig_service(event, &o);
    assert_int_equal(service_limits(s)->grammar_bytes, 12345);
    service_free(s);
}

/* --- observers --- */

struct watcher {
    struct service_observer observer; /* first member */
    struct service *service;
    struct watcher *removes; /* in its callback */
    unsigned n;
};

static void on_change(void *user) {
    struct watcher *w = user;
    w->n++;
    if (w->removes) {
        service_unobserve(w->service, &w->removes->observer);
        w->removes = NULL;
    }
}

static void watch(struct watcher *w, struct service *s) {
    *w = (struct watcher){.observer = {.changed = on_change, .user = w}, .service = s};
    service_observe(s, &w->observer);
}

static void several_may_watch(void **state) {
    struct rig_log log = {0};
    struct watcher a, b, c;
    (void)state;
    struct service *s = serve();
    watch(&a, s);
    watch(&b, s);
    watch(&c, s);
    b.removes = &b; /* b removes itself in its callback */
    struct service_session *session = start(s, &log, true);
    assert_int_equal(b.n, 1);
    assert_true(a.n >= 2 && c.n == a.n); /* the microphone is open, and somebody listens */
    unsigned n = a.n;
    rig_grammar(s, event, "more", "stop\n");
    assert_true(a.n > n && c.n == a.n);
    n = a.n;
    assert_int_equal(service_grammar_remove(s, &rig_daemon, "more", NULL), 0);
    assert_true(a.n > n);
    n = a.n;
    service_session_free(session);
    rig_run(event, 100);
    assert_true(a.n > n && c.n == a.n); /* nobody listens */
    assert_int_equal(b.n, 1);
    service_unobserve(s, &b.observer); /* already removed */
    service_unobserve(s, &a.observer);
    service_unobserve(s, &c.observer);
    n = a.n;
    rig_grammar(s, event, "more", "stop\n");
    assert_int_equal(a.n, n);
    service_free(s);
}

static void one_who_watches_may_send_another_away(void **state) {
    struct watcher a, b, c;
    (void)state;
    struct service *s = serve();
    watch(&a, s);
    watch(&b, s);
    watch(&c, s);
    a.removes = &b;
    b.removes = &a; /* whichever is called first prevents the other's call */
    rig_grammar(s, event, "one", "stop\n");
    assert_int_equal(a.n + b.n, 1);
    assert_int_equal(c.n, 1);
    struct watcher *gone = a.n ? &b : &a, *stays = a.n ? &a : &b;
    memset(gone, 0xff, sizeof(*gone)); /* removed observers must not be accessed any more */
    rig_grammar(s, event, "two", "stop\n");
    assert_int_equal(stays->n, 2);
    assert_int_equal(c.n, 2);
    service_unobserve(s, &stays->observer);
    service_unobserve(s, &c.observer);
    service_free(s);
}

/* --- shutdown --- */

static void sessions_hear_of_the_end_once(void **state) {
    struct rig_log live = {0}, batch = {0}, idle = {0};
    (void)state;
    struct service *s = serve();
    struct service_session *a = start(s, &live, true), *b = start(s, &batch, false);
    struct service_session_options o = rig_session_options(s, "channels", &idle);
    struct service_session *c = rig_session(s, &o);
    rig_run(event, 50);
    service_finish(s);
    service_finish(s);
    assert_int_equal(live.n_finished, 1);
    assert_int_equal(live.finish, SERVICE_DAEMON_STOPS);
    assert_int_equal(batch.n_finished, 1);
    assert_int_equal(batch.finish, SERVICE_DAEMON_STOPS);
    assert_int_equal(idle.n_finished, 0);
    service_session_push_end(b);
    rig_run(event, 100); /* the input ends as well */
    assert_int_equal(live.n_finished, 1);
    assert_int_equal(batch.n_finished, 1);
    service_session_free(a);
    service_session_free(b);
    service_session_free(c);
    service_free(s);
}

static void what_runs_is_ended(void **state) {
    struct rig_log logs[3] = {0};
    (void)state;
    struct service *s = serve();
    start(s, &logs[0], true);
    start(s, &logs[1], true);
    struct service_session *b = start(s, &logs[2], false);
    static const int16_t silence[8000];
    assert_true(service_session_push(b, silence, sizeof(silence)) > 0);
    rig_run(event, 30);
    service_free(s); /* without events */
    for (int i = 0; i < 3; i++)
        assert_int_equal(logs[i].n_finished + logs[i].n_lost, 0);
}

static unsigned n_answers;
static int last_code;

static void on_answer(const struct service_grammar_result *result, void *user) {
    (void)user;
    n_answers++;
    last_code = result->code;
}

static void who_waits_for_a_grammar_is_answered_at_the_end(void **state) {
    static const tragus_text text = {"more", NULL, "stop\n", 5};
    struct service_grammar_source what = {.name = "more", .format = "", .language = "", .texts = &text, .n_texts = 1};
    tragus_error e = {0};
    (void)state;
    struct service *s = serve();
    for (int i = 0; i < 5; i++)
        assert_int_equal(service_grammar_add(s, &rig_daemon, &what, on_answer, NULL, &e), 0);
    service_free(s);
    assert_int_equal(n_answers, 5);
    assert_int_equal(last_code, -ECANCELED);
}

static bool is_ready(const void *user) {
    return service_ready(user) == SERVICE_READY;
}

static void it_is_degraded_while_the_microphone_is_missed(void **state) {
    struct rig_log log = {0};
    (void)state;
    struct service *s = serve();
    rig_control("silence", "gone");
    struct service_session *session = start(s, &log, true);
    assert_int_equal(service_ready(s), SERVICE_DEGRADED);
    assert_true(rig_until(event, rig_has_lost, &log));
    assert_int_equal(log.loss, SERVICE_DEVICE_GONE);
    rig_control("silence", NULL);
    assert_true(rig_until(event, is_ready, s)); /* with its first sound */
    assert_true(service_microphone_open(s));
    rig_run(event, 250);
    assert_true(service_alive(s));
    rig_run(event, 250);
    assert_true(service_alive(s));
    service_session_free(session);
    service_free(s);
}

/* Sound may be lost ten times a second, and each time is told to the sessions, but the log has one line a minute. */
static void many_losses_take_one_line(void **state) {
    struct rig_log log = {0};
    unsigned n = 0;
    (void)state;
    struct service *s = serve();
    struct service_session_options o = rig_session_options(s, "channels", &log);
    o.microphone = true;
    log_begin();
    struct service_session *session = rig_session(s, &o);
    assert_int_equal(service_session_start(session, NULL), 0);
    for (unsigned i = 0; i < 4; i++) {
        log.n_lost = 0;
        rig_run(event, 150);
        rig_control("silence", "overrun");
        bool told = rig_until(event, rig_has_lost, &log);
        n += told;
    }
    service_session_free(session);
    service_free(s);
    const char *text = log_end(), *line = strstr(text, "were lost");
    assert_int_equal(n, 4);
    assert_non_null(line);
    assert_null(strstr(line + 1, "were lost"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_model_it_stays_up_and_says_why),
        cmocka_unit_test(what_is_wrong_beside_the_model_is_left_out),
        cmocka_unit_test(limits_are_told),
        cmocka_unit_test(several_may_watch),
        cmocka_unit_test(one_who_watches_may_send_another_away),
        cmocka_unit_test(sessions_hear_of_the_end_once),
        cmocka_unit_test(what_runs_is_ended),
        cmocka_unit_test(who_waits_for_a_grammar_is_answered_at_the_end),
        cmocka_unit_test(many_losses_take_one_line),
        cmocka_unit_test(it_is_degraded_while_the_microphone_is_missed),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
