/* SPDX-License-Identifier: Apache-2.0 */
/* lm/arpa.c: see arpa.h. */
#include "lm/arpa.h"

#include "base/buffer.h"
#include "lm/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_NGRAMS 50000000u
#define MOST_COMMENTS 100 /* lines before the model */
#define LONGEST_LINE 4096 /* bytes */
#define MOST_NATS 300.0   /* more is as good as never, and the exponential of it is still a number */
#define UNKNOWN UINT32_MAX
static const double nats = 2.302585092994046; /* of a unit: ln 10 */

struct reading {
    FILE *f;
    const char *path;
    char line[LONGEST_LINE];
    int number; /* of the line */
    int failed; /* a negative errno: the file cannot be read on */
    struct lm_tables t;
    struct base_buffer pairs, triples;
    bool (*usable)(void *user, const char *word, uint32_t n);
    void *user;
    unsigned long expected[LM_ORDER], found[LM_ORDER];
    size_t n_words, size_words; /* of the file: spelled, in its order */
    struct word {
        char *spelling; /* NULL: a special symbol, or a word that is left out */
        struct lm_single is;
    } * words;
    struct lm_single special[LM_N_SPECIAL_SYMBOLS];
    tragus_error *reterr;
};

static int wrong(const struct reading *r, const char *what) {
    if (r->failed < 0)
        return r->failed; /* was said */
    return base_error_at(r->reterr, -EBADMSG, r->path, r->number, 0, "this is not a model in ARPA's format: %s", what);
}

/* Gets the next line without blanks at its end. Returns false at the end of the file, and if it cannot be read on. */
static bool next_line(struct reading *r) {
    if (r->failed < 0)
        return false;
    if (!fgets(r->line, sizeof r->line, r->f)) {
        if (ferror(r->f))
            r->failed = base_error_at(r->reterr, -EIO, r->path, 0, 0, "cannot be read: %m");
        return false;
    }
    r->number++;
    size_t n = strlen(r->line);
    if (n + 1 == sizeof r->line && r->line[n - 1] != '\n') {
        r->failed = wrong(r, "a line is too long");
        return false;
    }
    while (n > 0 && isspace((unsigned char)r->line[n - 1]))
        r->line[--n] = '\0';
    return true;
}

static float in_nats(double log10) {
    double cost = -log10 * nats;
    return (float)(cost > MOST_NATS ? MOST_NATS : cost < -MOST_NATS ? -MOST_NATS : cost);
}

/* Splits a line into its logarithm, `order` words and the logarithm of the weight, which may be missing (0). Returns whether it is
 * such a line. */
static bool split(char *line, unsigned order, struct lm_single *is, char *words[LM_ORDER]) {
    char *save = NULL, *end, *field = strtok_r(line, " \t", &save);
    if (!field)
        return false;
    is->cost = in_nats(strtod(field, &end));
    if (*end || end == field || !(is->cost >= 0))
        return false;
    for (unsigned i = 0; i < order; i++)
        if (!(words[i] = strtok_r(NULL, " \t", &save)))
            return false;
    field = strtok_r(NULL, " \t", &save);
    is->weight = field ? in_nats(strtod(field, &end)) : 0;
    return (!field || (end > field && !*end)) && !isnan(is->weight) && !strtok_r(NULL, " \t", &save);
}

static bool is_start(const char *word) {
    return strcasecmp(word, "<s>") == 0;
}

static bool is_end(const char *word) {
    return strcasecmp(word, "</s>") == 0;
}

/* A spelling as models have it, in small letters; "" if the word cannot be in one. */
static void fold(const char *word, char out[LM_MAX_SENTENCE_BYTES]) {
    const char *at = word, *end = word + strlen(word);
    char rest[LM_MAX_SENTENCE_BYTES];
    if (word[0] == '<' || (size_t)(end - at) > LM_MAX_WORD_BYTES || !lm_text_next(&at, end, out) || strchr(out, ' ') ||
        strlen(out) > LM_MAX_WORD_BYTES || strpbrk(out, "0123456789") || (lm_text_next(&at, end, rest) && rest[0]))
        out[0] = '\0';
}

