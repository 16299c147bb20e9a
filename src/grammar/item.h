/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/item.h: a template as a tree. Rules are parsed once and referred to, so the whole is a graph without cycles. */
#ifndef TRAGUS_GRAMMAR_ITEM_H
#define TRAGUS_GRAMMAR_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct grammar_list;

enum grammar_item_kind {
    GRAMMAR_ITEM_TEXT,        /* chars: folded letters; a blank stands for a word border, never two in a row */
    GRAMMAR_ITEM_SPOKEN,      /* chars as typed ("%", "25", "-"), or items[0] as spoken; no items: a border */
    GRAMMAR_ITEM_SEQUENCE,    /* items one after another; none = nothing */
    GRAMMAR_ITEM_ALTERNATIVE, /* one of items; an optional has an empty sequence last */
    GRAMMAR_ITEM_PERMUTATION, /* all items in any order, borders between */
    GRAMMAR_ITEM_LIST,        /* {name} */
    GRAMMAR_ITEM_RULE,        /* <name>; items[0] is its body once resolved */
};

struct grammar_item {
    enum grammar_item_kind kind;
    uint32_t offset; /* in the template, in characters from 0 */
    uint32_t n_items, n_chars;
    struct grammar_item **items;
    const uint32_t *chars;

    const char *name;  /* LIST, RULE */
    const char *slot;  /* LIST: the slot it fills, NULL: none (a capture) */
    const char *range; /* LIST written as a range, "10..100,10": its name too */
    const struct grammar_list *list;
    bool joins; /* SPOKEN "-" between two letters: may also be nothing ("wi-fi", "wifi"). LIST: text follows without a blank */
};

#endif
