/* SPDX-License-Identifier: Apache-2.0 */
/* cli/words.c: makes and measures language models of words. */
#include "base/buffer.h"
#include "cli/cli.h"
#include "engine/engine.h"
#include "lm/text.h"
#include "lm/train.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GUESSED_MORE 3 /* a word that is in no dictionary must occur this many times as often */

static const char help[] =
    "Usage: tragus words build [-m MODEL] [OPTION]... --out FILE TEXT...\n"
    "       tragus words measure FILE TEXT...\n"
    "\n"
    "build makes a language model from texts, for free words in sentences. measure prints how well one predicts texts.\n"
    "A TEXT is a file in UTF-8, or `-` for standard input. WEIGHT:FILE makes each sentence of a file count WEIGHT times.\n"
    "\n"
    "      --out FILE             the language model to write\n"
    "      --words N              most words (default 40000)\n"
    "      --least N              a word must occur N times (default 2); one that is in no dictionary, three times as often\n"
    "      --pairs N              most pairs of words (default 600000)\n"
    "      --triples N            most triples of words (default 800000)\n"
    "      --passport FILE        text to store in the model: what it was made from\n"
    "  -m, --model PATH           acoustic model file, or the directory of a language, for the dictionary\n"
    "\n"
    "Exit code: 0 done, 2 wrong command line, 3 a text cannot be read, 4 a model cannot be read or written.\n";

struct options {
    const char *out, *passport, *model;
    uint32_t least;
    struct lm_limits limits;
};

/* --- texts ------------------------------------------------------------------------------------------------------------------- */

static int read_all(const char *path, struct base_buffer *ret) {
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    char part[65536];
    size_t n;
    if (!f) {
        fprintf(stderr, "tragus: %s cannot be read: %s\n", path, strerror(errno));
        return CLI_INPUT;
    }
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        base_buffer_add(ret, part, n);
    bool failed = ferror(f) || ret->failed;
    if (f != stdin)
        fclose(f);
    if (failed)
        fprintf(stderr, "tragus: %s cannot be read: %s\n", path, ret->failed ? "out of memory" : strerror(errno));
    return failed ? CLI_INPUT : CLI_OK;
}

/* Splits WEIGHT:FILE. Returns the file. */
static const char *split_weight(const char *text, double *weight) {
    char *end;
    *weight = strtod(text, &end);
    if (end > text && *end == ':')
        return end + 1;
    *weight = 1;
    return text;
}

static int add_text(struct lm_trainer *t, const char *argument) {
    struct base_buffer text = {0};
    char sentence[LM_MAX_SENTENCE_BYTES];
    tragus_error error = {0};
    double weight;
    const char *path = split_weight(argument, &weight);
    int r = read_all(path, &text);
    if (r == CLI_OK && lm_trainer_source(t, weight, &error) < 0) {
        fprintf(stderr, "tragus: %s: %s\n", argument, error.text);
        r = CLI_USAGE;
    }
    const char *at = text.data, *end = text.data ? text.data + text.len_bytes : NULL;
    while (r == CLI_OK && at && lm_text_next(&at, end, sentence)) {
        if (sentence[0] && lm_trainer_add(t, sentence) < 0) {
            fputs("tragus: out of memory\n", stderr);
            r = CLI_INPUT;
        }
    }
    base_buffer_done(&text);
    return r;
}

/* --- build ------------------------------------------------------------------------------------------------------------------- */

struct words { /* which may be in the model */
    const struct lexicon *lexicon;
    uint32_t least;
};

static bool may_be_used(void *user, const char *word, uint32_t n) {
    const struct words *w = user;
    struct lexicon_pronunciation p[LEXICON_MAX_VARIANTS];
    if (n < w->least || lexicon_pronounce(w->lexicon, NULL, word, p, LEXICON_MAX_VARIANTS) <= 0)
        return false;
    return p[0].source != LEXICON_GUESS || n >= GUESSED_MORE * w->least; /* many are misspelled */
}

static int write_model(struct lm_trainer *t, const struct options *o, const struct lexicon *lexicon) {
    struct words words = {lexicon, o->least};
    struct lm_tables tables;
    struct base_buffer passport = {0};
    tragus_error error = {0};
    if (o->passport && read_all(o->passport, &passport) != CLI_OK)
        return CLI_INPUT;
    int r = lm_trainer_finish(t, &o->limits, may_be_used, &words, &tables, &error);
    if (r == 0) {
        r = lm_tables_write(&tables, lexicon, o->out, passport.data ? passport.data : "", &error);
        if (r == 0)
            fprintf(stderr, "%s: %zu words of text; %u words, %zu pairs, %zu triples\n", o->out, lm_trainer_n_words(t),
                    (unsigned)tables.n_words, tables.n_pairs, tables.n_triples);
        lm_tables_done(&tables);
    }
    base_buffer_done(&passport);
    if (r < 0)
        cli_complain(error.file, error.line, error.column, error.text);
    return r < 0 ? CLI_MODEL : CLI_OK;
}

