/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/mqtt_none.c: stands for the files of MQTT in a build without it (configure --without-mqtt). */
#include "bridge/private.h"

#include <errno.h>

int bridge_mqtt_check(const struct bridge_mqtt_options *o, tragus_error *reterr) {
    if (!*o->host)
        return 0;
    return base_error_set(reterr, -EOPNOTSUPP, "[mqtt] is set, but this tragus-bridge was built without MQTT; remove host");
}

int bridge_mqtt_open(struct bridge *b, tragus_error *reterr) {
    (void)b, (void)reterr;
    return 0;
}

void bridge_mqtt_close(struct bridge *b) {
    (void)b;
}

void bridge_mqtt_tragusd(struct bridge *b, bool there) {
    (void)b, (void)there;
}

void bridge_mqtt_properties(struct bridge *b) {
    (void)b;
}
