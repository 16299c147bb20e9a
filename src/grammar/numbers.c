/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/numbers.c: applies the rules of numbers.h. */
#include "grammar/numbers.h"

#include "base/buffer.h"
#include "grammar/letters.h"

#include <string.h>

enum {
    DEEPEST_RULE = 64,       /* a set that names itself for the same number would not end */
    LONGEST_SPELLING = 4096, /* bytes; a sensible number needs some hundred */
    MOST_DIGITS = 15,        /* longer numbers are said digit by digit */
    MOST_RULES = 5000,       /* applied for one number; a sensible one needs some dozen */
};

struct value {
    bool negative;
    int64_t whole;
    const char *fraction; /* digits after the decimal point or comma */
    size_t n_fraction;
    const char *digits; /* of a whole number that is said digit by digit; NULL: it is not */
    size_t n_digits;
};

struct speaker {
    const struct grammar_numbers *numbers;
    const char *positive; /* the digits behind a minus, which stay digits; NULL: they are said, too */
    size_t n_positive;
    struct base_buffer *out;
    unsigned depth, n_rules;
};

static bool say(struct speaker *s, uint32_t set, const struct value *v);
static bool apply(struct speaker *s, uint32_t set, const struct grammar_number_rule *rule, const struct value *v);

static void put(struct speaker *s, const char *text, size_t len) {
    base_buffer_add(s->out, text, len);
}

/* Takes back what was added since `len`. Returns false. */
static bool take_back(struct speaker *s, size_t len) {
    if (!s->out->failed && s->out->data)
        s->out->data[s->out->len_bytes = len] = '\0';
    return false;
}

static bool say_whole(struct speaker *s, uint32_t set, int64_t whole) {
    return say(s, set, &(const struct value){.whole = whole});
}

/* Returns whether the last alternative, from `at`, also stands between `start` and the bar before it. */
static bool said_before(const struct base_buffer *out, size_t start, size_t at) {
    size_t len = out->len_bytes - at, begin = start;
    int depth = 0;
    for (size_t i = start; i < at && !out->failed; i++) {
        char c = out->data[i];
        depth += (c == '(' || c == '[') - (c == ')' || c == ']');
        if (c != '|' || depth)
            continue;
        if (i - begin == len && memcmp(out->data + begin, out->data + at, len) == 0)
            return true;
        begin = i + 1;
    }
    return false;
}

static bool is_decimal(enum grammar_number_kind kind) {
    return kind >= GRAMMAR_NUMBER_DECIMAL;
}

/* Decimals as a fraction: a set for this has a rule for each denominator, 10 for tenths. Returns NULL if the set is not such a one.
 */
static const struct grammar_number_rule *rule_of_denominator(const struct grammar_number_set *set, int64_t denominator) {
    for (size_t i = 0; i < set->n_rules; i++)
        if (set->rules[i].kind == GRAMMAR_NUMBER_WHOLE && set->rules[i].from == denominator)
            return &set->rules[i];
    return NULL;
}

static bool say_fraction(struct speaker *s, uint32_t own, const struct grammar_number_part *part, const struct value *v) {
    const struct grammar_number_set *set = &s->numbers->sets[part->set];
    int64_t denominator = 1, numerator = 0;
    size_t n = v->n_fraction;
    while (n > 1 && v->fraction[n - 1] == '0')
        n--;
    for (size_t i = 0; i < n && i < MOST_DIGITS; i++) {
        denominator *= 10;
        numerator = numerator * 10 + (v->fraction[i] - '0');
    }
    if (part->set != own && rule_of_denominator(set, 10)) {
        const struct grammar_number_rule *rule = n < MOST_DIGITS ? rule_of_denominator(set, denominator) : NULL;
        /* apply() takes the quotient of this: the numerator */
        return rule && apply(s, part->set, rule, &(const struct value){.whole = numerator * rule->divisor});
    }
    for (size_t i = 0; i < v->n_fraction; i++) {
        if (i && !part->closed)
            put(s, " ", 1);
        if (!say_whole(s, part->set, v->fraction[i] - '0'))
            return false;
    }
    return true;
}

