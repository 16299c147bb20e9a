/* SPDX-License-Identifier: Apache-2.0 */
/* service/private.h: what the files of this room share. */
#ifndef TRAGUS_SERVICE_PRIVATE_H
#define TRAGUS_SERVICE_PRIVATE_H

#include "service/batch.h"
#include "service/microphone.h"
#include "service/sender.h"
#include "service/service.h"
#include "service/worker.h"

#include "engine/engine.h"

/* A batch thread. It outlives its session until it has ended. */
struct service_batch {
    struct batch *batch;
    struct service_batch *next;
};

struct service {
    sd_event *event;
    struct service_options options;
    struct base_wake wake; /* lets other threads wake the main thread */
    sd_event_source *wake_source;

    tragus_model *models[SERVICE_MAX_MODELS]; /* the default one first */
    unsigned n_models;                        /* 0: `trouble` says why */
    tragus_error trouble;
    struct lexicon_overrides *overrides;
    struct microphone *microphone;
    unsigned n_live;         /* sessions lent to the microphone's recogniser */
    uint64_t n_told_lost;    /* lost records logged so far */
    uint64_t lost_us;        /* lost sound that was not logged yet */
    uint64_t logged_lost_us; /* CLOCK_MONOTONIC of the last line about it; 0: none yet */

    struct worker *compiler, *matcher, *names; /* names: looks into the user database */
    struct service_rights *rights;             /* what it found */
    struct service_grammar *grammars;
    uint64_t grammars_mark; /* changes when a public grammar is added, replaced or removed */
    char *default_grammar;
    char **reserved; /* names of the configured grammars, loaded or not */
    size_t n_reserved;
    service_read_configuration *read_configuration; /* NULL: it is not read again */
    void *read_user;
    struct service_session *sessions;
    size_t n_sessions;
    uint64_t last_session;
    struct service_batch *batches;
    struct sender *senders; /* users who have sent sounds, added grammars or started sessions */
    bool dispatching;

    struct service_trouble *troubles; /* with grammars of the configuration */
    struct service_observer *observers;
    uint64_t n_changes;         /* number of the latest change, for observers */
    struct service_report past; /* totals of batch threads that have ended */
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
    tragus_grammar *wake; /* phrases; NULL: none are needed */
    uint64_t open_until;  /* the hop of the sound until which a command may follow the last phrase; 0: none may */
    unsigned model;
    bool microphone, one_shot, limited;
    uint32_t timeout_ms;
    sd_event_source *timeout;
    tragus_session_options options;
    tragus_context *context;
    size_t n_context;
    void (*event)(struct service_session *session, const struct service_event *e, void *user);
    void *user;

    int input_fd; /* the input from the next start on; -1: none */
    int push_fd;  /* our end of a socket for pushed sound; -1: none */
    struct service_input input;

    struct engine_session *lent; /* while started, else NULL */
    struct batch *batch;         /* the batch thread it is lent to; NULL: the microphone's thread */
    bool swap_wanted;            /* the listener for a new grammar could not be sent yet, because the queue was full */
    bool told_missing;
    uint64_t told_lost_us; /* of the batch thread's */
    bool speaking;
    enum service_finish finish; /* set once the end is certain; 0: running */
    uint64_t started_us;        /* CLOCK_REALTIME of the last start */
    uint64_t start_hop;         /* in the sound: all times that this session reports count from here */
    uint64_t sequence;
    uint64_t late_sequence; /* of the sentence that was being said when the time of a limited session was over; 0: it is not over */

    bool dead; /* freed while its events were being sent */
};

/* session.c */
void session_bury(struct service *s); /* frees the sessions that were freed while events were sent */

/* input.c */
int input_start(struct service_session *session, tragus_error *reterr); /* lends what the session has lent to a batch thread */

/* started.c */
void session_drop(struct service_session *session);             /* retires it immediately, so that it hears nothing more */
bool session_is_dropped(const struct service_session *session); /* so results still in the queue are not reported */
void session_free_lent(struct engine_session *lent);
void session_revoke(struct service_session *session); /* drops the session and, if it is started, reports that it has finished */
void session_use_grammar(struct service_session *session, const struct service_grammar *g);
void session_swap_wanted(struct service *s); /* for all sessions, if there is room now */

/* events.c */
void session_take_record(struct service *s, const struct engine_record *r, struct batch *batch);
void session_tell(struct service_session *session, const struct service_event *e);
void session_tell_overrun(struct service_session *session, uint64_t lost_us); /* 0, or a dropped session: tells nothing */
uint64_t session_take_lost_us(struct service_session *session);               /* of its batch thread, since the last call */

/* options.c */
int service_check_open_ms(uint32_t open_ms, const char *name, tragus_error *reterr);

/* rights.c */
void rights_free(struct service *s);
int service_may_reload(const struct service *s, const struct service_caller *caller, tragus_error *reterr);

/* service.c */
void service_tell_change(struct service *s); /* notifies all observers */
/* The index of the model that a grammar was compiled with. */
unsigned service_model_of(const struct service *s, const tragus_grammar *g);

/* grammars.c */
void grammars_free(struct service *s);
void grammars_owner_gone(struct service *s, const char *owner);
/* Compiles files or texts (one of the two) with the model of a language; "": the language that they name, else the default one.
 * May be called from any thread. d may be NULL; budget NULL: the configured limits. */
