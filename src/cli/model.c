/* SPDX-License-Identifier: Apache-2.0 */
/* cli/model.c: prints the properties of a model, and checks that it computes the same on this CPU as where it was made. */
#include "base/cpu.h"
#include "base/crc32c.h"
#include "busjson/busjson.h"
#include "cli/cli.h"
#include "engine/engine.h"

#include <stdio.h>
#include <string.h>

static const char help[] = "Usage: tragus model info [--json] [MODEL]\n"
                           "       tragus model check [MODEL]\n"
                           "\n"
                           "info prints size, checksum, labels, cost and kernels of a model, and its\n"
                           "passport: language, corpora with their licences, training, results. check runs\n"
                           "the test that is stored in the file and compares every bit. MODEL is an\n"
                           "acoustic model file or the directory of a language; without it, the same\n"
                           "default as for the other verbs.\n"
                           "\n"
                           "      --json                 info: print a JSON object\n"
                           "  -m, --model PATH           the same as MODEL\n"
                           "\n"
                           "Exit codes: 0 done, 1 the check found a difference, 4 the model is missing or\n"
                           "invalid.\n";

/* Checksum of the whole file: it identifies the model, except for a chance collision. */
static int checksum(const char *path, uint32_t *ret) {
    FILE *f = fopen(path, "re");
    if (!f)
        return -1;
    char bytes[1 << 16];
    uint32_t crc = 0;
    size_t n;
    while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
        crc = base_crc32c(crc, bytes, n);
    int r = ferror(f) ? -1 : 0;
    fclose(f);
    *ret = crc;
    return r;
}

struct figures {
    const char *path;
    size_t size_bytes;
    char checksum[16];
    unsigned n_labels, step_ms, look_ahead_ms;
    uint64_t macs_per_s;
    char kernels[64], cpu[128];
    size_t n_words;
    const char *passport;
    size_t passport_len;
};

static void collect(struct figures *f, tragus_model *m) {
    const struct nn_model *n = engine_model_network(m);
    const struct nn_kernels *k = nn_model_kernels(n);
    uint32_t crc = 0;
    f->path = engine_model_path(m);
    f->size_bytes = nn_model_size_bytes(n);
    if (checksum(f->path, &crc) == 0)
        snprintf(f->checksum, sizeof(f->checksum), "%08x", crc);
    f->n_labels = nn_model_n_labels(n);
    f->step_ms = nn_model_step_hops(n) * 10;
    /* The front end looks half a hop ahead, and the next hop is available only when it is complete. */
    f->look_ahead_ms = nn_model_look_ahead_hops(n) * 10 + 10;
    f->macs_per_s = nn_model_macs_per_step(n) * 1000 / f->step_ms;
    snprintf(f->kernels, sizeof(f->kernels), "gemm %s, dwconv %s, add %s", k->gemm_name, k->dwconv_name, k->add_name);
    base_cpu_names(base_cpu_detect(), f->cpu, sizeof(f->cpu));
    f->n_words = lexicon_n_words(engine_model_lexicon(m));
    f->passport = nn_model_passport(n, &f->passport_len);
}

static void print_text(const struct figures *f) {
    printf("file         %s\n", f->path);
    printf("size         %zu bytes, CRC-32C %s\n", f->size_bytes, f->checksum);
    printf("labels       %u, one row of posteriors every %u ms\n", f->n_labels, f->step_ms);
    printf("look-ahead   %u ms, including the front end\n", f->look_ahead_ms);
    printf("cost         %.1f million multiply-adds per second of speech\n", (double)f->macs_per_s / 1e6);
    printf("kernels      %s (this CPU has: %s)\n", f->kernels, f->cpu);
    printf("dictionary   %zu words\n", f->n_words);
    printf("\npassport:\n");
    for (size_t i = 0; i < f->passport_len;) {
        size_t len = 0;
        while (i + len < f->passport_len && f->passport[i + len] != '\n')
            len++;
        printf("  %.*s\n", (int)len, f->passport + i);
        i += len + 1;
    }
}

static void print_json(const struct figures *f) {
    json_object *o = cli_json_new();
    busjson_add(o, "file", json_object_new_string(f->path));
    busjson_add(o, "size_bytes", json_object_new_int64((int64_t)f->size_bytes));
    busjson_add(o, "crc32c", json_object_new_string(f->checksum));
    busjson_add(o, "labels", json_object_new_int64(f->n_labels));
    busjson_add(o, "step_ms", json_object_new_int64(f->step_ms));
    busjson_add(o, "look_ahead_ms", json_object_new_int64(f->look_ahead_ms));
    busjson_add(o, "macs_per_second", json_object_new_int64((int64_t)f->macs_per_s));
    busjson_add(o, "kernels", json_object_new_string(f->kernels));
    busjson_add(o, "cpu", json_object_new_string(f->cpu));
    busjson_add(o, "dictionary_words", json_object_new_int64((int64_t)f->n_words));
    busjson_add(o, "passport", json_object_new_string_len(f->passport, (int)f->passport_len));
    cli_json_print(o);
}

static int check(tragus_model *m) {
    tragus_error e;
    if (nn_model_check(engine_model_network(m), &e) < 0) {
        cli_complain(e.file[0] ? e.file : engine_model_path(m), e.line, e.column, e.text);
        return CLI_NEGATIVE;
    }
    const struct nn_kernels *k = nn_model_kernels(engine_model_network(m));
    printf("%s: correct, bit for bit (gemm %s, dwconv %s, add %s)\n", engine_model_path(m), k->gemm_name, k->dwconv_name,
           k->add_name);
    return CLI_OK;
}

int cli_model(int argc, char **argv) {
    enum { JSON = 256 };
    static const struct option options[] = {
        {"json", no_argument, NULL, JSON}, {"model", required_argument, NULL, 'm'}, {"help", no_argument, NULL, 'h'}, {0}};
    const char *path = NULL;
    bool json = false;
    int option;
    while ((option = getopt_long(argc, argv, ":m:h", options, NULL)) != -1) {
        if (option == JSON) {
            json = true;
        } else if (option == 'm') {
            path = optarg;
        } else {
            return cli_other_option(argv[0], option, help, argv);
        }
    }
    const char *what = optind < argc ? argv[optind++] : "";
    if (optind < argc)
        path = argv[optind++];
    bool is_info = strcmp(what, "info") == 0;
    if (optind < argc || (!is_info && strcmp(what, "check") != 0))
        return cli_usage(argv[0], "say what to do, info or check, and name at most one model");

    tragus_model *m = NULL;
    int r = cli_open_model(&m, path);
    if (r != CLI_OK)
        return r;
    if (is_info) {
        struct figures f = {0};
        collect(&f, m);
        if (json)
            print_json(&f);
        else
            print_text(&f);
    } else {
        r = check(m);
    }
    tragus_model_unref(m);
    return r;
}
