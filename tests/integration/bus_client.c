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
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#define NAME "org.tragus.Tragus1"
#define PATH "/org/tragus/Tragus1"
#define MANAGER "org.tragus.Manager1"
#define SESSION "org.tragus.Session1"
#define INVALID "org.freedesktop.DBus.Error.InvalidArgs"

static const char *address;
static unsigned n_wrong;

static void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void wrong(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("wrong: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    n_wrong++;
}

static void must(int r, const char *what) {
    if (r >= 0)
        return;
    fprintf(stderr, "bus_client: %s: %s\n", what, strerror(-r));
    exit(1);
}

static sd_bus *connect_bus(void) {
    sd_bus *bus;
    must(sd_bus_new(&bus), "sd_bus_new");
    must(sd_bus_set_address(bus, address), "address");
    must(sd_bus_set_bus_client(bus, true), "client");
    must(sd_bus_negotiate_fds(bus, true), "descriptors");
    must(sd_bus_start(bus), "connect");
    return bus;
}

static int memory_file(const char *text) {
    int fd = memfd_create("test", MFD_CLOEXEC);
    must(fd < 0 ? -errno : 0, "memfd");
    must(write(fd, text, strlen(text)) < 0 ? -errno : 0, "write");
    must(lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0, "lseek");
    return fd;
}

/* Checks that the call fails with an error of this name whose text contains `part`. */
static void expect(int r, const sd_bus_error *error, const char *name, const char *part, const char *what) {
    if (r >= 0)
        wrong("%s succeeds; %s was expected", what, name);
    else if (!sd_bus_error_has_name(error, name))
        wrong("%s fails with %s (%s); %s was expected", what, error->name, error->message, name);
    else if (part && !strstr(error->message, part))
        wrong("%s says \"%s\", which does not name %s", what, error->message, part);
}

static char *create_session(sd_bus *bus, const char *input) {
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

/* --- what the XML says -------------------------------------------------------------------------------------------------------- */

#define MOST_LINES 512
struct xml { /* the relevant lines, in order: interface, method, signal, property, arg, annotation */
    char *lines[MOST_LINES];
    size_t n;
};

/* Parses the text of one interface; ignores comments and white space. Modifies text. */
static void take_xml(struct xml *x, char *text, const char *interface) {
    static const char *const kinds[] = {"<method", "<signal", "<property", "<arg", "<annotation"};
    char begin[128];
    bool inside = false;

    snprintf(begin, sizeof(begin), "<interface name=\"%s\">", interface);
    for (char *rest = NULL, *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        line += strspn(line, " ");
        inside |= strcmp(line, begin) == 0;
        if (inside && strncmp(line, "</interface>", 12) == 0)
            break;
        for (size_t i = 0; inside && i < 5; i++)
            if (strncmp(line, kinds[i], strlen(kinds[i])) == 0 && x->n < MOST_LINES) {
                /* <x/> and <x></x> are the same. */
                size_t len = strlen(line);
                if (len > 2 && strcmp(line + len - 2, "/>") == 0)
                    strcpy(line + len - 2, ">");
                x->lines[x->n++] = strdup(line);
            }
    }
}

static char *interface_of(const char *file) { /* "data/org.tragus.Manager1.xml" to "org.tragus.Manager1" */
    const char *slash = strrchr(file, '/');
    char *name = strdup(slash ? slash + 1 : file);
    char *dot = strstr(name, ".xml");
    if (dot)
        *dot = '\0';
    return name;
}

static struct xml read_xml(const char *file) {
    static char text[65536];
    struct xml x = {.n = 0};
    FILE *f = fopen(file, "r");
    if (!f) {
        perror(file);
        exit(1);
    }
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    char *interface = interface_of(file);
    take_xml(&x, text, interface);
    free(interface);
    if (x.n == 0)
        wrong("%s holds nothing", file);
    return x;
}

static char *attribute(const char *line, const char *name) {
    char pattern[32];
    snprintf(pattern, sizeof(pattern), " %s=\"", name);
    const char *at = strstr(line, pattern);
    if (!at)
        return strdup("");
    at += strlen(pattern);
    return strndup(at, strcspn(at, "\""));
}

/* --- introspect --------------------------------------------------------------------------------------------------------------- */

static void introspect(int argc, char **argv) {
    sd_bus *bus = connect_bus();
    char *session = create_session(bus, "fd");

    for (int i = 0; i < argc; i++) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply;
        const char *text;
        char *interface = interface_of(argv[i]);
        const char *path = strcmp(interface, SESSION) == 0 ? session : PATH;
        must(sd_bus_call_method(bus, NAME, path, "org.freedesktop.DBus.Introspectable", "Introspect", &error, &reply, ""),
             "Introspect");
        must(sd_bus_message_read(reply, "s", &text), "Introspect's reply");
        struct xml file = read_xml(argv[i]), live = {.n = 0};
        char *copy = strdup(text);
        take_xml(&live, copy, interface);
        for (size_t k = 0; k < file.n || k < live.n; k++) {
            const char *a = k < file.n ? file.lines[k] : "nothing", *b = k < live.n ? live.lines[k] : "nothing";
            if (strcmp(a, b) != 0) {
                wrong("%s: the file has %s, the object %s", interface, a, b);
                break;
            }
        }
        printf("%s: %zu lines\n", interface, live.n);
        free(copy);
        free(interface);
        sd_bus_message_unref(reply);
    }
    free(session);
    sd_bus_flush_close_unref(bus);
}

/* --- arguments ---------------------------------------------------------------------------------------------------------------- */

/* Appends an argument of a type with a valid value of that type. */
static int append_right(sd_bus_message *m, const char *type, int fd) {
    if (strcmp(type, "s") == 0)
        return sd_bus_message_append(m, "s", "x");
    if (strcmp(type, "h") == 0)
        return sd_bus_message_append(m, "h", fd);
    if (strcmp(type, "a{sv}") == 0)
        return sd_bus_message_append(m, "a{sv}", 1, "Nonsense", "s", "x");
    if (strcmp(type, "as") == 0)
        return sd_bus_message_append(m, "as", 0);
    if (strcmp(type, "a(ssa{sv})") == 0)
        return sd_bus_message_append(m, "a(ssa{sv})", 0);
    return -EINVAL;
}

static int call(sd_bus *bus, const char *path, const char *interface, const char *method, const char *types, sd_bus_error *error) {
    static const char *const all[] = {"a(ssa{sv})", "a{sv}", "as", "s", "h"};
    sd_bus_message *m;
    int fd = memory_file("x");

    must(sd_bus_message_new_method_call(bus, &m, NAME, path, interface, method), "a call");
    for (const char *t = types; *t;) {
        if (*t == 'i') {
            must(sd_bus_message_append(m, "i", 7), "i");
            t++;
            continue;
        }
        size_t i = 0;
        while (strncmp(t, all[i], strlen(all[i])) != 0)
            i++;
        must(append_right(m, all[i], fd), all[i]);
        t += strlen(all[i]);
    }
    int r = sd_bus_call(bus, m, 0, error, NULL);
    sd_bus_message_unref(m);
    close(fd);
    return r;
}

static void try_method(sd_bus *bus, const char *interface, const char *session, const char *method, const char *types) {
    static const char *const tries[] = {"", "i", "s", "a{sv}", "sss", "h", "hh", "as", "sa{sv}i"};
    const char *path = strcmp(interface, SESSION) == 0 ? session : PATH;
    char what[256];

    for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        if (strcmp(tries[i], types) == 0)
            continue;
        snprintf(what, sizeof(what), "%s(%s)", method, tries[i]);
        int r = call(bus, path, interface, method, tries[i], &error);
        expect(r, &error, INVALID, NULL, what);
        sd_bus_error_free(&error);
    }
    /* The context of ParseText may have any key; all other a{sv} at an end are options. */
    size_t n = strlen(types);
    if (n >= 5 && strcmp(types + n - 5, "a{sv}") == 0 && strcmp(method, "ParseText") != 0) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        snprintf(what, sizeof(what), "%s with an unknown option", method);
        int r = call(bus, path, interface, method, types, &error);
        expect(r, &error, INVALID, "Nonsense", what);
        sd_bus_error_free(&error);
    }
}

