/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/grammar/home_assistant.h: runs sentences with known intents and slots against a grammar. Each sentence names a file
 * with a home, whose names, areas and floors become the lists {name}, {area} and {floor}.
 */
#ifndef TRAGUS_TESTS_GRAMMAR_HOME_ASSISTANT_H
#define TRAGUS_TESTS_GRAMMAR_HOME_ASSISTANT_H

#include "builder.h"
#include "grammar/grammar.h"
#include "grammar/pool.h"
#include "grammar/yaml.h"
#include "walk.h"

#include <json-c/json.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <cmocka.h>

struct suite {
    struct grammar_builder *b;
    char homes[1024]; /* folder of the files that the sentences name */
    struct grammar *grammar;
    char home[128]; /* file of the home that the grammar has now */
    char area[64];  /* of the microphone */
    /* Counts of sentences. Closed ones have no free text in Home Assistant's grammar. */
    int sentences, typed, spoken, closed, closed_accepted, accepted;
    int unwritten; /* those that read differently once written */
};

/* Writes the folder of outside material to `folder`. Returns 0 if it is missing. */
static inline int suite_find(char *folder, size_t size) {
    const char *shared = getenv("TRAGUS_SHARED"), *top = getenv("abs_top_srcdir");
    snprintf(folder, size, "%s%s/text/home-assistant-intents", shared ? shared : top ? top : ".", shared ? "" : "/../shared");
    if (access(folder, R_OK) == 0)
        return 1;
    printf("skipped: %s is not there (TRAGUS_SHARED names the folder of outside material)\n", folder);
    return 0;
}

static inline char *suite_read(const char *path, size_t *len) {
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s cannot be read", path);
    char *text = NULL;
    size_t size = 0, n;
    *len = 0;
    do {
        text = realloc(text, size += 65536);
        n = fread(text + *len, 1, size - *len - 1, f);
        *len += n;
    } while (n > 0);
    text[*len] = '\0';
    fclose(f);
    return text;
}

static inline void suite_add(struct grammar_builder *b, const char *folder, const char *name) {
    char path[1024];
    tragus_error error;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (grammar_builder_add_path(b, path, NULL, &error) < 0)
        fail_msg("%s: %s: %s", name, error.file, error.text);
}

static inline void suite_set_list(struct grammar_builder *b, const char *list, const struct grammar_yaml *things) {
    struct grammar_list_value values[64] = {{0}};
    size_t n = things ? things->n : 0;
    assert_true(n <= 64);
    for (size_t i = 0; i < n; i++) {
        values[i].in = values[i].out = grammar_yaml_get(things->items[i], "name")->text;
        const struct grammar_yaml *domain = grammar_yaml_get(things->items[i], "domain");
        values[i].context_domain = domain ? domain->text : NULL;
    }
    assert_int_equal(grammar_builder_set_list(b, list, values, n, NULL, NULL), 0);
}

struct suite_lists {
    struct suite *s;
    struct grammar_pool pool;
    const char *path, *text;
    size_t len;
};

static inline void suite_set_lists(void *data) {
    struct suite_lists *j = data;
    struct grammar_report report = {0};
    struct grammar_yaml_parser *parser = NULL;
    const struct grammar_yaml *root = grammar_yaml_read(&j->pool, j->path, j->text, j->len, &report, &parser);
    assert_non_null(root);
    suite_set_list(j->s->b, "name", grammar_yaml_get(root, "entities"));
    suite_set_list(j->s->b, "floor", grammar_yaml_get(root, "floors"));
    const struct grammar_yaml *areas = grammar_yaml_get(root, "areas");
    suite_set_list(j->s->b, "area", areas);
    strcpy(j->s->area, "__context_area__");
    for (size_t i = 0; areas && i < areas->n; i++)
        if (grammar_yaml_get(areas->items[i], "context_area"))
            snprintf(j->s->area, sizeof j->s->area, "%s", grammar_yaml_get(areas->items[i], "name")->text);
}

/* Compiles the grammar with the names of a home. */
static inline void suite_enter(struct suite *s, const char *home) {
    if (strcmp(s->home, home) == 0)
        return;
    char path[1200];
    struct suite_lists j = {.s = s, .path = path};
    snprintf(s->home, sizeof s->home, "%s", home);
    snprintf(path, sizeof path, "%s/%s.yaml", s->homes, home);
    char *text = suite_read(path, &j.len);
    j.text = text;
    grammar_pool_init(&j.pool, 16 << 20, NULL);
    assert_int_equal(grammar_pool_run(&j.pool, suite_set_lists, &j), 0);
    grammar_pool_done(&j.pool);
    free(text);
    grammar_free(s->grammar);
    s->grammar = NULL;
    tragus_error error;
    if (grammar_compile(&s->grammar, s->b, NULL, &error) < 0)
        fail_msg("%s: %s", home, error.text);
}

/* Spoken free text has no capitals. */
static inline int suite_same_value(const struct grammar_slot *slot, struct json_object *expected, int spoken) {
    const tragus_value *v = &slot->value;
    switch (json_object_get_type(expected)) {
    case json_type_int:
    case json_type_double:
        return (v->type == TRAGUS_INTEGER || v->type == TRAGUS_REAL) && fabs(v->real - json_object_get_double(expected)) < 1e-9;
    case json_type_boolean:
        return v->type == TRAGUS_BOOLEAN && v->boolean == (json_object_get_boolean(expected) != 0);
    default:
        return (spoken ? strcasecmp : strcmp)(v->text, json_object_get_string(expected)) == 0;
    }
}

