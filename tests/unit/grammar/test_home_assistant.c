/* SPDX-License-Identifier: Apache-2.0 */
/* Uses Home Assistant's English sentences and the tests that come with them, all of both. Every test sentence, typed and in words,
 * must give the intent and slots of the reference matcher. Sentences in words without free text must be in the acceptor.
 */
#include "builder.h"
#include "grammar/grammar.h"
#include "grammar/pool.h"
#include "grammar/yaml.h"
#include "walk.h"

#include <glob.h>
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

/* Pinned: change these only on purpose. */
enum {
    SENTENCES = 1110,
    TYPED = 1110,
    SPOKEN = 1110,
    CLOSED = 966,
    ACCEPTED = 966,
    LEGACY_SENTENCES = 1024,
    LEGACY_UNDERSTOOD = 1024
};

static char folder[512];

struct counts {
    int sentences, typed, spoken, closed, accepted, unmatched;
};

struct world { /* for one test file */
    struct grammar *grammar;
    char file[128];
    char area[64]; /* of the microphone */
};

static char *read_all(const char *path, size_t *len) {
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

static void set_list(struct grammar_builder *b, const char *list, const struct grammar_yaml *things) {
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

struct lists_job {
    struct grammar_builder *b;
    struct world *w;
    struct grammar_pool pool;
    const char *path, *text;
    size_t len;
};

static void set_lists(void *data) {
    struct lists_job *j = data;
    struct grammar_report report = {0};
    struct grammar_yaml_parser *parser = NULL;
    const struct grammar_yaml *root = grammar_yaml_read(&j->pool, j->path, j->text, j->len, &report, &parser);
    assert_non_null(root);
    set_list(j->b, "name", grammar_yaml_get(root, "entities"));
    set_list(j->b, "floor", grammar_yaml_get(root, "floors"));
    const struct grammar_yaml *areas = grammar_yaml_get(root, "areas");
    set_list(j->b, "area", areas);
    strcpy(j->w->area, "__context_area__");
    for (size_t i = 0; areas && i < areas->n; i++)
        if (grammar_yaml_get(areas->items[i], "context_area"))
            snprintf(j->w->area, sizeof j->w->area, "%s", grammar_yaml_get(areas->items[i], "name")->text);
}

static void open_world(struct grammar_builder *b, struct world *w, const char *file) {
    if (strcmp(w->file, file) == 0)
        return;
    char path[1024];
    struct lists_job j = {.b = b, .w = w, .path = path};
    snprintf(w->file, sizeof w->file, "%s", file);
    snprintf(path, sizeof path, "%s/tests/en/%s.yaml", folder, file);
    char *text = read_all(path, &j.len);
    j.text = text;
    grammar_pool_init(&j.pool, 16 << 20, NULL);
    assert_int_equal(grammar_pool_run(&j.pool, set_lists, &j), 0);
    grammar_pool_done(&j.pool);
    free(text);
    grammar_free(w->grammar);
    w->grammar = NULL;
    tragus_error error;
    if (grammar_compile(&w->grammar, b, NULL, &error) < 0)
        fail_msg("%s: %s", file, error.text);
}

/* Spoken free text has no capitals. */
static int same_value(const struct grammar_slot *slot, struct json_object *expected, int spoken) {
    const tragus_value *v = &slot->value;
    switch (json_object_get_type(expected)) {
    case json_type_int:
    case json_type_double:
        return (v->type == TRAGUS_INTEGER || v->type == TRAGUS_REAL) && fabs(v->real - json_object_get_double(expected)) < 1e-9;
    case json_type_boolean:
        return v->type == TRAGUS_BOOLEAN && v->boolean == (json_object_get_boolean(expected) != 0);
    default:
        return (spoken && slot->wildcard ? strcasecmp : strcmp)(v->text, json_object_get_string(expected)) == 0;
    }
}

static int is_expected(const struct grammar_reading *r, struct json_object *row, int spoken) {
    struct json_object *slots = json_object_object_get(row, "slots");
    if (!r || strcmp(r->intent, json_object_get_string(json_object_object_get(row, "intent"))) != 0 ||
        (int)r->n_slots != json_object_object_length(slots))
        return 0;
    for (size_t i = 0; i < r->n_slots; i++) {
        struct json_object *expected;
        if (!json_object_object_get_ex(slots, r->slots[i].name, &expected) || !same_value(&r->slots[i], expected, spoken))
            return 0;
    }
    return 1;
}

static int check(const struct world *w, const char *text, struct json_object *row, int spoken) {
    struct grammar_match *m = NULL;
    const tragus_context context = {"area", w->area};
    int n = grammar_match(&m, w->grammar, text, &context, 1, 8);
    assert_true(n >= 0);
    const struct grammar_reading *r = grammar_match_reading(m, 0);
    int good = is_expected(r, row, spoken);
    if (!good) {
        print_message("%s: \"%s\" gives %d readings, first %s (%s):", w->file, text, n, r ? r->intent : "none",
                      r ? r->template_text : "");
        for (size_t i = 0; r && i < r->n_slots; i++)
            print_message(" %s=%s", r->slots[i].name, r->slots[i].value.text);
        print_message("; expected %s\n", json_object_to_json_string(row));
    }
    grammar_match_free(m);
    return good;
}

/* Whatever the acceptor accepts is understood: random sentences from it have a reading. Returns the number of those without one. */
static int unmatched_walks(const struct world *w, int n) {
    uint64_t seed = 1;
    int unmatched = 0;
    for (int i = 0; i < n; i++) {
        char text[2048];
        struct grammar_match *m = NULL;
        const tragus_context context = {"area", w->area};
        walk_draw(grammar_acceptor(w->grammar), &seed, text, sizeof text);
        if (grammar_match(&m, w->grammar, text, &context, 1, 1) <= 0) {
            print_message("%s: the acceptor says \"%s\", which nothing matches\n", w->file, text);
            unmatched++;
        }
        grammar_match_free(m);
    }
    return unmatched;
}

static void check_row(struct grammar_builder *b, struct world *w, struct json_object *row, struct counts *c) {
    const char *text = json_object_get_string(json_object_object_get(row, "text"));
    const char *spoken = json_object_get_string(json_object_object_get(row, "spoken"));
    open_world(b, w, json_object_get_string(json_object_object_get(row, "file")));
    c->sentences++;
    c->typed += check(w, text, row, 0);
    c->spoken += check(w, spoken, row, 1);
    if (json_object_object_get(row, "wild"))
        return;
    c->closed++;
    int accepted = walk_accepts(grammar_acceptor(w->grammar), spoken);
    if (!accepted)
        print_message("%s: \"%s\" is not in the acceptor\n", w->file, spoken);
    c->accepted += accepted;
}

static void add(struct grammar_builder *b, const char *name) {
    char path[1024];
    tragus_error error;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (grammar_builder_add_path(b, path, NULL, &error) < 0)
        fail_msg("%s: %s: %s", name, error.file, error.text);
}

static void whole_suite(void **state) {
    (void)state;
    struct grammar_builder *b;
    struct world w = {0};
    struct counts c = {0};
    assert_int_equal(english_builder(&b), 0);
    add(b, "intents.yaml");
    add(b, "sentences/en");
    add(b, "lists"); /* of all languages: the others are ignored */
    add(b, "rules/en");
    char path[1024];
    snprintf(path, sizeof path, "%s/reference-en.jsonl", folder);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, f) > 0) {
        struct json_object *row = json_tokener_parse(line);
        assert_non_null(row);
        check_row(b, &w, row, &c);
        json_object_put(row);
    }
    free(line);
    fclose(f);
    open_world(b, &w, "HassTurnOn/name_area");
    c.unmatched = unmatched_walks(&w, 2000);
    grammar_free(w.grammar);
    grammar_builder_free(b);
    print_message("%d sentences: %d typed, %d spoken as expected; %d without free text, %d accepted\n", c.sentences, c.typed,
                  c.spoken, c.closed, c.accepted);
    assert_int_equal(c.sentences, SENTENCES);
    assert_int_equal(c.typed, TYPED);
    assert_int_equal(c.spoken, SPOKEN);
    assert_int_equal(c.closed, CLOSED);
    assert_int_equal(c.accepted, ACCEPTED);
    assert_int_equal(c.unmatched, 0);
}

