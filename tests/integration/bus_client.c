/* SPDX-License-Identifier: Apache-2.0 */
/* bus_client: a client of tragusd for the tests. Exit status 0: the daemon behaves as expected.
 *
 *     bus_client ADDRESS arguments XML...      calls every method with wrong types, and with an unknown option
 *     bus_client ADDRESS introspect XML...     compares the introspection data of the objects with the files
 *     bus_client ADDRESS foreign               tests that only the owner can use a session
 *     bus_client ADDRESS hold                  starts a session, prints its path, and waits to be killed
 *     bus_client ADDRESS watch SECONDS         prints how many session signals reach a connection that subscribes to all
 *     bus_client ADDRESS recognize FILE [F [fallback]]  calls Recognize, prints a line per result; F: a raw format, 16 kHz
 *     bus_client ADDRESS pipe FILE CHUNK       calls SetInput with a pipe of raw S16LE at 16 kHz, CHUNK bytes at a time
 *     bus_client ADDRESS trigger               calls Start, Trigger, Stop and Close of a session with wake phrases
 *     bus_client ADDRESS limits N              tests that session N+1 of a user is refused
 *     bus_client ADDRESS grammars              tests AddGrammar, SetList, ParseText, RemoveGrammar, private and wrong grammars
 *     bus_client ADDRESS swap FILE             tests that SetList takes effect from the next utterance of a session
 *     bus_client ADDRESS rights                tests what a user without permissions may do and may not do
 *     bus_client SOCKET notify SECONDS         prints the messages to this notification socket, one per line
 */
#include "bus_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
const char *address;
static unsigned n_wrong;

void wrong(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("wrong: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    n_wrong++;
}

void must(int r, const char *what) {
    if (r >= 0)
        return;
    fprintf(stderr, "bus_client: %s: %s\n", what, strerror(-r));
    exit(1);
}

sd_bus *connect_bus(void) {
    sd_bus *bus;
    must(sd_bus_new(&bus), "sd_bus_new");
    must(sd_bus_set_address(bus, address), "address");
    must(sd_bus_set_bus_client(bus, true), "client");
    must(sd_bus_negotiate_fds(bus, true), "descriptors");
    must(sd_bus_start(bus), "connect");
    return bus;
}

int memory_file(const char *text) {
    int fd = memfd_create("test", MFD_CLOEXEC);
    must(fd < 0 ? -errno : 0, "memfd");
    must(write(fd, text, strlen(text)) < 0 ? -errno : 0, "write");
    must(lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0, "lseek");
    return fd;
}

void expect(int r, const sd_bus_error *error, const char *name, const char *part, const char *what) {
    if (r >= 0)
        wrong("%s succeeds; %s was expected", what, name);
    else if (!sd_bus_error_has_name(error, name))
        wrong("%s fails with %s (%s); %s was expected", what, error->name, error->message, name);
    else if (part && !strstr(error->message, part))
        wrong("%s says \"%s\", which does not name %s", what, error->message, part);
}

char *create_session(sd_bus *bus, const char *input) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply;
    const char *path;
    int r = sd_bus_call_method(bus, NAME, PATH, MANAGER, "CreateSession", &error, &reply, "a{sv}", 2, "Input", "s", input,
                               "Partial", "b", 1);
    if (r < 0) {
        fprintf(stderr, "bus_client: CreateSession: %s\n", error.message);
        exit(1);
    }
    must(sd_bus_message_read(reply, "o", &path), "CreateSession's reply");
    char *copy = strdup(path);
    sd_bus_message_unref(reply);
    return copy;
}
/* --- sessions ----------------------------------------------------------------------------------------------------------------- */

