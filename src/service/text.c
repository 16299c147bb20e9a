/* SPDX-License-Identifier: Apache-2.0 */
/* service/text.c: parses typed text and looks up pronunciations, on its own thread and within a budget, so that no text delays
 * other clients.
 */
#include "service/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST_JOBS 16       /* jobs of one user that may wait */
#define LONGEST_TEXT 65536 /* bytes; the matcher takes far less, so it refuses what is cut here */
#define LONGEST_WORD 256   /* bytes; no word with as many is within LEXICON_MAX_PHONES */

static int check_queue(struct service *s, const struct service_caller *caller, tragus_error *reterr) {
    if (worker_n_jobs(s->matcher, caller->uid) < MOST_JOBS)
        return 0;
    return base_error_set(reterr, -ENOBUFS, "%d texts of this user wait already; wait for an answer", MOST_JOBS);
}

/* --- typed text --------------------------------------------------------------------------------------------------------------- */

struct match_job {
    struct worker_job job; /* first member */
    char *owner, *text, *grammar_name;
    tragus_grammar *grammar;
    tragus_context *context; /* of how */
    size_t n_context;
    struct grammar_match_options how;

    struct service_match_result result;
    tragus_match *match;
    service_match_done *done;
    void *user;
};

static void free_match(struct match_job *j) {
    service_free_context(j->context, j->n_context);
    free(j->owner);
    free(j->grammar_name);
    if (j->text)
        explicit_bzero(j->text, strlen(j->text));
    free(j->text);
    tragus_match_free(j->match);
    tragus_grammar_unref(j->grammar);
    free(j);
}

static void run_match(struct worker_job *job) {
    struct match_job *j = (struct match_job *)job;
    j->result.code = engine_match_text_with(&j->match, j->grammar, j->text, &j->how, &job->budget, &j->result.error);
}

static void finish_match(struct worker_job *job) {
    struct match_job *j = (struct match_job *)job;
    j->result.match = j->match;
    j->result.grammar = j->grammar_name;
    if (worker_cancelled(job))
        j->result.code = base_error_set(&j->result.error, -ECANCELED, "cancelled: the caller has left, or the service stops");
    j->done(&j->result, j->user);
    free_match(j);
}

int service_match_text(struct service *s, const struct service_caller *caller, const char *grammar, const char *text,
                       const struct service_match_options *o, service_match_done *done, void *user, tragus_error *reterr) {
    const struct service_grammar *g = service_grammar_find(s, caller->owner, grammar, reterr);
    if (!g)
        return -ENOENT;
    int r = check_queue(s, caller, reterr);
    if (r < 0)
        return r;
    struct match_job *j = calloc(1, sizeof(*j));
    if (!j)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    j->job.uid = caller->uid;
    j->job.run = run_match;
    j->job.done = finish_match;
    base_budget_init(&j->job.budget, s->options.limits.text_cpu_ms, s->options.limits.text_memory);
    j->job.owner = j->owner = strdup(caller->owner);
    j->text = strndup(text, LONGEST_TEXT);
    j->grammar_name = strdup(g->name);
    j->grammar = tragus_grammar_ref(g->grammar);
    j->done = done;
    j->user = user;
    if (!j->owner || !j->text || !j->grammar_name ||
        service_copy_context(&j->context, &j->n_context, o->context, o->n_context) < 0) {
        free_match(j);
        return base_error_set(reterr, -ENOMEM, "out of memory");
    }
    j->how = (struct grammar_match_options){
        .context = j->context, .n_context = j->n_context, .max_readings = o->most, .fuzzy = o->fuzzy, .unmatched = o->unmatched};
    worker_push(s->matcher, &j->job);
    return 0;
}

/* --- pronunciations ----------------------------------------------------------------------------------------------------------- */

struct pronounce_job {
    struct worker_job job; /* first member */
    struct service *service;
    unsigned model;
    char *owner;
    char **words;
    size_t n_words, n_copied;
    struct service_pronunciation *variants; /* SERVICE_MAX_VARIANTS for each word */
    struct service_pronounce_result result;
    service_pronounce_done *done;
    void *user;
};

static void free_pronounce(struct pronounce_job *j) {
    for (size_t i = 0; i < j->n_copied; i++)
        free(j->words[i]);
    free(j->words);
    free(j->variants);
    free(j->owner);
    free(j);
}

