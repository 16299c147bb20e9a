/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/timer.c: timers that are made once, and set again and again. */
#include "bridge/private.h"

#include <string.h>

void bridge_timer_set(sd_event_source *timer, uint64_t after_us, const char *what) {
    int r = sd_event_source_set_time_relative(timer, after_us);
    if (r >= 0)
        r = sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
    if (r < 0)
        bridge_log(BRIDGE_LOG_ERROR, "Failed to set the timer for %s: %s", what, strerror(-r));
}

void bridge_timer_back_off(sd_event_source *timer, unsigned *pause_s, unsigned longest_s, const char *what) {
    *pause_s = *pause_s == 0 ? 1 : *pause_s * 2 > longest_s ? longest_s : *pause_s * 2;
    bridge_timer_set(timer, (uint64_t)*pause_s * 1000000, what);
}
