/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/mqtt_state.c: the topics PREFIX/state and PREFIX/energy: the microphone session, and what tragusd tells of itself. */
#include "bridge/mqtt.h"
#include "busjson/busjson.h"

#include <stdlib.h>
#include <string.h>

#define ENERGY "org.tragus.Energy1"

void mqtt_state_publish(struct bridge_mqtt *m, bool anew) {
    if (m->state_id > 0) { /* libmosquitto keeps what is not confirmed, and others may switch 100,000 times a second */
        m->state_anew |= anew;
        return;
    }
    json_object *o = json_object_new_object();

    busjson_add(o, "listening", json_object_new_boolean(m->on));
    busjson_add(o, "active", json_object_new_boolean(m->active));
    busjson_add(o, "microphone_open", json_object_new_boolean(m->microphone_open));
    busjson_add(o, "ready", json_object_new_string(m->ready));
    busjson_add(o, "problem", *m->trouble ? json_object_new_string(m->trouble) : NULL);
    busjson_add(o, "dropped", json_object_new_uint64(m->queue.n_dropped));
    busjson_add(o, "site", json_object_new_string(m->options->site));
    busjson_add(o, "version", json_object_new_int(MQTT_VERSION));
    const char *text = mqtt_text(o);
    if (anew || !m->state || strcmp(text, m->state) != 0) {
        m->state_id = mqtt_publish_retained(m, "state", text);
        free(m->state);
        m->state = strdup(text);
    }
    json_object_put(o);
}

void mqtt_state_confirmed(struct bridge_mqtt *m, int id) {
    bool anew = m->state_anew;

    if (id != m->state_id)
        return;
    m->state_id = 0;
    m->state_anew = false;
    mqtt_state_publish(m, anew); /* if it has changed meanwhile */
}

static void call_properties(struct bridge_mqtt *m, const char *interface, sd_bus_slot **slot, sd_bus_message_handler_t take) {
    sd_bus *bus = m->bridge->link.bus;
    sd_bus_message *call = NULL;

    if (!bus || *slot)
        return;
    int r = sd_bus_message_new_method_call(bus, &call, BRIDGE_TRAGUS, BRIDGE_PATH, "org.freedesktop.DBus.Properties", "GetAll");
    if (r >= 0)
        r = sd_bus_message_append(call, "s", interface);
    if (r >= 0)
        r = sd_bus_message_set_auto_start(call, false);
    if (r >= 0)
        (void)sd_bus_call_async(bus, slot, call, take, m, 0);
    sd_bus_message_unref(call);
}

static int on_manager(sd_bus_message *reply, void *user, sd_bus_error *error) {
    static const char *const names[] = {"loading", "ready", "degraded", "failed"};
    struct bridge_mqtt *m = user;
    (void)error;

    m->manager = sd_bus_slot_unref(m->manager);
    json_object *o = sd_bus_message_is_method_error(reply, NULL) ? NULL : busjson_value(reply);
    int ready = json_object_get_int(json_object_object_get(o, "ready"));
    m->ready = ready >= 1 && ready <= 4 ? names[ready - 1] : "away";
    m->microphone_open = json_object_get_boolean(json_object_object_get(o, "microphone_open"));
    json_object_put(o);
    mqtt_state_publish(m, false);
    if (m->manager_again)
        mqtt_state_ask(m);
    return 0;
}

void mqtt_state_ask(struct bridge_mqtt *m) {
    m->manager_again = m->manager != NULL;
    call_properties(m, BRIDGE_MANAGER, &m->manager, on_manager);
}

static int on_energy(sd_bus_message *reply, void *user, sd_bus_error *error) {
    struct bridge_mqtt *m = user;
    (void)error;

    m->energy = sd_bus_slot_unref(m->energy);
    json_object *o = sd_bus_message_is_method_error(reply, NULL) ? NULL : busjson_value(reply);
    if (!json_object_is_type(o, json_type_object)) {
        json_object_put(o);
        return 0;
    }
    busjson_add(o, "version", json_object_new_int(MQTT_VERSION));
    (void)mqtt_publish_retained(m, "energy", mqtt_text(o));
    json_object_put(o);
    return 0;
}

void mqtt_state_ask_energy(struct bridge_mqtt *m) {
    call_properties(m, ENERGY, &m->energy, on_energy);
}

static int on_poll(sd_event_source *source, uint64_t time_us, void *user) {
    struct bridge_mqtt *m = user;
    (void)time_us;

    if (mqtt_client_is_up(m->client))
        mqtt_state_ask_energy(m);
    (void)sd_event_source_set_time_relative(source, (uint64_t)m->options->energy_s * 1000000);
    return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int mqtt_state_open(struct bridge_mqtt *m) {
    return sd_event_add_time_relative(m->bridge->event, &m->poll, CLOCK_MONOTONIC, 0, 1000000, on_poll, m);
}

static void forget_calls(struct bridge_mqtt *m) {
    m->manager = sd_bus_slot_unref(m->manager);
    m->energy = sd_bus_slot_unref(m->energy);
}

void mqtt_state_away(struct bridge_mqtt *m) {
    forget_calls(m);
    m->ready = "away";
    m->microphone_open = false;
    mqtt_state_publish(m, false);
}

void mqtt_state_close(struct bridge_mqtt *m) {
    forget_calls(m);
    sd_event_source_disable_unref(m->poll);
    free(m->state);
}
