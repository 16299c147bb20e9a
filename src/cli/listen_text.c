/* SPDX-License-Identifier: Apache-2.0 */
/* cli/listen_text.c: events of a session as lines of text. */
#include "cli/busclient.h"
#include "cli/listen_view.h"

#include <stdio.h>
#include <string.h>

static void print_slots(json_object *slots) {
    if (!json_object_is_type(slots, json_type_object))
        return;
    json_object_object_foreach(slots, name, value) {
        printf("  %s=%s", name, json_object_get_string(value));
    }
}

void listen_print_text(const char *event, json_object *o) {
    double confidence = json_object_get_double(json_object_object_get(o, "confidence"));
    json_object *latency = json_object_object_get(o, "latency_ms");

    if (strcmp(event, "utterance") == 0) {
        printf("%-36s", busclient_text(o, "text"));
        if (*busclient_text(o, "intent"))
            printf("  %s", busclient_text(o, "intent"));
        print_slots(json_object_object_get(o, "slots"));
        printf("  %.0f %%", confidence * 100);
        if (latency)
            printf("  after %d ms", json_object_get_int(latency));
        putchar('\n');
    } else if (strcmp(event, "rejected") == 0) {
        printf("(not understood: %s", busclient_text(o, "reason_text"));
        if (*busclient_text(o, "text"))
            printf("; perhaps \"%s\", %.0f %%", busclient_text(o, "text"), confidence * 100);
        if (*busclient_text(o, "detail"))
            printf("; %s", busclient_text(o, "detail"));
        if (*busclient_text(o, "free_text"))
            printf("; it sounded like \"%s\", %.0f %%", busclient_text(o, "free_text"),
                   json_object_get_double(json_object_object_get(o, "free_confidence")) * 100);
        puts(")");
    } else if (strcmp(event, "wake_detected") == 0) {
        printf("(%s, %.0f %%)\n", busclient_text(o, "text"), confidence * 100);
    } else if (strcmp(event, "partial") == 0) {
        printf("... %s\n", busclient_text(o, "text"));
    } else if (strcmp(event, "input_lost") == 0) {
        int reason = json_object_get_int(json_object_object_get(o, "reason"));
        if (reason == 1)
            printf("(no microphone: %s)\n", busclient_text(o, "text"));
        else if (reason == 2)
            puts("(some sound was lost)");
        else
            printf("(the input ended with an error: %s)\n", busclient_text(o, "text"));
    }
}
