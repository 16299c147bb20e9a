/* SPDX-License-Identifier: Apache-2.0 */
/* cli/doctor_daemon.c: asks tragusd, as any other client of the bus. */
#include "base/clock.h"
#include "busjson/busjson.h"
#include "cli/busclient.h"
#include "cli/doctor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define POLL_US 50000
#define FINISH_US 5000000  /* how long a sentence at the end may take */
#define ANSWER_US 60000000 /* how long a recording may take */

void doctor_check_daemon(struct doctor *d) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    char text[1024];

    int r = busclient_connect(&d->bus, d->address);
    if (r < 0) {
        busclient_explain_connection(d->address, r, text, sizeof(text));
        doctor_report(d, "daemon", DOCTOR_FAILED, text, "no connection to the message bus");
        return;
    }
    r = sd_bus_call_method(d->bus, BUSCLIENT_NAME, BUSCLIENT_PATH, "org.freedesktop.DBus.Properties", "GetAll", &error, &reply, "s",
                           BUSCLIENT_MANAGER);
    if (r < 0) {
        (void)busclient_explain(&error, r, CLI_UNREACHABLE, text, sizeof(text));
        doctor_report(d, "daemon", DOCTOR_FAILED, text, "tragusd does not answer");
    } else {
        json_object *manager = busjson_value(reply);
        const char *version = busclient_text(manager, "version");
        d->daemon_runs = true;
        d->daemon_has_microphone = json_object_get_boolean(json_object_object_get(manager, "microphone_open"));
        switch (json_object_get_int(json_object_object_get(manager, "ready"))) {
        case 2:
            doctor_report(d, "daemon", DOCTOR_OK, "", "tragusd %s is ready", version);
            break;
        case 3:
            doctor_report(d, "daemon", DOCTOR_WARNING, "see the check of the device below, and journalctl -u tragus",
                          "tragusd %s runs, but its microphone is missing", version);
            break;
        default:
            doctor_report(d, "daemon", DOCTOR_FAILED, "journalctl -u tragus tells why", "tragusd %s runs, but cannot recognise",
                          version);
        }
        json_object_put(manager);
    }
    sd_bus_message_unref(reply);
    sd_bus_error_free(&error);
}

/* Creates a session that hears everything, not only what follows a wake phrase. */
static int create_session(const struct doctor *d, sd_bus_error *error, char *path, size_t size) {
    sd_bus_message *reply = NULL;
    const char *created;

    int r = sd_bus_call_method(d->bus, BUSCLIENT_NAME, BUSCLIENT_PATH, BUSCLIENT_MANAGER, "CreateSession", error, &reply, "a{sv}",
                               2, "Wake", "as", 0, "AppId", "s", "tragus doctor");
    if (r >= 0)
        r = sd_bus_message_read(reply, "o", &created);
    if (r >= 0)
        snprintf(path, size, "%s", created);
    sd_bus_message_unref(reply);
    return r;
}

static void close_session(const struct doctor *d, const char *path) {
    (void)sd_bus_call_method(d->bus, BUSCLIENT_NAME, path, BUSCLIENT_SESSION, "Close", NULL, NULL, "");
}

/* Creating a session needs the right to listen, but opens no microphone. */
void doctor_check_rights(struct doctor *d) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    char path[128], text[1024];

    if (!d->daemon_runs) {
        doctor_report(d, "rights", DOCTOR_SKIPPED, "", "tragusd does not answer");
        return;
    }
    int r = create_session(d, &error, path, sizeof(path));
    if (r >= 0)
        close_session(d, path);
    /* The right is checked before all that may be missing. */
    d->may_listen = r >= 0 || sd_bus_error_has_name(&error, "org.tragus.Error.NoSuchGrammar") ||
                    sd_bus_error_has_name(&error, "org.tragus.Error.NoSuchModel") ||
                    sd_bus_error_has_name(&error, "org.tragus.Error.TooManySessions");
    if (d->may_listen) {
        doctor_report(d, "rights", DOCTOR_OK, "", "this user may listen");
    } else {
        (void)busclient_explain(&error, r, CLI_NEGATIVE, text, sizeof(text));
        doctor_report(d, "rights", DOCTOR_FAILED, text, "this user may not listen");
    }
    sd_bus_error_free(&error);
}

/* How many parts of the grammars are left out; 0 if the daemon does not say. */
static size_t count_left_out(const struct doctor *d) {
    sd_bus_message *reply = NULL;

    if (sd_bus_get_property(d->bus, BUSCLIENT_NAME, BUSCLIENT_PATH, BUSCLIENT_MANAGER, "LeftOut", NULL, &reply, "aa{sv}") < 0)
        return 0;
    json_object *all = busjson_value(reply);
    size_t n = busjson_length(all);
    json_object_put(all);
    sd_bus_message_unref(reply);
    return n;
}