/* The older layout, with its own tests: one world for all of them. */

struct legacy {
    struct grammar_pool pool;
    struct grammar *grammar;
    const char *path, *text;
    size_t len;
    int sentences, understood;
};

static const struct grammar_yaml *read_yaml(struct legacy *l) {
    struct grammar_report report = {0};
    struct grammar_yaml_parser *parser = NULL;
    const struct grammar_yaml *root = grammar_yaml_read(&l->pool, l->path, l->text, l->len, &report, &parser);
    assert_non_null(root);
    return root;
}

static const char *quoted(struct grammar_pool *p, const char *text) {
    const char *out = "";
    for (; *text; text++)
        out = grammar_pool_format(p, "%s%.*s%s", out, 1, text, *text == '\'' ? "'" : "");
    return grammar_pool_format(p, "'%s'", out);
}

/* A name may be a template, "Joe[']s"; its value is then the part that must be spoken, as in the suite's own runner. */
static const char *without_optional(struct grammar_pool *p, const char *name) {
    char *all = grammar_pool_text(p, name, strlen(name)), *end = all;
    for (int inside = 0; *name; name++) {
        inside += *name == '[';
        if (!inside)
            *end++ = *name;
        inside -= *name == ']';
    }
    *end = '\0';
    return all;
}

/* Converts the fixtures to lists in YAML; a name's context is its domain and device class. */
static const char *lists_of(struct legacy *l, const struct grammar_yaml *root) {
    static const char *const kinds[][2] = {{"name", "entities"}, {"area", "areas"}, {"floor", "floors"}};
    const char *out = "lists:\n";
    for (size_t i = 0; i < 3; i++) {
        const struct grammar_yaml *things = grammar_yaml_get(root, kinds[i][1]);
        out = grammar_pool_format(&l->pool, "%s  %s:\n    values:\n", out, kinds[i][0]);
        for (size_t k = 0; k < things->n; k++) {
            const char *name = grammar_yaml_get(things->items[k], "name")->text,
                       *id = grammar_yaml_get(things->items[k], "id")->text;
            out = grammar_pool_format(&l->pool, "%s      - {in: %s", out, quoted(&l->pool, name));
            out = grammar_pool_format(&l->pool, "%s, out: %s", out, quoted(&l->pool, without_optional(&l->pool, name)));
            const struct grammar_yaml *attributes = grammar_yaml_get(things->items[k], "attributes");
            const struct grammar_yaml *class = attributes ? grammar_yaml_get(attributes, "device_class") : NULL;
            if (i == 0)
                out = grammar_pool_format(&l->pool, "%s, context: {domain: %.*s%s%s}", out, (int)strcspn(id, "."), id,
                                          class ? ", device_class: " : "", class ? class->text : "");
            out = grammar_pool_format(&l->pool, "%s}\n", out);
        }
    }
    return out;
}

