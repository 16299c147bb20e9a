/* SPDX-License-Identifier: Apache-2.0 */
/* busy_client ADDRESS GRAMMAR FILE...: how long other clients wait while the daemon compiles the grammars in FILEs.
 *
 * One connection calls AddGrammar for all files at once. Until it has all replies (but for at least 3 and at most 120 seconds),
 * another one repeatedly gets a property, matches a text in GRAMMAR, lists grammars and asks for pronunciations. Prints the
 * replies of AddGrammar, and for each kind of call the number, the 99th percentile and the longest time in ms.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#define NAME "org.tragus.Tragus1"
#define PATH "/org/tragus/Tragus1"
#define MANAGER "org.tragus.Manager1"
#define LEAST_US 3000000
#define MOST_US 120000000
#define MOST_CALLS 200000

static unsigned n_answers;

static uint64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void must(int r, const char *what) {
    if (r >= 0)
        return;
    fprintf(stderr, "busy_client: %s: %s\n", what, strerror(-r));
    exit(1);
}

static sd_bus *connect_bus(const char *address) {
    sd_bus *bus;
    must(sd_bus_new(&bus), "new");
    must(sd_bus_set_address(bus, address), "address");
    must(sd_bus_set_bus_client(bus, 1), "client");
    must(sd_bus_negotiate_fds(bus, 1), "descriptors");
    must(sd_bus_start(bus), "start");
    return bus;
}

static int on_answer(sd_bus_message *m, void *user, sd_bus_error *error) {
    const char *file = user, *where, *text;
    uint32_t severity, line, column;
    (void)error;

    n_answers++;
    if (sd_bus_message_is_method_error(m, NULL)) {
        printf("%s: %s: %s\n", file, sd_bus_message_get_error(m)->name, sd_bus_message_get_error(m)->message);
        return 0;
    }
    unsigned n = 0;
    must(sd_bus_message_enter_container(m, 'a', "(uuuss)"), "diagnostics");
    while (sd_bus_message_read(m, "(uuuss)", &severity, &line, &column, &where, &text) > 0)
        if (n++ == 0 || severity == 3)
            printf("%s: %u: %s:%u:%u: %s\n", file, severity, where, line, column, text);
    printf("%s: answered with %u diagnostics\n", file, n);
    return 0;
}

static void add_grammar(sd_bus *bus, char *file, unsigned i) {
    char name[32];
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    must(fd < 0 ? -errno : 0, file);
    snprintf(name, sizeof(name), "busy%u", i);
    must(sd_bus_call_method_async(bus, NULL, NAME, PATH, MANAGER, "AddGrammar", on_answer, file, "sha{sv}", name, fd, 0),
         "AddGrammar");
    must(sd_bus_flush(bus), "flush");
    close(fd);
}

struct kind {
    const char *name;
    unsigned n;
    uint32_t us[MOST_CALLS];
};

static int by_value(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void report(struct kind *k) {
    qsort(k->us, k->n, sizeof(k->us[0]), by_value);
    printf("%-12s %6u calls, 99 of 100 within %7.2f ms, longest %8.2f ms\n", k->name, k->n, k->us[k->n * 99 / 100] / 1000.0,
           k->us[k->n - 1] / 1000.0);
}

int main(int argc, char **argv) {
    static struct kind kinds[] = {{.name = "property"}, {.name = "ParseText"}, {.name = "ListGrammars"}, {.name = "Pronounce"}};
    sd_bus_error error = SD_BUS_ERROR_NULL;

    if (argc < 4)
        return 2;
    sd_bus *busy = connect_bus(argv[1]), *other = connect_bus(argv[1]);
    /* The compile thread has a low priority, so on a busy machine it may take longer than the 25 s of D-Bus. */
    must(sd_bus_set_method_call_timeout(busy, MOST_US), "timeout");
    unsigned n_files = (unsigned)argc - 3;
    for (unsigned i = 0; i < n_files; i++)
        add_grammar(busy, argv[3 + i], i);
    uint64_t start_us = now_us();
    for (unsigned k = 0; (n_answers < n_files || now_us() < start_us + LEAST_US) && now_us() < start_us + MOST_US; k++) {
        struct kind *kind = &kinds[k % 4];
        uint64_t before_us = now_us();
        int r = k % 4 == 0   ? sd_bus_get_property_trivial(other, NAME, PATH, MANAGER, "Ready", &error, 'u', &(uint32_t){0})
                : k % 4 == 1 ? sd_bus_call_method(other, NAME, PATH, MANAGER, "ParseText", &error, NULL, "ssa{sv}", argv[2],
                                                  "front center", 0)
                : k % 4 == 2 ? sd_bus_call_method(other, NAME, PATH, MANAGER, "ListGrammars", &error, NULL, "")
                             : sd_bus_call_method(other, NAME, PATH, MANAGER, "Pronounce", &error, NULL, "sas", "en", 2, "kitchen",
                                                  "zwirbelbox");
        if (r < 0)
            fprintf(stderr, "busy_client: %s: %s\n", kind->name, error.message);
        must(r, kind->name);
        if (kind->n < MOST_CALLS)
            kind->us[kind->n++] = (uint32_t)(now_us() - before_us);
        while (sd_bus_process(busy, NULL) > 0)
            ;
        usleep(1000);
    }
    for (unsigned i = 0; i < 4; i++)
        report(&kinds[i]);
    return n_answers == n_files ? 0 : 1;
}
