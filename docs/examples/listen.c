/* SPDX-License-Identifier: Apache-2.0 */
/* listen [GRAMMAR]: prints what tragusd understands. It is the smallest complete D-Bus client, with systemd's sd-bus.
 *
 *     cc listen.c $(pkg-config --cflags --libs libsystemd) -o listen
 *     ./listen home
 *
 * A session belongs to the connection that created it: its signals are sent only to this connection, and it ends with it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define NAME "org.tragus.Tragus1"

/* A slot's value is text, a number, or true or false. */
static int print_slot(sd_bus_message *m) {
    const char *name, *type, *text;
    int64_t whole;
    double number;
    int is_true;

    int r = sd_bus_message_read(m, "s", &name);
    if (r >= 0)
        r = sd_bus_message_peek_type(m, NULL, &type);
    if (r < 0)
        return r;
    switch (type[0]) {
    case 's':
        r = sd_bus_message_read(m, "v", "s", &text);
        return r < 0 ? r : printf(", %s = %s", name, text);
    case 'x':
        r = sd_bus_message_read(m, "v", "x", &whole);
        return r < 0 ? r : printf(", %s = %" PRId64, name, whole);
    case 'd':
        r = sd_bus_message_read(m, "v", "d", &number);
        return r < 0 ? r : printf(", %s = %g", name, number);
    default:
        r = sd_bus_message_read(m, "v", "b", &is_true);
        return r < 0 ? r : printf(", %s = %s", name, is_true ? "true" : "false");
    }
}

static int on_utterance(sd_bus_message *m, void *user, sd_bus_error *reterr) {
    const char *text, *intent;
    uint64_t sequence;
    double confidence;

    (void)user, (void)reterr;
    int r = sd_bus_message_read(m, "tss", &sequence, &text, &intent);
    if (r >= 0) {
        printf("%s: %s", text, intent);
        r = sd_bus_message_enter_container(m, 'a', "{sv}");
    }
    while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
        r = print_slot(m);
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
    }
    if (r >= 0)
        r = sd_bus_message_exit_container(m);
    if (r >= 0)
        r = sd_bus_message_read(m, "d", &confidence);
    if (r >= 0)
        printf(" (%.0f %%)\n", confidence * 100);
    fflush(stdout);
    return r;
}

static int on_rejected(sd_bus_message *m, void *user, sd_bus_error *reterr) {
    (void)m, (void)user, (void)reterr;
    puts("(not understood)");
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv) {
    sd_bus *bus = NULL;
    sd_bus_message *reply = NULL;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    const char *path;

    int r = sd_bus_open_system(&bus);
    if (r >= 0)
        r = sd_bus_call_method(bus, NAME, "/org/tragus/Tragus1", "org.tragus.Manager1", "CreateSession", &error, &reply, "a{sv}", 1,
                               "Grammar", "s", argc > 1 ? argv[1] : "");
    if (r >= 0)
        r = sd_bus_message_read(reply, "o", &path);
    if (r >= 0)
        r = sd_bus_match_signal(bus, NULL, NAME, path, "org.tragus.Session1", "Utterance", on_utterance, NULL);
    if (r >= 0)
        r = sd_bus_match_signal(bus, NULL, NAME, path, "org.tragus.Session1", "Rejected", on_rejected, NULL);
    if (r >= 0)
        r = sd_bus_call_method(bus, NAME, path, "org.tragus.Session1", "Start", &error, NULL, "a{sv}", 0);
    while (r >= 0) {
        r = sd_bus_process(bus, NULL);
        if (r == 0)
            r = sd_bus_wait(bus, UINT64_MAX);
    }
    fprintf(stderr, "listen: %s\n", error.message ? error.message : strerror(-r));
    sd_bus_error_free(&error);
    sd_bus_message_unref(reply);
    sd_bus_unref(bus);
    return 1;
}
