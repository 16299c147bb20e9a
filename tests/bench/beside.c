/* SPDX-License-Identifier: Apache-2.0 */
/* tests/bench/beside.c: compares the speed of the kernels on this CPU with the matrix products of oneDNN, XNNPACK and OpenBLAS, on
 * the same shapes and numbers, in one thread. Built on demand: make tests/bench/beside.
 *
 *     beside [--windows N] [MODEL]      prints a Markdown table; exit status 1 if a library and the kernels disagree
 *
 * All contestants of a shape take turns in windows of one millisecond, and the fastest of N windows counts. So other work on the
 * machine affects all alike, and rarely the fastest window. A window runs through the weights of eight layers in turn, as a network
 * does, because a single matrix would stay in the L1 cache. What libraries can prepare once (packing, code generated for a shape)
 * is not timed. All get the same activations and weights. "Sums" are plain int32 (float32 for OpenBLAS, exact for these numbers),
 * ours with a bias and theirs without. "Bytes" are requantised: ours exactly as the network needs them, theirs in float32, within 1
 * of ours.
 *
 * oneDNN chooses its code for the CPU once per process. So it runs in separate processes: one without limits (this may use AMX),
 * one limited to AVX-512 VNNI, one to AVX2.
 *
 * Cycles are measured with a chain of dependent additions before and after each window, because the time stamp counter has a
 * different clock. The additions use registers, because newer cores add constants during renaming. 512-bit products run beside the
 * chain if the contestant uses them, because they lower the clock. The peak is measured, too: products on registers alone.
 */
#include "../kernels/tables.h"
#include "base/error.h"
#include "nn/model.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef BESIDE_DNNL
#include <dnnl.h>
#include <dnnl_debug.h>
#endif
#ifdef BESIDE_XNNPACK
#include <xnnpack.h>
#endif
#ifdef BESIDE_OPENBLAS
#include <cblas.h>
#endif

#define N_LAYERS 8
#define N_BATCHES 5
#define MAX_ROWS 8
#define MAX_CONTESTANTS 64
#define WINDOW_S 1e-3

static const size_t batches[N_BATCHES] = {1, 2, 3, 4, MAX_ROWS};

_Noreturn static void give_up(const char *format, ...) {
    va_list list;

    va_start(list, format);
    fputs("beside: ", stderr);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    exit(1);
}

static void *get_memory(size_t n_bytes) {
    void *p = aligned_alloc(64, (n_bytes + 63) / 64 * 64);

    if (!p)
        give_up("not enough memory");
    return memset(p, 0, (n_bytes + 63) / 64 * 64);
}

/* --- one shape: the numbers for all contestants ------------------------------------------------------------------------------- */

struct problem {
    size_t k_in, n_out;       /* for a depthwise layer: taps, channels */
    int8_t *x, *x_abs;        /* MAX_ROWS x k_in; x_abs for products of unsigned by signed bytes */
    int8_t *w[N_LAYERS];      /* k_in x n_out */
    int8_t *packed[N_LAYERS]; /* the same in the layout of kernels.h */
    int32_t *bias[N_LAYERS];  /* [n_out] */
    int32_t *multiplier;      /* [n_out], all equal, because XNNPACK has one for all outputs */
    uint8_t *shift;
    int32_t *sums[N_LAYERS], *sums_abs[N_LAYERS]; /* MAX_ROWS x n_out, without bias, by the reference */
    int8_t *bytes[N_LAYERS];
};

/* Makes sums of some 350 random products come out between -127 and 127, few of them clamped. */
#define MULTIPLIER (3 << 29)
#define SHIFT 42

static int8_t random_s8(void) {
    static uint32_t state = 1;

    state = state * 1664525u + 1013904223u; /* Knuth, The Art of Computer Programming, volume 2, 3.3.4, table 1 */
    return (int8_t)((int)(state >> 16) % 255 - 127);
}

static struct problem problem_new(size_t k_in, size_t n_out) {
    struct problem p = {.k_in = k_in, .n_out = n_out, .x = get_memory(MAX_ROWS * k_in), .x_abs = get_memory(MAX_ROWS * k_in)};
    int32_t *no_bias = get_memory(n_out * 4);

    p.multiplier = get_memory(n_out * 4);
    p.shift = get_memory(n_out);
    for (size_t n = 0; n < n_out; n++) {
        p.multiplier[n] = MULTIPLIER;
        p.shift[n] = SHIFT;
    }
    for (size_t i = 0; i < MAX_ROWS * k_in; i++) {
        p.x[i] = random_s8();
        p.x_abs[i] = (int8_t)abs(p.x[i]);
    }
    for (size_t layer = 0; layer < N_LAYERS; layer++) {
        p.w[layer] = get_memory(k_in * n_out);
        p.packed[layer] = get_memory(k_in * n_out);
        p.bias[layer] = get_memory(n_out * 4);
        p.sums[layer] = get_memory(MAX_ROWS * n_out * 4);
        p.sums_abs[layer] = get_memory(MAX_ROWS * n_out * 4);
        p.bytes[layer] = get_memory(MAX_ROWS * n_out);
        for (size_t k = 0; k < k_in; k++)
            for (size_t n = 0; n < n_out; n++) {
                size_t block = n / NN_OUT_BLOCK * k_in * NN_OUT_BLOCK, group = k / NN_IN_BLOCK * NN_OUT_BLOCK * NN_IN_BLOCK;

                p.w[layer][k * n_out + n] = random_s8();
                p.packed[layer][block + group + n % NN_OUT_BLOCK * NN_IN_BLOCK + k % NN_IN_BLOCK] = p.w[layer][k * n_out + n];
            }
        for (size_t n = 0; n < n_out; n++)
            p.bias[layer][n] = random_s8() * 500;
        nn_gemm_s32_ref(p.sums[layer], (ptrdiff_t)n_out, p.x, (ptrdiff_t)k_in, MAX_ROWS, p.packed[layer], no_bias, k_in, n_out);
        nn_gemm_s32_ref(p.sums_abs[layer], (ptrdiff_t)n_out, p.x_abs, (ptrdiff_t)k_in, MAX_ROWS, p.packed[layer], no_bias, k_in,
                        n_out);
        nn_gemm_s8_ref(p.bytes[layer], (ptrdiff_t)n_out, p.x, (ptrdiff_t)k_in, MAX_ROWS, p.packed[layer], p.bias[layer],
                       p.multiplier, p.shift, k_in, n_out, -127);
    }
    free(no_bias);
    return p;
}

