/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/item.h: a template as a tree. Each rule is parsed once and referenced, so the whole is an acyclic graph. */
#ifndef TRAGUS_GRAMMAR_ITEM_H
#define TRAGUS_GRAMMAR_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct grammar_list;

enum grammar_item_kind {
    GRAMMAR_ITEM_TEXT,     /* chars: folded letters; a blank is a word border, never two in a row; GRAMMAR_NON_JOINER may be one */
    GRAMMAR_ITEM_SPOKEN,   /* chars as typed ("%", "25", "-"), or items[0] as spoken; without items: a border */
    GRAMMAR_ITEM_SEQUENCE, /* items one after another; none = nothing */
    GRAMMAR_ITEM_ALTERNATIVE, /* one of items; an optional has an empty sequence last */
    GRAMMAR_ITEM_PERMUTATION, /* all items in any order, with borders between them */
    GRAMMAR_ITEM_LIST,        /* {name} */
    GRAMMAR_ITEM_RULE,        /* <name>; items[0] is its body once resolved */
    GRAMMAR_ITEM_OUTPUT,      /* items[0], which fills a slot or stands for another text */
};

enum grammar_conversion { /* of the text that an OUTPUT gives; any of them together */
                          GRAMMAR_TO_LOWER = 1,
                          GRAMMAR_TO_UPPER = 2,
                          GRAMMAR_TO_INTEGER = 4,
                          GRAMMAR_TO_REAL = 8,
                          GRAMMAR_TO_BOOLEAN = 16,
};

enum grammar_list_part { /* the numbers of a range that a LIST means, in phrases of times and temperatures */
                         GRAMMAR_LIST_WHOLE,
                         GRAMMAR_LIST_FROM_TO,    /* those from..to */
                         GRAMMAR_LIST_UNSAID,     /* the number `from`, without words */
                         GRAMMAR_LIST_TO_HOUR,    /* minutes from..to, said as those that are left to the full hour */
                         GRAMMAR_LIST_NEXT_HOUR,  /* hours, said as the next one */
                         GRAMMAR_LIST_BELOW_ZERO, /* those below zero, said without the minus */
};

struct grammar_item {
    enum grammar_item_kind kind;
    uint32_t offset; /* in the template, in characters from 0 */
    uint32_t n_items, n_chars;
    struct grammar_item **items;
    const uint32_t *chars;
    const uint32_t
        *capitals; /* TEXT: for each of chars the letter of the file; 0: it belongs to the one before, as in "ß" for "ss" */
    const uint32_t *written; /* TEXT, SPOKEN: the same n_written characters as the file has them, with capitals */
    uint32_t n_written;

    const char *name;     /* LIST, RULE */
    const char *slot;     /* LIST, OUTPUT: the slot that it fills, NULL: none (a capture) */
    const char *value;    /* OUTPUT: what it stands for, NULL: the text of what is said, as written */
    bool replaces;        /* OUTPUT: value also stands in the text of the sentence */
    unsigned conversions; /* OUTPUT: a set of enum grammar_conversion */
    const char *range;    /* LIST written as a range, "10..100,10", which is also its name */
    const struct grammar_list *list;
    enum grammar_list_part part; /* LIST */
    int part_from, part_to;
    bool joins; /* SPOKEN "-" between two letters: may be omitted ("wi-fi", "wifi"). LIST: text follows without a blank */
};

#endif
