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
#include "checked_call.h"
#include "nn/model.h"
#include "tables.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define FILL 0x88
#define MARGIN 64 /* bytes compared on both sides of an output */

enum data { DATA_RANDOM, DATA_EXTREMES, DATA_ALTERNATING, N_DATA };
static const char *const data_names[N_DATA] = {"random", "extremes", "alternating"};

static uint64_t random_state;

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016. */
static uint32_t random_u32(void) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)(random_state * 0x2545F4914F6CDD1Du >> 32);
}

static int64_t random_between(int64_t low, int64_t high) {
    return low + (int64_t)(((uint64_t)random_u32() << 32 | random_u32()) % (uint64_t)(high - low + 1));
}

/* Memory between two inaccessible pages. */
struct guarded {
    unsigned char *map;
    size_t map_bytes;
    unsigned char *low, *high; /* the accessible range */
};

static struct guarded guarded_new(size_t n_bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n = (n_bytes + page - 1) / page * page + 2 * page;
    struct guarded g = {.map = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), .map_bytes = n};

    if (g.map == MAP_FAILED || mprotect(g.map, page, PROT_NONE) != 0 || mprotect(g.map + n - page, page, PROT_NONE) != 0) {
        perror("guarded memory");
        exit(99);
    }
    g.low = g.map + page;
    g.high = g.map + n - page;
    return g;
}

static void guarded_free(struct guarded *g) {
    munmap(g->map, g->map_bytes);
}

/* Returns n_bytes at the end or the beginning of g. Operands of a kernel are aligned: to 64 bytes for the weights of gemm, else to
 * their type. */
static void *guarded_at(const struct guarded *g, size_t n_bytes, bool at_end) {
    return at_end ? g->high - n_bytes : g->low;
}

/* Allocates an output for the reference, with margins. */
static unsigned char *area_new(size_t n_bytes) {
    unsigned char *p = n_bytes < SIZE_MAX / 2 ? malloc(n_bytes) : NULL;

    if (!p) {
        fputs("not enough memory\n", stderr);
        exit(99);
    }
    return p;
}

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

static bool same(const char *family, const char *variant, const char *shape, enum data data, const unsigned char *expected,
                 const unsigned char *got, size_t n_bytes) {
    size_t i = 0;

    if (memcmp(expected, got, n_bytes) == 0)
        return true;
    while (expected[i] == got[i])
        i++;
    fprintf(stderr, "FAIL %s %s, %s, %s data: byte %td is %d, the reference has %d\n", family, variant, shape, data_names[data],
            (ptrdiff_t)i - MARGIN, (int8_t)got[i], (int8_t)expected[i]);
    return false;
}

