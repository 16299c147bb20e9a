/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/places.c: looks for words in the templates and list values of a model. */
#include "grammar/places.h"

#include "grammar/letters.h"
#include "grammar/model.h"
#include "grammar/pool.h"
#include "grammar/resolve.h"

#include <stdint.h>
#include <string.h>

enum { MOST_BYTES = 64 << 20 };

struct search {
    const struct grammar_builder *b;
    const char *const *words;
    size_t n;
    struct grammar_position *ret;
    struct grammar_pool pool;
    struct grammar_map numbers; /* of the words in small letters; value = number + 1 */
};

static const char *small(struct search *s, const uint32_t *chars, size_t n) {
    uint32_t *letters = grammar_pool_alloc(&s->pool, n * sizeof *letters);
    for (size_t i = 0; i < n; i++)
        letters[i] = grammar_fold(chars[i]);
    return grammar_encode(&s->pool, letters, n);
}

static void look_in(struct search *s, const struct grammar_text *text) {
    struct grammar_pool_mark mark = grammar_pool_mark(&s->pool);
    size_t n;
    const uint32_t *chars = grammar_decode(&s->pool, text->text, strlen(text->text), &n);
    for (size_t i = 0, begin; i < n; i++) {
        for (begin = i; i < n && grammar_is_letter(chars[i]);)
            i++;
        uintptr_t number = i > begin ? (uintptr_t)grammar_map_get(&s->numbers, small(s, chars + begin, i - begin)) : 0;
        if (number > 0 && !s->ret[number - 1].file)
            s->ret[number - 1] = grammar_position_in(text, (uint32_t)begin);
    }
    grammar_pool_release(&s->pool, mark);
}

static void look_in_lists(struct search *s, const struct grammar_map *lists) {
    for (size_t i = 0; i < lists->n; i++) {
        const struct grammar_model_list *list = lists->items[i].value;
        for (size_t k = 0; k < list->n; k++)
            for (size_t v = 0; v < list->definitions[k].n_values; v++)
                look_in(s, &list->definitions[k].values[v].in);
    }
}

static void look_in_rules(struct search *s, const struct grammar_map *rules) {
    for (size_t i = 0; i < rules->n; i++) {
        const struct grammar_model_rule *rule = rules->items[i].value;
        for (size_t k = 0; k < rule->n; k++)
            look_in(s, &rule->bodies[k]);
    }
}

static void search(void *data) {
    struct search *s = data;
    for (size_t i = 0; i < s->n; i++) {
        size_t n;
        const uint32_t *chars = grammar_decode(&s->pool, s->words[i], strlen(s->words[i]), &n);
        *grammar_map_at(&s->numbers, &s->pool, small(s, chars, n)) = (void *)(uintptr_t)(i + 1);
    }
    look_in_lists(s, &s->b->lists);
    for (size_t i = 0; i < s->b->n_blocks; i++) {
        const struct grammar_model_block *block = s->b->blocks[i];
        look_in_lists(s, &block->lists);
        for (size_t k = 0; k < block->n_sentences; k++)
            look_in(s, &block->sentences[k].in);
        look_in_rules(s, &block->rules);
    }
    look_in_rules(s, &s->b->rules);
    for (size_t i = 0; i < s->b->n_skip_words; i++)
        look_in(s, &s->b->skip_words[i]);
}

void grammar_builder_places(const struct grammar_builder *b, const char *const words[], size_t n, struct grammar_position ret[]) {
    struct search s = {.b = b, .words = words, .n = n, .ret = ret};
    memset(ret, 0, n * sizeof *ret);
    grammar_pool_init(&s.pool, MOST_BYTES, NULL);
    (void)grammar_pool_run(&s.pool, search, &s);
    grammar_pool_done(&s.pool);
}
