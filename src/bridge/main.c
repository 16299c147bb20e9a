/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/main.c: the command line of tragus-bridge. */
#include "bridge/bridge.h"
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#ifndef BRIDGE_CONFIG
#define BRIDGE_CONFIG "/etc/tragus/bridge.conf"
#endif

static const char help[] =
    "Usage: tragus-bridge [OPTIONS]\n"
    "Offers the speech recognition of tragusd to Home Assistant and others, with the Wyoming protocol.\n"
    "\n"
    "  -c, --config FILE         configuration file; default " BRIDGE_CONFIG "\n"
    "      --check-config        read the configuration, report its errors, and exit\n"
    "These override the configuration:\n"
    "      --uri URI             where clients connect: tcp://HOST:PORT or unix://PATH; default tcp://127.0.0.1:10300\n"
    "      --grammar NAME        use this grammar of tragusd instead of its default grammar\n"
    "      --wake PHRASE         offer a wake phrase, in plain words; may be repeated\n"
    "      --language TAG        the language to offer until tragusd has told its own; default en\n"
    "      --user                use the tragusd of this user (session bus)\n"
    "      --bus-address ADDR    use the tragusd on this bus\n"
    "  -h, --help\n"
    "      --version\n"
    "\n"
    "Exit codes: 0 ended by a signal, 1 could not start, 2 wrong command line or configuration.\n";

enum { OPTION_CHECK = 256, OPTION_URI, OPTION_GRAMMAR, OPTION_WAKE, OPTION_LANGUAGE, OPTION_USER, OPTION_ADDRESS, OPTION_VERSION };

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"check-config", no_argument, NULL, OPTION_CHECK},
    {"uri", required_argument, NULL, OPTION_URI},
    {"grammar", required_argument, NULL, OPTION_GRAMMAR},
    {"wake", required_argument, NULL, OPTION_WAKE},
    {"language", required_argument, NULL, OPTION_LANGUAGE},
    {"user", no_argument, NULL, OPTION_USER},
    {"bus-address", required_argument, NULL, OPTION_ADDRESS},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {0},
};

struct command_line {
    const char *config;
    bool only_check;
    struct bridge_options given; /* NULL or none: not given */
};

/* Returns the exit code, or -1 to go on. */
static int take_option(struct command_line *l, int option) {
    struct bridge_options *o = &l->given;

    switch (option) {
    case 'c':
        l->config = optarg;
        return -1;
    case OPTION_CHECK:
        l->only_check = true;
        return -1;
    case OPTION_URI:
        o->uri = optarg;
        return -1;
    case OPTION_GRAMMAR:
        o->grammar = optarg;
        return -1;
    case OPTION_WAKE:
        if (o->n_phrases == BRIDGE_MOST_PHRASES) {
            fprintf(stderr, "tragus-bridge: --wake can be given at most %d times\n", BRIDGE_MOST_PHRASES);
            return 2;
        }
        o->phrases[o->n_phrases++] = optarg;
        return -1;
    case OPTION_LANGUAGE:
        o->language = optarg;
        return -1;
    case OPTION_USER:
        o->address = "session";
        return -1;
    case OPTION_ADDRESS:
        o->address = optarg;
        return -1;
    case 'h':
        fputs(help, stdout);
        return 0;
    case OPTION_VERSION:
        puts("tragus-bridge " PACKAGE_VERSION);
        return 0;
    default:
        fputs("tragus-bridge: see tragus-bridge --help for the options\n", stderr);
        return 2;
    }
}

static void override(struct bridge_options *o, const struct bridge_options *given) {
    if (given->uri)
        o->uri = given->uri;
    if (given->address)
        o->address = given->address;
    if (given->grammar)
        o->grammar = given->grammar;
    if (given->language)
        o->language = given->language;
    if (given->n_phrases == 0)
        return;
    o->n_phrases = given->n_phrases;
    for (size_t i = 0; i < given->n_phrases; i++)
        o->phrases[i] = given->phrases[i];
}

int main(int argc, char **argv) {
    struct command_line l = {0};
    struct bridge_options o;
    tragus_error e = {0};
    char text[512];
    int option;

    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        int code = take_option(&l, option);
        if (code >= 0)
            return code;
    }
    if (optind < argc) {
        fprintf(stderr, "tragus-bridge: unexpected argument %s; see tragus-bridge --help\n", argv[optind]);
        return 2;
    }
    bridge_options_init(&o);
    int r = bridge_options_load(&o, l.config ? l.config : BRIDGE_CONFIG, &e);
    if (r == -ENOENT && !l.config)
        r = 0; /* the defaults */
    override(&o, &l.given);
    if (r >= 0)
        r = bridge_options_check(&o, &e);
    if (r < 0) {
        fprintf(stderr, "tragus-bridge: %s\n", base_error_format(&e, text, sizeof(text)));
        r = base_settings_may_pass(r) ? 1 : 2;
    } else if (l.only_check) {
        puts("The configuration is valid.");
    } else {
        r = bridge_run(&o);
    }
    bridge_options_done(&o);
    return r;
}
