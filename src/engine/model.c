/* SPDX-License-Identifier: Apache-2.0 */
/* engine/model.c: opens the files of a language together and checks that they match.
 *
 * The network's label i must be the lexicon's phone i. Otherwise every pronunciation would be silently wrong, so this is checked
 * here once, by name.
 */
#include "base/cpu.h"
#include "config.h"
#include "engine/private.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define ACOUSTIC "acoustic.tragus"
#define LEXICON "lexicon.tragus"
#define G2P "g2p.tragus"
#define LANGUAGE "language.yaml"
#define WORDS "words.tragus"

struct tragus_model {
    atomic_uint n_refs;
    struct nn_model *network;
    struct lexicon *lexicon;
    struct lm *lm;             /* NULL: there is none */
    tragus_error lm_error;     /* code 0, or why the language model cannot be used */
    pthread_mutex_t lock;      /* protects the next two */
    struct graph_words *words; /* of lm; built when a grammar first needs them */
    struct graph *dictation;   /* any of these words; built when a session first needs it */
    uint32_t cpu_flags;        /* the kernels that may be used */
    char language[16];         /* tag, from language.yaml or else from the network's passport */
    char path[PATH_MAX];
    char language_path[PATH_MAX]; /* "" if there is no such file */
};

ENGINE_PUBLIC const char *tragus_version(void) {
    return PACKAGE_VERSION;
}

static bool exists(const char *path) {
    struct stat st;
    return stat(path, &st) == 0;
}

