/* SPDX-License-Identifier: Apache-2.0 */
/* Grammars, typed text, pronunciations and properties, over a real bus. */
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define MOST_BYTES 100000

static sd_bus *client;
static const char lights[] = "language: en\n"
                             "intents:\n"
                             "  Dim:\n"
                             "    data:\n"
                             "      - sentences: [\"dim [the] {lamp} to {0..100:brightness} percent\"]\n"
                             "        slots: {domain: light}\n"
                             "        response: dimmed\n"
                             "lists:\n"
                             "  lamp:\n"
                             "    values: [{in: desk lamp, out: desk}, ceiling]\n";

static int make(void **state) {
    struct service_options o;
    (void)state;
    rig_device("silence", NULL);
    rig_options(&o);
    o.limits.grammar_bytes = MOST_BYTES;
    o.limits.grammar_arcs = 20000;
    wire_start(&o);
    client = wire_connect();
    return 0;
}

static int unmake(void **state) {
    (void)state;
    wire_disconnect(client);
    wire_end();
    return 0;
}

static sd_bus_message *manager(const char *member, const char *types, ...) {
    sd_bus_message *m = wire_new(client, WIRE_PATH, WIRE_MANAGER, member);
    va_list arguments;
    va_start(arguments, types);
    assert_true(sd_bus_message_appendv(m, types, arguments) >= 0);
    va_end(arguments);
    return wire_send(client, m);
}

static sd_bus_message *add(const char *name, const char *text) {
    int fd = wire_memory(text, strlen(text));
    sd_bus_message *reply = manager("AddGrammar", "sha{sv}", name, fd, 0);
    close(fd);
    return reply;
}

/* Counts the diagnostics of each severity in a reply; unrefs it. */
struct counts {
    unsigned notes, warnings, errors, line;
    char file[128];
};

static struct counts diagnostics(sd_bus_message *reply) {
    struct counts c = {0};
    uint32_t severity, line, column;
    const char *file, *text;
    const sd_bus_error *e = sd_bus_message_get_error(reply);
    if (e)
        fail_msg("%s: %s", e->name, e->message);
    assert_true(sd_bus_message_enter_container(reply, 'a', "(uuuss)") > 0);
    while (sd_bus_message_read(reply, "(uuuss)", &severity, &line, &column, &file, &text) > 0) {
        c.notes += severity == 1;
        c.warnings += severity == 2;
        c.errors += severity == 3;
        if (severity == 3) {
            c.line = line;
            snprintf(c.file, sizeof(c.file), "%s", file);
        }
        assert_true(text[0]);
    }
    sd_bus_message_unref(reply);
    return c;
}

/* The number of parses of typed text. */
static unsigned parse(const char *grammar, const char *text) {
    unsigned n = 0;
    sd_bus_message *reply = manager("ParseText", "ssa{sv}", grammar, text, 0);
    const sd_bus_error *e = sd_bus_message_get_error(reply);
    if (e)
        fail_msg("%s: %s", e->name, e->message);
    assert_true(sd_bus_message_enter_container(reply, 'a', "a{sv}") > 0);
    for (; sd_bus_message_at_end(reply, false) == 0; n++)
        assert_true(sd_bus_message_skip(reply, "a{sv}") >= 0);
    sd_bus_message_unref(reply);
    return n;
}

/* --- AddGrammar --- */

static void a_grammar_is_added_and_replaced(void **state) {
    (void)state;
    struct counts c = diagnostics(add("house", "go left\n"));
    assert_int_equal(c.errors, 0);
    assert_int_equal(parse("house", "go left"), 1);
    assert_int_equal(parse("house", "go right"), 0);
    c = diagnostics(add("house", "go right\n"));
    assert_int_equal(parse("house", "go right"), 1);
    c = diagnostics(add("house", "go (right\n")); /* invalid: errors are reported, and the old one stays */
    assert_int_equal(c.errors, 1);
    assert_int_equal(c.line, 1);
    assert_string_equal(c.file, "house");
    assert_int_equal(parse("house", "go right"), 1);
}

