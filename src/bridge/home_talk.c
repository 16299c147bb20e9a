/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/home_talk.c: the messages of Home Assistant's websocket API that give names and their changes. */
#include "bridge/home_talk.h"
#include "base/utf8.h"
#include "busjson/busjson.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MOST_WARNINGS 20

static const char *const commands[BRIDGE_HOME_COMMANDS] = {
    [BRIDGE_HOME_EXPOSED] = "homeassistant/expose_entity/list",
    [BRIDGE_HOME_AREAS] = "config/area_registry/list",
    [BRIDGE_HOME_FLOORS] = "config/floor_registry/list",
    [BRIDGE_HOME_ENTRIES] = "config/entity_registry/get_entries",
    [BRIDGE_HOME_STATES] = "subscribe_entities",
};

static const char *const events[] = {"entity_registry_updated", "area_registry_updated", "floor_registry_updated"};

static const char *text_of(json_object *o, const char *key) {
    const char *text = busjson_text(o, key);
    return text ? text : "";
}

/* --- requests ----------------------------------------------------------------------------------------------------------------- */

/* Takes ownership of the argument (key NULL: none). Returns the id. */
static int64_t send_command(struct bridge_home_talk *t, const char *type, const char *key, json_object *argument) {
    json_object *message = json_object_new_object();

    busjson_add(message, "id", json_object_new_int64(++t->last_id));
    busjson_add(message, "type", json_object_new_string(type));
    if (key)
        busjson_add(message, key, argument);
    bridge_home_client_send(t->client, message);
    return t->last_id;
}

static void ask(struct bridge_home_talk *t, enum bridge_home_command command, const char *key, json_object *argument) {
    t->ids[command] = send_command(t, commands[command], key, argument);
}

static void forget_results(struct bridge_home_talk *t) {
    for (int i = 0; i < BRIDGE_HOME_COMMANDS; i++) {
        json_object_put(t->results[i]);
        t->results[i] = NULL;
    }
}

void bridge_home_talk_read(struct bridge_home_talk *t) {
    if (!t->is_accepted)
        return;
    t->read_again = t->is_reading;
    if (t->is_reading)
        return;
    t->is_reading = true;
    if (t->ids[BRIDGE_HOME_STATES])
        (void)send_command(t, "unsubscribe_events", "subscription", json_object_new_int64(t->ids[BRIDGE_HOME_STATES]));
    memset(t->ids, 0, sizeof(t->ids));
    ask(t, BRIDGE_HOME_EXPOSED, NULL, NULL);
    ask(t, BRIDGE_HOME_AREAS, NULL, NULL);
    ask(t, BRIDGE_HOME_FLOORS, NULL, NULL);
}

static void begin(struct bridge_home_talk *t, const char *version) {
    int year = 0, month = 0;

    t->own_name_is_null = sscanf(version, "%4d.%2d", &year, &month) == 2 && year * 100 + month >= 202604;
    t->is_accepted = true;
    t->first_event_id = t->last_id + 1;
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        t->last_event_id = send_command(t, "subscribe_events", "event_type", json_object_new_string(events[i]));
    bridge_home_talk_read(t);
}

/* --- results ------------------------------------------------------------------------------------------------------------------ */

/* Warns once of each thing, and of a limited number. */
static void warn(const char *id, const char *why, void *user) {
    struct bridge_home_talk *t = user;
    char printed[100];
    size_t n = 0;

    if (!t->warned)
        t->warned = json_object_new_object();
    int n_warned = json_object_object_length(t->warned);
    if (n_warned > MOST_WARNINGS || json_object_object_get_ex(t->warned, id, NULL))
        return;
    busjson_add(t->warned, id, json_object_new_boolean(true));
    for (; id[n] && n + 1 < sizeof(printed); n++)
        printed[n] = id[n] > ' ' && id[n] < 0x7f ? id[n] : '?';
    printed[n] = '\0';
    if (n_warned < MOST_WARNINGS)
        bridge_log(BRIDGE_LOG_WARNING,
                   "A name of %s in Home Assistant is left out, because %s; give it an alias that can be spoken", printed, why);
    else
        bridge_log(BRIDGE_LOG_WARNING, "More names of Home Assistant are left out, without a warning for each");
}

