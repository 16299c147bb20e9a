/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/nn/run_verifier.c: pairs of phones on standard input, logits on standard output, for test_verifier.py.
 *
 * A pair is int32: label, rows and loss (Q8) of the phone before, the same of the one after, rows and loss of the gap, then the sums of
 * the gap's sketches and the sketches around the phones. Computes each with every set of kernels, and fails if two differ.
 */
#include "base/cpu.h"
#include "nn/verifier.h"

#include <stdio.h>

#define HEAD 8

static void fill(struct nn_verifier_pair *p, const int32_t *in, unsigned n_channels, size_t n_around) {
    p->before = (struct nn_verifier_phone){(uint32_t)in[0], (uint32_t)in[1], in[2]};
    p->after = (struct nn_verifier_phone){(uint32_t)in[3], (uint32_t)in[4], in[5]};
    p->n_gap = (uint32_t)in[6];
    p->gap_loss_q8 = in[7];
    for (unsigned i = 0; i < n_channels; i++)
        p->gap[i] = in[HEAD + i];
    for (size_t i = 0; i < n_around; i++)
        p->x[i] = (int8_t)in[HEAD + n_channels + i];
}

int main(int argc, char **argv) {
    const uint32_t masks[] = {0, base_cpu_detect() & (BASE_CPU_AVX2 | BASE_CPU_NEON), base_cpu_detect()};
    struct nn_model *models[sizeof(masks) / sizeof(masks[0])];
    static struct nn_verifier_pair pair;
    static int32_t in[HEAD + NN_MAX_SKETCH + NN_VERIFIER_MAX_INPUTS];
    tragus_error e;

    if (argc != 2)
        return 2;
    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++)
        if (nn_model_open(&models[i], argv[1], masks[i], &e) < 0) {
            fprintf(stderr, "%s\n", e.text);
            return 1;
        }
    const struct nn_verifier *v = nn_model_verifier(models[0]);
    if (!v)
        return 3;
    unsigned n_channels = nn_verifier_n_channels(v);
    size_t n_around = (size_t)2 * (2 * nn_verifier_reach(v) + 1) * n_channels;
    while (fread(in, sizeof(*in), HEAD + n_channels + n_around, stdin) == HEAD + n_channels + n_around) {
        int32_t logit_q8 = 0;
        for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
            fill(&pair, in, n_channels, n_around);
            int32_t other_q8 = nn_verifier_logit(nn_model_verifier(models[i]), &pair);
            if (i > 0 && other_q8 != logit_q8) {
                fprintf(stderr, "kernels %s: %d, reference: %d\n", nn_model_kernels(models[i])->gemm_name, (int)other_q8, (int)logit_q8);
                return 1;
            }
            logit_q8 = other_q8;
        }
        fwrite(&logit_q8, sizeof(logit_q8), 1, stdout);
    }
    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++)
        nn_model_free(models[i]);
    return 0;
}