static void problem_done(struct problem *p) {
    for (size_t i = 0; i < N_LAYERS; i++) {
        free(p->w[i]), free(p->packed[i]), free(p->bias[i]);
        free(p->sums[i]), free(p->sums_abs[i]), free(p->bytes[i]);
    }
    free(p->x), free(p->x_abs), free(p->multiplier), free(p->shift);
}

/* --- a contestant, and its time ----------------------------------------------------------------------------------------------- */

enum side { OUR_SUMS, OUR_BYTES, THEIR_SUMS, THEIR_BYTES, PEAK };

/* One layer of one shape with a number of rows, ready to run. */
struct job {
    void (*run)(const struct job *j, size_t layer);
    const struct problem *p;
    size_t n_rows;
    double work; /* per run: multiply-adds, or elements */
    const struct nn_kernels *kernels;
    void *out;
    void *theirs[N_LAYERS]; /* what a library prepared for each layer */
    bool wide;              /* uses 512-bit products */
    size_t n_runs;          /* per window, chosen in the first one */
};

struct window {
    double per_s, hz; /* work per second; the core's clock during it, 0 if unknown */
};

struct contestant {
    char name[64];
    enum side side;
    char isa[32]; /* the variant of a kernel; the limit of a library, or "" */
    int to, from; /* pipes to the process that runs the jobs, 0: this process */
    struct job jobs[N_BATCHES];
    struct window best[N_BATCHES];
};

static double seconds(void) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Cycles per second. The better of two measurements of ten microseconds, because one may be interrupted. */
static double clock_hz(bool wide) {
    double best = 0;

    (void)wide;
#if defined(__x86_64__) || defined(__aarch64__)
    for (int i = 0; i < 2; i++) {
        uint64_t sum = 1, n = 2048;
        double start = seconds(), hz;

#ifdef __aarch64__
        __asm__ volatile("1:\n .rept 16\n add %0, %0, %2\n .endr\n subs %1, %1, #1\n b.ne 1b"
                         : "+r"(sum), "+r"(n)
                         : "r"((uint64_t)3)
                         : "cc");
#else
        if (wide)
            __asm__ volatile("1:\n .rept 16\n add %2, %0\n vpmaddubsw %%zmm0, %%zmm1, %%zmm2\n .endr\n dec %1\n jnz 1b\n vzeroupper"
                             : "+r"(sum), "+r"(n)
                             : "r"((uint64_t)3)
                             : "cc", "xmm0", "xmm1", "xmm2");
        else
            __asm__ volatile("1:\n .rept 16\n add %2, %0\n .endr\n dec %1\n jnz 1b" : "+r"(sum), "+r"(n) : "r"((uint64_t)3) : "cc");
#endif
        hz = 2048 * 16 / (seconds() - start);
        best = hz > best ? hz : best;
    }
#endif
    return best;
}

static double time_runs(const struct job *j, size_t n_runs) {
    double start = seconds();

    for (size_t i = 0; i < n_runs; i++)
        j->run(j, i % N_LAYERS);
    return seconds() - start;
}

static struct window run_window(struct job *j) {
    double before, took;

    if (j->n_runs == 0) {
        double best = time_runs(j, N_LAYERS);

        for (int i = 0; i < 5; i++)
            best = fmin(best, time_runs(j, N_LAYERS));
        j->n_runs = (size_t)(WINDOW_S * N_LAYERS / best) + 1;
    }
    time_runs(j, j->n_runs < N_LAYERS ? j->n_runs : N_LAYERS); /* loads the layers into the caches again */
    before = clock_hz(j->wide);
    took = time_runs(j, j->n_runs);
    return (struct window){.per_s = j->work * (double)j->n_runs / took, .hz = fmax(before, clock_hz(j->wide))};
}

static void add_contestant(struct contestant *c, enum side side, const char *isa, void (*run)(const struct job *, size_t),
                           const struct problem *p, const struct nn_kernels *k, const char *format, ...) {
    va_list list;

    *c = (struct contestant){.side = side};
    snprintf(c->isa, sizeof(c->isa), "%s", isa);
    va_start(list, format);
    vsnprintf(c->name, sizeof(c->name), format, list);
    va_end(list);
    for (size_t b = 0; b < N_BATCHES; b++)
        c->jobs[b] = (struct job){.run = run,
                                  .p = p,
                                  .kernels = k,
                                  .wide = strcmp(isa, "avx512vnni") == 0,
                                  .n_rows = batches[b],
                                  .work = (double)(batches[b] * p->k_in * p->n_out),
                                  .out = get_memory(batches[b] * p->n_out * 4)};
}

