/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/language_en.c: English numbers and symbols as they are said. A hyphen in a template is also a blank or nothing. */
#include "grammar/language.h"

static const char *const small[] = {
    "zero",          "one",           "two",          "three",         "four",         "five",         "six",
    "seven",         "eight",         "nine",         "ten",           "eleven",       "twelve",       "thirteen",
    "fourteen",      "fifteen",       "sixteen",      "seventeen",     "eighteen",     "nineteen",     "twenty",
    "twenty-one",    "twenty-two",    "twenty-three", "twenty-four",   "twenty-five",  "twenty-six",   "twenty-seven",
    "twenty-eight",  "twenty-nine",   "thirty",       "thirty-one",    "thirty-two",   "thirty-three", "thirty-four",
    "thirty-five",   "thirty-six",    "thirty-seven", "thirty-eight",  "thirty-nine",  "forty",        "forty-one",
    "forty-two",     "forty-three",   "forty-four",   "forty-five",    "forty-six",    "forty-seven",  "forty-eight",
    "forty-nine",    "fifty",         "fifty-one",    "fifty-two",     "fifty-three",  "fifty-four",   "fifty-five",
    "fifty-six",     "fifty-seven",   "fifty-eight",  "fifty-nine",    "sixty",        "sixty-one",    "sixty-two",
    "sixty-three",   "sixty-four",    "sixty-five",   "sixty-six",     "sixty-seven",  "sixty-eight",  "sixty-nine",
    "seventy",       "seventy-one",   "seventy-two",  "seventy-three", "seventy-four", "seventy-five", "seventy-six",
    "seventy-seven", "seventy-eight", "seventy-nine", "eighty",        "eighty-one",   "eighty-two",   "eighty-three",
    "eighty-four",   "eighty-five",   "eighty-six",   "eighty-seven",  "eighty-eight", "eighty-nine",  "ninety",
    "ninety-one",    "ninety-two",    "ninety-three", "ninety-four",   "ninety-five",  "ninety-six",   "ninety-seven",
    "ninety-eight",  "ninety-nine",
};

static const struct grammar_number_row rows[] = {
    {100, 199, 100, 0, "(a|#q) hundred"},
    {100, 199, 100, 1, "(a|#q) hundred [and] #r"},
    {200, 999, 100, 0, "#q hundred"},
    {200, 999, 100, 1, "#q hundred [and] #r"},
    {1000, 1999, 1000, 0, "(a|#q) thousand"},
    {1000, 1999, 1000, 1, "(a|#q) thousand [and] #r"},
    {2000, 999999, 1000, 0, "#q thousand"},
    {2000, 999999, 1000, 1, "#q thousand [and] #r"},
    {1000000, 999999999, 1000000, 0, "#q million"},
    {1000000, 999999999, 1000000, 1, "#q million [and] #r"},
    /* "twenty seven hundred", but not "twenty hundred" */
    {1100, 1900, 100, 0, "#q hundred"},
    {2100, 2900, 100, 0, "#q hundred"},
    {3100, 3900, 100, 0, "#q hundred"},
    {4100, 4900, 100, 0, "#q hundred"},
    {5100, 5900, 100, 0, "#q hundred"},
    {6100, 6900, 100, 0, "#q hundred"},
    {7100, 7900, 100, 0, "#q hundred"},
    {8100, 8900, 100, 0, "#q hundred"},
    {9100, 9900, 100, 0, "#q hundred"},
};

static const struct grammar_symbol symbols[] = {
    {"10th", "tenth"},
    {"11th", "eleventh"},
    {"12th", "twelfth"},
    {"1st", "first"},
    {"2nd", "second"},
    {"3rd", "third"},
    {"4th", "fourth"},
    {"5th", "fifth"},
    {"6th", "sixth"},
    {"7th", "seventh"},
    {"8th", "eighth"},
    {"9th", "ninth"},
    {"1/2", "([a|one] half|half a)"},
    {"1/4", "([a] quarter|one quarter)"},
    {"3/4", "three quarters"},
    {"\302\260c", "degree[s] celsius"},
    {"\302\260f", "degree[s] fahrenheit"},
    {"\302\260", "degree[s]"}, /* the degree sign */
    {"%", "percent"},
    {"&", "and"},
    {"+", "plus"},
    {"=", "equals"},
    {"$", "dollar[s]"},
    {"\342\202\254", "euro[s]"},
    {"\302\243", "pound[s]"},
};

const struct grammar_language grammar_language_en = {
    .tag = "en",
    .small = small,
    .n_small = sizeof small / sizeof small[0],
    .rows = rows,
    .n_rows = sizeof rows / sizeof rows[0],
    .minus = "(minus|negative)",
    .point = "point",
    .and_half = "#q and a half",
    .half = "[a] half",
    .symbols = symbols,
    .n_symbols = sizeof symbols / sizeof symbols[0],
};
