/* SPDX-License-Identifier: Apache-2.0 */
/* greedy_client: a user who takes as much as it can get, and another one who measures how long its calls take meanwhile.
 *
 *     greedy_client ADDRESS deaf SECONDS      asks for large answers, and reads none of them
 *     greedy_client ADDRESS storm SECONDS     makes calls that take the main thread's time, without a pause
 *     greedy_client ADDRESS crowd SECONDS     makes a call from many connections, and prints how many of them are refused
 *     greedy_client ADDRESS visitors SECONDS  makes a call from many connections, one after another, and prints how many fail
 *     greedy_client ADDRESS burst SECONDS FILE  makes FILE, then 200 calls at once, and prints how many are answered and refused
 *     greedy_client ADDRESS measure SECONDS   prints how many calls were answered, and the median and the longest time in ms
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#define NAME "org.tragus.Tragus1"
#define PATH "/org/tragus/Tragus1"
#define MANAGER "org.tragus.Manager1"
#define SESSION "org.tragus.Session1"
#define N_DEAF 4
#define N_STORM 15 /* a user may have 16 sessions */
#define N_PHRASES 16
#define N_CROWD 110 /* of 100 */
#define N_VISITORS 1500
#define MOST_CALLS 10000

static const char *address;
static double until_s;

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void need(int r, const char *what) {
    if (r >= 0)
        return;
    fprintf(stderr, "greedy_client: %s: %s\n", what, strerror(-r));
    exit(1);
}

static sd_bus *connect_bus(void) {
    sd_bus *b = NULL;
    need(sd_bus_new(&b), "sd_bus_new");
    need(sd_bus_set_address(b, address), "address");
    need(sd_bus_set_bus_client(b, 1), "client");
    need(sd_bus_start(b), "connection");
    return b;
}

static void add(sd_bus *b, const char *name, const char *text) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    int r = sd_bus_call_method(b, NAME, PATH, MANAGER, "AddGrammarText", &error, NULL, "ssa{sv}", name, text, 0);
    if (r < 0)
        fprintf(stderr, "greedy_client: AddGrammarText: %s\n", error.message);
    need(r, "AddGrammarText");
}

/* A grammar whose only sentence has nearly a megabyte of metadata. */
static void add_large(sd_bus *b) {
    char *text = NULL, value[60001];
    size_t size;
    FILE *f = open_memstream(&text, &size);
    memset(value, 'x', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    fputs("language: en\nintents:\n  A:\n    data:\n      - sentences: [\"turn on\"]\n        metadata:\n", f);
    for (unsigned i = 0; i < 15; i++)
        fprintf(f, "          k%u: \"%s\"\n", i, value);
    fclose(f);
    add(b, "large", text);
    free(text);
}

static void deaf(void) {
    sd_bus *clients[N_DEAF];
    unsigned n = 0;
    for (unsigned i = 0; i < N_DEAF; i++)
        clients[i] = connect_bus();
    add_large(clients[0]);
    for (; now_s() < until_s; usleep(20000))
        for (unsigned i = 0; i < N_DEAF; i++, n++) {
            sd_bus_message *m = NULL;
            uint64_t cookie;
            need(sd_bus_message_new_method_call(clients[i], &m, NAME, PATH, MANAGER, "ParseText"), "message");
            need(sd_bus_message_append(m, "ssa{sv}", "large", "turn on", 0), "message");
            need(sd_bus_send(clients[i], m, &cookie), "send"); /* without a cookie no answer is expected */
            sd_bus_message_unref(m);
            need(sd_bus_flush(clients[i]), "flush"); /* writes only */
        }
    fprintf(stderr, "greedy_client: %u calls, no answer was read\n", n);
}

static unsigned n_answers, n_refused;

static int on_answer(sd_bus_message *m, void *user, sd_bus_error *error);

/* A session with wake phrases that take the main thread some 20 ms. */
static void create_session(sd_bus *b) {
    static const char *const numbers[N_PHRASES] = {"one",  "two", "three",  "four",   "five",   "six",    "seven",  "eight",
                                                   "nine", "ten", "eleven", "twelve", "twenty", "thirty", "eighty", "ninety"};
    sd_bus_message *m = NULL;
    need(sd_bus_message_new_method_call(b, &m, NAME, PATH, MANAGER, "CreateSession"), "message");
    need(sd_bus_message_open_container(m, 'a', "{sv}"), "message");
    need(sd_bus_message_append(m, "{sv}", "Input", "s", "fd"), "message");
    need(sd_bus_message_open_container(m, 'e', "sv"), "message");
    need(sd_bus_message_append(m, "s", "Wake"), "message");
    need(sd_bus_message_open_container(m, 'v', "as"), "message");
    need(sd_bus_message_open_container(m, 'a', "s"), "message");
    for (unsigned i = 0; i < N_PHRASES; i++) {
        char phrase[100];
        snprintf(phrase, sizeof(phrase), "hippopotamus number %s zebra crossing refrigerator encyclopedia", numbers[i]);
        need(sd_bus_message_append(m, "s", phrase), "message");
    }
    for (unsigned i = 0; i < 4; i++)
        need(sd_bus_message_close_container(m), "message");
    need(sd_bus_call_async(b, NULL, m, on_answer, NULL, 0), "call");
    sd_bus_message_unref(m);
}

static int on_answer(sd_bus_message *m, void *user, sd_bus_error *error) {
    sd_bus *b = sd_bus_message_get_bus(m);
    sd_bus_message *end = NULL;
    const char *path;
    (void)user, (void)error;

    n_answers++;
    if (sd_bus_message_is_method_error(m, SD_BUS_ERROR_LIMITS_EXCEEDED) > 0) {
        n_refused++;
    } else if (sd_bus_message_read(m, "o", &path) > 0) {
        need(sd_bus_message_new_method_call(b, &end, NAME, path, SESSION, "Close"), "message");
        need(sd_bus_send(b, end, NULL), "send");
        sd_bus_message_unref(end);
    }
    create_session(b);
    return 0;
}

static void storm(void) {
    sd_bus *clients[N_STORM];
    for (unsigned i = 0; i < N_STORM; i++)
        create_session(clients[i] = connect_bus());
    while (now_s() < until_s)
        for (unsigned i = 0; i < N_STORM; i++) {
            while (sd_bus_process(clients[i], NULL) > 0)
                ;
            need(sd_bus_wait(clients[i], 1000), "wait");
        }
    fprintf(stderr, "greedy_client: %u answers, %u calls were refused\n", n_answers, n_refused);
}

static void crowd(void) {
    sd_bus *clients[N_CROWD];
    unsigned n = 0;
    for (unsigned i = 0; i < N_CROWD; i++) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        clients[i] = connect_bus();
        (void)sd_bus_call_method(clients[i], NAME, PATH, MANAGER, "SetList", &error, NULL, "ssa(ssa{sv})", "missing", "x", 0);
        n += sd_bus_error_has_name(&error, SD_BUS_ERROR_LIMITS_EXCEEDED) > 0;
        sd_bus_error_free(&error);
    }
    printf("%u\n", n);
    for (unsigned i = 0; i < N_CROWD; i++)
        sd_bus_flush_close_unref(clients[i]);
}

