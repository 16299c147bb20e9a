/* SPDX-License-Identifier: Apache-2.0 */
/* users_client: what the user of this process may do with tragusd. test_users.sh runs it as several users.
 *
 *     users_client ADDRESS hold            adds the public grammar "theirs", makes a session, prints its path, and waits to be
 * killed users_client ADDRESS try SESSION     tries every call, and prints a line for each: "yes" or "no", a tab, and the call
 *
 * SESSION is the path of a session of another user. The configuration has the grammar "home", whose list {lamp} may be set, and a
 * grammar "missing" that could not be loaded.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define NAME "org.tragus.Tragus1"
#define PATH "/org/tragus/Tragus1"
#define MANAGER "org.tragus.Manager1"
#define SESSION "org.tragus.Session1"
#define PROPERTIES "org.freedesktop.DBus.Properties"

static sd_bus *bus;
static char own[64]; /* the name of this user's grammar */

static sd_bus *connect_bus(const char *address) {
    sd_bus *b = NULL;
    if (sd_bus_new(&b) < 0 || sd_bus_set_address(b, address) < 0 || sd_bus_set_bus_client(b, 1) < 0 ||
        sd_bus_negotiate_fds(b, 1) < 0 || sd_bus_start(b) < 0) {
        fprintf(stderr, "users_client: no connection to %s\n", address);
        exit(2);
    }
    return b;
}

static int memory(const char *text) {
    int fd = memfd_create("text", MFD_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || lseek(fd, 0, SEEK_SET) < 0)
        exit(2);
    return fd;
}

/* Makes a call. Returns whether the user may, whatever else the answer says. Another error than those of rights is an error of this
 * program, if it is not the expected one ("": none). *ret: the answer, or NULL. */
static bool may(sd_bus_message **ret, const char *path, const char *interface, const char *member, const char *expected,
                const char *types, ...) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *m = NULL, *reply = NULL;
    va_list arguments;
    va_start(arguments, types);
    if (sd_bus_message_new_method_call(bus, &m, NAME, path, interface, member) < 0 ||
        sd_bus_message_appendv(m, types, arguments) < 0)
        exit(2);
    va_end(arguments);
    bool good = sd_bus_call(bus, m, 0, &error, &reply) >= 0;
    const char *name = error.name ? error.name : "";
    bool refused = strcmp(name, "org.tragus.Error.NotAuthorized") == 0 || strcmp(name, SD_BUS_ERROR_ACCESS_DENIED) == 0 ||
                   strcmp(name, SD_BUS_ERROR_PROPERTY_READ_ONLY) == 0;
    if (!good && !refused && strcmp(name, expected) != 0)
        fprintf(stderr, "users_client: %s: %s: %s\n", member, name, error.message ? error.message : "");
    sd_bus_error_free(&error);
    sd_bus_message_unref(m);
    if (ret)
        *ret = reply;
    else
        sd_bus_message_unref(reply);
    return !refused;
}

static void told(bool allowed, const char *call) {
    printf("%s\t%s\n", allowed ? "yes" : "no", call);
}

static bool add(const char *name, const char *text, bool is_private) {
    int fd = memory(text);
    bool r = may(NULL, PATH, MANAGER, "AddGrammar", "", "sha{sv}", name, fd, 1, "Private", "b", (int)is_private);
    close(fd);
    return r && may(NULL, PATH, MANAGER, "AddGrammarText", "", "ssa{sv}", name, text, 1, "Private", "b", (int)is_private);
}

static bool set_list(const char *grammar) {
    return may(NULL, PATH, MANAGER, "SetList", "", "ssa(ssa{sv})", grammar, "lamp", 1, "kettle", "", 0);
}

static char *session(const char *input) {
    sd_bus_message *reply;
    const char *path;
    char *copy = NULL;
    if (may(&reply, PATH, MANAGER, "CreateSession", "", "a{sv}", 1, "Input", "s", input) && reply &&
        sd_bus_message_read(reply, "o", &path) > 0)
        copy = strdup(path);
    sd_bus_message_unref(reply);
    return copy;
}

static uint64_t cpu_us(void) {
    uint64_t value = 0;
    if (sd_bus_get_property_trivial(bus, NAME, PATH, "org.tragus.Energy1", "CpuTimeUSec", NULL, 't', &value) < 0)
        exit(2);
    return value;
}

static bool counters_move(void) {
    uint64_t before = cpu_us();
    for (unsigned i = 0; i < 20; i++) /* work for the daemon */
        may(NULL, PATH, MANAGER, "ListGrammars", "", "");
    return cpu_us() > before;
}

/* All properties of an interface can be read, and none can be set. */
static void try_properties(void) {
    bool r = may(NULL, PATH, PROPERTIES, "GetAll", "", "s", MANAGER) &&
             may(NULL, PATH, PROPERTIES, "GetAll", "", "s", "org.tragus.Energy1") &&
             may(NULL, PATH, "org.freedesktop.DBus.Introspectable", "Introspect", "", "");
    told(r, "Read the properties, who listens, and the introspection data");
    told(may(NULL, PATH, PROPERTIES, "Set", "", "ssv", MANAGER, "DefaultGrammar", "s", "theirs"), "Set a property");
    told(counters_move(), "See the counters of `Energy1` without delay");
}

