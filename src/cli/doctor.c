/* SPDX-License-Identifier: Apache-2.0 */
/* cli/doctor.c: `tragus doctor`: checks in turn what must work before a spoken sentence is understood, and says how to mend what
 * does not. */
#include "cli/doctor.h"
#include "base/settings.h"
#include "base/utf8.h"
#include "busjson/busjson.h"
#include "cli/busclient.h"
#include "engine/engine.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS 6
#define SECONDS_SILENT 2 /* without speech */
#define MOST_SECONDS 60

static const char usage[] = "Usage: tragus doctor [OPTIONS]\n\n"
                            "Checks the daemon, your rights, the model, the microphone, a sentence that you\n"
                            "say, and the grammars. Prints one line for each, and advice where something is\n"
                            "wrong. Sound is not written to disk.\n"
                            "\n"
                            "  -c, --config FILE        where the microphone, the model and the grammars are\n"
                            "                           named; without it\n"
                            "                           " CLI_CONFIG "\n"
                            "      --device PCM         check this ALSA device in place of the configured\n"
                            "                           one\n"
                            "  -m, --model PATH         check this model in place of the configured one\n"
                            "      --no-speech          skip what needs a person\n"
                            "      --seconds N          how long to record, 2 to 60; default 6\n"
                            "      --json               print one JSON object\n"
                            "      --user               ask the tragusd of this user (session bus)\n"
                            "      --bus-address ADDR   ask the tragusd on this bus\n"
                            "  -h, --help\n"
                            "\n"
                            "Exit codes: 0 nothing failed, 1 a check failed, 4 the model is missing or\n"
                            "wrong, 5 tragusd cannot be reached.\n";

enum { OPTION_JSON = 256, OPTION_DEVICE, OPTION_NO_SPEECH, OPTION_SECONDS };

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"device", required_argument, NULL, OPTION_DEVICE},
    {"model", required_argument, NULL, 'm'},
    {"no-speech", no_argument, NULL, OPTION_NO_SPEECH},
    {"seconds", required_argument, NULL, OPTION_SECONDS},
    {"json", no_argument, NULL, OPTION_JSON},
    BUSCLIENT_LONG,
    {"help", no_argument, NULL, 'h'},
    {0},
};

void doctor_report(struct doctor *d, const char *check, enum doctor_state state, const char *advice, const char *format, ...) {
    static const char *const states[] = {"ok", "warning", "failed", "skipped"};
    char text[1024];
    va_list args;

    va_start(args, format);
    (void)base_utf8_vformat(text, sizeof(text), format, args);
    va_end(args);
    d->failed |= state == DOCTOR_FAILED;
    json_object *o = json_object_new_object();
    busjson_add(o, "check", json_object_new_string(check));
    busjson_add(o, "state", json_object_new_string(states[state]));
    busjson_add(o, "text", json_object_new_string(text));
    if (*advice)
        busjson_add(o, "advice", json_object_new_string(advice));
    busjson_append(d->results, o);
    if (d->json)
        return;
    printf("%-8s %-14s %s\n", state == DOCTOR_FAILED ? "FAILED" : states[state], check, text);
    if (*advice)
        printf("%-8s %-14s %s\n", "", "", advice);
    fflush(stdout);
}

/* --- tragus.conf -------------------------------------------------------------------------------------------------------------- */

static int keep(char **to, const char *value, tragus_error *reterr) {
    if (*to) /* given on the command line */
        return 0;
    *to = strdup(value);
    return *to ? 0 : base_error_set(reterr, -ENOMEM, "out of memory");
}

static void report_wrong(struct doctor *d, const struct base_settings_line *l) {
    doctor_report(d, "configuration", DOCTOR_FAILED, "tragusd --check-config says what is allowed", "%s:%d: %s is wrong: \"%.60s\"",
                  l->path, l->line, l->name, l->value);
}

/* Takes the keys that are checked here; tragusd checks all of them. */
static int take_setting(const struct base_settings_line *l, void *user, tragus_error *reterr) {
    struct doctor *d = user;
    char *end;

    if (!l->section || !l->name || !*l->value)
        return 0;
    if (strcmp(l->section, "grammars") == 0) {
        busjson_append(d->grammars, json_object_new_string(l->name));
        return 0;
    }
    if (strcmp(l->section, "model") == 0 && strcmp(l->name, "path") == 0)
        return keep(&d->model, l->value, reterr);
    if (strcmp(l->section, "microphone") != 0)
        return 0;
    if (strcmp(l->name, "device") == 0) {
        d->daemons_device |= d->device && strcmp(d->device, l->value) == 0;
        return keep(&d->device, l->value, reterr);
    }
    if (strcmp(l->name, "channel") == 0 && audio_mix_channel(&d->mix.channel, l->value) < 0)
        report_wrong(d, l);
    if (strcmp(l->name, "gain") == 0) {
        double gain_db = strtod(l->value, &end);
        if (end == l->value || *end || !(gain_db >= -AUDIO_MOST_GAIN_DB && gain_db <= AUDIO_MOST_GAIN_DB))
            report_wrong(d, l);
        else
            d->mix.gain_db = gain_db;
    }
    return 0;
}

