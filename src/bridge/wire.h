/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/wire.h: the framing of the Wyoming protocol.
 *
 * An event is one line with a JSON object, the header, then `data_length` bytes with a second JSON object, then `payload_length`
 * bytes of any content. The second object and the member "data" of the header are merged; the second object wins.
 */
#ifndef TRAGUS_BRIDGE_WIRE_H
#define TRAGUS_BRIDGE_WIRE_H

#include "base/buffer.h"
#include "base/error.h"

#include <json-c/json.h>
#include <stddef.h>

/* The version of the protocol that this implements; peers only print it. */
#define BRIDGE_WIRE_VERSION "1.10.0"

/* Larger events are errors. Python's asyncio also reads lines of at most 64 KiB. */
#define BRIDGE_WIRE_MOST_HEADER 65536
#define BRIDGE_WIRE_MOST_DATA 1048576
#define BRIDGE_WIRE_MOST_PAYLOAD 1048576

struct bridge_wire_event {
    const char *type;
    json_object *data; /* always an object */
    const void *payload;
    size_t n_payload;
};

/* Takes bytes in pieces of any size and returns whole events. Zeroed memory is an empty reader. */
struct bridge_wire_reader {
    struct base_buffer bytes;
    size_t start;   /* of the bytes that are not used up */
    size_t n_seen;  /* bytes from start that contain no end of line */
    size_t n_event; /* bytes of the last event returned */
    json_object *header, *data;
    size_t n_header, n_data, n_payload; /* of the event whose header is there; n_header 0: none is */
};

void bridge_wire_reader_done(struct bridge_wire_reader *r);

/* Returns -ENOMEM if there is no memory. */
int bridge_wire_push(struct bridge_wire_reader *r, const void *bytes, size_t n);

/* Returns 1 and an event, which is valid until the next call with this reader, or 0 if more bytes are needed. After an error, which
 * is -EPROTO, -EMSGSIZE or -ENOMEM and a message, the position in the stream is unknown, so the reader must not be used any more.
 */
int bridge_wire_next(struct bridge_wire_reader *r, struct bridge_wire_event *ret, tragus_error *reterr);

/* Frees the last event, which may take 30 times the memory of its bytes, before the next call. */
void bridge_wire_use_up(struct bridge_wire_reader *r);

/* Appends an event without payload. data: NULL for none; stays with the caller. */
void bridge_wire_add(struct base_buffer *out, const char *type, json_object *data);

#endif
