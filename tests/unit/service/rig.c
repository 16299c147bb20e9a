/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include "../engine/ready.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_S 20

static uint64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- files --- */

static char folder[128];
static pid_t folder_owner;

static void remove_folder(void) {
    char command[160];
    if (getpid() != folder_owner)
        return;
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    if (system(command) != 0)
        fprintf(stderr, "%s cannot be removed\n", folder);
}

const char *rig_folder(void) {
    if (!*folder) {
        const char *tmp = getenv("TMPDIR");
        snprintf(folder, sizeof(folder), "%.80s/tragus-unit.XXXXXX", tmp && *tmp ? tmp : "/tmp");
        assert_non_null(mkdtemp(folder));
        folder_owner = getpid();
        atexit(remove_folder);
    }
    return folder;
}

char *rig_file(const char *name, const void *bytes, size_t n) {
    char *path;
    assert_true(asprintf(&path, "%s/%s", rig_folder(), name) > 0);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    return path;
}

static void put32(unsigned char *to, uint32_t value) {
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(value >> 8 * i);
}

unsigned char *rig_wav(const int16_t *pcm, size_t n, size_t *ret_len) {
    unsigned char *wav = malloc(44 + 2 * n);
    assert_non_null(wav);
    memcpy(wav, "RIFF....WAVEfmt ....................data....", 44);
    put32(wav + 4, (uint32_t)(36 + 2 * n));
    put32(wav + 16, 16);
    put32(wav + 20, 1 | 1 << 16); /* PCM, one channel */
    put32(wav + 24, 16000);
    put32(wav + 28, 32000);
    put32(wav + 32, 2 | 16 << 16); /* bytes per frame, bits per sample */
    put32(wav + 40, (uint32_t)(2 * n));
    memcpy(wav + 44, pcm, 2 * n);
    *ret_len = 44 + 2 * n;
    return wav;
}

int rig_silent_file(void) {
    char rest[8192];
    int fd = open("/proc/kmsg", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        print_message("skipped: /proc/kmsg cannot be opened: run as root\n");
        skip();
    }
    int flags = fcntl(fd, F_GETFL);
    assert_int_equal(fcntl(fd, F_SETFL, flags | O_NONBLOCK), 0);
    while (read(fd, rest, sizeof(rest)) > 0)
        ;
    assert_int_equal(fcntl(fd, F_SETFL, flags), 0);
    return fd;
}

/* --- microphone --- */

void rig_device(const char *name, const char *sound) {
    char path[256];
    const char *build = getenv("abs_top_builddir");
    char module[4096];

    snprintf(module, sizeof(module), "%s/.libs/libasound_module_pcm_tragus_test.so", build ? build : ".");
    if (access(module, R_OK) < 0) {
        printf("skipped: %s is not built; make playing\n", module);
        exit(77);
    }
    snprintf(path, sizeof(path), "%s/asound.conf", rig_folder());
    bool first = access(path, F_OK) < 0;
    FILE *f = fopen(path, "a");
    assert_non_null(f);
    if (first)
        fprintf(f, "pcm_type.tragus_test { lib \"%s\" }\n", module);
    fprintf(f, "pcm.%s { type tragus_test file \"%s\" rate 16000 control \"%s/%s.control\" }\n", name, sound ? sound : "",
            rig_folder(), name);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(setenv("ALSA_CONFIG_PATH", path, 1), 0);
}

void rig_control(const char *name, const char *order) {
    char path[256], new_path[280];
    snprintf(path, sizeof(path), "%s/%s.control", rig_folder(), name);
    if (!order) {
        (void)unlink(path);
        return;
    }
    snprintf(new_path, sizeof(new_path), "%s.new", path);
    FILE *f = fopen(new_path, "w");
    assert_non_null(f);
    fprintf(f, "%s\n", order);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(rename(new_path, path), 0); /* so that the device never reads half an order */
}

/* --- the event loop --- */

bool rig_until(sd_event *event, bool (*is_so)(const void *user), const void *user) {
    uint64_t end_ms = now_ms() + PATIENCE_S * 1000;
    while (!is_so(user)) {
        if (now_ms() > end_ms)
            return false;
        assert_true(sd_event_run(event, 20000) >= 0);
    }
    return true;
}

void rig_run(sd_event *event, unsigned ms) {
    for (uint64_t end_ms = now_ms() + ms; now_ms() < end_ms;)
        assert_true(sd_event_run(event, 10000) >= 0);
}

/* --- a service --- */

const struct service_caller rig_daemon = {.owner = "", .uid = 0, .privileged = true};
const struct service_caller rig_guest = {.owner = "guest", .uid = 65534, .privileged = false};

void rig_options(struct service_options *o) {
    static char model[4096];
    const char *build = getenv("abs_top_builddir");
    snprintf(model, sizeof(model), "%s/models/en", build ? build : ".");
    service_options_init(o);
    o->model = model;
    o->device = "silence";
    o->most_pause_s = 1;
    o->listen_group = o->names_group = o->admin_group = "";
}

struct service *rig_service(sd_event *event, const struct service_options *o) {
    struct service *s = NULL;
    tragus_model_unref(ready_model()); /* reports what is missing */
    assert_int_equal(service_new(&s, event, o), 0);
    assert_int_equal(service_ready(s), SERVICE_READY);
    return s;
}

struct answer { /* of a call that answers later */
    bool has_come;
    int code;
    tragus_error error;
    tragus_diagnostics diagnostics;
};

