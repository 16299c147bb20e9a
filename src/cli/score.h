/* SPDX-License-Identifier: Apache-2.0 */
/* cli/score.h: the accuracy of a transcript: word errors, slots, and confidence intervals of counted shares. */
#ifndef TRAGUS_CLI_SCORE_H
#define TRAGUS_CLI_SCORE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#define SCORE_MAX_WORDS 512

struct score_errors {
    size_t n_words; /* of the reference */
    size_t n_substituted, n_deleted, n_inserted;
};

size_t score_n_errors(const struct score_errors *e); /* of all three kinds */

/* The fewest substitutions, deletions and insertions that turn reference into heard (Levenshtein, 1966). Case is ignored, and a
 * hyphen counts as a blank. Words beyond SCORE_MAX_WORDS are ignored. */
struct score_errors score_words(const char *reference, const char *heard);

/* Whether exactly the labelled slots have exactly the labelled values: text is compared without regard to case, with hyphens as
 * blanks; numbers are compared as numbers. NULL counts as no slots. */
bool score_slots_equal(json_object *labelled, json_object *found);

/* The 95 % interval of a share of n_right in n: Wilson, 1927. 0 and 1 for n = 0. */
void score_interval(size_t n_right, size_t n, double *ret_low, double *ret_high);

#endif
