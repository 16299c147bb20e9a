/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cli.h: what the verbs of `tragus` share: exit codes, options, opening models and grammars, recognising a file. */
#ifndef TRAGUS_CLI_CLI_H
#define TRAGUS_CLI_CLI_H

#include "base/error.h"
#include "tragus.h"

#include <getopt.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes of every verb; `tragus help exit-codes` prints them. */
enum cli_exit {
    CLI_OK = 0,
    CLI_NEGATIVE = 1,    /* it ran, and the result is negative */
    CLI_USAGE = 2,       /* wrong command line */
    CLI_INPUT = 3,       /* an input file is missing or invalid */
    CLI_MODEL = 4,       /* model, lexicon or grammar is missing or invalid */
    CLI_UNREACHABLE = 5, /* tragusd cannot be reached */
    CLI_DENIED = 6,      /* tragusd does not allow it to this user */
};

/* argv[0] is the verb. Returns a cli_exit. */
typedef int cli_verb_function(int argc, char **argv);
cli_verb_function cli_transcribe, cli_spot, cli_match, cli_evaluate, cli_features, cli_pronounce, cli_model, cli_bench, cli_listen,
    cli_status, cli_reload, cli_devices, cli_doctor, cli_grammar, cli_words;

/* --- options.c: command lines --- */

