/* SPDX-License-Identifier: Apache-2.0 */
/* cli/match.c: finds the meaning of typed sentences. */
#include "busjson/busjson.h"
#include "cli/cli.h"
#include "engine/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_READINGS 100 /* of --all */

static const char help[] = "Usage: tragus match [-g GRAMMAR]... [TEXT]...\n"
                           "\n"
                           "Prints a JSON object with text, intent and slots for each text, and the\n"
                           "response and metadata that the sentences name, if any; intent is null if the\n"
                           "text is not in the grammar. Without TEXT it reads lines from standard input.\n"
                           "Without -g it uses /etc/tragus/sentences.\n"
                           "\n"
                           "      --all                  print all readings, best first, in `readings`\n"
                           "      --fuzzy                correct typing errors in words that the grammar\n"
                           "                             does not know; `corrected` is the text then\n"
                           "      --unmatched            if the text is not in the grammar: print in\n"
                           "                             `unmatched` which slot would need which words, and\n"
                           "                             in `sentence` and `would_be` what the text would\n"
                           "                             mean then\n"
                           "      --context KEY=VALUE    context of the sentences, for example\n"
                           "                             area=Kitchen; may be repeated\n"
                           "  -g, --grammar PATH         sentences: a file or a directory; may be repeated,\n"
                           "                             all are merged\n"
                           "      --language TAG         the language to load, if the files have sentences\n"
                           "                             in several, for example de\n"
                           "  -v, --verbose              also print notes on the grammar\n"
                           "\n"
                           "Exit codes: 0 something matched, 1 nothing did, 3 a text is too long or cannot\n"
                           "be read, 4 the grammar is invalid.\n";

struct match_options {
    struct cli_context context;
    bool all, fuzzy, unmatched;
};

/* The key of the reply and the metadata, if the sentences name them. */
static void add_response(json_object *o, const tragus_reading *reading) {
    if (reading->response)
        busjson_add(o, "response", json_object_new_string(reading->response));
    if (reading->n_metadata > 0)
        busjson_add(o, "metadata", cli_json_fields(reading->metadata, reading->n_metadata));
    if (reading->corrected)
        busjson_add(o, "corrected", json_object_new_string(reading->corrected));
}

static json_object *unmatched_json(const tragus_reading *reading) {
    json_object *list = json_object_new_array();
    for (size_t i = 0; i < reading->n_unmatched; i++) {
        json_object *o = json_object_new_object();
        busjson_add(o, "slot", json_object_new_string(reading->unmatched[i].slot));
        busjson_add(o, "text", json_object_new_string(reading->unmatched[i].text));
        busjson_append(list, o);
    }
    return list;
}

static json_object *reading_json(const tragus_reading *reading) {
    json_object *o = json_object_new_object();
    busjson_add(o, "intent", json_object_new_string(reading->intent));
    busjson_add(o, "slots", cli_json_slots(reading->slots, reading->n_slots));
    busjson_add(o, "sentence", json_object_new_string(reading->text));
    add_response(o, reading);
    if (reading->n_unmatched > 0)
        busjson_add(o, "unmatched", unmatched_json(reading));
    if (reading->template_text)
        busjson_add(o, "template", json_object_new_string(reading->template_text));
    return o;
}

/* Returns the number of readings, or a negative errno. */
static int match(tragus_grammar *g, const char *text, const struct match_options *options) {
    const struct grammar_match_options how = {.context = options->context.items,
                                              .n_context = options->context.n,
                                              .max_readings = options->all ? MOST_READINGS : 1,
                                              .fuzzy = options->fuzzy,
                                              .unmatched = options->unmatched};
    tragus_match *found = NULL;
    tragus_error e = {0};

    int n = cli_match_text(&found, g, text, &how, &e);
    if (n < 0) {
        cli_complain("", 0, 0, e.text);
        return n;
    }
    json_object *o = cli_json_new();
    busjson_add(o, "text", json_object_new_string(text));
    const tragus_reading *first = tragus_match_reading(found, 0), *best = first && first->n_unmatched > 0 ? NULL : first;
    busjson_add(o, "intent", best ? json_object_new_string(best->intent) : NULL);
    busjson_add(o, "slots", best ? cli_json_slots(best->slots, best->n_slots) : json_object_new_object());
    if (best)
        add_response(o, best);
    if (first && !best) {
        busjson_add(o, "unmatched", unmatched_json(first));
        busjson_add(o, "would_be", json_object_new_string(first->intent));
        busjson_add(o, "sentence", json_object_new_string(first->text));
    }
    if (options->all) {
        json_object *readings = json_object_new_array();
        for (int i = 0; i < n; i++)
            busjson_append(readings, reading_json(tragus_match_reading(found, (size_t)i)));
        busjson_add(o, "readings", readings);
    }
    cli_json_print(o);
    tragus_match_free(found);
    return best ? n : 0;
}

static int match_lines(tragus_grammar *g, const struct match_options *options, size_t *n_matched) {
    char *line = NULL, text[256];
    size_t size = 0;
    int n = 0;

    while (n >= 0 && getline(&line, &size, stdin) >= 0) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] == '\0')
            continue;
        n = match(g, line, options);
        *n_matched += n > 0;
        fflush(stdout);
    }
    if (n >= 0 && !feof(stdin)) {
        n = -errno;
        snprintf(text, sizeof(text), "cannot be read: %s", strerror(-n));
        cli_complain("standard input", 0, 0, text);
    }
    free(line);
    return n < 0 ? CLI_INPUT : CLI_OK;
}

int cli_match(int argc, char **argv) {
    enum { ALL = 256, CONTEXT, FUZZY, UNMATCHED };
    static const struct option options[] = {{"grammar", required_argument, NULL, 'g'},
                                            {"language", required_argument, NULL, CLI_LANGUAGE},
                                            {"verbose", no_argument, NULL, 'v'},
                                            {"all", no_argument, NULL, ALL},
                                            {"context", required_argument, NULL, CONTEXT},
                                            {"fuzzy", no_argument, NULL, FUZZY},
                                            {"unmatched", no_argument, NULL, UNMATCHED},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct cli_setup setup = {0};
    struct match_options how = {0};
    int option, r;
    while ((option = getopt_long(argc, argv, ":g:vh", options, NULL)) != -1) {
        if (cli_setup_option(&setup, option, optarg, argv[0], &r)) {
            if (r != CLI_OK)
                return r;
        } else if (option == ALL) {
            how.all = true;
        } else if (option == FUZZY) {
            how.fuzzy = true;
        } else if (option == UNMATCHED) {
            how.unmatched = true;
        } else if (option == CONTEXT) {
            if ((r = cli_context_add(&how.context, optarg, argv[0])) != CLI_OK)
                return r;
        } else {
            return cli_other_option(argv[0], option, help, argv);
        }
    }
    tragus_grammar *grammar = NULL;
    size_t n_matched = 0;
    r = cli_open_grammar(&grammar, NULL, &setup);
    if (r == CLI_OK && optind == argc)
        r = match_lines(grammar, &how, &n_matched);
    for (int i = optind; r == CLI_OK && i < argc; i++) {
        int n = match(grammar, argv[i], &how);
        if (n < 0)
            r = CLI_INPUT;
        n_matched += n > 0;
    }
    tragus_grammar_unref(grammar);
    return r != CLI_OK ? r : n_matched > 0 ? CLI_OK : CLI_NEGATIVE;
}
