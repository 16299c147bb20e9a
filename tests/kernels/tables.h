/* SPDX-License-Identifier: Apache-2.0 */
/* tests/kernels/tables.h: every table of kernels that this build and CPU have, for the programs that go through them.
 *
 * The select functions are asked for every subset of the CPU's flags, so a new rung needs nothing here. Where AVXVNNI_EVEX is
 * defined and a CPU has AVX-512 VNNI and no AVX-VNNI, there is also gemm_avxvnni.c as it is encoded for the former.
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

/* Whether the variant avxvnni is that. */
static inline bool evex_stands_in(void) {
#ifdef AVXVNNI_EVEX
    return (base_cpu_detect() & (BASE_CPU_AVX512VNNI | BASE_CPU_AVXVNNI)) == BASE_CPU_AVX512VNNI;
#else
    return false;
#endif
}

/* All tables of the network's kernels that differ, the reference first; how many. */
static inline size_t find_tables(struct nn_kernels tables[MAX_TABLES]) {
    uint32_t detected = base_cpu_detect(), subset = 0;
    size_t n = 0;

    do { /* counts through the subsets of the bits of detected, from none to all */
        struct nn_kernels k = nn_kernels_select(subset);
        bool known = false;

        for (size_t i = 0; i < n; i++)
            known |= tables[i].gemm_s8 == k.gemm_s8 && tables[i].dwconv_s8 == k.dwconv_s8 && tables[i].add_s8 == k.add_s8;
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

/* Of the front end's. */
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
