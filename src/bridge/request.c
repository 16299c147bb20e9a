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
    bool reply;
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

/* Sends the answer, with the client's context. */
static void answer(struct bridge_request *q, const char *type, json_object *data) {
    if (q->context)
        busjson_add(data, "context", json_object_get(q->context));
    bridge_connection_send(q->connection, type, data);
    over(q);
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

/* In Home Assistant's own files a response is the key of a text, one word, which must not be spoken. */
static bool is_key(const char *response) {
    return !strchr(response, ' ');
}

/* Adds what only programs that know tragus read, beside the client's context. */
static void add_response_key(struct bridge_request *q, const char *key) {
    json_object *o = json_object_new_object();

    if (!q->context)
        q->context = json_object_new_object();
    busjson_add(o, "response", json_object_new_string(key));
    busjson_add(q->context, "tragus", o);
}

static void answer_intent(struct bridge_request *q, json_object *reading, const char *response) {
    json_object *data = json_object_new_object(), *intent = json_object_object_get(reading, "intent");

    busjson_add(data, "name", json_object_get(intent));
    busjson_add(data, "entities", entities(json_object_object_get(reading, "slots")));
    if (response && is_key(response))
        add_response_key(q, response);
    else if (response)
        busjson_add(data, "text", json_object_new_string(response));
    answer(q, "intent", data);
}

/* tragus itself does nothing but give the answers that the grammar has; a key of a text is none. */
static void answer_reply(struct bridge_request *q, const char *response) {
    json_object *data = json_object_new_object();
    bool handled = response && !is_key(response);

    if (handled)
        busjson_add(data, "text", json_object_new_string(response));
    answer(q, handled ? "handled" : "not-handled", data);
}

static void answer_understood(struct bridge_request *q, json_object *reading) {
    const char *response = json_object_get_string(json_object_object_get(reading, "Response"));

    response = response && *response ? response : NULL;
    if (q->reply)
        answer_reply(q, response);
    else
        answer_intent(q, reading, response);
}

static void answer_not_understood(struct bridge_request *q) {
    answer(q, q->reply ? "not-handled" : "not-recognized", json_object_new_object());
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
        answer_understood(q, reading);
    } else if (q->choice + 1 < n) {
        q->choice++;
        int r = ask(q);
        if (r < 0)
            fail(q, NULL, r);
    } else if (sd_bus_message_is_method_error(m, NULL)) {
        fail(q, m, 0);
    } else {
        answer_not_understood(q);
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

int bridge_request_new(struct bridge_request **ret, struct bridge_connection *c, const struct bridge_request_options *o,
                       tragus_error *reterr) {
    char why[256];

    struct bridge_request *q = calloc(1, sizeof(*q));
    if (!q)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    q->connection = c;
    q->text = strdup(o->text);
    q->language = o->language ? strdup(o->language) : NULL;
    q->context = json_object_get(o->context);
    q->reply = o->reply;
    int r = q->text ? ask(q) : -ENOMEM;
    if (r < 0) {
        bridge_request_free(q);
        return base_error_set(reterr, r, "%s", bridge_link_complaint(NULL, r, why, sizeof(why)));
    }
    *ret = q;
    return 0;
}
