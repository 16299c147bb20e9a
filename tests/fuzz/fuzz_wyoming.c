/* SPDX-License-Identifier: Apache-2.0 */
/* A connection of the bridge: what a client sends, in any pieces, while tragusd is away. Every answer must be an event. */
#include "bridge/private.h"
#include "fuzz.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const char fuzz_name[] = "wyoming";

#define MOST_ROUNDS 100000

static void read_answers(int fd, struct bridge_wire_reader *r) {
    struct bridge_wire_event event;
    tragus_error e = {0};
    char bytes[65536];
    ssize_t n;
    int result;

    while ((n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
        fuzz_check(bridge_wire_push(r, bytes, (size_t)n) == 0, "out of memory");
        while ((result = bridge_wire_next(r, &event, &e)) > 0)
            if (strcmp(event.type, "error") == 0)
                fuzz_check(json_object_get_string_len(json_object_object_get(event.data, "text")) > 0, "an error without a text");
        fuzz_check(result >= 0, e.text);
    }
}

/* Runs the loop until nothing is left to do. */
static void settle(struct bridge *b, int fd, struct bridge_wire_reader *answers) {
    int i = 0;
    while (i++ < MOST_ROUNDS && sd_event_run(b->event, 0) > 0)
        read_answers(fd, answers);
    fuzz_check(i < MOST_ROUNDS, "the loop does not come to rest");
    read_answers(fd, answers);
}

void fuzz_one(const uint8_t *data, size_t size) {
    static const struct bridge_options options = {.grammar = "", .language = "en", .phrases = {"hey house"}, .n_phrases = 1};
    struct bridge b = {.options = &options};
    struct bridge_wire_reader answers = {0};
    uint32_t seed = (uint32_t)size;
    int ends[2];

    fuzz_check(sd_event_new(&b.event) >= 0, "no event loop");
    fuzz_check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "no sockets");
    bridge_connection_new(&b, ends[1]);
    for (size_t at = 0; at < size && b.connections;) {
        size_t n = 1 + fuzz_random(&seed) % 1000;
        ssize_t sent = send(ends[0], data + at, n < size - at ? n : size - at, MSG_DONTWAIT | MSG_NOSIGNAL);
        at += sent > 0 ? (size_t)sent : 0;
        settle(&b, ends[0], &answers);
        if (sent <= 0)
            break; /* it waits for an answer, or is gone */
    }
    (void)shutdown(ends[0], SHUT_WR);
    settle(&b, ends[0], &answers);
    close(ends[0]);
    bridge_connections_free(&b);
    fuzz_check(b.n_connections == 0 && !b.streams, "a connection is left");
    bridge_wire_reader_done(&answers);
    sd_event_unref(b.event);
}