/* Runs all layers of all jobs and compares the results. tolerance: allowed difference of bytes. Returns whether they agree; if they
 * must, a difference ends the program. */
static bool compare(struct contestant *c, bool is_abs, int tolerance, bool must_agree) {
    for (size_t b = 0; b < N_BATCHES; b++)
        for (size_t layer = 0; layer < N_LAYERS; layer++) {
            const struct job *j = &c->jobs[b];
            const struct problem *p = j->p;
            bool bytes = c->side == OUR_BYTES || c->side == THEIR_BYTES;

            j->run(j, layer);
            for (size_t i = 0; i < j->n_rows * p->n_out; i++) {
                int64_t bias = c->side == OUR_SUMS ? p->bias[layer][i % p->n_out] : 0;
                int64_t got = bytes ? ((int8_t *)j->out)[i] : ((int32_t *)j->out)[i] - bias;
                int64_t expected = bytes ? p->bytes[layer][i] : is_abs ? p->sums_abs[layer][i] : p->sums[layer][i];

                if (llabs(got - expected) > tolerance && !must_agree)
                    return false;
                if (llabs(got - expected) > tolerance)
                    give_up("%s, %zu x %zu, %zu rows: output %zu is %lld, the reference has %lld", c->name, p->k_in, p->n_out,
                            j->n_rows, i, (long long)got, (long long)expected);
            }
        }
    return true;
}

/* --- ours --------------------------------------------------------------------------------------------------------------------- */

static void run_gemm_s8(const struct job *j, size_t layer) {
    const struct problem *p = j->p;

    j->kernels->gemm_s8(j->out, (ptrdiff_t)p->n_out, p->x, (ptrdiff_t)p->k_in, j->n_rows, p->packed[layer], p->bias[layer],
                        p->multiplier, p->shift, p->k_in, p->n_out, -127);
}

static void run_gemm_s32(const struct job *j, size_t layer) {
    const struct problem *p = j->p;

    j->kernels->gemm_s32(j->out, (ptrdiff_t)p->n_out, p->x, (ptrdiff_t)p->k_in, j->n_rows, p->packed[layer], p->bias[layer],
                         p->k_in, p->n_out);
}

static void run_dwconv(const struct job *j, size_t layer) {
    const struct problem *p = j->p;

    /* the values of input rows and weights do not matter */
    j->kernels->dwconv_s8(j->out, p->w[layer], 1, p->packed[layer], p->bias[layer], p->multiplier, p->shift, p->n_out, p->k_in,
                          -127);
}

static void run_add(const struct job *j, size_t layer) {
    j->kernels->add_s8(j->out, j->p->w[layer], j->p->packed[layer], j->p->n_out, 700000, 500000, 20, -127);
}

#ifdef __x86_64__

#define PEAK_TURNS 250

static void run_peak_avx2(const struct job *j, size_t layer) { /* 4 x 6 x 32 products per iteration, as in gemm_avx2.c */
    size_t n = PEAK_TURNS;

    (void)j, (void)layer;
#define PRODUCTS(t, sum)                                                                                                \
    "vpmaddubsw %%ymm12, %%ymm13, %%ymm" t "\n vpmaddwd %%ymm" t ", %%ymm14, %%ymm" t "\n vpaddd %%ymm" t ", %%ymm" sum \
    ", %%ymm" sum "\n"
    __asm__ volatile("1:\n .rept 4\n" PRODUCTS("0", "6") PRODUCTS("1", "7") PRODUCTS("2", "8") PRODUCTS("3", "9")
                         PRODUCTS("4", "10") PRODUCTS("5", "11") ".endr\n dec %0\n jnz 1b\n vzeroupper"
                     : "+r"(n)
                     :
                     : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
                       "xmm12", "xmm13", "xmm14", "xmm15");
}

static void run_peak_avx512vnni(const struct job *j, size_t layer) { /* 4 x 12 x 64 products per iteration */
    size_t n = PEAK_TURNS;

    (void)j, (void)layer;
#define PRODUCT(sum) "vpdpbusd %%zmm12, %%zmm13, %%zmm" sum "\n"
    __asm__ volatile("1:\n .rept 4\n" PRODUCT("0") PRODUCT("1") PRODUCT("2") PRODUCT("3") PRODUCT("4") PRODUCT("5") PRODUCT("6")
                         PRODUCT("7") PRODUCT("8") PRODUCT("9") PRODUCT("10") PRODUCT("11") ".endr\n dec %0\n jnz 1b\n vzeroupper"
                     : "+r"(n)
                     :
                     : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
                       "xmm12", "xmm13", "xmm14", "xmm15");
}

#endif

static size_t add_ours(struct contestant *c, const struct problem *p, const struct nn_kernels *tables, size_t n_tables) {
    size_t n = 0;

    for (size_t t = 0; t < n_tables; t++) {
        if (t > 0 && tables[t].gemm_s8 == tables[t - 1].gemm_s8)
            continue;
        add_contestant(&c[n], OUR_SUMS, tables[t].gemm_name, run_gemm_s32, p, &tables[t], "`gemm_s32` %s", tables[t].gemm_name);
        compare(&c[n++], false, 0, true);
        add_contestant(&c[n], OUR_BYTES, tables[t].gemm_name, run_gemm_s8, p, &tables[t], "`gemm_s8` %s", tables[t].gemm_name);
        compare(&c[n++], false, 0, true);
    }
    return n;
}