/* --- words ------------------------------------------------------------------------------------------------------------------- */

static int add_word(struct reading *r, const char *word, struct lm_single is) {
    char spelling[LM_MAX_SENTENCE_BYTES];
    if (is_start(word) || is_end(word)) {
        r->special[is_start(word) ? LM_SYMBOL_START : LM_SYMBOL_END] = is;
        return 0;
    }
    fold(word, spelling);
    if (!spelling[0] || (r->usable && !r->usable(r->user, spelling, UINT32_MAX)))
        return 0;
    if (r->n_words == r->size_words) {
        size_t size = r->size_words ? 2 * r->size_words : 1024;
        void *more = realloc(r->words, size * sizeof *r->words);
        if (!more)
            return -ENOMEM;
        r->words = more;
        r->size_words = size;
    }
    struct word *w = &r->words[r->n_words];
    *w = (struct word){strdup(spelling), is};
    if (!w->spelling)
        return -ENOMEM;
    r->n_words++;
    return 0;
}

static int by_spelling(const void *pa, const void *pb) {
    return strcmp(((const struct word *)pa)->spelling, ((const struct word *)pb)->spelling);
}

/* Puts the words in order; of two that differ in capitals only, the more likely one counts. */
static int take_words(struct reading *r) {
    struct lm_tables *t = &r->t;
    if (r->n_words == 0)
        return base_error_at(r->reterr, -EINVAL, r->path, 0, 0, "it has no words that can be spoken");
    qsort(r->words, r->n_words, sizeof *r->words, by_spelling);
    t->words = calloc(r->n_words, sizeof *t->words);
    t->singles = calloc(r->n_words + LM_N_SPECIAL_SYMBOLS, sizeof *t->singles);
    if (!t->words || !t->singles)
        return -ENOMEM;
    memcpy(t->singles, r->special, sizeof r->special);
    for (size_t i = 0; i < r->n_words; i++) {
        struct lm_single *known = t->n_words > 0 ? &t->singles[t->n_words - 1 + LM_N_SPECIAL_SYMBOLS] : NULL;
        if (known && strcmp(t->words[t->n_words - 1], r->words[i].spelling) == 0) {
            *known = r->words[i].is.cost < known->cost ? r->words[i].is : *known;
            free(r->words[i].spelling);
        } else {
            t->singles[t->n_words + LM_N_SPECIAL_SYMBOLS] = r->words[i].is;
            t->words[t->n_words++] = r->words[i].spelling;
        }
        r->words[i].spelling = NULL;
    }
    if (t->n_words > LM_MAX_WORDS)
        return base_error_at(r->reterr, -E2BIG, r->path, 0, 0, "it has %u words, and %u are the most", (unsigned)t->n_words,
                             LM_MAX_WORDS);
    return 0;
}

static int by_word(const void *key, const void *item) {
    return strcmp(key, *(const char *const *)item);
}

static uint32_t symbol_of(const struct reading *r, const char *word) {
    char spelling[LM_MAX_SENTENCE_BYTES];
    if (is_start(word))
        return LM_SYMBOL_START;
    if (is_end(word))
        return LM_SYMBOL_END;
    fold(word, spelling);
    char **found = spelling[0] ? bsearch(spelling, r->t.words, r->t.n_words, sizeof *r->t.words, by_word) : NULL;
    return found ? (uint32_t)(found - r->t.words) + LM_N_SPECIAL_SYMBOLS : UNKNOWN;
}

/* --- pairs and triples ------------------------------------------------------------------------------------------------------- */