static void content_comes_from_any_descriptor(void **state) {
    int ends[2], pair[2], null = open("/dev/null", O_RDONLY), folder = open("/", O_RDONLY);
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "through a pipe\n", 15), 15);
    close(ends[1]);
    assert_int_equal(diagnostics(manager("AddGrammar", "sha{sv}", "piped", ends[0], 0)).errors, 0);
    close(ends[0]);
    assert_int_equal(parse("piped", "through a pipe"), 1);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(write(pair[1], "through a socket\n", 17), 17);
    close(pair[1]);
    assert_int_equal(diagnostics(manager("AddGrammar", "sha{sv}", "piped", pair[0], 0)).errors, 0);
    close(pair[0]);
    assert_int_equal(parse("piped", "through a socket"), 1);
    wire_expect_error(manager("AddGrammar", "sha{sv}", "x", null, 0), WIRE_ERROR("UnsupportedInput"), NULL);
    wire_expect_error(manager("AddGrammar", "sha{sv}", "x", folder, 0), WIRE_ERROR("UnsupportedInput"), NULL);
    assert_int_equal(pipe(ends), 0); /* the wrong end */
    wire_expect_error(manager("AddGrammar", "sha{sv}", "x", ends[1], 0), WIRE_ERROR("UnsupportedInput"), "read end");
    close(ends[0]);
    close(ends[1]);
    close(null);
    close(folder);
}

static void content_may_be_a_text(void **state) {
    (void)state;
    assert_int_equal(diagnostics(manager("AddGrammarText", "ssa{sv}", "typed", "Go Left\n", 1, "Format", "s", "list")).errors, 0);
    assert_int_equal(parse("typed", "go left"), 1);
    struct counts c = diagnostics(manager("AddGrammarText", "ssa{sv}", "typed", "go (right\n", 0));
    assert_int_equal(c.errors, 1);
    assert_int_equal(c.line, 1);
    assert_int_equal(parse("typed", "go left"), 1); /* the old one stays */
    c = diagnostics(manager("AddGrammarText", "ssa{sv}", "typed", "go up\ngo (right\n", 0));
    assert_int_equal(c.errors, 0);
    assert_int_equal(c.warnings, 1); /* the wrong line is left out */
    assert_int_equal(parse("typed", "go up"), 1);
    static char large[MOST_BYTES + 2];
    memset(large, '\n', sizeof(large) - 1);
    wire_expect_error(manager("AddGrammarText", "ssa{sv}", "x", large, 0), WIRE_ERROR("GrammarTooLarge"), "100000");
    wire_expect_error(manager("AddGrammarText", "ssa{sv}", "x", "go", 1, "Format", "s", "xml"), WIRE_ERROR("UnsupportedFormat"),
                      "xml");
}

static void content_may_be_several_files(void **state) {
    (void)state;
    int fd = wire_memory("go left\ngo right\n", 17);
#define FILES(a, b)          \
    (lseek(fd, 0, SEEK_SET), \
     manager("AddGrammar", "sha{sv}", "both", fd, 1, "Files", "a(st)", 2, "a.txt", (uint64_t)(a), "b.txt", (uint64_t)(b)))
    assert_int_equal(diagnostics(FILES(8, 9)).errors, 0);
    assert_int_equal(parse("both", "go left"), 1);
    assert_int_equal(parse("both", "go right"), 1);
    wire_expect_error(FILES(8, 10), WIRE_INVALID, "b.txt");
    wire_expect_error(FILES(8, UINT64_MAX), WIRE_INVALID, "b.txt");
    wire_expect_error(FILES(8, 8), WIRE_INVALID, "1 bytes more");
    close(fd);
    fd = wire_memory("go left\ngo (right\n", 18);
    struct counts c = diagnostics(FILES(8, 10));
    assert_int_equal(c.errors, 0);
    assert_int_equal(c.warnings, 1); /* the wrong line of b.txt is left out */
    assert_int_equal(parse("both", "go left"), 1);
    close(fd);
}

