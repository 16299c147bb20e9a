/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/language.c: reads a language's numbers and signs from models/TAG/language.yaml; models/en/language.yaml explains the
 * keys. If there is no such file, or it says nothing of numbers, they are in models/numbers/TAG.yaml.
 *
 * The builder knows the folders of languages and reads a language when a grammar needs it. Only the letters of the tag go into the
 * file name, since anybody can write the tag in a grammar.
 */
#include "grammar/language.h"

#include "base/utf8.h"
#include "grammar/files.h"
#include "grammar/model.h"
#include "grammar/numbers.h"
#include "grammar/template.h"
#include "grammar/yaml.h"

#include "base/buffer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST_TAG = 16 };

struct known_language {
    struct grammar_language *tables; /* NULL: there is no file */
    bool searched;                   /* for numbers elsewhere, too */
};

struct reading {
    struct grammar_builder *b;
    struct grammar_report *report;
    const char *tag; /* the requested one; NULL: any */
    const char *path;
    char *text;
    size_t len;
    struct grammar_language *language;
    bool wrong;
};

static size_t primary_len(const char *tag) {
    return strcspn(tag, "-_");
}

static bool same_letters(const char *a, const char *b, size_t n) {
    for (size_t i = 0; i < n; i++)
        if ((a[i] | 0x20) != (b[i] | 0x20))
            return false;
    return true;
}

bool grammar_language_same(const char *a, const char *b) {
    size_t n = primary_len(a);
    return n == primary_len(b) && same_letters(a, b, n);
}

bool grammar_language_equal(const char *a, const char *b) {
    for (; *a && *b; a++, b++)
        if ((*a == '_' ? '-' : *a | 0x20) != (*b == '_' ? '-' : *b | 0x20))
            return false;
    return *a == *b;
}

bool grammar_language_has_region(const char *tag) {
    return tag[primary_len(tag)] != '\0';
}

static void complain(struct reading *r, const struct grammar_yaml *y, const char *what) {
    grammar_report_at(r->report, TRAGUS_ERROR, y->position, "%s; see models/en/language.yaml", what);
    r->wrong = true;
}

/* Returns a template after a check. */
static const char *template_of(struct reading *r, const struct grammar_yaml *y) {
    if (y->kind != GRAMMAR_YAML_SCALAR || !y->text[0]) {
        complain(r, y, "a text is missing");
        return "";
    }
    struct grammar_parser parser = {.pool = &r->b->pool};
    if (!grammar_template_parse(&parser, y->text, strlen(y->text)))
        complain(r, y, parser.error);
    base_buffer_done(&parser.scratch);
    return y->text;
}

/* The same for a text whose lists and rules nothing would fill in. */
static const char *words_of(struct reading *r, const struct grammar_yaml *y) {
    const char *text = template_of(r, y);
    if (strpbrk(text, "{<"))
        complain(r, y, "only words are allowed here, without lists or rules");
    return text;
}

/* Returns the lines of one or more templates. */
static const char *lines_of(struct reading *r, const struct grammar_yaml *y) {
    const char *lines = y->kind == GRAMMAR_YAML_SEQUENCE && y->n ? template_of(r, y->items[0]) : template_of(r, y);
    for (size_t i = 1; y->kind == GRAMMAR_YAML_SEQUENCE && i < y->n; i++)
        lines = grammar_pool_format(&r->b->pool, "%s\n%s", lines, template_of(r, y->items[i]));
    return lines;
}

/* Reads a table of symbols; longer ones come first, otherwise the order is kept. */
static struct grammar_symbols read_symbols(struct reading *r, const struct grammar_yaml *y, bool phrases) {
    struct grammar_symbols table = {0};
    struct grammar_symbol *symbols = grammar_pool_alloc(&r->b->pool, ((y ? y->n : 0) + 1) * sizeof *symbols);
    for (size_t i = 0; y && y->kind == GRAMMAR_YAML_MAPPING && i < y->n; i++) {
        struct grammar_symbol s = {.typed = y->keys[i]->text,
                                   .spoken = phrases ? lines_of(r, y->items[i]) : words_of(r, y->items[i])};
        const char *text = s.typed;
        size_t at = table.n++;
        s.first = *text ? base_utf8_next(&text, text + strlen(text)) : 0;
        if (s.first < 0x80)
            table.first[s.first / 32] |= 1u << s.first % 32;
        if (!*s.typed || (phrases && !strstr(s.spoken, "{number}")))
            complain(r, y->keys[i], *s.typed ? "the first text needs {number}" : "a sign is missing");
        for (; at > 0 && strlen(symbols[at - 1].typed) < strlen(s.typed); at--)
            symbols[at] = symbols[at - 1];
        symbols[at] = s;
    }
    table.items = symbols;
    return table;
}

