/* SPDX-License-Identifier: Apache-2.0 */
/* cli/features.c: prints the features that are the input of the network. Training reads them too, so that there is only one front
 * end. */
#include "base/arena.h"
#include "base/cpu.h"
#include "cli/cli.h"
#include "frontend/frontend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] = "Usage: tragus features [--raw] [--log-mel] FILE\n"
                           "\n"
                           "Prints a row of 40 mean-normalised MFCCs for every 10 ms of a sound file, as\n"
                           "whole numbers (1/256 of log2 units). A sound of N hops of 10 ms, the last one\n"
                           "padded with silence, has N - 2 rows; the first row belongs to the second hop.\n"
                           "\n"
                           "      --raw                  print 16-bit little-endian numbers instead of text\n"
                           "      --log-mel              print the 40 log-mel energies from which the MFCCs\n"
                           "                             are computed\n"
                           "\n"
                           "Exit codes: 0 done, 3 the file could not be read.\n";

static void print_row(const int16_t row[FRONTEND_FEATURES], bool raw) {
    if (raw) {
        fwrite(row, sizeof(*row), FRONTEND_FEATURES, stdout);
        return;
    }
    for (int i = 0; i < FRONTEND_FEATURES; i++)
        printf("%d%c", row[i], i + 1 < FRONTEND_FEATURES ? ' ' : '\n');
}

static int print_features(const int16_t *pcm, size_t n, uint32_t cpu_flags, bool raw, bool log_mel) {
    struct base_arena counting = {0}, arena;
    frontend_place(&counting, cpu_flags);
    if (base_arena_init(&arena, counting.used_bytes) < 0) {
        cli_complain("", 0, 0, "out of memory");
        return CLI_INPUT;
    }
    struct frontend *frontend = frontend_place(&arena, cpu_flags);
    for (size_t i = 0; i < n; i += FRONTEND_HOP) {
        int16_t hop[FRONTEND_HOP] = {0}, row[FRONTEND_FEATURES];
        memcpy(hop, pcm + i, (n - i < FRONTEND_HOP ? n - i : FRONTEND_HOP) * sizeof(*pcm));
        if (frontend_push(frontend, hop, row))
            print_row(log_mel ? frontend_log_mel(frontend) : row, raw);
    }
    base_arena_done(&arena);
    return fflush(stdout) == 0 ? CLI_OK : CLI_INPUT;
}

int cli_features(int argc, char **argv) {
    enum { RAW = 256, LOG_MEL };
    static const struct option options[] = {
        {"raw", no_argument, NULL, RAW}, {"log-mel", no_argument, NULL, LOG_MEL}, {"help", no_argument, NULL, 'h'}, {0}};
    bool raw = false, log_mel = false;
    int option;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (option == RAW) {
            raw = true;
        } else if (option == LOG_MEL) {
            log_mel = true;
        } else {
            return cli_other_option(argv[0], option, help, argv);
        }
    }
    if (argc - optind != 1)
        return cli_usage(argv[0], "exactly one sound file is needed");
    if (raw && isatty(STDOUT_FILENO))
        return cli_usage(argv[0], "--raw does not write to a terminal; redirect the output to a file or a program");

    uint32_t cpu_mask = UINT32_MAX;
    const char *cpu = getenv("TRAGUS_CPU");
    if (cpu && base_cpu_parse(cpu, &cpu_mask) < 0)
        return cli_usage(argv[0], "TRAGUS_CPU is '%s'; set it to all, none, or names like avx2,neon", cpu);

    int16_t *pcm;
    size_t n;
    int r = cli_read_sound(argv[optind], &pcm, &n);
    if (r != CLI_OK)
        return r;
    r = print_features(pcm, n, base_cpu_detect() & cpu_mask, raw, log_mel);
    free(pcm);
    return r;
}
