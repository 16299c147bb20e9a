/* SPDX-License-Identifier: Apache-2.0 */
/* tests/kernels/checkkernels.c: compares every kernel variant of this build and CPU with the reference, byte for byte.
 *
 * tables.h finds the variants, so a new one needs no change here. The shapes for the network's kernels are those of a model's
 * layers, read from its file (by default models/en/acoustic.tragus in the source tree or the current folder), then a list, then
 * random ones. In one run each input ends at an inaccessible page, so a read beyond it crashes; in another it begins right after
 * one. Outputs are filled before the call, and the whole area around them is compared, so a write outside is detected. Data:
 * random; only the extremes of the range; and alternating extremes, which give the largest sums. Each call also checks whether the
 * caller's registers were preserved. tests/kernels/mutations tests this program with planted errors.
 *
 *     checkkernels [--seed N] [--only FAMILY] [--model FILE] [--list]     exit status 0: all equal
 */
#include "base/error.h"
#include "check.h"
#include "checked_call.h"
#include "nn/model.h"
#include "tables.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
uint64_t random_state;

static void fill_s8(int8_t *p, size_t n, enum data data, unsigned phase) {
    for (size_t i = 0; i < n; i++)
        switch (data) {
        case DATA_RANDOM:
            p[i] = (int8_t)random_between(-127, 127);
            break;
        case DATA_EXTREMES:
            p[i] = phase & 1 ? -127 : 127;
            break;
        case DATA_ALTERNATING:
            p[i] = (i / (phase + 1)) & 1 ? -127 : 127;
            break;
        case N_DATA:
            break;
        }
}

/* Multipliers and shifts: as in a model; powers of two, for which many sums are halves that need rounding; and anything in range,
 * where results of small shifts are clamped. */
static void fill_factors(int32_t *multiplier, uint8_t *shift, size_t n, enum data data) {
    for (size_t i = 0; i < n; i++)
        if (i % 3 == 1) {
            int64_t exponent = random_between(0, 30);

            multiplier[i] = 1 << exponent;
            shift[i] = (uint8_t)(exponent + random_between(1, 14));
        } else if (data == DATA_RANDOM && i % 4 != 3) {
            multiplier[i] = (int32_t)random_between(1 << 30, INT32_MAX);
            shift[i] = (uint8_t)random_between(34, 42);
        } else {
            multiplier[i] = i % 3 == 0 ? INT32_MAX : (int32_t)random_between(0, INT32_MAX);
            shift[i] = (uint8_t)random_between(1, 62);
        }
}

struct shape {
    size_t n_rows, k_in, n_out; /* dwconv: n_rows, n_taps, n_channels; add: n_rows * n_out elements, k_in 0 */
    size_t x_stride;            /* gemm; 0: any */
};