static bool apply_part(struct speaker *s, uint32_t set, const struct grammar_number_rule *rule,
                       const struct grammar_number_part *part, const struct value *v) {
    struct value positive = *v, whole = *v;
    positive.negative = false;
    whole.n_fraction = 0;
    switch (part->sign) {
    case '\0':
        put(s, part->text, part->len);
        return true;
    case '=':
        return say(s, part->set, v);
    case '<':
        if (is_decimal(rule->kind))
            return say(s, part->set, &whole);
        return rule->kind == GRAMMAR_NUMBER_WHOLE && !v->negative && !v->n_fraction &&
               say_whole(s, part->set, v->whole / rule->divisor);
    case '>':
        if (is_decimal(rule->kind))
            return say_fraction(s, set, part, v);
        if (rule->kind == GRAMMAR_NUMBER_NEGATIVE && s->positive) {
            put(s, s->positive, s->n_positive);
            return true;
        }
        if (rule->kind == GRAMMAR_NUMBER_NEGATIVE)
            return say(s, part->set, &positive);
        return !v->negative && !v->n_fraction && say_whole(s, part->set, v->whole % rule->divisor);
    default:
        return false;
    }
}

/* Adds the words of one rule. Returns false, and adds nothing, if the number has none. */
static bool apply(struct speaker *s, uint32_t set, const struct grammar_number_rule *rule, const struct value *v) {
    size_t start = s->out->len_bytes;
    if (++s->n_rules > MOST_RULES)
        return false;
    for (size_t i = 0; i < rule->n_parts; i++)
        if (!apply_part(s, set, rule, &rule->parts[i], v) || s->out->len_bytes - start > LONGEST_SPELLING)
            return take_back(s, start);
    return true;
}

/* Returns whether a set has rules of kind a or b. */
static bool has_kind(const struct grammar_number_set *set, enum grammar_number_kind a, enum grammar_number_kind b) {
    for (size_t i = 0; i < set->n_rules; i++)
        if (set->rules[i].kind == a || set->rules[i].kind == b)
            return true;
    return false;
}

/* Returns the base of the rules that say a whole number; negative: none. */
static int64_t base_of(const struct grammar_number_set *set, int64_t whole) {
    const struct grammar_number_rule *best = NULL;
    int64_t before = -1;
    for (size_t i = 0; i < set->n_rules; i++) {
        const struct grammar_number_rule *rule = &set->rules[i];
        if (rule->kind != GRAMMAR_NUMBER_WHOLE || rule->from > whole)
            continue;
        if (best && best->from != rule->from)
            before = best->from;
        best = rule;
    }
    if (best && best->takes_rest && whole % best->divisor == 0 && best->from % best->divisor != 0)
        return before;
    return best ? best->from : -1;
}

/* Returns whether a rule says the number. base: of the rules of whole numbers. */
static bool fits(const struct grammar_number_set *set, const struct grammar_number_rule *rule, const struct value *v,
                 int64_t base) {
    bool half = v->n_fraction == 1 && v->fraction[0] == '5' && !v->digits;
    bool below1 = v->whole == 0 && !v->digits && has_kind(set, GRAMMAR_NUMBER_DECIMAL_BELOW1, GRAMMAR_NUMBER_HALF_BELOW1);
    if (v->negative && has_kind(set, GRAMMAR_NUMBER_NEGATIVE, GRAMMAR_NUMBER_NEGATIVE))
        return rule->kind == GRAMMAR_NUMBER_NEGATIVE;
    if (v->n_fraction && (below1 || has_kind(set, GRAMMAR_NUMBER_DECIMAL, GRAMMAR_NUMBER_HALF)))
        return rule->kind == (below1 ? GRAMMAR_NUMBER_DECIMAL_BELOW1 : GRAMMAR_NUMBER_DECIMAL) ||
               (half && rule->kind == (below1 ? GRAMMAR_NUMBER_HALF_BELOW1 : GRAMMAR_NUMBER_HALF));
    return rule->kind == GRAMMAR_NUMBER_WHOLE && rule->from == base;
}

