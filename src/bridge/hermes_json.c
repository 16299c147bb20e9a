/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/hermes_json.c: payloads of the Hermes protocol, made from utterances. Positions count characters of the text. */
#include "bridge/hermes.h"
#include "busjson/busjson.h"

#include <string.h>

static json_object *number(size_t x) {
    return json_object_new_int64((int64_t)x);
}

static size_t characters(const char *text, size_t n) {
    size_t count = 0;
    for (size_t i = 0; i < n && text[i]; i++)
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

static double number_of(json_object *o, const char *key) {
    return json_object_get_double(json_object_object_get(o, key));
}

/* Where `part` is in the text, from *from on, which is set to its end. Of a typed text, parts keep the case in which they were
 * typed. */
static void find(const char *text, const char *part, size_t *from, size_t *ret_start, size_t *ret_end) {
    const char *at = part && *part ? strcasestr(text + *from, part) : NULL;

    if (at)
        *from = (size_t)(at - text) + strlen(part);
    *ret_start = at ? characters(text, (size_t)(at - text)) : 0;
    *ret_end = at ? *ret_start + characters(part, strlen(part)) : 0;
}

/* Appends the words of an utterance to tokens. The two messages that have tokens spell the keys of their range differently. */
static void add_tokens(json_object *tokens, json_object *utterance, bool snake_case) {
    json_object *words = json_object_object_get(utterance, "words");
    const char *text = busjson_text(utterance, "text");
    size_t from = 0, start, end, n = busjson_length(words);

    for (size_t i = 0; i < n; i++) {
        json_object *word = json_object_array_get_idx(words, i), *o = json_object_new_object(), *time = json_object_new_object();
        find(text ? text : "", busjson_text(word, "word"), &from, &start, &end);
        busjson_add(o, "value", json_object_get(json_object_object_get(word, "word")));
        busjson_add(o, "confidence", json_object_get(json_object_object_get(word, "confidence")));
        busjson_add(o, snake_case ? "range_start" : "rangeStart", number(start));
        busjson_add(o, snake_case ? "range_end" : "rangeEnd", number(end));
        busjson_add(time, "start", busjson_confidence(number_of(word, "start_ms") / 1000));
        busjson_add(time, "end", busjson_confidence(number_of(word, "end_ms") / 1000));
        busjson_add(o, "time", time);
        busjson_append(tokens, o);
    }
}

json_object *hermes_free_words(json_object *rejected) {
    static const char *const keys[][2] = {{"free_text", "text"},
                                          {"free_confidence", "confidence"},
                                          {"free_words", "words"},
                                          {"start_ms", "start_ms"},
                                          {"end_ms", "end_ms"}};
    const char *text = busjson_text(rejected, "free_text");

    if (!text || !*text || number_of(rejected, "free_confidence") < BRIDGE_LEAST_FREE_CONFIDENCE)
        return NULL;
    json_object *o = json_object_new_object();
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        busjson_add(o, keys[i][1], json_object_get(json_object_object_get(rejected, keys[i][0])));
    return o;
}

json_object *hermes_captured(const struct hermes *h, const char *session, const char *wakeword, json_object *utterances) {
    json_object *o = json_object_new_object(), *tokens = json_object_new_array(), *list = json_object_new_array();
    size_t n = busjson_length(utterances);
    struct base_buffer text = {0};
    double likelihood = n > 0 ? 1 : 0, seconds = 0;

    for (size_t i = 0; i < n; i++) {
        json_object *u = json_object_array_get_idx(utterances, i);
        const char *part = busjson_text(u, "text");
        double confidence = number_of(u, "confidence");
        base_buffer_add_text(&text, i == 0 ? "" : " ");
        base_buffer_add_text(&text, part ? part : "");
        likelihood = confidence < likelihood ? confidence : likelihood;
        seconds += (number_of(u, "end_ms") - number_of(u, "start_ms")) / 1000;
        add_tokens(tokens, u, false);
    }
    busjson_append(list, tokens);
    busjson_add(o, "text", json_object_new_string(text.data ? text.data : ""));
    busjson_add(o, "likelihood", busjson_confidence(likelihood));
    busjson_add(o, "seconds", busjson_confidence(seconds));
    busjson_add(o, "wakewordId", wakeword ? json_object_new_string(wakeword) : NULL);
    busjson_add(o, "asrTokens", list);
    hermes_sign(h, o, session);
    base_buffer_done(&text);
    return o;
}

static json_object *slots(json_object *utterance) {
    json_object *list = json_object_object_get(utterance, "slot_list"), *out = json_object_new_array();
    const char *text = busjson_text(utterance, "text");
    size_t from = 0, start, end, n = busjson_length(list);

    for (size_t i = 0; i < n; i++) {
        json_object *slot = json_object_array_get_idx(list, i), *o = json_object_new_object(), *value = json_object_new_object(),
                    *range = json_object_new_object(), *content = json_object_object_get(slot, "value"),
                    *confidence = json_object_object_get(slot, "confidence");
        bool is_number = json_object_is_type(content, json_type_int) || json_object_is_type(content, json_type_double);
        find(text ? text : "", busjson_text(slot, "text"), &from, &start, &end);
        busjson_add(value, "kind", json_object_new_string(is_number ? "Number" : "Unknown"));
        busjson_add(value, "value", json_object_get(content));
        busjson_add(range, "start", number(start));
        busjson_add(range, "end", number(end));
        busjson_add(o, "entity", json_object_get(json_object_object_get(slot, "name")));
        busjson_add(o, "slotName", json_object_get(json_object_object_get(slot, "name")));
        busjson_add(o, "confidence", confidence ? json_object_get(confidence) : json_object_new_double(1.0));
        busjson_add(o, "rawValue", json_object_get(json_object_object_get(slot, "text")));
        busjson_add(o, "value", value);
        busjson_add(o, "range", range);
        busjson_append(out, o);
    }
    return out;
}

json_object *hermes_intent(const struct hermes *h, const char *session, const char *id, const char *raw, json_object *utterance) {
    json_object *o = json_object_new_object(), *intent = json_object_new_object(), *tokens = json_object_new_array(),
                *list = json_object_new_array(), *confidence = json_object_object_get(utterance, "confidence");

    busjson_add(intent, "intentName", json_object_get(json_object_object_get(utterance, "intent")));
    busjson_add(intent, "confidenceScore", json_object_get(confidence));
    busjson_add(o, "input", json_object_get(json_object_object_get(utterance, "text")));
    busjson_add(o, "rawInput", json_object_get(raw ? NULL : json_object_object_get(utterance, "text")));
    if (raw)
        busjson_add(o, "rawInput", json_object_new_string(raw));
    busjson_add(o, "intent", intent);
    busjson_add(o, "slots", slots(utterance));
    busjson_add(o, "id", id ? json_object_new_string(id) : NULL);
    busjson_add(o, "customData", NULL);
    add_tokens(tokens, utterance, true);
    busjson_append(list, tokens);
    busjson_add(o, "asrTokens", list);
    busjson_add(o, "asrConfidence", raw ? NULL : json_object_get(confidence));
    hermes_sign(h, o, session);
    return o;
}
