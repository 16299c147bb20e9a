/* SPDX-License-Identifier: Apache-2.0 */
/* bus/options.c: reads the a{sv} that is the last argument of most methods. Unknown keys are refused, because they are probably
 * typing errors. */
#include "base/suggest.h"
#include "bus/private.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define INVALID SD_BUS_ERROR_INVALID_ARGS
#define MOST_OPTIONS 32

int bus_check_length(const char *what, const char *text, sd_bus_error *error) {
    if (strnlen(text, BUS_LONGEST_TEXT + 1) <= BUS_LONGEST_TEXT)
        return 0;
    return bus_refuse(error, INVALID, "%s is longer than %d bytes: \"%.60s...\"", what, BUS_LONGEST_TEXT, text);
}

static const char *const signatures[] = {[BUS_STRING] = "s",   [BUS_BOOLEAN] = "b",     [BUS_UINT32] = "u",   [BUS_DOUBLE] = "d",
                                         [BUS_STRINGS] = "as", [BUS_CONTEXT] = "a{sv}", [BUS_FILES] = "a(st)"};

static int unknown_key(const char *key, const struct bus_option options[], size_t n, sd_bus_error *error) {
    const char *known[MOST_OPTIONS] = {NULL};
    char list[512] = "";
    size_t len = 0;

    for (size_t i = 0; i < n && i < MOST_OPTIONS; i++) {
        known[i] = options[i].key;
        len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "", options[i].key);
    }
    const char *meant = base_suggest(key, known, n < MOST_OPTIONS ? n : MOST_OPTIONS);
    if (meant)
        return bus_refuse(error, INVALID, "Unknown option \"%.60s\"; did you mean %s?", key, meant);
    if (n == 0)
        return bus_refuse(error, INVALID, "Unknown option \"%.60s\"; this method has no options", key);
    return bus_refuse(error, INVALID, "Unknown option \"%.60s\"; known options are %s", key, list);
}

int bus_read_context(sd_bus_message *m, struct bus_context *ret, sd_bus_error *error) {
    const char *key, *contents;

    ret->n = 0;
    int r = sd_bus_message_enter_container(m, 'a', "{sv}");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
        r = sd_bus_message_read(m, "s", &key);
        if (r < 0)
            return r;
        r = sd_bus_message_peek_type(m, NULL, &contents);
        if (r < 0)
            return r;
        if (strcmp(contents, "s") != 0)
            return bus_refuse(error, INVALID, "Context \"%.60s\" must be of type s, not %s", key, contents);
        if (ret->n == BUS_MAX_CONTEXT)
            return bus_refuse(error, INVALID, "Context has more than %d keys", BUS_MAX_CONTEXT);
        ret->items[ret->n].key = key;
        r = sd_bus_message_read(m, "v", "s", &ret->items[ret->n].value);
        if (r >= 0)
            r = bus_check_length("A key of Context", key, error);
        if (r >= 0)
            r = bus_check_length(key, ret->items[ret->n].value, error);
        if (r < 0)
            return r;
        ret->n++;
        r = sd_bus_message_exit_container(m);
        if (r < 0)
            return r;
    }
    return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_files(sd_bus_message *m, struct bus_files *ret, sd_bus_error *error) {
    const char *name;
    uint64_t size_bytes;

    ret->n = 0;
    int r = sd_bus_message_enter_container(m, 'a', "(st)");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_read(m, "(st)", &name, &size_bytes)) > 0) {
        if (ret->n == BUS_MAX_FILES)
            return bus_refuse(error, INVALID, "Files has more than %d entries", BUS_MAX_FILES);
        r = bus_check_length("A name in Files", name, error);
        if (r < 0)
            return r;
        ret->items[ret->n].name = name;
        ret->items[ret->n++].size_bytes = size_bytes;
    }
    return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_strings(sd_bus_message *m, const char *key, struct bus_strings *ret, sd_bus_error *error) {
    const char *text;

    ret->n = 0;
    ret->given = true;
    int r = sd_bus_message_enter_container(m, 'a', "s");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_read_basic(m, 's', &text)) > 0) {
        if (ret->n == BUS_MAX_PHRASES)
            return bus_refuse(error, INVALID, "%s has more than %d entries", key, BUS_MAX_PHRASES);
        ret->items[ret->n++] = text;
    }
    return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_value(sd_bus_message *m, const struct bus_option *o, sd_bus_error *error) {
    const char *contents;

    int r = sd_bus_message_peek_type(m, NULL, &contents);
    if (r < 0)
        return r;
    if (strcmp(contents, signatures[o->type]) != 0)
        return bus_refuse(error, INVALID, "Option %s must be of type %s, not %s", o->key, signatures[o->type], contents);
    r = sd_bus_message_enter_container(m, 'v', contents);
    if (r < 0)
        return r;
    if (o->type == BUS_CONTEXT)
        r = bus_read_context(m, o->value, error);
    else if (o->type == BUS_STRINGS)
        r = read_strings(m, o->key, o->value, error);
    else if (o->type == BUS_FILES)
        r = read_files(m, o->value, error);
    else
        r = sd_bus_message_read_basic(m, *contents, o->value);
    if (r >= 0 && o->type == BUS_STRING)
        r = bus_check_length(o->key, *(const char **)o->value, error);
    return r < 0 ? r : sd_bus_message_exit_container(m);
}

int bus_read_options(sd_bus_message *m, const struct bus_option options[], size_t n, sd_bus_error *error) {
    uint64_t seen = 0;
    const char *key;
    int n_read = 0;

    int r = sd_bus_message_enter_container(m, 'a', "{sv}");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
        size_t i = 0;
        if (n_read++ == MOST_OPTIONS) /* a message has room for a million that begin with x- */
            return bus_refuse(error, INVALID, "There are more than %d options", MOST_OPTIONS);
        r = sd_bus_message_read(m, "s", &key);
        if (r < 0)
            return r;
        while (i < n && strcmp(options[i].key, key) != 0)
            i++;
        if (i < n) {
            if (seen & UINT64_C(1) << i)
                return bus_refuse(error, INVALID, "Option %s is given twice", key);
            seen |= UINT64_C(1) << i;
            r = read_value(m, &options[i], error);
        } else if (strncmp(key, "x-", 2) == 0) {
            r = sd_bus_message_skip(m, "v");
        } else {
            r = unknown_key(key, options, n, error);
        }
        if (r < 0)
            return r;
        r = sd_bus_message_exit_container(m);
        if (r < 0)
            return r;
    }
    if (r >= 0)
        r = sd_bus_message_exit_container(m);
    return r < 0 ? r : n_read;
}