/* Option values of a wrong type or out of range. */
static void try_options(sd_bus *bus, const char *session) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    int fd = memory_file("x");
#define TRY(name, part, path, interface, method, ...)                                                   \
    do {                                                                                                \
        int result = sd_bus_call_method(bus, NAME, path, interface, method, &error, NULL, __VA_ARGS__); \
        expect(result, &error, name, part, method " with wrong " part);                                 \
        sd_bus_error_free(&error);                                                                      \
    } while (0)
    TRY(INVALID, "Grammar", PATH, MANAGER, "CreateSession", "a{sv}", 1, "Grammar", "u", 1);
    TRY(INVALID, "Grammar", PATH, MANAGER, "CreateSession", "a{sv}", 1, "Gramar", "s", "x");
    TRY(INVALID, "Partial", PATH, MANAGER, "CreateSession", "a{sv}", 1, "Partial", "s", "yes");
    TRY(INVALID, "twice", PATH, MANAGER, "CreateSession", "a{sv}", 2, "Partial", "b", 1, "Partial", "b", 0);
    TRY(INVALID, "MinConfidence", PATH, MANAGER, "CreateSession", "a{sv}", 1, "MinConfidence", "d", 1.5);
    TRY(INVALID, "FinalSilenceMs", PATH, MANAGER, "CreateSession", "a{sv}", 1, "FinalSilenceMs", "u", 5001);
    TRY(INVALID, "OpenSilenceMs", PATH, MANAGER, "CreateSession", "a{sv}", 1, "OpenSilenceMs", "u", 99);
    TRY(INVALID, "EndSilenceMs", PATH, MANAGER, "CreateSession", "a{sv}", 1, "EndSilenceMs", "u", 1);
    TRY(INVALID, "Wake", PATH, MANAGER, "CreateSession", "a{sv}", 1, "Wake", "s", "hey house");
    TRY(INVALID, "wake phrase", PATH, MANAGER, "CreateSession", "a{sv}", 1, "Wake", "as", 1, "hey <house>");
    TRY(INVALID, "wake phrase", PATH, MANAGER, "CreateSession", "a{sv}", 1, "Wake", "as", 1, "");
    TRY(INVALID, "WakeOpenMs", PATH, MANAGER, "CreateSession", "a{sv}", 1, "WakeOpenMs", "u", 999);
    TRY(INVALID, "WakePerHour", PATH, MANAGER, "CreateSession", "a{sv}", 1, "WakePerHour", "d", 101.0);
    TRY(INVALID, "Timeout", PATH, MANAGER, "Listen", "a{sv}", 1, "Timeout", "u", 60001);
    TRY("org.tragus.Error.NoSuchGrammar", "nowhere", PATH, MANAGER, "CreateSession", "a{sv}", 1, "Grammar", "s", "nowhere");
    TRY("org.tragus.Error.NoSuchDevice", "kitchen", PATH, MANAGER, "CreateSession", "a{sv}", 1, "Input", "s", "kitchen");
    TRY("org.tragus.Error.NoSuchModel", "fr", PATH, MANAGER, "CreateSession", "a{sv}", 1, "Language", "s", "fr");
    TRY("org.tragus.Error.UnsupportedFormat", "MP3", session, SESSION, "SetInput", "ha{sv}", fd, 1, "Format", "s", "MP3");
    TRY(INVALID, "Rate", session, SESSION, "SetInput", "ha{sv}", fd, 1, "Rate", "u", 1);
    TRY(INVALID, "Rate", session, SESSION, "SetInput", "ha{sv}", fd, 1, "Rate", "s", "16000");
    TRY("org.tragus.Error.WrongState", "not started", session, SESSION, "Stop", "a{sv}", 0);
    TRY("org.tragus.Error.WrongState", "SetInput", session, SESSION, "Start", "a{sv}", 0);
    TRY("org.tragus.Error.NoSuchGrammar", "nowhere", PATH, MANAGER, "ParseText", "ssa{sv}", "nowhere", "x", 0);
    TRY("org.tragus.Error.NoSuchGrammar", "nowhere", PATH, MANAGER, "RemoveGrammar", "s", "nowhere");
    TRY("org.tragus.Error.NoSuchGrammar", "nowhere", PATH, MANAGER, "Examples", "su", "nowhere", 3);
    TRY(INVALID, "from 1 to 10", PATH, MANAGER, "Examples", "su", "", 0);
    TRY(INVALID, "from 1 to 10", PATH, MANAGER, "Examples", "su", "", 11);
    TRY("org.tragus.Error.NoSuchModel", "fr", PATH, MANAGER, "Pronounce", "sas", "fr", 1, "chat");
    TRY("org.tragus.Error.UnsupportedFormat", "sound", PATH, MANAGER, "Recognize", "ha{sv}", fd, 0);
    TRY("org.freedesktop.DBus.Error.PropertyReadOnly", "Version", PATH, "org.freedesktop.DBus.Properties", "Set", "ssv", MANAGER,
        "Version", "s", "2");
    TRY("org.freedesktop.DBus.Error.UnknownObject", "nobody", PATH "/session/nobody", SESSION, "Start", "a{sv}", 0);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    TRY("org.tragus.Error.UnsupportedInput", "pipe", session, SESSION, "SetInput", "ha{sv}", null, 0);
    TRY("org.tragus.Error.UnsupportedInput", "pipe", PATH, MANAGER, "AddGrammar", "sha{sv}", "x", null, 0);
    close(null);
    int writing = open("/dev/shm", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (writing >= 0)
        TRY("org.tragus.Error.UnsupportedInput", "reading", session, SESSION, "SetInput", "ha{sv}", writing, 0);
    /* Keys that begin with "x-" are accepted. */
    int r = sd_bus_call_method(bus, NAME, PATH, MANAGER, "CreateSession", &error, NULL, "a{sv}", 1, "x-colour", "s", "red");
    if (r < 0)
        wrong("an option x-colour is refused: %s", error.message);
    close(fd);
}