static int same_as_yaml(const struct grammar_slot *slot, const struct grammar_yaml *expected) {
    if (expected->kind == GRAMMAR_YAML_SEQUENCE) {
        for (size_t i = 0; i < expected->n; i++)
            if (same_as_yaml(slot, expected->items[i]))
                return 1;
        return 0;
    }
    if (expected->plain && (slot->value.type == TRAGUS_INTEGER || slot->value.type == TRAGUS_REAL))
        return fabs(slot->value.real - strtod(expected->text, NULL)) < 1e-9;
    return strcmp(slot->value.text, expected->text) == 0;
}

static int understands(struct legacy *l, const char *text, const struct grammar_yaml *intent) {
    const struct grammar_yaml *slots = grammar_yaml_get(intent, "slots"), *context = grammar_yaml_get(intent, "context");
    tragus_context values[8];
    size_t n = context ? context->n : 0, n_slots = slots ? slots->n : 0;
    assert_true(n <= 8);
    for (size_t i = 0; i < n; i++)
        values[i] = (tragus_context){context->keys[i]->text, context->items[i]->text};
    struct grammar_match *m = NULL;
    assert_true(grammar_match(&m, l->grammar, text, values, n, 1) >= 0);
    const struct grammar_reading *r = grammar_match_reading(m, 0);
    int good = r && strcmp(r->intent, grammar_yaml_get(intent, "name")->text) == 0 && r->n_slots == n_slots;
    for (size_t i = 0; good && i < r->n_slots; i++) {
        const struct grammar_yaml *expected = grammar_yaml_get(slots, r->slots[i].name);
        good = expected && same_as_yaml(&r->slots[i], expected);
    }
    if (!good) {
        print_message("%s:%d: \"%s\" gives %s (%s):", l->path, intent->position.line, text, r ? r->intent : "none",
                      r ? r->template_text : "");
        for (size_t i = 0; r && i < r->n_slots; i++)
            print_message(" %s=%s", r->slots[i].name, r->slots[i].value.text);
        print_message("\n");
    }
    grammar_match_free(m);
    return good;
}

