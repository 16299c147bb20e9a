/* SPDX-License-Identifier: Apache-2.0 */
/* cli/words_build.c: makes a language model from texts, or from texts and a model that others have made. */
#include "cli/cli.h"
#include "cli/words.h"
#include "engine/engine.h"
#include "lm/arpa.h"
#include "lm/mix.h"
#include "lm/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GUESSED_MORE 3        /* a word that is in no dictionary must occur this many times as often: many are misspelled */
#define HELD_BACK 10u         /* one sentence in this many measures how much the texts count beside another model */
#define LEAST_SAMPLES 100     /* words of them; else there is too little text to measure it ... */
#define UNMEASURED_WEIGHT 0.3 /* ... and they count this much */

struct text {
    struct base_buffer bytes;
    double weight;
};

struct building {
    const struct words_options *o;
    const struct lexicon *lexicon;
    struct text *texts;
    size_t n_texts;
    bool has_base;
    struct lm_tables base;
    struct base_buffer passport;
};

static int out_of_memory(void) {
    fputs("tragus: out of memory\n", stderr);
    return CLI_INPUT;
}

static int complain(const tragus_error *e, int code) {
    cli_complain(e->file, e->line, e->column, e->text);
    return code;
}

/* --- texts ------------------------------------------------------------------------------------------------------------------- */

/* Splits WEIGHT:FILE. Returns the file. */
static const char *split_weight(const char *text, double *weight) {
    char *end;
    *weight = strtod(text, &end);
    if (end > text && *end == ':')
        return end + 1;
    *weight = 1;
    return text;
}

static int read_texts(struct building *b, char **paths, int n) {
    int r = CLI_OK;
    b->texts = calloc((size_t)n + 1, sizeof *b->texts);
    if (!b->texts)
        return out_of_memory();
    for (int i = 0; r == CLI_OK && i < n; i++) {
        struct text *t = &b->texts[b->n_texts++];
        r = words_read(split_weight(paths[i], &t->weight), &t->bytes);
    }
    return r;
}

enum part { ALL, TRAINING, HELD };

/* Calls use with the sentences of a part of a text. */
static int each_sentence(const struct text *t, enum part part, int (*use)(void *user, const char *sentence), void *user) {
    char sentence[LM_MAX_SENTENCE_BYTES];
    const char *at = t->bytes.data, *end = at ? at + t->bytes.len_bytes : NULL;
    int r = 0;
    for (size_t n = 0; r == 0 && at && lm_text_next(&at, end, sentence);) {
        if (!sentence[0])
            continue;
        bool held = n++ % HELD_BACK == 0;
        if (part == ALL || (part == HELD) == held)
            r = use(user, sentence);
    }
    return r;
}

static int add_sentence(void *user, const char *sentence) {
    return lm_trainer_add(user, sentence);
}

/* --- training ---------------------------------------------------------------------------------------------------------------- */

static bool can_be_spoken(void *user, const char *word, uint32_t n) {
    const struct building *b = user;
    struct lexicon_pronunciation p[LEXICON_MAX_VARIANTS];
    uint32_t least = b->o->least > 0 ? b->o->least : b->has_base ? 1 : 2;
    if (n < least || lexicon_pronounce(b->lexicon, NULL, word, p, LEXICON_MAX_VARIANTS) <= 0)
        return false;
    /* A user's own words beside a model are trusted. */
    return p[0].source != LEXICON_GUESS || b->has_base || n >= GUESSED_MORE * least;
}

/* Makes the tables of a part of the texts. n_words: of text; may be NULL. */
static int train(struct building *b, enum part part, struct lm_tables *ret, size_t *n_words) {
    struct lm_trainer *t;
    tragus_error error = {0};
    int r = CLI_OK;
    if (lm_trainer_new(&t) < 0)
        return out_of_memory();
    for (size_t i = 0; r == CLI_OK && i < b->n_texts; i++) {
        if (lm_trainer_source(t, b->texts[i].weight, &error) < 0)
            r = complain(&error, CLI_USAGE);
        else if (each_sentence(&b->texts[i], part, add_sentence, t) < 0)
            r = out_of_memory();
    }
    if (r == CLI_OK && lm_trainer_finish(t, &b->o->limits, can_be_spoken, b, ret, &error) < 0)
        r = complain(&error, CLI_MODEL);
    if (n_words)
        *n_words = lm_trainer_n_words(t);
    lm_trainer_free(t);
    return r;
}

/* --- a model to start from --------------------------------------------------------------------------------------------------- */

static int open_base(struct building *b) {
    tragus_error error = {0};
    struct lm *lm;
    if (b->o->arpa) {
        b->has_base = true;
        return lm_arpa_read(&b->base, b->o->arpa, can_be_spoken, b, &error) < 0 ? complain(&error, CLI_MODEL) : CLI_OK;
    }
    if (!b->o->base)
        return CLI_OK;
    if (lm_open(&lm, b->o->base, b->lexicon, &error) < 0)
        return complain(&error, CLI_MODEL);
    size_t len;
    const char *passport = lm_passport(lm, &len);
    base_buffer_add(&b->passport, passport, len);
    b->has_base = lm_tables_from(&b->base, lm) == 0;
    lm_free(lm);
    return b->has_base ? CLI_OK : out_of_memory();
}