static void what_cannot_be_added_has_an_error(void **state) {
    static char large[MOST_BYTES + 2];
    (void)state;
    wire_expect_error(add("no name", "stop\n"), WIRE_ERROR("InvalidGrammar"), "no name");
    int fd = wire_memory("stop\n", 5);
    wire_expect_error(manager("AddGrammar", "sha{sv}", "x", fd, 1, "Format", "s", "xml"), WIRE_ERROR("UnsupportedFormat"), "xml");
    wire_expect_error(manager("AddGrammar", "sha{sv}", "x", fd, 1, "Language", "s", "tlh"), WIRE_ERROR("NoSuchModel"), "tlh");
    close(fd);
    memset(large, '\n', sizeof(large) - 1);
    wire_expect_error(add("x", large), WIRE_ERROR("GrammarTooLarge"), "100000");
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, 1 << 17) >= MOST_BYTES + 1);
    assert_int_equal(write(ends[1], large, sizeof(large) - 1), (ssize_t)sizeof(large) - 1);
    wire_expect_error(manager("AddGrammar", "sha{sv}", "x", ends[0], 0), WIRE_ERROR("GrammarTooLarge"), NULL);
    close(ends[0]);
    close(ends[1]);
}

/* "[aoa] [boh] ..." on many lines: notes on guessed words, and more arcs than are allowed. */
static void a_grammar_that_is_not_loaded_is_an_error(void **state) {
    char text[6000];
    size_t n = 0;
    (void)state;
    for (unsigned line = 0; line < 3; line++) {
        for (unsigned i = 0; i < 300; i++)
            n += (size_t)snprintf(text + n, sizeof(text) - n, "[%co%c] ", 'a' + (int)(i % 23), 'a' + (int)((i + line) % 17));
        n += (size_t)snprintf(text + n, sizeof(text) - n, "\n");
    }
    assert_in_range(n, 1, sizeof(text) - 1);
    wire_expect_error(add("large", text), WIRE_ERROR("GrammarTooLarge"), NULL);
    assert_null(service_grammar_find(wire_service, "", "large", &(tragus_error){0}));
}

/* --- other clients --- */

static bool has_grown(const void *user) {
    return *(const unsigned *)user > 0;
}

static int on_properties(sd_bus_message *m, void *user, sd_bus_error *error) {
    const char *interface, *name;
    unsigned *n = user;
    (void)error;
    assert_true(sd_bus_message_read(m, "s", &interface) > 0);
    assert_true(sd_bus_message_skip(m, "a{sv}") >= 0);
    assert_true(sd_bus_message_enter_container(m, 'a', "s") > 0);
    while (sd_bus_message_read(m, "s", &name) > 0)
        *n += strcmp(name, "Grammars") == 0;
    return 0;
}

static void others_hear_that_grammars_change(void **state) {
    unsigned n = 0;
    (void)state;
    sd_bus *other = wire_connect();
    assert_true(sd_bus_match_signal(other, NULL, WIRE_NAME, WIRE_PATH, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                    on_properties, &n) >= 0);
    assert_int_equal(diagnostics(add("news", "stop\n")).errors, 0);
    assert_true(rig_until(wire_event, has_grown, &n));
    rig_run(wire_event, 30);
    n = 0;
    int fd = wire_memory("stop\n", 5); /* others neither hear of a private one nor of one that is refused */
    wire_expect_return(manager("AddGrammar", "sha{sv}", "mine", fd, 1, "Private", "b", 1));
    close(fd);
    assert_int_equal(diagnostics(add("news", "go (right\n")).errors, 1);
    wire_expect_return(manager("RemoveGrammar", "s", "mine"));
    rig_run(wire_event, 30);
    assert_int_equal(n, 0);
    wire_expect_return(manager("RemoveGrammar", "s", "news"));
    assert_true(rig_until(wire_event, has_grown, &n));
    wire_disconnect(other);
}

/* If the sender leaves before the text arrives, nothing is added and nobody is answered. */
static void who_left_gets_no_grammar(void **state) {
    int ends[2];
    tragus_error e;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    sd_bus *other = wire_connect();
    sd_bus_message *m = wire_new(other, WIRE_PATH, WIRE_MANAGER, "AddGrammar");
    assert_true(sd_bus_message_append(m, "sha{sv}", "late", ends[0], 1, "Private", "b", 1) >= 0);
    assert_true(sd_bus_send(other, m, NULL) >= 0);
    sd_bus_message_unref(m);
    close(ends[0]);
    rig_run(wire_event, 100);
    wire_disconnect(other);
    rig_run(wire_event, 50);
    assert_int_equal(write(ends[1], "stop\n", 5), 5);
    close(ends[1]);
    rig_run(wire_event, 100);
    for (const struct service_grammar *g = service_grammars(wire_service); g; g = g->next)
        assert_string_not_equal(g->name, "late");
    assert_null(service_grammar_find(wire_service, "", "late", &e));
}