static bool check_gemm(const struct nn_kernels *ref, const struct nn_kernels *k, struct shape sh, enum data data, bool at_end) {
    size_t out_stride = sh.n_out + (size_t)random_between(0, 1) * 16, n_out_bytes = (sh.n_rows - 1) * out_stride + sh.n_out;
    size_t x_stride = sh.x_stride != 0                       ? sh.x_stride
                      : sh.n_rows > 1 && data == DATA_RANDOM ? (size_t)random_between(1, (int64_t)sh.k_in)
                                                             : sh.k_in;
    size_t n_x = (sh.n_rows - 1) * x_stride + sh.k_in, n_w = sh.k_in * sh.n_out;
    struct guarded gx = guarded_new(n_x), gw = guarded_new(n_w), gb = guarded_new(sh.n_out * 4), gm = guarded_new(sh.n_out * 4);
    struct guarded gs = guarded_new(sh.n_out), gy = guarded_new(n_out_bytes * 4 + 2 * MARGIN);
    int8_t *x = guarded_at(&gx, n_x, at_end), *w = guarded_at(&gw, n_w, at_end);
    int32_t *bias = guarded_at(&gb, sh.n_out * 4, at_end), *multiplier = guarded_at(&gm, sh.n_out * 4, at_end);
    uint8_t *shift = guarded_at(&gs, sh.n_out, at_end);
    int64_t bias_limit = INT32_MAX - (int64_t)sh.k_in * 127 * 127;
    int32_t low = random_u32() & 1 ? 0 : -127;
    unsigned char *expected = area_new(n_out_bytes * 4 + 2 * MARGIN), *got;
    char text[96];
    bool ok = true;

    fill_s8(x, n_x, data, random_u32() & 3);
    fill_s8(w, n_w, data, random_u32() & 3);
    fill_factors(multiplier, shift, sh.n_out, data);
    for (size_t i = 0; i < sh.n_out; i++)
        bias[i] = (int32_t)(data == DATA_RANDOM ? random_between(-100000, 100000) : i & 1 ? bias_limit : -bias_limit);
    snprintf(text, sizeof(text), "%zu x %zu x %zu", sh.n_rows, sh.k_in, sh.n_out);

    got = guarded_at(&gy, n_out_bytes + 2 * MARGIN, at_end);
    memset(expected, FILL, n_out_bytes + 2 * MARGIN);
    memset(got, FILL, n_out_bytes + 2 * MARGIN);
    ref->gemm_s8((int8_t *)expected + MARGIN, (ptrdiff_t)out_stride, x, (ptrdiff_t)x_stride, sh.n_rows, w, bias, multiplier, shift,
                 sh.k_in, sh.n_out, low);
    ok &= kept("gemm_s8", k->gemm_name,
               CHECKED_CALL(k->gemm_s8, WORD((int8_t *)got + MARGIN), WORD((ptrdiff_t)out_stride), WORD(x),
                            WORD((ptrdiff_t)x_stride), WORD(sh.n_rows), WORD(w), WORD(bias), WORD(multiplier), WORD(shift),
                            WORD(sh.k_in), WORD(sh.n_out), WORD(low)));
    ok &= same("gemm_s8", k->gemm_name, text, data, expected, got, n_out_bytes + 2 * MARGIN);

    got = guarded_at(&gy, n_out_bytes * 4 + 2 * MARGIN, at_end);
    memset(expected, FILL, n_out_bytes * 4 + 2 * MARGIN);
    memset(got, FILL, n_out_bytes * 4 + 2 * MARGIN);
    ref->gemm_s32((int32_t *)(void *)(expected + MARGIN), (ptrdiff_t)out_stride, x, (ptrdiff_t)x_stride, sh.n_rows, w, bias,
                  sh.k_in, sh.n_out);
    ok &= kept("gemm_s32", k->gemm_name,
               CHECKED_CALL(k->gemm_s32, WORD((int32_t *)(void *)(got + MARGIN)), WORD((ptrdiff_t)out_stride), WORD(x),
                            WORD((ptrdiff_t)x_stride), WORD(sh.n_rows), WORD(w), WORD(bias), WORD(sh.k_in), WORD(sh.n_out)));
    ok &= same("gemm_s32", k->gemm_name, text, data, expected, got, n_out_bytes * 4 + 2 * MARGIN);

    free(expected);
    guarded_free(&gx), guarded_free(&gw), guarded_free(&gb), guarded_free(&gm), guarded_free(&gs), guarded_free(&gy);
    return ok;
}

