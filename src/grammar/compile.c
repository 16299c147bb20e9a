/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/compile.c: compiles the merged model: puts blocks in order, compiles sentences and conditions, and reports all
 * mistakes. */
#include "grammar/language.h"
#include "grammar/letters.h"
#include "grammar/resolve.h"
#include "grammar/wild.h"

#include "base/suggest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_GRAMMAR = 512 << 20 };

struct missing_list {
    struct grammar_position position; /* of the first template */
    const struct grammar_notation *notation;
    size_t n_templates;
};

static void note_missing(struct grammar_compiler *c, const char *list, const struct grammar_text *template) {
    struct missing_list *m = grammar_map_get(&c->missing, list);
    if (!m) {
        m = grammar_pool_alloc(&c->g->pool, sizeof *m);
        m->position = template->position;
        m->notation = template->notation;
        *grammar_map_at(&c->missing, &c->g->pool, list) = m;
    }
    m->n_templates++;
}

static void report_missing(struct grammar_compiler *c) {
    for (size_t i = 0; i < c->missing.n; i++) {
        const struct missing_list *m = c->missing.items[i].value;
        const char *name = c->missing.items[i].key;
        const char *nearest = base_suggest_from(name, grammar_map_key, &c->b->lists, c->b->lists.n);
        static const struct grammar_notation templates = {.list_opens = "{", .list_closes = "}", .list_hint = ""};
        const struct grammar_notation *n = m->notation && m->notation->list_opens ? m->notation : &templates;
        grammar_report_at(c->report, TRAGUS_WARNING, m->position, "list %s%s%s is not defined%s%s%s%s%s; %zu template%s left out",
                          n->list_opens, name, n->list_closes, nearest ? "; did you mean " : n->list_hint,
                          nearest ? n->list_opens : "", nearest ? nearest : "", nearest ? n->list_closes : "", nearest ? "?" : "",
                          m->n_templates, m->n_templates == 1 ? " is" : "s are");
    }
}

static bool has_letters(struct grammar_compiler *c, const char *text) {
    struct grammar_pool_mark mark = grammar_pool_mark(&c->scratch);
    size_t n, i = 0;
    const uint32_t *chars = grammar_decode(&c->scratch, text, strlen(text), &n);
    while (i < n && !grammar_is_letter(chars[i]) && !grammar_is_digit(chars[i]))
        i++;
    grammar_pool_release(&c->scratch, mark);
    return i < n;
}

static void compile_sentence(struct grammar_compiler *c, struct grammar_scope *s, const struct grammar_block *block,
                             const struct grammar_model_block *from, const struct grammar_model_sentence *sentence) {
    c->within = sentence->in;
    struct grammar_item *body = grammar_parse(c, &sentence->in);
    struct grammar_measure m = {0};
    if (!body || !grammar_resolve(c, s, body, &m))
        return;
    if (m.missing) {
        note_missing(c, m.missing, &sentence->in);
        return;
    }
    if (m.n_slots > GRAMMAR_MAX_SLOTS) {
        grammar_report_at(c->report, TRAGUS_ERROR, sentence->in.position, "fills more than %d slots; split it", GRAMMAR_MAX_SLOTS);
        return;
    }
    if (m.nullable && has_letters(c, sentence->in.text))
        grammar_report_at(c->report, TRAGUS_NOTE, sentence->in.position, "may be silence, which is never recognised: %.80s",
                          sentence->in.text);
    else if (m.nullable)
        grammar_report_at(c->report, TRAGUS_WARNING, sentence->in.position,
                          "left out of speech: it has nothing that can be said; write it in words: %.80s", sentence->in.text);
    struct grammar_template *t = grammar_pool_push(&c->g->pool, c->g->templates, c->g->n_templates, c->g->size_templates);
    *t = (struct grammar_template){
        .body = body,
        .text = grammar_copy_text(c, sentence->in.text),
        .out = grammar_copy_text(c, sentence->out),
        .block = block,
        .position = {grammar_copy_text(c, sentence->in.position.file), sentence->in.position.line, sentence->in.position.column},
        .spoken_only = from->speech_to_phrase && from->source->has_plain_blocks,
        .has_wildcard = m.wildcard,
        .starts_wild = m.starts_wild,
        .ends_wild = m.ends_wild,
        .n_chunks = m.n_chunks,
    };
}