/* Reads `clock:`: minutes, "30" or "31..59", and how times with these are said. */
static void read_clock(struct reading *r, const struct grammar_yaml *y) {
    struct grammar_clock_rule *rules = NULL;
    size_t size = 0;
    for (size_t i = 0; y && y->kind == GRAMMAR_YAML_MAPPING && i < y->n; i++) {
        struct grammar_clock_rule rule = {0};
        int end = 0;
        const char *key = y->keys[i]->text;
        int n = sscanf(key, "%2d..%2d%n", &rule.from, &rule.to, &end);
        if (n == 1)
            sscanf(key, "%2d%n", &rule.to, &end);
        for (const char *line = lines_of(r, y->items[i]); *line; line += *line == '\n') {
            size_t len = strcspn(line, "\n");
            rule.text = grammar_pool_text(&r->b->pool, line, len);
            line += len;
            if (n < 1 || key[end] || rule.from > rule.to || rule.to > 59 || !strstr(rule.text, "hour}") ||
                (rule.from < rule.to && !strstr(rule.text, "{minute")))
                complain(r, y->keys[i],
                         "a time is \"30\" or \"31..59\" and a text with {hour} or {next_hour} and {minute} or {minutes_to}");
            *grammar_pool_push(&r->b->pool, rules, r->language->n_clock, size) = rule;
        }
    }
    r->language->clock = rules;
}

/* Reads `measures:`. */
static void read_measures(struct reading *r, const struct grammar_yaml *y) {
    const struct grammar_yaml *one = grammar_yaml_get(y, "one"), *other = grammar_yaml_get(y, "other");
    if (!y)
        return;
    if (!one || !other) {
        complain(r, y, "`measures:` needs `one:` and `other:`");
        return;
    }
    r->language->measures_one = words_of(r, one);
    r->language->measures_other = words_of(r, other);
}

static void read_job(void *data) {
    struct reading *r = data;
    const char *path = grammar_pool_text(&r->b->pool, r->path, strlen(r->path));
    struct grammar_yaml *root = grammar_yaml_read(&r->b->pool, path, r->text, r->len, r->report, &r->b->open_parser);
    r->language = grammar_pool_alloc(&r->b->pool, sizeof *r->language);
    struct grammar_yaml nothing = {.position = {path, 1, 1}};
    const struct grammar_yaml *tag = grammar_yaml_get(root, "language");
    const struct grammar_yaml *numbers = grammar_yaml_get(root, "numbers");
    if (!tag || tag->kind != GRAMMAR_YAML_SCALAR || (r->tag && !grammar_language_same(tag->text, r->tag))) {
        complain(r, root ? root : &nothing, "a language's file needs `language:` with its tag");
        return;
    }
    r->language->tag = tag->text;
    if (numbers) {
        r->language->numbers = grammar_numbers_read(&r->b->pool, numbers, r->report);
        r->wrong |= !r->language->numbers;
    }
    r->language->symbols = read_symbols(r, grammar_yaml_get(root, "symbols"), false);
    r->language->before = read_symbols(r, grammar_yaml_get(root, "before_numbers"), true);
    r->language->below_zero = read_symbols(r, grammar_yaml_get(root, "below_zero"), true);
    r->language->between = read_symbols(r, grammar_yaml_get(root, "between_numbers"), false);
    r->language->behind = read_symbols(r, grammar_yaml_get(root, "behind_numbers"), false);
    const char *slash = strrchr(path, '/');
    r->language->capitals_path = grammar_pool_format(&r->b->pool, "%.*scapitals.txt", slash ? (int)(slash + 1 - path) : 0, path);
    read_clock(r, grammar_yaml_get(root, "clock"));
    read_measures(r, grammar_yaml_get(root, "measures"));
}

/* Returns 0, -ENOENT if there is no such file, -EINVAL after reports, or the code that ended the pool's run. */
static int read_language(struct reading *r, tragus_error *reterr) {
    if (access(r->path, F_OK) < 0)
        return -ENOENT;
    int code = grammar_read_file(r->path, &r->text, &r->len, reterr);
    if (code == 0)
        code = grammar_pool_run(&r->b->pool, read_job, r);
    grammar_yaml_abandon(&r->b->open_parser);
    free(r->text);
    return code < 0 ? code : r->wrong || !r->language->tag ? -EINVAL : 0;
}

struct entry_job {
    struct grammar_builder *b;
    char tag[LONGEST_TAG + 1];
    struct grammar_language *tables;
    bool searched;
    const char *folder;
};