static void private_grammars_are_not_shown_to_others(void **state) {
    const char *name;
    (void)state;
    int fd = wire_memory("stop\n", 5);
    sd_bus *other = wire_connect();
    wire_expect_return(wire_call(other, WIRE_PATH, WIRE_MANAGER, "AddGrammar", "sha{sv}", "secret", fd, 1, "Private", "b", 1));
    close(fd);
    for (int own = 0; own < 2; own++) {
        unsigned n = 0;
        sd_bus_message *reply = wire_call(own ? other : client, WIRE_PATH, WIRE_MANAGER, "ListGrammars", "");
        assert_true(sd_bus_message_enter_container(reply, 'a', "{sa{sv}}") > 0);
        while (sd_bus_message_enter_container(reply, 'e', "sa{sv}") > 0) {
            assert_true(sd_bus_message_read(reply, "s", &name) > 0);
            n += strcmp(name, "secret") == 0;
            assert_true(sd_bus_message_skip(reply, "a{sv}") >= 0);
            assert_true(sd_bus_message_exit_container(reply) >= 0);
        }
        sd_bus_message_unref(reply);
        assert_int_equal(n, own);
    }
    sd_bus_message *reply = wire_property(other, WIRE_PATH, WIRE_MANAGER, "Grammars", "as");
    assert_true(sd_bus_message_enter_container(reply, 'a', "s") > 0);
    while (sd_bus_message_read(reply, "s", &name) > 0)
        assert_string_not_equal(name, "secret");
    sd_bus_message_unref(reply);
    wire_expect_error(manager("ParseText", "ssa{sv}", "secret", "stop", 0), WIRE_ERROR("NoSuchGrammar"), "secret");
    wire_disconnect(other);
}

/* --- SetList, RemoveGrammar, ParseText, Pronounce --- */

static void a_list_is_replaced(void **state) {
    (void)state;
    assert_int_equal(diagnostics(add("lights", lights)).errors, 0);
    assert_int_equal(parse("lights", "dim the desk lamp to 40 percent"), 1);
    wire_expect_return(manager("SetList", "ssa(ssa{sv})", "lights", "lamp", 2, "kettle", "", 0, "(tea|coffee) machine", "machine",
                               1, "Context", "a{sv}", 1, "domain", "s", "light"));
    assert_int_equal(parse("lights", "dim the coffee machine to 40 percent"), 1);
    assert_int_equal(parse("lights", "dim the desk lamp to 40 percent"), 0);
    struct counts c = diagnostics(manager("SetList", "ssa(ssa{sv})", "lights", "lamp", 2, "(kettle", "", 0, "fan", "", 0));
    assert_int_equal(c.warnings, 1); /* the wrong value is left out */
    assert_int_equal(c.errors, 0);
    assert_int_equal(parse("lights", "dim the fan to 40 percent"), 1);
    wire_expect_error(manager("SetList", "ssa(ssa{sv})", "lights", "lamps", 0), WIRE_ERROR("NoSuchList"), "did you mean {lamp}?");
    assert_int_equal(parse("lights", "dim the fan to 40 percent"), 1);
    wire_expect_error(manager("SetList", "ssa(ssa{sv})", "nowhere", "lamp", 0), WIRE_ERROR("NoSuchGrammar"), "nowhere");
    wire_expect_error(manager("SetList", "ssa(ssa{sv})", "lights", "", 0), WIRE_ERROR("InvalidGrammar"), "name");
    wire_expect_error(manager("SetList", "ssa(ssa{sv})", "lights", "lamp", 1, "x", "", 1, "Context", "a{sv}", 1, "area", "s", "x"),
                      WIRE_INVALID, "area");
    wire_expect_error(manager("SetList", "ssa(ssa{sv})", "lights", "lamp", 1, "x", "", 1, "Contxt", "s", "x"), WIRE_INVALID,
                      "Context");
    for (int n = 20000; n <= 20001; n++) {
        sd_bus_message *m = wire_new(client, WIRE_PATH, WIRE_MANAGER, "SetList");
        assert_true(sd_bus_message_append(m, "ss", "nowhere", "lamp") >= 0);
        assert_true(sd_bus_message_open_container(m, 'a', "(ssa{sv})") >= 0);
        for (int i = 0; i < n; i++)
            assert_true(sd_bus_message_append(m, "(ssa{sv})", "x", "", 0) >= 0);
        assert_true(sd_bus_message_close_container(m) >= 0);
        wire_expect_error(wire_send(client, m), n == 20000 ? WIRE_ERROR("NoSuchGrammar") : WIRE_ERROR("GrammarTooLarge"), NULL);
    }
}