static void add_sentence(struct grammar_compiler *c, struct grammar_scope *s, const struct grammar_block *block,
                         const struct grammar_model_block *from, const struct grammar_model_sentence *sentence) {
    struct grammar_cost outer = grammar_costs_begin(&c->costs, sentence->in.position, sentence->in.text);
    compile_sentence(c, s, block, from, sentence);
    grammar_costs_resume(&c->costs, &outer);
}

static const struct grammar_model_combination *combination_of(const struct grammar_compiler *c,
                                                              const struct grammar_model_block *from) {
    const struct grammar_model_intent *intent = grammar_map_get(&c->b->intents, from->intent);
    return intent ? grammar_map_get(&intent->combinations, from->combination) : NULL;
}

static struct grammar_condition copy_condition(struct grammar_compiler *c, const struct grammar_condition *from) {
    struct grammar_condition copy = {
        .key = grammar_copy_text(c, from->key), .n = from->n, .slot = grammar_copy_text(c, from->slot)};
    copy.values = grammar_pool_alloc(&c->g->pool, from->n * sizeof *copy.values);
    for (size_t i = 0; i < from->n; i++)
        copy.values[i] = grammar_copy_text(c, from->values[i]);
    return copy;
}

/* The number of these pauses in the grammar, as grammar_block has it. */
static uint8_t number_of(struct grammar_compiler *c, const struct grammar_pauses *pauses, struct grammar_position position) {
    struct grammar *g = c->g;
    if (pauses->final_silence_ms == 0 && pauses->end_silence_ms == 0 && pauses->open_silence_ms == 0)
        return 0;
    uint32_t i = 0;
    while (i < g->n_pauses && memcmp(&g->pauses[i], pauses, sizeof *pauses) != 0)
        i++;
    if (i == GRAMMAR_MAX_PAUSES) {
        grammar_report_at(c->report, TRAGUS_ERROR, position,
                          "the silences of this block: more than %d different silences in one grammar; use fewer",
                          GRAMMAR_MAX_PAUSES);
        return 0;
    }
    g->pauses[i] = *pauses;
    g->n_pauses = i == g->n_pauses ? i + 1 : g->n_pauses;
    return (uint8_t)(i + 1);
}

static tragus_field *copy_fields(struct grammar_compiler *c, const tragus_field from[], size_t n) {
    tragus_field *copy = grammar_pool_alloc(&c->g->pool, n * sizeof *copy);
    for (size_t i = 0; i < n; i++) {
        copy[i] = from[i];
        copy[i].name = grammar_copy_text(c, from[i].name);
        copy[i].value.text = grammar_copy_text(c, from[i].value.text);
    }
    return copy;
}

static const struct grammar_block *compile_block(struct grammar_compiler *c, const struct grammar_model_block *from) {
    struct grammar_block *block = grammar_pool_alloc(&c->g->pool, sizeof *block);
    const struct grammar_model_combination *combination = combination_of(c, from);
    block->intent = grammar_copy_text(c, from->intent);
    block->response = grammar_copy_text(c, from->response);
    block->min_confidence = from->min_confidence;
    if (from->min_confidence > 0 && (c->g->least_confidence <= 0 || from->min_confidence < c->g->least_confidence))
        c->g->least_confidence = from->min_confidence;
    block->pauses = number_of(c, &from->pauses, from->position);
    block->slots = copy_fields(c, from->slots, from->n_slots);
    block->n_slots = from->n_slots;
    block->metadata = copy_fields(c, from->metadata, from->n_metadata);
    block->n_metadata = from->n_metadata;
    block->required = grammar_pool_alloc(&c->g->pool, (from->n_required + 2) * sizeof *block->required);
    block->excluded = grammar_pool_alloc(&c->g->pool, from->n_excluded * sizeof *block->excluded);
    for (size_t i = 0; i < from->n_required; i++)
        block->required[block->n_required++] = copy_condition(c, &from->required[i]);
    for (size_t i = 0; i < from->n_excluded; i++)
        block->excluded[block->n_excluded++] = copy_condition(c, &from->excluded[i]);
    if (combination && combination->context_area)
        block->required[block->n_required++] = (struct grammar_condition){.key = "area", .slot = "area"};
    if (from->domain_group) {
        const struct grammar_condition *domains = combination ? grammar_map_get(&combination->groups, from->domain_group) : NULL;
        if (domains)
            block->required[block->n_required++] = copy_condition(c, domains);
        else
            grammar_report_at(
                c->report, TRAGUS_WARNING, from->domain_group_position,
                "group \"%s\" of name_domains is not defined; load intents.yaml too, or list the domains; any name fits now",
                from->domain_group);
    }
    return block;
}