static inline int suite_is_expected(const struct grammar_reading *r, struct json_object *row, int spoken) {
    struct json_object *slots = json_object_object_get(row, "slots");
    if (!r || strcmp(r->intent, json_object_get_string(json_object_object_get(row, "intent"))) != 0 ||
        (int)r->n_slots != json_object_object_length(slots))
        return 0;
    for (size_t i = 0; i < r->n_slots; i++) {
        struct json_object *expected;
        if (!json_object_object_get_ex(slots, r->slots[i].name, &expected) ||
            !suite_same_value(&r->slots[i], expected, spoken && r->slots[i].wildcard))
            return 0;
    }
    return 1;
}

static inline int suite_same_reading(const struct grammar_reading *a, const struct grammar_reading *b) {
    if (strcmp(a->intent, b->intent) != 0 || a->n_slots != b->n_slots)
        return 0;
    for (size_t i = 0; i < a->n_slots; i++)
        if (strcmp(a->slots[i].name, b->slots[i].name) != 0 || strcmp(a->slots[i].value.text, b->slots[i].value.text) != 0)
            return 0;
    return 1;
}

/* Home Assistant parses again what tragus writes: so the written text of a reading must have the same reading, and the same written
 * text. */
static inline int suite_reads_again(const struct suite *s, const char *spoken, const struct grammar_reading *r) {
    struct grammar_match *m = NULL;
    const tragus_context context = {"area", s->area};
    int n = grammar_match(&m, s->grammar, r->text, &context, 1, 1);
    const struct grammar_reading *again = n > 0 ? grammar_match_reading(m, 0) : NULL;
    int good = again && suite_same_reading(r, again) && strcmp(r->text, again->text) == 0;
    if (!good)
        print_message("%s: \"%s\" is written \"%s\", which reads as %s \"%s\"\n", s->home, spoken, r->text,
                      again ? again->intent : "nothing", again ? again->text : "");
    grammar_match_free(m);
    return good;
}

static inline int suite_understands(struct suite *s, const char *text, struct json_object *row, int spoken) {
    struct grammar_match *m = NULL;
    const tragus_context context = {"area", s->area};
    int n = grammar_match(&m, s->grammar, text, &context, 1, 8);
    assert_true(n >= 0);
    const struct grammar_reading *r = grammar_match_reading(m, 0);
    int good = suite_is_expected(r, row, spoken);
    if (!good) {
        print_message("%s: \"%s\" gives %d readings, first %s (%s):", s->home, text, n, r ? r->intent : "none",
                      r ? r->template_text : "");
        for (size_t i = 0; r && i < r->n_slots; i++)
            print_message(" %s=%s", r->slots[i].name, r->slots[i].value.text);
        print_message("; expected %s\n", json_object_to_json_string(row));
    }
    if (r)
        s->unwritten += !suite_reads_again(s, text, r);
    grammar_match_free(m);
    return good;
}

/* Whatever the acceptor accepts is understood: random sentences from it have a reading. Returns the number of those without one, or
 * with another one once they are written. */
static inline int suite_unmatched_walks(const struct suite *s, int n) {
    uint64_t seed = 1;
    int unmatched = 0;
    for (int i = 0; i < n; i++) {
        char text[2048];
        struct grammar_match *m = NULL;
        const tragus_context context = {"area", s->area};
        walk_draw(grammar_acceptor(s->grammar), &seed, text, sizeof text);
        if (grammar_match(&m, s->grammar, text, &context, 1, 1) <= 0) {
            print_message("%s: the acceptor says \"%s\", which nothing matches\n", s->home, text);
            unmatched++;
        } else if (!suite_reads_again(s, text, grammar_match_reading(m, 0))) {
            unmatched++;
        }
        grammar_match_free(m);
    }
    return unmatched;
}

static inline void suite_check_row(struct suite *s, struct json_object *row) {
    struct json_object *in_words = json_object_object_get(row, "spoken");
    const char *text = json_object_get_string(json_object_object_get(row, "text"));
    const char *spoken = in_words ? json_object_get_string(in_words) : text;
    suite_enter(s, json_object_get_string(json_object_object_get(row, "file")));
    s->sentences++;
    s->typed += suite_understands(s, text, row, 0);
    s->spoken += suite_understands(s, spoken, row, 1);
    int accepted = walk_accepts(grammar_acceptor(s->grammar), spoken) != 0;
    int closed = !json_object_object_get(row, "wild");
    s->accepted += accepted;
    s->closed += closed;
    s->closed_accepted += closed && accepted;
    if (closed && !accepted)
        print_message("%s: \"%s\" is not in the acceptor\n", s->home, spoken);
}

/* Runs the sentences of a file, one JSON object on a line: text, spoken (if it differs), file, intent, slots. */
static inline void suite_run(struct suite *s, const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s cannot be read", path);
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, f) > 0) {
        struct json_object *row = json_tokener_parse(line);
        assert_non_null(row);
        suite_check_row(s, row);
        json_object_put(row);
    }
    free(line);
    fclose(f);
    print_message("%d sentences: %d typed, %d spoken as expected, %d accepted; %d without free text, %d of them accepted\n",
                  s->sentences, s->typed, s->spoken, s->accepted, s->closed, s->closed_accepted);
}

/* Runs Home Assistant's test sentences, which are in `folder`. */
static inline void suite_run_home_assistant(struct suite *s, const char *folder) {
    char path[1024];
    snprintf(s->homes, sizeof s->homes, "%s/tests/en", folder);
    snprintf(path, sizeof path, "%s/reference-en.jsonl", folder);
    suite_run(s, path);
}

static inline void suite_done(struct suite *s) {
    grammar_free(s->grammar);
    grammar_builder_free(s->b);
}

#endif