/* Lists that wait to be compiled must not fill the memory. */
static void a_list_has_so_many_bytes(void **state) {
    static char text[1 << 20];
    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    for (int n = 4; n <= 5; n++) {
        sd_bus_message *m = wire_new(client, WIRE_PATH, WIRE_MANAGER, "SetList");
        assert_true(sd_bus_message_append(m, "ss", "nowhere", "lamp") >= 0);
        assert_true(sd_bus_message_open_container(m, 'a', "(ssa{sv})") >= 0);
        for (int i = 0; i < n; i++)
            assert_true(sd_bus_message_append(m, "(ssa{sv})", i % 2 ? "x" : text, i % 2 ? text : "", 0) >= 0);
        assert_true(sd_bus_message_close_container(m) >= 0);
        if (n == 4)
            wire_expect_error(wire_send(client, m), WIRE_ERROR("NoSuchGrammar"), NULL);
        else
            wire_expect_error(wire_send(client, m), WIRE_ERROR("GrammarTooLarge"), "4194304 bytes");
    }
}

static void a_grammar_is_removed(void **state) {
    (void)state;
    assert_int_equal(diagnostics(add("gone", "stop\n")).errors, 0);
    wire_expect_return(manager("RemoveGrammar", "s", "gone"));
    wire_expect_error(manager("RemoveGrammar", "s", "gone"), WIRE_ERROR("NoSuchGrammar"), "gone");
    wire_expect_error(manager("RemoveGrammar", "s", ""), WIRE_ERROR("NoSuchGrammar"), NULL);
}

/* Skips the reply's first reading up to the value of a key. */
static sd_bus_message *value_of(sd_bus_message *reply, const char *wanted) {
    const char *key = "";
    assert_null(sd_bus_message_get_error(reply));
    assert_true(sd_bus_message_enter_container(reply, 'a', "a{sv}") > 0);
    assert_true(sd_bus_message_enter_container(reply, 'a', "{sv}") > 0);
    while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
        assert_true(sd_bus_message_read(reply, "s", &key) > 0);
        if (strcmp(key, wanted) == 0)
            return reply;
        assert_true(sd_bus_message_skip(reply, "v") >= 0);
        assert_true(sd_bus_message_exit_container(reply) >= 0);
    }
    fail_msg("the reading has no %s", wanted);
    return NULL;
}

static void typed_text_is_parsed_with_options(void **state) {
    static const char home[] = "language: en\nintents: {On: {data: [{sentences: ['turn on the {name}'], metadata: {level: 3}}]}}\n"
                               "lists: {name: {values: [kitchen light]}}\n";
    const char *text, *slot, *words;
    int64_t level;
    (void)state;
    assert_int_equal(diagnostics(add("home", home)).errors, 0);
    sd_bus_message *reply = value_of(manager("Parse", "ssa{sv}", "home", "turn on the kitchen light", 0), "Metadata");
    assert_true(sd_bus_message_read(reply, "v", "a{sv}", 1, &slot, "x", &level) > 0);
    assert_string_equal(slot, "level");
    assert_int_equal(level, 3);
    sd_bus_message_unref(reply);
    reply = value_of(manager("Parse", "ssa{sv}", "home", "trun on the kitchen ligth", 1, "Fuzzy", "b", 1), "Corrected");
    assert_true(sd_bus_message_read(reply, "v", "s", &text) > 0);
    assert_string_equal(text, "turn on the kitchen light");
    sd_bus_message_unref(reply);
    reply = value_of(manager("Parse", "ssa{sv}", "home", "turn on the zorg", 1, "Unmatched", "b", 1), "Unmatched");
    assert_true(sd_bus_message_read(reply, "v", "aa{sv}", 1, 2, &slot, "s", &words, &text, "s", &words) > 0);
    assert_string_equal(words, "zorg");
    sd_bus_message_unref(reply);
    for (unsigned i = 0; i < 2; i++) { /* without these options it has no reading */
        reply = manager("Parse", "ssa{sv}", "home", i ? "turn on the zorg" : "trun on the kitchen light", 0);
        assert_true(sd_bus_message_enter_container(reply, 'a', "a{sv}") > 0);
        assert_true(sd_bus_message_at_end(reply, false) > 0);
        sd_bus_message_unref(reply);
    }
    wire_expect_error(manager("Parse", "ssa{sv}", "home", "x", 1, "Fuzy", "b", 1), WIRE_INVALID, "Fuzzy");
}

