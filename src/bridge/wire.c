/* SPDX-License-Identifier: Apache-2.0 */
#include "bridge/wire.h"
#include "base/utf8.h"
#include "busjson/busjson.h"

#include <errno.h>
#include <string.h>

/* Deeper JSON is refused, because the parser and the destructor of json-c recurse. */
#define MOST_DEPTH 32
/* A reader that is empty keeps this much memory at most. */
#define MOST_IDLE 262144

static void forget_event(struct bridge_wire_reader *r) {
    json_object_put(r->header);
    json_object_put(r->data);
    r->header = r->data = NULL;
    r->n_header = r->n_data = r->n_payload = 0;
}

void bridge_wire_reader_done(struct bridge_wire_reader *r) {
    forget_event(r);
    if (r->bytes.data) /* it may contain what was said */
        explicit_bzero(r->bytes.data, r->bytes.size_bytes);
    base_buffer_done(&r->bytes);
    *r = (struct bridge_wire_reader){0};
}

void bridge_wire_use_up(struct bridge_wire_reader *r) {
    if (r->n_event == 0)
        return;
    forget_event(r);
    r->start += r->n_event;
    r->n_event = 0;
    if (r->start < r->bytes.len_bytes)
        return;
    r->start = 0;
    if (r->bytes.size_bytes > MOST_IDLE)
        base_buffer_done(&r->bytes);
    else
        base_buffer_clear(&r->bytes);
}

int bridge_wire_push(struct bridge_wire_reader *r, const void *bytes, size_t n) {
    struct base_buffer *b = &r->bytes;

    bridge_wire_use_up(r);
    if (r->start > 0 && r->start >= b->len_bytes / 2) {
        memmove(b->data, b->data + r->start, b->len_bytes - r->start);
        b->len_bytes -= r->start;
        r->start = 0;
    }
    base_buffer_add(b, bytes, n);
    return b->failed ? -ENOMEM : 0;
}

/* Parses n bytes that must be one JSON object. what: what they are, for the message. */
static int parse(json_object **ret, const char *text, size_t n, const char *what, tragus_error *reterr) {
    if (!base_utf8_valid(text, n))
        return base_error_set(reterr, -EPROTO, "the %s is not UTF-8", what);
    json_tokener *t = json_tokener_new_ex(MOST_DEPTH);
    if (!t)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    json_object *o = json_tokener_parse_ex(t, text, (int)n);
    enum json_tokener_error error = json_tokener_get_error(t);
    size_t end = json_tokener_get_parse_end(t);
    json_tokener_free(t);
    if (error == json_tokener_success)
        while (end < n && strchr(" \t\r\n", text[end]))
            end++;
    if (error == json_tokener_success && end == n && json_object_is_type(o, json_type_object)) {
        *ret = o;
        return 0;
    }
    json_object_put(o);
    if (error == json_tokener_continue)
        return base_error_set(reterr, -EPROTO, "the %s is not complete JSON; send one object, the header on one line", what);
    if (error != json_tokener_success)
        return base_error_set(reterr, -EPROTO, "the %s is not JSON: %s", what, json_tokener_error_desc(error));
    return base_error_set(reterr, -EPROTO, "the %s must be one JSON object and nothing else", what);
}

/* Reads a length of the header; one that is missing or null is 0. */
static int length(const struct bridge_wire_reader *r, const char *key, size_t most, size_t *ret, tragus_error *reterr) {
    json_object *value = json_object_object_get(r->header, key);
    *ret = 0;
    if (!value)
        return 0;
    if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
        return base_error_set(reterr, -EPROTO, "%s must be a number of bytes", key);
    if ((uint64_t)json_object_get_int64(value) > most)
        return base_error_set(reterr, -EMSGSIZE, "%s is %lld, more than the %zu that are accepted; send smaller events", key,
                              (long long)json_object_get_int64(value), most);
    *ret = (size_t)json_object_get_int64(value);
    return 0;
}

