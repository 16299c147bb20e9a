/* SPDX-License-Identifier: Apache-2.0 */
/* models/training/fused.c: what a step of training does between its matrix products, each in one pass through memory: the depthwise
 * convolution and its gradients, batch normalisation with what follows it. PyTorch 1.13 goes through memory once for each
 * operation, for some several times, and on a CPU that takes longer than the products do.
 *
 * Tensors are bfloat16, sums and what belongs to a channel float32; channels lie last: x[row * channels + channel]. Pointers are
 * fused.py's, which has checked the shapes. `make training` builds it; nothing that is installed uses it.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined __x86_64__ && !defined __clang__
#define FOR_EACH_CPU __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define FOR_EACH_CPU
#endif
#pragma GCC visibility push(default)

enum {
    TAPS = 9,
    MAX_CHANNELS = 1024,
    LANES = 32,     /* channels that are summed in registers */
    ROWS_A_SUM = 64 /* rows that are summed in float32 before the sum goes to float64 */
};

static inline float widened(uint16_t bfloat16) {
    uint32_t bits = (uint32_t)bfloat16 << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* To the nearest, halves to the even one. */
static inline uint16_t narrowed(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* y[step] = sum over k of weights[k] * x[step + k - left] in each of n sounds of n_steps, zeros beyond their ends. weights: TAPS x
 * channels, channels a multiple of LANES. With the weights' order reversed and left of TAPS - 1 - left it is the gradient towards
 * x. */
FOR_EACH_CPU void fused_depthwise(const uint16_t *restrict x, const float *restrict weights, ptrdiff_t n, ptrdiff_t n_steps,
                                  ptrdiff_t channels, ptrdiff_t left, uint16_t *restrict y) {
    for (ptrdiff_t row = 0; row < n * n_steps; row++) {
        ptrdiff_t step = row % n_steps, first = step < left ? left - step : 0;
        ptrdiff_t end = step + TAPS - left > n_steps ? n_steps - step + left : TAPS;
        for (ptrdiff_t channel = 0; channel < channels; channel += LANES) {
            float sum[LANES] = {0};
            for (ptrdiff_t k = first; k < end; k++) {
                const uint16_t *in = x + (row + k - left) * channels + channel;
                for (ptrdiff_t i = 0; i < LANES; i++) {
                    sum[i] += weights[k * channels + channel + i] * widened(in[i]);
                }
            }
            for (ptrdiff_t i = 0; i < LANES; i++) {
                y[row * channels + channel + i] = narrowed(sum[i]);
            }
        }
    }
}

/* The gradient of fused_depthwise() towards its weights, where dy is that towards y: TAPS x channels. */
FOR_EACH_CPU void fused_depthwise_weights(const uint16_t *restrict x, const uint16_t *restrict dy, ptrdiff_t n, ptrdiff_t n_steps,
                                          ptrdiff_t channels, ptrdiff_t left, float *restrict dweights) {
    for (ptrdiff_t channel = 0; channel < channels; channel += LANES) {
        float sum[TAPS][LANES] = {{0}};
        for (ptrdiff_t row = 0; row < n * n_steps; row++) {
            ptrdiff_t step = row % n_steps, first = step < left ? left - step : 0;
            ptrdiff_t end = step + TAPS - left > n_steps ? n_steps - step + left : TAPS;
            const uint16_t *out = dy + row * channels + channel;
            for (ptrdiff_t k = first; k < end; k++) {
                const uint16_t *in = x + (row + k - left) * channels + channel;
                for (ptrdiff_t i = 0; i < LANES; i++) {
                    sum[k][i] += widened(out[i]) * widened(in[i]);
                }
            }
        }
        for (ptrdiff_t k = 0; k < TAPS; k++) {
            memcpy(dweights + k * channels + channel, sum[k], sizeof sum[k]);
        }
    }
}

/* Of each channel the sums of a and of a * b over all rows; channels at most MAX_CHANNELS. */
FOR_EACH_CPU void fused_sums(const uint16_t *restrict a, const uint16_t *restrict b, ptrdiff_t rows, ptrdiff_t channels,
                             double *restrict sum_a, double *restrict sum_ab) {
    memset(sum_a, 0, (size_t)channels * sizeof *sum_a);
    memset(sum_ab, 0, (size_t)channels * sizeof *sum_ab);
    for (ptrdiff_t first = 0; first < rows; first += ROWS_A_SUM) {
        float part_a[MAX_CHANNELS] = {0}, part_ab[MAX_CHANNELS] = {0};
        ptrdiff_t end = first + ROWS_A_SUM < rows ? first + ROWS_A_SUM : rows;
        for (ptrdiff_t at = first * channels; at < end * channels; at += channels) {
            for (ptrdiff_t i = 0; i < channels; i++) {
                part_a[i] += widened(a[at + i]);
                part_ab[i] += widened(a[at + i]) * widened(b[at + i]);
            }
        }
        for (ptrdiff_t i = 0; i < channels; i++) {
            sum_a[i] += (double)part_a[i];
            sum_ab[i] += (double)part_ab[i];
        }
    }
}

/* y = (gain * x + offset + residual) * mask, mask a number for each row; then no less than `least`. */
FOR_EACH_CPU void fused_affine(const uint16_t *restrict x, const float *restrict gain, const float *restrict offset,
                               const uint16_t *restrict residual, const float *restrict mask, float least, ptrdiff_t rows,
                               ptrdiff_t channels, uint16_t *restrict y) {
    for (ptrdiff_t row = 0; row < rows; row++) {
        const uint16_t *in = x + row * channels;
        uint16_t *out = y + row * channels;
        if (residual != NULL) {
            const uint16_t *more = residual + row * channels;
            for (ptrdiff_t i = 0; i < channels; i++) {
                out[i] = narrowed((gain[i] * widened(in[i]) + offset[i] + widened(more[i])) * mask[row]);
            }
        } else {
            for (ptrdiff_t i = 0; i < channels; i++) {
                float value = gain[i] * widened(in[i]) + offset[i];
                out[i] = narrowed(value > least ? value : least);
            }
        }
    }
}

/* y = gain * a + slope * b + offset. */
FOR_EACH_CPU void fused_combined(const uint16_t *restrict a, const uint16_t *restrict b, const float *restrict gain,
                                 const float *restrict slope, const float *restrict offset, ptrdiff_t rows, ptrdiff_t channels,
                                 uint16_t *restrict y) {
    for (ptrdiff_t at = 0; at < rows * channels; at += channels) {
        for (ptrdiff_t i = 0; i < channels; i++) {
            y[at + i] = narrowed(gain[i] * widened(a[at + i]) + slope[i] * widened(b[at + i]) + offset[i]);
        }
    }
}
