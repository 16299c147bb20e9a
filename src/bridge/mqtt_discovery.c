/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/mqtt_discovery.c: the description from which Home Assistant makes a device with its entities (MQTT discovery of devices).
 *
 * Home Assistant keeps entities by their unique_id, so these never change. */
#include "bridge/mqtt.h"
#include "busjson/busjson.h"
#include "config.h"

#include <stdlib.h>
#include <string.h>

#define LISTENING "{{ 'ON' if value_json.listening else 'OFF' }}"
#define MICROPHONE "{{ 'ON' if value_json.microphone_open else 'OFF' }}"

static void add(json_object *o, const char *key, const char *value) {
    busjson_add(o, key, json_object_new_string(value));
}

static void add_topic(const struct bridge_mqtt *m, json_object *o, const char *key, const char *suffix) {
    char *topic = NULL;
    if (asprintf(&topic, "%s/%s", m->prefix, suffix) >= 0)
        add(o, key, topic);
    free(topic);
}

/* A component with the keys that all have. topic, value: NULL for none. */
static json_object *component(const struct bridge_mqtt *m, json_object *list, const char *key, const char *platform,
                              const char *name, const char *topic, const char *value) {
    json_object *o = json_object_new_object();
    char id[64];

    snprintf(id, sizeof(id), "%s_%s", m->id, key);
    add(o, "platform", platform);
    add(o, "unique_id", id);
    add(o, "name", name);
    if (topic)
        add_topic(m, o, "state_topic", topic);
    if (value)
        add(o, "value_template", value);
    busjson_add(list, key, o);
    return o;
}

static void add_sensors(const struct bridge_mqtt *m, json_object *list) {
    json_object *o = component(m, list, "microphone", "binary_sensor", "Microphone open", "state", MICROPHONE);
    add(o, "entity_category", "diagnostic");
    add(o, "icon", "mdi:microphone");

    /* A state of Home Assistant has at most 255 characters. */
    component(m, list, "command", "sensor", "Last command", "event/utterance", "{{ value_json.text[:255] }}");
    o = component(m, list, "confidence", "sensor", "Confidence", "event/utterance", "{{ (value_json.confidence * 100) | round }}");
    add(o, "unit_of_measurement", "%");
    add(o, "state_class", "measurement");

    o = component(m, list, "cpu_time", "sensor", "Processor time", "energy",
                  "{{ (value_json.cpu_time_usec / 1000000) | round(1) }}");
    add(o, "unit_of_measurement", "s");
    add(o, "device_class", "duration");
    add(o, "state_class", "total_increasing");
    add(o, "entity_category", "diagnostic");
    o = component(m, list, "real_time_factor", "sensor", "Real-time factor", "energy", "{{ value_json.real_time_factor }}");
    add(o, "state_class", "measurement");
    add(o, "entity_category", "diagnostic");
    o = component(m, list, "problem", "sensor", "Problem", "state", "{{ (value_json.problem or 'none')[:255] }}");
    add(o, "entity_category", "diagnostic");
}

static void add_controls(const struct bridge_mqtt *m, json_object *list) {
    static const char *const types[] = {"utterance",      "rejected",     "wake_detected", "input_lost",
                                        "speech_started", "speech_ended", "partial"};

    json_object *o = component(m, list, "listening", "switch", "Listening", "state", LISTENING);
    add_topic(m, o, "command_topic", "listening/set");
    o = component(m, list, "trigger", "button", "Listen now", NULL, NULL);
    add_topic(m, o, "command_topic", "trigger");

    o = component(m, list, "event", "event", "Command", "event/+", NULL);
    json_object *list_of_types = json_object_new_array();
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        busjson_append(list_of_types, json_object_new_string(types[i]));
    busjson_add(o, "event_types", list_of_types);
}

json_object *mqtt_discovery(const struct bridge_mqtt *m) {
    json_object *o = json_object_new_object(), *device = json_object_new_object(), *origin = json_object_new_object(),
                *components = json_object_new_object(), *ids = json_object_new_array();
    const char *site = m->options->site;
    char name[64];

    snprintf(name, sizeof(name), "tragus%s%.50s", strcmp(site, "default") == 0 ? "" : " ",
             strcmp(site, "default") == 0 ? "" : site);
    busjson_append(ids, json_object_new_string(m->id));
    busjson_add(device, "identifiers", ids);
    add(device, "name", name);
    add(device, "manufacturer", "tragus");
    add(device, "sw_version", PACKAGE_VERSION);
    add(origin, "name", "tragus-bridge");
    add(origin, "sw_version", PACKAGE_VERSION);
    busjson_add(o, "device", device);
    busjson_add(o, "origin", origin);
    add_topic(m, o, "availability_topic", "status");
    add_sensors(m, components);
    add_controls(m, components);
    busjson_add(o, "components", components);
    return o;
}
