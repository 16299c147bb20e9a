/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/config.c: a table of keys, each with its kind, its range, and the place of its value. */
#include "daemon/config.h"
#include "base/settings.h"
#include "base/suggest.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, COUNT, SIZE, SECONDS, MILLISECONDS, HOPS, DECIBEL_RISE, DECIBEL_LEVEL, FRACTION, CHANNEL };

struct key {
    const char *section, *name;
    enum kind kind;
    double least, most;
    size_t offset; /* in struct config */
};

#define AT(field) offsetof(struct config, field)

static const struct key keys[] = {
    {"bus", "address", TEXT, 0, 0, AT(bus.address)},
    {"bus", "listen_group", TEXT, 0, 0, AT(service.listen_group)},
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
    {"limits", "grammar_bytes", SIZE, 1024, 64 << 20, AT(service.limits.grammar_bytes)},
    {"limits", "grammar_arcs", SIZE, 1000, 4000000, AT(service.limits.grammar_arcs)},
    {"limits", "grammar_cpu_ms", MILLISECONDS, 100, 600000, AT(service.limits.grammar_cpu_ms)},
    {"limits", "grammar_memory", SIZE, 1 << 20, 1 << 30, AT(service.limits.grammar_memory)},
    {"limits", "text_cpu_ms", MILLISECONDS, 10, 60000, AT(service.limits.text_cpu_ms)},
    {"limits", "text_memory", SIZE, 1 << 20, 1 << 30, AT(service.limits.text_memory)},
    {"limits", "sound_bytes", SIZE, 65536, 1 << 30, AT(service.limits.sound_bytes)},
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

/* In [grammars] the administrator chooses the names of the keys. */
static const char *const sections[] = {"bus", "model", "microphone", "grammars", "recognition", "wake", "gate", "limits"};
#define N_SECTIONS (sizeof(sections) / sizeof(sections[0]))

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
    for (size_t i = 0; i < c->n_strings; i++)
        free(c->strings[i]);
    free(c->strings);
    *c = (struct config){0};
}

struct reader {
    struct config *config;
    const char *path, *section; /* section: NULL before the first one */
    int line;
    bool seen[N_KEYS];
    tragus_error *reterr;
};

#define WRONG(r, ...) base_error_at((r)->reterr, -EINVAL, (r)->path, (r)->line, 0, __VA_ARGS__)

static int no_memory(const struct reader *r) {
    return base_error_set(r->reterr, -ENOMEM, "out of memory");
}

static int keep_text(struct reader *r, const char *value, const char **ret) {
    struct config *c = r->config;
    char **more = reallocarray(c->strings, c->n_strings + 1, sizeof(*more));
    if (more)
        c->strings = more;
    char *copy = more ? strdup(value) : NULL;
    if (!copy)
        return no_memory(r);
    c->strings[c->n_strings++] = copy;
    *ret = copy;
    return 0;
}

static int take_number(struct reader *r, const struct key *k, const char *value) {
    char *end;
    void *at = (char *)r->config + k->offset;

    errno = 0;
    double x = strtod(value, &end);
    if (errno != 0 || end == value || *end != '\0' || !isfinite(x))
        return WRONG(r, "%s must be a number, not \"%.60s\"", k->name, value);
    if (x < k->least || x > k->most)
        return WRONG(r, "%s must be from %.10g to %.10g, not %.10g", k->name, k->least, k->most, x);
    if (k->kind != FRACTION && k->kind != DECIBEL_RISE && k->kind != DECIBEL_LEVEL && x != floor(x))
        return WRONG(r, "%s must be a whole number, not \"%.60s\"", k->name, value);
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
    case FRACTION:
        *(double *)at = x;
        break;
    case TEXT:
    case CHANNEL:
        break;
    }
    return 0;
}

static int take_channel(struct reader *r, const struct key *k, const char *value) {
    if (audio_mix_channel((unsigned *)((char *)r->config + k->offset), value) < 0)
        return WRONG(r, "%s must be mix, loudest, or a number from 1 to %d, not \"%.60s\"", k->name, AUDIO_MOST_CHANNELS, value);
    return 0;
}

