/* SPDX-License-Identifier: Apache-2.0 */
/* models/training/learning/crf.c: the sum over all phone sequences of crf.py and its gradient, one clip at a time, so that the
 * states of a step stay in the L1 cache. PyTorch would go through the states of all clips a dozen times per step. Part of the
 * module of fused.c. crf.py explains the states and the normalisation; fused.py has checked the shapes.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "vectors.h"

enum { HISTORIES = 40, STEPS_TO_ONE = 4 }; /* as in crf.py */

typedef float table[HISTORIES][HISTORIES];

struct model {
    const table *onward;      /* [second][first][third]: probability of a third phone, 0 if it equals the second */
    const table *back;        /* [second][third][first]: the same */
    const float (*again)[40]; /* [first][second]: probability that the second phone repeats, after a blank */
    const float (*ends)[40];  /* [first][second]: probability of the end */
};

/* One step forwards. sound and silent: probabilities of the states [first][second] in which the step is the second phone or a
 * blank. phone: probability of each phone, 0 for index 0; blank: of the blank. */
WITHIN void advance(const struct model *m, const float phone[restrict HISTORIES], float blank, table sound, table silent) {
    table entered;
    for (ptrdiff_t second = 0; second < HISTORIES; second++) {
        float sum[HISTORIES] = {0}, repeated = 0;
        for (ptrdiff_t first = 0; first < HISTORIES; first++) {
            float both = sound[first][second] + silent[first][second];
            for (ptrdiff_t third = 0; third < HISTORIES; third++) {
                sum[third] += both * m->onward[second][first][third];
            }
            repeated += silent[first][second] * m->again[first][second];
        }
        sum[second] += repeated;
        memcpy(entered[second], sum, sizeof sum);
    }
    for (ptrdiff_t first = 0; first < HISTORIES; first++) {
        for (ptrdiff_t second = 0; second < HISTORIES; second++) {
            silent[first][second] = (sound[first][second] + silent[first][second]) * blank;
            sound[first][second] = (sound[first][second] + entered[first][second]) * phone[second];
        }
    }
}

/* One step backwards: the probability of all continuations of each state, including the phone or blank of this step. */
WITHIN void retreat(const struct model *m, const float phone[restrict HISTORIES], float blank, table after_sound,
                    table after_silent) {
    table heard, onwards;
    for (ptrdiff_t first = 0; first < HISTORIES; first++) {
        for (ptrdiff_t second = 0; second < HISTORIES; second++) {
            heard[first][second] = after_sound[first][second] * phone[second];
        }
    }
    for (ptrdiff_t second = 0; second < HISTORIES; second++) {
        float sum[HISTORIES] = {0};
        for (ptrdiff_t third = 0; third < HISTORIES; third++) {
            for (ptrdiff_t first = 0; first < HISTORIES; first++) {
                sum[first] += heard[second][third] * m->back[second][third][first];
            }
        }
        for (ptrdiff_t first = 0; first < HISTORIES; first++) {
            onwards[first][second] = sum[first];
        }
    }
    for (ptrdiff_t first = 0; first < HISTORIES; first++) {
        for (ptrdiff_t second = 0; second < HISTORIES; second++) {
            float all = onwards[first][second] + after_silent[first][second] * blank;
            after_sound[first][second] = all + heard[first][second];
            after_silent[first][second] = all + heard[second][second] * m->again[first][second];
        }
    }
}

WITHIN void scale(table states, float factor) {
    for (ptrdiff_t i = 0; i < HISTORIES; i++) {
        for (ptrdiff_t k = 0; k < HISTORIES; k++) {
            states[i][k] *= factor;
        }
    }
}

WITHIN float sum_of(table states) {
    float sum = 0;
    for (ptrdiff_t i = 0; i < HISTORIES; i++) {
        for (ptrdiff_t k = 0; k < HISTORIES; k++) {
            sum += states[i][k];
        }
    }
    return sum;
}

/* chances (clips, most, 40): probabilities of the blank and of each phone; only the first counts[clip] steps are valid. kept:
 * `most` tables for the sounding states of each step. Output: sums (clips, most), filled with 1: the sums by which steps were
 * divided; end (clips,): the sum at the end; shares (clips, most, 40): each label's share of the total in a step, in valid
 * steps only. */
FOR_EACH_CPU void crf_everything(const float (*restrict chances)[40], const int64_t *restrict counts, ptrdiff_t clips,
                                 ptrdiff_t most, const table *onward, const table *back, const float (*again)[40],
                                 const float (*ends)[40], table *restrict kept, float *restrict sums, float *restrict end,
                                 float (*restrict shares)[40]) {
    const struct model m = {onward, back, again, ends};
    for (ptrdiff_t clip = 0; clip < clips; clip++, chances += most, sums += most, shares += most) {
        table sound = {{0}}, silent = {{0}}, after_sound, after_silent;
        float phones[HISTORIES], left = 0;
        ptrdiff_t n = (ptrdiff_t)counts[clip];
        silent[0][0] = 1;
        for (ptrdiff_t t = 0; t < n; t++) {
            memcpy(phones, chances[t], sizeof phones);
            phones[0] = 0;
            advance(&m, phones, chances[t][0], sound, silent);
            if (t % STEPS_TO_ONE == STEPS_TO_ONE - 1) {
                sums[t] = sum_of(sound) + sum_of(silent);
                scale(sound, 1 / sums[t]);
                scale(silent, 1 / sums[t]);
            }
            memcpy(kept[t], sound, sizeof sound);
        }
        for (ptrdiff_t i = 0; i < HISTORIES; i++) {
            for (ptrdiff_t k = 0; k < HISTORIES; k++) {
                left += (sound[i][k] + silent[i][k]) * ends[i][k];
            }
        }
        memcpy(after_sound, ends, sizeof after_sound);
        scale(after_sound, 1 / left);
        memcpy(after_silent, after_sound, sizeof after_silent);
        for (ptrdiff_t t = n - 1; t >= 0; t--) {
            float share[HISTORIES] = {0}, of_phones = 0;
            for (ptrdiff_t i = 0; i < HISTORIES; i++) {
                for (ptrdiff_t k = 0; k < HISTORIES; k++) {
                    share[k] += kept[t][i][k] * after_sound[i][k];
                }
            }
            for (ptrdiff_t k = 1; k < HISTORIES; k++) {
                of_phones += share[k];
            }
            share[0] = 1 - of_phones;
            memcpy(shares[t], share, sizeof share);
            if (t % STEPS_TO_ONE == STEPS_TO_ONE - 1) {
                scale(after_sound, 1 / sums[t]);
                scale(after_silent, 1 / sums[t]);
            }
            memcpy(phones, chances[t], sizeof phones);
            phones[0] = 0;
            retreat(&m, phones, chances[t][0], after_sound, after_silent);
        }
        end[clip] = left;
    }
}