/* Writes the names of the configured grammars that are not loaded; returns their number. */
static size_t name_missing(const struct doctor *d, json_object *all, char *text, size_t size) {
    size_t n = 0;

    for (size_t i = 0; i < busjson_length(d->grammars); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(d->grammars, i));
        if (!json_object_object_get(all, name))
            snprintf(text + strlen(text), size - strlen(text), "%s%s", n++ > 0 ? ", " : "", name);
    }
    return n;
}

/* Writes the names of the loaded grammars and their sizes; returns their number. */
static size_t name_loaded(json_object *all, char *text, size_t size) {
    size_t n = 0;

    if (!json_object_is_type(all, json_type_object))
        return 0;
    json_object_object_foreach(all, name, g) {
        snprintf(text + strlen(text), size - strlen(text), "%s%s (%d sentences)", n++ > 0 ? ", " : "", name,
                 json_object_get_int(json_object_object_get(g, "templates")));
    }
    return n;
}

void doctor_check_grammars(struct doctor *d) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    char missing[512] = "", loaded[512] = "", text[1024];

    if (!d->daemon_runs) {
        doctor_report(d, "grammars", DOCTOR_SKIPPED, "", "tragusd does not answer");
        return;
    }
    int r = sd_bus_call_method(d->bus, BUSCLIENT_NAME, BUSCLIENT_PATH, BUSCLIENT_MANAGER, "ListGrammars", &error, &reply, "");
    json_object *all = r < 0 ? NULL : busjson_value(reply);
    size_t n_left_out = count_left_out(d);
    if (r < 0) {
        (void)busclient_explain(&error, r, CLI_NEGATIVE, text, sizeof(text));
        doctor_report(d, "grammars", DOCTOR_FAILED, text, "tragusd does not list them");
    } else if (name_missing(d, all, missing, sizeof(missing)) > 0) {
        doctor_report(d, "grammars", DOCTOR_FAILED, "journalctl -u tragus names file and line; then systemctl restart tragus",
                      "not loaded: %s", missing);
    } else if (name_loaded(all, loaded, sizeof(loaded)) == 0) {
        doctor_report(d, "grammars", DOCTOR_FAILED, "name a file or a folder of sentences in [grammars] of tragus.conf",
                      "there are none");
    } else if (n_left_out > 0) {
        doctor_report(d, "grammars", DOCTOR_WARNING, "tragus status names file and line", "%s; %zu part%s left out", loaded,
                      n_left_out, n_left_out == 1 ? " is" : "s are");
    } else {
        doctor_report(d, "grammars", DOCTOR_OK, "", "%s", loaded);
    }
    json_object_put(all);
    sd_bus_message_unref(reply);
    sd_bus_error_free(&error);
}

/* --- a sentence --------------------------------------------------------------------------------------------------------------- */

/* best: an utterance or a rejected one, as an object; NULL: nothing was heard. */
static void report_sentence(struct doctor *d, json_object *best, bool understood) {
    double percent = best ? json_object_get_double(json_object_object_get(best, "confidence")) * 100 : 0;

    if (!best)
        doctor_report(d, "sentence", DOCTOR_FAILED, "speak when you are asked to, and check the level of the speech above",
                      "no sentence was heard");
    else if (understood)
        doctor_report(d, "sentence", DOCTOR_OK, "", "understood: \"%s\" (%.0f %%)", busclient_text(best, "text"), percent);
    else
        doctor_report(d, "sentence", DOCTOR_FAILED, "say a sentence of the grammar: `tragus match` tells whether it is one",
                      "not understood: %s%s%s%s", busclient_text(best, "reason_text"),
                      *busclient_text(best, "text") ? "; perhaps \"" : "", busclient_text(best, "text"),
                      *busclient_text(best, "text") ? "\"" : "");
}

static int memory_of(const int16_t *pcm, size_t n) {
    const char *bytes = (const char *)pcm;
    size_t left = n * sizeof(*pcm);

    int fd = memfd_create("recording", MFD_CLOEXEC);
    while (fd >= 0 && left > 0) {
        ssize_t written = write(fd, bytes, left);
        if (written <= 0) {
            close(fd);
            return -EIO;
        }
        bytes += written;
        left -= (size_t)written;
    }
    return fd < 0 ? -errno : lseek(fd, 0, SEEK_SET) < 0 ? -errno : fd;
}

static int recognize(const struct doctor *d, int fd, sd_bus_error *error, sd_bus_message **ret) {
    sd_bus_message *call = NULL;

    int r = sd_bus_message_new_method_call(d->bus, &call, BUSCLIENT_NAME, BUSCLIENT_PATH, BUSCLIENT_MANAGER, "Recognize");
    if (r >= 0)
        r = sd_bus_message_append(call, "ha{sv}", fd, 2, "Format", "s", "S16LE", "Rate", "u", (uint32_t)AUDIO_RATE);
    if (r >= 0)
        r = sd_bus_call(d->bus, call, ANSWER_US, error, ret);
    sd_bus_message_unref(call);
    return r;
}