/* Within a block Home Assistant tries templates with free text first, those with more pieces of literal text before the others. */
static int by_wildcard(const void *pa, const void *pb) {
    const struct grammar_template *a = pa, *b = pb;
    if (a->has_wildcard != b->has_wildcard)
        return a->has_wildcard ? -1 : 1;
    if (a->has_wildcard && a->n_chunks != b->n_chunks)
        return a->n_chunks > b->n_chunks ? -1 : 1;
    return a->position.line != b->position.line
               ? (a->position.line < b->position.line ? -1 : 1)
               : (a->position.column > b->position.column) - (a->position.column < b->position.column);
}

static void add_block(struct grammar_compiler *c, const struct grammar_model_block *from) {
    if (from->n_sentences == 0 || !grammar_in_language(c, from->source))
        return;
    struct grammar_scope local = {.block = from};
    bool has_own = from->lists.n || from->rules.n;
    const struct grammar_block *block = compile_block(c, from);
    size_t first = c->g->n_templates;
    for (size_t i = 0; i < from->n_sentences; i++)
        add_sentence(c, has_own ? &local : &c->global, block, from, &from->sentences[i]);
    if (c->g->n_templates > first)
        qsort(c->g->templates + first, c->g->n_templates - first, sizeof *c->g->templates, by_wildcard);
    if (from->intent[0] && c->g->n_templates > first &&
        (c->g->n_intents == 0 || strcmp(c->g->intents[c->g->n_intents - 1], from->intent) != 0)) /* blocks are sorted by intent */
        *grammar_pool_push(&c->g->pool, c->g->intents, c->g->n_intents, c->g->size_intents) = block->intent;
}

struct ordered_block {
    const struct grammar_model_block *block;
    bool declared;
    size_t intent, combination, index;
};

