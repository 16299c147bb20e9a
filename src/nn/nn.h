/* SPDX-License-Identifier: Apache-2.0 */
/* nn/nn.h: the acoustic network: a model file's program, run step by step in fixed memory.
 *
 * Features in (one int16 row of 40 each 10 ms), log-posteriors out (one int16 row of n_labels each `step_hops` * 10 ms, Q8 of
 * nats, <= 0, label 0 the blank). A row comes out `look_ahead_hops` after its sound went in. CTC: Graves et al., 2006.
 *
 * Model file: a container of kind STORE_ACOUSTIC (store/store.h) with these sections, all of them needed, nothing before, between
 * or behind what is named here. Little-endian. models/training/device/program.py writes it.
 *
 *   "passport" UTF-8 text without NUL: `key: value` lines, lists indented; name, language, phones, corpora with licences, training,
 *              results
 *   "labels"   n_labels different names, each ended by NUL; label 0 is "<blank>"
 *   "program"  u32 words: version 1, n_features 40, step_hops, n_labels, n_ops; then n_ops times 10 words:
 *                0 kind     1 CONV, 2 DEPTHWISE, 3 ADD, 4 LOGITS (the last operation and no other)
 *                1 from     the buffer read. Buffer 0 holds the quantised features, operation i (from 0) writes buffer i + 1
 *                2 from_b   the second buffer of ADD, else 0
 *                3 n_in     channels of the buffer read
 *                4 n_out    channels written: a multiple of 16. DEPTHWISE and ADD: = n_in. LOGITS: n_labels rounded up to 16
 *                5 taps     1..64, DEPTHWISE 1..31, else 1; taps * n_in is a multiple of 4
 *                6 stride   CONV 1..16, else 1
 *                7 left     of the taps, how many lie in the past: 0..taps - 1
 *                8 relu     1: low = 0, 0: low = -127; LOGITS 0
 *                9 shift    of ADD (1..30) and LOGITS (1..62), else 0
 *   "scale"    int32 input_multiplier[40], then for each operation
 *                CONV, DEPTHWISE: int32 bias[n_out], int32 multiplier[n_out], u8 shift[n_out]
 *                ADD: int32 ma, int32 mb         LOGITS: int32 bias[n_out], int32 multiplier
 *   "weights"  for each operation but ADD int8 in [-127, 127], then zeros up to a multiple of 64 bytes. CONV, LOGITS: packed as
 *              nn/kernels/kernels.h says, input k = tap * n_in + channel. DEPTHWISE: [taps][n_out]
 *   "test"     u32 n_rows, u32 n_steps = ceil(n_rows / step_hops), int16 features[n_rows][40], int16 posteriors[n_steps][n_labels]
 *
 * What it computes, for a sound of T rows (docs/FIXED-POINT.md; round_shift and requantise: base/fixed.h). A buffer has a row each
 * `hops` rows of features, hops the product of the strides before it, so ceil(T / hops) rows; a row outside these is zero.
 *   buffer 0   x[t][c] = clamp(round_shift(feature[t][c] * input_multiplier[c], 16), -127, 127)
 *   CONV       y[t][n] = requantise(bias[n] + sum_{i,c} x[t * stride - left + i][c] * w[i][c][n])
 *   DEPTHWISE  y[t][c] = requantise(bias[c] + sum_i x[t - left + i][c] * w[i][c])
 *   ADD        y = clamp(round_shift(a * ma + b * mb, shift), low, 127); both buffers have the same hops
 *   LOGITS     clamp(round_shift((bias[n] + sum_c x[t][c] * w[c][n]) * multiplier, shift), int16), Q8 of nats, then log-softmax
 */
#ifndef TRAGUS_NN_NN_H
#define TRAGUS_NN_NN_H

#include "base/arena.h"
#include "base/error.h"
#include "nn/kernels/kernels.h"

#include <stdbool.h>
#include <stdint.h>

#define NN_N_FEATURES 40
#define NN_MAX_LABELS 64
#define NN_MAX_HOPS 12 /* in one call: 120 ms, four steps of the shipped model, which is as much as kernels make use of */

struct nn_model; /* mapped and checked; immutable, any thread */
struct nn_state; /* one sound's running state, in an arena */

/* Opens and wholly checks a model file; after that nothing is checked again. cpu_flags: which kernels may be used. 0, or a negative
 * errno with a sentence: what store_open gives, or -EBADMSG for a file that is no network. Free with nn_model_free. */
int nn_model_open(struct nn_model **ret, const char *path, uint32_t cpu_flags, tragus_error *reterr);
void nn_model_free(struct nn_model *m);

unsigned nn_model_n_labels(const struct nn_model *m);
const char *nn_model_label(const struct nn_model *m, unsigned label); /* "<blank>", "AA", ... valid while the model is */
int nn_model_find_label(const struct nn_model *m, const char *name);  /* index, or -ENOENT */
unsigned nn_model_step_hops(const struct nn_model *m);                /* hops a step: 3 */
unsigned nn_model_look_ahead_hops(const struct nn_model *m);          /* of the network alone, without the front end's */
uint64_t nn_model_macs_per_step(const struct nn_model *m);
const char *nn_model_passport(const struct nn_model *m, size_t *ret_len);
size_t nn_model_size_bytes(const struct nn_model *m);
const struct nn_kernels *nn_model_kernels(const struct nn_model *m);

/* One value of the passport's top-level keys, copied into out; -ENOENT where it is missing, -ENOBUFS where out is too small. */
int nn_model_passport_value(const struct nn_model *m, const char *key, char *out, size_t size_bytes);

/* Runs the file's own test vector. 0, or -EBADMSG with where the first difference is. Allocates. */
int nn_model_check(const struct nn_model *m, tragus_error *reterr);

/* Places a state (twice, see base/arena.h); NULL while counting. */
struct nn_state *nn_place(struct base_arena *a, const struct nn_model *m);
void nn_reset(struct nn_state *s);

/* n_rows <= NN_MAX_HOPS feature rows in, one after the other at `rows`. Returns how many steps they complete, at most as many, and
 * writes n_labels log-posteriors of each, one after the other. Rows that come together share the loads of the weights; the results
 * are the same however a sound is cut into calls. */
size_t nn_push(struct nn_state *s, const int16_t *rows, size_t n_rows, int16_t *ret_posteriors);

/* End of sound: call until it returns 0; each call writes so many more rows of posteriors, at most NN_MAX_HOPS. The result is what
 * a network with zero padding computes on the whole sound. Then nn_reset before the next sound. */
size_t nn_flush(struct nn_state *s, int16_t *ret_posteriors);

#endif
