/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/builder.c: collects files, texts and run-time lists in one model. */
#include "grammar/costs.h"
#include "grammar/files.h"
#include "grammar/formats.h"
#include "grammar/letters.h"
#include "grammar/model.h"
#include "grammar/value.h"
#include "grammar/yaml.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LARGEST_MODEL (256u << 20)

int grammar_builder_new(struct grammar_builder **ret) {
    struct grammar_builder *b = calloc(1, sizeof *b);
    if (!b)
        return -ENOMEM;
    grammar_pool_init(&b->pool, LARGEST_MODEL, NULL);
    *ret = b;
    return 0;
}

void grammar_builder_set_budget(struct grammar_builder *b, struct base_budget *budget) {
    b->pool.budget = budget;
}

void grammar_builder_set_language(struct grammar_builder *b, const char *tag) {
    b->language = tag;
}

void grammar_builder_set_typed_only(struct grammar_builder *b) {
    b->typed_only = true;
}

/* What a program has set a list to. It has a pool of its own, because it can be replaced again and again: the builder's pool keeps
 * everything. */
struct grammar_run_time_list {
    struct grammar_run_time_list *next;
    const struct grammar_model_list *list;
    struct grammar_pool pool;
};

static void run_time_list_free(struct grammar_run_time_list *l) {
    grammar_pool_done(&l->pool);
    free(l);
}

size_t grammar_builder_bytes(const struct grammar_builder *b) {
    size_t bytes = b->pool.total_bytes;
    for (const struct grammar_run_time_list *l = b->run_time_lists; l; l = l->next)
        bytes += l->pool.total_bytes;
    return bytes;
}

void grammar_builder_free(struct grammar_builder *b) {
    if (!b)
        return;
    for (struct grammar_run_time_list *l = b->run_time_lists, *next; l; l = next) {
        next = l->next;
        run_time_list_free(l);
    }
    grammar_yaml_abandon(&b->open_parser);
    grammar_pool_done(&b->pool);
    free(b);
}

struct grammar_model_list *grammar_model_list(struct grammar_builder *b, struct grammar_map *lists, const char *name) {
    name = grammar_name_form(&b->pool, name);
    struct grammar_model_list *list = grammar_map_get(lists, name);
    if (!list) {
        list = grammar_pool_alloc(&b->pool, sizeof *list);
        list->name = name;
        *grammar_map_at(lists, &b->pool, name) = list;
    }
    return list;
}

void grammar_model_add_rule(struct grammar_builder *b, struct grammar_map *rules, const char *name, struct grammar_text body) {
    name = grammar_name_form(&b->pool, name);
    struct grammar_model_rule *rule = grammar_map_get(rules, name);
    if (!rule) {
        rule = grammar_pool_alloc(&b->pool, sizeof *rule);
        rule->name = name;
        *grammar_map_at(rules, &b->pool, name) = rule;
    }
    *grammar_pool_push(&b->pool, rule->bodies, rule->n, rule->size) = body;
}

struct grammar_model_intent *grammar_model_intent(struct grammar_builder *b, const char *name) {
    struct grammar_model_intent *intent = grammar_map_get(&b->intents, name);
    if (!intent) {
        intent = grammar_pool_alloc(&b->pool, sizeof *intent);
        intent->order = b->intents.n;
        *grammar_map_at(&b->intents, &b->pool, name) = intent;
    }
    return intent;
}

struct grammar_model_block *grammar_model_add_block(struct grammar_builder *b, const struct grammar_source *source,
                                                    struct grammar_position position, const char *intent, const char *combination) {
    grammar_model_intent(b, intent);
    struct grammar_model_block *block = grammar_pool_alloc(&b->pool, sizeof *block);
    block->source = source;
    block->position = position;
    block->intent = intent;
    block->combination = combination;
    return *grammar_pool_push(&b->pool, b->blocks, b->n_blocks, b->size_blocks) = block;
}

void grammar_model_add_sentence(struct grammar_builder *b, struct grammar_model_block *block, struct grammar_text in,
                                const char *out) {
    *grammar_pool_push(&b->pool, block->sentences, block->n_sentences, block->size_sentences) =
        (struct grammar_model_sentence){in, out};
}

struct grammar_source *grammar_model_plain_source(struct grammar_builder *b, const char *file) {
    struct grammar_source *source = grammar_pool_alloc(&b->pool, sizeof *source);
    source->file = file;
    source->has_plain_blocks = true;
    return source;
}

