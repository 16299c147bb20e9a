/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of the Wyoming protocol. The events must not depend on how the bytes are cut, and an event that is written again must be
 * read as the same. */
#include "bridge/wire.h"
#include "fuzz.h"

#include <string.h>

const char fuzz_name[] = "wire";

static void describe(struct base_buffer *out, const struct bridge_wire_event *e) {
    fuzz_check(e->type && json_object_is_type(e->data, json_type_object), "an event without type or data");
    base_buffer_format(out, "%s %s %zu ", e->type, json_object_to_json_string_ext(e->data, JSON_C_TO_STRING_PLAIN), e->n_payload);
    base_buffer_add(out, e->payload, e->n_payload);
}

/* piece 0: any sizes. Returns 0 or the error. */
static int read_all(struct base_buffer *out, const uint8_t *data, size_t size, size_t piece) {
    struct bridge_wire_reader r = {0};
    struct bridge_wire_event event;
    tragus_error e = {0};
    uint32_t seed = (uint32_t)size;
    int result = 0;

    for (size_t at = 0; at < size && result >= 0;) {
        size_t n = piece ? piece : 1 + fuzz_random(&seed) % 40;
        n = n < size - at ? n : size - at;
        fuzz_check(bridge_wire_push(&r, data + at, n) == 0, "out of memory");
        while ((result = bridge_wire_next(&r, &event, &e)) > 0)
            describe(out, &event);
        at += n;
    }
    fuzz_check(result >= 0 || e.text[0], "refused without a reason");
    bridge_wire_reader_done(&r);
    return result;
}

/* Writes what was read, without payload, and reads it. */
static void repeat(const uint8_t *data, size_t size) {
    struct bridge_wire_reader r = {0}, again = {0};
    struct bridge_wire_event event, other;
    struct base_buffer out = {0};

    fuzz_check(bridge_wire_push(&r, data, size) == 0, "out of memory");
    if (bridge_wire_next(&r, &event, NULL) > 0) {
        bridge_wire_add(&out, event.type, event.data);
        fuzz_check(!out.failed && bridge_wire_push(&again, out.data, out.len_bytes) == 0, "out of memory");
        /* Escapes can make it longer than what is accepted. */
        if (out.len_bytes < BRIDGE_WIRE_MOST_HEADER)
            fuzz_check(bridge_wire_next(&again, &other, NULL) > 0 && strcmp(other.type, event.type) == 0 &&
                           json_object_equal(other.data, event.data),
                       "an event is not read as it was written");
    }
    base_buffer_done(&out);
    bridge_wire_reader_done(&r);
    bridge_wire_reader_done(&again);
}

void fuzz_one(const uint8_t *data, size_t size) {
    struct base_buffer whole = {0}, pieces = {0};

    int a = read_all(&whole, data, size, size ? size : 1), b = read_all(&pieces, data, size, 0);
    fuzz_check(a == b && whole.len_bytes == pieces.len_bytes &&
                   (whole.len_bytes == 0 || memcmp(whole.data, pieces.data, whole.len_bytes) == 0),
               "the events depend on the pieces");
    repeat(data, size);
    base_buffer_done(&whole);
    base_buffer_done(&pieces);
}