static bool say_digits(struct speaker *s, const char *digits, size_t len) {
    size_t start = s->out->len_bytes;
    for (size_t i = 0; i < len; i++) {
        if (i)
            put(s, " ", 1);
        if (!say_whole(s, s->numbers->digit, digits[i] - '0'))
            return take_back(s, start);
    }
    return len > 0;
}

static bool say(struct speaker *s, uint32_t set_number, const struct value *v) {
    const struct grammar_number_set *set = &s->numbers->sets[set_number];
    int64_t base = base_of(set, v->whole);
    size_t start = s->out->len_bytes, n_fitting = 0, n_said = 0;
    if (s->depth == DEEPEST_RULE || s->out->failed)
        return false;
    if (v->digits && !v->negative && !v->n_fraction)
        return say_digits(s, v->digits, v->n_digits);
    for (size_t i = 0; i < set->n_rules; i++)
        n_fitting += fits(set, &set->rules[i], v, base);
    s->depth++;
    for (size_t i = 0; i < set->n_rules; i++) {
        size_t before = s->out->len_bytes;
        if (!fits(set, &set->rules[i], v, base))
            continue;
        if (n_fitting > 1)
            put(s, n_said ? "|" : "(", 1);
        if (apply(s, set_number, &set->rules[i], v) && (n_said == 0 || !said_before(s->out, start + 1, before + 1)))
            n_said++;
        else
            take_back(s, before);
    }
    s->depth--;
    if (n_said == 0)
        return take_back(s, start);
    if (n_fitting > 1)
        put(s, ")", 1);
    return true;
}

static bool say_number(struct speaker s, uint32_t set, const char *digits, size_t len) {
    struct value v = {.negative = len > 0 && digits[0] == '-'};
    size_t n_whole = 0;
    digits += v.negative;
    len -= v.negative;
    for (; n_whole < len && grammar_is_digit((unsigned char)digits[n_whole]); n_whole++)
        if (n_whole < MOST_DIGITS)
            v.whole = v.whole * 10 + (digits[n_whole] - '0');
    if (n_whole < len) {
        v.fraction = digits + n_whole + 1;
        v.n_fraction = len - n_whole - 1;
    }
    if (n_whole >= MOST_DIGITS || (n_whole > 1 && digits[0] == '0')) {
        v.digits = digits;
        v.n_digits = n_whole;
    }
    return say(&s, set, &v) && !s.out->failed;
}

bool grammar_numbers_say(const struct grammar_numbers *n, uint32_t set, const char *digits, size_t len, struct base_buffer *out) {
    return say_number((struct speaker){.numbers = n, .out = out}, set, digits, len);
}

bool grammar_numbers_say_all(const struct grammar_numbers *n, bool ordinal, const char *digits, size_t len,
                             struct base_buffer *out) {
    struct speaker s = {.numbers = n, .out = out};
    if (len > 1 && digits[0] == '-') {
        s.positive = digits + 1;
        s.n_positive = len - 1;
    }
    const uint32_t *sets = ordinal ? n->ordinal : n->cardinal;
    size_t n_sets = ordinal ? n->n_ordinal : n->n_cardinal, start = out->len_bytes;
    put(&s, "(", 1);
    size_t first = out->len_bytes;
    for (size_t i = 0; i < n_sets && !out->failed; i++) {
        size_t before = out->len_bytes, at;
        if (before > first)
            put(&s, "|", 1);
        at = out->len_bytes;
        if (!say_number(s, sets[i], digits, len) || said_before(out, first, at))
            take_back(&s, before);
    }
    if (out->failed || out->len_bytes == first)
        return take_back(&s, start);
    put(&s, ")", 1);
    return !out->failed;
}
