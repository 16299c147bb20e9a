/* SPDX-License-Identifier: Apache-2.0 */
/* One template: parsed, also as plain text. The language gives numbers and signs. */
#include "base/budget.h"
#include "fuzz.h"
#include "grammar/language.h"
#include "grammar/pool.h"
#include "grammar/template.h"

#include <stdlib.h>

const char fuzz_name[] = "template";

struct work {
    struct grammar_parser *parser;
    const char *text;
    size_t len;
};

static const char *const small[] = {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"};
static const struct grammar_number_row rows[] = {
    {10, 99, 10, 1, "#q ty #r"}, {10, 99, 10, 0, "#q ty"}, {100, 9999, 100, -1, "#q hundred #r"}};
static const struct grammar_symbol symbols[] = {{"%", "percent"}, {"&", "and"}};
static const struct grammar_language language = {.tag = "en",
                                                 .small = small,
                                                 .n_small = 10,
                                                 .rows = rows,
                                                 .n_rows = 3,
                                                 .minus = "minus",
                                                 .point = "point",
                                                 .symbols = symbols,
                                                 .n_symbols = 2};

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