static int build(const struct options *o, char **texts, int n_texts) {
    struct lm_trainer *t;
    tragus_model *model;
    if (!o->out)
        return cli_usage("words", "build needs --out FILE");
    if (n_texts == 0)
        return cli_usage("words", "build needs a text");
    int r = cli_open_model(&model, o->model);
    if (r != CLI_OK)
        return r;
    if (lm_trainer_new(&t) < 0) {
        fputs("tragus: out of memory\n", stderr);
        tragus_model_unref(model);
        return CLI_INPUT;
    }
    for (int i = 0; r == CLI_OK && i < n_texts; i++)
        r = add_text(t, texts[i]);
    if (r == CLI_OK)
        r = write_model(t, o, engine_model_lexicon(model));
    lm_trainer_free(t);
    tragus_model_unref(model);
    return r;
}

/* --- measure ----------------------------------------------------------------------------------------------------------------- */

struct measure {
    uint64_t n_words, n_unknown, n_sentences;
    double nats; /* of the known words and the ends */
};

static void measure_sentence(const struct lm *lm, char *sentence, struct measure *m) {
    uint32_t state = lm_start(lm);
    char *save = NULL;
    for (char *word = strtok_r(sentence, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        uint32_t number = lm_find(lm, word);
        m->n_words++;
        if (number == LM_NO_WORD) {
            m->n_unknown++;
            state = 0;
            continue;
        }
        m->nats += lm_next(lm, state, number, &state) / 256.0;
    }
    m->nats += lm_end(lm, state) / 256.0;
    m->n_sentences++;
}

static int measure(char **files, int n_files) {
    struct lm *lm;
    tragus_error error = {0};
    char sentence[LM_MAX_SENTENCE_BYTES];
    if (n_files < 2)
        return cli_usage("words", "measure needs a language model and a text");
    if (lm_open(&lm, files[0], NULL, &error) < 0) {
        cli_complain(error.file, error.line, error.column, error.text);
        return CLI_MODEL;
    }
    int r = CLI_OK;
    printf("perplexity\tunknown, %%\twords\ttext\n");
    for (int i = 1; r == CLI_OK && i < n_files; i++) {
        struct base_buffer text = {0};
        struct measure m = {0};
        r = read_all(files[i], &text);
        const char *at = text.data, *end = text.data ? text.data + text.len_bytes : NULL;
        while (r == CLI_OK && at && lm_text_next(&at, end, sentence))
            if (sentence[0])
                measure_sentence(lm, sentence, &m);
        if (r == CLI_OK && m.n_words > 0)
            printf("%.1f\t%.2f\t%llu\t%s\n", exp(m.nats / (double)(m.n_words - m.n_unknown + m.n_sentences)),
                   100.0 * (double)m.n_unknown / (double)m.n_words, (unsigned long long)m.n_words, files[i]);
        base_buffer_done(&text);
    }
    lm_free(lm);
    return r;
}

/* --- command line ------------------------------------------------------------------------------------------------------------ */

static bool parse_count(const char *text, unsigned long most, unsigned long *ret) {
    char *end;
    errno = 0;
    *ret = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && *ret <= most;
}

int cli_words(int argc, char **argv) {
    enum { OUT = 256, WORDS, LEAST, PAIRS, TRIPLES, PASSPORT };
    static const struct option longs[] = {{"out", required_argument, NULL, OUT},
                                          {"words", required_argument, NULL, WORDS},
                                          {"least", required_argument, NULL, LEAST},
                                          {"pairs", required_argument, NULL, PAIRS},
                                          {"triples", required_argument, NULL, TRIPLES},
                                          {"passport", required_argument, NULL, PASSPORT},
                                          {"model", required_argument, NULL, 'm'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    struct options o = {.least = 2, .limits = {.max_words = 40000, .max_pairs = 600000, .max_triples = 800000}};
    unsigned long n = 0;
    for (int c; (c = getopt_long(argc, argv, "m:h", longs, NULL)) != -1;) {
        if (c >= WORDS && c <= TRIPLES && !parse_count(optarg, c == WORDS ? LM_MAX_WORDS : 100000000, &n))
            return cli_usage("words", "'%s' is not a number of words, at most %u", optarg, c == WORDS ? LM_MAX_WORDS : 100000000);
        switch (c) {
        case OUT:
            o.out = optarg;
            break;
        case WORDS:
            o.limits.max_words = (uint32_t)n;
            break;
        case LEAST:
            o.least = (uint32_t)n;
            break;
        case PAIRS:
            o.limits.max_pairs = n;
            break;
        case TRIPLES:
            o.limits.max_triples = n;
            break;
        case PASSPORT:
            o.passport = optarg;
            break;
        case 'm':
            o.model = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return CLI_OK;
        default:
            return cli_usage("words", "unknown option, or its value is missing: %s", argv[optind - 1]);
        }
    }
    const char *what = optind < argc ? argv[optind++] : "";
    if (strcmp(what, "build") == 0)
        return build(&o, argv + optind, argc - optind);
    if (strcmp(what, "measure") == 0)
        return measure(argv + optind, argc - optind);
    return cli_usage("words", "say what to do: build or measure");
}