static int add_ngram(struct reading *r, unsigned order, char *words[LM_ORDER], struct lm_single is) {
    uint64_t key = 0;
    for (unsigned i = 0; i < order; i++) {
        uint32_t symbol = symbol_of(r, words[i]);
        if (symbol == UNKNOWN)
            return 0;
        key = key << 16 | symbol;
    }
    struct base_buffer *to = order == 2 ? &r->pairs : &r->triples;
    if (order == 2)
        base_buffer_add(to, &(struct lm_pair){(uint32_t)key, is}, sizeof(struct lm_pair));
    else
        base_buffer_add(to, &(struct lm_triple){key, is.cost}, sizeof(struct lm_triple));
    return to->failed ? -ENOMEM : 0;
}

static int read_section(struct reading *r, unsigned order) {
    char *words[LM_ORDER];
    struct lm_single is;
    int code = 0;
    while (code == 0 && next_line(r) && r->line[0]) {
        if (++r->found[order - 1] > r->expected[order - 1])
            return wrong(r, "there are more n-grams than its header says");
        if (!split(r->line, order, &is, words))
            return wrong(r, "a line is the logarithm of a probability, the words, and the logarithm of the back-off weight");
        code = order == 1 ? add_word(r, words[0], is) : add_ngram(r, order, words, is);
    }
    return code == 0 && order == 1 ? take_words(r) : code;
}

static int pair_order(const void *pa, const void *pb) {
    const struct lm_pair *a = pa, *b = pb;
    return a->key != b->key ? (a->key < b->key ? -1 : 1) : (a->is.cost > b->is.cost) - (a->is.cost < b->is.cost);
}

static int triple_order(const void *pa, const void *pb) {
    const struct lm_triple *a = pa, *b = pb;
    return a->key != b->key ? (a->key < b->key ? -1 : 1) : (a->cost > b->cost) - (a->cost < b->cost);
}

/* Sorts the n-grams, and leaves out what occurs twice, and triples without their pairs, which a pruned model may have. */
static void put_in_order(struct lm_tables *t) {
    size_t n = 0;
    if (t->n_pairs > 0)
        qsort(t->pairs, t->n_pairs, sizeof *t->pairs, pair_order);
    for (size_t i = 0; i < t->n_pairs; i++)
        if (n == 0 || t->pairs[n - 1].key != t->pairs[i].key)
            t->pairs[n++] = t->pairs[i];
    t->n_pairs = n;
    n = 0;
    if (t->n_triples > 0)
        qsort(t->triples, t->n_triples, sizeof *t->triples, triple_order);
    for (size_t i = 0; i < t->n_triples; i++)
        if ((n == 0 || t->triples[n - 1].key != t->triples[i].key) && lm_tables_pair(t, (uint32_t)(t->triples[i].key >> 16)) &&
            lm_tables_pair(t, (uint32_t)t->triples[i].key))
            t->triples[n++] = t->triples[i];
    t->n_triples = n;
}

/* --- the file ---------------------------------------------------------------------------------------------------------------- */

static int read_header(struct reading *r) {
    unsigned order;
    unsigned long n;
    do {
        if (!next_line(r) || r->number > MOST_COMMENTS)
            return wrong(r, "it does not begin with \\data\\");
    } while (strcmp(r->line, "\\data\\") != 0);
    while (next_line(r) && r->line[0])
        if (sscanf(r->line, "ngram %u=%lu", &order, &n) == 2 && order >= 1 && order <= LM_ORDER)
            r->expected[order - 1] = n;
    if (r->expected[0] == 0)
        return wrong(r, "its header names no words");
    for (order = 0; order < LM_ORDER; order++)
        if (r->expected[order] > MOST_NGRAMS)
            return wrong(r, "it has too many n-grams");
    return 0;
}

