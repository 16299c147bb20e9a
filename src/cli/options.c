/* SPDX-License-Identifier: Apache-2.0 */
/* cli/options.c: options that verbs share, and error messages. */
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cli_usage(const char *verb, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(stderr, "tragus %s: ", verb);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\nTry 'tragus %s --help'.\n", verb);
    va_end(args);
    return CLI_USAGE;
}

/* Whether getopt refused this letter within an argument such as -xv: it stays at the argument until its last letter. */
static bool is_letter_within(const char *argument, int letter) {
    return argument && argument[0] == '-' && argument[1] != '-' && letter > 0 && letter < 256 && strchr(argument + 1, letter);
}

int cli_other_option(const char *verb, int option, const char *help, char *const argv[]) {
    const char *last = argv[optind - 1];
    bool is_long = strncmp(last, "--", 2) == 0 && !is_letter_within(argv[optind], optopt);

    if (option == 'h') {
        fputs(help, stdout);
        return CLI_OK;
    }
    if (option == ':')
        return is_long ? cli_usage(verb, "%s needs a value", last) : cli_usage(verb, "-%c needs a value", optopt);
    if (is_long && optopt != 0)
        return cli_usage(verb, "%s: this option takes no value", last);
    return is_long ? cli_usage(verb, "unknown option %s", last) : cli_usage(verb, "unknown option -%c", optopt);
}

int cli_number(const char *verb, const char *option, const char *value, uint64_t least, uint64_t most, uint64_t *ret) {
    char *end;

    errno = 0;
    unsigned long long n = strtoull(value, &end, 10);
    if (*value < '0' || *value > '9' || *end || errno != 0 || n < least || n > most)
        return cli_usage(verb, "%s must be a whole number from %llu to %llu, not '%s'", option, (unsigned long long)least,
                         (unsigned long long)most, value);
    *ret = n;
    return CLI_OK;
}

int cli_context_add(struct cli_context *c, char *value, const char *verb) {
    char *equals = strchr(value, '=');

    if (!equals || equals == value)
        return cli_usage(verb, "--context needs KEY=VALUE, not '%s'", value);
    if (c->n == CLI_MAX_CONTEXT)
        return cli_usage(verb, "--context can be given at most %d times", CLI_MAX_CONTEXT);
    *equals = '\0';
    c->items[c->n++] = (tragus_context){.key = value, .value = equals + 1};
    return CLI_OK;
}

void cli_complain(const char *file, int line, int column, const char *text) {
    fputs("tragus: ", stderr);
    if (file[0])
        fprintf(stderr, "%s:", file);
    if (line > 0)
        fprintf(stderr, "%d:", line);
    if (line > 0 && column > 0)
        fprintf(stderr, "%d:", column);
    fprintf(stderr, "%s%s\n", file[0] ? " " : "", text);
}

bool cli_setup_option(struct cli_setup *s, int option, const char *value, const char *verb, int *ret) {
    *ret = CLI_OK;
    switch (option) {
    case 'g':
        if (s->n_grammars == CLI_MAX_GRAMMARS)
            *ret = cli_usage(verb, "-g can be given at most %d times", CLI_MAX_GRAMMARS);
        else
            s->grammars[s->n_grammars++] = value;
        return true;
    case 'm':
        s->model = value;
        return true;
    case 'p':
        s->pronunciations = value;
        return true;
    case CLI_LANGUAGE:
        s->language = value;
        return true;
    case 'v':
        s->verbose = true;
        return true;
    }
    return false;
}