static void add_text(struct grammar_builder *b, const char *name, const char *format, const char *text, size_t len,
                     struct grammar_report *r) {
    const char *file = grammar_pool_text(&b->pool, name, strlen(name));
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) { /* byte order mark */
        text += 3;
        len -= 3;
    }
    if (!base_utf8_valid(text, len) || memchr(text, '\0', len)) {
        int line = 1;
        for (size_t start = 0; start < len; line++) {
            const char *stop = memchr(text + start, '\n', len - start);
            size_t n = stop ? (size_t)(stop - text) - start : len - start;
            if (!base_utf8_valid(text + start, n) || memchr(text + start, '\0', n))
                break;
            start += n + 1;
        }
        grammar_report_at(r, TRAGUS_ERROR, (struct grammar_position){file, line, 0}, "not UTF-8 text; save the file as UTF-8");
        return;
    }
    const char *slot = format ? NULL : grammar_slot_name(file);
    if (slot)
        grammar_read_slot_file(b, file, slot, text, len, r);
    else
        (format ? grammar_format_named(format) : grammar_format_of(file, text, len))->read(b, file, text, len, r);
}

/* Reports why a reader left the pool's run. name: of the file or list. */
static int explain(struct grammar_builder *b, int code, const char *name, struct grammar_report *r) {
    struct base_budget unlimited = {0};
    struct grammar_costs costs = {.budget = b->pool.budget ? b->pool.budget : &unlimited};
    grammar_yaml_abandon(&b->open_parser);
    costs.most_units = costs.most_bytes = (struct grammar_cost){.position = {name, 0, 0}};
    return grammar_costs_refuse(&costs, code, "reading it", r);
}

struct text_job {
    struct grammar_builder *b;
    const char *name, *format, *text;
    size_t len;
    struct grammar_report report;
};

static void add_text_job(void *data) {
    struct text_job *j = data;
    add_text(j->b, j->name, j->format, j->text, j->len, &j->report);
}

int grammar_builder_add_text(struct grammar_builder *b, const char *name, const char *format, const char *text, size_t len,
                             tragus_diagnostics *d, tragus_error *reterr) {
    struct text_job j = {b, name, format, text, len, {.list = d, .reterr = reterr, .mistake = &b->mistake}};
    if (format && !grammar_format_named(format))
        return base_error_set(reterr, -EINVAL, "grammar format \"%s\" is not known; use one of " GRAMMAR_FORMATS, format);
    if (len > GRAMMAR_LARGEST_FILE)
        return base_error_at(reterr, -E2BIG, name, 0, 0, "larger than %u MB; split it", GRAMMAR_LARGEST_FILE >> 20);
    int code = grammar_pool_run(&b->pool, add_text_job, &j);
    return code < 0 ? explain(b, code, name, &j.report) : 0;
}

struct path_job {
    struct grammar_builder *b;
    tragus_diagnostics *d;
    tragus_error *reterr;
    bool is_folder;
    size_t n_files;
    int first; /* error of the first file that failed */
};

/* Reports a file or folder inside the given folder that cannot be read. */
static void leave_out(const struct path_job *j, const tragus_error *e) {
    struct grammar_report report = {.list = j->d, .mistake = &j->b->mistake};
    grammar_report_at(&report, TRAGUS_ERROR, (struct grammar_position){e->file, 0, 0}, "%s", e->text);
}

/* Continues after a file that failed, so that all mistakes are reported in one run. */
static int add_file(const char *path, void *user) {
    struct path_job *j = user;
    tragus_error *reterr = j->first < 0 ? NULL : j->reterr;
    char *text = NULL;
    size_t len = 0;
    tragus_error unread = {0};
    int r = grammar_read_file(path, &text, &len, &unread);
    j->n_files++;
    if (r < 0 && r != -ENOMEM && (j->is_folder || j->n_files > 1)) {
        leave_out(j, &unread);
        return 0;
    }
    if (r < 0 && reterr)
        *reterr = unread;
    if (r == 0)
        r = grammar_builder_add_text(j->b, path, NULL, text, len, j->d, reterr);
    free(text);
    if (j->first == 0)
        j->first = r;
    return 0;
}

int grammar_builder_add_path(struct grammar_builder *b, const char *path, tragus_diagnostics *d, tragus_error *reterr) {
    struct stat st;
    struct path_job j = {.b = b, .d = d, .reterr = reterr, .is_folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode)};
    tragus_error walking = {0};
    int r = grammar_files(path, add_file, &j, &walking);
    if (r < 0 && r != -ENOMEM && j.n_files > 0 && j.is_folder) {
        leave_out(&j, &walking);
        r = 0;
    }
    if (r < 0 && j.first == 0 && reterr)
        *reterr = walking;
    return j.first < 0 ? j.first : r;
}