/* --- OpenBLAS and XNNPACK ----------------------------------------------------------------------------------------------------- */

#ifdef BESIDE_OPENBLAS

struct floats {
    float *x, *w, *out;
};

static void run_sgemm(const struct job *j, size_t layer) {
    const struct floats *f = j->theirs[layer];
    int m = (int)j->n_rows, k = (int)j->p->k_in, n = (int)j->p->n_out;

    if (m == 1)
        cblas_sgemv(CblasRowMajor, CblasTrans, k, n, 1, f->w, n, f->x, 1, 0, f->out, 1);
    else
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, f->x, k, f->w, n, 0, f->out, n);
}

static size_t add_openblas(struct contestant *c, const struct problem *p) {
    add_contestant(c, THEIR_SUMS, "", run_sgemm, p, NULL, "OpenBLAS sgemm, float32");
    for (size_t layer = 0; layer < N_LAYERS; layer++) {
        struct floats *f = get_memory(sizeof(*f));

        *f = (struct floats){.x = get_memory(MAX_ROWS * p->k_in * 4),
                             .w = get_memory(p->k_in * p->n_out * 4),
                             .out = get_memory(MAX_ROWS * p->n_out * 4)};
        for (size_t i = 0; i < MAX_ROWS * p->k_in; i++)
            f->x[i] = p->x[i];
        for (size_t i = 0; i < p->k_in * p->n_out; i++)
            f->w[i] = p->w[layer][i];
        for (size_t b = 0; b < N_BATCHES; b++) {
            c->jobs[b].theirs[layer] = f;
            run_sgemm(&c->jobs[b], layer);
            for (size_t i = 0; i < batches[b] * p->n_out; i++)
                if ((int32_t)lrintf(f->out[i]) != p->sums[layer][i]) /* below 2^24, so exact */
                    give_up("%s: sum %zu is %.1f, the reference has %d", c->name, i, (double)f->out[i], p->sums[layer][i]);
        }
    }
    return 1;
}

#else

static size_t add_openblas(struct contestant *c, const struct problem *p) {
    (void)c, (void)p;
    return 0;
}

#endif

#ifdef BESIDE_XNNPACK

static void run_xnnpack(const struct job *j, size_t layer) {
    xnn_run_operator(j->theirs[layer], NULL);
}

static size_t add_xnnpack(struct contestant *c, const struct problem *p) {
    int8_t *transposed = get_memory(p->k_in * p->n_out);

    add_contestant(c, THEIR_BYTES, "", run_xnnpack, p, NULL, "XNNPACK fully connected qs8");
    if (xnn_initialize(NULL) != xnn_status_success)
        give_up("XNNPACK does not run here");
    for (size_t layer = 0; layer < N_LAYERS; layer++) {
        for (size_t i = 0; i < p->k_in * p->n_out; i++)
            transposed[i % p->n_out * p->k_in + i / p->n_out] = p->w[layer][i];
        for (size_t b = 0; b < N_BATCHES; b++) {
            xnn_operator_t op = NULL;

            if (xnn_create_fully_connected_nc_qs8(p->k_in, p->n_out, p->k_in, p->n_out, 0, 1.0f, 1.0f, transposed, p->bias[layer],
                                                  0, ldexpf(1, SHIFT) / MULTIPLIER, -127, 127, 0, &op) != xnn_status_success ||
                xnn_setup_fully_connected_nc_qs8(op, batches[b], p->x, c->jobs[b].out, NULL) != xnn_status_success)
                give_up("XNNPACK refuses %zu x %zu", p->k_in, p->n_out);
            c->jobs[b].theirs[layer] = op;
        }
    }
    free(transposed);
    compare(c, false, 1, true);
    return 1;
}

#else

static size_t add_xnnpack(struct contestant *c, const struct problem *p) {
    (void)c, (void)p;
    return 0;
}

#endif

/* --- oneDNN, in separate processes -------------------------------------------------------------------------------------------- */

#ifdef BESIDE_DNNL

#define N_DNNL 5 /* contestants per process */

struct matmul {
    dnnl_primitive_t primitive;
    dnnl_stream_t stream;
    dnnl_exec_arg_t args[4];
    int n_args;
};

static void must(dnnl_status_t status, const char *what) {
    if (status != dnnl_success)
        give_up("oneDNN, %s: status %d", what, (int)status);
}

static void run_matmul(const struct job *j, size_t layer) {
    const struct matmul *m = j->theirs[layer];

    dnnl_primitive_execute(m->primitive, m->stream, m->n_args, m->args);
}

static void run_gemm_s8s8s32(const struct job *j, size_t layer) {
    dnnl_dim_t m = (dnnl_dim_t)j->n_rows, n = (dnnl_dim_t)j->p->n_out, k = (dnnl_dim_t)j->p->k_in;
    int32_t zero = 0;

    dnnl_gemm_s8s8s32('N', 'N', 'F', m, n, k, 1, j->p->x, k, 0, j->p->w[layer], n, 0, 0, j->out, n, &zero);
}

static void run_gemm_u8s8s32(const struct job *j, size_t layer) {
    dnnl_dim_t m = (dnnl_dim_t)j->n_rows, n = (dnnl_dim_t)j->p->n_out, k = (dnnl_dim_t)j->p->k_in;
    int32_t zero = 0;

    dnnl_gemm_u8s8s32('N', 'N', 'F', m, n, k, 1, (uint8_t *)j->p->x_abs, k, 0, j->p->w[layer], n, 0, 0, j->out, n, &zero);
}

