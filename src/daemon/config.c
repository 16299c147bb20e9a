/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/config.c: a table of keys, each with its kind, its range, and the place of its value. */
#include "daemon/config.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, COUNT, SIZE, SECONDS, MILLISECONDS, HOPS, DECIBEL_RISE, DECIBEL_LEVEL, FRACTION, CHANNEL };

#define AT(field) offsetof(struct config, field)

static const struct base_settings_key keys[] = {
    {"bus", "address", TEXT, 0, 0, AT(bus.address)},
    {"bus", "listen_group", TEXT, 0, 0, AT(service.listen_group)},
    {"bus", "names_group", TEXT, 0, 0, AT(service.names_group)},
    {"bus", "admin_group", TEXT, 0, 0, AT(service.admin_group)},
    {"model", "path", TEXT, 0, 0, AT(service.model)},
    {"model", "languages", TEXT, 0, 0, AT(service.languages)},
    {"model", "kernels", TEXT, 0, 0, AT(service.cpu)},
    {"model", "pronunciations", TEXT, 0, 0, AT(service.pronunciations)},
    {"microphone", "device", TEXT, 0, 0, AT(service.device)},
    {"microphone", "channel", CHANNEL, 0, 0, AT(service.mix.channel)},
    {"microphone", "gain", FRACTION, -AUDIO_MOST_GAIN_DB, AUDIO_MOST_GAIN_DB, AT(service.mix.gain_db)},
    {"microphone", "longest_pause_s", SECONDS, 1, 3600, AT(service.most_pause_s)},
    {"recognition", "default_grammar", TEXT, 0, 0, AT(default_grammar)},
    {"recognition", "min_confidence", FRACTION, 0, 1, AT(service.session.min_confidence)},
    {"recognition", "end_silence_ms", MILLISECONDS, 100, 5000, AT(service.session.end_silence_ms)},
    {"recognition", "final_silence_ms", MILLISECONDS, 100, 5000, AT(service.session.final_silence_ms)},
    {"recognition", "open_silence_ms", MILLISECONDS, 100, 5000, AT(service.session.open_silence_ms)},
    {"recognition", "max_command_ms", MILLISECONDS, 1000, 60000, AT(service.session.max_speech_ms)},
    {"wake", "phrases", TEXT, 0, 0, AT(service.wake)},
    {"wake", "open_ms", MILLISECONDS, 1000, 60000, AT(service.session.wake_open_ms)},
    {"wake", "per_hour", FRACTION, 0.001, 100, AT(service.session.wake_per_hour)},
    {"gate", "open_db", DECIBEL_RISE, 1, 60, AT(service.gate.open_q8)},
    {"gate", "open_ms", HOPS, 10, 100, AT(service.gate.open_hops)},
    {"gate", "hang_ms", HOPS, 100, 10000, AT(service.gate.hang_hops)},
    {"gate", "least_dbfs", DECIBEL_LEVEL, -90, 0, AT(service.gate.least_q8)},
    {"limits", "sessions_per_user", COUNT, 1, 64, AT(service.limits.sessions_per_user)},
    {"limits", "grammars_per_user", COUNT, 1, 1000, AT(service.limits.grammars_per_user)},
    {"limits", "calls_per_user", COUNT, 2, 1000, AT(service.limits.calls_per_user)},
    {"limits", "grammar_bytes", SIZE, 1024, 64 << 20, AT(service.limits.grammar_bytes)},
    {"limits", "grammar_arcs", SIZE, 1000, 4000000, AT(service.limits.grammar_arcs)},
    {"limits", "grammar_cpu_ms", MILLISECONDS, 100, 600000, AT(service.limits.grammar_cpu_ms)},
    {"limits", "grammar_memory", SIZE, 1 << 20, 1 << 30, AT(service.limits.grammar_memory)},
    {"limits", "user_memory", SIZE, 1 << 20, 1 << 30, AT(service.limits.user_memory)},
    {"limits", "text_cpu_ms", MILLISECONDS, 10, 60000, AT(service.limits.text_cpu_ms)},
    {"limits", "text_memory", SIZE, 1 << 20, 1 << 30, AT(service.limits.text_memory)},
    {"limits", "sound_bytes", SIZE, 65536, 1 << 30, AT(service.limits.sound_bytes)},
};

/* In [grammars] the administrator chooses the names of the keys. */
static const char *const sections[] = {"bus", "model", "microphone", "grammars", "recognition", "wake", "gate", "limits"};

void config_init(struct config *c) {
    *c = (struct config){
        .bus = {.address = "system"},
        .default_grammar = "",
    };
    service_options_init(&c->service);
}

