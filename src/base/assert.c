/* SPDX-License-Identifier: Apache-2.0 */
/* base/assert.c: see assert.h. */
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

void base_assert_failed(const char *condition, const char *file, int line) {
    fprintf(stderr, "%s:%d: this should hold and does not: %s\n", file, line, condition);
    abort();
}
