/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/home.c: puts the lists that home_client.c has made into a grammar of tragusd, one after the other: after each change, and
 * again when tragusd or its grammar is new. */
#include "bridge/home.h"
#include "base/wake.h"
#include "bridge/private.h"
#include "busjson/busjson.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMPILE_US 120000000ULL /* tragusd has a limit of its own, which is lower */
#define RETRY_US 60000000ULL

struct bridge_home {
    struct bridge *bridge;
    struct bridge_home_client *client;
    struct base_wake wake; /* by the client */
    sd_event_source *source, *retry;
    json_object *lists;   /* the newest; NULL: none yet */
    json_object *set;     /* {list: its values in tragusd} */
    json_object *refused; /* {list: values that tragusd does not take} */
    json_object *unused;  /* {list that no sentence of the grammar uses: null} */
    sd_bus_slot *call;
    char calling[16];    /* the list of the call: a copy, because lists may be replaced meanwhile */
    bool changed;        /* since the call began */
    char complaint[400]; /* the last, which is not written again */
};

static void set_next(struct bridge_home *h);

/* --- a call ------------------------------------------------------------------------------------------------------------------- */

static int append_value(sd_bus_message *m, json_object *value) {
    const char *domain = json_object_get_string(json_object_object_get(value, "domain"));

    int r = sd_bus_message_open_container(m, 'r', "ssa{sv}");
    if (r >= 0)
        r = sd_bus_message_append(m, "ss", json_object_get_string(json_object_object_get(value, "in")),
                                  json_object_get_string(json_object_object_get(value, "out")));
    if (r >= 0 && domain)
        r = sd_bus_message_append(m, "a{sv}", 1, "Context", "a{sv}", 1, "domain", "s", domain);
    else if (r >= 0)
        r = sd_bus_message_append(m, "a{sv}", 0);
    return r < 0 ? r : sd_bus_message_close_container(m);
}

static int make_call(sd_bus_message **ret, struct bridge_home *h, const char *list, json_object *values) {
    const struct bridge *b = h->bridge;
    sd_bus_message *m = NULL;

    int r = sd_bus_message_new_method_call(b->link.bus, &m, BRIDGE_TRAGUS, BRIDGE_PATH, BRIDGE_MANAGER, "SetList");
    if (r >= 0)
        r = sd_bus_message_set_auto_start(m, false);
    if (r >= 0)
        r = sd_bus_message_append(m, "ss", b->options->home_grammar, list);
    if (r >= 0)
        r = sd_bus_message_open_container(m, 'a', "(ssa{sv})");
    for (size_t i = 0; r >= 0 && i < busjson_length(values); i++)
        r = append_value(m, json_object_array_get_idx(values, i));
    if (r >= 0)
        r = sd_bus_message_close_container(m);
    if (r < 0)
        m = sd_bus_message_unref(m);
    *ret = m;
    return r;
}

static int on_retry(sd_event_source *source, uint64_t now_us, void *user) {
    (void)source, (void)now_us;
    set_next(user);
    return 0;
}

/* What cannot be set stays as it was in tragusd. Returns whether tragusd will never take it. */
static bool failed(struct bridge_home *h, sd_bus_message *m, int r) {
    const sd_bus_error *e = m ? sd_bus_message_get_error(m) : NULL;
    char text[sizeof(h->complaint)];

    /* link.c tells when it is back, or when it has another grammar. */
    if (r == -ENOTCONN ||
        (e && sd_bus_error_has_names(e, SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NAME_HAS_NO_OWNER, SD_BUS_ERROR_DISCONNECTED)))
        return false;
    if (e && sd_bus_error_has_name(e, SD_BUS_ERROR_NO_REPLY)) { /* it is gone, or was busy for longer than COMPILE_US */
        bridge_timer_set(h->retry, RETRY_US, "the names of Home Assistant");
        return false;
    }
    bridge_link_complaint(m, r, text, sizeof(text));
    if (strcmp(h->complaint, text) != 0)
        bridge_log(BRIDGE_LOG_WARNING, "The names of Home Assistant are not set: %s", text);
    memcpy(h->complaint, text, sizeof(text));
    if (e && sd_bus_error_has_names(e, "org.tragus.Error.InvalidGrammar", "org.tragus.Error.GrammarTooLarge",
                                    "org.tragus.Error.NoSuchGrammar"))
        return true;
    bridge_timer_set(h->retry, RETRY_US, "the names of Home Assistant");
    return false;
}

/* How many values of a list tragusd understands. */
static size_t n_values(const struct bridge_home *h, const char *list) {
    if (json_object_object_get_ex(h->unused, list, NULL))
        return 0;
    return busjson_length(json_object_object_get(h->lists, list));
}

/* Logs the names that tragusd has left out, with the cause. */
static void log_left_out(const struct bridge_home *h, sd_bus_message *m) {
    uint32_t severity, line, column;
    const char *file, *text;

    if (sd_bus_message_enter_container(m, 'a', "(uuuss)") < 0)
        return;
    while (sd_bus_message_read(m, "(uuuss)", &severity, &line, &column, &file, &text) > 0)
        if (severity >= TRAGUS_WARNING)
            bridge_log(BRIDGE_LOG_WARNING, "The names of Home Assistant, list {%s}: %s", h->calling, text);
}

