/* SPDX-License-Identifier: Apache-2.0 */
/* cli/status.c: `tragus status`: prints the state of the daemon, its CPU time and memory. */
#include "base/utf8.h"
#include "busjson/busjson.h"
#include "cli/busclient.h"
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char usage[] = "Usage: tragus status [OPTIONS]\n\n"
                            "Prints whether the daemon is ready, who listens, its grammars and what is left\n"
                            "out of them, CPU time and memory.\n"
                            "\n"
                            "      --json               print one JSON object\n"
                            "      --user               ask the tragusd of this user (session bus)\n"
                            "      --bus-address ADDR   ask the tragusd on this bus\n"
                            "  -h, --help\n"
                            "\n"
                            "Exit codes: 0 ready, or only the microphone is missing, 1 it runs but cannot\n"
                            "recognise, 5 tragusd cannot be reached.\n";

enum { OPTION_JSON = 256 };

static const struct option options[] = {
    {"json", no_argument, NULL, OPTION_JSON},
    BUSCLIENT_LONG,
    {"help", no_argument, NULL, 'h'},
    {0},
};

static int list_grammars(sd_bus *bus, json_object **ret) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    int result = CLI_OK;

    int r = sd_bus_call_method(bus, BUSCLIENT_NAME, BUSCLIENT_PATH, BUSCLIENT_MANAGER, "ListGrammars", &error, &reply, "");
    if (r < 0)
        result = busclient_complain(&error, r, CLI_UNREACHABLE);
    else
        *ret = busjson_value(reply);
    sd_bus_message_unref(reply);
    sd_bus_error_free(&error);
    return result;
}

static double seconds(json_object *o, const char *key) {
    return (double)json_object_get_int64(json_object_object_get(o, key)) / 1e6;
}

/* Prints the name that the client gave, else its program, if this user may see it. Both are any bytes that another user likes. */
static void print_listener(json_object *l) {
    char app[256];
    int pid = json_object_get_int(json_object_object_get(l, "pid"));
    time_t started = (time_t)(json_object_get_int64(json_object_object_get(l, "started_usec")) / 1000000);
    char program[64] = "", path[64], since[32] = "";
    struct tm local;

    snprintf(path, sizeof(path), "/proc/%d/comm", pid);
    FILE *f = pid > 0 ? fopen(path, "re") : NULL;
    if (f && fgets(program, sizeof(program), f))
        program[strcspn(program, "\n")] = '\0';
    if (f)
        fclose(f);
    base_utf8_format(app, sizeof(app), "%s", busclient_text(l, "app"));
    base_utf8_mend(program);
    base_utf8_hide_controls(app);
    base_utf8_hide_controls(program);
    if (localtime_r(&started, &local))
        (void)strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%S", &local);
    printf("listens      %s (process %d, user %u) to %s since %s\n",
           *app       ? app
           : *program ? program
                      : "a program",
           pid, (unsigned)json_object_get_int64(json_object_object_get(l, "user")),
           strcmp(busclient_text(l, "input"), "fd") == 0 ? "its own sound" : "the microphone", since);
}

enum { MOST_PRINTED = 20 }; /* parts that are left out; --json has all */

/* Prints what is left out of the grammars, each with its place. */
static void print_left_out(json_object *left_out) {
    size_t n = busjson_length(left_out);

    for (size_t i = 0; i < n && i < MOST_PRINTED; i++) {
        struct busclient_left_out o;
        busclient_left_out(&o, json_object_array_get_idx(left_out, i));
        printf("%s      %s: %s\n", o.is_error ? "error  " : "warning", o.grammar, o.text);
    }
    if (n > MOST_PRINTED)
        printf("warning      %zu more; tragus status --json prints all\n", n - MOST_PRINTED);
}

