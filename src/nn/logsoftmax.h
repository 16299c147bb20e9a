/* SPDX-License-Identifier: Apache-2.0 */
/* nn/logsoftmax.h: log-softmax in integers, with tables. */
#ifndef TRAGUS_NN_LOGSOFTMAX_H
#define TRAGUS_NN_LOGSOFTMAX_H

#include <stddef.h>
#include <stdint.h>

/* gen/logsoftmax.c */
extern const int32_t nn_exp_whole_q30[22];
extern const int32_t nn_exp_part_q30[256];
extern const int32_t nn_ln_q16[129];

/* out[i] = logits[i] - ln(sum_j exp(logits[j])), both Q8 of nats, within 0.51 of a step of the exact value, clamped to [-32768, 0].
 * 1 <= n <= 64; out may be logits. */
void nn_log_softmax(int16_t *out, const int16_t *logits, size_t n);

#endif