static dnnl_memory_desc_t matrix(size_t rows, size_t columns, dnnl_data_type_t type, dnnl_format_tag_t tag) {
    dnnl_memory_desc_t d;

    must(dnnl_memory_desc_init_by_tag(&d, 2, (dnnl_dims_t){(dnnl_dim_t)rows, (dnnl_dim_t)columns}, type, tag), "description");
    return d;
}

static dnnl_memory_t memory_of(const dnnl_memory_desc_t *d, dnnl_engine_t engine, void *bytes) {
    dnnl_memory_t memory;

    must(dnnl_memory_create(&memory, d, engine, bytes), "memory");
    return memory;
}

/* Prepares a product with the weight layout that oneDNN prefers. Bytes have a bias and a factor for each output. */
static void prepare_matmul(struct job *j, dnnl_engine_t engine, dnnl_stream_t stream, dnnl_data_type_t x_type,
                           dnnl_data_type_t type) {
    const struct problem *p = j->p;
    dnnl_memory_desc_t x = matrix(j->n_rows, p->k_in, x_type, dnnl_ab), w = matrix(p->k_in, p->n_out, dnnl_s8, dnnl_format_tag_any);
    dnnl_memory_desc_t out = matrix(j->n_rows, p->n_out, type, dnnl_ab), bias = matrix(1, p->n_out, dnnl_s32, dnnl_ab);
    dnnl_memory_desc_t plain = matrix(p->k_in, p->n_out, dnnl_s8, dnnl_ab);
    const dnnl_memory_desc_t *liked;
    float *factors = get_memory(p->n_out * 4);
    dnnl_matmul_desc_t description;
    dnnl_primitive_desc_t product;
    dnnl_primitive_attr_t attributes;
    dnnl_primitive_t primitive;

    must(dnnl_primitive_attr_create(&attributes), "attributes");
    for (size_t n = 0; n < p->n_out; n++)
        factors[n] = ldexpf((float)p->multiplier[n], -(int)p->shift[n]);
    if (type == dnnl_s8)
        must(dnnl_primitive_attr_set_output_scales(attributes, (dnnl_dim_t)p->n_out, 1 << 1, factors), "factors");
    must(dnnl_matmul_desc_init(&description, &x, &w, type == dnnl_s8 ? &bias : NULL, &out), "matmul");
    must(dnnl_primitive_desc_create(&product, &description, attributes, engine, NULL), "matmul");
    must(dnnl_primitive_create(&primitive, product), "matmul");
    liked = dnnl_primitive_desc_query_md(product, dnnl_query_weights_md, 0);
    for (size_t layer = 0; layer < N_LAYERS; layer++) {
        struct matmul *m = get_memory(sizeof(*m));
        dnnl_memory_t from = memory_of(&plain, engine, p->w[layer]), to = memory_of(liked, engine, DNNL_MEMORY_ALLOCATE);
        dnnl_primitive_desc_t packing;
        dnnl_primitive_t pack;

        must(dnnl_reorder_primitive_desc_create(&packing, &plain, engine, liked, engine, NULL), "packing");
        must(dnnl_primitive_create(&pack, packing), "packing");
        must(dnnl_primitive_execute(pack, stream, 2, (dnnl_exec_arg_t[]){{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}), "packing");
        must(dnnl_stream_wait(stream), "packing");
        *m = (struct matmul){.primitive = primitive, .stream = stream, .n_args = type == dnnl_s8 ? 4 : 3};
        m->args[0] = (dnnl_exec_arg_t){DNNL_ARG_SRC, memory_of(&x, engine, x_type == dnnl_u8 ? p->x_abs : p->x)};
        m->args[1] = (dnnl_exec_arg_t){DNNL_ARG_WEIGHTS, to};
        m->args[2] = (dnnl_exec_arg_t){DNNL_ARG_DST, memory_of(&out, engine, j->out)};
        m->args[3] = (dnnl_exec_arg_t){DNNL_ARG_BIAS, memory_of(&bias, engine, p->bias[layer])};
        j->theirs[layer] = m;
    }
    free(factors);
}

static void add_dnnl(struct contestant *c, const struct problem *p, const char *isa, bool prepare) {
    dnnl_engine_t engine = NULL;
    dnnl_stream_t stream = NULL;

    add_contestant(&c[0], THEIR_SUMS, isa, run_matmul, p, NULL, "oneDNN %s, matmul s8", isa);
    add_contestant(&c[1], THEIR_SUMS, isa, run_matmul, p, NULL, "oneDNN %s, matmul u8", isa);
    add_contestant(&c[2], THEIR_SUMS, isa, run_gemm_s8s8s32, p, NULL, "oneDNN %s, gemm_s8s8s32", isa);
    add_contestant(&c[3], THEIR_SUMS, isa, run_gemm_u8s8s32, p, NULL, "oneDNN %s, gemm_u8s8s32", isa);
    add_contestant(&c[4], THEIR_BYTES, isa, run_matmul, p, NULL, "oneDNN %s, matmul s8 to bytes", isa);
    if (!prepare)
        return;
    must(dnnl_engine_create(&engine, dnnl_cpu, 0), "engine");
    must(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags), "stream");
    for (size_t b = 0; b < N_BATCHES; b++) {
        prepare_matmul(&c[0].jobs[b], engine, stream, dnnl_s8, dnnl_s32);
        prepare_matmul(&c[1].jobs[b], engine, stream, dnnl_u8, dnnl_s32);
        prepare_matmul(&c[4].jobs[b], engine, stream, dnnl_s8, dnnl_s8);
    }
}

