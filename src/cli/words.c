/* SPDX-License-Identifier: Apache-2.0 */
/* cli/words.c: makes and measures language models of words. */
#include "cli/words.h"
#include "cli/cli.h"
#include "lm/arpa.h"
#include "lm/text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] = "Usage: tragus words build [-m MODEL] [OPTION]... --out FILE TEXT...\n"
                           "       tragus words measure FILE TEXT...\n"
                           "       tragus words arpa FILE\n"
                           "\n"
                           "build makes a language model from texts, for free words in sentences. With\n"
                           "--base it adds your own texts to another model, in seconds. measure prints how\n"
                           "well one predicts texts. arpa prints one in the format in which other programs\n"
                           "exchange them. A TEXT is a file in UTF-8, or `-` for standard input.\n"
                           "WEIGHT:FILE makes each sentence of a file count WEIGHT times.\n"
                           "\n"
                           "      --out FILE             the language model to write\n"
                           "      --base FILE            a language model to which the texts are added,\n"
                           "                             such as the installed one\n"
                           "      --arpa FILE            the same, in ARPA's format; without a text it is\n"
                           "                             only converted\n"
                           "      --weight X             how much the texts count beside it, above 0 and\n"
                           "                             below 1 (default: measured on a tenth of them)\n"
                           "      --words N              most words (default 40000)\n"
                           "      --least N              a word must occur N times (default 2, with --base\n"
                           "                             and --arpa 1); without these, one that is in no\n"
                           "                             dictionary, three times as often\n"
                           "      --pairs N              most pairs of words (default 600000)\n"
                           "      --triples N            most triples of words (default 800000)\n"
                           "      --passport FILE        text to store in the model: what it was made from\n"
                           "  -m, --model PATH           acoustic model file, or the directory of a\n"
                           "                             language, for the dictionary\n"
                           "\n"
                           "Exit codes: 0 done, 2 wrong command line, 3 a text cannot be read, 4 a model\n"
                           "cannot be read or written.\n";

/* --- texts ------------------------------------------------------------------------------------------------------------------- */

int words_read(const char *path, struct base_buffer *ret) {
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    int code = f ? 0 : errno;
    char part[65536], text[256];
    size_t n;

    while (f && (n = fread(part, 1, sizeof part, f)) > 0)
        base_buffer_add(ret, part, n);
    if (f && ferror(f))
        code = errno;
    if (ret->failed)
        code = ENOMEM;
    if (f && f != stdin)
        fclose(f);
    if (code == 0)
        return CLI_OK;
    snprintf(text, sizeof text, "cannot be read: %s", strerror(code));
    cli_complain(f == stdin ? "standard input" : path, 0, 0, text);
    return CLI_INPUT;
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
        r = words_read(files[i], &text);
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

/* --- arpa -------------------------------------------------------------------------------------------------------------------- */

static int arpa(char **files, int n_files) {
    struct lm *lm;
    struct lm_tables tables;
    tragus_error error = {0};
    if (n_files != 1)
        return cli_usage("words", "arpa needs a language model");
    if (lm_open(&lm, files[0], NULL, &error) < 0) {
        cli_complain(error.file, error.line, error.column, error.text);
        return CLI_MODEL;
    }
    int r = lm_tables_from(&tables, lm);
    lm_free(lm);
    if (r == 0) {
        r = lm_arpa_write(&tables, stdout);
        lm_tables_done(&tables);
    }
    if (r < 0)
        fprintf(stderr, "tragus: the model cannot be written: %s\n", strerror(-r));
    return r < 0 ? CLI_INPUT : CLI_OK;
}

/* --- command line ------------------------------------------------------------------------------------------------------------ */

#define MOST_COUNT 100000000 /* of an option */

enum { OUT = 256, WORDS, LEAST, PAIRS, TRIPLES, PASSPORT, BASE, ARPA, WEIGHT };

/* Takes an option with a number. Returns CLI_OK or an exit code. */
static int take_number(struct words_options *o, int option, const char *value) {
    uint64_t n = 0;
    char *end;
    int r = CLI_OK;

    switch (option) {
    case WEIGHT:
        o->own_weight = strtod(value, &end);
        if (*end || end == value || !(o->own_weight > 0 && o->own_weight < 1))
            r = cli_usage("words", "--weight must be a number above 0 and below 1, not '%s'", value);
        break;
    case WORDS:
        r = cli_number("words", "--words", value, 0, LM_MAX_WORDS, &n);
        o->limits.max_words = (uint32_t)n;
        break;
    case LEAST:
        r = cli_number("words", "--least", value, 0, MOST_COUNT, &n);
        o->least = (uint32_t)n;
        break;
    case PAIRS:
        r = cli_number("words", "--pairs", value, 0, MOST_COUNT, &n);
        o->limits.max_pairs = (size_t)n;
        break;
    default:
        r = cli_number("words", "--triples", value, 0, MOST_COUNT, &n);
        o->limits.max_triples = (size_t)n;
    }
    return r;
}

/* Where an option's text goes; NULL: it is none with a text. */
static const char **text_of(struct words_options *o, int option) {
    switch (option) {
    case OUT:
        return &o->out;
    case PASSPORT:
        return &o->passport;
    case BASE:
        return &o->base;
    case ARPA:
        return &o->arpa;
    case 'm':
        return &o->model;
    default:
        return NULL;
    }
}

int cli_words(int argc, char **argv) {
    static const struct option longs[] = {{"out", required_argument, NULL, OUT},
                                          {"words", required_argument, NULL, WORDS},
                                          {"least", required_argument, NULL, LEAST},
                                          {"pairs", required_argument, NULL, PAIRS},
                                          {"triples", required_argument, NULL, TRIPLES},
                                          {"passport", required_argument, NULL, PASSPORT},
                                          {"base", required_argument, NULL, BASE},
                                          {"arpa", required_argument, NULL, ARPA},
                                          {"weight", required_argument, NULL, WEIGHT},
                                          {"model", required_argument, NULL, 'm'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    struct words_options o = {.limits = {.max_words = 40000, .max_pairs = 600000, .max_triples = 800000}};
    for (int c; (c = getopt_long(argc, argv, ":m:h", longs, NULL)) != -1;) {
        const char **text = text_of(&o, c);
        if (text) {
            *text = optarg;
        } else if (c < OUT) {
            return cli_other_option("words", c, help, argv);
        } else {
            int r = take_number(&o, c, optarg);
            if (r != CLI_OK)
                return r;
        }
    }
    const char *what = optind < argc ? argv[optind++] : "";
    if (strcmp(what, "build") == 0)
        return words_build(&o, argv + optind, argc - optind);
    if (strcmp(what, "measure") == 0)
        return measure(argv + optind, argc - optind);
    if (strcmp(what, "arpa") == 0)
        return arpa(argv + optind, argc - optind);
    return cli_usage("words", "say what to do: build, measure or arpa");
}
