/* SPDX-License-Identifier: Apache-2.0 */
/* cli/words.h: what the files of `tragus words` share. */
#ifndef TRAGUS_CLI_WORDS_H
#define TRAGUS_CLI_WORDS_H

#include "base/buffer.h"
#include "lm/train.h"

struct words_options {
    const char *out, *passport, *model;
    const char *base, *arpa; /* models to start from: a file of ours, or one in ARPA's format; NULL: none */
    double own_weight;       /* of the texts beside such a model; 0: estimated */
    uint32_t least;          /* 0: the default */
    struct lm_limits limits;
};

/* Reads a file or, for "-", standard input. Prints errors; returns CLI_OK or CLI_INPUT. */
int words_read(const char *path, struct base_buffer *ret);
/* `tragus words build`. Returns an exit code. */
int words_build(const struct words_options *o, char **texts, int n_texts);

#endif
