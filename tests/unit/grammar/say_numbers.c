/* SPDX-License-Identifier: Apache-2.0 */
/* Prints numbers in the words of a language: say_numbers FOLDER TAG < LINES. A line is a rule set and a number, "cardinal 21"; the
 * set `*` or `ordinal *` means all ways to say it. Prints "-" if there are no words. */
#include "grammar/grammar.h"
#include "grammar/language.h"
#include "grammar/numbers.h"

#include "base/buffer.h"
#include "grammar/diagnostic.h"

#include <stdio.h>
#include <string.h>

static bool say(const struct grammar_numbers *n, const char *set, const char *number, struct base_buffer *out) {
    size_t len = strlen(number);
    if (strcmp(set, "*") == 0)
        return grammar_numbers_say_all(n, false, number, len, out);
    if (strcmp(set, "ordinal*") == 0)
        return grammar_numbers_say_all(n, true, number, len, out);
    for (uint32_t i = 0; i < n->n_sets; i++)
        if (strcmp(n->sets[i].name, set) == 0)
            return grammar_numbers_say(n, i, number, len, out);
    fprintf(stderr, "say_numbers: there is no set %s\n", set);
    return false;
}

int main(int argc, char **argv) {
    struct grammar_builder *b = NULL;
    const struct grammar_language *l = NULL;
    tragus_diagnostics d = {0};
    struct grammar_report report = {.list = &d};
    char line[256], set[128], number[64];
    if (argc != 3 || grammar_builder_new(&b) < 0 || grammar_builder_add_language(b, argv[1], NULL, NULL) < 0 ||
        grammar_builder_language(&l, b, argv[2], &report) < 0 || !l || !l->numbers) {
        fprintf(stderr, "say_numbers: %s\n", d.n_items ? d.items[0].text : "this language has no numbers");
        return 1;
    }
    while (fgets(line, sizeof line, stdin) && sscanf(line, "%127s %63s", set, number) == 2) {
        struct base_buffer out = {0};
        puts(say(l->numbers, set, number, &out) ? out.data : "-");
        base_buffer_done(&out);
    }
    grammar_diagnostics_done(&d);
    grammar_builder_free(b);
    return 0;
}
