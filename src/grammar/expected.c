/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/expected.c: see expected.h. */
#include "grammar/expected.h"

#include "grammar/files.h"
#include "grammar/formats.h"
#include "grammar/model.h"
#include "grammar/value.h"
#include "grammar/yaml.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LARGEST_FILE = 64 << 20 };

struct reader {
    struct grammar_expectations e; /* first member */
    struct grammar_pool pool;
    const char *file;
    const char *text;
    size_t len;
    struct grammar_report report;
    struct grammar_yaml_parser *parser;
};

static const char *copy(struct reader *r, const char *text, size_t len) {
    return grammar_pool_text(&r->pool, text, len);
}

static struct grammar_expected *add(struct reader *r, struct grammar_expected x) {
    struct grammar_expected *item = grammar_pool_push(&r->pool, r->e.items, r->e.n, r->e.size);
    *item = x;
    return item;
}

/* --- YAML --- */

/* A name may be a template, "Joe[']s"; its value is then the part that must be spoken. */
static const char *without_optional(struct reader *r, const char *name) {
    char *all = grammar_pool_text(&r->pool, name, strlen(name)), *end = all;
    int inside = 0;
    for (; *name; name++) {
        inside += *name == '[';
        if (inside == 0)
            *end++ = *name;
        inside -= *name == ']' && inside > 0;
    }
    *end = '\0';
    return all;
}

static const char *text_of(const struct grammar_yaml *mapping, const char *key) {
    const struct grammar_yaml *y = mapping->kind == GRAMMAR_YAML_MAPPING ? grammar_yaml_get(mapping, key) : NULL;
    return y && y->kind == GRAMMAR_YAML_SCALAR ? y->text : NULL;
}

static void read_home_list(struct reader *r, struct grammar_expected_list *list, const struct grammar_yaml *things) {
    list->given = true;
    if (!things || things->kind != GRAMMAR_YAML_SEQUENCE)
        return;
    list->values = grammar_pool_alloc(&r->pool, things->n * sizeof *list->values);
    for (size_t i = 0; i < things->n; i++) {
        const char *name = text_of(things->items[i], "name"), *domain = text_of(things->items[i], "domain"),
                   *id = text_of(things->items[i], "id");
        bool here = false;
        const struct grammar_yaml *context_area =
            things->items[i]->kind == GRAMMAR_YAML_MAPPING ? grammar_yaml_get(things->items[i], "context_area") : NULL;
        if (!name) {
            grammar_report_at(&r->report, TRAGUS_ERROR, things->items[i]->position, "needs a `name`");
            continue;
        }
        if (!domain && id && strchr(id, '.')) /* "light.kitchen" */
            domain = copy(r, id, strcspn(id, "."));
        list->values[list->n++] = (tragus_list_value){.in = name, .out = without_optional(r, name), .domain = domain};
        if (context_area && grammar_yaml_boolean(context_area, &here) && here)
            r->e.area = list->values[list->n - 1].out;
    }
}

static void read_home(struct reader *r, const struct grammar_yaml *root) {
    static const char *const keys[GRAMMAR_EXPECTED_LISTS] = {"entities", "areas", "floors"};
    static const char *const names[GRAMMAR_EXPECTED_LISTS] = {"name", "area", "floor"};
    for (size_t i = 0; i < GRAMMAR_EXPECTED_LISTS; i++) {
        r->e.lists[i].name = names[i];
        read_home_list(r, &r->e.lists[i], grammar_yaml_get(root, keys[i]));
    }
}

static void read_values(struct reader *r, struct grammar_expected_slot *slot, const struct grammar_yaml *value) {
    bool many = value->kind == GRAMMAR_YAML_SEQUENCE;
    const char **values = grammar_pool_alloc(&r->pool, (many ? value->n : 1) * sizeof *values);
    for (size_t i = 0; i < (many ? value->n : 1); i++) {
        const struct grammar_yaml *y = many ? value->items[i] : value;
        if (y->kind == GRAMMAR_YAML_SCALAR)
            values[slot->n_values++] = y->text;
        else
            grammar_report_at(&r->report, TRAGUS_ERROR, y->position, "slot %s needs a text, a number, or a list of them",
                              slot->name);
    }
    slot->values = values;
}

static void read_slots(struct reader *r, struct grammar_expected *x, const struct grammar_yaml *slots) {
    if (!slots || slots->kind != GRAMMAR_YAML_MAPPING)
        return;
    struct grammar_expected_slot *all = grammar_pool_alloc(&r->pool, slots->n * sizeof *all);
    for (size_t i = 0; i < slots->n; i++) {
        all[i].name = slots->keys[i]->text;
        read_values(r, &all[i], slots->items[i]);
    }
    x->slots = all;
    x->n_slots = slots->n;
}

