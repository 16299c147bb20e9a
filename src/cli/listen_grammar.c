/* SPDX-License-Identifier: Apache-2.0 */
/* cli/listen_grammar.c: sends tragusd the contents of the files of -g, because it may not be allowed to read them. */
#include "cli/listen_grammar.h"
#include "cli/busclient.h"
#include "cli/cli.h"
#include "engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The contents of all files, one after another, and the call of AddGrammar, which gets a list of the files. */
struct gathered {
    int memory;
    sd_bus_message *call;
    tragus_error error;
};

static int gather(const char *path, void *user) {
    struct gathered *g = user;
    char part[65536];
    uint64_t size_bytes = 0;
    ssize_t n;

    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int r = fd < 0 ? -errno : 0;
    while (r == 0 && (n = read(fd, part, sizeof(part))) != 0) {
        if (n < 0)
            r = -errno;
        else if (write(g->memory, part, (size_t)n) != n)
            r = -ENOMEM;
        else
            size_bytes += (uint64_t)n;
    }
    if (r == 0)
        r = sd_bus_message_append(g->call, "(st)", path, size_bytes);
    if (fd >= 0)
        close(fd);
    return r < 0 ? base_error_at(&g->error, r, path, 0, 0, "cannot be read: %s", strerror(-r)) : 0;
}

/* Appends the options of AddGrammar. Returns CLI_OK or an exit code. */
static int append_options(struct gathered *g, const char *const paths[], size_t n_paths) {
    (void)sd_bus_message_open_container(g->call, 'a', "{sv}");
    (void)sd_bus_message_append(g->call, "{sv}", "Private", "b", 1);
    (void)sd_bus_message_open_container(g->call, 'e', "sv");
    (void)sd_bus_message_append(g->call, "s", "Files");
    (void)sd_bus_message_open_container(g->call, 'v', "a(st)");
    (void)sd_bus_message_open_container(g->call, 'a', "(st)");
    for (size_t i = 0; i < n_paths; i++) {
        int r = engine_grammar_files(paths[i], gather, g, &g->error);
        if (r < 0) {
            cli_complain(*g->error.file ? g->error.file : paths[i], 0, 0, *g->error.text ? g->error.text : strerror(-r));
            return CLI_INPUT;
        }
    }
    for (unsigned i = 0; i < 4; i++)
        (void)sd_bus_message_close_container(g->call);
    return CLI_OK;
}

/* Prints what AddGrammar returns. Returns CLI_OK, or CLI_MODEL if the grammar was not taken. */
static int print_diagnostics(sd_bus_message *reply) {
    uint32_t severity, line, column;
    const char *file, *text;
    int result = CLI_OK;

    if (sd_bus_message_enter_container(reply, 'a', "(uuuss)") < 0)
        return CLI_OK;
    while (sd_bus_message_read(reply, "(uuuss)", &severity, &line, &column, &file, &text) > 0) {
        if (severity >= TRAGUS_WARNING)
            cli_complain(file, (int)line, (int)column, text);
        if (severity >= TRAGUS_ERROR)
            result = CLI_MODEL;
    }
    return result;
}

int listen_add_grammar(sd_bus *bus, const char *const paths[], size_t n_paths) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    struct gathered g = {.memory = memfd_create("grammar", MFD_CLOEXEC)};
    int result = CLI_OK;

    int r = g.memory < 0
                ? -errno
                : sd_bus_message_new_method_call(bus, &g.call, BUSCLIENT_NAME, BUSCLIENT_PATH, BUSCLIENT_MANAGER, "AddGrammar");
    if (r >= 0)
        r = sd_bus_message_append(g.call, "sh", LISTEN_GRAMMAR, g.memory);
    if (r >= 0)
        result = append_options(&g, paths, n_paths);
    if (r >= 0 && result == CLI_OK && lseek(g.memory, 0, SEEK_SET) < 0)
        r = -errno;
    if (r >= 0 && result == CLI_OK)
        r = sd_bus_call(bus, g.call, 0, &error, &reply);
    if (r < 0)
        result = busclient_complain(&error, r, CLI_MODEL);
    else if (result == CLI_OK)
        result = print_diagnostics(reply);
    sd_bus_message_unref(g.call);
    sd_bus_message_unref(reply);
    sd_bus_error_free(&error);
    if (g.memory >= 0)
        close(g.memory);
    return result;
}
