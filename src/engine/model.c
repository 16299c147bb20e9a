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
    if (find_beside(words_path, m, WORDS) && lm_open(&m->lm, words_path, m->lexicon, &m->lm_error) == -ENOMEM)
        return base_error_set(reterr, -ENOMEM, "out of memory"); /* whatever else is wrong with it, all but free words works */
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
    const struct graph_words *words = m->words;
    pthread_mutex_unlock(&m->lock);
    if (r < 0)
        set_words_error(m, r, reterr);
    return words;
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
    const struct graph *dictation = m->dictation;
    pthread_mutex_unlock(&m->lock);
    if (r < 0)
        set_words_error(m, r, reterr);
    return dictation;
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

const struct nn_model *engine_model_network(const tragus_model *m) {
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
