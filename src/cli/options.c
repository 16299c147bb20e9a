/* SPDX-License-Identifier: Apache-2.0 */
/* cli/options.c: options that verbs share, and error messages. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>

int cli_usage(const char *verb, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(stderr, "tragus %s: ", verb);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\nTry 'tragus %s --help'.\n", verb);
    va_end(args);
    return CLI_USAGE;
}

int cli_other_option(const char *verb, int option, const char *help, char *const argv[]) {
    if (option != 'h')
        return cli_usage(verb, "%s: unknown option, or its value is missing", argv[optind - 1]);
    fputs(help, stdout);
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