static int take_grammar(struct reader *r, const char *name, char *value) {
    struct config *c = r->config;
    for (size_t i = 0; i < c->n_grammars; i++)
        if (strcmp(c->grammars[i].name, name) == 0)
            return WRONG(r, "grammar %s is given twice; put all its files and folders on one line", name);
    struct config_grammar *more = reallocarray(c->grammars, c->n_grammars + 1, sizeof(*more));
    if (!more)
        return no_memory(r);
    c->grammars = more;
    struct config_grammar *g = &more[c->n_grammars++];
    *g = (struct config_grammar){.name = strdup(name)};
    if (!g->name)
        return no_memory(r);
    for (char *rest = NULL, *path = strtok_r(value, " \t", &rest); path; path = strtok_r(NULL, " \t", &rest)) {
        if (g->n_paths == CONFIG_MOST_PATHS)
            return WRONG(r, "grammar %s has more than %d paths; put the files in a folder and name the folder", name,
                         CONFIG_MOST_PATHS);
        g->paths[g->n_paths] = strdup(path);
        if (!g->paths[g->n_paths])
            return no_memory(r);
        g->n_paths++;
    }
    return 0;
}

static int unknown_key(const struct reader *r, const char *name) {
    const char *known[N_KEYS];
    size_t n = 0;

    for (size_t i = 0; i < N_KEYS; i++)
        if (strcmp(keys[i].section, r->section) == 0)
            known[n++] = keys[i].name;
    const char *meant = base_suggest(name, known, n);
    if (meant)
        return WRONG(r, "unknown key \"%.60s\" in [%s]; did you mean %s?", name, r->section, meant);
    for (size_t i = 0; i < N_KEYS; i++)
        if (strcmp(keys[i].name, name) == 0)
            return WRONG(r, "unknown key \"%.60s\" in [%s]; it belongs in [%s]", name, r->section, keys[i].section);
    return WRONG(r, "unknown key \"%.60s\" in [%s]; tragus.conf(5) documents all keys", name, r->section);
}

static int take_key(struct reader *r, char *name, char *value) {
    if (!r->section)
        return WRONG(r, "\"%.60s\" is before the first [section]; move it into a section", name);
    if (!*value)
        return WRONG(r, "%.60s has no value; put # before the line to keep the default", name);
    if (strcmp(r->section, "grammars") == 0)
        return take_grammar(r, name, value);
    for (size_t i = 0; i < N_KEYS; i++) {
        const struct key *k = &keys[i];
        if (strcmp(k->section, r->section) != 0 || strcmp(k->name, name) != 0)
            continue;
        if (r->seen[i])
            return WRONG(r, "%s is given twice; remove one of the lines", name);
        r->seen[i] = true;
        if (k->kind == TEXT)
            return keep_text(r, value, (const char **)((char *)r->config + k->offset));
        return k->kind == CHANNEL ? take_channel(r, k, value) : take_number(r, k, value);
    }
    return unknown_key(r, name);
}

static int take_section(struct reader *r, const char *name) {
    for (size_t i = 0; i < N_SECTIONS; i++)
        if (strcmp(sections[i], name) == 0) {
            r->section = sections[i];
            return 0;
        }
    const char *meant = base_suggest(name, sections, N_SECTIONS);
    if (meant)
        return WRONG(r, "unknown section [%.60s]; did you mean [%s]?", name, meant);
    return WRONG(
        r, "unknown section [%.60s]; known are [bus], [model], [microphone], [grammars], [recognition], [wake], [gate], [limits]",
        name);
}

static int take_line(const struct base_settings_line *l, void *user, tragus_error *reterr) {
    struct reader *r = user;
    r->line = l->line;
    r->reterr = reterr;
    return l->name ? take_key(r, l->name, l->value) : take_section(r, l->section);
}

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
    struct reader r = {.config = c, .path = path};
    int result = base_settings_read(path, take_line, &r, reterr);
    return result < 0 ? result : check(c, path, reterr);
}
