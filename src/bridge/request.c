/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/request.c: a text whose meaning a client wants. */
#include "bridge/private.h"
#include "busjson/busjson.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct bridge_request {
    struct bridge_connection *connection;
    char *text, *language;
    json_object *context;
    size_t choice; /* of the grammars */
    sd_bus_slot *call;
};

void bridge_request_free(struct bridge_request *q) {
    if (!q)
        return;
    sd_bus_slot_unref(q->call);
    json_object_put(q->context);
    if (q->text)
        explicit_bzero(q->text, strlen(q->text));
    free(q->text);
    free(q->language);
    free(q);
}

static void over(struct bridge_request *q) {
    bridge_connection_request_over(q->connection);
    bridge_request_free(q);
}

static void add_context(const struct bridge_request *q, json_object *data) {
    if (q->context)
        busjson_add(data, "context", json_object_get(q->context));
}

static json_object *entities(json_object *slots) {
    json_object *list = json_object_new_array();

    if (!slots)
        return list;
    json_object_object_foreach(slots, name, value) {
        json_object *entity = json_object_new_object();
        busjson_add(entity, "name", json_object_new_string(name));
        busjson_add(entity, "value", json_object_get(value));
        busjson_append(list, entity);
    }
    return list;
}

static void answer_intent(struct bridge_request *q, json_object *reading) {
    json_object *data = json_object_new_object(), *intent = json_object_object_get(reading, "intent");
    const char *response = json_object_get_string(json_object_object_get(reading, "Response"));

    busjson_add(data, "name", json_object_get(intent));
    busjson_add(data, "entities", entities(json_object_object_get(reading, "slots")));
    /* In Home Assistant's own files a response is the key of a text, one word, which must not be spoken. */
    if (response && strchr(response, ' '))
        busjson_add(data, "text", json_object_new_string(response));
    add_context(q, data);
    bridge_connection_send(q->connection, "intent", data);
    over(q);
}

static void answer_not_recognized(struct bridge_request *q) {
    json_object *data = json_object_new_object();
    add_context(q, data);
    bridge_connection_send(q->connection, "not-recognized", data);
    over(q);
}

static void fail(struct bridge_request *q, sd_bus_message *m, int r) {
    char text[512];
    bridge_connection_fail(q->connection, "tragusd", bridge_link_complaint(m, r, text, sizeof(text)));
    over(q);
}

/* Whether a reading is of a grammar of that language ("": any). tragusd does not tell which grammar is the default before it is
 * used. */
static bool is_of(const struct bridge *b, json_object *reading, const char *language) {
    const char *grammar = json_object_get_string(json_object_object_get(reading, "Grammar"));

    for (size_t i = 0; i < b->link.n_grammars && grammar && *language; i++)
        if (strcmp(b->link.grammars[i].name, grammar) == 0)
            return strcmp(b->link.grammars[i].language, language) == 0;
    return true;
}

static int ask(struct bridge_request *q);

static int on_parsed(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bridge_request *q = user;
    const struct bridge *b = bridge_connection_bridge(q->connection);
    struct bridge_grammar choices[BRIDGE_MOST_CHOICES];
    json_object *reading = NULL;
    (void)error;
    size_t n = bridge_link_choose(b, q->language, choices);

    q->call = sd_bus_slot_unref(q->call);
    if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_enter_container(m, 'a', "a{sv}") > 0 &&
        !sd_bus_message_at_end(m, false))
        reading = busjson_names(m);
    if (json_object_get_string_len(json_object_object_get(reading, "intent")) > 0 &&
        is_of(b, reading, choices[q->choice < n ? q->choice : n - 1].language)) {
        answer_intent(q, reading);
    } else if (q->choice + 1 < n) {
        q->choice++;
        int r = ask(q);
        if (r < 0)
            fail(q, NULL, r);
    } else if (sd_bus_message_is_method_error(m, NULL)) {
        fail(q, m, 0);
    } else {
        answer_not_recognized(q);
    }
    json_object_put(reading);
    return 0;
}

static int ask(struct bridge_request *q) {
    const struct bridge *b = bridge_connection_bridge(q->connection);
    struct bridge_grammar choices[BRIDGE_MOST_CHOICES];

    size_t n = bridge_link_choose(b, q->language, choices);
    return b->link.bus
               ? sd_bus_call_method_async(b->link.bus, &q->call, BRIDGE_TRAGUS, BRIDGE_PATH, BRIDGE_MANAGER, "ParseText", on_parsed,
                                          q, "ssa{sv}", choices[q->choice < n ? q->choice : n - 1].name, q->text, 0)
               : -ENOTCONN;
}

int bridge_request_new(struct bridge_request **ret, struct bridge_connection *c, const char *text, const char *language,
                       json_object *context, tragus_error *reterr) {
    char why[256];

    struct bridge_request *q = calloc(1, sizeof(*q));
    if (!q)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    q->connection = c;
    q->text = strdup(text);
    q->language = language ? strdup(language) : NULL;
    q->context = json_object_get(context);
    int r = q->text ? ask(q) : -ENOMEM;
    if (r < 0) {
        bridge_request_free(q);
        return base_error_set(reterr, r, "%s", bridge_link_complaint(NULL, r, why, sizeof(why)));
    }
    *ret = q;
    return 0;
}