/* Prints "tragus VERB: sentence" and a pointer to --help on standard error. Returns CLI_USAGE. */
int cli_usage(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Handles what getopt_long returns for an option that the verb does not handle itself: prints the help for 'h', else what is wrong
 * with the option. The verb's list of short options must begin with ':', so that a missing value is told apart. Returns the exit
 * code. */
int cli_other_option(const char *verb, int option, const char *help, char *const argv[]);
/* Reads a whole number. Returns CLI_OK, or prints the range and returns CLI_USAGE. */
int cli_number(const char *verb, const char *option, const char *value, uint64_t least, uint64_t most, uint64_t *ret);
#define CLI_MAX_CONTEXT 16
struct cli_context { /* the values of --context */
    tragus_context items[CLI_MAX_CONTEXT];
    size_t n;
};
/* Adds KEY=VALUE, and cuts it at the =. Returns CLI_OK, or prints what is wrong and returns CLI_USAGE. */
int cli_context_add(struct cli_context *c, char *value, const char *verb);
/* Prints "tragus: file:line: text" on standard error. file: "" if the message is about none. */
void cli_complain(const char *file, int line, int column, const char *text);

#define CLI_MAX_GRAMMARS 64
enum { CLI_LANGUAGE = 1000 }; /* --language, of the verbs for typed text */
struct cli_setup {            /* the values of -g, -m and -p */
    const char *grammars[CLI_MAX_GRAMMARS];
    size_t n_grammars;
    const char *model, *pronunciations;
    const char *language; /* of the sentences; NULL: the first one's */
    bool verbose;         /* also print notes on the grammar */
    bool only_errors;     /* print no warnings */
    bool free;            /* any words, in place of grammars */
};
/* Handles one of the shared options. Returns true if it was one; *ret is CLI_OK or the exit code. */
bool cli_setup_option(struct cli_setup *s, int option, const char *value, const char *verb, int *ret);
#define CLI_SETUP_SHORT ":g:m:p:v"
#define CLI_SETUP_LONG                                                                  \
    {"grammar", required_argument, NULL, 'g'}, {"model", required_argument, NULL, 'm'}, \
        {"pronunciations", required_argument, NULL, 'p'}, {                             \
        "verbose", no_argument, NULL, 'v'                                               \
    }
#define CLI_SETUP_HELP                                                                   \
    "  -g, --grammar PATH         sentences: a file or a directory; may be repeated,\n"  \
    "                             all are merged\n"                                      \
    "  -m, --model PATH           acoustic model file, or the directory of a language\n" \
    "  -p, --pronunciations FILE  your own pronunciations: lines of WORD PHONE ...\n"    \
    "  -v, --verbose              print more on standard error\n"

/* --- setup.c: models and grammars --- */

/* Opens the model of -m, else $TRAGUS_MODEL, else beside the executable (a build tree), else the installed one. Prints errors;
 * returns CLI_OK or CLI_MODEL. */
int cli_open_model(tragus_model **ret, const char *path);
/* The same without printing: returns 0, or a negative errno and the error. */
int cli_try_model(tragus_model **ret, const char *path, tragus_error *reterr);
/* Prints why a model cannot be used for --fallback. Returns CLI_OK or CLI_MODEL. */
int cli_prepare_fallback(tragus_model *m);
/* Opens the grammars that are given, else the sentences of this machine, in /etc. Prints all diagnostics. */
int cli_open_grammar(tragus_grammar **ret, tragus_model *m, const struct cli_setup *s);
/* The same without printing: returns 0, or a negative errno. d gets the diagnostics. */
int cli_try_grammar(tragus_grammar **ret, tragus_model *m, const struct cli_setup *s, tragus_diagnostics *d, tragus_error *reterr);

struct grammar_match_options; /* in engine/engine.h */
/* tragus_match_text_with, and a sentence that says why it failed. */
int cli_match_text(tragus_match **ret, tragus_grammar *g, const char *text, const struct grammar_match_options *o,
                   tragus_error *reterr);

#define CLI_MAX_PHRASES 16
struct cli_wake { /* wake phrases, from the command line */
    const char *phrases[CLI_MAX_PHRASES];
    size_t n_phrases;
    double per_hour; /* 0 = default */
    tragus_grammar *grammar;
};
/* Adds a phrase; option is its name on the command line. Returns CLI_OK or an exit code. */
int cli_wake_add(struct cli_wake *w, const char *phrase, const char *option, const char *verb);
/* Reads a number of false alarms an hour. */
int cli_wake_per_hour(struct cli_wake *w, const char *value, const char *verb);
/* Sets w->grammar, which the caller unrefs; without phrases it stays NULL. Prints warnings and errors. Returns CLI_OK or CLI_MODEL.
 */
int cli_open_wake(struct cli_wake *w, tragus_model *m, const struct cli_setup *s);

/* --- hear.c: one file through one stream --- */

struct cli_utterance {
    struct cli_utterance *next;
    bool rejected;
    const char *reason; /* why it was rejected, or would have been; "" = understood */
    char *text;         /* as written in the sentences; the best guess if rejected */
    char *spoken;       /* its words as spoken */
    char *free_text;    /* any words that it sounded like; "" = it was understood, or nobody asked */
    double free_confidence;
    char *intent;
    json_object *slots, *words;
    size_t n_words;
    double confidence;
    uint32_t start_ms, end_ms;
};

struct cli_heard {
    struct cli_utterance *utterances; /* in order of time */
    const struct cli_utterance
        *best;           /* the accepted one with most words, else the rejected one with most words; NULL: nothing was said */
    char *text, *spoken; /* of all accepted ones, joined; "" = rejected */
    size_t n_accepted;
    const char *reason; /* "" or why nothing was accepted */
    uint64_t audio_ms;
    uint64_t cpu_ns; /* of this thread, including reading the file */
    tragus_cost cost;
};

struct cli_hear_options {
    bool reject, partial, fallback; /* as in tragus_session_options; so are the next three */
    tragus_grammar *wake;
    uint32_t wake_open_ms;
    double wake_per_hour;
    void (*event)(const tragus_event *e, void *user); /* called with every event as it comes; may be NULL */
    void *user;
};

/* Reads a sound file as 16 kHz mono; "-" is standard input. The caller frees *ret_pcm. Prints errors; returns CLI_OK or CLI_INPUT.
 */
int cli_read_sound(const char *path, int16_t **ret_pcm, size_t *ret_n);
/* Reads and recognises a file. Prints errors; returns CLI_OK or CLI_INPUT. */
int cli_hear(struct cli_heard *ret, const char *path, tragus_model *m, tragus_grammar *g, const struct cli_hear_options *o);
void cli_heard_done(struct cli_heard *h);

/* --- json.c: results as json-c objects --- */

json_object *cli_json_value(const tragus_value *v);
json_object *cli_json_slots(const tragus_slot slots[], size_t n);    /* name -> value; of a repeated name the first */
json_object *cli_json_fields(const tragus_field fields[], size_t n); /* name -> value */
json_object *cli_json_words(const tragus_word words[], size_t n);
/* The keys that `tragus listen --json` prints for a signal of the daemon, except time_usec, latency_ms and grammar, which only a
 * daemon has. */
json_object *cli_json_event(const tragus_event *e);
/* An object that cli_json_print will print: make it first. If there is no memory in busjson_add or busjson_append, cli_json_print
 * says so in place of the object. */
json_object *cli_json_new(void);
void cli_json_print(json_object *o); /* prints one line; releases the reference */

/* --- progress.c: a line on standard error, if it is a terminal and the work takes more than two seconds --- */

struct cli_progress {
    const char *what;
    uint64_t start_us, shown_us;
    bool shown;
};
void cli_progress_start(struct cli_progress *p, const char *what);
void cli_progress_at(struct cli_progress *p, size_t done, size_t all);
void cli_progress_end(struct cli_progress *p); /* clears the line */

#endif
