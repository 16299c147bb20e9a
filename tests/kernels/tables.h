/* SPDX-License-Identifier: Apache-2.0 */
/* tests/kernels/tables.h: finds all tables of kernels of this build and CPU, for programs that test or measure each.
 *
 * The select functions are called with every subset of the CPU's flags, so a new variant needs no change here. If AVXVNNI_EVEX is
 * defined and a CPU has AVX-512 VNNI but not AVX-VNNI, gemm_avxvnni.c is included in the encoding of the former.
 */
#ifndef TRAGUS_TESTS_KERNELS_TABLES_H
#define TRAGUS_TESTS_KERNELS_TABLES_H

#include "base/cpu.h"
#include "frontend/kernels/kernels.h"
#include "nn/kernels/kernels.h"

#include <stdbool.h>

#define MAX_TABLES 16

#ifdef AVXVNNI_EVEX
extern nn_gemm_s8 nn_gemm_s8_avxvnni_evex;
extern nn_gemm_s32 nn_gemm_s32_avxvnni_evex;
#endif

/* Returns whether the variant avxvnni is in that encoding. */
static inline bool evex_stands_in(void) {
#ifdef AVXVNNI_EVEX
    return (base_cpu_detect() & (BASE_CPU_AVX512VNNI | BASE_CPU_AVXVNNI)) == BASE_CPU_AVX512VNNI;
#else
    return false;
#endif
}

/* Finds all different tables of the network's kernels, the reference first. Returns their number. */
static inline size_t find_tables(struct nn_kernels tables[MAX_TABLES]) {
    uint32_t detected = base_cpu_detect(), subset = 0;
    size_t n = 0;

    do { /* iterates over the subsets of the bits of detected, from none to all */
        struct nn_kernels k = nn_kernels_select(subset);
        bool known = false;

        for (size_t i = 0; i < n; i++)
            known |= tables[i].gemm_s8 == k.gemm_s8 && tables[i].dwconv_s8 == k.dwconv_s8 && tables[i].add_s8 == k.add_s8 &&
                     tables[i].unpack_s4 == k.unpack_s4;
        if (!known && n < MAX_TABLES)
            tables[n++] = k;
        subset = (subset - detected) & detected;
    } while (subset != 0);
#ifdef AVXVNNI_EVEX
    if (evex_stands_in() && n < MAX_TABLES) {
        tables[n] = nn_kernels_select(BASE_CPU_AVX2);
        tables[n].gemm_name = "avxvnni";
        tables[n].gemm_s8 = nn_gemm_s8_avxvnni_evex;
        tables[n++].gemm_s32 = nn_gemm_s32_avxvnni_evex;
    }
#endif
    return n;
}

/* The same for the front end's kernels. */
static inline size_t find_frontend_tables(struct frontend_kernels tables[MAX_TABLES]) {
    uint32_t detected = base_cpu_detect(), subset = 0;
    size_t n = 0;

    do {
        struct frontend_kernels k = frontend_kernels_select(subset);
        bool known = false;

        for (size_t i = 0; i < n; i++)
            known |= tables[i].window_multiply == k.window_multiply && tables[i].spectrum_product == k.spectrum_product &&
                     tables[i].mel_sums == k.mel_sums && tables[i].cepstrum_sums == k.cepstrum_sums &&
                     tables[i].gate_squares == k.gate_squares;
        if (!known && n < MAX_TABLES)
            tables[n++] = k;
        subset = (subset - detected) & detected;
    } while (subset != 0);
    return n;
}

#endif
