/* SPDX-License-Identifier: Apache-2.0 */
/* One template: parsed, also as plain text. The language gives numbers and signs. */
#include "base/budget.h"
#include "fuzz.h"
#include "grammar/language.h"
#include "grammar/numbers.h"
#include "grammar/pool.h"
#include "grammar/template.h"

#include <stdlib.h>

const char fuzz_name[] = "template";

struct work {
    struct grammar_parser *parser;
    const char *text;
    size_t len;
};

/* A language without sense that has every kind of table. */
static const struct grammar_number_part so[] = {{.text = "so", .len = 2}};
static const struct grammar_number_part both[] = {{.sign = '<'}, {.text = " ty ", .len = 4}, {.sign = '>'}};
static const struct grammar_number_part minus[] = {{.text = "minus ", .len = 6}, {.sign = '>'}};
static const struct grammar_number_rule rules[] = {
    {.kind = GRAMMAR_NUMBER_NEGATIVE, .divisor = 1, .parts = minus, .n_parts = 2, .takes_rest = true},
    {.kind = GRAMMAR_NUMBER_DECIMAL, .divisor = 1, .parts = both, .n_parts = 3, .takes_rest = true},
    {.divisor = 1, .parts = so, .n_parts = 1},
    {.from = 10, .divisor = 10, .parts = both, .n_parts = 3, .takes_rest = true},
    {.from = 100, .divisor = 100, .parts = both, .n_parts = 3, .takes_rest = true}};
static const struct grammar_number_set sets[] = {{"all", rules, 5}};
static const uint32_t ways[] = {0};
static const char *const signs[] = {"st", "th"};
static const struct grammar_numbers numbers = {.sets = sets,
                                               .n_sets = 1,
                                               .cardinal = ways,
                                               .n_cardinal = 1,
                                               .ordinal = ways,
                                               .n_ordinal = 1,
                                               .group = ',',
                                               .signs = signs,
                                               .n_signs = 2};
static const struct grammar_symbol symbols[] = {{"%", "percent", '%'}, {"&", "and", '&'}};
static const struct grammar_symbol before[] = {{"$", "{number} dollar[s]\n{whole} dollar[s] {cents}", '$'}};
static const struct grammar_symbol between[] = {{".", "point", '.'}};
static const struct grammar_clock_rule times[] = {{0, 59, "{hour} {minute}"}, {30, 30, "half past {hour}"}};
static const struct grammar_language language = {.tag = "en",
                                                 .numbers = &numbers,
                                                 .symbols = {symbols, 2},
                                                 .before = {before, 1},
                                                 .between = {between, 1},
                                                 .clock = times,
                                                 .n_clock = 2};

static void parse(void *user) {
    const struct work *w = user;
    if (!grammar_template_parse(w->parser, w->text, w->len)) {
        fuzz_check(w->parser->error[0] != '\0', "refused without a reason");
        fuzz_check(w->parser->error_offset <= w->len, "an error behind the end");
    }
}

static void parse_plain(void *user) {
    const struct work *w = user;
    (void)grammar_template_plain(w->parser, w->text, w->len);
    (void)grammar_template_is_one(w->text);
}

void fuzz_one(const uint8_t *data, size_t size) {
    char *text = fuzz_text(data, size);
    for (int i = 0; i < 4; i++) {
        struct grammar_pool pool;
        struct base_budget budget;
        base_budget_init(&budget, 200, 32u << 20);
        base_budget_start(&budget);
        grammar_pool_init(&pool, 64u << 20, &budget);
        struct grammar_parser parser = {.pool = &pool, .language = i % 2 ? &language : NULL};
        struct work w = {&parser, text, size};
        (void)grammar_pool_run(&pool, i < 2 ? parse : parse_plain, &w);
        base_buffer_done(&parser.scratch);
        grammar_pool_done(&pool);
    }
    free(text);
}
