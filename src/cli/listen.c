/* SPDX-License-Identifier: Apache-2.0 */
/* cli/listen.c: `tragus listen`: prints the events of a session with the daemon. It is an ordinary client of the bus. */
#include "busjson/busjson.h"
#include "cli/busclient.h"
#include "cli/cli.h"
#include "cli/listen_grammar.h"
#include "cli/listen_keep.h"
#include "cli/listen_view.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-event.h>
#include <unistd.h>

static const char usage[] = "Usage: tragus listen [OPTIONS]\n\n"
                            "Prints what the daemon understands, event by event, until Ctrl-C. In a\n"
                            "terminal, it first says what can be said, and shows the level, what is being\n"
                            "done, and the words so far.\n"
                            "\n"
                            "  -g, --grammar PATH       sentences for this session only: a file or a\n"
                            "                           directory; may be repeated, all are merged\n"
                            "  -n, --name NAME          use a grammar of the daemon, in place of -g; without\n"
                            "                           both, its default grammar\n"
                            "      --json               print events as JSON, one object per line\n"
                            "      --both               print each event as text, then as JSON\n"
                            "      --wake PHRASE        hear only what follows this phrase, such as 'hey\n"
                            "                           house'; may be repeated. Without it, the phrases in\n"
                            "                           the configuration of tragusd count, if there are any\n"
                            "      --once               stop after one sentence\n"
                            "      --fallback           also say which words it sounded like if it is not\n"
                            "                           understood; tragusd needs the package\n"
                            "                           tragus-words-en\n"
                            "      --partial            also print partial results\n"
                            "      --keep-rejected DIR  record, and keep the sound of what is not understood\n"
                            "                           in this folder, as WAV files. This program then\n"
                            "                           opens the microphone itself, because tragusd gives\n"
                            "                           no sound away. Without --wake every sentence is\n"
                            "                           heard\n"
                            "      --device PCM         the microphone for that: an ALSA device; without it\n"
                            "                           'default'\n"
                            "      --user               use the tragusd of this user (session bus)\n"
                            "      --bus-address ADDR   use the tragusd on this bus\n"
                            "  -h, --help\n"
                            "\n"
                            "Exit codes: 0 something was understood, 1 nothing was, 3 PATH cannot be read,\n"
                            "or the microphone or folder of --keep-rejected not be used, 4 the grammar is\n"
                            "invalid, 5 tragusd cannot be reached, 6 you may not use the microphone.\n";

enum { OPTION_JSON = 256, OPTION_BOTH, OPTION_ONCE, OPTION_PARTIAL, OPTION_FALLBACK, OPTION_WAKE, OPTION_KEEP, OPTION_DEVICE };

static const struct option options[] = {
    {"grammar", required_argument, NULL, 'g'},
    {"name", required_argument, NULL, 'n'},
    {"json", no_argument, NULL, OPTION_JSON},
    {"both", no_argument, NULL, OPTION_BOTH},
    {"once", no_argument, NULL, OPTION_ONCE},
    {"partial", no_argument, NULL, OPTION_PARTIAL},
    {"fallback", no_argument, NULL, OPTION_FALLBACK},
    {"wake", required_argument, NULL, OPTION_WAKE},
    {"keep-rejected", required_argument, NULL, OPTION_KEEP},
    {"device", required_argument, NULL, OPTION_DEVICE},
    BUSCLIENT_LONG,
    {"help", no_argument, NULL, 'h'},
    {0},
};

struct listen {
    sd_bus *bus;
    sd_event *event;
    const char *grammars[CLI_MAX_GRAMMARS], *name, *address;
    size_t n_grammars;
    struct cli_wake wake;
    bool text, json, once, partial, fallback;
    bool terminal; /* shows the view */
    char path[128];
    unsigned n_understood;
    struct listen_view view;
    const char *folder, *device; /* of --keep-rejected; NULL: not given */
    struct listen_keep *keep;
};

/* --- printing ----------------------------------------------------------------------------------------------------------------- */

static void print_event(struct listen *l, const char *event, json_object *o) {
    listen_view_wipe(&l->view);
    if (l->text)
        listen_print_text(event, o);
    if (l->json)
        cli_json_print(json_object_get(o));
    fflush(stdout);
}

static uint32_t member_ms(json_object *o, const char *key) {
    return (uint32_t)json_object_get_int64(json_object_object_get(o, key));
}

static void keep(struct listen *l, json_object *o) {
    tragus_error e = {0};
    char path[4096];

    int r = listen_keep_write(l->keep, member_ms(o, "start_ms"), member_ms(o, "end_ms"), path, sizeof(path), &e);
    listen_view_wipe(&l->view);
    if (r < 0)
        cli_complain(*e.file ? e.file : l->folder, 0, 0, e.text);
    else
        fprintf(stderr, "tragus: kept as %s\n", path);
}

/* --- signals ------------------------------------------------------------------------------------------------------------------ */