static void typed_text_has_readings(void **state) {
    const char *key, *text, *slot;
    int64_t brightness = -1;
    char desk[32] = "", domain[32] = "";
    (void)state;
    assert_int_equal(diagnostics(add("dimmer", lights)).errors, 0);
    sd_bus_message *reply = manager("ParseText", "ssa{sv}", "dimmer", "Dim the desk lamp to 40 percent", 0);
    assert_true(sd_bus_message_enter_container(reply, 'a', "a{sv}") > 0);
    assert_true(sd_bus_message_enter_container(reply, 'a', "{sv}") > 0);
    unsigned n_keys = 0;
    while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
        assert_true(sd_bus_message_read(reply, "s", &key) > 0);
        n_keys++;
        if (strcmp(key, "intent") == 0) {
            assert_true(sd_bus_message_read(reply, "v", "s", &text) > 0);
            assert_string_equal(text, "Dim");
        } else if (strcmp(key, "Response") == 0) {
            assert_true(sd_bus_message_read(reply, "v", "s", &text) > 0);
            assert_string_equal(text, "dimmed");
        } else if (strcmp(key, "slots") == 0) {
            assert_true(sd_bus_message_enter_container(reply, 'v', "a{sv}") > 0);
            assert_true(sd_bus_message_enter_container(reply, 'a', "{sv}") > 0);
            while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
                assert_true(sd_bus_message_read(reply, "s", &slot) > 0);
                if (strcmp(slot, "brightness") == 0) { /* a number remains a number */
                    assert_true(sd_bus_message_read(reply, "v", "x", &brightness) > 0);
                } else {
                    assert_true(sd_bus_message_read(reply, "v", "s", &text) > 0);
                    snprintf(strcmp(slot, "lamp") == 0 ? desk : domain, sizeof(desk), "%s", text);
                }
                assert_true(sd_bus_message_exit_container(reply) >= 0);
            }
            assert_true(sd_bus_message_exit_container(reply) >= 0);
            assert_true(sd_bus_message_exit_container(reply) >= 0);
        } else {
            assert_true(sd_bus_message_skip(reply, "v") >= 0);
        }
        assert_true(sd_bus_message_exit_container(reply) >= 0);
    }
    sd_bus_message_unref(reply);
    assert_int_equal(brightness, 40);
    assert_string_equal(desk, "desk");
    assert_string_equal(domain, "light");
    assert_true(n_keys >= 6);
    wire_expect_error(manager("ParseText", "ssa{sv}", "nowhere", "x", 0), WIRE_ERROR("NoSuchGrammar"), NULL);
    wire_expect_error(manager("ParseText", "ssa{sv}", "dimmer", "x", 1, "area", "u", 1), WIRE_INVALID, "area");
}