static void read_context(struct grammar_expected *x, const struct grammar_yaml *context) {
    for (size_t i = 0; context && context->kind == GRAMMAR_YAML_MAPPING && i < context->n; i++)
        if (context->items[i]->kind == GRAMMAR_YAML_SCALAR && x->n_context < GRAMMAR_MAX_EXPECTED_CONTEXT)
            x->context[x->n_context++] = (tragus_context){context->keys[i]->text, context->items[i]->text};
}

static void read_test(struct reader *r, const struct grammar_yaml *test) {
    const struct grammar_yaml *sentences = test->kind == GRAMMAR_YAML_MAPPING ? grammar_yaml_get(test, "sentences") : NULL;
    if (!sentences || sentences->kind != GRAMMAR_YAML_SEQUENCE) {
        grammar_report_at(&r->report, TRAGUS_ERROR, test->position, "a test needs a list of `sentences`");
        return;
    }
    const struct grammar_yaml *intent = grammar_yaml_get(test, "intent");
    bool in_intent = intent && intent->kind == GRAMMAR_YAML_MAPPING; /* with its own slots and context, the older layout */
    struct grammar_expected x = {.any_domain = true,
                                 .intent = in_intent ? text_of(intent, "name")
                                           : intent  ? intent->text
                                                     : grammar_file_folder(&r->pool, r->file)};
    if (!x.intent || !x.intent[0]) {
        grammar_report_at(&r->report, TRAGUS_ERROR, test->position,
                          "the intent is not known; write `intent:`, or put the file into a folder with the name of the intent");
        return;
    }
    read_slots(r, &x,
               in_intent && grammar_yaml_get(intent, "slots") ? grammar_yaml_get(intent, "slots")
                                                              : grammar_yaml_get(test, "slots"));
    read_context(&x, grammar_yaml_get(test, "context"));
    if (in_intent)
        read_context(&x, grammar_yaml_get(intent, "context"));
    for (size_t i = 0; i < sentences->n; i++) {
        const struct grammar_yaml *s = sentences->items[i];
        if (s->kind != GRAMMAR_YAML_SCALAR) {
            grammar_report_at(&r->report, TRAGUS_ERROR, s->position, "a sentence must be a text; put it in quotes");
            continue;
        }
        struct grammar_expected *item = add(r, x);
        item->text = s->text;
        item->line = s->position.line;
        item->column = s->position.column;
    }
}

static const struct grammar_yaml *read_tree(struct reader *r, const char *file, const char *text, size_t len) {
    const struct grammar_yaml *root = grammar_yaml_read(&r->pool, file, text, len, &r->report, &r->parser);
    if (root && root->kind == GRAMMAR_YAML_MAPPING)
        return root;
    if (root)
        grammar_report_at(&r->report, TRAGUS_ERROR, root->position,
                          "a file of tests needs keys: tests, and entities, areas, floors");
    return NULL;
}

/* The home of all files of a folder, in the older layout. */
static void read_fixtures(struct reader *r) {
    const char *slash = strrchr(r->file, '/');
    char *path = grammar_pool_format(&r->pool, "%.*s_fixtures.yaml", slash ? (int)(slash + 1 - r->file) : 0, r->file), *text = NULL;
    size_t len;
    tragus_error unread;
    if (access(path, R_OK) < 0 || grammar_read_file(path, &text, &len, &unread) < 0)
        return;
    const char *kept = copy(r, text, len);
    free(text);
    const struct grammar_yaml *root = read_tree(r, path, kept, len);
    if (root)
        read_home(r, root);
}

static void read_yaml(struct reader *r) {
    const struct grammar_yaml *root = read_tree(r, r->file, r->text, r->len),
                              *tests = root ? grammar_yaml_get(root, "tests") : NULL;
    if (!tests || tests->kind != GRAMMAR_YAML_SEQUENCE)
        return;
    if (grammar_yaml_get(root, "entities") || grammar_yaml_get(root, "areas") || grammar_yaml_get(root, "floors"))
        read_home(r, root);
    else
        read_fixtures(r);
    for (size_t i = 0; i < tests->n; i++)
        read_test(r, tests->items[i]);
}

/* --- plain text --- */

static void skip_blanks(const char **at, const char *end) {
    while (*at < end && (**at == ' ' || **at == '\t'))
        ++*at;
}

/* Reads NAME=VALUE or NAME="VALUE" at *at. */
static bool read_pair(struct reader *r, const char **at, const char *end, struct grammar_expected_slot *ret) {
    const char *name = *at, *equals = memchr(name, '=', (size_t)(end - name));
    if (!equals || equals == name || memchr(name, ' ', (size_t)(equals - name)))
        return false;
    const char *value = equals + 1, *stop;
    bool quoted = value < end && *value == '"';
    value += quoted;
    for (stop = value; stop < end && (quoted ? *stop != '"' : *stop != ' ' && *stop != '\t');)
        stop++;
    if (quoted && stop == end)
        return false;
    *at = quoted ? stop + 1 : stop;
    const char **values = grammar_pool_alloc(&r->pool, sizeof *values);
    values[0] = copy(r, value, (size_t)(stop - value));
    *ret = (struct grammar_expected_slot){.name = copy(r, name, (size_t)(equals - name)), .values = values, .n_values = 1};
    return true;
}

