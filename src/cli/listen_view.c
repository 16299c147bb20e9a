/* SPDX-License-Identifier: Apache-2.0 */
/* cli/listen_view.c: what `tragus listen` shows of a session in a terminal besides its events: what can be said, and a line on
 * standard error with the level, what the session is doing, and the words so far. */
#include "cli/listen_view.h"
#include "cli/busclient.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define UPDATE_US 100000
#define BAR_WIDTH 30
#define FLOOR_DB (-60.0)
#define FALL_DB 2 /* of the shown peak in each update */
#define EXAMPLES 3

static const char *const states[] = {"", "stopped", "waiting for the wake phrase", "quiet", "speech", "deciding"};

void listen_view_examples(sd_bus *bus, const char *grammar) {
    sd_bus_message *reply = NULL;
    const char *sentence;
    unsigned n = 0;

    /* An older daemon does not know the method; the view does without. */
    if (sd_bus_call_method(bus, BUSCLIENT_NAME, BUSCLIENT_PATH, BUSCLIENT_MANAGER, "Examples", NULL, &reply, "su", grammar,
                           EXAMPLES) >= 0 &&
        sd_bus_message_enter_container(reply, 'a', "s") >= 0)
        while (sd_bus_message_read(reply, "s", &sentence) > 0)
            fprintf(stderr, "%s\"%s\"", n++ == 0 ? "Say, for example: " : ", ", sentence);
    if (n > 0)
        fputc('\n', stderr);
    sd_bus_message_unref(reply);
}

void listen_view_wipe(const struct listen_view *v) {
    if (v->bus)
        fputs("\r\033[K", stderr);
}

void listen_view_words(struct listen_view *v, const char *words) {
    snprintf(v->words, sizeof(v->words), "%s", words);
}

static void draw(const struct listen_view *v, uint32_t state) {
    struct winsize size = {0};
    char bar[BAR_WIDTH + 1], line[400];

    int n_marks = (int)((v->peak_db - FLOOR_DB) / -FLOOR_DB * BAR_WIDTH);
    for (int i = 0; i < BAR_WIDTH; i++)
        bar[i] = i < n_marks ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    int n = snprintf(line, sizeof(line), "%s %4.0f dB  %s%s%s", bar, v->peak_db,
                     state < sizeof(states) / sizeof(states[0]) ? states[state] : "", *v->words ? ": " : "", v->words);
    /* A line that wraps could not be wiped. The words are ASCII or short; a byte is never more than a column. */
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 && n >= size.ws_col) {
        n = size.ws_col - 1;
        while (n > 0 && ((unsigned char)line[n] & 0xC0) == 0x80) /* not within a character */
            n--;
        line[n] = '\0';
    }
    fprintf(stderr, "\r\033[K%s", line);
}

static int on_properties(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct listen_view *v = user;
    const char *key;
    uint32_t state = 0;
    double level_db = FLOOR_DB;
    (void)error;

    if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_enter_container(m, 'a', "{sv}") < 0)
        return 0;
    while (sd_bus_message_enter_container(m, 'e', "sv") > 0 && sd_bus_message_read(m, "s", &key) > 0) {
        if (strcmp(key, "State") == 0)
            (void)sd_bus_message_read(m, "v", "u", &state);
        else if (strcmp(key, "LevelDb") == 0)
            (void)sd_bus_message_read(m, "v", "d", &level_db);
        else
            (void)sd_bus_message_skip(m, "v");
        (void)sd_bus_message_exit_container(m);
    }
    v->peak_db = level_db > v->peak_db - FALL_DB ? level_db : v->peak_db - FALL_DB;
    draw(v, state);
    return 0;
}

static int on_update(sd_event_source *source, uint64_t now_us, void *user) {
    struct listen_view *v = user;
    (void)now_us;
    (void)sd_bus_call_method_async(v->bus, NULL, BUSCLIENT_NAME, v->session, "org.freedesktop.DBus.Properties", "GetAll",
                                   on_properties, v, "s", BUSCLIENT_SESSION);
    (void)sd_event_source_set_time_relative(source, UPDATE_US);
    return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int listen_view_start(struct listen_view *v, sd_event *event, sd_bus *bus, const char *session) {
    *v = (struct listen_view){.bus = bus, .session = session, .peak_db = FLOOR_DB};
    return sd_event_add_time_relative(event, &v->update, CLOCK_MONOTONIC, UPDATE_US, 0, on_update, v);
}

void listen_view_end(struct listen_view *v) {
    listen_view_wipe(v);
    sd_event_source_disable_unref(v->update);
    *v = (struct listen_view){0};
}
