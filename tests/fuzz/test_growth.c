/* SPDX-License-Identifier: Apache-2.0 */
/* What an input costs grows with its length and not faster: generated inputs of n and of eight times n bytes, in processor time.
 * Twice the cost of a byte is allowed for caches; something quadratic would show eight times. */
#include "bridge/hermes.h"
#include "bridge/home.h"
#include "bridge/wire.h"
#include "fuzz.h"
#include "grammar/grammar.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FACTOR 8
#define MOST_GROWTH 3.0 /* of the cost of a byte */
#define TRIES 7

const char fuzz_name[] = "growth";

/* Not used: this is a test, not a target. */
void fuzz_one(const uint8_t *data, size_t size) {
    (void)data, (void)size;
}

/* --- inputs: each adds text with about n parts --- */

static void lines(struct base_buffer *b, unsigned n) {
    for (unsigned i = 0; i < n; i++)
        base_buffer_format(b, "turn on lamp w%ux in room v%uy\n", i, i % 97);
}

static void comments(struct base_buffer *b, unsigned n) {
    base_buffer_add_text(b, "stop\n");
    for (unsigned i = 0; i < n; i++)
        base_buffer_format(b, "# comment %u (\n\n", i);
}

static void wrong_lines(struct base_buffer *b, unsigned n) {
    base_buffer_add_text(b, "stop\n");
    for (unsigned i = 0; i < n; i++)
        base_buffer_format(b, "turn (on lamp%u\n", i);
}

static void alternatives(struct base_buffer *b, unsigned n) {
    base_buffer_add_text(b, "turn on (x");
    for (unsigned i = 0; i < n; i++)
        base_buffer_format(b, "|w%ux lamp", i);
    base_buffer_add_text(b, ")\n");
}

static void words(struct base_buffer *b, unsigned n) {
    for (unsigned i = 0; i < n; i++)
        base_buffer_format(b, "w%ux%c", i, i % 100 == 99 ? '\n' : ' ');
}

static void yaml_head(struct base_buffer *b) {
    base_buffer_add_text(b, "language: en\nintents:\n");
}

static void intents(struct base_buffer *b, unsigned n) {
    yaml_head(b);
    for (unsigned i = 0; i < n; i++)
        base_buffer_format(b, "  I%u:\n    data:\n      - sentences:\n          - \"do w%ux [now]\"\n", i, i);
}

static void sentences(struct base_buffer *b, unsigned n) {
    yaml_head(b);
    base_buffer_add_text(b, "  I:\n    data:\n      - sentences:\n");
    for (unsigned i = 0; i < n; i++)
        base_buffer_format(b, "          - \"do w%ux [now]\"\n", i);
}

static void rules(struct base_buffer *b, unsigned n) {
    yaml_head(b);
    base_buffer_add_text(b, "  I:\n    data:\n      - sentences: [\"do <r0>\"]\nexpansion_rules:\n");
    for (unsigned i = 0; i < n; i++)
        base_buffer_format(b, "  r%u: \"w%ux\"\n", i, i);
}

static void values(struct base_buffer *b, unsigned n) {
    yaml_head(b);
    base_buffer_add_text(b, "  I:\n    data:\n      - sentences: [\"do {thing}\"]\nlists:\n  thing:\n    values:\n");
    for (unsigned i = 0; i < n; i++)
        base_buffer_format(b, "      - in: w%ux lamp\n        out: lamp.%u\n", i, i);
}

static void frames(struct base_buffer *b, unsigned n) {
    for (unsigned i = 0; i < n; i++)
        base_buffer_format(b, "{\"type\":\"recognize\",\"data_length\":15}\n{\"text\":\"a%u\"}", 100 + i % 800);
}

static void header(struct base_buffer *b, unsigned n) {
    base_buffer_add_text(b, "{\"type\":\"x\",\"data\":{");
    for (unsigned i = 0; i < n; i++)
        base_buffer_format(b, "\"k%u\":[%u],", i, i);
    base_buffer_add_text(b, "\"end\":0}}\n");
}

static void utterance(struct base_buffer *b, unsigned n) {
    base_buffer_add_text(b, "{\"intent\":\"I\",\"confidence\":1,\"text\":\"");
    for (unsigned i = 0; i < n; i++)
        base_buffer_format(b, "w%ux ", i);
    base_buffer_add_text(b, "\",\"words\":[");
    for (unsigned i = 0; i < n; i++) /* every second one is not in the text */
        base_buffer_format(b, "{\"word\":\"%c%ux\",\"start_ms\":1,\"end_ms\":2},", i % 2 ? 'w' : 'q', i);
    base_buffer_add_text(b, "{}]}");
}

