/* SPDX-License-Identifier: Apache-2.0 */
/* Home Assistant's YAML, in both layouts. */
#include "grammar_use.h"

const char fuzz_name[] = "grammar_yaml";

void fuzz_one(const uint8_t *data, size_t size) {
    use_grammar(data, size, "hassil");
}