static int on_signal(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct listen *l = user;
    const char *event;
    (void)error;

    errno = 0; /* cli_json_print looks at it */
    json_object *o = busjson_signal(m, &event);
    if (!o)
        return 0;
    l->n_understood += strcmp(event, "utterance") == 0;
    listen_view_words(&l->view, strcmp(event, "partial") == 0 ? busclient_text(o, "text") : "");
    /* The view asks for partial results, which are printed only if they were asked for, too. */
    if (l->partial || strcmp(event, "partial") != 0)
        print_event(l, event, o);
    if (l->keep && strcmp(event, "rejected") == 0)
        keep(l, o);
    json_object_put(o);
    if (strcmp(event, "finished") == 0)
        (void)sd_event_exit(l->event, 0);
    return 0;
}

/* --- session ------------------------------------------------------------------------------------------------------------------ */

/* Appends the options of CreateSession. */
static int append_session(const struct listen *l, sd_bus_message *call) {
    (void)sd_bus_message_open_container(call, 'a', "{sv}");
    (void)sd_bus_message_append(call, "{sv}", "Grammar", "s", l->name);
    (void)sd_bus_message_append(call, "{sv}", "Partial", "b", l->partial || l->terminal);
    (void)sd_bus_message_append(call, "{sv}", "OneShot", "b", (int)l->once);
    (void)sd_bus_message_append(call, "{sv}", "AppId", "s", "tragus listen");
    if (l->fallback)
        (void)sd_bus_message_append(call, "{sv}", "Fallback", "b", 1);
    if (l->folder)
        (void)sd_bus_message_append(call, "{sv}", "Input", "s", "fd");
    if (l->wake.n_phrases > 0) {
        (void)sd_bus_message_open_container(call, 'e', "sv");
        (void)sd_bus_message_append(call, "s", "Wake");
        (void)sd_bus_message_open_container(call, 'v', "as");
        (void)sd_bus_message_open_container(call, 'a', "s");
        for (size_t i = 0; i < l->wake.n_phrases; i++)
            (void)sd_bus_message_append(call, "s", l->wake.phrases[i]);
        for (unsigned i = 0; i < 3; i++)
            (void)sd_bus_message_close_container(call);
    }
    return sd_bus_message_close_container(call);
}

/* Says how much is left out of the daemon's grammar, which may be why a sentence is not understood. Returns CLI_OK, or prints an
 * error and returns an exit code if the daemon does not answer. */
static int tell_left_out(const struct listen *l) {
    json_object *manager = NULL;
    size_t n = 0;

    int result = busclient_properties(l->bus, BUSCLIENT_MANAGER, &manager);
    if (result != CLI_OK)
        return result;
    const char *name = *l->name ? l->name : busclient_text(manager, "default_grammar");
    json_object *left_out = json_object_object_get(manager, "left_out");
    for (size_t i = 0; i < busjson_length(left_out); i++)
        n += strcmp(busclient_text(json_object_array_get_idx(left_out, i), "grammar"), name) == 0;
    if (n > 0)
        fprintf(stderr, "tragus: %zu %s of grammar %s %s left out; tragus status names them\n", n, n == 1 ? "part" : "parts", name,
                n == 1 ? "is" : "are");
    json_object_put(manager);
    return CLI_OK;
}

static int create_session(struct listen *l) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *call = NULL, *reply = NULL;
    const char *path = NULL;
    int result = CLI_OK;

    int r = sd_bus_message_new_method_call(l->bus, &call, BUSCLIENT_NAME, BUSCLIENT_PATH, BUSCLIENT_MANAGER, "CreateSession");
    if (r >= 0)
        r = append_session(l, call);
    if (r >= 0)
        r = sd_bus_call(l->bus, call, 0, &error, &reply);
    if (r >= 0)
        r = sd_bus_message_read(reply, "o", &path);
    if (r >= 0) {
        snprintf(l->path, sizeof(l->path), "%s", path);
        /* Subscribe before Start, or the first events may be missed. */
        r = sd_bus_match_signal(l->bus, NULL, BUSCLIENT_NAME, l->path, BUSCLIENT_SESSION, NULL, on_signal, l);
    }
    if (r >= 0 && l->keep) {
        int sound = listen_keep_start(l->keep);
        r = sound < 0 ? sound
                      : sd_bus_call_method(l->bus, BUSCLIENT_NAME, l->path, BUSCLIENT_SESSION, "SetInput", &error, NULL, "ha{sv}",
                                           sound, 0);
        if (sound >= 0)
            close(sound);
    }
    if (r >= 0)
        r = sd_bus_call_method(l->bus, BUSCLIENT_NAME, l->path, BUSCLIENT_SESSION, "Start", &error, NULL, "a{sv}", 0);
    if (r < 0)
        result = busclient_complain(&error, r, CLI_MODEL);
    sd_bus_message_unref(call);
    sd_bus_message_unref(reply);
    sd_bus_error_free(&error);
    return result;
}

static int on_vanished(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct listen *l = user;
    const char *name, *old, *new;
    (void)error;
    if (sd_bus_message_read(m, "sss", &name, &old, &new) >= 0 && !*new) {
        listen_view_wipe(&l->view);
        fputs("tragus: tragusd has stopped\n", stderr);
        (void)sd_event_exit(l->event, CLI_UNREACHABLE);
    }
    return 0;
}

