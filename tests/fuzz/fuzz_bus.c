/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of all methods of tragusd with any contents, by a client on a real bus, to the real service. Every call must be answered:
 * with a result, or with an error that says something. */
#include "../unit/bus/wire.h"
#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char fuzz_name[] = "bus";

#define MOST_CALLS 8

static sd_bus *client;

static void end(void) {
    wire_disconnect(client);
    wire_end();
}

void fuzz_prepare(void) {
    struct service_options o;
    rig_device("silence", NULL);
    rig_options(&o);
    o.limits.grammar_cpu_ms = 200;
    o.limits.text_cpu_ms = 100;
    wire_start(&o);
    client = wire_connect();
    (void)atexit(end);
}

static const struct {
    const char *interface, *member, *types;
} methods[] = {
    {WIRE_MANAGER, "CreateSession", "a{sv}"},
    {WIRE_MANAGER, "ParseText", "ssa{sv}"},
    {WIRE_MANAGER, "AddGrammarText", "ssa{sv}"},
    {WIRE_MANAGER, "AddGrammar", "sha{sv}"},
    {WIRE_MANAGER, "RemoveGrammar", "s"},
    {WIRE_MANAGER, "ListGrammars", ""},
    {WIRE_MANAGER, "SetList", "ssa(ssa{sv})"},
    {WIRE_MANAGER, "Pronounce", "sas"},
    {WIRE_MANAGER, "Recognize", "ha{sv}"},
    {WIRE_SESSION, "Start", "a{sv}"},
    {WIRE_SESSION, "Stop", "a{sv}"},
    {WIRE_SESSION, "Trigger", "a{sv}"},
    {WIRE_SESSION, "SetInput", "ha{sv}"},
    {WIRE_SESSION, "Close", ""},
    {"org.freedesktop.DBus.Properties", "Get", "ss"},
    {"org.freedesktop.DBus.Properties", "GetAll", "s"},
};
#define N_METHODS (sizeof(methods) / sizeof(methods[0]))

/* Listen is left out: it waits for somebody to speak. */
static const char *const words[] = {"fuzz",
                                    "channels",
                                    "Grammar",
                                    "Language",
                                    "Input",
                                    "fd",
                                    "microphone",
                                    "Partial",
                                    "OneShot",
                                    "MinConfidence",
                                    "EndSilenceMs",
                                    "FinalSilenceMs",
                                    "OpenSilenceMs",
                                    "MaxCommandMs",
                                    "Reject",
                                    "AppId",
                                    "Context",
                                    "Wake",
                                    "WakePhrases",
                                    "WakeOpenMs",
                                    "WakePerHour",
                                    "Format",
                                    "Rate",
                                    "Channels",
                                    "Live",
                                    "Private",
                                    "Files",
                                    "hassil",
                                    "list",
                                    "wav",
                                    "s16le",
                                    "name",
                                    "area",
                                    "en",
                                    "x-",
                                    "",
                                    "front center",
                                    "turn on {name}",
                                    "Discard",
                                    "OpenMs",
                                    "domain",
                                    "org.tragus.Manager1",
                                    "Grammars",
                                    NULL};

/* The path of a session that the call has made, or NULL. */
static char *call(size_t which, const char *path, const char *types, struct fuzz_bytes *b, int fd) {
    char *made = NULL;
    sd_bus_message *m = wire_new(client, path, methods[which].interface, methods[which].member);

    if (!fuzz_append(m, types, b, words, fd)) {
        sd_bus_message_unref(m);
        return NULL;
    }
    sd_bus_message *reply = wire_send(client, m);
    const sd_bus_error *e = sd_bus_message_get_error(reply);
    const char *object = NULL;
    fuzz_check(!e || (e->name && e->message && e->message[0]), "an error without a text");
    if (!e && which == 0 && sd_bus_message_read(reply, "o", &object) > 0)
        made = strdup(object);
    sd_bus_message_unref(reply);
    return made;
}

/* It may be closed already. */
static void close_session(char *path) {
    if (path)
        sd_bus_message_unref(wire_call(client, path, WIRE_SESSION, "Close", ""));
    free(path);
}

void fuzz_one(const uint8_t *data, size_t size) {
    struct fuzz_bytes b = {data, data + size};
    char *session = NULL;

    int fd = wire_memory(data, size);
    for (int i = 0; i < MOST_CALLS && b.at < b.end; i++) {
        size_t which = fuzz_byte(&b) % N_METHODS;
        bool wrong = fuzz_byte(&b) % 16 == 15; /* the arguments of another method */
        const char *types = wrong ? methods[fuzz_byte(&b) % N_METHODS].types : methods[which].types;
        bool is_session = strcmp(methods[which].interface, WIRE_SESSION) == 0;
        char *made = call(which, is_session && session ? session : WIRE_PATH, types, &b, fd);
        if (made) {
            close_session(session);
            session = made;
        }
    }
    close_session(session);
    sd_bus_message_unref(wire_call(client, WIRE_PATH, WIRE_MANAGER, "RemoveGrammar", "s", "fuzz"));
    close(fd);
}
