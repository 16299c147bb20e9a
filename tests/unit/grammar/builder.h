/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/grammar/builder.h: creates a builder with the languages of the source tree. */
#ifndef TRAGUS_TESTS_GRAMMAR_BUILDER_H
#define TRAGUS_TESTS_GRAMMAR_BUILDER_H

#include "grammar/grammar.h"

#include <stdio.h>
#include <stdlib.h>

static inline int english_builder(struct grammar_builder **ret) {
    const char *top = getenv("abs_top_srcdir");
    char path[4096];
    int r = grammar_builder_new(ret);
    snprintf(path, sizeof path, "%s/models", top ? top : ".");
    if (r == 0)
        r = grammar_builder_add_language(*ret, path, NULL, NULL);
    if (r == 0)
        grammar_builder_set_default_language(*ret, "en");
    return r;
}

#endif