static void words_are_pronounced(void **state) {
    const char *word, *phone;
    bool guessed = false;
    unsigned n = 0;
    (void)state;
    sd_bus_message *reply = manager("Pronounce", "sas", "en", 2, "light", "blorfle");
    assert_true(sd_bus_message_enter_container(reply, 'a', "{saas}") > 0);
    while (sd_bus_message_enter_container(reply, 'e', "saas") > 0) {
        assert_true(sd_bus_message_read(reply, "s", &word) > 0);
        assert_true(sd_bus_message_enter_container(reply, 'a', "as") > 0);
        assert_true(sd_bus_message_enter_container(reply, 'a', "s") > 0);
        assert_true(sd_bus_message_read(reply, "s", &phone) > 0);
        guessed = strcmp(phone, "?") == 0;
        assert_int_equal(guessed, strcmp(word, "blorfle") == 0);
        n++;
        while (sd_bus_message_skip(reply, "s") > 0)
            ;
        assert_true(sd_bus_message_exit_container(reply) >= 0);
        while (sd_bus_message_at_end(reply, false) == 0)
            assert_true(sd_bus_message_skip(reply, "as") >= 0);
        assert_true(sd_bus_message_exit_container(reply) >= 0);
        assert_true(sd_bus_message_exit_container(reply) >= 0);
    }
    sd_bus_message_unref(reply);
    assert_int_equal(n, 2);
    wire_expect_error(manager("Pronounce", "sas", "tlh", 1, "light"), WIRE_ERROR("NoSuchModel"), NULL);
    wire_expect_error(manager("Pronounce", "sas", "en", 1, "?!"), WIRE_INVALID, "?!");
    for (int many = 1000; many <= 1001; many++) {
        sd_bus_message *m = wire_new(client, WIRE_PATH, WIRE_MANAGER, "Pronounce");
        assert_true(sd_bus_message_append(m, "s", "en") >= 0);
        assert_true(sd_bus_message_open_container(m, 'a', "s") >= 0);
        for (int i = 0; i < many; i++)
            assert_true(sd_bus_message_append(m, "s", "light") >= 0);
        assert_true(sd_bus_message_close_container(m) >= 0);
        reply = wire_send(client, m);
        if (many == 1000)
            wire_expect_return(reply);
        else
            wire_expect_error(reply, WIRE_INVALID, "1000");
    }
}

/* --- properties --- */

static void properties_tell_what_there_is(void **state) {
    const char *text;
    uint32_t number;
    int yes;
    (void)state;
    sd_bus_message *reply = wire_property(client, WIRE_PATH, WIRE_MANAGER, "Version", "s");
    assert_true(sd_bus_message_read(reply, "s", &text) > 0);
    assert_string_equal(text, tragus_version());
    sd_bus_message_unref(reply);
    reply = wire_property(client, WIRE_PATH, WIRE_MANAGER, "ApiVersion", "u");
    assert_true(sd_bus_message_read(reply, "u", &number) > 0);
    assert_int_equal(number, 1);
    sd_bus_message_unref(reply);
    reply = wire_property(client, WIRE_PATH, WIRE_MANAGER, "DefaultGrammar", "s");
    assert_true(sd_bus_message_read(reply, "s", &text) > 0);
    assert_string_equal(text, "channels");
    sd_bus_message_unref(reply);
    reply = wire_property(client, WIRE_PATH, WIRE_MANAGER, "Ready", "u");
    assert_true(sd_bus_message_read(reply, "u", &number) > 0);
    assert_int_equal(number, SERVICE_READY);
    sd_bus_message_unref(reply);
    reply = wire_property(client, WIRE_PATH, WIRE_MANAGER, "MicrophoneOpen", "b");
    assert_true(sd_bus_message_read(reply, "b", &yes) > 0);
    assert_false(yes);
    sd_bus_message_unref(reply);
    reply = wire_property(client, WIRE_PATH, WIRE_MANAGER, "Languages", "as");
    assert_true(sd_bus_message_read(reply, "as", 1, &text) > 0);
    assert_string_equal(text, "en");
    sd_bus_message_unref(reply);
}