static bool is_directory(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Writes folder/name to out. Returns false if it does not fit. */
static bool join(char out[PATH_MAX], const char *folder, size_t folder_len, const char *name) {
    int n = snprintf(out, PATH_MAX, "%.*s/%s", (int)folder_len, folder, name);
    return n > 0 && n < PATH_MAX;
}

/* Searches for the other files of a language: beside the acoustic model, in the folder above (several acoustic models of one
 * language), or where the language is installed. */
static bool find_beside(char out[PATH_MAX], const tragus_model *m, const char *name) {
    const char *acoustic = m->path;
    const char *slash = strrchr(acoustic, '/');
    const char *folder = slash ? acoustic : ".";
    size_t len = slash ? (size_t)(slash - acoustic) : 1;
    char other[PATH_MAX];
    return (join(out, folder, len, name) && exists(out)) ||
           (join(other, folder, len, "..") && join(out, other, strlen(other), name) && exists(out)) ||
           (join(other, ENGINE_MODELS_DIR, strlen(ENGINE_MODELS_DIR), m->language) && join(out, other, strlen(other), name) &&
            exists(out));
}

static int check_labels(const struct nn_model *network, const struct lexicon *lexicon, const char *path, tragus_error *reterr) {
    unsigned n = nn_model_n_labels(network);
    if (n != lexicon_n_phones(lexicon) + 1)
        return base_error_at(reterr, -EBADMSG, path, 0, 0,
                             "has %u labels, but its lexicon has %zu phones and the blank; they are not of one language", n,
                             lexicon_n_phones(lexicon));
    for (unsigned i = 1; i < n; i++)
        if (strcasecmp(nn_model_label(network, i), lexicon_phone(lexicon, i)) != 0)
            return base_error_at(reterr, -EBADMSG, path, 0, 0,
                                 "has %s as label %u where its lexicon has the phone %s; they do not belong together",
                                 nn_model_label(network, i), i, lexicon_phone(lexicon, i));
    return 0;
}

/* Whether text is a valid name for a language folder: lower-case letters and hyphens. */
static bool is_tag(const char *text) {
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz-");
    return n > 0 && n < sizeof(((tragus_model *)NULL)->language) && text[n] == '\0';
}

/* language.yaml takes precedence, because one network may serve several languages. This also checks the file. */
static int read_language(tragus_model *m, tragus_error *reterr) {
    struct grammar_builder *b = NULL;
    if (!m->language_path[0])
        return 0;
    int r = grammar_builder_new(&b);
    if (r < 0)
        return base_error_set(reterr, r, "out of memory");
    r = grammar_builder_add_language(b, m->language_path, NULL, reterr);
    if (r == 0)
        snprintf(m->language, sizeof(m->language), "%.15s", grammar_builder_default_language(b));
    grammar_builder_free(b);
    return r;
}

static void take_language(tragus_model *m) {
    if (nn_model_passport_value(m->network, "language", m->language, sizeof(m->language)) < 0 || !is_tag(m->language))
        snprintf(m->language, sizeof(m->language), "%s", ENGINE_DEFAULT_LANGUAGE);
}

static int open_files(tragus_model *m, const char *path, tragus_error *reterr) {
    char lexicon_path[PATH_MAX], g2p_path[PATH_MAX], words_path[PATH_MAX], installed[PATH_MAX];
    if (is_tag(path) && !exists(path) && join(installed, ENGINE_MODELS_DIR, strlen(ENGINE_MODELS_DIR), path))
        path = installed;
    if (is_directory(path) ? !join(m->path, path, strlen(path), ACOUSTIC)
                           : snprintf(m->path, sizeof(m->path), "%s", path) >= (int)sizeof(m->path))
        return base_error_at(reterr, -ENAMETOOLONG, path, 0, 0, "is too long a path");
    int r = nn_model_open(&m->network, m->path, m->cpu_flags, reterr);
    if (r < 0)
        return r;
    take_language(m);
    if (!find_beside(lexicon_path, m, LEXICON))
        return base_error_at(reterr, -ENOENT, m->path, 0, 0,
                             "has no " LEXICON " beside it, in the folder above or in " ENGINE_MODELS_DIR "/%s; put it there",
                             m->language);
    if (!find_beside(m->language_path, m, LANGUAGE))
        m->language_path[0] = '\0';
    r = read_language(m, reterr);
    if (r < 0)
        return r;
    r = lexicon_open(&m->lexicon, lexicon_path, find_beside(g2p_path, m, G2P) ? g2p_path : NULL, reterr);
    if (r < 0)
        return r;
    if (find_beside(words_path, m, WORDS))
        (void)lm_open(&m->lm, words_path, m->lexicon, &m->lm_error); /* everything else works without it */
    return check_labels(m->network, m->lexicon, m->path, reterr);
}

ENGINE_PUBLIC int tragus_model_open(tragus_model **ret, const char *path, const char *cpu, tragus_error *reterr) {
    uint32_t mask = UINT32_MAX;
    if (!ret)
        return -EINVAL;
    if (cpu && base_cpu_parse(cpu, &mask) < 0)
        return base_error_set(reterr, -EINVAL, "the CPU mask '%s' is not 'all', 'none' or names like 'avx2,neon'", cpu);
    tragus_model *m = calloc(1, sizeof(*m));
    if (!m)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    atomic_init(&m->n_refs, 1);
    pthread_mutex_init(&m->lock, NULL);
    m->cpu_flags = base_cpu_detect() & mask;
    int r = open_files(m, path ? path : ENGINE_MODELS_DIR "/" ENGINE_DEFAULT_LANGUAGE, reterr);
    if (r < 0) {
        tragus_model_unref(m);
        return r;
    }
    *ret = m;
    return 0;
}

ENGINE_PUBLIC tragus_model *tragus_model_ref(tragus_model *m) {
    if (m)
        atomic_fetch_add_explicit(&m->n_refs, 1, memory_order_relaxed);
    return m;
}

ENGINE_PUBLIC tragus_model *tragus_model_unref(tragus_model *m) {
    if (m && atomic_fetch_sub_explicit(&m->n_refs, 1, memory_order_acq_rel) == 1) {
        nn_model_free(m->network);
        graph_free(m->dictation);
        graph_words_free(m->words);
        lm_free(m->lm);
        lexicon_free(m->lexicon);
        pthread_mutex_destroy(&m->lock);
        free(m);
    }
    return NULL;
}

struct lexicon *engine_model_lexicon(tragus_model *m) {
    return m->lexicon;
}

/* Says why there are no words: the language model cannot be used, or else memory is missing. */
static void set_words_error(const tragus_model *m, int r, tragus_error *reterr) {
    if (reterr && m->lm_error.code < 0)
        *reterr = m->lm_error;
    else
        base_error_set(reterr, r, "out of memory");
}

const struct graph_words *engine_model_words(tragus_model *m, tragus_error *reterr) {
    int r = m->lm_error.code;
    pthread_mutex_lock(&m->lock);
    if (m->lm && !m->words)
        r = graph_words_build(&m->words, m->lm, NULL);
    pthread_mutex_unlock(&m->lock);
    if (r < 0)
        set_words_error(m, r, reterr);
    return m->words;
}

const struct lm *engine_model_lm(const tragus_model *m) {
    return m->lm;
}

const struct graph *engine_model_dictation(tragus_model *m, tragus_error *reterr) {
    struct graph_words *tree = NULL; /* freed again: the graph has a copy, and most grammars need none */
    int r = m->lm_error.code;
    pthread_mutex_lock(&m->lock);
    if (m->lm && !m->dictation) {
        r = m->words ? 0 : graph_words_build(&tree, m->lm, NULL);
        if (r == 0)
            r = graph_words_graph(&m->dictation, m->words ? m->words : tree);
        graph_words_free(tree);
    }
    pthread_mutex_unlock(&m->lock);
    if (r < 0)
        set_words_error(m, r, reterr);
    return m->dictation;
}

int engine_model_prepare_fallback(tragus_model *m, tragus_error *reterr) {
    tragus_error error = {0};
    if (engine_model_dictation(m, &error))
        return 0;
    if (error.code == 0)
        return base_error_set(reterr, -ENODATA, "free words need a language model: install the package tragus-words-en");
    if (error.code == -ENOMEM)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    return base_error_at(reterr, -ENODATA, error.file, 0, 0, "%.200s", error.text);
}

struct nn_model *engine_model_network(tragus_model *m) {
    return m->network;
}

uint32_t engine_model_cpu_flags(const tragus_model *m) {
    return m->cpu_flags;
}

const char *engine_model_language(const tragus_model *m) {
    return m->language;
}

int engine_give_languages(struct grammar_builder *b, const tragus_model *m, const char *folder, tragus_diagnostics *d,
                          tragus_error *reterr) {
    int r = 0;
    char beside[PATH_MAX];
    grammar_builder_set_default_language(b, m ? m->language : ENGINE_DEFAULT_LANGUAGE);
    if (m && m->language_path[0])
        r = grammar_builder_add_language(b, m->language_path, d, reterr);
    if (r == 0 && folder)
        r = grammar_builder_add_language(b, folder, d, reterr);
    const char *slash = m ? strrchr(m->path, '/') : NULL;
    if (r == 0 && slash && join(beside, m->path, (size_t)(slash - m->path), ".."))
        r = grammar_builder_add_language(b, beside, d, reterr);
    return r < 0 ? r : grammar_builder_add_language(b, ENGINE_MODELS_DIR, d, reterr);
}

const char *engine_model_path(const tragus_model *m) {
    return m->path;
}

/* Parses "-12.5" as a fixed-point number, rounded to nearest. strtod would not do: its decimal point depends on the locale. */
static bool parse_fixed(const char *text, unsigned fraction_bits, int32_t *ret) {
    bool negative = *text == '-';
    int64_t value = 0, scale = 1;
    bool point = false, digits = false;
    for (text += negative; *text; text++) {
        if (*text == '.' && !point) {
            point = true;
        } else if (*text >= '0' && *text <= '9' && value < 100000000) {
            value = value * 10 + (*text - '0');
            scale *= point ? 10 : 1;
            digits = true;
        } else {
            return false;
        }
    }
    int64_t fixed = ((value << fraction_bits) + scale / 2) / scale;
    if (!digits || fixed > INT32_MAX)
        return false;
    *ret = (int32_t)(negative ? -fixed : fixed);
    return true;
}

static void take(const tragus_model *m, const char *key, unsigned fraction_bits, int32_t least, int32_t most, int32_t *value) {
    char text[32];
    int32_t parsed;
    if (nn_model_passport_value(m->network, key, text, sizeof(text)) == 0 && parse_fixed(text, fraction_bits, &parsed) &&
        parsed >= least && parsed <= most)
        *value = parsed;
}

/* Parses "x y, x y, ..." with ascending x. Returns whether it is a curve. */
static bool parse_curve(char *text, struct decoder_curve *ret) {
    struct decoder_curve c = {0};
    char *rest = text;
    for (char *point; (point = strsep(&rest, ",")); c.n++) {
        point += *point == ' ';
        char *y = strchr(point, ' ');
        if (!y || c.n == DECODER_MAX_POINTS)
            return false;
        *y++ = '\0';
        if (!parse_fixed(point, 8, &c.x_q8[c.n]) || !parse_fixed(y, 8, &c.y_q8[c.n]) || c.y_q8[c.n] >= 1 << 20 ||
            c.y_q8[c.n] <= -(1 << 20) || (c.n > 0 && c.x_q8[c.n] <= c.x_q8[c.n - 1]))
            return false;
    }
    *ret = c;
    return true;
}

static void take_curve(const tragus_model *m, const char *prefix, const char *name, struct decoder_curve *curve) {
    char key[64], text[256];
    snprintf(key, sizeof(key), "%s_%s", prefix, name);
    if (nn_model_passport_value(m->network, key, text, sizeof(text)) == 0)
        (void)parse_curve(text, curve);
}

/* A passport with a bias has its own curves; one that lacks a curve, or has an invalid one, does not use that feature. */
static void take_scorecard(const tragus_model *m, const char *prefix, struct decoder_scorecard *card) {
    struct decoder_scorecard own = {.bias_q8 = INT32_MIN};
    own.curves[DECODER_EXACT] = card->curves[DECODER_EXACT]; /* fitted apart from the others: fit.py --free */
    take(m, prefix, 8, -(64 << 8), 64 << 8, &own.bias_q8);
    if (own.bias_q8 == INT32_MIN)
        return;
    for (unsigned i = 0; i < DECODER_N_FEATURES; i++)
        take_curve(m, prefix, decoder_feature_names[i], &own.curves[i]);
    *card = own;
}

static void take_spotting(const tragus_model *m, struct decoder_spotting *s) {
    char text[512], *rest = text;
    take_scorecard(m, "wake", &s->soon.scorecard);
    take_curve(m, "wake", "least", &s->soon.least);
    take_scorecard(m, "wake_alone", &s->alone.scorecard);
    take_curve(m, "wake_alone", "least", &s->alone.least);
    take_curve(m, "wake", "missed", &s->missed);
    take(m, "wake_slope", 8, 1, 64 << 8, &s->slope_q8);
    if (nn_model_passport_value(m->network, "wake_rarity", text, sizeof(text)) < 0)
        return;
    for (unsigned i = 1; i < DECODER_MAX_LABELS && rest; i++)
        (void)parse_fixed(strsep(&rest, " "), 8, &s->rarity_q8[i]);
}

/* How much rarer false alarms are to be than the one in ten hours that the passport's curve stands for, in nats. */
static int32_t rarer_q8(double per_hour) {
    double per_10000_h = per_hour > 0 ? per_hour * 10000 : 1000;
    uint32_t n = per_10000_h < 1 ? 1 : per_10000_h > 1000000 ? 1000000 : (uint32_t)per_10000_h;
    return decoder_ln_q8(1000) - decoder_ln_q8(n);
}

struct decoder_options engine_decoder_options(const tragus_model *m, const tragus_session_options *o) {
    struct decoder_options d = decoder_defaults();
    d.step_ms = nn_model_step_hops(m->network) * 10;

    int32_t end_silence = (int32_t)d.end_silence_ms, open_silence = (int32_t)d.open_silence_ms;
    int32_t lateness = (int32_t)d.lateness_ms, final_silence = (int32_t)d.final_silence_ms;
    take(m, "blank_penalty", 8, 0, 64 << 8, &d.blank_penalty_q8);
    take(m, "beam", 8, 1 << 8, 1000 << 8, &d.beam_q8);
    take(m, "word_penalty", 8, 0, 64 << 8, &d.word_penalty_q8);
    take(m, "lm_scale", 8, 0, 64 << 8, &d.lm_scale_q8);
    take(m, "free_beam", 8, 1 << 8, 1000 << 8, &d.free_beam_q8);
    take(m, "free_word_penalty", 8, -(64 << 8), 64 << 8, &d.free_word_penalty_q8);
    take(m, "prior", 8, 0, 64 << 8, &d.prior_q8);
    take(m, "filler_penalty", 8, -(64 << 8), 64 << 8, &d.filler_penalty_q8);
    take(m, "confidence_offset", 8, -(64 << 8), 64 << 8, &d.confidence_offset_q8);
    take(m, "confidence_scale", 8, 1, 64 << 8, &d.confidence_scale_q8);
    take(m, "min_confidence", 15, 0, 1 << 15, &d.min_confidence_q15);
    take_scorecard(m, "confidence", &d.scorecard);
    take_spotting(m, &d.spotting);
    take(m, "sure", 15, 0, 1 << 15, &d.sure_q15);
    take(m, "final_silence_ms", 0, 100, 10000, &final_silence);
    take(m, "end_silence_ms", 0, 100, 10000, &end_silence);
    take(m, "open_silence_ms", 0, 100, 10000, &open_silence);
    take(m, "lateness_ms", 0, 0, 500, &lateness);
    d.final_silence_ms = (uint32_t)final_silence;
    d.end_silence_ms = (uint32_t)end_silence;
    d.open_silence_ms = (uint32_t)open_silence;
    d.lateness_ms = (uint32_t)lateness;
    if (!o)
        return d;

    if (o->min_confidence > 0.0)
        d.min_confidence_q15 = o->min_confidence >= 1.0 ? 1 << 15 : (int32_t)(o->min_confidence * (1 << 15));
    if (o->end_silence_ms > 0) {
        d.end_silence_ms = o->end_silence_ms;
    }
    if (o->final_silence_ms > 0)
        d.final_silence_ms = o->final_silence_ms;
    if (o->open_silence_ms > 0)
        d.open_silence_ms = o->open_silence_ms;
    /* What was set for the usual case limits the others, unless they were set, too. */
    if (o->final_silence_ms == 0 && d.final_silence_ms > d.end_silence_ms)
        d.final_silence_ms = d.end_silence_ms;
    if (o->open_silence_ms == 0 && d.open_silence_ms < d.end_silence_ms)
        d.open_silence_ms = d.end_silence_ms;
    if (o->max_speech_ms > 0)
        d.max_speech_ms = o->max_speech_ms;
    d.spotting.rarer_q8 = rarer_q8(o->wake_per_hour);
    d.spotting.any = isinf(o->wake_per_hour);
    return d;
}