int grammars_compile(const struct service *s, tragus_grammar **ret, const char *language, const char *const paths[], size_t n_paths,
                     const tragus_text texts[], size_t n_texts, const struct engine_list *lists, tragus_diagnostics *d,
                     struct base_budget *budget, tragus_error *reterr);
int grammars_check_name(const char *name, tragus_error *reterr);
/* The public grammar of that name; NULL: there is none. */
struct service_grammar *grammars_public(const struct service *s, const char *name);
#define GRAMMARS_FROM_FILES "file" /* the format of the configuration's */
bool grammars_is_from_files(const struct service_grammar *g);
void grammars_remove(struct service *s, struct service_grammar *g);
/* Checks whether a caller may add a grammar (or change one, must_exist), and which one it replaces: *ret_old, NULL for a new
 * one. */
int grammars_may_put(struct service *s, const struct service_caller *caller, const char *name, bool is_private, bool must_exist,
                     struct service_grammar **ret_old, tragus_error *reterr);
/* Replaces the old grammar by a compiled one, whose reference it takes, or appends it if old is NULL; sessions switch to it. */
int grammars_put(struct service *s, struct service_grammar *old, const char *name, const char *format, const char *owner, uid_t uid,
                 tragus_grammar *grammar, tragus_error *reterr);
/* Lets an owner see the public grammar of that name: removes the private one that hides it, whose sessions switch. */
void grammars_make_visible(struct service *s, const char *owner, const char *name);

/* configured.c */
/* Checks the name of a configured grammar, which belongs to the configuration from then on. */
int configured_reserve(struct service *s, const char *name, tragus_error *reterr);
bool configured_has(const struct service *s, const char *name);
/* Removes those that the configuration no longer names. */
void configured_keep_only(struct service *s, const struct service_files files[], size_t n);
struct unused_lists { /* why lists in the state folder are not used */
    tragus_error why;
    bool are_lost; /* their file is damaged, so the next list that is set replaces it */
};
struct configured_result {
    int code;                              /* of compiling it */
    tragus_grammar *grammar;               /* if code >= 0 */
    const tragus_diagnostics *diagnostics; /* also on failure */
    const struct unused_lists *unused;     /* NULL: all lists in the state folder are used */
};
/* Installs a compiled grammar of the configuration, whose reference it takes, or keeps why it could not be compiled (*e). Logs what
 * is left out. Returns result->code, or -ENOMEM. */
int configured_loaded(struct service *s, const char *name, const struct configured_result *result, tragus_error *e);
/* Tells why a grammar does not use all lists in the state folder, or (NULL) that it does. */
void configured_tell_unused(struct service *s, struct service_grammar *g, const struct unused_lists *unused);
/* Whether a grammar's lists survive a restart. */
bool configured_keeps_lists(const struct service *s, const struct service_grammar *g);
void configured_free(struct service *s);

/* state.c: the lists that programs have set, kept in a folder. From any thread; these may block. */
/* Reads the lists of a grammar; *ret is NULL if none are kept. Returns a negative errno and a message if there is no memory, or the
 * file cannot be read, is too large, damaged, or not ours. The caller frees them with engine_lists_free. */
int state_read(struct engine_list **ret, const char *folder, const char *grammar, tragus_error *reterr);
/* Makes a copy of `lists`, followed by those that are kept under other names. Returns how many others there are, or fails as
 * state_read does. */
int state_read_others(struct engine_list **ret, const char *folder, const char *grammar, const struct engine_list *lists,
                      tragus_error *reterr);
bool state_is_damaged(int code); /* whether this error of reading means that the file holds no lists */
/* Replaces them; afterwards they are on the disk. No lists: removes the file. On failure the old ones stay. */
int state_write(const char *folder, const char *grammar, const struct engine_list *lists, tragus_error *reterr);

/* memory.c: count what a user's grammars and sessions keep, until it is freed. Return -ENOBUFS and a message if it is more than
 * limits.user_memory, or -ENOMEM. */
int memory_count_grammar(struct service *s, uid_t uid, tragus_grammar *g, const tragus_grammar *replaced, /* NULL: none */
                         tragus_error *reterr);
int memory_count_listener(struct service *s, uid_t uid, struct engine_listener *l, tragus_error *reterr); /* l NULL: nothing */
int memory_count_swapped(struct service *s, uid_t uid, struct engine_listener *l, tragus_error *reterr); /* takes another's place */

/* wake.c */
/* Sets *ret to the wake phrases that a session needs, for this model; NULL: none. */
int wake_compile(const struct service *s, tragus_grammar **ret, unsigned model, const struct service_session_options *o,
                 tragus_error *reterr);
void wake_check(const struct service *s); /* logs what is wrong with the configured phrases */

/* energy.c */
uint64_t energy_meter_uj(void);
void energy_add_batch(struct service_report *report, struct batch *batch); /* adds its times and counts */

/* context.c */
/* Copies the strings, too. On failure, what was copied is the caller's as well. */
int service_copy_context(tragus_context **ret, size_t *ret_n, const tragus_context context[], size_t n);
void service_free_context(tragus_context context[], size_t n);

#endif