static void compile_legacy(void *data) {
    struct legacy *l = data;
    struct grammar_builder *b;
    tragus_error error;
    const char *lists = lists_of(l, read_yaml(l));
    char path[1024];
    assert_int_equal(english_builder(&b), 0);
    assert_int_equal(grammar_builder_add_text(b, "fixtures.yaml", NULL, lists, strlen(lists), NULL, &error), 0);
    snprintf(path, sizeof path, "%s/legacy-2025-07/sentences/en/*.yaml",
             folder); /* not the folders beside it, which are partly moved to the new layout */
    glob_t found;
    assert_int_equal(glob(path, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        if (grammar_builder_add_path(b, found.gl_pathv[i], NULL, &error) < 0)
            fail_msg("%s: %s", found.gl_pathv[i], error.text);
    globfree(&found);
    if (grammar_compile(&l->grammar, b, NULL, &error) < 0)
        fail_msg("%s:%d:%d: %s", error.file, error.line, error.column, error.text);
    grammar_builder_free(b);
}

static void check_legacy_file(void *data) {
    struct legacy *l = data;
    const struct grammar_yaml *tests = grammar_yaml_get(read_yaml(l), "tests");
    for (size_t i = 0; tests && i < tests->n; i++) {
        const struct grammar_yaml *sentences = grammar_yaml_get(tests->items[i], "sentences");
        for (size_t k = 0; k < sentences->n; k++) {
            l->sentences++;
            l->understood += understands(l, sentences->items[k]->text, grammar_yaml_get(tests->items[i], "intent"));
        }
    }
}

static void with_file(struct legacy *l, const char *path, void (*work)(void *)) {
    char *text = read_all(path, &l->len);
    l->path = path;
    l->text = text;
    grammar_pool_init(&l->pool, 64 << 20, NULL);
    assert_int_equal(grammar_pool_run(&l->pool, work, l), 0);
    grammar_pool_done(&l->pool);
    free(text);
}

static void legacy_suite(void **state) {
    (void)state;
    struct legacy l = {.grammar = NULL};
    char path[1024];
    snprintf(path, sizeof path, "%s/legacy-2025-07/tests/en/_fixtures.yaml", folder);
    with_file(&l, path, compile_legacy);
    snprintf(path, sizeof path, "%s/legacy-2025-07/tests/en/*.yaml", folder);
    glob_t found;
    assert_int_equal(glob(path, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        with_file(&l, found.gl_pathv[i], check_legacy_file);
    globfree(&found);
    grammar_free(l.grammar);
    print_message("older layout: %d sentences, %d as expected\n", l.sentences, l.understood);
    assert_int_equal(l.sentences, LEGACY_SENTENCES);
    assert_int_equal(l.understood, LEGACY_UNDERSTOOD);
}

int main(void) {
    const char *shared = getenv("TRAGUS_SHARED"), *top = getenv("abs_top_srcdir");
    snprintf(folder, sizeof folder, "%s%s/text/home-assistant-intents",
             shared ? shared
             : top  ? top
                    : ".",
             shared ? "" : "/../shared");
    if (access(folder, R_OK) < 0) {
        printf("skipped: %s is not there (TRAGUS_SHARED names the folder of outside material)\n", folder);
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(legacy_suite), cmocka_unit_test(whole_suite)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