void config_done(struct config *c) {
    for (size_t i = 0; i < c->n_grammars; i++) {
        free(c->grammars[i].name);
        for (size_t k = 0; k < c->grammars[i].n_paths; k++)
            free(c->grammars[i].paths[k]);
    }
    free(c->grammars);
    base_settings_texts_done(&c->texts);
    *c = (struct config){0};
}

#define WRONG(l, ...) base_error_at(reterr, -EINVAL, (l)->path, (l)->line, 0, __VA_ARGS__)

static int take_number(const struct base_settings_key *k, const struct base_settings_line *l, void *at, tragus_error *reterr) {
    double x;

    int r = base_settings_number(k, l, k->kind != FRACTION && k->kind != DECIBEL_RISE && k->kind != DECIBEL_LEVEL, &x, reterr);
    if (r < 0)
        return r;
    switch (k->kind) {
    case COUNT:
    case SECONDS:
    case MILLISECONDS:
        *(uint32_t *)at = (uint32_t)x;
        break;
    case SIZE:
        *(size_t *)at = (size_t)x;
        break;
    case HOPS:
        *(uint32_t *)at = (uint32_t)(x / 10);
        break;
    case DECIBEL_RISE: /* a unit of log2 of energy is 3.0103 dB */
        *(int32_t *)at = (int32_t)(x / 3.0103 * 256);
        break;
    case DECIBEL_LEVEL: /* full scale: a mean square of 2^30 */
        *(int32_t *)at = (int32_t)((30 + x / 3.0103) * 256);
        break;
    default: /* FRACTION */
        *(double *)at = x;
    }
    return 0;
}

static int take_channel(const struct base_settings_key *k, const struct base_settings_line *l, unsigned *at, tragus_error *reterr) {
    if (audio_mix_channel(at, l->value) < 0)
        return WRONG(l, "%s must be mix, loudest, or a number from 1 to %d, not \"%.60s\"", k->name, AUDIO_MOST_CHANNELS, l->value);
    return 0;
}

static int take_key(const struct base_settings_key *k, const struct base_settings_line *l, void *user, tragus_error *reterr) {
    struct config *c = user;
    void *at = (char *)c + k->offset;

    if (k->kind == TEXT)
        return base_settings_keep(&c->texts, l->value, at, reterr);
    return k->kind == CHANNEL ? take_channel(k, l, at, reterr) : take_number(k, l, at, reterr);
}

static int take_grammar(const struct base_settings_line *l, void *user, tragus_error *reterr) {
    struct config *c = user;
    for (size_t i = 0; i < c->n_grammars; i++)
        if (strcmp(c->grammars[i].name, l->name) == 0)
            return WRONG(l, "grammar %s is given twice; put all its files and folders on one line", l->name);
    struct config_grammar *more = reallocarray(c->grammars, c->n_grammars + 1, sizeof(*more));
    if (!more)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    c->grammars = more;
    struct config_grammar *g = &more[c->n_grammars++];
    *g = (struct config_grammar){.name = strdup(l->name)};
    if (!g->name)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    for (char *rest = NULL, *path = strtok_r(l->value, " \t", &rest); path; path = strtok_r(NULL, " \t", &rest)) {
        if (g->n_paths == CONFIG_MOST_PATHS)
            return WRONG(l, "grammar %s has more than %d paths; put the files in a folder and name the folder", l->name,
                         CONFIG_MOST_PATHS);
        g->paths[g->n_paths] = strdup(path);
        if (!g->paths[g->n_paths])
            return base_error_set(reterr, -ENOMEM, "out of memory");
        g->n_paths++;
    }
    return 0;
}

static const struct base_settings_table table = {
    .keys = keys,
    .n_keys = sizeof(keys) / sizeof(keys[0]),
    .sections = sections,
    .n_sections = sizeof(sections) / sizeof(sections[0]),
    .manual = "tragus.conf(5)",
    .take = take_key,
    .take_free = take_grammar,
};

/* Checks values that depend on each other. */
static int check(struct config *c, const char *path, tragus_error *reterr) {
    if (!*c->default_grammar)
        return 0;
    for (size_t i = 0; i < c->n_grammars; i++)
        if (strcmp(c->grammars[i].name, c->default_grammar) == 0)
            return 0;
    return base_error_at(reterr, -EINVAL, path, 0, 0, "default_grammar is %.60s, but [grammars] has no grammar of that name",
                         c->default_grammar);
}

int config_load(struct config *c, const char *path, tragus_error *reterr) {
    c->path = path;
    int result = base_settings_read_table(path, &table, c, reterr);
    return result < 0 ? result : check(c, path, reterr);
}