static void foreign(void) {
    sd_bus *mine = connect_bus(), *other = connect_bus();
    sd_bus_error error = SD_BUS_ERROR_NULL;
    char *session = create_session(mine, "fd");
    static const char *const denied = "org.freedesktop.DBus.Error.AccessDenied";

    int r = sd_bus_call_method(other, NAME, session, SESSION, "Close", &error, NULL, "");
    expect(r, &error, denied, NULL, "Close of another's session");
    sd_bus_error_free(&error);
    r = sd_bus_call_method(other, NAME, session, SESSION, "Start", &error, NULL, "a{sv}", 0);
    expect(r, &error, denied, NULL, "Start of another's session");
    sd_bus_error_free(&error);
    r = sd_bus_call_method(other, NAME, session, "org.freedesktop.DBus.Properties", "GetAll", &error, NULL, "s", SESSION);
    expect(r, &error, denied, NULL, "the properties of another's session");
    sd_bus_error_free(&error);
    r = sd_bus_call_method(other, NAME, session, "org.freedesktop.DBus.Introspectable", "Introspect", &error, NULL, "");
    if (r >= 0)
        wrong("another's session can be introspected");
    sd_bus_error_free(&error);
    r = sd_bus_call_method(mine, NAME, session, SESSION, "Close", &error, NULL, "");
    if (r < 0)
        wrong("the owner cannot close its session: %s", error.message);
    sd_bus_error_free(&error);
    r = sd_bus_call_method(mine, NAME, session, SESSION, "Close", &error, NULL, "");
    expect(r, &error, "org.freedesktop.DBus.Error.UnknownObject", NULL, "Close of a closed session");
    free(session);
}

static void hold(void) {
    sd_bus *bus = connect_bus();
    char *session = create_session(bus, "microphone");
    must(sd_bus_call_method(bus, NAME, session, SESSION, "Start", NULL, NULL, "a{sv}", 0), "Start");
    puts(session);
    fflush(stdout);
    for (;;) {
        must(sd_bus_process(bus, NULL), "process");
        must(sd_bus_wait(bus, UINT64_MAX), "wait");
    }
}

static void limits(int most) {
    sd_bus *bus = connect_bus();
    sd_bus_error error = SD_BUS_ERROR_NULL;
    for (int i = 0; i < most; i++)
        free(create_session(bus, "fd"));
    int r = sd_bus_call_method(bus, NAME, PATH, MANAGER, "CreateSession", &error, NULL, "a{sv}", 1, "Input", "s", "fd");
    expect(r, &error, "org.tragus.Error.TooManySessions", NULL, "one session too many");
    sd_bus_flush_close_unref(bus);
}

static int count_signal(sd_bus_message *m, void *user, sd_bus_error *error) {
    (void)error;
    if (strcmp(sd_bus_message_get_interface(m), SESSION) == 0)
        ++*(unsigned *)user;
    return 0;
}

static uint64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void watch(int seconds) {
    sd_bus *bus = connect_bus();
    unsigned n = 0;
    must(sd_bus_add_match(bus, NULL, "type='signal',sender='" NAME "'", count_signal, &n), "match");
    must(sd_bus_add_match(bus, NULL, "type='signal',interface='" SESSION "'", count_signal, &n), "match");
    for (uint64_t end = now_us() + (uint64_t)seconds * 1000000; now_us() < end;) {
        int r;
        while ((r = sd_bus_process(bus, NULL)) > 0)
            ;
        must(r, "process");
        must(sd_bus_wait(bus, 100000), "wait");
    }
    printf("%u\n", n);
}

static unsigned add_grammar(sd_bus *bus, const char *name, const char *text, bool is_private);
static unsigned n_readings(sd_bus *bus, const char *grammar, const char *text);
static const char lights[] =
    "language: en\nintents:\n  LightOn:\n    data:\n      - sentences:\n          - \"turn on [the] {lamp}\"\n"
    "lists:\n  lamp:\n    values:\n      - \"desk lamp\"\n";

/* For a user in none of the groups: the microphone and the grammars of others are refused, everything else is allowed. */
static void rights(void) {
    sd_bus *bus = connect_bus();
    sd_bus_error error = SD_BUS_ERROR_NULL;
    static const char *const denied = "org.tragus.Error.NotAuthorized";

    int r = sd_bus_call_method(bus, NAME, PATH, MANAGER, "CreateSession", &error, NULL, "a{sv}", 0);
    expect(r, &error, denied, NULL, "CreateSession with the microphone");
    sd_bus_error_free(&error);
    r = sd_bus_call_method(bus, NAME, PATH, MANAGER, "Listen", &error, NULL, "a{sv}", 0);
    expect(r, &error, denied, NULL, "Listen");
    sd_bus_error_free(&error);
    r = sd_bus_call_method(bus, NAME, PATH, MANAGER, "SetList", &error, NULL, "ssa(ssa{sv})", "channels", "channel", 1, "x", "", 0);
    expect(r, &error, denied, NULL, "SetList of another's grammar");
    sd_bus_error_free(&error);
    r = sd_bus_call_method(bus, NAME, PATH, MANAGER, "RemoveGrammar", &error, NULL, "s", "channels");
    expect(r, &error, denied, NULL, "RemoveGrammar of another's grammar");
    sd_bus_error_free(&error);
    free(create_session(bus, "fd"));
    if (n_readings(bus, "channels", "front door") != 1)
        wrong("ParseText does not work");
    if (add_grammar(bus, "theirs", lights, false) >= 3)
        wrong("a grammar of one's own is refused");
    sd_bus_flush_close_unref(bus);
}

