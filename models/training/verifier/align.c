/* SPDX-License-Identifier: Apache-2.0 */
/* align.c: the best CTC path (Graves et al., 2006) of a sequence of labels, for Python (align.py). */
#include <stdint.h>
#include <stdlib.h>

#define N_LABELS 40
#define IMPOSSIBLE (-1e30f)

/* logs: n_rows log-posteriors of N_LABELS; labels: n of them. Writes the first and the last row of each label, and returns the path's score
 * below the best label of each row; IMPOSSIBLE without memory or if there are too few rows. */
__attribute__((visibility("default"))) float training_align(const float *logs, int32_t n_rows, const uint8_t *labels, int32_t n,
                                                            int32_t *ret_first, int32_t *ret_last) {
    int32_t n_states = 2 * n + 1, state;
    float *scores = malloc(sizeof(*scores) * 2 * (size_t)n_states), *now = scores, *next, greedy = 0, score;
    uint8_t *steps = malloc((size_t)n_rows * (size_t)n_states); /* how many states back the path came from */

    if (!scores || !steps || n < 1 || n_rows < n) {
        free(scores);
        free(steps);
        return IMPOSSIBLE;
    }
    next = scores + n_states;
    for (state = 0; state < n_states; state++)
        now[state] = state < 2 ? 0 : IMPOSSIBLE;
    for (int32_t t = 0; t < n_rows; t++) {
        const float *row = logs + (size_t)t * N_LABELS;
        float best = row[0];

        for (int32_t i = 1; i < N_LABELS; i++)
            best = row[i] > best ? row[i] : best;
        greedy += best;
        for (state = 0; state < n_states; state++) {
            int32_t label = state % 2 ? labels[state / 2] : 0;
            uint8_t back = 0;

            score = now[state];
            if (t > 0 && state > 0 && now[state - 1] > score) {
                score = now[state - 1];
                back = 1;
            }
            if (t > 0 && state > 2 && state % 2 && labels[state / 2] != labels[state / 2 - 1] && now[state - 2] > score) {
                score = now[state - 2];
                back = 2;
            }
            next[state] = score + row[label];
            steps[(size_t)t * (size_t)n_states + (size_t)state] = back;
        }
        float *swapped = now;
        now = next;
        next = swapped;
    }
    state = now[n_states - 2] > now[n_states - 1] ? n_states - 2 : n_states - 1;
    score = now[state] - greedy;
    for (int32_t i = 0; i < n; i++)
        ret_last[i] = -1;
    for (int32_t t = n_rows - 1; t >= 0; t--) {
        if (state % 2) {
            ret_last[state / 2] = ret_last[state / 2] < 0 ? t : ret_last[state / 2];
            ret_first[state / 2] = t;
        }
        state -= steps[(size_t)t * (size_t)n_states + (size_t)state];
    }
    free(scores);
    free(steps);
    return score;
}
