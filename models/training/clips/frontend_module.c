/* SPDX-License-Identifier: Apache-2.0 */
/* models/training/clips/frontend_module.c: the front end as a shared module for training (Python's ctypes), so the network learns
 * from exactly the integers that it gets on the device. Each thread has its own front end, made at its first call.
 *
 * Built by `make training`, or by hand from the top folder:
 *   gcc -std=gnu11 -O2 -shared -fPIC -fvisibility=hidden -Isrc $(pkg-config --cflags kissfft-float) -o libfrontend.so \
 *       models/training/clips/frontend_module.c src/frontend/{frontend,fft,mel,log2,cepstrum}.c \
 *       src/frontend/gen/{tables,mean_prior}.c src/frontend/kernels/{window,spectrum,cepstrum}_ref.c \
 *       src/frontend/kernels/select.c src/base/{arena,assert,cpu}.c -lkissfft-float
 */
#include "base/arena.h"
#include "base/cpu.h"
#include "frontend/frontend.h"

#include <stddef.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

static struct frontend *fresh(void) {
    static _Thread_local struct base_arena arena;
    static _Thread_local struct frontend *frontend;
    if (frontend == NULL) {
        struct base_arena size = {0};
        frontend_place(&size, base_cpu_detect());
        if (base_arena_init(&arena, size.used_bytes) < 0) {
            return NULL;
        }
        frontend = frontend_place(&arena, base_cpu_detect());
        base_arena_seal(&arena);
    }
    frontend_reset(frontend);
    return frontend;
}

/* Processes n_samples / 160 whole hops, then two hops of zeros, because the row of a hop looks 15 ms ahead; so each hop gives a
 * row. Returns the number of rows, or -1 if rows (size_rows x 40) is too small or there is no memory. */
static int run(const int16_t *pcm, size_t n_samples, int16_t *rows, size_t size_rows, int log_mel) {
    static const int16_t silence[FRONTEND_HOP];
    size_t n_hops = n_samples / FRONTEND_HOP, n_rows = 0;
    struct frontend *f = n_hops <= size_rows ? fresh() : NULL;
    if (f == NULL) {
        return -1;
    }
    for (size_t i = 0; n_rows < n_hops; i++) {
        int16_t row[FRONTEND_FEATURES];
        if (frontend_push(f, i < n_hops ? pcm + i * FRONTEND_HOP : silence, row)) {
            memcpy(rows + n_rows * FRONTEND_FEATURES, log_mel ? frontend_log_mel(f) : row, sizeof(row));
            n_rows++;
        }
    }
    return (int)n_rows;
}

EXPORT int training_features(const int16_t *pcm, size_t n_samples, int16_t *rows, size_t size_rows);
EXPORT int training_log_mel(const int16_t *pcm, size_t n_samples, int16_t *rows, size_t size_rows);

/* Mean-normalised MFCCs, Q8, from a fresh front end whose mean is the prior. */
int training_features(const int16_t *pcm, size_t n_samples, int16_t *rows, size_t size_rows) {
    return run(pcm, n_samples, rows, size_rows, 0);
}

/* log2 of the 40 mel energies, Q8. */
int training_log_mel(const int16_t *pcm, size_t n_samples, int16_t *rows, size_t size_rows) {
    return run(pcm, n_samples, rows, size_rows, 1);
}
