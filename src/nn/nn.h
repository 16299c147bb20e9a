/* SPDX-License-Identifier: Apache-2.0 */
/* nn/nn.h: the acoustic network: runs the program of a model file step by step in fixed memory.
 *
 * Input: features, one int16 row of 40 per 10 ms. Output: one int16 row per `step_hops` * 10 ms, of n_labels log-posteriors, Q8 of
 * nats, <= 0; label 0 is the blank. If the model has a sketch (nn/verifier.h), its values, 0..127, follow in the same row. A row is
 * delayed by `look_ahead_hops`. CTC: Graves et al., 2006.
 *
 * Model file: a container of kind STORE_ACOUSTIC (store/store.h) with these sections, all but the last required. Each contains
 * exactly what is listed here. Little-endian. models/training/device/program.py writes it.
 *
 *   "passport" UTF-8 text without NUL: `key: value` lines, lists indented; name, language, phones, corpora with licences, training,
 *              results
 *   "labels"   n_labels different names, each ended by NUL; label 0 is "<blank>"
 *   "program"  u32 words: version 1, n_features 40, step_hops, n_labels, n_ops; then n_ops times 10 words:
 *                0 kind     1 CONV, 2 DEPTHWISE, 3 ADD, 4 LOGITS (the last operation and no other), 5 CONV_S4: as CONV, but its
 *                           weights have four bits; 6 SKETCH: as CONV, with one tap, a ReLU and at most NN_MAX_SKETCH channels.
 *                           It may only stand before LOGITS, and reads the same buffer
 *                1 from     the buffer read. Buffer 0 holds the quantised features, operation i (from 0) writes buffer i + 1
 *                2 from_b   the second buffer of ADD, else 0
 *                3 n_in     channels of the buffer read
 *                4 n_out    channels written: a multiple of 16. DEPTHWISE and ADD: = n_in. LOGITS: n_labels rounded up to 16
 *                5 taps     1..64, DEPTHWISE 1..31, else 1; taps * n_in is a multiple of 4
 *                6 stride   CONV, CONV_S4 1..16, else 1
 *                7 left     how many of the taps are in the past: 0..taps - 1
 *                8 relu     1: low = 0, 0: low = -127; LOGITS 0
 *                9 shift    of ADD (1..30) and LOGITS (1..62), else 0
 *   "scale"    int32 input_multiplier[40], then for each operation
 *                CONV, CONV_S4, DEPTHWISE, SKETCH: int32 bias[n_out], int32 multiplier[n_out], u8 shift[n_out]
 *                ADD: int32 ma, int32 mb         LOGITS: int32 bias[n_out], int32 multiplier
 *   "weights"  for each operation except ADD int8 in [-127, 127], then zeros up to a multiple of 64 bytes. CONV, SKETCH and LOGITS:
 *              packed as nn/kernels/kernels.h defines, input k = tap * n_in + channel. DEPTHWISE: [taps][n_out]. CONV_S4: in the
 *              order of CONV, in [-7, 7], two in a byte as kernels.h defines for unpack_s4
 *   "test"     u32 n_rows, u32 n_steps = ceil(n_rows / step_hops), int16 features[n_rows][40],
 *              int16 rows[n_steps][row width]: the posteriors, then the sketch
 *   "verifier" only if there is a sketch: nn/verifier.h
 *
 * The computation for a sound of T rows (docs/FIXED-POINT.md; round_shift and requantise: base/fixed.h). A buffer has one row per
 * `hops` rows of features, where hops is the product of the strides before it, so ceil(T / hops) rows. Rows outside are zero.
 *   buffer 0   x[t][c] = clamp(round_shift(feature[t][c] * input_multiplier[c], 16), -127, 127)
 *   CONV, CONV_S4, SKETCH
 *              y[t][n] = requantise(bias[n] + sum_{i,c} x[t * stride - left + i][c] * w[i][c][n])
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
#define NN_MAX_SKETCH 64
#define NN_MAX_WIDTH (NN_MAX_LABELS + NN_MAX_SKETCH) /* of a row */
#define NN_MAX_HOPS 12 /* per call: 120 ms, four steps of the shipped model, the most that kernels benefit from */

struct nn_model; /* mapped and checked; immutable, any thread */
struct nn_state; /* the running state of one sound, in an arena */

/* Opens a model file and checks all of it; nothing is checked again afterwards. cpu_flags: which kernels may be used. Returns 0, or
 * a negative errno with a message: the errors of store_open, or -EBADMSG if the file is not a network. Free with nn_model_free. */
int nn_model_open(struct nn_model **ret, const char *path, uint32_t cpu_flags, tragus_error *reterr);
void nn_model_free(struct nn_model *m);

unsigned nn_model_n_labels(const struct nn_model *m);
unsigned nn_model_row_width(const struct nn_model *m); /* values in a row: n_labels, and the channels of the sketch */
const char *nn_model_label(const struct nn_model *m, unsigned label); /* "<blank>", "AA", ... valid as long as the model */
int nn_model_find_label(const struct nn_model *m, const char *name);  /* index, or -ENOENT */
unsigned nn_model_step_hops(const struct nn_model *m);                /* hops per step: 3 */
unsigned nn_model_look_ahead_hops(const struct nn_model *m);          /* of the network alone, without that of the front end */
uint64_t nn_model_macs_per_step(const struct nn_model *m);
const char *nn_model_passport(const struct nn_model *m, size_t *ret_len);
size_t nn_model_size_bytes(const struct nn_model *m);
const struct nn_kernels *nn_model_kernels(const struct nn_model *m);

/* Copies the value of a top-level key of the passport to out; -ENOENT if it is missing, -ENOBUFS if out is too small. */
int nn_model_passport_value(const struct nn_model *m, const char *key, char *out, size_t size_bytes);

/* Runs the file's own test vector. Returns 0, or -EBADMSG with the position of the first difference. Allocates. */
int nn_model_check(const struct nn_model *m, tragus_error *reterr);

/* Places a state (twice, see base/arena.h); returns NULL while counting. */
struct nn_state *nn_place(struct base_arena *a, const struct nn_model *m);
void nn_reset(struct nn_state *s);

/* Processes n_rows <= NN_MAX_HOPS consecutive feature rows. Returns the number of steps completed, at most n_rows, and writes the
 * row of each, one after another. Rows in one call share the loads of the weights; the results do not depend on how a sound is cut
 * into calls. */
size_t nn_push(struct nn_state *s, const int16_t *rows, size_t n_rows, int16_t *ret_rows);

/* Ends the sound: call until it returns 0. Each call writes the returned number of rows, at most NN_MAX_HOPS. The
 * result equals that of a network with zero padding on the whole sound. Call nn_reset before the next sound. */
size_t nn_flush(struct nn_state *s, int16_t *ret_rows);

#endif