void doctor_check_sentence(struct doctor *d, const int16_t *pcm, size_t n) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    char text[1024];

    if (!d->daemon_runs) {
        doctor_report(d, "sentence", DOCTOR_SKIPPED, "", "tragusd does not answer");
        return;
    }
    int fd = memory_of(pcm, n);
    int r = fd < 0 ? fd : recognize(d, fd, &error, &reply);
    if (r < 0) {
        (void)busclient_explain(&error, r, CLI_NEGATIVE, text, sizeof(text));
        doctor_report(d, "sentence", DOCTOR_FAILED, text, "tragusd does not recognise the recording");
    } else {
        json_object *results = busjson_value(reply), *best = NULL;
        bool understood = false;
        for (size_t i = 0; !understood && i < busjson_length(results); i++) {
            best = json_object_array_get_idx(results, i);
            understood = json_object_get_int(json_object_object_get(best, "rejected")) == 0;
        }
        report_sentence(d, best, understood);
        json_object_put(results);
    }
    if (fd >= 0)
        close(fd);
    sd_bus_message_unref(reply);
    sd_bus_error_free(&error);
}

/* --- a session ---------------------------------------------------------------------------------------------------------------- */

struct heard {
    json_object *best; /* the first utterance, else the last rejected one */
    bool understood, speech_started, finished;
    char lost[512]; /* why the daemon has no microphone */
};

static int on_signal(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct heard *h = user;
    const char *event;
    (void)error;

    json_object *o = busjson_signal(m, &event);
    if (!o)
        return 0;
    bool is_utterance = strcmp(event, "utterance") == 0;
    if (!h->understood && (is_utterance || strcmp(event, "rejected") == 0)) {
        json_object_put(h->best);
        h->best = json_object_get(o);
        h->understood = is_utterance;
    }
    h->speech_started |= strcmp(event, "speech_started") == 0;
    h->finished |= strcmp(event, "finished") == 0;
    if (strcmp(event, "input_lost") == 0 && json_object_get_int(json_object_object_get(o, "reason")) == 1)
        snprintf(h->lost, sizeof(h->lost), "%s", busclient_text(o, "text"));
    json_object_put(o);
    return 0;
}

/* Takes signals, and the level every POLL_US, until the time is over or the session has finished. levels: NULL = no level. */
static int follow(const struct doctor *d, const char *path, const struct heard *h, uint64_t until_us, struct levels *levels) {
    double level_db;
    int r = 0;

    while (r >= 0 && !h->finished && !*h->lost && base_clock_monotonic_us() < until_us) {
        do
            r = sd_bus_process(d->bus, NULL);
        while (r > 0);
        if (r >= 0)
            r = sd_bus_wait(d->bus, POLL_US);
        if (r == 0 && levels) { /* no signal came in the meantime */
            r = sd_bus_get_property_trivial(d->bus, BUSCLIENT_NAME, path, BUSCLIENT_SESSION, "LevelDb", NULL, 'd', &level_db);
            if (r >= 0)
                levels_push_db(levels, level_db);
        }
    }
    return r < 0 ? r : 0;
}

static int hold_session(const struct doctor *d, sd_bus_error *error, struct heard *h, struct levels *levels) {
    sd_bus_slot *slot = NULL;
    char path[128] = "";

    int r = create_session(d, error, path, sizeof(path));
    if (r >= 0)
        r = sd_bus_match_signal(d->bus, &slot, BUSCLIENT_NAME, path, BUSCLIENT_SESSION, NULL, on_signal, h);
    if (r >= 0)
        r = sd_bus_call_method(d->bus, BUSCLIENT_NAME, path, BUSCLIENT_SESSION, "Start", error, NULL, "a{sv}", 0);
    if (r >= 0)
        r = follow(d, path, h, base_clock_monotonic_us() + d->seconds * 1000000ull, levels);
    if (r >= 0 && !*h->lost)
        r = sd_bus_call_method(d->bus, BUSCLIENT_NAME, path, BUSCLIENT_SESSION, "Stop", error, NULL, "a{sv}", 0);
    if (r >= 0 && !*h->lost)
        r = follow(d, path, h, base_clock_monotonic_us() + FINISH_US, NULL);
    if (*path)
        close_session(d, path);
    sd_bus_slot_unref(slot);
    return r;
}

void doctor_listen_through_daemon(struct doctor *d) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    struct heard h = {0};
    struct levels levels;
    struct levels_result result;
    char text[1024];

    levels_init(&levels, 0);
    int r = hold_session(d, &error, &h, &levels);
    if (r < 0) {
        (void)busclient_explain(&error, r, CLI_NEGATIVE, text, sizeof(text));
        doctor_report(d, "sound", DOCTOR_FAILED, text, "tragusd does not listen");
    } else if (*h.lost) {
        doctor_report(d, "sound", DOCTOR_FAILED, h.lost, "tragusd has no microphone");
    } else {
        levels_end(&levels, &result);
        doctor_report_levels(d, &result, false, h.speech_started);
        if (d->speech)
            report_sentence(d, h.best, h.understood);
    }
    json_object_put(h.best);
    sd_bus_error_free(&error);
}
