/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/numbers.h: writes numbers in words by rules, which are data: models/numbers/TAG.yaml, or language.yaml of a language.
 *
 * The rules are a part of CLDR's rule-based number formats (Unicode Technical Standard 35, part 3). A rule set is a list of lines
 * `BASE: TEXT` or `BASE/RADIX: TEXT`. The rule with the greatest base up to the number says it. Its divisor is the greatest power
 * of the radix (10) up to the base. In the text, `<set<` stands for the quotient, `>set>` for the rest and `=set=` for the number
 * itself, in the words of a set; without a name it is the same set. `=#=` has no words: the set ends there. If the number is a
 * multiple of the divisor and the rule's base is not, the rule before it counts, so `100: hundred` says 300, not `101:`.
 * `'` at an end of a text keeps the blanks there. `>>>` says decimals without blanks between them.
 * `-x` says negative numbers, `x.x` those with decimals, `0.x` those below one, `x.5` and `0.5` halves.
 *
 * In two things they are more: a text is a template, and rules with one base are all ways to say a number.
 */
#ifndef TRAGUS_GRAMMAR_NUMBERS_H
#define TRAGUS_GRAMMAR_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct base_buffer;
struct grammar_pool;
struct grammar_report;
struct grammar_yaml;

enum grammar_number_kind {
    GRAMMAR_NUMBER_WHOLE,
    GRAMMAR_NUMBER_NEGATIVE,
    GRAMMAR_NUMBER_DECIMAL,        /* x.x */
    GRAMMAR_NUMBER_HALF,           /* x.5 */
    GRAMMAR_NUMBER_DECIMAL_BELOW1, /* 0.x */
    GRAMMAR_NUMBER_HALF_BELOW1,    /* 0.5 */
};

struct grammar_number_part {
    char sign;        /* '<', '>' or '=', '#': has no words, '\0': text */
    const char *text; /* of a text; not terminated */
    size_t len;
    uint32_t set;
    bool closed; /* `>>>`: decimals without blanks between them */
};

struct grammar_number_rule {
    enum grammar_number_kind kind;
    int64_t from, divisor;
    const struct grammar_number_part *parts;
    size_t n_parts;
    bool takes_rest;
};

struct grammar_number_set {
    const char *name;
    const struct grammar_number_rule *rules; /* of whole numbers by rising `from` */
    size_t n_rules;
};

struct grammar_numbers {
    const struct grammar_number_set *sets;
    size_t n_sets;
    const uint32_t *cardinal, *ordinal; /* the sets that are ways to say a number */
    size_t n_cardinal, n_ordinal;
    uint32_t group;           /* the sign between groups of three digits, 0: none */
    uint32_t digit;           /* the set that says digits one by one */
    const char *const *signs; /* of ordinals, behind the digits: "st" in "1st"; lower case */
    size_t n_signs;
};

/* Reads `numbers:` of a language's file. Returns NULL after reporting mistakes. The result is in the pool. */
const struct grammar_numbers *grammar_numbers_read(struct grammar_pool *pool, const struct grammar_yaml *y,
                                                   struct grammar_report *report);

/* Appends the template of a number, digits as in "-20.5", in the words of one set. Returns false, and adds nothing, if it has none.
 */
bool grammar_numbers_say(const struct grammar_numbers *n, uint32_t set, const char *digits, size_t len, struct base_buffer *out);

/* Appends the template of all ways to say a number; that of a negative one has digits behind the word for minus. Returns false, and
 * adds nothing, if there is none. */
bool grammar_numbers_say_all(const struct grammar_numbers *n, bool ordinal, const char *digits, size_t len,
                             struct base_buffer *out);

#endif
