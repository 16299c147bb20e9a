/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/compile_main.c: `compile-lexicon OUTPUT ENDINGS DICTIONARY...`, which runs on the build machine while tragus is built. */
#include "lexicon/compile.h"

#include <stdio.h>

int main(int argc, char **argv) {
    tragus_error error = {0};
    if (argc < 4) {
        fprintf(stderr, "usage: %s OUTPUT ENDINGS DICTIONARY...\n", argv[0]);
        return 2;
    }
    if (lexicon_compile((const char *const *)argv + 3, argc - 3, argv[2], argv[1], &error) < 0) {
        char text[512];
        fprintf(stderr, "%s: %s\n", argv[0], base_error_format(&error, text, sizeof text));
        return 1;
    }
    return 0;
}
