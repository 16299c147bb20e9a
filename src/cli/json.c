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

void cli_json_add(json_object *o, const char *key, json_object *value) {
    if (!o || json_object_object_add(o, key, value) < 0) {
        json_object_put(value);
        errno = ENOMEM;
    }
}

void cli_json_append(json_object *list, json_object *value) {
    if (!list || json_object_array_add(list, value) < 0) {
        json_object_put(value);
        errno = ENOMEM;
    }
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
        cli_json_add(o, fields[i].name, cli_json_value(&fields[i].value));
    return o;
}

json_object *cli_json_slots(const tragus_slot slots[], size_t n) {
    json_object *o = json_object_new_object();
    for (size_t i = 0; i < n; i++)
        if (!json_object_object_get_ex(o, slots[i].name, NULL))
            cli_json_add(o, slots[i].name, cli_json_value(&slots[i].value));
    return o;
}

json_object *cli_json_words(const tragus_word words[], size_t n) {
    json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        json_object *o = json_object_new_object();
        cli_json_add(o, "word", json_object_new_string(words[i].word));
        cli_json_add(o, "start_ms", json_object_new_int64(words[i].start_ms));
        cli_json_add(o, "end_ms", json_object_new_int64(words[i].end_ms));
        cli_json_add(o, "confidence", busjson_confidence(words[i].confidence));
        cli_json_append(list, o);
    }
    return list;
}

static json_object *slot_list(const tragus_slot slots[], size_t n) {
    json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        json_object *o = json_object_new_object();
        cli_json_add(o, "name", json_object_new_string(slots[i].name));
        cli_json_add(o, "value", cli_json_value(&slots[i].value));
        cli_json_add(o, "text", json_object_new_string(slots[i].text ? slots[i].text : ""));
        cli_json_add(o, "start_ms", json_object_new_int64(slots[i].start_ms));
        cli_json_add(o, "end_ms", json_object_new_int64(slots[i].end_ms));
        cli_json_add(o, "confidence", busjson_confidence(slots[i].confidence));
        if (slots[i].wildcard) {
            cli_json_add(o, "wildcard", json_object_new_boolean(true));
            cli_json_add(o, "words", cli_json_words(slots[i].words, slots[i].n_words));
        }
        cli_json_append(list, o);
    }
    return list;
}

static json_object *alternative_list(const tragus_alternative a[], size_t n) {
    json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        json_object *o = json_object_new_object();
        cli_json_add(o, "text", json_object_new_string(a[i].text));
        cli_json_add(o, "intent", json_object_new_string(a[i].intent));
        cli_json_add(o, "slots", cli_json_slots(a[i].slots, a[i].n_slots));
        cli_json_add(o, "confidence", busjson_confidence(a[i].confidence));
        cli_json_append(list, o);
    }
    return list;
}

json_object *cli_json_event(const tragus_event *e) {
    bool is_result = e->type == TRAGUS_UTTERANCE || e->type == TRAGUS_REJECTED;
    json_object *o = cli_json_new();
    cli_json_add(o, "event", json_object_new_string(tragus_event_name(e->type)));
    cli_json_add(o, "sequence", json_object_new_uint64(e->sequence));
    if (e->type == TRAGUS_REJECTED)
        cli_json_add(o, "reason", json_object_new_int64(e->reason));
    if (is_result || e->type == TRAGUS_PARTIAL || e->type == TRAGUS_WAKE_DETECTED)
        cli_json_add(o, "text", json_object_new_string(e->text));
    if (e->type == TRAGUS_PARTIAL)
        cli_json_add(o, "stability", busjson_confidence(e->stability));
    if (e->type == TRAGUS_UTTERANCE || e->reason == TRAGUS_AMBIGUOUS) {
        cli_json_add(o, "intent", json_object_new_string(e->intent));
        cli_json_add(o, "slots", cli_json_slots(e->slots, e->n_slots));
    }
    if (is_result || e->type == TRAGUS_WAKE_DETECTED)
        cli_json_add(o, "confidence", busjson_confidence(e->confidence));
    cli_json_add(o, "time_ms", json_object_new_uint64(e->time_ms));
    if (e->type != TRAGUS_PARTIAL) {
        cli_json_add(o, "start_ms", json_object_new_int64(e->start_ms));
        cli_json_add(o, "end_ms", json_object_new_int64(e->end_ms));
    }
    if (e->type == TRAGUS_WAKE_DETECTED)
        cli_json_add(o, "level_db", busjson_confidence(e->level_db));
    if (!is_result)
        return o;
    if (e->template_text)
        cli_json_add(o, "template", json_object_new_string(e->template_text));
    if (e->response)
        cli_json_add(o, "response", json_object_new_string(e->response));
    if (e->n_metadata > 0)
        cli_json_add(o, "metadata", cli_json_fields(e->metadata, e->n_metadata));
    cli_json_add(o, "spoken", json_object_new_string(e->spoken));
    cli_json_add(o, "words", cli_json_words(e->words, e->n_words));
    if (e->type == TRAGUS_UTTERANCE)
        cli_json_add(o, "slot_list", slot_list(e->slots, e->n_slots));
    if (e->reason != TRAGUS_REASON_NONE)
        cli_json_add(o, "reason_text", json_object_new_string(tragus_reason_text(e->reason)));
    if (e->detail && e->detail[0])
        cli_json_add(o, "detail", json_object_new_string(e->detail));
    if (e->n_alternatives > 0)
        cli_json_add(o, "alternatives", alternative_list(e->alternatives, e->n_alternatives));
    if (e->n_free_words > 0) {
        cli_json_add(o, "free_text", json_object_new_string(e->free_text));
        cli_json_add(o, "free_confidence", busjson_confidence(e->free_confidence));
        cli_json_add(o, "free_words", cli_json_words(e->free_words, e->n_free_words));
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
