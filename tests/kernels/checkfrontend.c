/* SPDX-License-Identifier: Apache-2.0 */
/* tests/kernels/checkfrontend.c: the kernels of the front end, for checkkernels.c. */
#include "check.h"
#include "checked_call.h"
#include "tables.h"

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

bool check_frontend(const char *only, bool list) {
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

bool has_frontend_family(const char *name) {
    for (size_t f = 0; f < N_FRONTEND_FAMILIES; f++)
        if (strcmp(frontend_families[f].name, name) == 0)
            return true;
    return false;
}
