/* SPDX-License-Identifier: Apache-2.0 */
/* lm/arpa.h: the format in which other programs exchange back-off models, named after ARPA: lines of the logarithm of a probability
 * to base 10, an n-gram, and the logarithm of its back-off weight. */
#ifndef TRAGUS_LM_ARPA_H
#define TRAGUS_LM_ARPA_H

#include "lm/tables.h"

#include <stdbool.h>
#include <stdio.h>

/* Reads the orders 1 to 3 of a model; higher ones are left out. usable: as in lm_trainer_finish; the n-grams of other words, and of
 * unknown ones, are left out. Returns -EBADMSG with the line if it is not one, or not whole. Free *ret with lm_tables_done. */
int lm_arpa_read(struct lm_tables *ret, const char *path, bool (*usable)(void *user, const char *word, uint32_t n), void *user,
                 tragus_error *reterr);

/* Writes a model; returns 0, or -EIO. */
int lm_arpa_write(const struct lm_tables *t, FILE *f);

#endif