/* Receives the notifications that systemd would get. */
static void notify(int seconds) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    char text[1024];

    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf(name.sun_path, sizeof(name.sun_path), "%s", address);
    must(bind(fd, (struct sockaddr *)&name, sizeof(name)) < 0 ? -errno : 0, address);
    for (uint64_t end = now_us() + (uint64_t)seconds * 1000000; now_us() < end;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, 100) <= 0)
            continue;
        ssize_t n = recv(fd, text, sizeof(text), 0);
        if (n > 0) {
            printf("%.*s\n", (int)n, text);
            fflush(stdout);
        }
    }
}

/* --- sound -------------------------------------------------------------------------------------------------------------------- */

static void print_results(sd_bus_message *m) {
    must(sd_bus_message_enter_container(m, 'a', "a{sv}"), "results");
    while (sd_bus_message_enter_container(m, 'a', "{sv}") > 0) {
        const char *key, *text = "", *free_text = NULL, *contents;
        uint32_t rejected = 0;
        while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
            must(sd_bus_message_read(m, "s", &key), "key");
            must(sd_bus_message_peek_type(m, NULL, &contents), "type");
            if (strcmp(key, "text") == 0)
                must(sd_bus_message_read(m, "v", "s", &text), "text");
            else if (strcmp(key, "FreeText") == 0)
                must(sd_bus_message_read(m, "v", "s", &free_text), "FreeText");
            else if (strcmp(key, "rejected") == 0)
                must(sd_bus_message_read(m, "v", "u", &rejected), "rejected");
            else
                must(sd_bus_message_skip(m, "v"), "value");
            must(sd_bus_message_exit_container(m), "entry");
        }
        printf("%u\t%s%s%s\n", rejected, text, free_text ? "\t" : "", free_text ? free_text : "");
        must(sd_bus_message_exit_container(m), "result");
    }
}

static void recognize(const char *file, const char *format, int fallback) {
    sd_bus *bus = connect_bus();
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply;
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    must(fd < 0 ? -errno : 0, file);
    int r = sd_bus_call_method(bus, NAME, PATH, MANAGER, "Recognize", &error, &reply, "ha{sv}", fd, 2, "Format", "s", format,
                               "Fallback", "b", fallback);
    if (r < 0) {
        fprintf(stderr, "%s: %s\n", error.name, error.message);
        exit(1);
    }
    print_results(reply);
}

struct heard {
    bool finished;
    uint32_t reason;
    unsigned n_started, n_results;
};

/* Prints a line per utterance; counts them in user. */
static int on_session_signal(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct heard *h = user;
    const char *text, *intent;
    uint64_t sequence;
    uint32_t reason;
    (void)error;

    if (sd_bus_message_is_signal(m, SESSION, "Utterance")) {
        must(sd_bus_message_read(m, "tss", &sequence, &text, &intent), "Utterance");
        printf("0\t%s\n", text);
        h->n_results++;
    } else if (sd_bus_message_is_signal(m, SESSION, "Rejected")) {
        must(sd_bus_message_read(m, "tus", &sequence, &reason, &text), "Rejected");
        printf("%u\t%s\n", reason, text);
        h->n_results++;
    } else if (sd_bus_message_is_signal(m, SESSION, "SpeechStarted")) {
        h->n_started++;
    } else if (sd_bus_message_is_signal(m, SESSION, "Finished")) {
        must(sd_bus_message_read(m, "u", &h->reason), "Finished");
        h->finished = true;
    }
    return 0;
}

