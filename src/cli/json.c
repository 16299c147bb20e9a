/* SPDX-License-Identifier: Apache-2.0 */
/* cli/json.c: converts results to JSON with json-c. Times are integers; confidences have three decimals. */
#include "busjson/busjson.h"
#include "cli/cli.h"

#include <stdio.h>

static void add(json_object *o, const char *key, json_object *value) {
    json_object_object_add(o, key, value);
}

json_object *cli_json_value(const tragus_value *v) {
    switch (v->type) {
    case TRAGUS_TEXT:
        break;
    case TRAGUS_INTEGER:
        return json_object_new_int64(v->integer);
    case TRAGUS_REAL:
        return busjson_real(v->real);
    case TRAGUS_BOOLEAN:
        return json_object_new_boolean(v->boolean);
    }
    return json_object_new_string(v->text);
}

json_object *cli_json_slots(const tragus_slot slots[], size_t n) {
    json_object *o = json_object_new_object();
    for (size_t i = 0; i < n; i++)
        if (!json_object_object_get_ex(o, slots[i].name, NULL))
            add(o, slots[i].name, cli_json_value(&slots[i].value));
    return o;
}

json_object *cli_json_words(const tragus_word words[], size_t n) {
    json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        json_object *o = json_object_new_object();
        add(o, "word", json_object_new_string(words[i].word));
        add(o, "start_ms", json_object_new_int64(words[i].start_ms));
        add(o, "end_ms", json_object_new_int64(words[i].end_ms));
        add(o, "confidence", busjson_confidence(words[i].confidence));
        json_object_array_add(list, o);
    }
    return list;
}

static json_object *slot_list(const tragus_slot slots[], size_t n) {
    json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        json_object *o = json_object_new_object();
        add(o, "name", json_object_new_string(slots[i].name));
        add(o, "value", cli_json_value(&slots[i].value));
        add(o, "text", json_object_new_string(slots[i].text ? slots[i].text : ""));
        add(o, "start_ms", json_object_new_int64(slots[i].start_ms));
        add(o, "end_ms", json_object_new_int64(slots[i].end_ms));
        add(o, "confidence", busjson_confidence(slots[i].confidence));
        json_object_array_add(list, o);
    }
    return list;
}

static json_object *alternative_list(const tragus_alternative a[], size_t n) {
    json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        json_object *o = json_object_new_object();
        add(o, "text", json_object_new_string(a[i].text));
        add(o, "intent", json_object_new_string(a[i].intent));
        add(o, "slots", cli_json_slots(a[i].slots, a[i].n_slots));
        add(o, "confidence", busjson_confidence(a[i].confidence));
        json_object_array_add(list, o);
    }
    return list;
}

json_object *cli_json_event(const tragus_event *e) {
    bool is_result = e->type == TRAGUS_UTTERANCE || e->type == TRAGUS_REJECTED;
    json_object *o = json_object_new_object();
    add(o, "event", json_object_new_string(tragus_event_name(e->type)));
    add(o, "sequence", json_object_new_uint64(e->sequence));
    if (e->type == TRAGUS_REJECTED)
        add(o, "reason", json_object_new_int64(e->reason));
    if (is_result || e->type == TRAGUS_PARTIAL || e->type == TRAGUS_WAKE_DETECTED)
        add(o, "text", json_object_new_string(e->text));
    if (e->type == TRAGUS_PARTIAL)
        add(o, "stability", busjson_confidence(e->stability));
    if (e->type == TRAGUS_UTTERANCE || e->reason == TRAGUS_AMBIGUOUS) {
        add(o, "intent", json_object_new_string(e->intent));
        add(o, "slots", cli_json_slots(e->slots, e->n_slots));
    }
    if (is_result || e->type == TRAGUS_WAKE_DETECTED)
        add(o, "confidence", busjson_confidence(e->confidence));
    add(o, "time_ms", json_object_new_uint64(e->time_ms));
    if (e->type != TRAGUS_PARTIAL) {
        add(o, "start_ms", json_object_new_int64(e->start_ms));
        add(o, "end_ms", json_object_new_int64(e->end_ms));
    }
    if (e->type == TRAGUS_WAKE_DETECTED)
        add(o, "level_db", busjson_confidence(e->level_db));
    if (!is_result)
        return o;
    if (e->template_text)
        add(o, "template", json_object_new_string(e->template_text));
    if (e->response)
        add(o, "response", json_object_new_string(e->response));
    add(o, "spoken", json_object_new_string(e->spoken));
    add(o, "words", cli_json_words(e->words, e->n_words));
    if (e->type == TRAGUS_UTTERANCE)
        add(o, "slot_list", slot_list(e->slots, e->n_slots));
    if (e->reason != TRAGUS_REASON_NONE)
        add(o, "reason_text", json_object_new_string(tragus_reason_text(e->reason)));
    if (e->detail && e->detail[0])
        add(o, "detail", json_object_new_string(e->detail));
    if (e->n_alternatives > 0)
        add(o, "alternatives", alternative_list(e->alternatives, e->n_alternatives));
    return o;
}

void cli_json_print(json_object *o) {
    const char *text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    if (text)
        puts(text);
    else
        cli_complain("", 0, 0, "out of memory");
    json_object_put(o);
}
