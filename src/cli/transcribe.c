/* SPDX-License-Identifier: Apache-2.0 */
/* cli/transcribe.c: recognises sound files and prints their sentences. */
#include "busjson/busjson.h"
#include "cli/cli.h"

#include <stdio.h>
#include <unistd.h>

static const char help[] = "Usage: tragus transcribe [-g GRAMMAR]... [-m MODEL] [--json | --events]\n"
                           "                         FILE...\n"
                           "\n"
                           "Prints a line PATH<TAB>TEXT for each sound file, in their order. TEXT is the\n"
                           "sentence as the grammar spells it, or empty if nothing was understood. Reads\n"
                           "every rate and format that libsndfile supports (WAV, FLAC, Ogg Opus, ...); '-'\n"
                           "is standard input. Without -g it uses /etc/tragus/sentences.\n"
                           "\n"
                           "      --json                 print a JSON object per line: file, text, intent,\n"
                           "                             slots, confidence, rejected, reason, spoken,\n"
                           "                             words, audio_ms, cpu_ms, utterances. If a file has\n"
                           "                             several utterances, text joins those understood;\n"
                           "                             intent, slots and confidence are from the one with\n"
                           "                             most words; utterances contains all of them\n"
                           "      --events               print every event as a JSON object per line, as\n"
                           "                             `tragus listen --json` does, with the file\n"
                           "      --partial              with --events: also print what is understood so\n"
                           "                             far\n"
                           "      --no-reject            if nothing was understood, take the best sentence\n"
                           "                             at any confidence; with --events, every utterance\n"
                           "                             is printed as its best sentence\n"
                           "      --fallback             also write down what was not understood, as any\n"
                           "                             words: after another TAB, or in JSON as free_text;\n"
                           "                             needs the package tragus-words-en\n"
                           "      --free                 write down any words, without a grammar; needs the\n"
                           "                             package tragus-words-en\n"
                           "      --wake PHRASE          hear only what follows this phrase; may be\n"
                           "                             repeated\n" CLI_SETUP_HELP "\n"
                           "Exit codes: 0 something was understood, 1 nothing was, 3 a file could not be\n"
                           "read, 4 the model or grammar is invalid.\n";

static json_object *utterance_json(const struct cli_utterance *u) {
    json_object *o = json_object_new_object();
    busjson_add(o, "text", json_object_new_string(u->rejected ? "" : u->text));
    busjson_add(o, "intent", u->rejected ? NULL : json_object_new_string(u->intent));
    busjson_add(o, "slots", json_object_get(u->slots));
    busjson_add(o, "confidence", busjson_confidence(u->confidence));
    busjson_add(o, "rejected", json_object_new_boolean(u->rejected));
    busjson_add(o, "reason", json_object_new_string(u->reason));
    if (u->rejected)
        busjson_add(o, "guess", json_object_new_string(u->text));
    busjson_add(o, "spoken", json_object_new_string(u->spoken));
    busjson_add(o, "words", json_object_get(u->words));
    if (u->free_text[0]) {
        busjson_add(o, "free_text", json_object_new_string(u->free_text));
        busjson_add(o, "free_confidence", busjson_confidence(u->free_confidence));
    }
    busjson_add(o, "start_ms", json_object_new_int64(u->start_ms));
    busjson_add(o, "end_ms", json_object_new_int64(u->end_ms));
    return o;
}

static void print_json(const char *path, const struct cli_heard *h) {
    json_object *o = cli_json_new();
    const struct cli_utterance *best = h->n_accepted > 0 ? h->best : NULL;
    busjson_add(o, "file", json_object_new_string(path));
    busjson_add(o, "text", json_object_new_string(h->text));
    busjson_add(o, "intent", best ? json_object_new_string(best->intent) : NULL);
    busjson_add(o, "slots", best ? json_object_get(best->slots) : json_object_new_object());
    busjson_add(o, "confidence", busjson_confidence(h->best ? h->best->confidence : 0.0));
    busjson_add(o, "rejected", json_object_new_boolean(!best));
    busjson_add(o, "reason", json_object_new_string(h->reason));
    json_object *words = json_object_new_array(), *utterances = json_object_new_array();
    for (const struct cli_utterance *u = h->utterances; u; u = u->next) {
        for (size_t i = 0; !u->rejected && i < json_object_array_length(u->words); i++)
            busjson_append(words, json_object_get(json_object_array_get_idx(u->words, i)));
        busjson_append(utterances, utterance_json(u));
    }
    busjson_add(o, "spoken", json_object_new_string(h->spoken));
    busjson_add(o, "words", words);
    busjson_add(o, "audio_ms", json_object_new_int64((int64_t)h->audio_ms));
    busjson_add(o, "cpu_ms", json_object_new_int64((int64_t)((h->cpu_ns + 500000) / 1000000)));
    busjson_add(o, "utterances", utterances);
    cli_json_print(o);
}

/* Prints a line also for a file that cannot be read, so that lines correspond to files. */
static void print_unread(const char *path, bool json) {
    if (json) {
        struct cli_heard none = {.text = (char *)"", .spoken = (char *)"", .reason = "cannot be read"};
        print_json(path, &none);
    } else {
        printf("%s\t\n", path);
    }
}

static void print_event(const tragus_event *e, void *user) {
    json_object *o = cli_json_event(e);
    busjson_add(o, "file", json_object_new_string(user));
    cli_json_print(o);
}

