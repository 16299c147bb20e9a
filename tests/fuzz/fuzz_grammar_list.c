/* SPDX-License-Identifier: Apache-2.0 */
/* A list file: one template per line. */
#include "grammar_use.h"

const char fuzz_name[] = "grammar_list";

void fuzz_one(const uint8_t *data, size_t size) {
    use_grammar(data, size, "list");
}