static int on_property(sd_bus_message *m, void *user, sd_bus_error *error) {
    (void)user, (void)error;
    n_answers++;
    n_refused += sd_bus_message_is_method_error(m, SD_BUS_ERROR_LIMITS_EXCEEDED) > 0;
    return 0;
}

static void burst(const char *file) {
    sd_bus *clients[2];
    unsigned ready;
    for (unsigned i = 0; i < 2; i++)
        need(sd_bus_get_property_trivial(clients[i] = connect_bus(), NAME, PATH, MANAGER, "Ready", NULL, 'u', &ready), "Ready");
    usleep(1200000); /* until what is known of the user's groups is too old */
    need(creat(file, 0644), file);
    for (unsigned i = 0; i < 200; i++)
        need(sd_bus_call_method_async(clients[i % 2], NULL, NAME, PATH, "org.freedesktop.DBus.Properties", "Get", on_property, NULL,
                                      "ss", MANAGER, "Ready"),
             "call");
    while (now_s() < until_s)
        for (unsigned i = 0; i < 2; i++) {
            while (sd_bus_process(clients[i], NULL) > 0)
                ;
            need(sd_bus_wait(clients[i], 10000), "wait");
        }
    printf("%u %u\n", n_answers, n_refused);
}

static void visitors(void) {
    unsigned n = 0, ready;
    for (unsigned i = 0; i < N_VISITORS; i++) {
        sd_bus *b = connect_bus();
        n += sd_bus_get_property_trivial(b, NAME, PATH, MANAGER, "Ready", NULL, 'u', &ready) < 0;
        sd_bus_flush_close_unref(b);
    }
    printf("%u\n", n);
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(void) {
    sd_bus *b = connect_bus();
    static double took_s[MOST_CALLS];
    unsigned ready;
    size_t n = 0;
    for (; now_s() < until_s && n < MOST_CALLS; n++) {
        double began_s = now_s();
        need(sd_bus_get_property_trivial(b, NAME, PATH, MANAGER, "Ready", NULL, 'u', &ready), "Ready");
        took_s[n] = now_s() - began_s;
        usleep(20000);
    }
    qsort(took_s, n, sizeof(took_s[0]), compare);
    printf("%zu %.0f %.0f\n", n, 1000 * took_s[n / 2], 1000 * took_s[n - 1]);
}

int main(int argc, char **argv) {
    if (argc < 4)
        return 2;
    alarm(100); /* if the test is over */
    address = argv[1];
    until_s = now_s() + atof(argv[3]);
    if (strcmp(argv[2], "deaf") == 0)
        deaf();
    else if (strcmp(argv[2], "storm") == 0)
        storm();
    else if (strcmp(argv[2], "crowd") == 0)
        crowd();
    else if (strcmp(argv[2], "burst") == 0)
        burst(argc > 4 ? argv[4] : "");
    else if (strcmp(argv[2], "visitors") == 0)
        visitors();
    else
        measure();
    return 0;
}