/* Keeps the friendly names of what is exposed only. */
static void forget_hidden(struct bridge_home_talk *t) {
    json_object *kept = json_object_new_object(), *name;

    json_object_object_foreach(t->watched, id, nothing) {
        (void)nothing;
        if (json_object_object_get_ex(t->friendly, id, &name))
            busjson_add(kept, id, json_object_get(name));
    }
    json_object_put(t->friendly);
    t->friendly = kept;
}

static void finish_reading(struct bridge_home_talk *t) {
    forget_hidden(t);
    const struct bridge_home_answers answers = {
        .exposed = t->results[BRIDGE_HOME_EXPOSED],
        .entries = t->results[BRIDGE_HOME_ENTRIES],
        .areas = t->results[BRIDGE_HOME_AREAS],
        .floors = t->results[BRIDGE_HOME_FLOORS],
        .friendly = t->friendly,
        .own_name_is_null = t->own_name_is_null,
    };

    bridge_home_client_give(t->client, bridge_home_lists(&answers, warn, t));
    forget_results(t);
    t->is_reading = false;
    if (t->read_again)
        bridge_home_client_read_soon(t->client);
}

static void finish_if_complete(struct bridge_home_talk *t) {
    for (int i = 0; i < BRIDGE_HOME_COMMANDS; i++)
        if (!t->results[i])
            return;
    finish_reading(t);
}

/* Asks for what depends on the entities. Without any, a subscription would be one to all. */
static void ask_entities(struct bridge_home_talk *t) {
    json_object *ids = bridge_home_exposed(t->results[BRIDGE_HOME_EXPOSED]);

    json_object_put(t->watched);
    t->watched = json_object_new_object();
    for (size_t i = 0, n = busjson_length(ids); i < n; i++)
        busjson_add(t->watched, json_object_get_string(json_object_array_get_idx(ids, i)), NULL);

    if (busjson_length(ids) > 0) {
        ask(t, BRIDGE_HOME_ENTRIES, "entity_ids", json_object_get(ids));
        ask(t, BRIDGE_HOME_STATES, "entity_ids", ids);
        return;
    }
    json_object_put(ids);
    t->results[BRIDGE_HOME_ENTRIES] = json_object_new_object();
    t->results[BRIDGE_HOME_STATES] = json_object_new_object();
}

static int refused(const char *command, json_object *message, tragus_error *reterr) {
    json_object *error = json_object_object_get(message, "error");

    if (strcmp(text_of(error, "code"), "unauthorized") == 0)
        return base_error_set(reterr, -EPERM,
                              "Home Assistant does not allow the token to read names; make one as a user who is an administrator");
    return base_error_set(reterr, -EPROTO, "Home Assistant refuses %s: %.200s", command, text_of(error, "message"));
}

static int take_result(struct bridge_home_talk *t, int64_t id, json_object *message, tragus_error *reterr) {
    int i = 0;

    while (i < BRIDGE_HOME_COMMANDS && t->ids[i] != id)
        i++;
    bool is_event = id >= t->first_event_id && id <= t->last_event_id;
    /* unsubscribe_events, or nothing that was asked for: 0 is the id of what was not sent */
    if (id <= 0 || (!is_event && (i == BRIDGE_HOME_COMMANDS || !t->is_reading)))
        return 0;
    if (!json_object_get_boolean(json_object_object_get(message, "success")))
        return refused(is_event ? "subscribe_events" : commands[i], message, reterr);
    if (is_event || i == BRIDGE_HOME_STATES || t->results[i])
        return 0;
    json_object *result = json_object_object_get(message, "result");
    t->results[i] = result ? json_object_get(result) : json_object_new_object();
    if (i == BRIDGE_HOME_EXPOSED)
        ask_entities(t);
    finish_if_complete(t);
    return 0;
}

/* --- changes ------------------------------------------------------------------------------------------------------------------ */

/* Keeps the friendly name among these attributes. Returns whether it is new. */
static bool keep_friendly(struct bridge_home_talk *t, const char *id, json_object *attributes) {
    json_object *name = json_object_object_get(attributes, "friendly_name");

    if (!*text_of(attributes, "friendly_name") || !json_object_object_get_ex(t->watched, id, NULL))
        return false;
    if (!t->friendly)
        t->friendly = json_object_new_object();
    json_object *old = json_object_object_get(t->friendly, id);
    if (old && json_object_equal(old, name))
        return false;
    busjson_add(t->friendly, id, json_object_get(name));
    return true;
}