/* Returns 1 if the header is there. */
static int take_header(struct bridge_wire_reader *r, tragus_error *reterr) {
    const char *text = r->bytes.data + r->start;
    size_t n = r->bytes.len_bytes - r->start;

    const char *end = n > r->n_seen ? memchr(text + r->n_seen, '\n', n - r->n_seen) : NULL;
    size_t n_line = end ? (size_t)(end - text) : n;
    if (n_line >= BRIDGE_WIRE_MOST_HEADER)
        return base_error_set(reterr, -EMSGSIZE, "the header is a line of more than %d bytes; move its content to the data part",
                              BRIDGE_WIRE_MOST_HEADER - 1);
    r->n_seen = n_line;
    if (!end)
        return 0;
    r->n_seen = 0;
    int result = parse(&r->header, text, n_line, "header", reterr);
    if (result < 0)
        return result;
    if (!busjson_text(r->header, "type"))
        return base_error_set(reterr, -EPROTO, "the header has no \"type\" that is a string");
    result = length(r, "data_length", BRIDGE_WIRE_MOST_DATA, &r->n_data, reterr);
    if (result >= 0)
        result = length(r, "payload_length", BRIDGE_WIRE_MOST_PAYLOAD, &r->n_payload, reterr);
    if (result < 0)
        return result;
    r->n_header = n_line + 1;
    return 1;
}

/* Merges both kinds of data. */
static int take_data(struct bridge_wire_reader *r, tragus_error *reterr) {
    json_object *in_header = json_object_object_get(r->header, "data"), *apart = NULL;

    if (in_header && !json_object_is_type(in_header, json_type_object))
        return base_error_set(reterr, -EPROTO, "\"data\" of the header must be an object");
    if (r->n_data > 0) {
        int result = parse(&apart, r->bytes.data + r->start + r->n_header, r->n_data, "data part", reterr);
        if (result < 0)
            return result;
    }
    r->data = in_header ? json_object_get(in_header) : json_object_new_object();
    if (apart) {
        json_object_object_foreach(apart, key, value) {
            busjson_add(r->data, key, json_object_get(value));
        }
        json_object_put(apart);
    }
    return 0;
}

int bridge_wire_next(struct bridge_wire_reader *r, struct bridge_wire_event *ret, tragus_error *reterr) {
    bridge_wire_use_up(r);
    if (r->n_header == 0) {
        int result = r->bytes.len_bytes > r->start ? take_header(r, reterr) : 0;
        if (result <= 0)
            return result;
    }
    size_t n = r->n_header + r->n_data + r->n_payload;
    if (r->bytes.len_bytes - r->start < n)
        return 0;
    int result = take_data(r, reterr);
    if (result < 0)
        return result;
    *ret = (struct bridge_wire_event){
        .type = busjson_text(r->header, "type"),
        .data = r->data,
        .payload = r->bytes.data + r->start + r->n_header + r->n_data,
        .n_payload = r->n_payload,
    };
    r->n_event = n;
    return 1;
}

void bridge_wire_add(struct base_buffer *out, const char *type, json_object *data) {
    const int plain = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
    size_t n_data = 0;

    errno = 0; /* the only trace of a string that json-c leaves out for want of memory */
    const char *text = data && json_object_object_length(data) > 0 ? json_object_to_json_string_length(data, plain, &n_data) : "";
    json_object *header = json_object_new_object();

    busjson_add(header, "type", json_object_new_string(type));
    busjson_add(header, "version", json_object_new_string(BRIDGE_WIRE_VERSION));
    if (n_data > 0)
        busjson_add(header, "data_length", json_object_new_uint64(n_data));
    const char *first = json_object_to_json_string_ext(header, plain);
    base_buffer_add_text(out, first ? first : "");
    base_buffer_add(out, "\n", 1);
    base_buffer_add(out, text, n_data);
    out->failed |= errno == ENOMEM || !first;
    json_object_put(header);
}