static void print_text(json_object *manager, json_object *energy, json_object *grammars) {
    static const char *const ready[] = {"unknown", "loading", "ready",
                                        "not ready to listen: the microphone is missing (see tragus devices)",
                                        "no model: see the log"};
    unsigned state = (unsigned)json_object_get_int(json_object_object_get(manager, "ready"));

    json_object *left_out = json_object_object_get(manager, "left_out");
    size_t n_left_out = busjson_length(left_out);
    printf("tragusd %s: %s", busclient_text(manager, "version"), ready[state < 5 ? state : 0]);
    if (n_left_out > 0)
        printf("; %zu %s of the grammars %s left out", n_left_out, n_left_out == 1 ? "part" : "parts",
               n_left_out == 1 ? "is" : "are");
    putchar('\n');
    printf("microphone   %s\n", json_object_get_boolean(json_object_object_get(manager, "microphone_open")) ? "open" : "closed");
    printf("sessions     %d\n", json_object_get_int(json_object_object_get(manager, "session_count")));
    json_object *listeners = json_object_object_get(manager, "listeners");
    size_t n_listeners = busjson_length(listeners);
    for (size_t i = 0; i < n_listeners; i++)
        print_listener(json_object_array_get_idx(listeners, i));
    json_object_object_foreach(grammars, name, g) {
        printf("grammar      %s: %d sentences, %d words", name, json_object_get_int(json_object_object_get(g, "templates")),
               json_object_get_int(json_object_object_get(g, "words")));
        size_t n_guessed = busjson_length(json_object_object_get(g, "guessed"));
        if (n_guessed > 0)
            printf(", %zu of them with a guessed pronunciation", n_guessed);
        putchar('\n');
    }
    print_left_out(left_out);
    printf("heard        %.1f s, of which %.1f s passed the gate\n", seconds(energy, "audio_time_usec"),
           seconds(energy, "speech_time_usec"));
    printf("CPU time     %.2f s (real-time factor %.4f)\n", seconds(energy, "cpu_time_usec"),
           json_object_get_double(json_object_object_get(energy, "real_time_factor")));
    json_object *threads = json_object_object_get(energy, "thread_time_usec");
    if (json_object_is_type(threads, json_type_object)) {
        json_object_object_foreach(threads, thread, us) {
            printf("  %-11s%.3f s\n", thread, (double)json_object_get_int64(us) / 1e6);
        }
    }
    printf("wake-ups     %lld\n", (long long)json_object_get_int64(json_object_object_get(energy, "wakeups")));
    printf("memory       %.1f MiB at most\n", json_object_get_double(json_object_object_get(energy, "max_rss_kib")) / 1024);
    int64_t uj = json_object_get_int64(json_object_object_get(energy, "energy_microjoules"));
    if (uj > 0)
        printf("energy       %.1f J, of the whole machine\n", (double)uj / 1e6);
}

static int run(const char *address, bool as_json) {
    sd_bus *bus = NULL;
    json_object *manager = NULL, *energy = NULL, *grammars = NULL;

    int result = busclient_open(&bus, address);
    if (result == CLI_OK)
        result = busclient_properties(bus, BUSCLIENT_MANAGER, &manager);
    if (result == CLI_OK)
        result = busclient_properties(bus, BUSCLIENT_ENERGY, &energy);
    if (result == CLI_OK)
        result = list_grammars(bus, &grammars);
    if (result == CLI_OK && !(json_object_is_type(manager, json_type_object) && json_object_is_type(energy, json_type_object) &&
                              json_object_is_type(grammars, json_type_object))) {
        fputs("tragus: there is no memory for the answer of tragusd\n", stderr);
        result = CLI_UNREACHABLE;
    }
    if (result == CLI_OK) {
        int ready = json_object_get_int(json_object_object_get(manager, "ready"));
        if (as_json) {
            busjson_add(manager, "grammars", json_object_get(grammars));
            busjson_add(manager, "energy", json_object_get(energy));
            cli_json_print(json_object_get(manager));
        } else {
            print_text(manager, energy, grammars);
        }
        result = ready == 2 || ready == 3 ? CLI_OK : CLI_NEGATIVE;
    }
    json_object_put(manager);
    json_object_put(energy);
    json_object_put(grammars);
    sd_bus_flush_close_unref(bus);
    return result;
}

int cli_status(int argc, char **argv) {
    const char *address = NULL;
    bool as_json = false;
    int option;

    optind = 1;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (option == OPTION_JSON)
            as_json = true;
        else if (!busclient_option(&address, option, optarg))
            return cli_other_option("status", option, usage, argv);
    }
    if (optind < argc)
        return cli_usage("status", "unexpected argument %s", argv[optind]);
    return run(address, as_json);
}
