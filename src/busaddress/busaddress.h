/* SPDX-License-Identifier: Apache-2.0 */
/* busaddress/busaddress.h: connecting to the message bus of an address: tragusd and its clients read the same addresses. */
#ifndef TRAGUS_BUSADDRESS_BUSADDRESS_H
#define TRAGUS_BUSADDRESS_BUSADDRESS_H

#include <systemd/sd-bus.h>

/* address: "system", "session", or an address as printed by dbus-daemon --print-address. Does not wait until the bus has answered.
 * Returns a negative errno on failure. */
int busaddress_open(sd_bus **ret, const char *address);

#endif