static void wait_finished(sd_bus *bus, struct heard *h, uint32_t reason) {
    while (!h->finished) {
        int r = sd_bus_process(bus, NULL);
        must(r, "process");
        if (r == 0)
            must(sd_bus_wait(bus, 30000000), "wait");
    }
    if (h->reason != reason)
        wrong("Finished(%u) instead of %u", h->reason, reason);
}

/* Returns the read end of a pipe; a child process writes the file to the other end and exits. */
static int pipe_of(const char *file, size_t chunk) {
    static char part[65536];
    int ends[2];
    ssize_t n;

    must(pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0, "pipe");
    if (fork() == 0) {
        /* It also holds the connection with the bus, which must end with the client. */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        int fd = open(file, O_RDONLY);
        close(ends[0]);
        while ((n = read(fd, part, chunk)) > 0)
            if (write(ends[1], part, (size_t)n) != n)
                break;
        _exit(0);
    }
    close(ends[1]);
    return ends[0];
}

static void feed_pipe(const char *file, size_t chunk) {
    sd_bus *bus = connect_bus();
    struct heard h = {.finished = false};
    char *session = create_session(bus, "fd");

    (void)signal(SIGCHLD, SIG_IGN);
    must(sd_bus_match_signal(bus, NULL, NAME, session, SESSION, NULL, on_session_signal, &h), "match");
    for (int turn = 0; turn < 2; turn++) { /* twice: a session can be used again */
        int fd = pipe_of(file, chunk);
        h = (struct heard){.finished = false};
        must(sd_bus_call_method(bus, NAME, session, SESSION, "SetInput", NULL, NULL, "ha{sv}", fd, 1, "Rate", "u", 16000),
             "SetInput");
        close(fd);
        must(sd_bus_call_method(bus, NAME, session, SESSION, "Start", NULL, NULL, "a{sv}", 0), "Start");
        wait_finished(bus, &h, 2);
        if (h.n_results > h.n_started)
            wrong("%u results of %u beginnings", h.n_results, h.n_started);
    }
    /* A pipe that never ends: Stop ends the session. */
    int ends[2];
    must(pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0, "pipe");
    h = (struct heard){.finished = false};
    must(sd_bus_call_method(bus, NAME, session, SESSION, "SetInput", NULL, NULL, "ha{sv}", ends[0], 0), "SetInput");
    must(sd_bus_call_method(bus, NAME, session, SESSION, "Start", NULL, NULL, "a{sv}", 0), "Start");
    must(sd_bus_call_method(bus, NAME, session, SESSION, "Stop", NULL, NULL, "a{sv}", 0), "Stop");
    wait_finished(bus, &h, 1);
    sd_bus_flush_close_unref(bus);
}

static void trigger(void) {
    sd_bus *bus = connect_bus();
    struct heard h = {.finished = false};
    sd_bus_message *reply;
    const char *session;
    int ends[2];

    must(sd_bus_call_method(bus, NAME, PATH, MANAGER, "CreateSession", NULL, &reply, "a{sv}", 2, "Input", "s", "fd", "Wake", "as",
                            1, "hey house"),
         "CreateSession");
    must(sd_bus_message_read(reply, "o", &session), "CreateSession's reply");
    must(sd_bus_match_signal(bus, NULL, NAME, session, SESSION, NULL, on_session_signal, &h), "match");
    must(pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0, "pipe");
    must(sd_bus_call_method(bus, NAME, session, SESSION, "SetInput", NULL, NULL, "ha{sv}", ends[0], 0), "SetInput");
    must(sd_bus_call_method(bus, NAME, session, SESSION, "Start", NULL, NULL, "a{sv}", 0), "Start");
    must(sd_bus_call_method(bus, NAME, session, SESSION, "Trigger", NULL, NULL, "a{sv}", 1, "OpenMs", "u", 2000), "Trigger");
    must(sd_bus_call_method(bus, NAME, session, SESSION, "Stop", NULL, NULL, "a{sv}", 0), "Stop");
    wait_finished(bus, &h, 1);
    must(sd_bus_call_method(bus, NAME, session, SESSION, "Close", NULL, NULL, ""), "Close");
    sd_bus_message_unref(reply);
    sd_bus_flush_close_unref(bus);
}

/* --- grammars ----------------------------------------------------------------------------------------------------------------- */

