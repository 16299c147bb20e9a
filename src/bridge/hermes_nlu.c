/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/hermes_nlu.c: what a text means. */
#include "bridge/hermes.h"
#include "busjson/busjson.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST_QUERIES 16

struct hermes_query {
    struct hermes *hermes;
    struct hermes_query *next;
    json_object *request;
    sd_bus_slot *call;
};

static void query_free(struct hermes_query *q) {
    struct hermes_query **link = &q->hermes->queries;
    while (*link != q)
        link = &(*link)->next;
    *link = q->next;
    q->hermes->n_queries--;
    sd_bus_slot_unref(q->call);
    json_object_put(q->request);
    free(q);
}

void hermes_nlu_done(struct hermes *h) {
    while (h->queries)
        query_free(h->queries);
}

/* Whether the asker wants this intent. */
static bool is_wanted(json_object *filter, const char *intent) {
    if (!json_object_is_type(filter, json_type_array))
        return true;
    for (size_t i = 0; i < busjson_length(filter); i++) {
        json_object *name = json_object_array_get_idx(filter, i);
        if (json_object_is_type(name, json_type_string) && strcmp(json_object_get_string(name), intent) == 0)
            return true;
    }
    return false;
}

/* The best reading that has an intent which is wanted, with the keys of an utterance; or NULL. */
static json_object *choose(sd_bus_message *m, json_object *filter) {
    json_object *o = NULL;

    if (sd_bus_message_enter_container(m, 'a', "a{sv}") <= 0)
        return NULL;
    while (!o && sd_bus_message_at_end(m, false) == 0 && (o = busjson_names(m))) {
        const char *intent = busjson_text(o, "intent");
        if (intent && *intent && is_wanted(filter, intent))
            continue;
        json_object_put(o);
        o = NULL;
    }
    if (o) {
        busjson_add(o, "slot_list", json_object_get(json_object_object_get(o, "Slots")));
        busjson_add(o, "confidence", json_object_new_double(1.0));
    }
    return o;
}

static void answer_not_recognized(struct hermes *h, json_object *request) {
    json_object *o = json_object_new_object();

    busjson_add(o, "input", json_object_get(json_object_object_get(request, "input")));
    busjson_add(o, "id", json_object_get(json_object_object_get(request, "id")));
    hermes_sign(h, o, busjson_text(request, "sessionId"));
    hermes_publish(h, o, false, "nlu/intentNotRecognized");
}

static int on_parsed(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct hermes_query *q = user;
    struct hermes *h = q->hermes;
    char why[512];
    (void)error;

    json_object *request = q->request, *reading = NULL;
    if (sd_bus_message_is_method_error(m, NULL)) {
        hermes_fail(h, "nlu", request, bridge_link_complaint(m, 0, why, sizeof(why)));
    } else {
        reading = choose(m, json_object_object_get(request, "intentFilter"));
        if (reading)
            hermes_publish(h,
                           hermes_intent(h, busjson_text(request, "sessionId"), busjson_text(request, "id"),
                                         busjson_text(request, "input"), reading),
                           false, "intent/%s", busjson_text(reading, "intent"));
        else
            answer_not_recognized(h, request);
    }
    json_object_put(reading);
    query_free(q);
    return 0;
}

void hermes_nlu_query(struct hermes *h, json_object *request) {
    const char *input = busjson_text(request, "input");
    sd_bus *bus = h->mqtt->bridge->link.bus;
    char why[512];

    if (!input) {
        mqtt_complain(h->mqtt, "hermes/nlu/query", "the payload has no \"input\"; send the sentence as a string");
        return;
    }
    if (h->n_queries == MOST_QUERIES) {
        hermes_fail(h, "nlu", request, "too many queries at once; wait for the answers");
        return;
    }
    struct hermes_query *q = calloc(1, sizeof(*q));
    if (!q)
        return;
    q->hermes = h;
    q->request = json_object_get(request);
    q->next = h->queries;
    h->queries = q;
    h->n_queries++;
    int r = bus ? sd_bus_call_method_async(bus, &q->call, BRIDGE_TRAGUS, BRIDGE_PATH, BRIDGE_MANAGER, "ParseText", on_parsed, q,
                                           "ssa{sv}", h->mqtt->options->grammar, input, 0)
                : -ENOTCONN;
    if (r < 0) {
        hermes_fail(h, "nlu", request, bridge_link_complaint(NULL, r, why, sizeof(why)));
        query_free(q);
    }
}
