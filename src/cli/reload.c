/* SPDX-License-Identifier: Apache-2.0 */
/* cli/reload.c: `tragus reload`: has the daemon read its sentences again. */
#include "busjson/busjson.h"
#include "cli/busclient.h"
#include "cli/cli.h"

#include <stdio.h>

#define PATIENCE_US 600000000 /* for grammars of any size to be compiled */

static const char usage[] = "Usage: tragus reload [OPTIONS]\n\n"
                            "Has tragusd read the sentences that its configuration names again, and waits\n"
                            "until they are in use. Sessions go on. A grammar that cannot be loaded stays as\n"
                            "it was.\n"
                            "\n"
                            "      --forget-lists       use the lists of the files again in place of those\n"
                            "                           that programs have set\n"
                            "      --user               ask the tragusd of this user (session bus)\n"
                            "      --bus-address ADDR   ask the tragusd on this bus\n"
                            "  -h, --help\n"
                            "\n"
                            "Exit codes: 0 reloaded; warnings say what was left out, 4 a grammar or the\n"
                            "configuration is invalid, 5 tragusd cannot be reached, 6 not allowed.\n";

enum { OPTION_FORGET = 256 };

static const struct option options[] = {
    {"forget-lists", no_argument, NULL, OPTION_FORGET},
    BUSCLIENT_LONG,
    {"help", no_argument, NULL, 'h'},
    {0},
};

/* Prints what is left out. Returns CLI_OK, or CLI_MODEL if a grammar could not be loaded. */
static int print(json_object *left_out) {
    unsigned n_failed = 0;

    for (size_t i = 0, n = busjson_length(left_out); i < n; i++) {
        struct busclient_left_out o;
        busclient_left_out(&o, json_object_array_get_idx(left_out, i));
        fprintf(stderr, "tragus: %s: grammar %s: %s\n", o.is_error ? "error" : "warning", o.grammar, o.text);
        n_failed += o.is_error;
    }
    if (n_failed > 0)
        fprintf(stderr, "tragus: %u %s could not be loaded; sentences that were in use stay in use\n", n_failed,
                n_failed == 1 ? "grammar" : "grammars");
    return n_failed > 0 ? CLI_MODEL : CLI_OK;
}

static int call_reload(sd_bus *bus, bool forget_lists) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *call = NULL, *reply = NULL;
    int result;

    int r = sd_bus_message_new_method_call(bus, &call, BUSCLIENT_NAME, BUSCLIENT_PATH, BUSCLIENT_MANAGER, "Reload");
    if (r >= 0)
        r = sd_bus_message_append(call, "a{sv}", 1, "ForgetLists", "b", (int)forget_lists);
    if (r >= 0)
        r = sd_bus_call(bus, call, PATIENCE_US, &error, &reply);
    if (r < 0) {
        result = busclient_complain(&error, r, CLI_MODEL);
    } else {
        json_object *left_out = busjson_value(reply);
        result = print(left_out);
        json_object_put(left_out);
    }
    sd_bus_message_unref(call);
    sd_bus_message_unref(reply);
    sd_bus_error_free(&error);
    return result;
}

int cli_reload(int argc, char **argv) {
    const char *address = NULL;
    bool forget_lists = false;
    sd_bus *bus;
    int option;

    optind = 1;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (option == OPTION_FORGET)
            forget_lists = true;
        else if (!busclient_option(&address, option, optarg))
            return cli_other_option("reload", option, usage, argv);
    }
    if (optind < argc)
        return cli_usage("reload", "unexpected argument %s", argv[optind]);
    int result = busclient_open(&bus, address);
    if (result != CLI_OK)
        return result;
    result = call_reload(bus, forget_lists);
    sd_bus_flush_close_unref(bus);
    return result;
}