static void read_line(struct reader *r, const char *line, size_t len, int number) {
    const char *end = line + len, *arrow = line, *at = line;
    struct grammar_position position = {r->file, number, 1};
    skip_blanks(&at, end);
    while (end > at && strchr(" \t\r", end[-1]))
        end--;
    if (at == end || *at == '#')
        return;
    while (arrow + 1 < end && !(arrow[0] == '=' && arrow[1] == '>'))
        arrow++;
    if (arrow + 1 >= end) {
        grammar_report_at(&r->report, TRAGUS_ERROR, position, "write SENTENCE => INTENT SLOT=VALUE ..., or SENTENCE => -");
        return;
    }
    const char *stop = arrow, *intent = arrow + 2;
    while (stop > at && strchr(" \t", stop[-1]))
        stop--;
    skip_blanks(&intent, end);
    const char *behind = intent;
    while (behind < end && *behind != ' ' && *behind != '\t')
        behind++;
    struct grammar_expected x = {.text = copy(r, at, (size_t)(stop - at)), .line = number, .column = 1};
    if (behind - intent != 1 || *intent != '-')
        x.intent = behind - intent == 2 && memcmp(intent, "\"\"", 2) == 0 ? "" : copy(r, intent, (size_t)(behind - intent));
    struct grammar_expected_slot *slots = NULL;
    size_t size = 0;
    for (skip_blanks(&behind, end); behind < end; skip_blanks(&behind, end)) {
        struct grammar_expected_slot slot;
        if (!read_pair(r, &behind, end, &slot)) {
            position.column = (int)(behind - line) + 1;
            grammar_report_at(&r->report, TRAGUS_ERROR, position, "a slot must be NAME=VALUE, or NAME=\"VALUE\" if it has blanks");
            return;
        }
        *grammar_pool_push(&r->pool, slots, x.n_slots, size) = slot;
    }
    x.slots = slots;
    x.any_slots = x.n_slots == 0;
    add(r, x);
}

static void read_lines(struct reader *r) {
    const char *at = r->text, *end = at + r->len;
    for (int line = 1; at < end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        read_line(r, at, (size_t)((stop ? stop : end) - at), line);
        at = stop ? stop + 1 : end;
    }
}

/* --- */

static void read_file(void *data) {
    struct reader *r = data;
    if (strcmp(grammar_format_of(r->file, r->text, r->len)->name, "list") == 0)
        read_lines(r);
    else
        read_yaml(r);
}

int grammar_expectations_read(struct grammar_expectations **ret, const char *path, tragus_diagnostics *d, tragus_error *reterr) {
    tragus_error mistake = {0};
    char *text = NULL;
    size_t len = 0;
    int code = grammar_read_file(path, &text, &len, reterr);
    if (code < 0)
        return code;
    struct reader *r = calloc(1, sizeof *r);
    if (!r) {
        free(text);
        return base_error_set(reterr, -ENOMEM, "out of memory");
    }
    grammar_pool_init(&r->pool, LARGEST_FILE, NULL);
    r->report = (struct grammar_report){.list = d, .mistake = &mistake};
    r->file = path;
    r->text = text;
    r->len = len;
    code = grammar_pool_run(&r->pool, read_file, r);
    grammar_yaml_abandon(&r->parser);
    free(text);
    r->text = NULL;
    if (code < 0) {
        base_error_at(reterr, code, path, 0, 0, "too large to read, or out of memory");
        grammar_expectations_free(&r->e);
        return code;
    }
    r->report = (struct grammar_report){0};
    *ret = &r->e;
    return 0;
}

void grammar_expectations_free(struct grammar_expectations *e) {
    struct reader *r = (struct reader *)e;
    if (!r)
        return;
    grammar_pool_done(&r->pool);
    free(r);
}

bool grammar_expected_value(const struct grammar_expected_slot *slot, const tragus_value *value) {
    size_t at = 0; /* a list in `out` is one text, with commas */
    for (size_t i = 0; i < slot->n_values && slot->n_values > 1; i++) {
        size_t n = strlen(slot->values[i]);
        if (strncmp(value->text + at, slot->values[i], n) != 0 || value->text[at + n] != (i + 1 < slot->n_values ? ',' : '\0'))
            break;
        at += n + 1;
        if (i + 1 == slot->n_values)
            return true;
    }
    for (size_t i = 0; i < slot->n_values; i++) {
        tragus_value wanted = grammar_value_read(slot->values[i], true);
        bool numbers = (value->type == TRAGUS_INTEGER || value->type == TRAGUS_REAL) &&
                       (wanted.type == TRAGUS_INTEGER || wanted.type == TRAGUS_REAL);
        if (numbers ? fabs(value->real - wanted.real) < 1e-9 : strcmp(slot->values[i], value->text) == 0)
            return true;
    }
    return false;
}