struct list_job {
    struct grammar_builder *b;
    const char *name;
    const struct grammar_list_value *values;
    size_t n;
    struct grammar_run_time_list *fresh;
    struct grammar_report *report;
};

static bool is_utf8(const char *text) {
    return !text || base_utf8_valid(text, strlen(text));
}

static struct grammar_model_definition *define_list(struct grammar_pool *p, const struct list_job *j) {
    struct grammar_source *source = grammar_pool_alloc(p, sizeof *source);
    source->file = grammar_pool_format(p, "{%s}", j->name);
    struct grammar_model_definition *definition = grammar_pool_alloc(p, sizeof *definition);
    *definition =
        (struct grammar_model_definition){.source = source, .position = {source->file, 0, 0}, .kind = GRAMMAR_LIST_VALUES};
    definition->values = grammar_pool_alloc(p, j->n * sizeof *definition->values);
    definition->size_values = j->n;
    for (size_t i = 0; i < j->n; i++) {
        const struct grammar_list_value *from = &j->values[i];
        if (!is_utf8(from->in) || !is_utf8(from->out) || !is_utf8(from->context_domain)) {
            grammar_report_at(j->report, TRAGUS_ERROR, (struct grammar_position){source->file, (int)i + 1, 1},
                              "value %zu of {%s} is not UTF-8 text", i + 1, j->name);
            continue;
        }
        struct grammar_model_value *v = &definition->values[definition->n_values++];
        const char *in = from->in ? from->in : "";
        v->in = (struct grammar_text){
            .text = grammar_pool_text(p, in, strlen(in)), .source = source, .position = {source->file, (int)i + 1, 1}};
        if (from->out) {
            v->has_out = true;
            v->out = grammar_value_read(grammar_pool_text(p, from->out, strlen(from->out)), false);
        }
        if (from->context_domain)
            *grammar_pool_push(p, v->context, v->n_context, v->size_context) =
                (struct grammar_pair){"domain", grammar_pool_text(p, from->context_domain, strlen(from->context_domain))};
    }
    return definition;
}

/* Allocates everything first, so that the list stays as it was if there is no memory. */
static void set_list_job(void *data) {
    const struct list_job *j = data;
    struct grammar_builder *b = j->b;
    struct grammar_model_definition *definition = define_list(&j->fresh->pool, j);
    struct grammar_pool_mark mark = grammar_pool_mark(&b->pool);
    struct grammar_model_list *list = grammar_map_get(&b->lists, grammar_name_form(&b->pool, j->name));
    grammar_pool_release(&b->pool, mark); /* a list is set again and again, and the pool keeps everything */
    if (!list)
        list = grammar_model_list(b, &b->lists, grammar_pool_text(&b->pool, j->name, strlen(j->name)));
    list->at_run_time = true;
    list->definitions = definition;
    list->n = list->size = 1;
    j->fresh->list = list;
}

/* Takes the place of what the list was set to before. */
static void keep_run_time_list(struct grammar_builder *b, struct grammar_run_time_list *fresh) {
    struct grammar_run_time_list **at = &b->run_time_lists;
    while (*at && (*at)->list != fresh->list)
        at = &(*at)->next;
    struct grammar_run_time_list *old = *at;
    fresh->next = old ? old->next : NULL;
    fresh->pool.outer = NULL;
    fresh->pool.budget = NULL; /* it outlives the budget */
    *at = fresh;
    if (old)
        run_time_list_free(old);
}

int grammar_builder_set_list(struct grammar_builder *b, const char *list, const struct grammar_list_value values[], size_t n,
                             tragus_diagnostics *d, tragus_error *reterr) {
    if (!list || !list[0])
        return base_error_set(reterr, -EINVAL, "a list needs a name");
    struct grammar_run_time_list *fresh = calloc(1, sizeof *fresh);
    if (!fresh)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    grammar_pool_init(&fresh->pool, LARGEST_MODEL, b->pool.budget);
    fresh->pool.outer = &b->pool;
    tragus_error mistake = {0}; /* not b->mistake, because the next call may mend it */
    struct grammar_report report = {.list = d, .reterr = reterr, .mistake = &mistake};
    struct list_job j = {b, list, values, n, fresh, &report};
    int code = grammar_pool_run(&b->pool, set_list_job, &j);
    report.mistake = NULL;
    if (code == 0)
        keep_run_time_list(b, fresh);
    else
        run_time_list_free(fresh);
    return code < 0 ? explain(b, code, list, &report) : 0;
}