static void add_language_job(void *data) {
    const struct entry_job *j = data;
    struct known_language *known = grammar_pool_alloc(&j->b->pool, sizeof *known);
    known->tables = j->tables;
    known->searched = j->searched;
    *grammar_map_at(&j->b->languages, &j->b->pool, grammar_pool_text(&j->b->pool, j->tag, strlen(j->tag))) = known;
}

static void add_folder_job(void *data) {
    const struct entry_job *j = data;
    *grammar_pool_push(&j->b->pool, j->b->folders, j->b->n_folders, j->b->size_folders) =
        grammar_pool_text(&j->b->pool, j->folder, strlen(j->folder));
}

/* Extracts the letters of a tag before its region, in lower case: "en" of "EN_us". Returns false if it is not a tag. */
static bool primary_tag(char out[LONGEST_TAG + 1], const char *tag) {
    size_t n = strcspn(tag, "-_");
    if (n == 0 || n > LONGEST_TAG)
        return false;
    for (size_t i = 0; i < n; i++) {
        out[i] = (char)(tag[i] | 0x20);
        if (out[i] < 'a' || out[i] > 'z')
            return false;
    }
    out[n] = '\0';
    return true;
}

int grammar_builder_add_language(struct grammar_builder *b, const char *path, tragus_diagnostics *d, tragus_error *reterr) {
    struct grammar_report report = {.list = d, .reterr = reterr};
    struct entry_job j = {.b = b, .folder = path};
    if (grammar_file_kind(path) != GRAMMAR_FILE_YAML) {
        int code = grammar_pool_run(&b->pool, add_folder_job, &j);
        return code < 0 ? base_error_set(reterr, code, "out of memory") : 0;
    }
    struct reading r = {.b = b, .report = &report, .path = path};
    int code = read_language(&r, reterr);
    if (code == 0 && !primary_tag(j.tag, r.language->tag))
        code = base_error_at(reterr, -EINVAL, path, 0, 0, "\"%.20s\" is no tag of a language", r.language->tag);
    j.tables = r.language;
    if (code == 0 && !grammar_map_get(&b->languages, j.tag))
        code = grammar_pool_run(&b->pool, add_language_job, &j);
    if (code == 0 && !b->default_language[0])
        memcpy(b->default_language, j.tag, sizeof j.tag);
    if (code < 0 && code != -EINVAL)
        base_error_at(reterr, code, path, 0, 0, "cannot be read");
    return code;
}

void grammar_builder_set_default_language(struct grammar_builder *b, const char *tag) {
    char letters[LONGEST_TAG + 1];
    if (primary_tag(letters, tag))
        memcpy(b->default_language, letters, sizeof letters);
}

const char *grammar_builder_default_language(const struct grammar_builder *b) {
    return b->default_language;
}

/* Reads FOLDER/FIRST/SECOND of the first folder that has it. Returns 0, -ENOENT, -EINVAL after reports, or the code that ended the
 * pool's run. */
static int search(struct reading *r, const char *first, const char *second) {
    int code = -ENOENT;
    for (size_t i = 0; code == -ENOENT && i < r->b->n_folders; i++) {
        char path[4096];
        r->path = path;
        if (snprintf(path, sizeof path, "%s/%s/%s", r->b->folders[i], first, second) < (int)sizeof path)
            code = read_language(r, NULL);
    }
    return code;
}

int grammar_builder_language(const struct grammar_language **ret, struct grammar_builder *b, const char *tag,
                             struct grammar_report *report) {
    struct entry_job j = {.b = b, .searched = true};
    char name[LONGEST_TAG + sizeof ".yaml"];
    *ret = NULL;
    if (!primary_tag(j.tag, tag))
        return 0;
    const struct known_language *known = grammar_map_get(&b->languages, j.tag);
    if (known && known->searched) {
        *ret = known->tables;
        return 0;
    }
    struct reading own = {.b = b, .report = report, .tag = j.tag}, numbers = own;
    int code = known ? 0 : search(&own, j.tag, "language.yaml");
    j.tables = known ? known->tables : code == 0 ? own.language : NULL;
    if (code == -ENOENT || (code == 0 && !j.tables->numbers)) {
        snprintf(name, sizeof name, "%s.yaml", j.tag);
        code = search(&numbers, "numbers", name);
        if (code == 0 && j.tables) {
            j.tables->numbers = numbers.language->numbers;
            if (!j.tables->n_clock) {
                j.tables->clock = numbers.language->clock;
                j.tables->n_clock = numbers.language->n_clock;
            }
        } else if (code == 0) {
            j.tables = numbers.language;
        }
    }
    if (code == 0 || code == -ENOENT)
        code = grammar_pool_run(&b->pool, add_language_job, &j);
    *ret = j.tables;
    return code == -EINVAL ? 0 : code; /* was reported */
}