static int by_order(const void *pa, const void *pb) {
    const struct ordered_block *a = pa, *b = pb;
    if (a->declared != b->declared)
        return a->declared ? -1 : 1;
    if (a->intent != b->intent)
        return a->intent < b->intent ? -1 : 1;
    if (a->combination != b->combination)
        return a->combination < b->combination ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static void add_blocks(struct grammar_compiler *c) {
    struct ordered_block *order = grammar_pool_alloc(&c->g->pool, c->b->n_blocks * sizeof *order);
    for (size_t i = 0; i < c->b->n_blocks; i++) {
        const struct grammar_model_block *block = c->b->blocks[i];
        const struct grammar_model_intent *intent = grammar_map_get(&c->b->intents, block->intent);
        const struct grammar_model_combination *combination = combination_of(c, block);
        order[i] = (struct ordered_block){block, intent->declared, intent->order, combination ? combination->order : SIZE_MAX, i};
    }
    if (c->b->n_blocks)
        qsort(order, c->b->n_blocks, sizeof *order, by_order);
    for (size_t i = 0; i < c->b->n_blocks; i++)
        add_block(c, order[i].block);
}

static int by_length(const void *pa, const void *pb) {
    const struct grammar_text *const *a = pa, *const *b = pb;
    size_t n = strlen((*a)->text), m = strlen((*b)->text);
    return n != m ? (n > m ? -1 : 1) : strcmp((*a)->text, (*b)->text);
}

static void add_skip_words(struct grammar_compiler *c) {
    const struct grammar_text **texts = grammar_pool_alloc(&c->g->pool, c->b->n_skip_words * sizeof *texts);
    size_t n = 0;
    for (size_t i = 0; i < c->b->n_skip_words; i++)
        if (grammar_in_language(c, c->b->skip_words[i].source))
            texts[n++] = &c->b->skip_words[i];
    if (n) {
        qsort(texts, n, sizeof *texts, by_length);
        c->g->skip_words_position = texts[0]->position;
        c->g->skip_words_position.file = grammar_copy_text(c, texts[0]->position.file);
    }
    struct grammar_cost outer = grammar_costs_begin(&c->costs, c->g->skip_words_position, "skip_words");
    c->g->skip_words = grammar_pool_alloc(&c->g->pool, n * sizeof *c->g->skip_words);
    for (size_t i = 0; i < n; i++) {
        struct grammar_item *item = grammar_template_plain(&c->parser, texts[i]->text, strlen(texts[i]->text));
        struct grammar_measure m;
        c->within = *texts[i];
        if (grammar_resolve(c, &c->global, item, &m) && !m.nullable && (i == 0 || strcmp(texts[i]->text, texts[i - 1]->text) != 0))
            c->g->skip_words[c->g->n_skip_words++] = item;
    }
    grammar_costs_resume(&c->costs, &outer);
}

/* Returns the language of the first block of sentences that names one, or NULL. */
static const char *language_of(const struct grammar_builder *b) {
    for (size_t i = 0; i < b->n_blocks; i++)
        if (b->blocks[i]->source->language)
            return b->blocks[i]->source->language;
    return NULL;
}

static bool has_both_regions(const struct grammar_compiler *c) {
    bool exact = false, other = false;
    for (size_t i = 0; c->language && i < c->b->n_blocks; i++) {
        const char *tag = c->b->blocks[i]->source->language;
        bool equal = tag && grammar_language_equal(tag, c->language);
        exact |= equal;
        other |= tag && !equal && grammar_language_same(tag, c->language);
    }
    return exact && other;
}

/* Copies a cost and its texts, so that they live as long as the grammar. */
static void keep_cost(struct grammar_compiler *c, struct grammar_cost *to, const struct grammar_cost *from) {
    *to = *from;
    to->text = grammar_copy_text(c, from->text);
    to->position.file = grammar_copy_text(c, from->position.file);
}

/* Whether a block of sentences is in the grammar's language, or in none, which fits every language. */
static bool has_language(const struct grammar_compiler *c) {
    for (size_t i = 0; i < c->b->n_blocks; i++)
        if (grammar_in_language(c, c->b->blocks[i]->source))
            return true;
    return c->b->n_blocks == 0;
}

/* Returns the languages of the sentences, or the first ones, with commas between them. */
static const char *all_languages(struct grammar_compiler *c) {
    enum { MOST_BYTES = 100 };
    struct grammar_map known = {0};
    const char *all = "";
    for (size_t i = 0; i < c->b->n_blocks; i++) {
        const char *tag = c->b->blocks[i]->source->language;
        if (!tag || grammar_map_get(&known, tag))
            continue;
        *grammar_map_at(&known, &c->g->pool, tag) = (void *)(uintptr_t)1;
        if (strlen(all) > MOST_BYTES)
            return grammar_pool_format(&c->g->pool, "%s and others", all);
        all = grammar_pool_format(&c->g->pool, "%s%s\"%.20s\"", all, *all ? ", " : "", tag);
    }
    return all;
}

/* Returns false after an error if no sentence is left. Lists that the program sets later may complete templates without a mistake.
 */
static bool has_sentences(struct grammar_compiler *c) {
    const tragus_error *mistake = &c->b->mistake;
    if (c->g->n_templates == 0 && mistake->text[0])
        grammar_report_failure(c->report, -EINVAL, (struct grammar_position){mistake->file, mistake->line, mistake->column},
                               "the grammar holds no sentence that can be used: %s", mistake->text);
    else if (c->b->language && !has_language(c))
        grammar_report_failure(c->report, -EINVAL, (struct grammar_position){0},
                               "the grammar holds no sentences in language \"%.20s\"; those that it holds are in %.160s",
                               c->b->language, all_languages(c));
    else if (c->b->n_blocks == 0)
        grammar_report_failure(c->report, -EINVAL, (struct grammar_position){0}, "the grammar holds no sentences; add some");
    else
        return true;
    c->refused = true;
    return false;
}

static void compile(void *data) {
    struct grammar_compiler *c = data;
    c->language = c->b->language ? c->b->language : language_of(c->b);
    c->has_both_regions = has_both_regions(c);
    const char *tag = c->language ? c->language : c->b->default_language;
    c->parser.language = grammar_tables_of(c, tag);
    c->g->dotless = grammar_has_dotless_i(tag);
    c->g->language = grammar_copy_text(c, c->language ? c->language : "");
    for (size_t i = 0; i < c->b->n_blanks; i++)
        if (grammar_in_language(c, c->b->blanks[i].source))
            c->g->ignore_whitespace = c->b->blanks[i].ignored;
    if (!c->parser.language && tag[0])
        grammar_report_at(c->report, TRAGUS_WARNING, (struct grammar_position){0},
                          "numbers and signs of language \"%s\" have no words yet; they are understood when typed only", tag);
    add_blocks(c);
    add_skip_words(c);
    report_missing(c);
    grammar_note_lists(c);
    for (size_t i = 0; i < c->g->n_templates && !c->g->wild; i++)
        if (c->g->templates[i].has_wildcard)
            c->g->wild = grammar_compile_wild(c);
    if (c->refused || !has_sentences(c))
        return;
    if (!c->b->typed_only)
        grammar_build_acceptor(c->g, &c->work, &c->scratch, &c->costs, c->report);
    keep_cost(c, &c->g->most_units, &c->costs.most_units);
    keep_cost(c, &c->g->most_bytes, &c->costs.most_bytes);
}

int grammar_compile(struct grammar **ret, struct grammar_builder *b, tragus_diagnostics *d, tragus_error *reterr) {
    struct grammar_report report = {.list = d, .reterr = reterr, .mistake = &b->mistake};
    struct base_budget unlimited, *budget = b->pool.budget;
    struct grammar *g = calloc(1, sizeof *g);
    struct grammar_compiler *c = calloc(1, sizeof *c);
    if (!g || !c) {
        free(g);
        free(c);
        return base_error_set(reterr, -ENOMEM, "out of memory");
    }
    if (!budget) { /* needed to measure costs */
        base_budget_init(&unlimited, 0, 0);
        budget = &unlimited;
    }
    grammar_pool_init(&g->pool, LARGEST_GRAMMAR, budget);
    *c = (struct grammar_compiler){.b = b,
                                   .g = g,
                                   .report = &report,
                                   .costs = {.budget = budget},
                                   .parser = {.pool = &g->pool, .scratch = {.budget = budget}}};
    grammar_pool_init(&c->work, LARGEST_GRAMMAR, budget);
    grammar_pool_init(&c->scratch, LARGEST_GRAMMAR, budget);
    c->scratch.keeps_spare = true;
    c->work.outer = c->scratch.outer = &g->pool;
    int code = grammar_pool_run(&g->pool, compile, c);
    if (code < 0) {
        grammar_costs_settle(&c->costs);
        grammar_costs_refuse(&c->costs, code, "compiling", &report);
    } else if (c->refused) {
        code = -EINVAL;
    }
    base_buffer_done(&c->parser.scratch);
    grammar_pool_done(&c->work);
    grammar_pool_done(&c->scratch);
    free(c->file_text);
    free(c);
    if (code < 0) {
        grammar_free(g);
        return code;
    }
    g->pool.budget = NULL; /* the grammar may outlive the budget */
    *ret = g;
    return 0;
}

int grammar_refuse(const struct grammar *g, const struct base_budget *budget, int code, tragus_diagnostics *d,
                   tragus_error *reterr) {
    struct base_budget unlimited = {0};
    struct grammar_report report = {.list = d, .reterr = reterr};
    const struct grammar_costs costs = {
        .budget = budget ? budget : &unlimited, .most_units = g->most_units, .most_bytes = g->most_bytes};
    return grammar_costs_refuse(&costs, code, "compiling", &report);
}

void grammar_free(struct grammar *g) {
    if (!g)
        return;
    grammar_pool_done(&g->pool);
    free(g);
}

const char *grammar_language(const struct grammar *g) {
    return g->language;
}

size_t grammar_bytes(const struct grammar *g) {
    return g->pool.total_bytes;
}

size_t grammar_n_templates(const struct grammar *g) {
    return g->n_templates;
}

double grammar_least_confidence(const struct grammar *g) {
    return g->least_confidence;
}

size_t grammar_n_intents(const struct grammar *g) {
    return g->n_intents;
}

const char *grammar_intent(const struct grammar *g, size_t i) {
    return i < g->n_intents ? g->intents[i] : NULL;
}

bool grammar_has_list(const struct grammar *g, const char *name) {
    for (size_t i = 0; i < g->list_names.n; i++)
        if (strcmp(g->list_names.items[i].key, name) == 0)
            return true;
    return false;
}

const char *grammar_nearest_list(const struct grammar *g, const char *name) {
    return base_suggest_from(name, grammar_map_key, &g->list_names, g->list_names.n);
}

const struct grammar_acceptor *grammar_acceptor(const struct grammar *g) {
    return &g->acceptor;
}

bool grammar_condition_holds(const struct grammar_condition *c, const char *value) {
    if (!value)
        return false;
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->values[i], value) == 0)
            return true;
    return c->n == 0;
}

bool grammar_entry_fits(const struct grammar_entry *e, const struct grammar_block *b) {
    for (size_t i = 0; i < e->n_context; i++) {
        for (size_t k = 0; k < b->n_required; k++)
            if (strcmp(b->required[k].key, e->context[i].key) == 0 &&
                !grammar_condition_holds(&b->required[k], e->context[i].value))
                return false;
        for (size_t k = 0; k < b->n_excluded; k++)
            if (strcmp(b->excluded[k].key, e->context[i].key) == 0 && grammar_condition_holds(&b->excluded[k], e->context[i].value))
                return false;
    }
    return true;
}