static int read_all(struct reading *r) {
    unsigned order;
    int code = read_header(r);
    bool ended = false;
    while (code == 0 && !ended && next_line(r)) {
        ended = strcmp(r->line, "\\end\\") == 0;
        if (ended || sscanf(r->line, "\\%u-grams:", &order) != 1 || order < 1 || order > LM_ORDER)
            continue; /* blank lines, and higher orders */
        if ((order == 1) == (r->t.words != NULL))
            return wrong(r, "its words must come first, and once");
        code = read_section(r, order);
    }
    if (code == 0 && !ended)
        return wrong(r, "it ends before \\end\\, so a part of it is missing");
    for (order = 0; code == 0 && order < LM_ORDER; order++)
        if (r->found[order] < r->expected[order])
            return wrong(r, "there are fewer n-grams than its header says");
    return code;
}

int lm_arpa_read(struct lm_tables *ret, const char *path, bool (*usable)(void *user, const char *word, uint32_t n), void *user,
                 tragus_error *reterr) {
    struct reading r = {.f = fopen(path, "r"), .path = path, .usable = usable, .user = user, .reterr = reterr};
    if (!r.f)
        return base_error_at(reterr, -errno, path, 0, 0, "cannot be read: %s", strerror(errno));
    r.special[LM_SYMBOL_START].cost = r.special[LM_SYMBOL_END].cost = 20;
    int code = read_all(&r);
    if (code == -ENOMEM)
        base_error_set(reterr, code, "out of memory");
    fclose(r.f);
    r.t.pairs = (struct lm_pair *)(void *)r.pairs.data; /* freed with r.t */
    r.t.n_pairs = r.pairs.len_bytes / sizeof *r.t.pairs;
    r.t.triples = (struct lm_triple *)(void *)r.triples.data;
    r.t.n_triples = r.triples.len_bytes / sizeof *r.t.triples;
    for (size_t i = 0; i < r.n_words; i++)
        free(r.words[i].spelling);
    free(r.words);
    if (code < 0) {
        lm_tables_done(&r.t);
        return code;
    }
    put_in_order(&r.t);
    *ret = r.t;
    return 0;
}

/* --- writing ----------------------------------------------------------------------------------------------------------------- */

static const char *name_of(const struct lm_tables *t, uint32_t symbol) {
    return symbol == LM_SYMBOL_START ? "<s>" : symbol == LM_SYMBOL_END ? "</s>" : t->words[symbol - LM_N_SPECIAL_SYMBOLS];
}

int lm_arpa_write(const struct lm_tables *t, FILE *f) {
    uint32_t n_symbols = t->n_words + LM_N_SPECIAL_SYMBOLS;
    fprintf(f, "\\data\\\nngram 1=%u\nngram 2=%zu\nngram 3=%zu\n\n\\1-grams:\n", (unsigned)n_symbols, t->n_pairs, t->n_triples);
    for (uint32_t s = 0; s < n_symbols; s++)
        fprintf(f, "%.4f\t%s\t%.4f\n", -t->singles[s].cost / nats, name_of(t, s), -t->singles[s].weight / nats);
    fputs("\n\\2-grams:\n", f);
    for (size_t i = 0; i < t->n_pairs; i++)
        fprintf(f, "%.4f\t%s %s\t%.4f\n", -t->pairs[i].is.cost / nats, name_of(t, t->pairs[i].key >> 16),
                name_of(t, t->pairs[i].key & 0xffff), -t->pairs[i].is.weight / nats);
    fputs("\n\\3-grams:\n", f);
    for (size_t i = 0; i < t->n_triples; i++) {
        uint64_t key = t->triples[i].key;
        fprintf(f, "%.4f\t%s %s %s\n", -t->triples[i].cost / nats, name_of(t, (uint32_t)(key >> 32)),
                name_of(t, (uint32_t)(key >> 16) & 0xffff), name_of(t, (uint32_t)key & 0xffff));
    }
    fputs("\n\\end\\\n", f);
    return fflush(f) == 0 && !ferror(f) ? 0 : -EIO;
}