static void on_answer(const struct service_grammar_result *result, void *user) {
    struct answer *a = user;
    const tragus_diagnostics *d = result->diagnostics;
    a->has_come = true;
    a->code = result->code;
    a->error = result->error;
    if (d->n_items > 0) {
        a->diagnostics = (tragus_diagnostics){.items = calloc(d->n_items, sizeof(*d->items)), .n_items = d->n_items};
        assert_non_null(a->diagnostics.items);
        memcpy(a->diagnostics.items, d->items, d->n_items * sizeof(*d->items));
    }
}

static bool has_come(const void *user) {
    return ((const struct answer *)user)->has_come;
}

/* r: the immediate result of the call. */
static int await(sd_event *event, struct answer *a, int r, tragus_diagnostics *d, tragus_error *reterr) {
    if (r < 0)
        return r;
    assert_true(rig_until(event, has_come, a));
    if (a->code < 0)
        *reterr = a->error;
    if (d)
        *d = a->diagnostics;
    else
        tragus_diagnostics_done(&a->diagnostics);
    return a->code;
}

int rig_add_grammar(struct service *s, sd_event *event, const struct service_caller *caller, const char *name, bool is_private,
                    const char *text, tragus_diagnostics *d, tragus_error *reterr) {
    struct answer a = {0};
    struct service_grammar_source what = {.name = name,
                                          .format = "",
                                          .language = "",
                                          .is_private = is_private,
                                          .texts = &(tragus_text){name, NULL, text, strlen(text)},
                                          .n_texts = 1};
    return await(event, &a, service_grammar_add(s, caller, &what, on_answer, &a, reterr), d, reterr);
}

int rig_set_list(struct service *s, sd_event *event, const struct service_caller *caller, const char *name, const char *list,
                 const tragus_list_value values[], size_t n, tragus_error *reterr) {
    struct answer a = {0};
    return await(event, &a, service_grammar_set_list(s, caller, name, list, values, n, on_answer, &a, reterr), NULL, reterr);
}

bool rig_understands(struct service *s, const char *owner, const char *grammar, const char *text) {
    tragus_error e = {0};
    tragus_match *m = NULL;
    const struct service_grammar *g = service_grammar_find(s, owner, grammar, &e);
    int n = g ? tragus_match_text(&m, g->grammar, text, NULL, 0, 1) : 0;
    tragus_match_free(m);
    return n > 0;
}

void rig_grammar(struct service *s, sd_event *event, const char *name, const char *list) {
    tragus_error e = {0};
    tragus_diagnostics d = {0};
    if (rig_add_grammar(s, event, &rig_daemon, name, false, list, &d, &e) < 0)
        fail_msg("%s: %s", name, e.text);
    tragus_diagnostics_done(&d);
}

/* --- a session --- */

static void add_line(struct rig_log *l, const char *format, const char *text) {
    size_t len = strlen(l->heard);
    snprintf(l->heard + len, sizeof(l->heard) - len, format, text);
}

void rig_log_event(struct service_session *session, const struct service_event *e, void *user) {
    struct rig_log *l = user;
    bool result = false;

    switch (e->type) {
    case SERVICE_HEARD:
        l->n_started += e->heard->type == TRAGUS_SPEECH_STARTED;
        l->n_ended += e->heard->type == TRAGUS_SPEECH_ENDED;
        l->n_partial += e->heard->type == TRAGUS_PARTIAL;
        l->n_utterances += e->heard->type == TRAGUS_UTTERANCE;
        l->n_rejected += e->heard->type == TRAGUS_REJECTED;
        if (e->heard->type == TRAGUS_UTTERANCE) {
            add_line(l, "%s\n", e->heard->text);
            snprintf(l->intent, sizeof(l->intent), "%s", e->heard->intent);
        }
        if (e->heard->type == TRAGUS_REJECTED)
            add_line(l, "(%s)\n", e->heard->text);
        result = e->heard->type == TRAGUS_UTTERANCE || e->heard->type == TRAGUS_REJECTED;
        if (result) {
            l->reason = e->heard->reason;
            l->latency_ms = e->latency_ms;
        }
        l->sequence = e->heard->sequence;
        l->time_us = e->time_us;
        break;
    case SERVICE_INPUT_LOST:
        l->n_lost++;
        l->loss = e->reason;
        l->lost_us += e->lost_us;
        snprintf(l->text, sizeof(l->text), "%s", e->text);
        break;
    case SERVICE_FINISHED:
        l->n_finished++;
        l->finish = e->reason;
        snprintf(l->text, sizeof(l->text), "%s", e->text);
        if (l->start_at_finish) {
            l->start_at_finish = false;
            assert_int_equal(service_session_start(session, NULL), 0);
        }
        break;
    }
    if (result && l->free_at_result) {
        service_session_free(session);
        *l->session = NULL;
    }
}

struct service_session_options rig_session_options(const struct service *s, const char *grammar, struct rig_log *log) {
    struct service_session_options o;
    service_session_defaults(s, &o);
    o.grammar = grammar;
    o.event = rig_log_event;
    o.user = log;
    return o;
}

struct service_session *rig_session(struct service *s, const struct service_session_options *o) {
    struct service_session *session = NULL;
    tragus_error e = {0};
    if (service_session_new(&session, s, &rig_daemon, o, &e) < 0)
        fail_msg("%s", e.text);
    return session;
}

bool rig_finished(const void *user) {
    return ((const struct rig_log *)user)->n_finished > 0;
}

bool rig_has_result(const void *user) {
    const struct rig_log *l = user;
    return l->n_utterances + l->n_rejected > 0;
}

bool rig_has_lost(const void *user) {
    return ((const struct rig_log *)user)->n_lost > 0;
}

bool rig_has_started(const void *user) {
    return ((const struct rig_log *)user)->n_started > 0;
}