static void home(struct base_buffer *b, unsigned n) {
    base_buffer_add_text(b, "{\"exposed_entities\":{");
    for (unsigned i = 0; i < n; i++)
        base_buffer_format(b, "\"light.l%u\":{\"conversation\":true},", i);
    base_buffer_add_text(b, "\"light.end\":{}}}");
}

/* --- uses --- */

static void compile(const struct base_buffer *text, const char *format) {
    struct grammar_builder *b = NULL;
    struct grammar *g = NULL;
    tragus_diagnostics d = {0};
    tragus_error e = {0};

    fuzz_check(grammar_builder_new(&b) == 0, "no builder");
    (void)grammar_builder_add_text(b, "test", format, text->data, text->len_bytes, &d, &e);
    fuzz_check(grammar_compile(&g, b, &d, &e) == 0, e.text);
    grammar_free(g);
    grammar_builder_free(b);
    grammar_diagnostics_done(&d);
}

static void use_list(const struct base_buffer *text) {
    compile(text, "list");
}

static void use_yaml(const struct base_buffer *text) {
    compile(text, "hassil");
}

static void use_wire(const struct base_buffer *text) {
    struct bridge_wire_reader r = {0};
    struct bridge_wire_event event;
    for (size_t at = 0; at < text->len_bytes; at += 7) { /* the worst sender: tiny pieces */
        size_t left = text->len_bytes - at;
        fuzz_check(bridge_wire_push(&r, text->data + at, left < 7 ? left : 7) == 0, "out of memory");
        while (bridge_wire_next(&r, &event, NULL) > 0)
            ;
    }
    bridge_wire_reader_done(&r);
}

static void use_hermes(const struct base_buffer *text) {
    static const struct hermes h = {.site = "kitchen"};
    json_object *u = json_tokener_parse(text->data);
    fuzz_check(u != NULL, "not JSON");
    json_object *o = hermes_intent(&h, "s", "q", NULL, u);
    (void)json_object_to_json_string(o);
    json_object_put(o);
    json_object_put(u);
}

static void forget(const char *id, const char *why, void *user) {
    (void)id, (void)why, (void)user;
}

static void use_home(const struct base_buffer *text) {
    json_object *exposed = json_tokener_parse(text->data), *friendly = json_object_new_object();
    fuzz_check(exposed != NULL, "not JSON");
    json_object *all = json_object_object_get(exposed, "exposed_entities");
    json_object_object_foreach(all, id, settings) {
        (void)settings;
        json_object_object_add(friendly, id, json_object_new_string(id + 6));
    }
    const struct bridge_home_answers a = {.exposed = exposed, .friendly = friendly};
    json_object_put(bridge_home_lists(&a, forget, NULL));
    json_object_put(exposed);
    json_object_put(friendly);
}

/* --- measuring --- */

static const struct {
    const char *name;
    void (*make)(struct base_buffer *b, unsigned n);
    void (*use)(const struct base_buffer *text);
    unsigned n;
} cases[] = {
    {"list, lines", lines, use_list, 500},
    {"list, comments", comments, use_list, 4000},
    {"list, wrong lines", wrong_lines, use_list, 500},
    {"list, alternatives", alternatives, use_list, 240},
    {"list, long lines", words, use_list, 2000},
    {"YAML, intents", intents, use_yaml, 200},
    {"YAML, sentences", sentences, use_yaml, 500},
    {"YAML, rules", rules, use_yaml, 500},
    {"YAML, values", values, use_yaml, 500},
    {"Wyoming, frames", frames, use_wire, 1000},
    {"Wyoming, one header", header, use_wire, 400},
    {"Hermes, words", utterance, use_hermes, 200},
    {"Home Assistant, entities", home, use_home, 500},
};

static double cpu_ns(void) {
    struct timespec t = {0};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Nanoseconds for a byte, the best of some tries. */
static double cost(size_t which, unsigned n) {
    struct base_buffer text = {0};
    double best = 0;

    cases[which].make(&text, n);
    fuzz_check(!text.failed, "out of memory");
    for (int i = 0; i < TRIES; i++) {
        double begin = cpu_ns();
        cases[which].use(&text);
        double took = (cpu_ns() - begin) / (double)text.len_bytes;
        best = i == 0 || took < best ? took : best;
    }
    base_buffer_done(&text);
    return best;
}

int main(void) {
    int failed = 0;
    /* Freed memory stays with the program. Otherwise the kernel makes new pages for each try of a large input, which on some
     * machines takes longer than the work itself. */
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, INT32_MAX);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double few = cost(i, cases[i].n), many = cost(i, cases[i].n * FACTOR);
        bool good = many <= few * MOST_GROWTH;
        printf("%-26s %8.0f ns a byte, %8.0f with %d times as much%s\n", cases[i].name, few, many, FACTOR,
               good ? "" : ": grows faster than its input");
        failed += !good;
    }
    return failed > 0;
}