static bool check_dwconv(const struct nn_kernels *ref, const struct nn_kernels *k, struct shape sh, enum data data, bool at_end) {
    size_t n_channels = sh.n_out, n_taps = sh.k_in, n_y = sh.n_rows * n_channels;
    size_t n_x = (sh.n_rows + n_taps - 1) * n_channels, n_w = n_taps * n_channels;
    struct guarded gx = guarded_new(n_x), gw = guarded_new(n_w), gb = guarded_new(n_channels * 4), gm = guarded_new(n_channels * 4);
    struct guarded gs = guarded_new(n_channels), gy = guarded_new(n_y + 2 * MARGIN);
    int8_t *x = guarded_at(&gx, n_x, at_end), *w = guarded_at(&gw, n_w, at_end);
    int32_t *bias = guarded_at(&gb, n_channels * 4, at_end), *multiplier = guarded_at(&gm, n_channels * 4, at_end);
    uint8_t *shift = guarded_at(&gs, n_channels, at_end);
    int64_t bias_limit = INT32_MAX - (int64_t)n_taps * 127 * 127;
    int32_t low = random_u32() & 1 ? 0 : -127;
    unsigned char *expected = area_new(n_y + 2 * MARGIN), *got = guarded_at(&gy, n_y + 2 * MARGIN, at_end);
    char text[96];
    bool ok = true;

    fill_s8(x, n_x, data, random_u32() & 3);
    fill_s8(w, n_w, data, random_u32() & 3);
    fill_factors(multiplier, shift, n_channels, data);
    for (size_t i = 0; i < n_channels; i++)
        bias[i] = (int32_t)(data == DATA_RANDOM ? random_between(-10000, 10000) : i & 1 ? bias_limit : -bias_limit);
    snprintf(text, sizeof(text), "%zu rows, %zu taps, %zu channels", sh.n_rows, n_taps, n_channels);
    memset(expected, FILL, n_y + 2 * MARGIN);
    memset(got, FILL, n_y + 2 * MARGIN);
    ref->dwconv_s8((int8_t *)expected + MARGIN, x, sh.n_rows, w, bias, multiplier, shift, n_channels, n_taps, low);
    ok &= kept("dwconv_s8", k->dwconv_name,
               CHECKED_CALL(k->dwconv_s8, WORD((int8_t *)got + MARGIN), WORD(x), WORD(sh.n_rows), WORD(w), WORD(bias),
                            WORD(multiplier), WORD(shift), WORD(n_channels), WORD(n_taps), WORD(low)));
    ok &= same("dwconv_s8", k->dwconv_name, text, data, expected, got, n_y + 2 * MARGIN);

    free(expected);
    guarded_free(&gx), guarded_free(&gw), guarded_free(&gb), guarded_free(&gm), guarded_free(&gs), guarded_free(&gy);
    return ok;
}

static bool check_add(const struct nn_kernels *ref, const struct nn_kernels *k, struct shape sh, enum data data, bool at_end) {
    size_t n = sh.n_rows * sh.n_out;
    struct guarded ga = guarded_new(n), gb = guarded_new(n), gy = guarded_new(n + 2 * MARGIN);
    int8_t *a = guarded_at(&ga, n, at_end), *b = guarded_at(&gb, n, at_end);
    unsigned char *expected = area_new(n + 2 * MARGIN), *got = guarded_at(&gy, n + 2 * MARGIN, at_end);
    char text[96];
    bool ok = true;

    fill_s8(a, n, data, random_u32() & 3);
    fill_s8(b, n, data, random_u32() & 3);
    snprintf(text, sizeof(text), "%zu", n);
    for (unsigned shift = 1; shift <= 30 && ok; shift++) {
        int32_t limit = (1 << 22) - 1, low = random_u32() & 1 ? 0 : -127;
        int32_t ma = (int32_t)(data == DATA_RANDOM ? random_between(-limit, limit) : shift & 1 ? limit : -limit);
        int32_t mb = (int32_t)(data == DATA_RANDOM ? random_between(-limit, limit) : shift & 2 ? limit : -limit);

        memset(expected, FILL, n + 2 * MARGIN);
        memset(got, FILL, n + 2 * MARGIN);
        ref->add_s8((int8_t *)expected + MARGIN, a, b, n, ma, mb, shift, low);
        ok &= kept("add_s8", k->add_name,
                   CHECKED_CALL(k->add_s8, WORD((int8_t *)got + MARGIN), WORD(a), WORD(b), WORD(n), WORD(ma), WORD(mb), WORD(shift),
                                WORD(low)));
        ok &= same("add_s8", k->add_name, text, data, expected, got, n + 2 * MARGIN);

        /* In place: first over a, then over b. */
        memcpy(got + MARGIN, a, n);
        ok &= kept("add_s8", k->add_name,
                   CHECKED_CALL(k->add_s8, WORD((int8_t *)got + MARGIN), WORD((int8_t *)got + MARGIN), WORD(b), WORD(n), WORD(ma),
                                WORD(mb), WORD(shift), WORD(low)));
        ok &= same("add_s8 over a", k->add_name, text, data, expected, got, n + 2 * MARGIN);
        memcpy(got + MARGIN, b, n);
        ok &= kept("add_s8", k->add_name,
                   CHECKED_CALL(k->add_s8, WORD((int8_t *)got + MARGIN), WORD(a), WORD((int8_t *)got + MARGIN), WORD(n), WORD(ma),
                                WORD(mb), WORD(shift), WORD(low)));
        ok &= same("add_s8 over b", k->add_name, text, data, expected, got, n + 2 * MARGIN);
    }
    free(expected);
    guarded_free(&ga), guarded_free(&gb), guarded_free(&gy);
    return ok;
}

