/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/value.h: makes the values that slots have. */
#ifndef TRAGUS_GRAMMAR_VALUE_H
#define TRAGUS_GRAMMAR_VALUE_H

#include "tragus.h"

#include <stdbool.h>

struct grammar_pool;

/* Converts the spelling of a value; plain: it may be a number or truth value. */
tragus_value grammar_value_read(const char *text, bool plain);

/* Returns a number, whole if it is one, with its text in the pool. */
tragus_value grammar_value_number(struct grammar_pool *pool, double real);

#endif
