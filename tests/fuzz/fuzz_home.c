/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of Home Assistant's websocket, one per line, and the lists that are made of them. This file is the connection: it
 * defines the functions that home_talk.c calls. */
#include "base/utf8.h"
#include "bridge/home_talk.h"
#include "bridge/private.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

const char fuzz_name[] = "home";

static bool read_soon;

void bridge_home_client_send(struct bridge_home_client *c, json_object *message) {
    (void)c;
    const char *text = json_object_to_json_string_ext(message, JSON_C_TO_STRING_PLAIN);
    fuzz_check(json_object_is_type(json_object_object_get(message, "type"), json_type_string), "a message without type");
    fuzz_check(base_utf8_valid(text, strlen(text)), "a message that is not UTF-8");
    json_object_put(message);
}

void bridge_home_client_read_soon(struct bridge_home_client *c) {
    (void)c;
    read_soon = true;
}

/* Each list has values with a text to say. */
void bridge_home_client_give(struct bridge_home_client *c, json_object *lists) {
    (void)c;
    fuzz_check(json_object_object_length(lists) == 3, "not three lists");
    json_object_object_foreach(lists, name, list) {
        (void)name;
        for (size_t i = 0; i < json_object_array_length(list); i++) {
            json_object *value = json_object_array_get_idx(list, i);
            const char *in = json_object_get_string(json_object_object_get(value, "in"));
            fuzz_check(in && *in && base_utf8_valid(in, strlen(in)) && !strpbrk(in, "()[]{}<>|;\\\n"), "a value that is no text");
        }
    }
    json_object_put(lists);
}

/* The bridge's log would fill the disk. */
void bridge_log(enum bridge_log_level level, const char *format, ...) {
    (void)level, (void)format;
}

void fuzz_one(const uint8_t *data, size_t size) {
    struct bridge_home_talk t = {.token = "token"};
    char *text = fuzz_text(data, size), *rest = text;

    for (char *line; (line = strsep(&rest, "\n"));) {
        tragus_error e = {0};
        int r = bridge_home_talk_receive(&t, line, strlen(line), &e);
        fuzz_check(r == 0 || e.text[0], "refused without a reason");
        if (r < 0)
            bridge_home_talk_reset(&t);
        if (read_soon)
            bridge_home_talk_read(&t);
        read_soon = false;
    }
    bridge_home_talk_done(&t);
    free(text);
}