static bool check_unpack(const struct nn_kernels *ref, const struct nn_kernels *k, struct shape sh, enum data data, bool at_end) {
    size_t n_groups = sh.k_in * sh.n_out / NN_GROUP, n_y = n_groups * NN_GROUP;
    struct guarded gp = guarded_new(n_y / 2), gy = guarded_new(n_y + 2 * MARGIN);
    uint8_t *packed = guarded_at(&gp, n_y / 2, at_end);
    unsigned char *expected = area_new(n_y + 2 * MARGIN), *got = guarded_at(&gy, n_y + 2 * MARGIN, at_end);
    char text[96];
    bool ok = true;

    for (size_t i = 0; i < n_y / 2; i++)
        packed[i] = (uint8_t)(data == DATA_RANDOM ? random_between(0, 255) : data == DATA_EXTREMES ? 0x1f : 0xf1);
    snprintf(text, sizeof(text), "%zu groups", n_groups);
    memset(expected, FILL, n_y + 2 * MARGIN);
    memset(got, FILL, n_y + 2 * MARGIN);
    ref->unpack_s4((int8_t *)expected + MARGIN, packed, n_groups);
    ok &= kept("unpack_s4", k->unpack_name, CHECKED_CALL(k->unpack_s4, WORD((int8_t *)got + MARGIN), WORD(packed), WORD(n_groups)));
    ok &= same("unpack_s4", k->unpack_name, text, data, expected, got, n_y + 2 * MARGIN);
    free(expected);
    guarded_free(&gp), guarded_free(&gy);
    return ok;
}

typedef bool check_function(const struct nn_kernels *ref, const struct nn_kernels *k, struct shape sh, enum data data, bool at_end);

/* The smallest sizes, odd counts of groups and blocks, sizes just above and below those of unrolled loops, and large ones. */
static const struct shape gemm_shapes[] = {
    {1, 4, 16, 0},   {1, 8, 16, 0},   {1, 12, 16, 0},  {2, 16, 32, 0},  {3, 20, 16, 0},   {5, 28, 48, 0},   {7, 44, 16, 0},
    {1, 52, 208, 0}, {2, 252, 32, 0}, {3, 260, 16, 0}, {1, 256, 48, 0}, {4, 256, 256, 0}, {1, 1024, 16, 0},
};
static const struct shape dwconv_shapes[] = {
    {1, 1, 16, 0},  {1, 2, 16, 0},  {2, 3, 48, 0},   {3, 7, 80, 0},  {1, 8, 176, 0},
    {5, 13, 16, 0}, {1, 30, 32, 0}, {2, 31, 272, 0}, {4, 9, 256, 0},
};
static const struct shape add_shapes[] = {{1, 0, 16, 0}, {1, 0, 48, 0}, {1, 0, 208, 0}, {1, 0, 256, 0}, {1, 0, 1024, 0}};