/* What tragusd answered to a list that it has taken, or that its grammar does not use. */
static void note_answer(struct bridge_home *h, sd_bus_message *m) {
    if (!sd_bus_message_is_method_error(m, NULL)) {
        json_object_object_del(h->unused, h->calling);
        log_left_out(h, m);
        return;
    }
    if (n_values(h, h->calling) > 0)
        bridge_log(BRIDGE_LOG_INFO, "The names of Home Assistant: %s", sd_bus_message_get_error(m)->message);
    busjson_add(h->unused, h->calling, NULL);
}

static int on_set(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bridge_home *h = user;
    (void)error;

    h->call = sd_bus_slot_unref(h->call);
    /* A grammar of the user's own may have no floors, for example. */
    if (sd_bus_message_is_method_error(m, NULL) && !sd_bus_message_is_method_error(m, "org.tragus.Error.NoSuchList")) {
        bool is_final = failed(h, m, 0);
        if (is_final && !h->changed)
            busjson_add(h->refused, h->calling, json_object_get(json_object_object_get(h->lists, h->calling)));
        if (is_final || h->changed)
            set_next(h);
        return 0;
    }
    note_answer(h, m);
    if (!h->changed) {
        busjson_add(h->set, h->calling, json_object_get(json_object_object_get(h->lists, h->calling)));
        json_object_object_del(h->refused, h->calling);
    }
    set_next(h);
    return 0;
}

/* --- which call comes next --- */

/* Sets the first list that differs from that of tragusd. */
static void set_next(struct bridge_home *h) {
    struct bridge *b = h->bridge;
    sd_bus_message *m = NULL;

    if (!h->lists || !b->link.bus || h->call)
        return;
    h->changed = false;
    (void)sd_event_source_set_enabled(h->retry, SD_EVENT_OFF);
    json_object_object_foreach(h->lists, list, values) {
        if (json_object_equal(values, json_object_object_get(h->set, list)) ||
            json_object_equal(values, json_object_object_get(h->refused, list)))
            continue;
        snprintf(h->calling, sizeof(h->calling), "%s", list);
        int r = make_call(&m, h, list, values);
        if (r >= 0)
            r = sd_bus_call_async(b->link.bus, &h->call, m, on_set, h, COMPILE_US);
        sd_bus_message_unref(m);
        if (r < 0)
            (void)failed(h, NULL, r);
        return;
    }
    if (json_object_object_length(h->refused) > 0)
        return;
    h->complaint[0] = '\0';
    bridge_log(BRIDGE_LOG_INFO, "tragusd understands %zu names, %zu areas, %zu floors of Home Assistant now", n_values(h, "name"),
               n_values(h, "area"), n_values(h, "floor"));
}

static int on_lists(sd_event_source *source, int fd, uint32_t revents, void *user) {
    struct bridge_home *h = user;
    (void)source, (void)fd, (void)revents;

    base_wake_clear(&h->wake);
    json_object *lists = bridge_home_client_take(h->client);
    if (!lists || (h->lists && json_object_equal(lists, h->lists))) {
        json_object_put(lists);
        return 0;
    }
    json_object_put(h->lists);
    h->lists = lists;
    h->changed = true;
    set_next(h);
    return 0;
}

void bridge_home_set_again(struct bridge *b) {
    struct bridge_home *h = b->home;

    if (!h)
        return;
    json_object_put(h->set);
    json_object_put(h->refused);
    json_object_put(h->unused);
    h->set = json_object_new_object();
    h->refused = json_object_new_object();
    h->unused = json_object_new_object();
    h->changed = true;
    /* The call may have been sent to a tragusd that is gone. */
    h->call = sd_bus_slot_unref(h->call);
    set_next(h);
}

/* --- start and end --- */

int bridge_home_open(struct bridge *b, tragus_error *reterr) {
    const struct bridge_options *o = b->options;
    const struct bridge_home_place place = {.url = o->home_url, .token_file = o->home_token_file, .ca_file = o->home_ca_file};

    if (!o->home_url)
        return 0;
    struct bridge_home *h = calloc(1, sizeof(*h));
    if (!h)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    b->home = h;
    h->bridge = b;
    h->set = json_object_new_object();
    h->refused = json_object_new_object();
    h->unused = json_object_new_object();
    int r = base_wake_init(&h->wake);
    if (r >= 0)
        r = sd_event_add_io(b->event, &h->source, h->wake.fd, EPOLLIN, on_lists, h);
    if (r >= 0)
        r = sd_event_add_time_relative(b->event, &h->retry, CLOCK_MONOTONIC, RETRY_US, 0, on_retry, h);
    if (r >= 0)
        r = sd_event_source_set_enabled(h->retry, SD_EVENT_OFF);
    if (r < 0)
        return base_error_set(reterr, r, "the names of Home Assistant cannot be followed: %s", strerror(-r));
    return bridge_home_client_new(&h->client, &place, h->wake.fd, reterr);
}

void bridge_home_close(struct bridge *b) {
    struct bridge_home *h = b->home;

    if (!h)
        return;
    b->home = NULL;
    bridge_home_client_free(h->client);
    sd_bus_slot_unref(h->call);
    sd_event_source_disable_unref(h->source);
    sd_event_source_disable_unref(h->retry);
    base_wake_done(&h->wake);
    json_object_put(h->lists);
    json_object_put(h->set);
    json_object_put(h->refused);
    json_object_put(h->unused);
    free(h);
}
