/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/kernels/spectrum_ref.c: the reference of what fft.c computes besides KissFFT. It is the specification, so it is not
 * optimised. */
#include "base/assert.h"
#include "base/fixed.h"
#include "frontend/kernels/kernels.h"

#include <stdlib.h>

#define HALF (FRONTEND_FFT_SIZE / 2)

void frontend_spectrum_convert_ref(float *out, const int32_t *x, size_t n, int32_t ret_sums[2]) {
    int32_t greater = 0, lesser = 0;
    base_debug_assert(n % 8 == 0 && n <= 32768);
    for (size_t i = 0; i < n; i += 2) {
        int32_t a = abs(x[i]), b = abs(x[i + 1]);
        base_debug_assert(a <= INT16_MAX && b <= INT16_MAX);
        greater += a > b ? a : b;
        lesser += a > b ? b : a;
        out[i] = (float)x[i];
        out[i + 1] = (float)x[i + 1];
    }
    ret_sums[0] = greater;
    ret_sums[1] = lesser;
}

/* With c[n] = v[n] + v[512 - n] and s[n] = v[n] - v[512 - n] the sums cover half of the period of 512: n = 0 .. 256. With H the
 * half period, cos(pi k (H - n) / H) is -cos(pi k n / H) for odd k and +cos(pi k n / H) for even k, and the sine has the opposite
 * signs. So odd bins need c[n] - c[H - n] and s[n] + s[H - n] over a quarter of the period (at its end the cosine is zero, at its
 * beginning the sine). Even bins need c[n] + c[H - n] and s[n] - s[H - n], which is the same problem for k / 2 on half as many
 * samples, and so on. */
void frontend_spectrum_fold_ref(int32_t re[HALF], int32_t im[HALF], const int32_t frame[FRONTEND_WINDOW]) {
    int32_t c[HALF + 1], s[HALF + 1];
    for (unsigned n = 0; n <= HALF; n++) {
        unsigned mirror = FRONTEND_FFT_SIZE - n;
        int32_t other = mirror < FRONTEND_WINDOW && mirror != n ? frame[mirror] : 0;
        c[n] = frame[n] + other;
        s[n] = frame[n] - other;
    }
    for (unsigned half = HALF, quarter = HALF / 2; quarter > 0; half = quarter, quarter /= 2) {
        re[quarter] = c[0] - c[half];
        im[quarter] = s[quarter];
        c[0] += c[half];
        for (unsigned n = 1; n < quarter; n++) {
            re[quarter + n] = c[n] - c[half - n];
            im[half - n] = s[n] + s[half - n];
            c[n] += c[half - n];
            s[n] -= s[half - n];
        }
    }
}

void frontend_spectrum_round_ref(int32_t *out, uint8_t *ret_near, const float *x, size_t n, int32_t band) {
    base_debug_assert(n % 8 == 0 && band >= 0);
    for (size_t i = 0; i < n; i += 8) {
        unsigned near = 0;
        for (unsigned k = 0; k < 8; k++) {
            int32_t q = (int32_t)(x[i + k] * (float)(1 << (10 - FRONTEND_FFT_STEP_BITS)));
            out[i + k] = (q + 512) >> 10;
            near |= (unsigned)(abs((q & 1023) - 512) <= band) << k;
        }
        ret_near[i / 8] = (uint8_t)near;
    }
}

void frontend_spectrum_product_ref(int64_t ret_sums[2], const int32_t *a, const int32_t *b, size_t n) {
    int64_t even = 0, odd = 0;
    base_debug_assert(n % 8 == 0);
    for (size_t i = 0; i < n; i += 2) {
        even += (int64_t)a[i] * b[i];
        odd += (int64_t)a[i + 1] * b[i + 1];
    }
    ret_sums[0] = even;
    ret_sums[1] = odd;
}
