/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/bus.c: connections to a message bus that may go and come back. */
#include "bridge/private.h"
#include "busaddress/busaddress.h"

#include <stdio.h>

int bridge_bus_open(sd_bus **ret, const char *address, const char *peer, sd_bus_message_handler_t owner,
                    sd_bus_message_handler_t disconnected, void *user) {
    char match[256];

    int r = busaddress_open(ret, address);
    if (r < 0) {
        *ret = NULL;
        return r;
    }
    snprintf(match, sizeof(match),
             "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='%s'",
             peer);
    r = sd_bus_match_signal_async(*ret, NULL, "org.freedesktop.DBus.Local", NULL, "org.freedesktop.DBus.Local", "Disconnected",
                                  disconnected, NULL, user);
    if (r >= 0)
        r = sd_bus_add_match_async(*ret, NULL, match, owner, NULL, user);
    if (r < 0)
        bridge_bus_close(ret);
    return r;
}

void bridge_bus_close(sd_bus **bus) {
    if (*bus)
        (void)sd_bus_detach_event(*bus);
    *bus = sd_bus_flush_close_unref(*bus);
}
