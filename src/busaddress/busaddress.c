/* SPDX-License-Identifier: Apache-2.0 */
#include "busaddress/busaddress.h"

#include <stdbool.h>
#include <string.h>

int busaddress_open(sd_bus **ret, const char *address) {
    sd_bus *bus = NULL;

    if (strcmp(address, "system") == 0)
        return sd_bus_open_system(ret);
    if (strcmp(address, "session") == 0)
        return sd_bus_open_user(ret);
    int r = sd_bus_new(&bus);
    if (r >= 0)
        r = sd_bus_set_address(bus, address);
    if (r >= 0)
        r = sd_bus_set_bus_client(bus, true);
    if (r >= 0)
        r = sd_bus_negotiate_fds(bus, true);
    if (r >= 0)
        r = sd_bus_start(bus);
    if (r < 0) {
        sd_bus_unref(bus);
        return r;
    }
    *ret = bus;
    return 0;
}
