/* SPDX-License-Identifier: Apache-2.0 */
/* bus_client introspect, bus_client arguments: the interfaces of the daemon, compared with the files that describe them. */
#include "bus_client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

void introspect(int argc, char **argv) {
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

void arguments(int argc, char **argv) {
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