struct hello {
    char isa[32];
    bool exact[N_DNNL];
};

/* The process for one instruction set: sends its name, then runs a window for each job number that it receives, until the pipe
 * ends. Before VNNI oneDNN lets sums of two products saturate at 16 bits; its manual says so ("Nuances of int8 computations"). */
_Noreturn static void serve_dnnl(dnnl_cpu_isa_t most, const struct problem *p, int from, int to) {
    struct contestant c[N_DNNL];
    struct hello hello = {0};
    unsigned vnni = dnnl_cpu_isa_avx512_core_vnni ^ dnnl_cpu_isa_avx512_core;
    size_t number;

    if (most != dnnl_cpu_isa_all)
        dnnl_set_max_cpu_isa(most);
    snprintf(hello.isa, sizeof(hello.isa), "%s", dnnl_cpu_isa2str(dnnl_get_effective_cpu_isa()) + strlen("cpu_isa_"));
    add_dnnl(c, p, hello.isa, true);
    for (size_t i = 0; i < N_DNNL; i++)
        hello.exact[i] = compare(&c[i], i == 1 || i == 3, i == 4, dnnl_get_effective_cpu_isa() & vnni);
    if (write(to, &hello, sizeof(hello)) != (ssize_t)sizeof(hello))
        _exit(1);
    while (read(from, &number, sizeof(number)) == (ssize_t)sizeof(number)) {
        struct window w = run_window(&c[number / N_BATCHES].jobs[number % N_BATCHES]);

        if (write(to, &w, sizeof(w)) != (ssize_t)sizeof(w))
            _exit(1);
    }
    _exit(0);
}

static size_t add_dnnl_processes(struct contestant *c, const struct problem *p) {
    static const dnnl_cpu_isa_t most[] = {dnnl_cpu_isa_all, dnnl_cpu_isa_avx512_core_vnni, dnnl_cpu_isa_avx2};
    size_t n = 0;

    for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
        int orders[2], answers[2];
        struct hello hello;
        bool known = false;
        pid_t child;

        fflush(stdout);
        if (pipe(orders) < 0 || pipe(answers) < 0 || (child = fork()) < 0)
            give_up("no process: %s", strerror(errno));
        if (child == 0) {
            close(orders[1]), close(answers[0]);
            serve_dnnl(most[i], p, orders[0], answers[1]);
        }
        close(orders[0]), close(answers[1]);
        if (read(answers[0], &hello, sizeof(hello)) != (ssize_t)sizeof(hello))
            give_up("oneDNN failed, see above");
        for (size_t k = 0; k < n; k++)
            known |= strcmp(c[k].isa, hello.isa) == 0;
        if (known) { /* the CPU supports no more than another process was limited to */
            close(orders[1]), close(answers[0]);
            continue;
        }
        add_dnnl(c + n, p, hello.isa, false);
        for (size_t k = 0; k < N_DNNL; k++, n++) {
            c[n].to = orders[1], c[n].from = answers[0];
            if (!hello.exact[k])
                strncat(c[n].name, ", saturating", sizeof(c[n].name) - strlen(c[n].name) - 1);
        }
    }
    return n;
}

#else

static size_t add_dnnl_processes(struct contestant *c, const struct problem *p) {
    (void)c, (void)p;
    return 0;
}

#endif

/* --- measurement and output --------------------------------------------------------------------------------------------------- */

/* index: of the contestant in its process. */
static struct window measure(struct contestant *c, size_t index, size_t batch) {
    size_t number = index * N_BATCHES + batch;
    struct window w;

    if (c->to == 0)
        return run_window(&c->jobs[batch]);
    if (write(c->to, &number, sizeof(number)) != (ssize_t)sizeof(number) || read(c->from, &w, sizeof(w)) != (ssize_t)sizeof(w))
        give_up("%s: its process ended", c->name);
    return w;
}

static void measure_all(struct contestant *c, size_t n, size_t n_batches, long n_windows) {
    for (size_t b = 0; b < n_batches; b++)
        for (long i = 0; i < n_windows; i++)
            for (size_t k = 0, first = 0; k < n; k++) {
                struct window w;

                if (c[k].to != c[first].to)
                    first = k;
                w = measure(&c[k], k - first, b);
                if (w.per_s > c[k].best[b].per_s)
                    c[k].best[b] = w;
            }
}

static double per_cycle(struct window w) {
    return w.hz > 0 ? w.per_s / w.hz : NAN;
}

/* What libraries have prepared is kept until the program ends. */
static void contestants_done(struct contestant *c, size_t n) {
    for (size_t i = 0; i < n; i++) {
        for (size_t b = 0; b < N_BATCHES; b++)
            free(c[i].jobs[b].out);
        if (c[i].to != 0 && (i + 1 == n || c[i + 1].to != c[i].to))
            close(c[i].to), close(c[i].from);
    }
    while (wait(NULL) > 0)
        ;
}

