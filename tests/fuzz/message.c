/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"
#include "base/utf8.h"

#include <string.h>

#define MOST_DEPTH 4

uint8_t fuzz_byte(struct fuzz_bytes *b) {
    return b->at < b->end ? *b->at++ : 0;
}

const char *fuzz_string(struct fuzz_bytes *b) {
    static char texts[8][300];
    static unsigned next;
    char *text = texts[next++ % 8];
    size_t n = fuzz_byte(b), left = (size_t)(b->end - b->at);

    n = n < left ? n : left;
    memcpy(text, b->at, n);
    b->at += n;
    text[n] = '\0';
    if (!base_utf8_valid(text, strlen(text))) /* which libsystemd refuses to append */
        for (char *c = text; *c; c++)
            *c = *c & 0x80 ? '?' : *c;
    return text;
}

static uint64_t number(struct fuzz_bytes *b) {
    uint64_t x = 0;
    for (int n = fuzz_byte(b) % 9; n > 0; n--)
        x = x << 8 | fuzz_byte(b);
    return x;
}

static const char *text_of(struct fuzz_bytes *b, const char *const words[]) {
    size_t n = 0;
    while (words && words[n])
        n++;
    uint8_t choice = fuzz_byte(b);
    return n > 0 && choice < 200 ? words[choice % n] : fuzz_string(b);
}

static bool append(sd_bus_message *m, const char *types, size_t n, struct fuzz_bytes *b, const char *const words[], int fd,
                   int depth);

static bool append_basic(sd_bus_message *m, char type, struct fuzz_bytes *b, const char *const words[], int fd) {
    union {
        uint64_t bits;
        double real;
    } x;
    uint64_t bits;
    int truth;

    switch (type) {
    case 's':
        return sd_bus_message_append_basic(m, type, text_of(b, words)) >= 0;
    case 'g':
        return sd_bus_message_append_basic(m, type, "a{sv}") >= 0;
    case 'o':
        return sd_bus_message_append_basic(m, type, "/org/tragus/Tragus1") >= 0;
    case 'b':
        truth = fuzz_byte(b) & 1;
        return sd_bus_message_append_basic(m, type, &truth) >= 0;
    case 'h':
        return sd_bus_message_append_basic(m, type, &fd) >= 0;
    case 'd':
        x.bits = number(b);
        if (fuzz_byte(b) & 1)
            x.real = (double)x.bits / 1000;
        return sd_bus_message_append_basic(m, type, &x.real) >= 0;
    default: /* the numbers, of which the machine's order has the lowest bytes first */
        bits = number(b);
        return sd_bus_message_append_basic(m, type, &bits) >= 0;
    }
}

/* The length of the first complete type. */
static size_t one(const char *types) {
    if (*types == 'a')
        return 1 + one(types + 1);
    if (*types != '(' && *types != '{')
        return 1;
    int depth = 0;
    for (size_t n = 0;; n++) {
        depth += types[n] == '(' || types[n] == '{';
        depth -= types[n] == ')' || types[n] == '}';
        if (depth == 0)
            return n + 1;
    }
}

static bool append_variant(sd_bus_message *m, struct fuzz_bytes *b, const char *const words[], int fd, int depth) {
    static const char *const contents[] = {"s", "b", "u", "d",     "as",   "a{sv}", "a(st)", "i",     "t",     "x",
                                           "y", "h", "v", "a{ss}", "(iv)", "aas",   "as",    "a{sv}", "a(st)", "s",
                                           "b", "u", "d", "g",     "o",    "n",     "q",     "au",    "a(ss)", "a{sa{sv}}"};
    const char *type = contents[fuzz_byte(b) % (depth < MOST_DEPTH ? sizeof(contents) / sizeof(contents[0]) : 4)];
    return sd_bus_message_open_container(m, 'v', type) >= 0 && append(m, type, strlen(type), b, words, fd, depth + 1) &&
           sd_bus_message_close_container(m) >= 0;
}

static bool append_container(sd_bus_message *m, const char *types, size_t n, struct fuzz_bytes *b, const char *const words[],
                             int fd, int depth) {
    char contents[64];
    bool is_array = types[0] == 'a';
    size_t n_inner = is_array ? n - 1 : n - 2;

    if (n_inner >= sizeof(contents))
        return false;
    memcpy(contents, types + 1, n_inner);
    contents[n_inner] = '\0';
    if (sd_bus_message_open_container(m, is_array ? 'a' : types[0] == '(' ? 'r' : 'e', contents) < 0)
        return false;
    for (int i = is_array ? fuzz_byte(b) % 20 : 1; i > 0; i--)
        if (!append(m, contents, n_inner, b, words, fd, depth + 1))
            return false;
    return sd_bus_message_close_container(m) >= 0;
}

static bool append(sd_bus_message *m, const char *types, size_t n, struct fuzz_bytes *b, const char *const words[], int fd,
                   int depth) {
    while (n > 0) {
        size_t len = one(types);
        bool good = *types == 'v'                   ? append_variant(m, b, words, fd, depth)
                    : strchr("a({", *types) != NULL ? append_container(m, types, len, b, words, fd, depth)
                                                    : append_basic(m, *types, b, words, fd);
        if (!good)
            return false;
        types += len;
        n -= len;
    }
    return true;
}

bool fuzz_append(sd_bus_message *m, const char *types, struct fuzz_bytes *b, const char *const words[], int fd) {
    return append(m, types, strlen(types), b, words, fd, 0);
}