static struct family {
    const char *name;
    check_function *check;
    const struct shape *shapes;
    size_t n_shapes;
    size_t max_rows, k_step, max_k, max_out; /* limits of random shapes; raised to those of the model */
    struct shape layers[NN_MAX_OPS];         /* the distinct ones of the model; n_rows: the largest possible */
    size_t n_layers;
} families[] = {
    {"gemm", check_gemm, gemm_shapes, sizeof(gemm_shapes) / sizeof(gemm_shapes[0]), 6, 4, 600, 512, {{0, 0, 0, 0}}, 0},
    {"dwconv", check_dwconv, dwconv_shapes, sizeof(dwconv_shapes) / sizeof(dwconv_shapes[0]), 4, 1, 31, 512, {{0, 0, 0, 0}}, 0},
    {"unpack", check_unpack, gemm_shapes, sizeof(gemm_shapes) / sizeof(gemm_shapes[0]), 1, 4, 600, 512, {{0, 0, 0, 0}}, 0},
    {"add", check_add, add_shapes, sizeof(add_shapes) / sizeof(add_shapes[0]), 1, 1, 1, 2048, {{0, 0, 0, 0}}, 0},
};
#define N_FAMILIES (sizeof(families) / sizeof(families[0]))

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static void add_layer(struct family *f, struct shape sh) {
    for (size_t i = 0; i < f->n_layers; i++)
        if (memcmp(&f->layers[i], &sh, sizeof(sh)) == 0)
            return;
    f->layers[f->n_layers++] = sh;
    f->max_rows = larger(f->max_rows, sh.n_rows);
    f->max_k = larger(f->max_k, sh.k_in);
    f->max_out = larger(f->max_out, sh.n_out);
}

static size_t unpacked_outputs(const struct nn_op *op) {
    size_t n = nn_unpacked_blocks(op) * NN_OUT_BLOCK;

    return n < op->n_out ? n : op->n_out;
}

/* Reads the shapes of a model's layers into families. Returns false if the file is not a model. */
static bool read_layers(const char *path) {
    tragus_error error;
    struct nn_model *m;
    char text[512];

    if (nn_model_open(&m, path, 0, &error) < 0) {
        fprintf(stderr, "%s\n", base_error_format(&error, text, sizeof(text)));
        return false;
    }
    for (uint32_t i = 0; i < m->n_ops; i++) {
        const struct nn_op *op = &m->ops[i];
        size_t n_rows = op->hops < NN_MAX_HOPS ? NN_MAX_HOPS / op->hops : 1;

        switch (op->kind) {
        case NN_CONV_S4:
            add_layer(&families[2], (struct shape){1, (size_t)op->taps * op->n_in, op->n_out, 0});
            /* and the kernel gets the blocks that are unpacked together */
            add_layer(&families[0],
                      (struct shape){n_rows, (size_t)op->taps * op->n_in, unpacked_outputs(op), (size_t)op->stride * op->n_in});
            break;
        case NN_CONV:
        case NN_SKETCH:
        case NN_LOGITS:
            add_layer(&families[0], (struct shape){n_rows, (size_t)op->taps * op->n_in, op->n_out, (size_t)op->stride * op->n_in});
            break;
        case NN_DEPTHWISE:
            add_layer(&families[1], (struct shape){n_rows, op->taps, op->n_out, 0});
            break;
        case NN_ADD:
            add_layer(&families[3], (struct shape){n_rows, 0, op->n_out, 0});
            break;
        }
    }
    if (nn_model_verifier(m)) {
        const struct nn_verifier *v = nn_model_verifier(m);
        add_layer(&families[0], (struct shape){1, v->n_inputs, v->n_hidden, v->n_inputs});
        add_layer(&families[0], (struct shape){1, v->n_hidden, v->n_second, v->n_hidden});
    }
    nn_model_free(m);
    return true;
}

static void tell_layers(void) {
    for (const struct family *f = families; f < families + N_FAMILIES; f++)
        for (size_t i = 0; i < f->n_layers; i++) {
            printf("%s ", i == 0 ? f->name : ",");
            if (f->layers[i].k_in != 0)
                printf("%zu x ", f->layers[i].k_in);
            printf("%zu%s", f->layers[i].n_out, i + 1 < f->n_layers ? "" : "\n");
        }
}