/* Returns the best contestant of a side for a batch, with one instruction set or with any (""), or NULL. */
static const struct contestant *best_of(const struct contestant *c, size_t n, enum side side, const char *isa, size_t batch) {
    const struct contestant *best = NULL;

    for (size_t i = 0; i < n; i++)
        if (c[i].side == side && (!*isa || strcmp(c[i].isa, isa) == 0) &&
            (!best || c[i].best[batch].per_s > best->best[batch].per_s))
            best = &c[i];
    return best;
}

static void tell_rates(const struct contestant *c, size_t n, enum side side) {
    for (size_t i = 0; i < n; i++) {
        if (c[i].side != side)
            continue;
        printf("| %s |", c[i].name);
        for (size_t b = 0; b < N_BATCHES; b++)
            printf(" %.1f |", c[i].best[b].per_s * 1e-9);
        puts("");
    }
}

/* Prints the ratio of one of ours to the best of theirs, with one instruction set or with any (""). */
static void tell_ratio(const struct contestant *c, size_t n, const struct contestant *ours, enum side theirs, const char *isa) {
    if (!best_of(c, n, theirs, isa, 0))
        return;
    printf("| *%s / best of theirs%s%s* |", ours->name, *isa ? " with " : "", isa);
    for (size_t b = 0; b < N_BATCHES; b++)
        printf(" %.2f |", ours->best[b].per_s / best_of(c, n, theirs, isa, b)->best[b].per_s);
    puts("");
}

static void tell_gemm(const struct contestant *c, size_t n, const struct problem *p) {
    static const char *const columns = "| M = 1 | 2 | 3 | 4 | 8 |\n|---|---|---|---|---|---|\n";

    printf("\n## K x N = %zu x %zu\n\n| GMAC/s %s", p->k_in, p->n_out, columns);
    for (int bytes = 0; bytes < 2; bytes++) {
        enum side ours = bytes ? OUR_BYTES : OUR_SUMS, theirs = bytes ? THEIR_BYTES : THEIR_SUMS;

        printf("| **%s** | | | | | |\n", bytes ? "bytes" : "sums");
        tell_rates(c, n, ours);
        tell_rates(c, n, theirs);
        for (size_t i = 0; i < n; i++)
            if (c[i].side == ours && strcmp(c[i].isa, "ref") != 0) {
                tell_ratio(c, n, &c[i], theirs, strcmp(c[i].isa, "avx512vnni") == 0 ? "avx512_core_vnni" : c[i].isa);
                tell_ratio(c, n, &c[i], theirs, "");
            }
    }
    printf("\n| multiply-adds a cycle (of the peak) %s", columns);
    for (size_t i = 0; i < n; i++) {
        if (c[i].side != OUR_SUMS && c[i].side != OUR_BYTES)
            continue;
        printf("| %s |", c[i].name);
        for (size_t b = 0; b < N_BATCHES; b++) {
            const struct contestant *peak = best_of(c, n, PEAK, c[i].isa, b);

            printf(" %.1f", per_cycle(c[i].best[b]));
            if (peak)
                printf(" (%.0f %%)", 100 * per_cycle(c[i].best[b]) / per_cycle(peak->best[b]));
            fputs(" |", stdout);
        }
        puts("");
    }
}

static size_t add_peaks(struct contestant *c, const struct problem *p) {
    size_t n = 0;

    (void)c, (void)p;
#ifdef __x86_64__
    if (base_cpu_detect() & BASE_CPU_AVX2)
        add_contestant(&c[n++], PEAK, "avx2", run_peak_avx2, p, NULL, "avx2: `vpmaddubsw`, `vpmaddwd` and `vpaddd` for 32");
    if (base_cpu_detect() & BASE_CPU_AVX512VNNI)
        add_contestant(&c[n++], PEAK, "avx512vnni", run_peak_avx512vnni, p, NULL, "avx512vnni: `vpdpbusd` for 64");
    for (size_t i = 0; i < n; i++)
        for (size_t b = 0; b < N_BATCHES; b++)
            c[i].jobs[b].work = PEAK_TURNS * 4 * (i == 0 ? 6 * 32 : 12 * 64);
#endif
    return n;
}

static void bench_gemm(size_t k_in, size_t n_out, const struct nn_kernels *tables, size_t n_tables, long n_windows) {
    struct contestant c[MAX_CONTESTANTS];
    struct problem p = problem_new(k_in, n_out);
    size_t n = add_dnnl_processes(c, &p); /* first, so that its processes start with nothing but the problem */

    n += add_ours(c + n, &p, tables, n_tables);
    n += add_xnnpack(c + n, &p);
    n += add_openblas(c + n, &p);
    n += add_peaks(c + n, &p);
    measure_all(c, n, N_BATCHES, n_windows);
    tell_gemm(c, n, &p);
    contestants_done(c, n);
    problem_done(&p);
}

static void bench_rest(size_t n_taps, size_t n_channels, const struct nn_kernels *tables, size_t n_tables, long n_windows) {
    struct contestant c[MAX_CONTESTANTS];
    struct problem p = problem_new((n_taps + NN_IN_BLOCK - 1) / NN_IN_BLOCK * NN_IN_BLOCK, n_channels);
    size_t n = 0;

    p.k_in = n_taps;
    for (size_t t = 0; t < n_tables; t++)
        if (t == 0 || tables[t].dwconv_s8 != tables[t - 1].dwconv_s8)
            add_contestant(&c[n++], OUR_BYTES, tables[t].dwconv_name, run_dwconv, &p, &tables[t], "`dwconv_s8` %s, %zu taps, %zu",
                           tables[t].dwconv_name, n_taps, n_channels);
    for (size_t t = 0; t < n_tables; t++)
        if (t == 0 || tables[t].add_s8 != tables[t - 1].add_s8)
            add_contestant(&c[n++], OUR_BYTES, tables[t].add_name, run_add, &p, &tables[t], "`add_s8` %s, %zu", tables[t].add_name,
                           n_channels);
    for (size_t i = 0; i < n; i++)
        c[i].jobs[0].work = (double)n_channels;
    measure_all(c, n, 1, n_windows);
    for (size_t i = 0; i < n; i++)
        printf("| %s | %.2f | %.2f |\n", c[i].name, c[i].best[0].per_s * 1e-9, per_cycle(c[i].best[0]));
    contestants_done(c, n);
    problem_done(&p);
}

