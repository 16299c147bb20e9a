/* SPDX-License-Identifier: Apache-2.0 */
#include "base/decimal.h"

#include <stdio.h>
#include <string.h>

const char *base_decimal(double x, char out[BASE_DECIMAL_BYTES]) {
    char text[BASE_DECIMAL_BYTES];

    snprintf(text, sizeof(text), "%g", x);
    size_t n_whole = strspn(text, "-0123456789");
    size_t n_point = strcspn(text + n_whole, "0123456789e"); /* may be several bytes */
    if (n_point == 0 || n_whole == 0 || !text[n_whole + n_point])
        snprintf(out, BASE_DECIMAL_BYTES, "%s", text); /* a whole number, or none */
    else
        snprintf(out, BASE_DECIMAL_BYTES, "%.*s.%s", (int)n_whole, text, text + n_whole + n_point);
    return out;
}