static bool check_shape(const struct family *f, const struct nn_kernels *ref, const struct nn_kernels *k, struct shape sh) {
    bool ok = true;

    for (int data = 0; data < N_DATA && ok; data++)
        ok = f->check(ref, k, sh, (enum data)data, true) && f->check(ref, k, sh, (enum data)data, false);
    return ok;
}

static bool check_family(const struct family *f, const struct nn_kernels *ref, const struct nn_kernels *k) {
    bool ok = true;

    for (size_t i = 0; i < f->n_layers && ok; i++) {
        struct shape sh = f->layers[i];

        for (sh.n_rows = 1; sh.n_rows <= f->layers[i].n_rows && ok; sh.n_rows++)
            ok = check_shape(f, ref, k, sh);
    }
    for (size_t i = 0; i < f->n_shapes && ok; i++)
        ok = check_shape(f, ref, k, f->shapes[i]);
    for (size_t i = 0; i < 40 && ok; i++)
        ok = check_shape(f, ref, k,
                         (struct shape){
                             .n_rows = (size_t)random_between(1, (int64_t)f->max_rows),
                             .k_in = (size_t)random_between(1, (int64_t)(f->max_k / f->k_step)) * f->k_step,
                             .n_out = (size_t)random_between(1, (int64_t)(f->max_out / NN_OUT_BLOCK)) * NN_OUT_BLOCK,
                         });
    return ok;
}

int main(int argc, char **argv) {
    struct nn_kernels tables[MAX_TABLES];
    size_t n_tables = find_tables(tables);
    bool list = false, ok = true;
    uint64_t seed = (uint64_t)time(NULL) ^ (uint64_t)getpid() << 32;
    const struct family *first = families, *end = families + N_FAMILIES;
    const char *only = NULL, *model = NULL, *top = getenv("abs_top_srcdir");
    char flags[128], path[4096];

    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--list") == 0) {
            list = true;
        } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            seed = strtoull(argv[++i], NULL, 0);
        } else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
            only = argv[++i];
        } else if (strcmp(argv[i], "--model") == 0 && i + 1 < argc) {
            model = argv[++i];
        } else {
            fprintf(
                stderr,
                "usage: %s [--seed N] [--only gemm|dwconv|unpack|add|window|spectrum|mel|cepstrum|gate] [--model FILE] [--list]\n",
                argv[0]);
            return 2;
        }
    if (only) {
        while (first < end && strcmp(first->name, only) != 0)
            first++;
        end = first < end ? first + 1 : end;
        if (first == end && !has_frontend_family(only)) {
            fputs("--only: there is no such family\n", stderr);
            return 2;
        }
    }
    snprintf(path, sizeof(path), "%s%smodels/en/acoustic.tragus", top ? top : "", top ? "/" : "");
    if (model || access(path, F_OK) == 0) {
        if (!read_layers(model ? model : path))
            return 1;
        printf("layers of %s:\n", model ? model : path);
        tell_layers();
    } else {
        printf("no model, so no shapes of its layers: there is no %s\n", path);
    }
    random_state = seed ? seed : 1;
    if (evex_stands_in())
        puts("avxvnni: encoded for AVX-512, because this CPU has no AVX-VNNI");
    printf("cpu: %s\n", base_cpu_names(base_cpu_detect(), flags, sizeof(flags)));
    if (!list)
        printf("seed: %" PRIu64 "\n", seed);
    for (size_t t = 0; t < n_tables; t++) {
        const struct nn_kernels *k = &tables[t];

        if (list || (t == 0 && first < end))
            printf("gemm %s, dwconv %s, unpack %s, add %s\n", k->gemm_name, k->dwconv_name, k->unpack_name, k->add_name);
        for (const struct family *f = first; f < end && !list && t > 0; f++) {
            bool equal = check_family(f, &tables[0], k);

            ok &= equal;
            printf("%s %s: %s\n", f->name,
                   f == families       ? k->gemm_name
                   : f == families + 1 ? k->dwconv_name
                   : f == families + 2 ? k->unpack_name
                                       : k->add_name,
                   equal ? "equal to ref" : "DIFFERS");
        }
    }
    ok &= check_frontend(only, list);
    return ok ? 0 : 1;
}