static void tell_machine(long n_windows) {
    struct contestant peaks[2];
    struct problem p = problem_new(NN_IN_BLOCK, NN_OUT_BLOCK);
    size_t n = add_peaks(peaks, &p);
    char line[256], cpu[256] = "a CPU without a name in /proc/cpuinfo";
    FILE *f = fopen("/proc/cpuinfo", "r");

    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "model name : %255[^\n]", cpu) == 1)
            break;
    if (f)
        fclose(f);
    printf("# The kernels beside other libraries\n\n%s, one core, one thread; the best of %ld windows of %g ms.\n\n", cpu,
           n_windows, WINDOW_S * 1e3);
#ifdef BESIDE_DNNL
    printf("- oneDNN %d.%d.%d, named with the instruction set that it is held to or found; weights of matmul prepacked\n",
           DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR, DNNL_VERSION_PATCH);
#else
    puts("- oneDNN is missing: apt install libdnnl-dev, then configure again");
#endif
#ifdef BESIDE_XNNPACK
    puts("- XNNPACK, weights prepacked");
#else
    puts("- XNNPACK is missing: apt install libxnnpack-dev libpthreadpool-dev, then configure again");
#endif
#ifdef BESIDE_OPENBLAS
    printf("- %s, sgemv where M = 1\n", openblas_get_config());
#else
    puts("- OpenBLAS is missing: apt install libopenblas-dev, then configure again");
#endif
    if (evex_stands_in())
        puts("- avxvnni: ours as it is encoded for AVX-512, because this CPU has no AVX-VNNI");
    measure_all(peaks, n, 1, n_windows);
    for (size_t i = 0; i < n; i++)
        printf("- peak with %s: %.0f GMAC/s, %.1f multiply-adds a cycle at %.2f GHz\n", peaks[i].name,
               peaks[i].best[0].per_s * 1e-9, per_cycle(peaks[i].best[0]), peaks[i].best[0].hz * 1e-9);
    contestants_done(peaks, n);
    problem_done(&p);
}

struct shape {
    size_t k, n;
};

static void add_shape(struct shape *shapes, size_t *n, size_t k_in, size_t n_out) {
    for (size_t i = 0; i < *n; i++)
        if (shapes[i].k == k_in && shapes[i].n == n_out)
            return;
    shapes[(*n)++] = (struct shape){k_in, n_out};
}

int main(int argc, char **argv) {
    struct shape gemm[NN_MAX_OPS + 2], rest[NN_MAX_OPS];
    size_t n_gemm = 0, n_rest = 0, n_tables;
    struct nn_kernels tables[MAX_TABLES];
    const char *path = "models/en/acoustic.tragus";
    tragus_error error;
    char text[512];
    struct nn_model *m;
    long n_windows = 50;

    /* OpenMP and OpenBLAS read these when they are loaded. */
    if (!getenv("OMP_NUM_THREADS") || !getenv("OPENBLAS_NUM_THREADS")) {
        setenv("OMP_NUM_THREADS", "1", 1);
        setenv("OPENBLAS_NUM_THREADS", "1", 1);
        execv("/proc/self/exe", argv);
        give_up("cannot start itself again: %s", strerror(errno));
    }
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--windows") == 0 && i + 1 < argc && atol(argv[i + 1]) > 0) {
            n_windows = atol(argv[++i]);
        } else if (*argv[i] != '-') {
            path = argv[i];
        } else {
            fprintf(stderr, "usage: %s [--windows N] [MODEL]\n", argv[0]);
            return 2;
        }
    if (nn_model_open(&m, path, 0, &error) < 0)
        give_up("%s", base_error_format(&error, text, sizeof(text)));
    for (uint32_t i = 0; i < m->n_ops; i++)
        if (m->ops[i].kind == NN_DEPTHWISE)
            add_shape(rest, &n_rest, m->ops[i].taps, m->ops[i].n_out);
        else if (m->ops[i].kind != NN_ADD)
            add_shape(gemm, &n_gemm, (size_t)m->ops[i].taps * m->ops[i].n_in, m->ops[i].n_out);
    nn_model_free(m);
    add_shape(gemm, &n_gemm, 416, 416); /* of a wider network that was also trained */
    add_shape(gemm, &n_gemm, 360, 416);

    n_tables = find_tables(tables);
    tell_machine(n_windows);
    for (size_t i = 0; i < n_gemm; i++)
        bench_gemm(gemm[i].k, gemm[i].n, tables, n_tables, n_windows);
    puts("\n## The other kernels, one row\n\n| | 10^9 elements/s | elements a cycle |\n|---|---|---|");
    for (size_t i = 0; i < n_rest; i++)
        bench_rest(rest[i].k, rest[i].n, tables, n_tables, n_windows);
    return 0;
}