static void try_sounds(void) {
    int sound = memory("no sound");
    char *path = session("microphone");
    bool r = path && may(NULL, path, SESSION, "Start", "", "a{sv}", 0) &&
             may(NULL, path, SESSION, "Trigger", "org.tragus.Error.WrongState", "a{sv}", 0) &&
             may(NULL, path, SESSION, "Stop", "", "a{sv}", 0) && may(NULL, path, SESSION, "Close", "", "");
    told(r, "`CreateSession` with the microphone");
    told(may(NULL, PATH, MANAGER, "Listen", "org.tragus.Error.Timeout", "a{sv}", 1, "Timeout", "u", 100), "`Listen`");
    told(may(NULL, PATH, MANAGER, "Recognize", "org.tragus.Error.UnsupportedFormat", "ha{sv}", sound, 0), "`Recognize`");
    free(path);
    path = session("fd");
    r = path && may(NULL, path, SESSION, "SetInput", "", "ha{sv}", sound, 0) && may(NULL, path, SESSION, "Start", "", "a{sv}", 0) &&
        may(NULL, path, PROPERTIES, "GetAll", "", "s", SESSION) && may(NULL, path, SESSION, "Close", "", "");
    told(r, "`CreateSession` with a sound of one's own, `SetInput`");
    free(path);
    close(sound);
}

static void try_grammars(void) {
    told(may(NULL, PATH, MANAGER, "ParseText", "", "ssa{sv}", "", "turn on the desk", 0) &&
             may(NULL, PATH, MANAGER, "Parse", "", "ssa{sv}", "", "turn on the desk", 1, "Fuzzy", "b", 1) &&
             may(NULL, PATH, MANAGER, "Pronounce", "", "sas", "", 1, "kitchen") && may(NULL, PATH, MANAGER, "ListGrammars", "", ""),
         "`ParseText`, `Parse`, `Pronounce`, `ListGrammars`");
    told(add("home", "go\n", true) && may(NULL, PATH, MANAGER, "RemoveGrammar", "", "s", "home"),
         "`AddGrammar` and `RemoveGrammar` for this connection only, under any name");
    static const char lamps[] =
        "language: en\nintents: {A: {data: [{sentences: [\"light {lamp}\"]}]}}\nlists: {lamp: {values: [desk]}}\n";
    told(add(own, lamps, false) && set_list(own) && may(NULL, PATH, MANAGER, "RemoveGrammar", "", "s", own),
         "`AddGrammar`, `SetList`, `RemoveGrammar` for a public grammar of one's own");
    bool lists = set_list("theirs");
    told(set_list("home") && lists, "`SetList` for a grammar of the configuration or of another user");
    told(add("theirs", lamps, false), "`AddGrammar` in place of another user's");
    told(add("missing", lamps, false), "`AddGrammar` under a name of the configuration whose files are wrong");
    told(add("home", lamps, false), "`AddGrammar` in place of one of the configuration");
}

static void try_removals(void) {
    bool r = may(NULL, PATH, MANAGER, "RemoveGrammar", "", "s", "theirs");
    told(may(NULL, PATH, MANAGER, "RemoveGrammar", "", "s", "home") && r,
         "`RemoveGrammar` for another user's or one of the configuration");
    told(may(NULL, PATH, MANAGER, "Reload", "", "a{sv}", 0), "`Reload`");
}

static void try_others(const char *path) {
    bool any = false;
    any |= may(NULL, path, SESSION, "Start", "", "a{sv}", 0);
    any |= may(NULL, path, SESSION, "Close", "", "");
    any |= may(NULL, path, PROPERTIES, "GetAll", "", "s", SESSION);
    told(any, "Any use of another connection's session");
    sd_bus_error error = SD_BUS_ERROR_NULL;
    int r = sd_bus_request_name(bus, NAME, SD_BUS_NAME_REPLACE_EXISTING);
    told(r >= 0 || r == -EEXIST, "Take the bus name of tragusd"); /* EEXIST: only because it is taken */
    sd_bus_error_free(&error);
}

int main(int argc, char **argv) {
    if (argc < 3)
        return 2;
    alarm(200); /* if the test is over */
    bus = connect_bus(argv[1]);
    snprintf(own, sizeof(own), "of-%u", (unsigned)geteuid());
    if (strcmp(argv[2], "hold") == 0) {
        static const char lamps[] =
            "language: en\nintents: {A: {data: [{sentences: [\"light {lamp}\"]}]}}\nlists: {lamp: {values: [desk]}}\n";
        char *path = add("theirs", lamps, false) ? session("fd") : NULL;
        if (!path)
            return 1;
        puts(path);
        fflush(stdout);
        pause();
        return 0;
    }
    try_properties();
    try_sounds();
    try_grammars();
    try_removals();
    try_others(argc > 3 ? argv[3] : "/");
    sd_bus_flush_close_unref(bus);
    return 0;
}
