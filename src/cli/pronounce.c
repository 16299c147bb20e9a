/* SPDX-License-Identifier: Apache-2.0 */
/* cli/pronounce.c: prints the pronunciations of words. */
#include "base/utf8.h"
#include "busjson/busjson.h"
#include "cli/cli.h"
#include "engine/engine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char help[] = "Usage: tragus pronounce [-p FILE] [-m MODEL] [--json] WORD...\n"
                           "\n"
                           "Prints WORD<TAB>PHONES<TAB>SOURCE for each pronunciation of a word. SOURCE is\n"
                           "`user` (your own, from -p), `dictionary`, or `guess` (from the letters). A file\n"
                           "for -p contains such lines, without the source. Digits and signs are said in\n"
                           "words, as in sentences: PS5, H2O, \"1/2\".\n"
                           "\n"
                           "      --phones               print the list of phones instead\n"
                           "      --json                 print a JSON object per word: word, pronunciations\n"
                           "                             [{phones, source}]\n"
                           "  -m, --model PATH           acoustic model file, or the directory of a language\n"
                           "  -p, --pronunciations FILE  your own pronunciations, lines of WORD PHONE ...\n"
                           "\n"
                           "Exit codes: 0 all words have a pronunciation, 1 one has none, 3 FILE is\n"
                           "invalid, 4 the model or lexicon is invalid.\n";

static const char *source_name(enum lexicon_source source) {
    switch (source) {
    case LEXICON_USER:
        return "user";
    case LEXICON_DICTIONARY:
        return "dictionary";
    case LEXICON_GUESS:
        return "guess";
    }
    return "";
}

static const char *phones_text(const struct lexicon *l, const struct lexicon_pronunciation *p, char *out, size_t size) {
    size_t len = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < p->n_phones && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%s", i > 0 ? " " : "", lexicon_phone(l, p->phones[i]));
    return out;
}

static void print_word(const struct lexicon *l, const char *word, const struct lexicon_pronunciation *p, int n) {
    char text[LEXICON_MAX_PHONES * 8];
    for (int i = 0; i < n; i++) {
        phones_text(l, &p[i], text, sizeof(text));
        printf("%s\t%s\t%s\n", word, text, source_name(p[i].source));
    }
}

static void print_word_json(const struct lexicon *l, const char *word, const struct lexicon_pronunciation *p, int n) {
    char text[LEXICON_MAX_PHONES * 8];
    json_object *o = cli_json_new(), *list = json_object_new_array();
    for (int i = 0; i < n; i++) {
        json_object *item = json_object_new_object();
        phones_text(l, &p[i], text, sizeof(text));
        busjson_add(item, "phones", json_object_new_string(text));
        busjson_add(item, "source", json_object_new_string(source_name(p[i].source)));
        busjson_append(list, item);
    }
    busjson_add(o, "word", json_object_new_string(word));
    busjson_add(o, "pronunciations", list);
    cli_json_print(o);
}

/* n: what engine_pronounce has returned. */
static void complain(const char *word, int n) {
    char text[512];
    if (n == -E2BIG)
        base_utf8_format(text, sizeof(text), "'%.60s...' is too long for one word; give its pronunciation with -p", word);
    else if (n == 0 || n == -ENOENT)
        base_utf8_format(text, sizeof(text), "'%.240s' contains nothing that can be spoken; give its pronunciation with -p", word);
    else
        base_utf8_format(text, sizeof(text), "'%.240s' cannot be pronounced: %s", word, strerror(-n));
    cli_complain("", 0, 0, text);
}

static int pronounce(tragus_model *m, const struct lexicon_overrides *own, char **words, int n_words, bool json) {
    const struct lexicon *l = engine_model_lexicon(m);
    int result = CLI_OK;
    for (int i = 0; i < n_words; i++) {
        struct lexicon_pronunciation p[LEXICON_MAX_VARIANTS];
        int n = engine_pronounce(m, own, words[i], p, LEXICON_MAX_VARIANTS);
        if (n <= 0) {
            complain(words[i], n);
            result = CLI_NEGATIVE;
            n = 0;
        }
        if (json)
            print_word_json(l, words[i], p, n);
        else
            print_word(l, words[i], p, n);
    }
    return result;
}

int cli_pronounce(int argc, char **argv) {
    enum { JSON = 256, PHONES };
    static const struct option options[] = {
        {"model", required_argument, NULL, 'm'}, {"pronunciations", required_argument, NULL, 'p'},
        {"json", no_argument, NULL, JSON},       {"phones", no_argument, NULL, PHONES},
        {"help", no_argument, NULL, 'h'},        {0}};
    struct cli_setup setup = {0};
    bool json = false, phones = false;
    int option, r;
    while ((option = getopt_long(argc, argv, ":m:p:h", options, NULL)) != -1) {
        if (cli_setup_option(&setup, option, optarg, argv[0], &r)) {
            if (r != CLI_OK)
                return r;
        } else if (option == JSON) {
            json = true;
        } else if (option == PHONES) {
            phones = true;
        } else {
            return cli_other_option(argv[0], option, help, argv);
        }
    }
    if (optind == argc && !phones)
        return cli_usage(argv[0], "no word is given; name at least one");

    tragus_model *model = NULL;
    struct lexicon_overrides *own = NULL;
    tragus_error e = {0};
    r = cli_open_model(&model, setup.model);
    if (r != CLI_OK)
        return r;
    const struct lexicon *l = engine_model_lexicon(model);
    for (unsigned i = 1; phones && i <= lexicon_n_phones(l); i++)
        puts(lexicon_phone(l, i));
    if (lexicon_overrides_new(&own) < 0 || (setup.pronunciations && lexicon_overrides_load(own, l, setup.pronunciations, &e) < 0)) {
        cli_complain(e.file, e.line, e.column, e.text[0] ? e.text : "out of memory");
        r = CLI_INPUT;
    } else {
        r = pronounce(model, own, argv + optind, argc - optind, json);
    }
    lexicon_overrides_free(own);
    tragus_model_unref(model);
    return r;
}