struct sampling {
    const struct lm_tables *base, *own;
    struct base_buffer samples;
};

static int add_samples(void *user, const char *sentence) {
    struct sampling *s = user;
    struct lm_mix_sample samples[LM_MAX_SENTENCE_BYTES / 2 + 1];
    base_buffer_add(&s->samples, samples, lm_mix_samples(s->base, s->own, sentence, samples) * sizeof *samples);
    return s->samples.failed ? -ENOMEM : 0;
}

/* How much the texts count beside the model, measured on a tenth of them with a model of the rest. */
static int estimate_weight(struct building *b, double *ret) {
    struct lm_tables part = {0};
    struct sampling s = {.base = &b->base, .own = &part};
    size_t n_sentences = 0;
    *ret = b->o->own_weight > 0 ? b->o->own_weight : UNMEASURED_WEIGHT;
    for (size_t i = 0; i < b->n_texts; i++)
        for (size_t k = 0; k < b->texts[i].bytes.len_bytes; k++)
            n_sentences += b->texts[i].bytes.data[k] == '\n';
    if (b->o->own_weight > 0 || n_sentences / 2 < HELD_BACK)
        return CLI_OK;
    int r = train(b, TRAINING, &part, NULL);
    for (size_t i = 0; r == CLI_OK && i < b->n_texts; i++)
        if (each_sentence(&b->texts[i], HELD, add_samples, &s) < 0)
            r = out_of_memory();
    size_t n = s.samples.len_bytes / sizeof(struct lm_mix_sample);
    if (r == CLI_OK && n >= LEAST_SAMPLES)
        *ret = lm_mix_weight((const struct lm_mix_sample *)(const void *)s.samples.data, n);
    base_buffer_done(&s.samples);
    lm_tables_done(&part);
    return r;
}

/* Mixes the tables of the texts with those to start from. */
static int mix(struct building *b, struct lm_tables *tables) {
    struct lm_tables mixed;
    tragus_error error = {0};
    double weight;
    int r = estimate_weight(b, &weight);
    if (r != CLI_OK)
        return r;
    if (lm_mix(&b->base, tables, weight, &mixed, &error) < 0)
        return complain(&error, CLI_MODEL);
    char line[80];
    snprintf(line, sizeof line, "own texts: weight %.2f\n", weight);
    base_buffer_add(&b->passport, line, strlen(line));
    fprintf(stderr, "%s: the texts count %.2f beside %s\n", b->o->out, weight, b->o->arpa ? b->o->arpa : b->o->base);
    lm_tables_done(tables);
    *tables = mixed;
    return CLI_OK;
}

/* --- all of it --------------------------------------------------------------------------------------------------------------- */

static int write_model(struct building *b, const struct lm_tables *tables, size_t n_words) {
    tragus_error error = {0};
    if (b->o->passport && words_read(b->o->passport, &b->passport) != CLI_OK)
        return CLI_INPUT;
    base_buffer_add(&b->passport, "", 1); /* terminates it */
    if (b->passport.failed)
        return out_of_memory();
    if (lm_tables_write(tables, b->lexicon, b->o->out, b->passport.data, &error) < 0)
        return complain(&error, CLI_MODEL);
    fprintf(stderr, "%s: %zu words of text; %u words, %zu pairs, %zu triples\n", b->o->out, n_words, (unsigned)tables->n_words,
            tables->n_pairs, tables->n_triples);
    return CLI_OK;
}

static int make(struct building *b) {
    struct lm_tables tables = {0};
    size_t n_words = 0;
    int r = open_base(b);
    if (r == CLI_OK && b->n_texts > 0) {
        r = train(b, ALL, &tables, &n_words);
        if (r == CLI_OK && b->has_base)
            r = mix(b, &tables);
    } else if (r == CLI_OK) {
        tables = b->base;
        b->base = (struct lm_tables){0};
    }
    if (r == CLI_OK)
        r = write_model(b, &tables, n_words);
    lm_tables_done(&tables);
    return r;
}

int words_build(const struct words_options *o, char **texts, int n_texts) {
    struct building b = {.o = o};
    tragus_model *model;
    if (!o->out)
        return cli_usage("words", "build needs --out FILE");
    if (n_texts == 0 && !o->arpa)
        return cli_usage("words", "build needs a text");
    if (o->base && o->arpa)
        return cli_usage("words", "--base and --arpa exclude each other");
    int r = cli_open_model(&model, o->model);
    if (r != CLI_OK)
        return r;
    b.lexicon = engine_model_lexicon(model);
    r = read_texts(&b, texts, n_texts);
    if (r == CLI_OK)
        r = make(&b);
    for (size_t i = 0; i < b.n_texts; i++)
        base_buffer_done(&b.texts[i].bytes);
    free(b.texts);
    lm_tables_done(&b.base);
    base_buffer_done(&b.passport);
    tragus_model_unref(model);
    return r;
}
