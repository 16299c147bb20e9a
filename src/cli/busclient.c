/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/busclient.h"
#include "busaddress/busaddress.h"
#include "cli/cli.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool answers(sd_bus *bus) {
    return sd_bus_get_name_creds(bus, BUSCLIENT_NAME, 0, NULL) >= 0;
}

int busclient_connect(sd_bus **ret, const char *address) {
    sd_bus *other;

    int r = busaddress_open(ret, address ? address : "system");
    if (!address && (r < 0 || !answers(*ret)) && busaddress_open(&other, "session") >= 0) {
        if (r < 0 || answers(other)) {
            if (r >= 0)
                sd_bus_flush_close_unref(*ret);
            *ret = other;
            return 0;
        }
        sd_bus_flush_close_unref(other);
    }
    return r < 0 ? r : 0;
}

int busclient_open(sd_bus **ret, const char *address) {
    int r = busclient_connect(ret, address);
    if (r >= 0)
        return CLI_OK;
    fprintf(stderr, "tragus: cannot connect to the message bus %s: %s\n", address ? address : "system", strerror(-r));
    return CLI_UNREACHABLE;
}

int busclient_explain(const sd_bus_error *error, int r, int otherwise, char *text, size_t size) {
    if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
        sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER)) {
        snprintf(text, size, "tragusd is not running on this bus; start it (systemctl start tragus), or use another bus (--user)");
        return CLI_UNREACHABLE;
    }
    if (sd_bus_error_is_set(error) && strncmp(error->name, "org.tragus.", 11) == 0) {
        snprintf(text, size, "%s", error->message);
        return sd_bus_error_has_name(error, "org.tragus.Error.NotAuthorized") ? CLI_DENIED : otherwise;
    }
    snprintf(text, size, "tragusd returned an error: %s",
             sd_bus_error_is_set(error) && error->message ? error->message : strerror(-r));
    return sd_bus_error_has_name(error, SD_BUS_ERROR_INVALID_ARGS) ? otherwise : CLI_UNREACHABLE;
}

int busclient_complain(const sd_bus_error *error, int r, int otherwise) {
    char text[1024];
    int result = busclient_explain(error, r, otherwise, text, sizeof(text));
    cli_complain("", 0, 0, text);
    return result;
}

/* Converts "StartMs" to "start_ms", "TimeUSec" to "time_usec". */
static void snake_case(const char *key, char *out, size_t size) {
    size_t n = 0;
    for (size_t i = 0; key[i] && n + 2 < size; i++) {
        bool capital = isupper((unsigned char)key[i]);
        bool starts = i > 0 && capital && (islower((unsigned char)key[i - 1]) || isdigit((unsigned char)key[i - 1]));
        if (starts && !(key[i] == 'B' && !key[i + 1])) /* KiB is one word */
            out[n++] = '_';
        out[n++] = (char)tolower((unsigned char)key[i]);
    }
    out[n] = '\0';
}

static json_object *basic(sd_bus_message *m, char type) {
    union {
        const char *s;
        int b;
        uint32_t u;
        int32_t i;
        uint64_t t;
        int64_t x;
        double d;
    } v;
    if (sd_bus_message_read_basic(m, type, &v) <= 0)
        return NULL;
    switch (type) {
    case 's':
    case 'o':
        return json_object_new_string(v.s);
    case 'b':
        return json_object_new_boolean(v.b);
    case 'u':
        return json_object_new_int64(v.u);
    case 'i':
        return json_object_new_int(v.i);
    case 't':
        return json_object_new_uint64(v.t);
    case 'x':
        return json_object_new_int64(v.x);
    case 'd':
        return cli_json_confidence(v.d);
    default:
        return NULL;
    }
}

/* Converts a value from the grammar. Unlike confidences, its numbers keep all their digits. */
static json_object *slot_value(sd_bus_message *m) {
    const char *contents;
    char type;
    double x;

    if (sd_bus_message_peek_type(m, &type, &contents) > 0 && type == 'v' && strcmp(contents, "d") == 0)
        return sd_bus_message_read(m, "v", "d", &x) > 0 ? cli_json_real(x) : NULL;
    return busclient_to_json(m);
}

/* The slots of an alternative: names and values from the grammar. */
static json_object *slots_by_name(sd_bus_message *m) {
    const char *contents;
    char type;

    if (sd_bus_message_peek_type(m, &type, &contents) <= 0 || strcmp(contents, "a{sv}") != 0)
        return busclient_to_json(m);
    if (sd_bus_message_enter_container(m, 'v', contents) < 0)
        return NULL;
    json_object *o = busclient_named_to_json(m);
    (void)sd_bus_message_exit_container(m);
    return o;
}

static json_object *dictionary(sd_bus_message *m, bool ours) {
    json_object *o = json_object_new_object();
    const char *key;
    char name[128];

    while (sd_bus_message_enter_container(m, 'e', NULL) > 0) {
        if (sd_bus_message_read(m, "s", &key) < 0)
            break;
        snake_case(key, name, sizeof(name));
        json_object *value = !ours || strcmp(key, "Value") == 0 ? slot_value(m)
                             : strcmp(key, "Slots") == 0        ? slots_by_name(m)
                                                                : busclient_to_json(m);
        json_object_object_add(o, ours ? name : key, value);
        (void)sd_bus_message_exit_container(m);
    }
    return o;
}

