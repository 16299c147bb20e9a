/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/main.c: the command line of tragusd. */
#include "daemon/daemon.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#ifndef TRAGUS_CONFIG
#define TRAGUS_CONFIG "/etc/tragus/tragus.conf"
#endif

static const char help[] =
    "Usage: tragusd [OPTIONS]\n"
    "Understands spoken commands and reports them over D-Bus (org.tragus.Tragus1).\n"
    "\n"
    "  -c, --config FILE         configuration file; default " TRAGUS_CONFIG "\n"
    "      --check-config        read the configuration and its grammars, report what is wrong, and exit\n"
    "      --user                use the session bus of this user instead of the system bus\n"
    "      --bus-address ADDR    use the bus at this address\n"
    "      --device PCM          microphone: an ALSA device\n"
    "  -h, --help\n"
    "      --version\n"
    "\n"
    "Exit codes: 0 ended by a signal, 1 could not start, 2 wrong command line or configuration.\n";

enum { OPTION_CHECK = 256, OPTION_USER, OPTION_ADDRESS, OPTION_DEVICE, OPTION_VERSION };

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},           {"check-config", no_argument, NULL, OPTION_CHECK},
    {"user", no_argument, NULL, OPTION_USER},           {"bus-address", required_argument, NULL, OPTION_ADDRESS},
    {"device", required_argument, NULL, OPTION_DEVICE}, {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPTION_VERSION},     {0},
};

int main(int argc, char **argv) {
    const char *path = NULL, *address = NULL, *device = NULL;
    tragus_error e = {0};
    struct config config;
    char text[512];
    bool only_check = false;
    int option;

    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            path = optarg;
            break;
        case OPTION_CHECK:
            only_check = true;
            break;
        case OPTION_USER:
            address = "session";
            break;
        case OPTION_ADDRESS:
            address = optarg;
            break;
        case OPTION_DEVICE:
            device = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return 0;
        case OPTION_VERSION:
            printf("tragusd %s\n", tragus_version());
            return 0;
        default:
            fputs("tragusd: see tragusd --help for the options\n", stderr);
            return 2;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "tragusd: unexpected argument %s; see tragusd --help\n", argv[optind]);
        return 2;
    }

    config_init(&config);
    int r = config_load(&config, path ? path : TRAGUS_CONFIG, &e);
    if (r == -ENOENT && !path)
        r = 0; /* the defaults */
    if (r < 0) {
        fprintf(stderr, "tragusd: %s\n", base_error_format(&e, text, sizeof(text)));
        config_done(&config);
        return 2;
    }
    if (address)
        config.bus.address = address;
    if (device)
        config.service.device = device;
    r = only_check ? daemon_check(&config) : daemon_run(&config);
    if (only_check && r == 0)
        puts("The configuration is valid.");
    config_done(&config);
    return r;
}
