/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/main.c: the command line of tragusd. */
#include "daemon/daemon.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef TRAGUS_CONFIG
#define TRAGUS_CONFIG "/etc/tragus/tragus.conf"
#endif

static const char help[] = "Usage: tragusd [OPTIONS]\n"
                           "Understands spoken commands and reports them over D-Bus (org.tragus.Tragus1).\n"
                           "\n"
                           "  -c, --config FILE         configuration file; default " TRAGUS_CONFIG "\n"
                           "                            with --user, ~/.config/tragus/tragus.conf if it exists\n"
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

/* With --user, a file of the user's own is read in place of the system's. Returns what was found, or NULL if there is neither a
 * home nor such a file. The caller frees it. */
static char *config_of_user(void) {
    const char *folder = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    char *path = NULL;
    int n = -1;

    if (folder && *folder == '/')
        n = asprintf(&path, "%s/tragus/tragus.conf", folder);
    else if (home && *home == '/')
        n = asprintf(&path, "%s/.config/tragus/tragus.conf", home);
    if (n < 0)
        return NULL;
    /* A file that exists and cannot be read is an error that config_load reports. */
    if (access(path, F_OK) < 0 && errno == ENOENT) {
        free(path);
        return NULL;
    }
    return path;
}

/* systemd separates several by colons. */
static const char *first_path(char *paths) {
    if (paths)
        paths[strcspn(paths, ":")] = '\0';
    return paths && *paths ? paths : NULL;
}

struct command_line {
    const char *path, *address, *device; /* NULL: not given */
    bool only_check;
};

/* Returns -1 to go on, or the exit status. */
static int read_options(struct command_line *c, int argc, char **argv) {
    int option;

    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            c->path = optarg;
            break;
        case OPTION_CHECK:
            c->only_check = true;
            break;
        case OPTION_USER:
            c->address = "session";
            break;
        case OPTION_ADDRESS:
            c->address = optarg;
            break;
        case OPTION_DEVICE:
            c->device = optarg;
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
    return -1;
}

int main(int argc, char **argv) {
    struct command_line line = {0};
    char *own_path = NULL;
    tragus_error e = {0};
    struct config config;
    char text[512];

    int r = read_options(&line, argc, argv);
    if (r >= 0)
        return r;
    if (!line.path && line.address && strcmp(line.address, "session") == 0)
        line.path = own_path = config_of_user();
    config_init(&config);
    r = config_load(&config, line.path ? line.path : TRAGUS_CONFIG, &e);
    if (r == -ENOENT && !line.path)
        r = 0; /* the defaults */
    if (r < 0) {
        fprintf(stderr, "tragusd: %s\n", base_error_format(&e, text, sizeof(text)));
        config_done(&config);
        free(own_path);
        return base_settings_may_pass(r) ? 1 : 2;
    }
    if (line.address)
        config.bus.address = line.address;
    if (line.device)
        config.service.device = line.device;
    config.service.state = first_path(getenv("STATE_DIRECTORY"));
    r = line.only_check ? daemon_check(&config) : daemon_run(&config);
    if (line.only_check && r == 0)
        puts("The configuration is valid.");
    config_done(&config);
    free(own_path);
    return r;
}
