/* SPDX-License-Identifier: Apache-2.0 */
/* Uses Home Assistant's English sentences and the tests that come with them, all of both. Every test sentence, typed and in words,
 * must give the intent and slots of the reference matcher. Sentences in words without free text must be in the acceptor.
 */
#include "home_assistant.h"

#include <glob.h>

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

static char folder[512]; /* of the test sentences */

static void whole_suite(void **state) {
    (void)state;
    struct suite s = {.sentences = 0};
    assert_int_equal(english_builder(&s.b), 0);
    suite_add(s.b, folder, "intents.yaml");
    suite_add(s.b, folder, "sentences/en");
    suite_add(s.b, folder, "lists"); /* of all languages: the others are ignored */
    suite_add(s.b, folder, "rules/en");
    suite_run_home_assistant(&s, folder);
    suite_enter(&s, "HassTurnOn/name_area");
    int unmatched = suite_unmatched_walks(&s, 2000);
    suite_done(&s);
    assert_int_equal(s.sentences, SENTENCES);
    assert_int_equal(s.typed, TYPED);
    assert_int_equal(s.spoken, SPOKEN);
    assert_int_equal(s.closed, CLOSED);
    assert_int_equal(s.closed_accepted, ACCEPTED);
    assert_int_equal(unmatched, 0);
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
    char *text = suite_read(path, &l->len);
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
    if (!suite_find(folder, sizeof folder))
        return 77;
    const struct CMUnitTest tests[] = {cmocka_unit_test(legacy_suite), cmocka_unit_test(whole_suite)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
