/* SPDX-License-Identifier: Apache-2.0 */
/* models/training/learning/fused.c: the parts of a training step between the matrix products, each in one pass through memory: the
 * depthwise convolution and its gradients, batch normalisation with what follows it, and the device's rounding of sums to int8.
 * PyTorch 1.13 makes one or more passes per operation; on a CPU they take longer than the products.
 *
 * Tensors are bfloat16, which represents the device's integers exactly; sums and per-channel values are float32. Channels are last:
 * x[row * channels + channel]. fused.py passes the pointers and has checked the shapes. Built by `make training`; nothing that is
 * installed uses it.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "vectors.h"

enum {
    TAPS = 9,
    MAX_CHANNELS = 1024,
    LANES = 32,     /* channels summed in registers */
    ROWS_A_SUM = 64 /* rows summed in float32 before the sum is added in float64 */
};

static inline float widened(uint16_t bfloat16) {
    uint32_t bits = (uint32_t)bfloat16 << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Rounds to nearest, halves to even. */
static inline uint16_t narrowed(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* y[step] = sum over k of weights[k] * x[step + k - left] in each of n sounds of n_steps, with zeros beyond their ends. weights:
 * TAPS x channels; channels is a multiple of LANES. With reversed weights and left = TAPS - 1 - left it computes the gradient with
 * respect to x. If sums is not NULL, the float32 sums are written to it and nothing to y. */
FOR_EACH_CPU void fused_depthwise(const uint16_t *restrict x, const float *restrict weights, ptrdiff_t n, ptrdiff_t n_steps,
                                  ptrdiff_t channels, ptrdiff_t left, uint16_t *restrict y, float *restrict sums) {
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
            if (sums != NULL) {
                memcpy(sums + row * channels + channel, sum, sizeof sum);
                continue;
            }
            for (ptrdiff_t i = 0; i < LANES; i++) {
                y[row * channels + channel + i] = narrowed(sum[i]);
            }
        }
    }
}

/* The gradient of fused_depthwise() with respect to its weights, TAPS x channels; dy: the gradient with respect to y. */
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

/* For each channel the sums of a and of a * b over all rows; at most MAX_CHANNELS channels. */
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

/* With a residual y = (gain * x + offset + residual) * mask, with one mask value per row; without one y = max(gain * x + offset,
 * least). */
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

static inline int64_t clamped(int64_t value, int64_t least, int64_t most) {
    value = value < least ? least : value;
    return value > most ? most : value;
}

/* y = clamp(round_shift((sums + bias) * multiplier, shift), least, 127) as on the device; sums are integers below 2^24. inside:
 * whether gain * sums + offset, the same value before rounding, is within the bounds. */
FOR_EACH_CPU void fused_rounded(const float *restrict sums, const int64_t *restrict bias, const int64_t *restrict multiplier,
                                const int64_t *restrict shift, const float *restrict gain, const float *restrict offset,
                                int64_t least, ptrdiff_t rows, ptrdiff_t channels, uint16_t *restrict y, uint8_t *restrict inside) {
    for (ptrdiff_t at = 0; at < rows * channels; at += channels) {
        for (ptrdiff_t i = 0; i < channels; i++) {
            int64_t exact = ((int64_t)sums[at + i] + bias[i]) * multiplier[i];
            float near = gain[i] * sums[at + i] + offset[i];
            y[at + i] = narrowed((float)clamped((exact + ((int64_t)1 << (shift[i] - 1))) >> shift[i], least, 127));
            inside[at + i] = near >= (float)least && near <= 127.0f;
        }
    }
}

/* y = clamp(round_shift(a * multiplier_a + b * multiplier_b, shift), -127, 127), as the device adds a residual; 0 in rows whose
 * mask is 0. inside: whether the value before rounding is within the bounds, and the mask is not 0. */
FOR_EACH_CPU void fused_added(const uint16_t *restrict a, const uint16_t *restrict b, int64_t multiplier_a, int64_t multiplier_b,
                              int64_t shift, const float *restrict mask, ptrdiff_t rows, ptrdiff_t channels, uint16_t *restrict y,
                              uint8_t *restrict inside) {
    int64_t half = (int64_t)1 << (shift - 1), most = (int64_t)127 << shift;
    for (ptrdiff_t row = 0; row < rows; row++) {
        for (ptrdiff_t i = row * channels; i < (row + 1) * channels; i++) {
            int64_t exact = (int64_t)widened(a[i]) * multiplier_a + (int64_t)widened(b[i]) * multiplier_b;
            y[i] = narrowed((float)clamped((exact + half) >> shift, -127, 127) * mask[row]);
            inside[i] = mask[row] != 0.0f && exact >= -most && exact <= most;
        }
    }
}

/* dx = gain * dy if inside, else 0: the gradient of the two functions above. */
FOR_EACH_CPU void fused_passed(const uint16_t *restrict dy, const uint8_t *restrict inside, const float *restrict gain,
                               ptrdiff_t rows, ptrdiff_t channels, uint16_t *restrict dx) {
    for (ptrdiff_t at = 0; at < rows * channels; at += channels) {
        for (ptrdiff_t i = 0; i < channels; i++) {
            dx[at + i] = narrowed(inside[at + i] ? gain[i] * widened(dy[at + i]) : 0.0f);
        }
    }
}
