/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/value.c: see value.h. */
#include "grammar/value.h"

#include "base/decimal.h"
#include "grammar/pool.h"

#include <stdint.h>
#include <string.h>

#define MOST_INTEGER 9e18 /* larger numbers do not fit into 64 bits */

tragus_value grammar_value_read(const char *text, bool plain) {
    tragus_value value = {.type = TRAGUS_TEXT, .text = text};
    if (!plain)
        return value;
    if (strcmp(text, "true") == 0 || strcmp(text, "True") == 0 || strcmp(text, "false") == 0 || strcmp(text, "False") == 0) {
        value.type = TRAGUS_BOOLEAN;
        value.boolean = (text[0] | 0x20) == 't';
        return value;
    }
    /* Parses decimal numbers itself, because the decimal point of strtod depends on the locale. */
    const char *at = text + (text[0] == '-' || text[0] == '+');
    int64_t digits = 0, scale = 1;
    size_t n_digits = 0;
    bool fraction = false;
    for (; (*at >= '0' && *at <= '9') || (*at == '.' && !fraction); at++) {
        if (*at == '.') {
            fraction = true;
            continue;
        }
        if (++n_digits > 15)
            return value;
        digits = digits * 10 + (*at - '0');
        scale *= fraction ? 10 : 1;
    }
    if (*at || n_digits == 0)
        return value;
    if (text[0] == '-')
        digits = -digits;
    value.type = fraction ? TRAGUS_REAL : TRAGUS_INTEGER;
    value.integer = digits / scale;
    value.real = (double)digits / (double)scale;
    return value;
}

tragus_value grammar_value_number(struct grammar_pool *pool, double real) {
    tragus_value v = {.type = TRAGUS_REAL, .real = real};
    v.integer = real > -MOST_INTEGER && real < MOST_INTEGER ? (int64_t)real : 0;
    if ((double)v.integer == real)
        v.type = TRAGUS_INTEGER;
    if (v.type == TRAGUS_INTEGER) {
        v.text = grammar_pool_format(pool, "%lld", (long long)v.integer);
    } else {
        char text[BASE_DECIMAL_BYTES];
        v.text = grammar_pool_text(pool, text, strlen(base_decimal(real, text)));
    }
    return v;
}
