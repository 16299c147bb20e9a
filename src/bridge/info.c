/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/info.c: what is offered: speech to text, intents, the grammar's replies, and wake phrases if any are configured.
 *
 * Home Assistant forms lasting identities from the names of programs, so these contain neither version nor language. */
#include "bridge/private.h"
#include "busjson/busjson.h"
#include "config.h"

#include <stdlib.h>
#include <string.h>

static json_object *text(const char *value) {
    return json_object_new_string(value);
}

/* A program or a model, with the members that peers require. */
static json_object *artifact(const char *name, const char *description) {
    json_object *o = json_object_new_object(), *attribution = json_object_new_object();

    busjson_add(attribution, "name", text("The tragus developers"));
    busjson_add(attribution, "url", text(PACKAGE_URL));
    busjson_add(o, "name", text(name));
    busjson_add(o, "description", text(description));
    busjson_add(o, "attribution", attribution);
    busjson_add(o, "installed", json_object_new_boolean(true));
    busjson_add(o, "version", text(PACKAGE_VERSION));
    return o;
}

static bool contains(json_object *list, const char *value) {
    for (size_t i = 0; i < busjson_length(list); i++) {
        const char *text = json_object_get_string(json_object_array_get_idx(list, i)); /* NULL: there was no memory for it */
        if (text && strcmp(text, value) == 0)
            return true;
    }
    return false;
}

static json_object *languages(const struct bridge *b) {
    json_object *list = json_object_new_array();

    for (size_t i = 0; i < b->link.n_grammars; i++)
        if (!contains(list, b->link.grammars[i].language))
            busjson_append(list, text(b->link.grammars[i].language));
    if (busjson_length(list) == 0)
        busjson_append(list, text(b->options->language));
    return list;
}

static json_object *model(const struct bridge *b, const char *name, const char *description) {
    json_object *o = artifact(name, description);
    busjson_add(o, "languages", languages(b));
    return o;
}

static json_object *program(const char *name, const char *description, json_object *models) {
    json_object *o = artifact(name, description);
    busjson_add(o, "models", models);
    return o;
}

static json_object *one(json_object *item) {
    json_object *list = json_object_new_array();
    busjson_append(list, item);
    return list;
}

char *bridge_phrase_of(const char *name) {
    char *phrase = strdup(name);
    for (char *c = phrase; c && *c; c++)
        if (*c == '_')
            *c = ' ';
    return phrase;
}

static json_object *phrases(const struct bridge *b) {
    json_object *list = json_object_new_array();

    for (size_t i = 0; i < b->options->n_phrases; i++) {
        json_object *o = model(b, b->options->phrases[i], b->options->phrases[i]);
        char *phrase = bridge_phrase_of(b->options->phrases[i]);
        if (phrase)
            busjson_add(o, "phrase", text(phrase));
        free(phrase);
        busjson_append(list, o);
    }
    return list;
}

json_object *bridge_info(const struct bridge *b) {
    const char *spoken = "Spoken commands", *typed = "Typed commands", *wake = "Wake phrases", *replies = "Replies";
    json_object *info = json_object_new_object();

    json_object *asr = program(BRIDGE_PROGRAM, spoken, one(model(b, BRIDGE_PROGRAM, spoken)));
    /* tragusd finds the end of a command itself, with the silences of its grammar. */
    busjson_add(asr, "requires_external_vad", json_object_new_boolean(false));
    busjson_add(asr, "supports_transcript_streaming", json_object_new_boolean(true));
    json_object *intent = program(BRIDGE_PROGRAM, typed, one(model(b, BRIDGE_PROGRAM, typed)));
    json_object *handle = program(BRIDGE_REPLIES_PROGRAM, replies, one(model(b, BRIDGE_REPLIES_PROGRAM, replies)));
    /* The home is controlled by who gets an intent. */
    busjson_add(handle, "supports_home_control", json_object_new_boolean(false));
    busjson_add(info, "asr", one(asr)); /* without memory this frees it, so it must be complete */
    busjson_add(info, "intent", one(intent));
    busjson_add(info, "handle", one(handle));
    busjson_add(info, "wake", b->options->n_phrases > 0 ? one(program(BRIDGE_PROGRAM, wake, phrases(b))) : json_object_new_array());
    static const char *const none[] = {"tts", "mic", "snd"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        busjson_add(info, none[i], json_object_new_array());
    return info;
}