/* AddGrammar; returns the highest severity of its diagnostics. */
static unsigned add_grammar(sd_bus *bus, const char *name, const char *text, bool is_private) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply;
    uint32_t severity, line, column, most = 0;
    const char *file, *message;
    int fd = memory_file(text);

    int r = sd_bus_call_method(bus, NAME, PATH, MANAGER, "AddGrammar", &error, &reply, "sha{sv}", name, fd, 1, "Private", "b",
                               (int)is_private);
    close(fd);
    if (r < 0) {
        wrong("AddGrammar: %s", error.message);
        return 0;
    }
    must(sd_bus_message_enter_container(reply, 'a', "(uuuss)"), "diagnostics");
    while (sd_bus_message_read(reply, "(uuuss)", &severity, &line, &column, &file, &message) > 0) {
        if (severity == 3 && (line == 0 || !*message))
            wrong("a diagnostic without a place: \"%s\"", message);
        most = severity > most ? severity : most;
    }
    return most;
}

static unsigned n_readings(sd_bus *bus, const char *grammar, const char *text) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply;
    unsigned n = 0;
    if (sd_bus_call_method(bus, NAME, PATH, MANAGER, "ParseText", &error, &reply, "ssa{sv}", grammar, text, 0) < 0) {
        wrong("ParseText: %s", error.message);
        return 0;
    }
    must(sd_bus_message_enter_container(reply, 'a', "a{sv}"), "readings");
    while (sd_bus_message_skip(reply, "a{sv}") > 0 && ++n < 100)
        if (sd_bus_message_at_end(reply, false))
            break;
    return n;
}

static void grammars(void) {
    sd_bus *bus = connect_bus(), *other = connect_bus();
    sd_bus_error error = SD_BUS_ERROR_NULL;

    if (add_grammar(bus, "lights", lights, false) >= 3)
        wrong("a right grammar was refused");
    if (n_readings(other, "lights", "turn on the desk lamp") != 1)
        wrong("a grammar for all does not work for another");
    if (n_readings(bus, "lights", "turn on the moon") != 0)
        wrong("a sentence that is in no grammar has a reading");
    int r = sd_bus_call_method(bus, NAME, PATH, MANAGER, "SetList", &error, NULL, "ssa(ssa{sv})", "lights", "lamp", 2, "moon", "",
                               0, "big light", "light.big", 0);
    if (r < 0)
        wrong("SetList: %s", error.message);
    sd_bus_error_free(&error);
    if (n_readings(bus, "lights", "turn on the moon") != 1 || n_readings(bus, "lights", "turn on the desk lamp") != 0)
        wrong("SetList does not replace the list");
    r = sd_bus_call_method(bus, NAME, PATH, MANAGER, "SetList", &error, NULL, "ssa(ssa{sv})", "lights", "lamp", 1, "moon", "", 1,
                           "Colour", "s", "red");
    expect(r, &error, INVALID, "Colour", "a list's value with an unknown option");
    sd_bus_error_free(&error);

    if (add_grammar(bus, "lights", "language: en\nintents:\n  A:\n    data:\n      - sentences:\n          - \"turn on (the\"\n",
                    false) != 3)
        wrong("a wrong grammar was not refused");
    if (n_readings(bus, "lights", "turn on the moon") != 1)
        wrong("a wrong grammar took the place of the right one");
    int fd = memory_file("x");
    r = sd_bus_call_method(bus, NAME, PATH, MANAGER, "AddGrammar", &error, NULL, "sha{sv}", "../etc/passwd", fd, 0);
    expect(r, &error, "org.tragus.Error.InvalidGrammar", "name", "a grammar with an odd name");
    sd_bus_error_free(&error);

    fd = memory_file("go left\ngo right\n");
    const uint64_t sizes[][2] = {{8, 9}, {8, 8}, {8, 10}};
    for (unsigned i = 0; i < 3; i++) {
        lseek(fd, 0, SEEK_SET);
        r = sd_bus_call_method(bus, NAME, PATH, MANAGER, "AddGrammar", &error, NULL, "sha{sv}", "parts", fd, 1, "Files", "a(st)", 2,
                               "left.txt", sizes[i][0], "right.txt", sizes[i][1]);
        if (i > 0)
            expect(r, &error, INVALID, "Files", "Files of other sizes than the content");
        else if (r < 0 || n_readings(bus, "parts", "go left") != 1 || n_readings(bus, "parts", "go right") != 1)
            wrong("two files are not merged: %s", error.message);
        sd_bus_error_free(&error);
    }
    close(fd);

    add_grammar(bus, "mine", lights, true);
    if (n_readings(bus, "mine", "turn on the desk lamp") != 1)
        wrong("a private grammar does not work");
    r = sd_bus_call_method(other, NAME, PATH, MANAGER, "ParseText", &error, NULL, "ssa{sv}", "mine", "x", 0);
    expect(r, &error, "org.tragus.Error.NoSuchGrammar", "mine", "another's private grammar");
    sd_bus_error_free(&error);
    r = sd_bus_call_method(bus, NAME, PATH, MANAGER, "RemoveGrammar", &error, NULL, "s", "lights");
    if (r < 0)
        wrong("RemoveGrammar: %s", error.message);
    r = sd_bus_call_method(bus, NAME, PATH, MANAGER, "ParseText", &error, NULL, "ssa{sv}", "lights", "x", 0);
    expect(r, &error, "org.tragus.Error.NoSuchGrammar", "lights", "a removed grammar");
}