static int on_disconnected(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct listen *l = user;
    (void)m, (void)error;
    listen_view_wipe(&l->view);
    fputs("tragus: the message bus has closed the connection\n", stderr);
    (void)sd_event_exit(l->event, CLI_UNREACHABLE);
    return 0;
}

/* Connects, and creates the session. Prints errors; returns CLI_OK or an exit code. */
static int begin(struct listen *l) {
    tragus_error e = {0};

    if (l->folder && listen_keep_new(&l->keep, l->folder, l->device ? l->device : "default", &e) < 0) {
        cli_complain(e.file, 0, 0, e.text);
        return CLI_INPUT;
    }
    int result = busclient_open(&l->bus, l->address);
    if (result != CLI_OK)
        return result;
    if (l->n_grammars > 0) {
        l->name = LISTEN_GRAMMAR;
        result = listen_add_grammar(l->bus, l->grammars, l->n_grammars);
    } else {
        result = tell_left_out(l);
    }
    return result == CLI_OK ? create_session(l) : result;
}

/* Takes events until the session has finished or a signal comes. Returns what sd_event_loop does. */
static int take_events(struct listen *l) {
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    int r = sd_event_default(&l->event);
    if (r >= 0)
        r = sd_event_add_signal(l->event, NULL, SIGINT, NULL, NULL); /* without a handler: ends the loop */
    if (r >= 0)
        r = sd_event_add_signal(l->event, NULL, SIGTERM, NULL, NULL);
    if (r >= 0)
        r = sd_bus_attach_event(l->bus, l->event, SD_EVENT_PRIORITY_NORMAL);
    if (r >= 0)
        r = sd_bus_add_match(l->bus, NULL,
                             "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
                             "member='NameOwnerChanged',arg0='" BUSCLIENT_NAME "'",
                             on_vanished, l);
    if (r >= 0)
        r = sd_bus_match_signal(l->bus, NULL, "org.freedesktop.DBus.Local", "/org/freedesktop/DBus/Local",
                                "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, l);
    if (r >= 0 && l->terminal)
        r = listen_view_start(&l->view, l->event, l->bus, l->path);
    if (r >= 0)
        r = sd_event_loop(l->event);
    listen_view_end(&l->view);
    return r;
}

static int run(struct listen *l) {
    tragus_error e = {0};

    int result = begin(l);
    if (result != CLI_OK)
        return result;
    if (l->terminal)
        listen_view_examples(l->bus, l->name);
    result = take_events(l);
    if (result < 0) {
        cli_complain("", 0, 0, strerror(-result));
        return CLI_UNREACHABLE;
    }
    if (result == CLI_OK && l->keep && listen_keep_state(l->keep, &e) < 0) {
        cli_complain("", 0, 0, e.text);
        return CLI_INPUT;
    }
    return result != CLI_OK ? result : l->n_understood > 0 ? CLI_OK : CLI_NEGATIVE;
}

/* Reads the command line. Returns -1 to go on, or the exit code. */
static int read_options(struct listen *l, int argc, char **argv) {
    int option;

    optind = 1;
    while ((option = getopt_long(argc, argv, ":g:n:h", options, NULL)) != -1) {
        switch (option) {
        case 'g':
            if (l->n_grammars == CLI_MAX_GRAMMARS)
                return cli_usage("listen", "-g can be given at most %d times", CLI_MAX_GRAMMARS);
            l->grammars[l->n_grammars++] = optarg;
            break;
        case 'n':
            l->name = optarg;
            break;
        case OPTION_JSON:
            l->json = true;
            l->text = false;
            break;
        case OPTION_BOTH:
            l->json = l->text = true;
            break;
        case OPTION_ONCE:
            l->once = true;
            break;
        case OPTION_WAKE: {
            int r = cli_wake_add(&l->wake, optarg, "--wake", "listen");
            if (r != CLI_OK)
                return r;
            break;
        }
        case OPTION_PARTIAL:
            l->partial = true;
            break;
        case OPTION_FALLBACK:
            l->fallback = true;
            break;
        case OPTION_KEEP:
            l->folder = optarg;
            break;
        case OPTION_DEVICE:
            l->device = optarg;
            break;
        default:
            if (busclient_option(&l->address, option, optarg))
                break;
            return cli_other_option("listen", option, usage, argv);
        }
    }
    if (optind < argc)
        return cli_usage("listen", "unexpected argument %s", argv[optind]);

    if (l->n_grammars > 0 && *l->name)
        return cli_usage("listen", "-g and -n exclude each other; -n names a grammar that tragusd has");
    if (l->device && !l->folder)
        return cli_usage("listen", "--device is for --keep-rejected; the microphone of tragusd is in tragus.conf");
    return -1;
}

int cli_listen(int argc, char **argv) {
    struct listen l = {.name = "", .text = true, .terminal = isatty(STDERR_FILENO)};

    int result = read_options(&l, argc, argv);
    if (result >= 0)
        return result;
    result = run(&l);
    sd_bus_flush_close_unref(l.bus);
    listen_keep_free(l.keep);
    sd_event_unref(l.event);
    return result;
}
