/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/phrase.h: phrases of a language around numbers: times of day, temperatures and amounts of money. A phrase is a template
 * of language.yaml, such as "half past {hour}", whose names stand for numbers, or for lists of the template that it is put into. */
#ifndef TRAGUS_GRAMMAR_PHRASE_H
#define TRAGUS_GRAMMAR_PHRASE_H

#include "grammar/tree.h"

/* Returns the ways to say a time, hour and minute in digits, or NULL if the language has none. */
struct grammar_item *grammar_phrase_time(struct grammar_parser *p, const char *hour, const char *minute);

/* Puts the ways to say a time, or an amount of money, into a sequence where {a}:{b} or ${a} stand in it. */
void grammar_phrase_lists(struct grammar_parser *p, struct grammar_items *sequence);

/* If a unit such as "degrees" follows the list at sequence->items[i], puts in their place an alternative of the two and of a number
 * below zero as it is said ("five degrees below zero"). Rules in the sequence must be resolved. Returns the new part, which is
 * unresolved; NULL: there is none. */
struct grammar_item *grammar_phrase_below_zero(struct grammar_parser *p, struct grammar_items *sequence, size_t i);

/* Returns the ways to say an amount, digits as in "5.50", behind a sign such as $, in these phrases. NULL: none. */
struct grammar_item *grammar_phrase_amount(struct grammar_parser *p, const char *phrases, const char *digits);

#endif
