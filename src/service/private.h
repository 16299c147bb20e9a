/* SPDX-License-Identifier: Apache-2.0 */
/* service/private.h: what the files of this room share. */
#ifndef TRAGUS_SERVICE_PRIVATE_H
#define TRAGUS_SERVICE_PRIVATE_H

#include "service/batch.h"
#include "service/microphone.h"
#include "service/service.h"
#include "service/worker.h"

#include "engine/engine.h"

/* A thread on a descriptor; it outlives its session by as long as it takes to end. */
struct service_batch {
    struct batch *batch;
    struct service_batch *next;
};

struct service {
    sd_event *event;
    struct service_options options;
    struct base_wake wake; /* of the main thread, by the others */
    sd_event_source *wake_source;

    tragus_model *models[SERVICE_MAX_MODELS]; /* the default one first */
    unsigned n_models;                        /* 0: trouble says why */
    tragus_error trouble;
    struct lexicon_overrides *overrides;
    struct microphone *microphone;
    unsigned n_live;      /* sessions lent to the microphone's recogniser */
    uint64_t n_told_lost; /* records */

    struct worker *compiler, *matcher;
    struct service_grammar *grammars;
    char *default_grammar;
    struct service_session *sessions;
    size_t n_sessions;
    uint64_t last_session;
    struct service_batch *batches;
    bool dispatching;

    struct service_observer *observers;
    uint64_t n_changes;         /* that they were told */
    struct service_report past; /* of batch threads that have ended */
    uint64_t start_energy_uj;
};

struct service_session {
    struct service *service;
    struct service_session *next;
    uint64_t number;
    char *owner, *grammar_name, *app;
    struct service_caller caller; /* its owner is the string above */
    uint32_t pid;
    tragus_grammar *grammar;
    unsigned model;
    bool microphone, one_shot, limited;
    uint32_t timeout_ms;
    sd_event_source *timeout;
    tragus_session_options options;
    tragus_context *context;
    size_t n_context;
    void (*event)(struct service_session *session, const struct service_event *e, void *user);
    void *user;

    int input_fd; /* to be read from the next start on; -1: none */
    int push_fd;  /* our end of a socket for pushed sound; -1: none */
    struct service_input input;

    struct engine_session *lent; /* while started, else NULL */
    struct batch *batch;         /* where to, when it is not the microphone */
    bool swap_wanted;            /* there was no room to send the listener for another grammar */
    bool told_missing;
    bool speaking;
    enum service_finish finish; /* once its end is certain; 0: running */
    uint64_t started_us;        /* CLOCK_REALTIME of the last start */
    uint64_t start_hop;         /* of the sound: the zero of all times that this session is told */
    uint64_t sequence;

    bool dead; /* freed while its events were being sent */
};

/* session.c */
void session_take_record(struct service *s, const struct engine_record *r, struct batch *batch);
void session_tell(struct service_session *session, const struct service_event *e);
void session_revoke(struct service_session *session); /* it is told that it is finished, if it is started, and hears no more */
void session_use_grammar(struct service_session *session, const struct service_grammar *g);
void session_swap_wanted(struct service *s); /* of all sessions, where there is room now */
void session_bury(struct service *s);        /* frees those that died while events were sent */

/* service.c */
void service_tell_change(struct service *s); /* to all observers */

/* grammars.c */
void grammars_free(struct service *s);
void grammars_owner_gone(struct service *s, const char *owner);
/* Compiles files or texts (one of the two) with the model of a language; "": of the language that they name, else the default one.
 * Any thread. d may be NULL; budget NULL: as the limits say. */
int grammars_compile(const struct service *s, tragus_grammar **ret, const char *language, const char *const paths[], size_t n_paths,
                     const tragus_text texts[], size_t n_texts, tragus_diagnostics *d, struct base_budget *budget,
                     tragus_error *reterr);
int grammars_check_name(const char *name, tragus_error *reterr);
/* Whether a caller may add (or change, must_exist) a grammar, and whose place it takes: *ret_old, NULL for a new one. */
int grammars_may_put(struct service *s, const struct service_caller *caller, const char *name, bool is_private, bool must_exist,
                     struct service_grammar **ret_old, tragus_error *reterr);
/* The model that a grammar was compiled with. */
unsigned service_model_of(const struct service *s, const tragus_grammar *g);
/* Puts a compiled grammar, whose reference it takes, in the place of the old one, or at the end; sessions go on with it. */
int grammars_put(struct service *s, struct service_grammar *old, const char *name, const char *format, const char *owner, uid_t uid,
                 tragus_grammar *grammar, tragus_error *reterr);

/* energy.c */
uint64_t energy_meter_uj(void);
void energy_add_batch(struct service_report *report, struct batch *batch); /* its times and counts */

int service_copy_context(tragus_context **ret, size_t *ret_n, const tragus_context context[], size_t n); /* strings too */

#endif
