/* SPDX-License-Identifier: Apache-2.0 */
/* cli/json.c: converts results to JSON with json-c. Times are integers; confidences have three decimals. */
#include "busjson/busjson.h"
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>

/* json-c ends the program if it is to add to what there was no memory for, and a string without memory is null in its output. The
 * only trace of that is errno, which malloc sets and no success clears. */
json_object *cli_json_new(void) {
    errno = 0;
    return json_object_new_object();
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

json_object *cli_json_fields(const tragus_field fields[], size_t n) {
    json_object *o = json_object_new_object();
    for (size_t i = 0; i < n; i++)
        busjson_add(o, fields[i].name, cli_json_value(&fields[i].value));
    return o;
}

json_object *cli_json_slots(const tragus_slot slots[], size_t n) {
    json_object *o = json_object_new_object();
    for (size_t i = 0; i < n; i++)
        if (!json_object_object_get_ex(o, slots[i].name, NULL))
            busjson_add(o, slots[i].name, cli_json_value(&slots[i].value));
    return o;
}

json_object *cli_json_words(const tragus_word words[], size_t n) {
    json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        json_object *o = json_object_new_object();
        busjson_add(o, "word", json_object_new_string(words[i].word));
        busjson_add(o, "start_ms", json_object_new_int64(words[i].start_ms));
        busjson_add(o, "end_ms", json_object_new_int64(words[i].end_ms));
        busjson_add(o, "confidence", busjson_confidence(words[i].confidence));
        busjson_append(list, o);
    }
    return list;
}

static json_object *slot_list(const tragus_slot slots[], size_t n) {
    json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        json_object *o = json_object_new_object();
        busjson_add(o, "name", json_object_new_string(slots[i].name));
        busjson_add(o, "value", cli_json_value(&slots[i].value));
        busjson_add(o, "text", json_object_new_string(slots[i].text ? slots[i].text : ""));
        busjson_add(o, "start_ms", json_object_new_int64(slots[i].start_ms));
        busjson_add(o, "end_ms", json_object_new_int64(slots[i].end_ms));
        busjson_add(o, "confidence", busjson_confidence(slots[i].confidence));
        if (slots[i].wildcard) {
            busjson_add(o, "wildcard", json_object_new_boolean(true));
            busjson_add(o, "words", cli_json_words(slots[i].words, slots[i].n_words));
        }
        busjson_append(list, o);
    }
    return list;
}

static json_object *alternative_list(const tragus_alternative a[], size_t n) {
    json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        json_object *o = json_object_new_object();
        busjson_add(o, "text", json_object_new_string(a[i].text));
        busjson_add(o, "intent", json_object_new_string(a[i].intent));
        busjson_add(o, "slots", cli_json_slots(a[i].slots, a[i].n_slots));
        busjson_add(o, "confidence", busjson_confidence(a[i].confidence));
        busjson_append(list, o);
    }
    return list;
}

json_object *cli_json_event(const tragus_event *e) {
    bool is_result = e->type == TRAGUS_UTTERANCE || e->type == TRAGUS_REJECTED;
    json_object *o = cli_json_new();
    busjson_add(o, "event", json_object_new_string(tragus_event_name(e->type)));
    busjson_add(o, "sequence", json_object_new_uint64(e->sequence));
    if (e->type == TRAGUS_REJECTED)
        busjson_add(o, "reason", json_object_new_int64(e->reason));
    if (is_result || e->type == TRAGUS_PARTIAL || e->type == TRAGUS_WAKE_DETECTED)
        busjson_add(o, "text", json_object_new_string(e->text));
    if (e->type == TRAGUS_PARTIAL)
        busjson_add(o, "stability", busjson_confidence(e->stability));
    if (e->type == TRAGUS_UTTERANCE || e->reason == TRAGUS_AMBIGUOUS) {
        busjson_add(o, "intent", json_object_new_string(e->intent));
        busjson_add(o, "slots", cli_json_slots(e->slots, e->n_slots));
    }
    if (is_result || e->type == TRAGUS_WAKE_DETECTED)
        busjson_add(o, "confidence", busjson_confidence(e->confidence));
    busjson_add(o, "time_ms", json_object_new_uint64(e->time_ms));
    if (e->type != TRAGUS_PARTIAL) {
        busjson_add(o, "start_ms", json_object_new_int64(e->start_ms));
        busjson_add(o, "end_ms", json_object_new_int64(e->end_ms));
    }
    if (e->type == TRAGUS_WAKE_DETECTED)
        busjson_add(o, "level_db", busjson_confidence(e->level_db));
    if (!is_result)
        return o;
    if (e->template_text)
        busjson_add(o, "template", json_object_new_string(e->template_text));
    if (e->response)
        busjson_add(o, "response", json_object_new_string(e->response));
    if (e->n_metadata > 0)
        busjson_add(o, "metadata", cli_json_fields(e->metadata, e->n_metadata));
    busjson_add(o, "spoken", json_object_new_string(e->spoken));
    busjson_add(o, "words", cli_json_words(e->words, e->n_words));
    if (e->type == TRAGUS_UTTERANCE)
        busjson_add(o, "slot_list", slot_list(e->slots, e->n_slots));
    if (e->reason != TRAGUS_REASON_NONE)
        busjson_add(o, "reason_text", json_object_new_string(tragus_reason_text(e->reason)));
    if (e->detail && e->detail[0])
        busjson_add(o, "detail", json_object_new_string(e->detail));
    if (e->n_alternatives > 0)
        busjson_add(o, "alternatives", alternative_list(e->alternatives, e->n_alternatives));
    if (e->n_free_words > 0) {
        busjson_add(o, "free_text", json_object_new_string(e->free_text));
        busjson_add(o, "free_confidence", busjson_confidence(e->free_confidence));
        busjson_add(o, "free_words", cli_json_words(e->free_words, e->n_free_words));
    }
    return o;
}

void cli_json_print(json_object *o) {
    const char *text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    if (text && errno != ENOMEM)
        puts(text);
    else
        cli_complain("", 0, 0, "out of memory");
    json_object_put(o);
}