static void listeners_tell_who_listens(void **state) {
    const char *app, *input, *key[5];
    uint32_t user, pid, count;
    uint64_t started;
    (void)state;
    sd_bus_message *reply = manager("CreateSession", "a{sv}", 1, "AppId", "s", "a clock");
    assert_true(sd_bus_message_read(reply, "o", &app) > 0);
    char *path = strdup(app);
    sd_bus_message_unref(reply);
    wire_expect_return(wire_call(client, path, WIRE_SESSION, "Start", "a{sv}", 0));
    reply = wire_property(client, WIRE_PATH, WIRE_MANAGER, "Listeners", "aa{sv}");
    assert_true(sd_bus_message_enter_container(reply, 'a', "a{sv}") > 0);
    assert_true(sd_bus_message_read(reply, "a{sv}", 5, &key[0], "s", &app, &key[1], "u", &user, &key[2], "u", &pid, &key[3], "s",
                                    &input, &key[4], "t", &started) > 0);
    assert_string_equal(app, "a clock");
    assert_int_equal(user, geteuid());
    assert_int_equal(pid, getpid());
    assert_string_equal(input, "microphone");
    assert_true(started > 1500000000000000);
    assert_int_equal(sd_bus_message_at_end(reply, false), 1); /* nobody else */
    sd_bus_message_unref(reply);
    reply = wire_property(client, WIRE_PATH, WIRE_MANAGER, "SessionCount", "u");
    assert_true(sd_bus_message_read(reply, "u", &count) > 0);
    assert_int_equal(count, 1);
    sd_bus_message_unref(reply);
    wire_expect_return(wire_call(client, path, WIRE_SESSION, "Close", ""));
    free(path);
}

static void energy_is_told(void **state) {
    static const char *const counters[] = {"CpuTimeUSec",    "AudioTimeUSec", "SpeechTimeUSec",
                                           "DecodeTimeUSec", "Wakeups",       "EnergyMicrojoules"};
    uint64_t value;
    uint32_t rss;
    double factor;
    const char *name;
    (void)state;
    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
        sd_bus_message *reply = wire_property(client, WIRE_PATH, WIRE_ENERGY, counters[i], "t");
        assert_true(sd_bus_message_read(reply, "t", &value) > 0);
        if (i == 0 || i == 4)
            assert_true(value > 0);
        sd_bus_message_unref(reply);
    }
    sd_bus_message *reply = wire_property(client, WIRE_PATH, WIRE_ENERGY, "MaxRssKiB", "u");
    assert_true(sd_bus_message_read(reply, "u", &rss) > 0 && rss > 1000);
    sd_bus_message_unref(reply);
    reply = wire_property(client, WIRE_PATH, WIRE_ENERGY, "RealTimeFactor", "d");
    assert_true(sd_bus_message_read(reply, "d", &factor) > 0 && factor >= 0);
    sd_bus_message_unref(reply);
    static const char *const tables[] = {"StageTimeUSec", "ThreadTimeUSec"};
    static const char *const names[][4] = {{"capture", "frontend", "network", "decoder"},
                                           {"main", "capture", "recogniser", "batch"}};
    for (int i = 0; i < 2; i++) {
        reply = wire_property(client, WIRE_PATH, WIRE_ENERGY, tables[i], "a{st}");
        assert_true(sd_bus_message_enter_container(reply, 'a', "{st}") > 0);
        for (int k = 0; k < 4; k++) {
            assert_true(sd_bus_message_read(reply, "{st}", &name, &value) > 0);
            assert_string_equal(name, names[i][k]);
        }
        assert_int_equal(sd_bus_message_at_end(reply, false), 1);
        sd_bus_message_unref(reply);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_grammar_is_added_and_replaced),
        cmocka_unit_test(content_comes_from_any_descriptor),
        cmocka_unit_test(content_may_be_a_text),
        cmocka_unit_test(content_may_be_several_files),
        cmocka_unit_test(what_cannot_be_added_has_an_error),
        cmocka_unit_test(a_grammar_that_is_not_loaded_is_an_error),
        cmocka_unit_test(others_hear_that_grammars_change),
        cmocka_unit_test(who_left_gets_no_grammar),
        cmocka_unit_test(private_grammars_are_not_shown_to_others),
        cmocka_unit_test(a_list_is_replaced),
        cmocka_unit_test(a_list_has_so_many_bytes),
        cmocka_unit_test(a_grammar_is_removed),
        cmocka_unit_test(typed_text_has_readings),
        cmocka_unit_test(typed_text_is_parsed_with_options),
        cmocka_unit_test(words_are_pronounced),
        cmocka_unit_test(properties_tell_what_there_is),
        cmocka_unit_test(listeners_tell_who_listens),
        cmocka_unit_test(energy_is_told),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
