/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/settings.c: bridge.conf: a table of keys, each with the place of its value. To add one, add a row here, a field to struct
 * bridge_options, and its description to data/bridge.conf. */
#include "bridge/bridge.h"

#include <errno.h>
#include <string.h>

enum kind { TEXT, YES_NO, PHRASES };

#define AT(field) offsetof(struct bridge_options, field)

static const struct base_settings_key keys[] = {
    {"bus", "address", TEXT, 0, 0, AT(address)},
    {"wyoming", "uri", TEXT, 0, 0, AT(uri)},
    {"wyoming", "announce", YES_NO, 0, 0, AT(announce)},
    {"wyoming", "grammar", TEXT, 0, 0, AT(grammar)},
    {"wyoming", "language", TEXT, 0, 0, AT(language)},
    {"wyoming", "wake", PHRASES, 0, 0, 0},
    {"home_assistant", "url", TEXT, 0, 0, AT(home_url)},
    {"home_assistant", "token_file", TEXT, 0, 0, AT(home_token_file)},
    {"home_assistant", "ca_file", TEXT, 0, 0, AT(home_ca_file)},
    {"home_assistant", "grammar", TEXT, 0, 0, AT(home_grammar)},
};

static const char *const sections[] = {"bus", "wyoming", "home_assistant"};

void bridge_options_init(struct bridge_options *o) {
    *o = (struct bridge_options){
        .uri = "tcp://127.0.0.1:10300", .announce = true, .address = "system", .grammar = "", .language = "en", .home_grammar = ""};
}

void bridge_options_done(struct bridge_options *o) {
    base_settings_texts_done(&o->texts);
    *o = (struct bridge_options){0};
}

static int take_phrases(struct bridge_options *o, const struct base_settings_line *l, tragus_error *reterr) {
    for (char *rest = l->value, *phrase; (phrase = strsep(&rest, ",")) != NULL;) {
        phrase += strspn(phrase, " \t");
        if (!*phrase)
            continue;
        if (o->n_phrases == BRIDGE_MOST_PHRASES)
            return base_error_at(reterr, -EINVAL, l->path, l->line, 0, "%s has more than %d phrases; remove some", l->name,
                                 BRIDGE_MOST_PHRASES);
        int r = base_settings_keep(&o->texts, phrase, &o->phrases[o->n_phrases], reterr);
        if (r < 0)
            return r;
        o->n_phrases++;
    }
    return 0;
}

static int take_yes_no(bool *at, const struct base_settings_line *l, tragus_error *reterr) {
    if (strcmp(l->value, "yes") != 0 && strcmp(l->value, "no") != 0)
        return base_error_at(reterr, -EINVAL, l->path, l->line, 0, "%s must be yes or no, not \"%.60s\"", l->name, l->value);
    *at = strcmp(l->value, "yes") == 0;
    return 0;
}

static int take_key(const struct base_settings_key *k, const struct base_settings_line *l, void *user, tragus_error *reterr) {
    struct bridge_options *o = user;
    if (k->kind == PHRASES)
        return take_phrases(o, l, reterr);
    if (k->kind == YES_NO)
        return take_yes_no((bool *)((char *)o + k->offset), l, reterr);
    return base_settings_keep(&o->texts, l->value, (const char **)((char *)o + k->offset), reterr);
}

static const struct base_settings_table table = {
    .keys = keys,
    .n_keys = sizeof(keys) / sizeof(keys[0]),
    .sections = sections,
    .n_sections = sizeof(sections) / sizeof(sections[0]),
    .manual = "tragus-bridge.conf(5)",
    .take = take_key,
};

int bridge_options_load(struct bridge_options *o, const char *path, tragus_error *reterr) {
    int r = base_settings_read_table(path, &table, o, reterr);
    if (r >= 0 && (o->home_url != NULL) != (o->home_token_file != NULL))
        return base_error_at(reterr, -EINVAL, path, 0, 0, "[home_assistant] needs both url and token_file");
    return r;
}