static int too_long(const char *word, tragus_error *reterr) {
    return base_error_set(reterr, -EINVAL, "\"%.60s\" is too long for one word", word);
}

static int pronounce(struct pronounce_job *j, const char *word, struct service_pronunciation *out) {
    struct lexicon_pronunciation variants[SERVICE_MAX_VARIANTS];
    struct lexicon *lexicon = engine_model_lexicon(j->service->models[j->model]);

    int n = engine_pronounce(j->service->models[j->model], j->model == 0 ? j->service->overrides : NULL, word, variants,
                             SERVICE_MAX_VARIANTS);
    if (n == -E2BIG)
        return too_long(word, &j->result.error);
    if (n == -ENOENT)
        return base_error_set(&j->result.error, -EINVAL, "\"%.60s\" holds nothing that can be spoken", word);
    if (n < 0)
        return base_error_set(&j->result.error, n, "\"%.60s\" cannot be pronounced: %s", word, strerror(-n));
    for (int i = 0; i < n; i++) {
        out[i] = (struct service_pronunciation){.guessed = variants[i].source == LEXICON_GUESS, .n_phones = variants[i].n_phones};
        for (size_t k = 0; k < variants[i].n_phones; k++)
            out[i].phones[k] = lexicon_phone(lexicon, variants[i].phones[k]);
    }
    if (n < SERVICE_MAX_VARIANTS)
        out[n].n_phones = 0; /* ends the list */
    return 0;
}

static void run_pronounce(struct worker_job *job) {
    struct pronounce_job *j = (struct pronounce_job *)job;
    for (size_t i = 0; i < j->n_words && j->result.code == 0 && !worker_cancelled(job); i++)
        j->result.code = pronounce(j, j->words[i], &j->variants[i * SERVICE_MAX_VARIANTS]);
}

static void finish_pronounce(struct worker_job *job) {
    struct pronounce_job *j = (struct pronounce_job *)job;
    if (worker_cancelled(job))
        j->result.code = base_error_set(&j->result.error, -ECANCELED, "cancelled: the caller has left, or the service stops");
    j->result.words = (const char *const *)j->words;
    j->result.n_words = j->n_words;
    j->result.variants = j->variants;
    j->done(&j->result, j->user);
    free_pronounce(j);
}

static int copy_words(struct pronounce_job *j, const char *const words[], size_t n) {
    j->words = calloc(n ? n : 1, sizeof(*j->words));
    j->variants = calloc(n ? n : 1, SERVICE_MAX_VARIANTS * sizeof(*j->variants));
    if (!j->words || !j->variants)
        return -ENOMEM;
    for (; j->n_copied < n; j->n_copied++)
        if (!(j->words[j->n_copied] = strdup(words[j->n_copied])))
            return -ENOMEM;
    j->n_words = n;
    return 0;
}

int service_pronounce(struct service *s, const struct service_caller *caller, const char *language, const char *const words[],
                      size_t n, service_pronounce_done *done, void *user, tragus_error *reterr) {
    int model = service_find_model(s, language, reterr);
    if (model < 0)
        return model;
    if (n > SERVICE_MAX_WORDS)
        return base_error_set(reterr, -EINVAL, "at most %d words are taken at once", SERVICE_MAX_WORDS);
    for (size_t i = 0; i < n; i++)
        if (strnlen(words[i], LONGEST_WORD + 1) > LONGEST_WORD)
            return too_long(words[i], reterr);
    int r = check_queue(s, caller, reterr);
    if (r < 0)
        return r;
    struct pronounce_job *j = calloc(1, sizeof(*j));
    if (!j)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    j->job.uid = caller->uid;
    j->job.run = run_pronounce;
    j->job.done = finish_pronounce;
    j->service = s;
    j->model = (unsigned)model;
    j->done = done;
    j->user = user;
    j->job.owner = j->owner = strdup(caller->owner);
    base_budget_init(&j->job.budget, 0, 0);
    if (!j->owner || copy_words(j, words, n) < 0) {
        free_pronounce(j);
        return base_error_set(reterr, -ENOMEM, "out of memory");
    }
    worker_push(s->matcher, &j->job);
    return 0;
}
