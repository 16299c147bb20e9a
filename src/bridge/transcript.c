/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/transcript.c: the answer to a stream of sound: transcript-start, transcript-chunk, transcript, transcript-stop.
 *
 * What was sent in pieces cannot be taken back, and whether a command is understood, and how the grammar spells it, is known only
 * at its end. So there is one piece, with all of it. Clients that do not know pieces read `transcript` alone. */
#include "bridge/private.h"
#include "busjson/busjson.h"

void bridge_transcript_begin(struct bridge_connection *c, const char *language) {
    json_object *data = json_object_new_object();
    if (language)
        busjson_add(data, "language", json_object_new_string(language));
    bridge_connection_send(c, "transcript-start", data);
}

void bridge_transcript_end(struct bridge_connection *c, const char *text, const char *language, json_object *context) {
    json_object *data = json_object_new_object(), *chunk;

    if (*text) {
        chunk = json_object_new_object();
        busjson_add(chunk, "text", json_object_new_string(text));
        bridge_connection_send(c, "transcript-chunk", chunk);
    }
    busjson_add(data, "text", json_object_new_string(text));
    if (language)
        busjson_add(data, "language", json_object_new_string(language));
    if (context)
        busjson_add(data, "context", context);
    bridge_connection_send(c, "transcript", data);
    bridge_connection_send(c, "transcript-stop", NULL);
}