/* What the command line asks for. */
struct request {
    struct cli_setup setup;
    struct cli_hear_options hearing;
    struct cli_wake wake;
    bool json, events;
};

/* Reads the options. Returns -1 to go on, or the exit code. */
static int read_options(struct request *ret, int argc, char **argv) {
    enum { JSON = 256, NO_REJECT, EVENTS, PARTIAL, WAKE, FREE, FALLBACK };
    static const struct option options[] = {CLI_SETUP_LONG,
                                            {"json", no_argument, NULL, JSON},
                                            {"events", no_argument, NULL, EVENTS},
                                            {"partial", no_argument, NULL, PARTIAL},
                                            {"no-reject", no_argument, NULL, NO_REJECT},
                                            {"fallback", no_argument, NULL, FALLBACK},
                                            {"free", no_argument, NULL, FREE},
                                            {"wake", required_argument, NULL, WAKE},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option, r;

    *ret = (struct request){.hearing = {.reject = true}};
    while ((option = getopt_long(argc, argv, CLI_SETUP_SHORT "h", options, NULL)) != -1) {
        if (cli_setup_option(&ret->setup, option, optarg, argv[0], &r)) {
            if (r != CLI_OK)
                return r;
        } else if (option == JSON) {
            ret->json = true;
        } else if (option == NO_REJECT) {
            ret->hearing.reject = false;
        } else if (option == EVENTS) {
            ret->events = true;
            ret->hearing.event = print_event;
        } else if (option == PARTIAL) {
            ret->hearing.partial = true;
        } else if (option == FALLBACK) {
            ret->hearing.fallback = true;
        } else if (option == FREE) {
            ret->setup.free = true;
        } else if (option == WAKE) {
            if ((r = cli_wake_add(&ret->wake, optarg, "--wake", argv[0])) != CLI_OK)
                return r;
        } else {
            return cli_other_option(argv[0], option, help, argv);
        }
    }
    if (optind == argc)
        return cli_usage(argv[0], "no sound file is given; name at least one");
    if (ret->setup.free && ret->setup.n_grammars > 0)
        return cli_usage(argv[0], "--free and -g exclude each other");
    if (ret->json && ret->events)
        return cli_usage(argv[0], "--json and --events exclude each other");
    if (ret->hearing.partial && !ret->events)
        return cli_usage(argv[0], "--partial needs --events");
    return -1;
}

static void print_text(const char *path, const struct cli_heard *heard) {
    const char *before = "\t";
    printf("%s\t%s", path, heard->text);
    for (const struct cli_utterance *u = heard->utterances; u; u = u->next) {
        if (!u->free_text[0])
            continue;
        printf("%s%s", before, u->free_text);
        before = " ";
    }
    putchar('\n');
}

static void print_heard(const char *path, const struct cli_heard *heard, const struct request *request) {
    if (request->json)
        print_json(path, heard);
    else if (!request->events)
        print_text(path, heard);
    if (request->setup.verbose)
        for (const struct cli_utterance *u = heard->utterances; u; u = u->next)
            fprintf(stderr, "%s: %.2f to %.2f s: '%s', confidence %.3f%s%s\n", path, u->start_ms / 1000.0, u->end_ms / 1000.0,
                    u->text, u->confidence, u->rejected ? ", rejected: " : "", u->reason);
    fflush(stdout);
}

/* Recognises n files. Returns CLI_OK if something was understood in one of them, CLI_NEGATIVE if nothing was, else the exit code of
 * the last file that failed. */
static int transcribe(char **paths, size_t n, tragus_model *model, tragus_grammar *grammar, struct request *request) {
    struct cli_progress progress;
    size_t n_understood = 0;
    int failure = CLI_OK;

    cli_progress_start(&progress, "file");
    for (size_t i = 0; i < n; i++) {
        struct cli_heard heard;
        cli_progress_at(&progress, i, n);
        request->hearing.user = paths[i];
        int r = cli_hear(&heard, paths[i], model, grammar, &request->hearing);
        if (progress.shown && isatty(STDOUT_FILENO))
            cli_progress_end(&progress);
        if (r != CLI_OK) {
            failure = r;
            if (!request->events)
                print_unread(paths[i], request->json);
            continue;
        }
        n_understood += heard.n_accepted > 0;
        print_heard(paths[i], &heard, request);
        cli_heard_done(&heard);
    }
    cli_progress_end(&progress);
    return failure != CLI_OK ? failure : n_understood > 0 ? CLI_OK : CLI_NEGATIVE;
}

int cli_transcribe(int argc, char **argv) {
    struct request request;
    tragus_model *model = NULL;
    tragus_grammar *grammar = NULL;
    int r = read_options(&request, argc, argv);

    if (r >= 0)
        return r;
    r = cli_open_model(&model, request.setup.model);
    if (r == CLI_OK && request.hearing.fallback)
        r = cli_prepare_fallback(model);
    if (r == CLI_OK)
        r = cli_open_grammar(&grammar, model, &request.setup);
    if (r == CLI_OK)
        r = cli_open_wake(&request.wake, model, &request.setup);
    request.hearing.wake = request.wake.grammar;
    if (r == CLI_OK)
        r = transcribe(argv + optind, (size_t)(argc - optind), model, grammar, &request);
    tragus_grammar_unref(request.wake.grammar);
    tragus_grammar_unref(grammar);
    tragus_model_unref(model);
    return r;
}