/* The members of an event: a has entities that are there now, c has changes of some, r has those that are gone. */
static void take_states(struct bridge_home_talk *t, json_object *event) {
    json_object *added = json_object_object_get(event, "a"), *changed = json_object_object_get(event, "c");
    bool is_new = false;

    if (json_object_is_type(added, json_type_object)) {
        json_object_object_foreach(added, id, state) {
            is_new |= keep_friendly(t, id, json_object_object_get(state, "a"));
        }
    }
    if (json_object_is_type(changed, json_type_object)) {
        json_object_object_foreach(changed, changed_id, change) {
            is_new |= keep_friendly(t, changed_id, json_object_object_get(json_object_object_get(change, "+"), "a"));
        }
    }
    if (t->is_reading && !t->results[BRIDGE_HOME_STATES]) {
        t->results[BRIDGE_HOME_STATES] = json_object_new_object();
        finish_if_complete(t);
    } else if (is_new) {
        bridge_home_client_read_soon(t->client);
    }
}

/* Most messages are states that change, many a second in a large home. They are not even parsed. */
static bool is_idle_change(const char *text) {
    return strstr(text, "\"event\":{\"c\":") && !strstr(text, "\"friendly_name\"");
}

static int take(struct bridge_home_talk *t, json_object *message, tragus_error *reterr) {
    const char *type = text_of(message, "type");
    int64_t id = json_object_get_int64(json_object_object_get(message, "id"));

    bool is_first = !t->is_authenticating && !t->is_accepted;
    if ((strcmp(type, "auth_required") == 0 && !is_first) || (strcmp(type, "auth_ok") == 0 && !t->is_authenticating)) {
        return base_error_set(reterr, -EPROTO, "it sends %s out of turn", type);
    } else if (strcmp(type, "auth_required") == 0) {
        t->is_authenticating = true;
        json_object *answer = json_object_new_object();
        busjson_add(answer, "type", json_object_new_string("auth"));
        busjson_add(answer, "access_token", json_object_new_string(t->token));
        bridge_home_client_send(t->client, answer);
    } else if (strcmp(type, "auth_invalid") == 0) {
        return base_error_set(reterr, -EACCES, "Home Assistant refuses the token; make a new one in your profile there");
    } else if (strcmp(type, "auth_ok") == 0) {
        t->is_authenticating = false;
        begin(t, text_of(message, "ha_version"));
    } else if (strcmp(type, "result") == 0) {
        return take_result(t, id, message, reterr);
    } else if (strcmp(type, "event") == 0 && id > 0 && id == t->ids[BRIDGE_HOME_STATES]) {
        take_states(t, json_object_object_get(message, "event"));
    } else if (strcmp(type, "event") == 0 && id >= t->first_event_id && id <= t->last_event_id) {
        bridge_home_client_read_soon(t->client);
    }
    return 0;
}

int bridge_home_talk_receive(struct bridge_home_talk *t, const char *text, size_t n, tragus_error *reterr) {
    if (is_idle_change(text))
        return 0;
    /* json-c lets other bytes pass, and they would be sent back in our questions. */
    json_tokener *tokener = base_utf8_valid(text, n) ? json_tokener_new() : NULL;
    json_object *message = tokener ? json_tokener_parse_ex(tokener, text, (int)n) : NULL;
    if (tokener)
        json_tokener_free(tokener);
    if (!json_object_is_type(message, json_type_object)) {
        json_object_put(message);
        return base_error_set(reterr, -EPROTO, "what answers is not Home Assistant's websocket API");
    }
    int r = take(t, message, reterr);
    json_object_put(message);
    return r;
}

void bridge_home_talk_reset(struct bridge_home_talk *t) {
    forget_results(t);
    json_object_put(t->watched);
    explicit_bzero(t->token, sizeof(t->token));
    *t = (struct bridge_home_talk){.client = t->client, .friendly = t->friendly, .warned = t->warned};
}

void bridge_home_talk_done(struct bridge_home_talk *t) {
    bridge_home_talk_reset(t);
    json_object_put(t->friendly);
    json_object_put(t->warned);
    t->friendly = t->warned = NULL;
}