/* Reads tragus.conf, and reports it if that fails. */
static void read_settings(struct doctor *d) {
    bool device_given = d->device != NULL;
    tragus_error e = {0};
    char text[600];

    int r = base_settings_read(d->config_path ? d->config_path : CLI_CONFIG, take_setting, d, &e);
    if (r < 0 && !(r == -ENOENT && !d->config_path)) /* without the file, the defaults hold */
        doctor_report(d, "configuration", DOCTOR_FAILED, base_error_format(&e, text, sizeof(text)), "cannot be used");
    d->daemons_device |= !device_given;
    if (!d->device)
        d->device = strdup("default");
}

/* --- the model ---------------------------------------------------------------------------------------------------------------- */

static void check_model(struct doctor *d) {
    tragus_model *m = NULL;
    tragus_error e = {0};
    char text[600];

    int r = cli_try_model(&m, d->model, &e);
    if (r == 0)
        r = nn_model_check(engine_model_network(m), &e);
    d->model_failed = r < 0;
    if (r < 0)
        doctor_report(d, "model", DOCTOR_FAILED, base_error_format(&e, text, sizeof(text)), "the model cannot be used");
    else
        doctor_report(d, "model", DOCTOR_OK, "", "%s: correct, bit for bit", engine_model_path(m));
    tragus_model_unref(m);
}

/* ------------------------------------------------------------------------------------------------------------------------------ */

static int run(struct doctor *d) {
    d->results = json_object_new_array();
    d->grammars = json_object_new_array();
    if (!d->results || !d->grammars) {
        json_object_put(d->results);
        json_object_put(d->grammars);
        cli_complain("", 0, 0, "out of memory");
        return CLI_NEGATIVE;
    }
    read_settings(d);
    doctor_check_daemon(d);
    doctor_check_rights(d);
    check_model(d);
    doctor_check_device(d);
    doctor_check_sound(d);
    doctor_check_grammars(d);

    int result = !d->daemon_runs ? CLI_UNREACHABLE : d->model_failed ? CLI_MODEL : d->failed ? CLI_NEGATIVE : CLI_OK;
    if (d->json) {
        json_object *o = cli_json_new();
        busjson_add(o, "well", json_object_new_boolean(result == CLI_OK));
        busjson_add(o, "device", json_object_new_string(d->device));
        busjson_add(o, "checks", json_object_get(d->results));
        if (d->levels)
            busjson_add(o, "levels", json_object_get(d->levels));
        cli_json_print(o);
    }
    json_object_put(d->results);
    json_object_put(d->grammars);
    json_object_put(d->levels);
    sd_bus_flush_close_unref(d->bus);
    return result;
}

/* Returns whether to go on; else *ret is the exit code. */
static bool take_options(struct doctor *d, int argc, char **argv, int *ret) {
    uint64_t seconds = 0;
    int option;

    optind = 1;
    *ret = CLI_OK;
    while (*ret == CLI_OK && (option = getopt_long(argc, argv, ":c:m:h", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            d->config_path = optarg;
            break;
        case OPTION_DEVICE:
            free(d->device);
            d->device = strdup(optarg);
            break;
        case 'm':
            free(d->model);
            d->model = strdup(optarg);
            break;
        case OPTION_NO_SPEECH:
            d->speech = false;
            break;
        case OPTION_SECONDS:
            *ret = cli_number("doctor", "--seconds", optarg, SECONDS_SILENT, MOST_SECONDS, &seconds);
            break;
        case OPTION_JSON:
            d->json = true;
            break;
        default:
            if (busclient_option(&d->address, option, optarg))
                break;
            *ret = cli_other_option("doctor", option, usage, argv);
            return false;
        }
    }
    d->seconds = seconds > 0 ? (unsigned)seconds : d->speech ? SECONDS : SECONDS_SILENT;
    if (*ret == CLI_OK && optind < argc)
        *ret = cli_usage("doctor", "unexpected argument %s", argv[optind]);
    return *ret == CLI_OK;
}

int cli_doctor(int argc, char **argv) {
    struct doctor d = {.speech = true};
    int result;

    if (take_options(&d, argc, argv, &result))
        result = run(&d);
    free(d.device);
    free(d.model);
    return result;
}