/* lost: the result of CHECKED_CALL. */
static bool kept(const char *family, const char *variant, const char *lost) {
    if (lost)
        fprintf(stderr, "FAIL %s %s: the caller's register %s was not kept\n", family, variant, lost);
    return !lost;
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

/* --- kernels of the front end --- */

/* Where operands are: at the end or the beginning of the accessible range, or one element after the beginning, where no vector is
 * aligned. */
enum place { PLACE_END, PLACE_BEGIN, PLACE_ODD, N_PLACES };

struct operand {
    struct guarded g;
    void *at;
};

static struct operand operand_new(size_t n, size_t element_bytes, enum place place) {
    struct operand o = {.g = guarded_new((n + 1) * element_bytes)};

    o.at = place == PLACE_END ? o.g.high - n * element_bytes : o.g.low + (place == PLACE_ODD ? element_bytes : 0);
    return o;
}

/* An output and that of the reference, each between margins. */
struct output {
    struct operand got;
    unsigned char *expected_area;
    void *expected, *at;
    size_t n_bytes;
};

static struct output output_new(size_t n, size_t element_bytes, enum place place) {
    struct output o = {.n_bytes = n * element_bytes + 2 * MARGIN};

    o.got = operand_new(o.n_bytes / element_bytes, element_bytes, place);
    o.at = (unsigned char *)o.got.at + MARGIN;
    o.expected_area = area_new(o.n_bytes);
    o.expected = o.expected_area + MARGIN;
    memset(o.expected_area, FILL, o.n_bytes);
    memset(o.got.at, FILL, o.n_bytes);
    return o;
}

static bool output_same(struct output *o, const char *family, const char *variant, const char *shape, enum data data) {
    return same(family, variant, shape, data, o->expected_area, o->got.at, o->n_bytes);
}

static void output_free(struct output *o) {
    free(o->expected_area);
    guarded_free(&o->got.g);
}

static void fill_s32(int32_t *p, size_t n, int32_t limit, enum data data) {
    unsigned phase = random_u32() & 3;

    for (size_t i = 0; i < n; i++)
        p[i] = data == DATA_RANDOM                                                       ? (int32_t)random_between(-limit, limit)
               : (data == DATA_EXTREMES ? (phase & 1) != 0 : (i / (phase + 1) & 1) != 0) ? -limit
                                                                                         : limit;
}

typedef bool check_frontend_function(const struct frontend_kernels *ref, const struct frontend_kernels *k, enum data data,
                                     enum place place);

static bool check_window(const struct frontend_kernels *ref, const struct frontend_kernels *k, enum data data, enum place place) {
    size_t n = (size_t)random_between(1, 60) * 8;
    unsigned exponent = (unsigned)random_between(0, 17);
    struct operand x = operand_new(n, 4, place), w = operand_new(n, 2, place);
    struct output y = output_new(n, 4, place), greatest = output_new(1, 4, place);
    int32_t *x32 = x.at;
    uint16_t *w16 = w.at;
    char text[96];
    bool ok = true;

    /* also values of few bits, so that some products are halves that need rounding */
    fill_s32(x32, n, random_u32() & 1 ? INT32_MAX : 7, data);
    for (size_t i = 0; i < n; i++)
        w16[i] = (uint16_t)(random_u32() & 1 ? random_between(0, 32768) : 1 << random_between(0, 15));
    snprintf(text, sizeof(text), "%zu", n);
    ref->window_multiply(y.expected, x32, w16, n, greatest.expected);
    ok &=
        kept("window_multiply", k->window_name,
             CHECKED_CALL(k->window_multiply, WORD((int32_t *)y.at), WORD(x32), WORD(w16), WORD(n), WORD((int32_t *)greatest.at)));
    ok &= output_same(&y, "window_multiply", k->window_name, text, data);
    ok &= output_same(&greatest, "window_multiply", k->window_name, "the greatest", data);
    memcpy(y.at, x32, n * 4);
    ok &= kept("window_multiply", k->window_name,
               CHECKED_CALL(k->window_multiply, WORD((int32_t *)y.at), WORD((int32_t *)y.at), WORD(w16), WORD(n),
                            WORD((int32_t *)greatest.at)));
    ok &= output_same(&y, "window_multiply", k->window_name, "in place", data);

    fill_s32(y.at, n, random_u32() & 1 ? INT32_MAX - ((1 << exponent) >> 1) : 3 << exponent, data);
    memcpy(y.expected, y.at, n * 4);
    snprintf(text, sizeof(text), "%zu by 2^%u", n, exponent);
    ref->window_scale(y.expected, n, exponent);
    ok &= kept("window_scale", k->window_name, CHECKED_CALL(k->window_scale, WORD((int32_t *)y.at), WORD(n), WORD(exponent)));
    ok &= output_same(&y, "window_scale", k->window_name, text, data);

    guarded_free(&x.g), guarded_free(&w.g), output_free(&y), output_free(&greatest);
    return ok;
}

static bool check_convert_and_fold(const struct frontend_kernels *ref, const struct frontend_kernels *k, enum data data,
                                   enum place place) {
    size_t n = (size_t)random_between(1, 4) * 8;
    struct operand x = operand_new(n, 4, place), frame = operand_new(FRONTEND_WINDOW, 4, place);
    struct output y = output_new(n, 4, place), sums = output_new(2, 4, place);
    struct output re = output_new(FRONTEND_FFT_SIZE / 2, 4, place), im = output_new(FRONTEND_FFT_SIZE / 2, 4, place);
    bool ok = true;

    fill_s32(x.at, n, 32767, data);
    ref->spectrum_convert(y.expected, x.at, n, sums.expected);
    ok &= kept("spectrum_convert", k->spectrum_name,
               CHECKED_CALL(k->spectrum_convert, WORD((float *)y.at), WORD((int32_t *)x.at), WORD(n), WORD((int32_t *)sums.at)));
    ok &= output_same(&y, "spectrum_convert", k->spectrum_name, "floats", data);
    ok &= output_same(&sums, "spectrum_convert", k->spectrum_name, "sums", data);

    fill_s32(frame.at, FRONTEND_WINDOW, 32767, data);
    ref->spectrum_fold(re.expected, im.expected, frame.at);
    ok &= kept("spectrum_fold", k->spectrum_name,
               CHECKED_CALL(k->spectrum_fold, WORD((int32_t *)re.at), WORD((int32_t *)im.at), WORD((int32_t *)frame.at)));
    ok &= output_same(&re, "spectrum_fold", k->spectrum_name, "real parts", data);
    ok &= output_same(&im, "spectrum_fold", k->spectrum_name, "imaginary parts", data);

    guarded_free(&x.g), guarded_free(&frame.g), output_free(&y), output_free(&sums), output_free(&re), output_free(&im);
    return ok;
}

static bool check_round(const struct frontend_kernels *ref, const struct frontend_kernels *k, enum data data, enum place place) {
    size_t n = (size_t)random_between(1, 70) * 8;
    int32_t band = (int32_t)random_between(0, random_u32() & 1 ? 3 : 600);
    struct operand x = operand_new(n, 4, place);
    struct output y = output_new(n, 4, place), near = output_new(n / 8, 1, place);
    float *x32 = x.at;
    char text[96];
    bool ok = true;

    /* any values; the largest; and values at the edges of the band, with a fraction to be cut off */
    for (size_t i = 0; i < n; i++) {
        int64_t edge = random_between(-1000, 1000) * 1024 + 512 + (random_u32() & 1 ? band : -band) + random_between(-1, 1);

        x32[i] = data == DATA_RANDOM     ? (float)random_between(-(1 << 30), 1 << 30) / 64
                 : data == DATA_EXTREMES ? (random_u32() & 1 ? 33554430.F : -33554430.F)
                                         : ((float)edge + (float)random_between(-3, 3) / 4) / (1 << (10 - FRONTEND_FFT_STEP_BITS));
    }
    snprintf(text, sizeof(text), "%zu, band %d", n, band);
    ref->spectrum_round(y.expected, near.expected, x32, n, band);
    ok &= kept("spectrum_round", k->spectrum_name,
               CHECKED_CALL(k->spectrum_round, WORD((int32_t *)y.at), WORD((uint8_t *)near.at), WORD(x32), WORD(n), WORD(band)));
    ok &= output_same(&y, "spectrum_round", k->spectrum_name, text, data);
    ok &= output_same(&near, "spectrum_round", k->spectrum_name, text, data);

    guarded_free(&x.g), output_free(&y), output_free(&near);
    return ok;
}

static bool check_product(const struct frontend_kernels *ref, const struct frontend_kernels *k, enum data data, enum place place) {
    size_t n = (size_t)random_between(1, 16) * 8;
    bool swap = random_u32() & 1;
    struct operand a = operand_new(n, 4, place), b = operand_new(n, 4, place);
    struct output sums = output_new(2, 8, place);
    char text[96];
    bool ok = true;

    /* At most 128 terms of 2^55: the sums of the magnitudes are as large as allowed. */
    fill_s32(a.at, n, swap ? 1 << 30 : 1 << 25, data);
    fill_s32(b.at, n, swap ? 1 << 25 : 1 << 30, data);
    snprintf(text, sizeof(text), "%zu", n);
    ref->spectrum_product(sums.expected, a.at, b.at, n);
    ok &= kept("spectrum_product", k->spectrum_name,
               CHECKED_CALL(k->spectrum_product, WORD((int64_t *)sums.at), WORD((int32_t *)a.at), WORD((int32_t *)b.at), WORD(n)));
    ok &= output_same(&sums, "spectrum_product", k->spectrum_name, text, data);

    guarded_free(&a.g), guarded_free(&b.g), output_free(&sums);
    return ok;
}

static bool check_spectrum(const struct frontend_kernels *ref, const struct frontend_kernels *k, enum data data, enum place place) {
    return check_convert_and_fold(ref, k, data, place) && check_round(ref, k, data, place) && check_product(ref, k, data, place);
}

static bool check_mel(const struct frontend_kernels *ref, const struct frontend_kernels *k, enum data data, enum place place) {
    size_t n = (size_t)random_between(1, 41), n_all = 0;
    struct operand n_bins = operand_new(n, 1, place);
    uint8_t *n8 = n_bins.at;

    for (size_t i = 0; i < n; i++)
        n_all += n8[i] = (uint8_t)random_between(0, 17);
    struct operand parts = operand_new(2 * n_all, 4, place), weights = operand_new(n_all, 2, place);
    struct output sums = output_new(2 * n, 8, place);
    uint16_t *weight16 = weights.at;
    char text[96];
    bool ok = true;

    fill_s32(parts.at, 2 * n_all, (1 << 19) - 1, data);
    for (size_t i = 0; i < n_all; i++)
        weight16[i] = (uint16_t)(random_u32() & 1 ? 32768 : random_between(0, 32768));
    snprintf(text, sizeof(text), "%zu bins in %zu", n_all, n);
    ref->mel_sums(sums.expected, parts.at, weight16, n8, n);
    ok &= kept(
        "mel_sums", k->mel_name,
        CHECKED_CALL(k->mel_sums, WORD((uint64_t(*)[2])sums.at), WORD((int32_t *)parts.at), WORD(weight16), WORD(n8), WORD(n)));
    ok &= output_same(&sums, "mel_sums", k->mel_name, text, data);

    guarded_free(&n_bins.g), guarded_free(&parts.g), guarded_free(&weights.g), output_free(&sums);
    return ok;
}

/* DATA_EXTREMES: 32767 and -32768, which have the largest squares and differences. */
static void fill_s16(int16_t *p, size_t n, enum data data) {
    unsigned phase = random_u32() & 3;

    for (size_t i = 0; i < n; i++)
        p[i] = data == DATA_RANDOM ? (int16_t)random_between(INT16_MIN, INT16_MAX)
               : (data == DATA_EXTREMES ? (phase & 1) != 0 : (i / (phase + 1) & 1) != 0) ? INT16_MIN
                                                                                         : INT16_MAX;
}

static bool check_gate(const struct frontend_kernels *ref, const struct frontend_kernels *k, enum data data, enum place place) {
    size_t n = (size_t)random_between(1, 20) * 16;
    struct operand x = operand_new(n, 2, place), before = operand_new(n, 2, place);
    struct output sums = output_new(2, 8, place);
    char text[96];
    bool ok = true;

    fill_s16(x.at, n, data);
    fill_s16(before.at, n, data);
    snprintf(text, sizeof(text), "%zu", n);
    ref->gate_squares(sums.expected, x.at, before.at, n);
    ok &=
        kept("gate_squares", k->gate_name,
             CHECKED_CALL(k->gate_squares, WORD((uint64_t *)sums.at), WORD((int16_t *)x.at), WORD((int16_t *)before.at), WORD(n)));
    ok &= output_same(&sums, "gate_squares", k->gate_name, text, data);

    guarded_free(&x.g), guarded_free(&before.g), output_free(&sums);
    return ok;
}

static bool check_cepstrum(const struct frontend_kernels *ref, const struct frontend_kernels *k, enum data data, enum place place) {
    size_t n_rows = (size_t)random_between(1, 10) * 4;
    int32_t x_limit = random_u32() & 1 ? 8192 : 1638, table_limit = INT32_MAX / (FRONTEND_BANDS * x_limit);
    struct operand x = operand_new(FRONTEND_BANDS, 2, place), table = operand_new(n_rows * FRONTEND_BANDS, 2, place);
    struct output y = output_new(n_rows, 4, place);
    int16_t *x16 = x.at, *table16 = table.at;
    int32_t values[(1 + 40) * FRONTEND_BANDS];
    char text[96];
    bool ok = true;

    fill_s32(values, FRONTEND_BANDS, x_limit, data);
    fill_s32(values + FRONTEND_BANDS, n_rows * FRONTEND_BANDS, table_limit, data);
    for (size_t j = 0; j < FRONTEND_BANDS; j++)
        x16[j] = (int16_t)values[j];
    for (size_t j = 0; j < n_rows * FRONTEND_BANDS; j++)
        table16[j] = (int16_t)values[FRONTEND_BANDS + j];
    snprintf(text, sizeof(text), "%zu", n_rows);
    ref->cepstrum_sums(y.expected, table.at, x16, n_rows);
    ok &= kept("cepstrum_sums", k->cepstrum_name,
               CHECKED_CALL(k->cepstrum_sums, WORD((int32_t *)y.at), WORD(table.at), WORD(x16), WORD(n_rows)));
    ok &= output_same(&y, "cepstrum_sums", k->cepstrum_name, text, data);

    guarded_free(&x.g), guarded_free(&table.g), output_free(&y);
    return ok;
}

static const char *window_variant(const struct frontend_kernels *k) {
    return k->window_name;
}

static const char *spectrum_variant(const struct frontend_kernels *k) {
    return k->spectrum_name;
}

static const char *mel_variant(const struct frontend_kernels *k) {
    return k->mel_name;
}

static const char *cepstrum_variant(const struct frontend_kernels *k) {
    return k->cepstrum_name;
}

static const char *gate_variant(const struct frontend_kernels *k) {
    return k->gate_name;
}

static const struct {
    const char *name;
    check_frontend_function *check;
    const char *(*variant)(const struct frontend_kernels *k);
} frontend_families[] = {
    {"window", check_window, window_variant}, {"spectrum", check_spectrum, spectrum_variant},
    {"mel", check_mel, mel_variant},          {"cepstrum", check_cepstrum, cepstrum_variant},
    {"gate", check_gate, gate_variant},
};
#define N_FRONTEND_FAMILIES (sizeof(frontend_families) / sizeof(frontend_families[0]))

/* only: the family, or NULL for all. */
static bool check_frontend(const char *only, bool list) {
    struct frontend_kernels tables[MAX_TABLES];
    size_t n_tables = find_frontend_tables(tables);
    bool ok = true;

    for (size_t t = 0; t < n_tables; t++) {
        const struct frontend_kernels *k = &tables[t];

        if (list || (t == 0 && !only))
            printf("window %s, spectrum %s, mel %s, cepstrum %s, gate %s\n", k->window_name, k->spectrum_name, k->mel_name,
                   k->cepstrum_name, k->gate_name);
        for (size_t f = 0; f < N_FRONTEND_FAMILIES && !list && t > 0; f++) {
            bool equal = true;

            if (only && strcmp(only, frontend_families[f].name) != 0)
                continue;
            for (unsigned run = 0; run < 60 * N_DATA * N_PLACES && equal; run++)
                equal = frontend_families[f].check(&tables[0], k, (enum data)(run % N_DATA), (enum place)(run / N_DATA % N_PLACES));
            ok &= equal;
            printf("%s %s: %s\n", frontend_families[f].name, frontend_families[f].variant(k), equal ? "equal to ref" : "DIFFERS");
        }
    }
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
        bool of_frontend = false;

        while (first < end && strcmp(first->name, only) != 0)
            first++;
        end = first < end ? first + 1 : end;
        for (size_t f = 0; f < N_FRONTEND_FAMILIES; f++)
            of_frontend |= strcmp(frontend_families[f].name, only) == 0;
        if (first == end && !of_frontend) {
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
