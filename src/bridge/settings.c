/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/settings.c: bridge.conf: a table of keys, each with the place of its value. To add one, add a row here, a field to struct
 * bridge_options, and its description to data/bridge.conf. */
#include "bridge/bridge.h"
#include "bridge/home.h"
#include "bridge/private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum kind { TEXT, PHRASES, COUNT, SWITCH, HERMES, SOUND };

#define AT(field) offsetof(struct bridge_options, field)

static const struct base_settings_key keys[] = {
    {"bus", "address", TEXT, 0, 0, AT(address)},
    {"wyoming", "uri", TEXT, 0, 0, AT(uri)},
    {"wyoming", "announce", SWITCH, 0, 0, AT(announce)},
    {"wyoming", "fallback", SWITCH, 0, 0, AT(fallback)},
    {"wyoming", "grammar", TEXT, 0, 0, AT(grammar)},
    {"wyoming", "language", TEXT, 0, 0, AT(language)},
    {"wyoming", "wake", PHRASES, 0, 0, 0},
    {"home_assistant", "url", TEXT, 0, 0, AT(home_url)},
    {"home_assistant", "token_file", TEXT, 0, 0, AT(home_token_file)},
    {"home_assistant", "ca_file", TEXT, 0, 0, AT(home_ca_file)},
    {"home_assistant", "grammar", TEXT, 0, 0, AT(home_grammar)},
    {"mqtt", "host", TEXT, 0, 0, AT(mqtt.host)},
    {"mqtt", "port", COUNT, 1, 65535, AT(mqtt.port)},
    {"mqtt", "tls", SWITCH, 0, 0, AT(mqtt.tls)},
    {"mqtt", "ca_file", TEXT, 0, 0, AT(mqtt.ca_file)},
    {"mqtt", "user", TEXT, 0, 0, AT(mqtt.user)},
    {"mqtt", "password_file", TEXT, 0, 0, AT(mqtt.password_file)},
    {"mqtt", "client_id", TEXT, 0, 0, AT(mqtt.client_id)},
    {"mqtt", "site", TEXT, 0, 0, AT(mqtt.site)},
    {"mqtt", "prefix", TEXT, 0, 0, AT(mqtt.prefix)},
    {"mqtt", "grammar", TEXT, 0, 0, AT(mqtt.grammar)},
    {"mqtt", "wake", PHRASES, 0, 0, 0},
    {"mqtt", "listen", SWITCH, 0, 0, AT(mqtt.listen)},
    {"mqtt", "fallback", SWITCH, 0, 0, AT(mqtt.fallback)},
    {"mqtt", "partial", SWITCH, 0, 0, AT(mqtt.partial)},
    {"mqtt", "keep_s", COUNT, 0, 86400, AT(mqtt.keep_s)},
    {"mqtt", "energy_s", COUNT, 1, 86400, AT(mqtt.energy_s)},
    {"mqtt", "discovery", SWITCH, 0, 0, AT(mqtt.discovery)},
    {"mqtt", "discovery_prefix", TEXT, 0, 0, AT(mqtt.discovery_prefix)},
    {"mqtt", "hermes", HERMES, 0, 0, AT(mqtt.hermes)},
    {"mqtt", "sound", SOUND, 0, 0, AT(mqtt.hermes_sound)},
};

static const char *const sections[] = {"bus", "wyoming", "home_assistant", "mqtt"};

void bridge_options_init(struct bridge_options *o) {
    *o = (struct bridge_options){
        .uri = "tcp://127.0.0.1:10300", .announce = true, .address = "system", .grammar = "", .language = "en", .home_grammar = ""};
    o->mqtt = (struct bridge_mqtt_options){.host = "",
                                           .ca_file = "",
                                           .user = "",
                                           .password_file = "",
                                           .client_id = "",
                                           .site = "default",
                                           .prefix = "",
                                           .grammar = "",
                                           .listen = true,
                                           .keep_s = 30,
                                           .energy_s = 60,
                                           .discovery = true,
                                           .discovery_prefix = "homeassistant"};
}

void bridge_options_done(struct bridge_options *o) {
    base_settings_texts_done(&o->texts);
    *o = (struct bridge_options){0};
}

static int take_phrases(struct bridge_options *o, const char *phrases[BRIDGE_MOST_PHRASES], size_t *n,
                        const struct base_settings_line *l, tragus_error *reterr) {
    for (char *rest = l->value, *phrase; (phrase = strsep(&rest, ",")) != NULL;) {
        phrase += strspn(phrase, " \t");
        if (!*phrase)
            continue;
        if (*n == BRIDGE_MOST_PHRASES)
            return base_error_at(reterr, -EINVAL, l->path, l->line, 0, "%s has more than %d phrases; remove some", l->name,
                                 BRIDGE_MOST_PHRASES);
        int r = base_settings_keep(&o->texts, phrase, &phrases[*n], reterr);
        if (r < 0)
            return r;
        ++*n;
    }
    return 0;
}

/* Returns which of the words the value is, or an error that names them. */
static int choose(const struct base_settings_line *l, const char *const words[], size_t n, tragus_error *reterr) {
    char list[100] = "";

    for (size_t i = 0; i < n; i++) {
        if (strcmp(l->value, words[i]) == 0)
            return (int)i;
        size_t used = strlen(list);
        snprintf(list + used, sizeof(list) - used, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " or ", words[i]);
    }
    return base_error_at(reterr, -EINVAL, l->path, l->line, 0, "%s must be %s, not \"%.60s\"", l->name, list, l->value);
}

static int take_key(const struct base_settings_key *k, const struct base_settings_line *l, void *user, tragus_error *reterr) {
    static const char *const switches[] = {"no", "yes"}, *const hermes[] = {"no", "yes", "services"},
                             *const sounds[] = {"microphone", "hermes"};
    struct bridge_options *o = user;
    void *at = (char *)o + k->offset;
    double x;
    int r;

    switch (k->kind) {
    case PHRASES:
        return strcmp(k->section, "mqtt") == 0 ? take_phrases(o, o->mqtt.phrases, &o->mqtt.n_phrases, l, reterr)
                                               : take_phrases(o, o->phrases, &o->n_phrases, l, reterr);
    case COUNT:
        r = base_settings_number(k, l, true, &x, reterr);
        if (r >= 0)
            *(uint32_t *)at = (uint32_t)x;
        return r;
    case SWITCH:
    case SOUND:
        r = choose(l, k->kind == SWITCH ? switches : sounds, 2, reterr);
        if (r >= 0)
            *(bool *)at = r == 1;
        return r < 0 ? r : 0;
    case HERMES:
        r = choose(l, hermes, 3, reterr);
        if (r >= 0)
            *(enum bridge_hermes *)at = (enum bridge_hermes)r;
        return r < 0 ? r : 0;
    default:
        return base_settings_keep(&o->texts, l->value, at, reterr);
    }
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

int bridge_options_check(const struct bridge_options *o, tragus_error *reterr) {
    struct bridge_home_url url;

    int r = bridge_listen_check(o->uri, reterr);
    if (r >= 0 && o->home_url) {
        r = bridge_home_url_read(&url, o->home_url, reterr);
        if (r >= 0)
            bridge_home_url_done(&url);
    }
    return r < 0 ? r : bridge_mqtt_check(&o->mqtt, reterr);
}