/* Sends the same sound twice through one session; in between, replaces the list by one that does not contain the sound. */
static void swap(const char *file) {
    sd_bus *bus = connect_bus();
    struct heard h = {.finished = false};
    char *session = create_session(bus, "fd");
    int ends[2];
    static char sound[4 << 20];

    int fd = open(file, O_RDONLY);
    ssize_t n = read(fd, sound, sizeof(sound));
    must(n < 0 ? -errno : 0, file);
    must(sd_bus_match_signal(bus, NULL, NAME, session, SESSION, NULL, on_session_signal, &h), "match");
    must(pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0, "pipe");
    must(sd_bus_call_method(bus, NAME, session, SESSION, "SetInput", NULL, NULL, "ha{sv}", ends[0], 0), "SetInput");
    close(ends[0]);
    must(sd_bus_call_method(bus, NAME, session, SESSION, "Start", NULL, NULL, "a{sv}", 0), "Start");
    for (int turn = 0; turn < 2; turn++) {
        unsigned before = h.n_results;
        for (ssize_t done = 0, w; done < n; done += w) {
            w = write(ends[1], sound + done, (size_t)(n - done));
            must(w < 0 ? -errno : 0, "write");
        }
        for (uint64_t end = now_us() + 10000000; h.n_results == before && now_us() < end;) {
            must(sd_bus_process(bus, NULL), "process");
            must(sd_bus_wait(bus, 100000), "wait");
        }
        must(sd_bus_call_method(bus, NAME, PATH, MANAGER, "SetList", NULL, NULL, "ssa(ssa{sv})", "", "channel", 1, "zebra crossing",
                                "", 0),
             "SetList");
    }
    close(ends[1]);
    wait_finished(bus, &h, 2);
}

int main(int argc, char **argv) {
    if (argc < 3)
        return 2;
    address = argv[1];
    const char *what = argv[2];
    if (strcmp(what, "arguments") == 0)
        arguments(argc - 3, argv + 3);
    else if (strcmp(what, "introspect") == 0)
        introspect(argc - 3, argv + 3);
    else if (strcmp(what, "foreign") == 0)
        foreign();
    else if (strcmp(what, "hold") == 0)
        hold();
    else if (strcmp(what, "trigger") == 0)
        trigger();
    else if (strcmp(what, "grammars") == 0)
        grammars();
    else if (strcmp(what, "rights") == 0)
        rights();
    else if (strcmp(what, "notify") == 0 && argc > 3)
        notify(atoi(argv[3]));
    else if (strcmp(what, "watch") == 0 && argc > 3)
        watch(atoi(argv[3]));
    else if (strcmp(what, "limits") == 0 && argc > 3)
        limits(atoi(argv[3]));
    else if (strcmp(what, "recognize") == 0 && argc > 3)
        recognize(argv[3], argc > 4 ? argv[4] : "WAV", argc > 5 && strcmp(argv[5], "fallback") == 0);
    else if (strcmp(what, "pipe") == 0 && argc > 4)
        feed_pipe(argv[3], (size_t)atoi(argv[4]));
    else if (strcmp(what, "swap") == 0 && argc > 3)
        swap(argv[3]);
    else
        return 2;
    return n_wrong == 0 ? 0 : 1;
}
