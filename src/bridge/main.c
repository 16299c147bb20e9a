/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/main.c: the command line of tragus-bridge. */
#include "bridge/bridge.h"
#include "config.h"

#include <getopt.h>
#include <stdio.h>

static const char help[] =
    "Usage: tragus-bridge [OPTIONS]\n"
    "Offers the speech recognition of tragusd to Home Assistant and others, with the Wyoming protocol.\n"
    "\n"
    "      --uri URI             where clients connect: tcp://HOST:PORT or unix://PATH; default tcp://127.0.0.1:10300\n"
    "      --grammar NAME        use this grammar of tragusd instead of its default grammar\n"
    "      --wake PHRASE         offer a wake phrase, in plain words; may be repeated\n"
    "      --language TAG        the language to offer until tragusd has told its own; default en\n"
    "      --user                use the tragusd of this user (session bus)\n"
    "      --bus-address ADDR    use the tragusd on this bus\n"
    "  -h, --help\n"
    "      --version\n"
    "\n"
    "Exit codes: 0 ended by a signal, 1 could not start, 2 wrong command line.\n";

enum { OPTION_URI = 256, OPTION_GRAMMAR, OPTION_WAKE, OPTION_LANGUAGE, OPTION_USER, OPTION_ADDRESS, OPTION_VERSION };

static const struct option options[] = {
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

int main(int argc, char **argv) {
    struct bridge_options o = {.uri = "tcp://127.0.0.1:10300", .address = "system", .grammar = "", .language = "en"};
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case OPTION_URI:
            o.uri = optarg;
            break;
        case OPTION_GRAMMAR:
            o.grammar = optarg;
            break;
        case OPTION_WAKE:
            if (o.n_phrases == BRIDGE_MOST_PHRASES) {
                fprintf(stderr, "tragus-bridge: --wake can be given at most %d times\n", BRIDGE_MOST_PHRASES);
                return 2;
            }
            o.phrases[o.n_phrases++] = optarg;
            break;
        case OPTION_LANGUAGE:
            o.language = optarg;
            break;
        case OPTION_USER:
            o.address = "session";
            break;
        case OPTION_ADDRESS:
            o.address = optarg;
            break;
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
    if (optind < argc) {
        fprintf(stderr, "tragus-bridge: unexpected argument %s; see tragus-bridge --help\n", argv[optind]);
        return 2;
    }
    return bridge_run(&o);
}