static void arguments(int argc, char **argv) {
    sd_bus *bus = connect_bus();
    char *session = create_session(bus, "fd");
    unsigned n = 0;

    for (int i = 0; i < argc; i++) {
        struct xml x = read_xml(argv[i]);
        char *interface = interface_of(argv[i]);
        for (size_t k = 0; k < x.n; k++) {
            char types[64] = "";
            if (strncmp(x.lines[k], "<method", 7) != 0)
                continue;
            char *method = attribute(x.lines[k], "name");
            for (size_t a = k + 1; a < x.n && strncmp(x.lines[a], "<arg", 4) == 0; a++)
                if (strstr(x.lines[a], "direction=\"in\"")) {
                    char *type = attribute(x.lines[a], "type");
                    strcat(types, type);
                    free(type);
                }
            if (strcmp(method, "Close") == 0) { /* on its own session, because valid arguments end it */
                char *other = create_session(bus, "fd");
                try_method(bus, interface, other, method, types);
                free(other);
            } else {
                try_method(bus, interface, session, method, types);
            }
            free(method);
            n++;
        }
        free(interface);
    }
    if (n < 10)
        wrong("only %u methods were found in the files", n);
    try_options(bus, session);
    printf("%u methods\n", n);
    free(session);
    sd_bus_flush_close_unref(bus);
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
