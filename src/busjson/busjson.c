/* SPDX-License-Identifier: Apache-2.0 */
#include "busjson/busjson.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void busjson_add(json_object *o, const char *key, json_object *value) {
    if (!o || json_object_object_add(o, key, value) < 0) {
        json_object_put(value);
        errno = ENOMEM;
    }
}

void busjson_append(json_object *list, json_object *value) {
    if (!list || json_object_array_add(list, value) < 0) {
        json_object_put(value);
        errno = ENOMEM;
    }
}

json_object *busjson_decimals(double x, const char *format) {
    json_object *o = json_object_new_double(x);
    if (o) /* else json-c would end the program */
        json_object_set_serializer(o, json_object_double_to_json_string, (void *)(uintptr_t)format, NULL);
    return o;
}

json_object *busjson_confidence(double x) {
    return busjson_decimals(x, "%.3f");
}

/* Not as spelled in the grammar: D-Bus transmits only the number, and both programs must print the same. */
json_object *busjson_real(double x) {
    char text[40];
    int precision = 15; /* a double preserves 15 digits; trailing zeros are not printed */
    snprintf(text, sizeof(text), "%.*g", precision, x);
    while (strtod(text, NULL) != x && precision++ < 17)
        snprintf(text, sizeof(text), "%.*g", precision, x);
    if (!strpbrk(text, ".en")) /* "20" would be an integer; inf and nan stay as they are */
        snprintf(text, sizeof(text), "%.1f", x);
    return json_object_new_double_s(x, text);
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
        return busjson_confidence(v.d);
    default:
        return NULL;
    }
}

/* Converts a value from the grammar, or slots. Unlike confidences, its numbers keep all their digits; names are not changed. */
static json_object *named_value(sd_bus_message *m) {
    const char *contents;
    char type;
    double x;

    if (sd_bus_message_peek_type(m, &type, &contents) <= 0 || type != 'v')
        return busjson_value(m);
    if (strcmp(contents, "d") == 0)
        return sd_bus_message_read(m, "v", "d", &x) > 0 ? busjson_real(x) : NULL;
    if (strcmp(contents, "a{sv}") != 0 || sd_bus_message_enter_container(m, 'v', contents) < 0)
        return busjson_value(m);
    json_object *o = busjson_names(m);
    (void)sd_bus_message_exit_container(m);
    return o;
}

/* ours: its keys are those of the interface; else they are names from the grammar. */
static json_object *dictionary(sd_bus_message *m, bool ours) {
    json_object *o = json_object_new_object();
    const char *key;
    char name[128];

    while (sd_bus_message_enter_container(m, 'e', NULL) > 0) {
        if (sd_bus_message_read(m, "s", &key) < 0)
            break;
        snake_case(key, name, sizeof(name));
        bool named = !ours || strcmp(key, "Value") == 0 || strcmp(key, "Slots") == 0 || strcmp(key, "Metadata") == 0;
        json_object *value = named ? named_value(m) : busjson_value(m);
        busjson_add(o, ours ? name : key, value);
        (void)sd_bus_message_exit_container(m);
    }
    return o;
}

json_object *busjson_names(sd_bus_message *m) {
    if (sd_bus_message_enter_container(m, 'a', NULL) <= 0)
        return NULL;
    json_object *o = dictionary(m, false);
    (void)sd_bus_message_exit_container(m);
    return o;
}

json_object *busjson_value(sd_bus_message *m) {
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
        o = busjson_value(m);
    } else {
        o = json_object_new_array();
        while ((item = busjson_value(m)))
            busjson_append(o, item);
    }
    (void)sd_bus_message_exit_container(m);
    return o;
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

const char *busjson_text(json_object *o, const char *key) {
    json_object *value = json_object_object_get(o, key);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

size_t busjson_length(json_object *o) {
    return json_object_is_type(o, json_type_array) ? json_object_array_length(o) : 0;
}

/* a(suud) to [{word, start_ms, end_ms, confidence}], as `tragus transcribe --json` has them. */
static json_object *word_objects(json_object *words) {
    static const char *const keys[] = {"word", "start_ms", "end_ms", "confidence"};
    json_object *out = json_object_new_array();
    for (size_t i = 0; i < busjson_length(words); i++) {
        json_object *from = json_object_array_get_idx(words, i), *to = json_object_new_object();
        for (size_t k = 0; k < 4; k++)
            busjson_add(to, keys[k], k < busjson_length(from) ? json_object_get(json_object_array_get_idx(from, k)) : NULL);
        busjson_append(out, to);
    }
    return out;
}

/* The slots in order, with repeats and times; the words of free text become objects. Returns a reference. */
static json_object *slot_objects(json_object *slots) {
    for (size_t i = 0; i < busjson_length(slots); i++) {
        json_object *slot = json_object_array_get_idx(slots, i), *words;
        if (json_object_object_get_ex(slot, "words", &words))
            busjson_add(slot, "words", word_objects(words));
    }
    return json_object_get(slots);
}

static void merge_details(json_object *o, json_object *details) {
    if (!json_object_is_type(details, json_type_object))
        return;
    json_object_object_foreach(details, key, value) {
        if (strcmp(key, "words") == 0 || strcmp(key, "free_words") == 0)
            busjson_add(o, key, word_objects(value));
        else if (strcmp(key, "slots") == 0) /* the list; "slots" is the map */
            busjson_add(o, "slot_list", slot_objects(value));
        else
            busjson_add(o, key, json_object_get(value));
    }
}

/* Adds the fields of a message, and those of its details, to o. */
static void read_fields(json_object *o, sd_bus_message *m, const char *const fields[6]) {
    for (size_t k = 0; k < 6 && fields[k]; k++) {
        bool slots = strcmp(fields[k], "slots") == 0;
        json_object *value = slots ? busjson_names(m) : busjson_value(m);
        if (*fields[k]) {
            busjson_add(o, fields[k], value);
        } else if (value) {
            merge_details(o, value);
            json_object_put(value);
        }
    }
}

json_object *busjson_signal(sd_bus_message *m, const char **ret_event) {
    char event[32];
    const struct signal_shape *shape = shapes;

    if (!sd_bus_message_is_signal(m, "org.tragus.Session1", NULL))
        return NULL;
    while (shape->member && strcmp(shape->member, sd_bus_message_get_member(m)) != 0)
        shape++;
    snake_case(sd_bus_message_get_member(m), event, sizeof(event));
    json_object *o = json_object_new_object();
    busjson_add(o, "event", json_object_new_string(event));
    read_fields(o, m, shape->fields);
    *ret_event = json_object_get_string(json_object_object_get(o, "event"));
    return o;
}