json_object *busclient_named_to_json(sd_bus_message *m) {
    if (sd_bus_message_enter_container(m, 'a', NULL) <= 0)
        return NULL;
    json_object *o = dictionary(m, false);
    (void)sd_bus_message_exit_container(m);
    return o;
}

json_object *busclient_to_json(sd_bus_message *m) {
    const char *contents;
    char type;
    json_object *o, *item;

    if (sd_bus_message_peek_type(m, &type, &contents) <= 0)
        return NULL;
    if (type != 'a' && type != 'r' && type != 'v')
        return basic(m, type);
    bool is_dictionary = type == 'a' && contents[0] == '{', ours = is_dictionary && strcmp(contents, "{sv}") == 0;
    if (sd_bus_message_enter_container(m, type, contents) < 0)
        return NULL;
    if (is_dictionary) {
        o = dictionary(m, ours);
    } else if (type == 'v') {
        o = busclient_to_json(m);
    } else {
        o = json_object_new_array();
        while ((item = busclient_to_json(m)))
            json_object_array_add(o, item);
    }
    (void)sd_bus_message_exit_container(m);
    return o;
}

int busclient_properties(sd_bus *bus, const char *interface, json_object **ret) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    int result = CLI_OK;

    int r = sd_bus_call_method(bus, BUSCLIENT_NAME, BUSCLIENT_PATH, "org.freedesktop.DBus.Properties", "GetAll", &error, &reply,
                               "s", interface);
    if (r < 0)
        result = busclient_complain(&error, r, CLI_UNREACHABLE);
    else
        *ret = busclient_to_json(reply);
    sd_bus_message_unref(reply);
    sd_bus_error_free(&error);
    return result;
}

/* --- signals ------------------------------------------------------------------------------------------------------------------ */

struct signal_shape {
    const char *member;
    const char *fields[6]; /* by position; NULL ends; "" = the details, which are merged in */
};

/* Signals that are not listed have a time and details. */
static const struct signal_shape shapes[] = {
    {"WakeDetected", {"time_usec", "text", "confidence", ""}},
    {"Partial", {"sequence", "text", "stability", ""}},
    {"Utterance", {"sequence", "text", "intent", "slots", "confidence", ""}},
    {"Rejected", {"sequence", "reason", "text", "confidence", ""}},
    {"InputLost", {"reason", "lost_usec", ""}},
    {"Finished", {"reason", ""}},
    {NULL, {"time_usec", ""}},
};

/* a(suud) to [{word, start_ms, end_ms, confidence}], as `tragus transcribe --json` has them. */
static json_object *word_objects(json_object *words) {
    static const char *const keys[] = {"word", "start_ms", "end_ms", "confidence"};
    json_object *out = json_object_new_array();
    for (size_t i = 0; i < json_object_array_length(words); i++) {
        json_object *from = json_object_array_get_idx(words, i), *to = json_object_new_object();
        for (size_t k = 0; k < 4; k++)
            json_object_object_add(to, keys[k], json_object_get(json_object_array_get_idx(from, k)));
        json_object_array_add(out, to);
    }
    return out;
}

static void merge_details(json_object *o, json_object *details) {
    json_object_object_foreach(details, key, value) {
        if (strcmp(key, "words") == 0)
            json_object_object_add(o, key, word_objects(value));
        else if (strcmp(key, "slots") == 0) /* a list, in order, with repeats and times; "slots" is the map */
            json_object_object_add(o, "slot_list", json_object_get(value));
        else
            json_object_object_add(o, key, json_object_get(value));
    }
}

/* Adds the fields of a message, and those of its details, to o. */
static void read_fields(json_object *o, sd_bus_message *m, const char *const fields[6]) {
    for (size_t k = 0; k < 6 && fields[k]; k++) {
        bool slots = strcmp(fields[k], "slots") == 0;
        json_object *value = slots ? busclient_named_to_json(m) : busclient_to_json(m);
        if (*fields[k]) {
            json_object_object_add(o, fields[k], value);
        } else if (value) {
            merge_details(o, value);
            json_object_put(value);
        }
    }
}

json_object *busclient_signal_to_json(sd_bus_message *m, const char **ret_event) {
    char event[32];
    const struct signal_shape *shape = shapes;

    if (!sd_bus_message_is_signal(m, BUSCLIENT_SESSION, NULL))
        return NULL;
    while (shape->member && strcmp(shape->member, sd_bus_message_get_member(m)) != 0)
        shape++;
    snake_case(sd_bus_message_get_member(m), event, sizeof(event));
    json_object *o = json_object_new_object();
    json_object_object_add(o, "event", json_object_new_string(event));
    read_fields(o, m, shape->fields);
    *ret_event = json_object_get_string(json_object_object_get(o, "event"));
    return o;
}
