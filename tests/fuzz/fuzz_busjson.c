/* SPDX-License-Identifier: Apache-2.0 */
/* Signals and replies as the clients of tragusd read them: of any types, since another program may own its name. */
#include "base/utf8.h"
#include "busjson/busjson.h"
#include "message.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const char fuzz_name[] = "busjson";

static sd_bus *open_bus(void) {
    static sd_bus *bus;
    int ends[2];
    if (bus)
        return bus;
    fuzz_check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0, "no sockets");
    fuzz_check(sd_bus_new(&bus) >= 0 && sd_bus_set_fd(bus, ends[0], ends[0]) >= 0 && sd_bus_start(bus) >= 0, "no bus");
    return bus;
}

static void check(json_object *o) {
    if (!o)
        return;
    const char *text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
    fuzz_check(base_utf8_valid(text, strlen(text)), "JSON that is not UTF-8");
    json_object_put(o);
}

void fuzz_one(const uint8_t *data, size_t size) {
    static const char *const members[] = {"Utterance",     "Rejected",  "Partial",  "WakeDetected",
                                          "SpeechStarted", "InputLost", "Finished", "Other"};
    static const char *const types[] = {"tssa{sv}da{sv}", "tusda{sv}", "tsda{sv}", "tsda{sv}", "ta{sv}", "uta{sv}", "ua{sv}", "v",
                                        "aa{sv}",         "a{sa{sv}}", "a{sv}",    "sv",       ""};
    static const char *const words[] = {"Words", "Slots", "Value", "Name", "Text", "StartMs", "Alternatives", "Intent", NULL};
    struct fuzz_bytes b = {data, data + size};
    sd_bus_message *m = NULL;
    const char *event = NULL;

    const char *member = members[fuzz_byte(&b) % 8], *signature = types[fuzz_byte(&b) % 13];
    bool is_names = fuzz_byte(&b) & 1;
    fuzz_check(sd_bus_message_new_signal(open_bus(), &m, "/x", "org.tragus.Session1", member) >= 0, "no message");
    if (fuzz_append(m, signature, &b, words, STDIN_FILENO) && sd_bus_message_seal(m, 1, 0) >= 0) {
        check(busjson_signal(m, &event));
        if (sd_bus_message_rewind(m, true) >= 0)
            check(is_names ? busjson_names(m) : busjson_value(m));
    }
    sd_bus_message_unref(m);
}
