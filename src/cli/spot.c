/* SPDX-License-Identifier: Apache-2.0 */
/* cli/spot.c: `tragus spot`: finds phrases in sound files. */
#include "busjson/busjson.h"
#include "cli/cli.h"

#include <stdio.h>

static const char help[] = "Usage: tragus spot --phrase PHRASE... [--per-hour N] [-m MODEL]\n"
                           "                   [--json] FILE...\n"
                           "\n"
                           "Finds a phrase anywhere in sound files, as the daemon finds a wake phrase.\n"
                           "Prints a line PATH<TAB>START<TAB>END<TAB>PHRASE<TAB>CONFIDENCE for each time\n"
                           "it is said; times in seconds. A confidence of 0.5 is the least that is\n"
                           "reported. '-' is standard input.\n"
                           "\n"
                           "      --phrase PHRASE  plain words, such as 'hey house'; may be repeated\n"
                           "      --per-hour N     false alarms an hour of other talk that are acceptable\n"
                           "                       (default 0.1): with more, less is missed\n"
                           "      --json           print a JSON object per line\n"
                           "  -m, --model PATH     acoustic model file, or the directory of a language\n"
                           "  -v, --verbose        print more on standard error\n"
                           "\n"
                           "Exit codes: 0 a phrase was said, 1 none was, 3 a file could not be read, 4 the\n"
                           "model or a phrase is invalid.\n";

/* Only the spotter is of interest, so the grammar behind it is closed at once. */
#define OPEN_MS 10

struct request {
    struct cli_setup setup;
    struct cli_wake wake;
    bool json;
    const char *path;
    size_t n_found;
};

static void print_event(const tragus_event *e, void *user) {
    struct request *request = user;
    if (e->type != TRAGUS_WAKE_DETECTED)
        return;
    request->n_found++;
    if (request->json) {
        json_object *o = cli_json_event(e);
        busjson_add(o, "file", json_object_new_string(request->path));
        cli_json_print(o);
    } else {
        printf("%s\t%.2f\t%.2f\t%s\t%.3f\n", request->path, e->start_ms / 1000.0, e->end_ms / 1000.0, e->text, e->confidence);
    }
}

/* Reads the options. Returns -1 to go on, or the exit code. */
static int read_options(struct request *ret, int argc, char **argv) {
    enum { PHRASE = 256, PER_HOUR, JSON };
    static const struct option options[] = {{"phrase", required_argument, NULL, PHRASE},
                                            {"per-hour", required_argument, NULL, PER_HOUR},
                                            {"json", no_argument, NULL, JSON},
                                            {"model", required_argument, NULL, 'm'},
                                            {"verbose", no_argument, NULL, 'v'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option, r = CLI_OK;

    *ret = (struct request){.n_found = 0};
    while (r == CLI_OK && (option = getopt_long(argc, argv, ":m:vh", options, NULL)) != -1) {
        if (cli_setup_option(&ret->setup, option, optarg, argv[0], &r))
            continue;
        if (option == PHRASE) {
            r = cli_wake_add(&ret->wake, optarg, "--phrase", argv[0]);
        } else if (option == PER_HOUR) {
            r = cli_wake_per_hour(&ret->wake, optarg, argv[0]);
        } else if (option == JSON) {
            ret->json = true;
        } else {
            return cli_other_option(argv[0], option, help, argv);
        }
    }
    if (r != CLI_OK)
        return r;
    if (ret->wake.n_phrases == 0)
        return cli_usage(argv[0], "no phrase is given; write --phrase 'hey house'");
    if (optind == argc)
        return cli_usage(argv[0], "no sound file is given; name at least one");
    return -1;
}

/* Returns CLI_OK, or the exit code of the last file that failed. */
static int spot(char **paths, size_t n, tragus_model *model, struct request *request) {
    const struct cli_hear_options hearing = {.reject = true,
                                             .wake = request->wake.grammar,
                                             .wake_open_ms = OPEN_MS,
                                             .wake_per_hour = request->wake.per_hour,
                                             .event = print_event,
                                             .user = request};
    struct cli_progress progress;
    int failure = CLI_OK;
    cli_progress_start(&progress, "file");
    for (size_t i = 0; i < n; i++) {
        struct cli_heard heard;
        request->path = paths[i];
        cli_progress_at(&progress, i, n);
        int r = cli_hear(&heard, paths[i], model, request->wake.grammar, &hearing);
        if (r == CLI_OK)
            cli_heard_done(&heard);
        else
            failure = r;
    }
    cli_progress_end(&progress);
    return failure;
}

int cli_spot(int argc, char **argv) {
    struct request request;
    tragus_model *model = NULL;
    int r = read_options(&request, argc, argv);

    if (r >= 0)
        return r;
    r = cli_open_model(&model, request.setup.model);
    if (r == CLI_OK)
        r = cli_open_wake(&request.wake, model, &request.setup);
    if (r == CLI_OK)
        r = spot(argv + optind, (size_t)(argc - optind), model, &request);
    tragus_grammar_unref(request.wake.grammar);
    tragus_model_unref(model);
    return r == CLI_OK && request.n_found == 0 ? CLI_NEGATIVE : r;
}
