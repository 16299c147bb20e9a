/* SPDX-License-Identifier: Apache-2.0 */
/* bridge.conf. */
#include "bridge/bridge.h"
#include "fuzz.h"

const char fuzz_name[] = "bridge_settings";

void fuzz_one(const uint8_t *data, size_t size) {
    struct bridge_options o;
    tragus_error e = {0};

    bridge_options_init(&o);
    int r = bridge_options_load(&o, fuzz_file(data, size), &e);
    fuzz_check(r == 0 || e.text[0], "refused without a reason");
    bridge_options_done(&o);
}
