/* SPDX-License-Identifier: Apache-2.0 */
/* tragus.conf. */
#include "daemon/config.h"
#include "fuzz.h"

const char fuzz_name[] = "settings";

void fuzz_one(const uint8_t *data, size_t size) {
    struct config c;
    tragus_error e = {0};

    config_init(&c);
    int r = config_load(&c, fuzz_file(data, size), &e);
    fuzz_check(r == 0 || e.text[0], "refused without a reason");
    config_done(&c);
}
