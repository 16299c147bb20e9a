/* SPDX-License-Identifier: Apache-2.0 */
/* service/service.h: what the daemon does, without any protocol: grammars, sessions, the microphone, the energy report.
 *
 * Everything here belongs to the main thread. A face (bus; later others) makes sessions and hears of them by one callback.
 * Owners are strings that a face chooses (the bus: the unique name of the caller); service compares them and nothing more.
 */
#ifndef TRAGUS_SERVICE_SERVICE_H
#define TRAGUS_SERVICE_SERVICE_H

#include "audio/source.h"
#include "base/error.h"
#include "frontend/gate.h"
#include "tragus.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

struct service;
struct service_session;

struct service_limits {
    unsigned sessions_per_user;
    unsigned grammars_per_user;
    size_t grammar_bytes;
    size_t grammar_arcs;
    uint32_t grammar_cpu_ms; /* to compile it: processor time */
    size_t grammar_memory;   /* to compile it: bytes at once */
    uint32_t text_cpu_ms;    /* to match a typed text */
    size_t text_memory;
    size_t sound_bytes; /* of one Recognize or sound file input */
};

struct service_options {
    const char *model;          /* of the default language: a file, a directory, a tag; NULL: the installed English one */
    const char *languages;      /* models of further languages, likewise, with blanks between; NULL: none */
    const char *cpu;            /* mask of kernels; NULL: all */
    const char *device;         /* ALSA PCM */
    const char *pronunciations; /* NULL: none */
    unsigned most_pause_s;      /* between two attempts to open a microphone that is gone */
    const char *listen_group;   /* who may open the microphone; "" = root and the daemon's own user alone */
    const char *admin_group;    /* who may change what belongs to all */
    struct frontend_gate_options gate;
    tragus_session_options session; /* defaults of sessions */
    struct service_limits limits;
};

/* Fills in the defaults that data/tragus.conf documents. */
void service_options_init(struct service_options *o);

/* A model that cannot be opened is logged and leaves service_ready at FAILED; negative errno only if nothing can run at all.
 * Strings in options must outlive the service. */
int service_new(struct service **ret, sd_event *event, const struct service_options *options);
/* Every started session hears FINISHED (revoked), once. */
void service_finish(struct service *s);
/* Ends all sessions without a word, joins all threads, zeroes sound. */
void service_free(struct service *s);

const struct service_limits *service_limits(const struct service *s);

/* Numbers of org.tragus.Manager1.Ready. */
enum service_ready { SERVICE_LOADING = 1, SERVICE_READY, SERVICE_DEGRADED, SERVICE_FAILED };
enum service_ready service_ready(const struct service *s);
bool service_microphone_open(const struct service *s);

/* Who wants to hear of changes: of readiness, the microphone, the grammars for everybody, and who listens. Several may watch. */
struct service_observer {
    void (*changed)(void *user);
    void *user;
    struct service_observer *next; /* the service's */
    uint64_t told;                 /* likewise: the last change that it was told */
};
/* o stays in place until service_unobserve, which may be called from any observer. */
void service_observe(struct service *s, struct service_observer *o);
void service_unobserve(struct service *s, struct service_observer *o);

/* For the watchdog, called at its pace: have the counters of the threads moved as they should since the last call? */
bool service_alive(struct service *s);

/* --- models: one for each language -------------------------------------------------------------------------------------------- */
#define SERVICE_MAX_MODELS 8
/* The tag of a language that there is a model for, the default one first; NULL: there are no more. */
const char *service_language(const struct service *s, unsigned i);
/* The model for a language's tag, "" for the default one: its number, or -ENODATA and a sentence. */
int service_find_model(const struct service *s, const char *language, tragus_error *reterr);

/* --- rights ------------------------------------------------------------------------------------------------------------------- */

struct service_caller {
    const char *owner; /* "" = the daemon itself */
    uid_t uid;
    bool privileged; /* may change what belongs to others */
};
/* Fills in who calls; owner lives as long as the caller. */
void service_caller_init(const struct service *s, struct service_caller *ret, const char *owner, uid_t uid);
/* 0, or -EPERM and a sentence that says how to mend it. */
int service_may_listen(const struct service *s, const struct service_caller *caller, tragus_error *reterr);

/* --- grammars ----------------------------------------------------------------------------------------------------------------- */

struct service_grammar { /* a named grammar; borrowed pointers are valid until the next call that changes grammars */
    const char *name, *format, *language;
    tragus_grammar *grammar;
    const char *owner; /* of a private one; NULL: everybody may use it */
    uid_t uid;
    struct service_grammar *next;
};

/* From files, at once: for the configuration's grammars, before anybody can call. */
int service_grammar_load(struct service *s, const char *name, const char *const paths[], size_t n, tragus_error *reterr);

struct service_grammar_result {
    int code; /* 0: it is in force; else a negative errno, and the old one stays */
    tragus_error error;
    const tragus_diagnostics *diagnostics; /* all of them, also on success */
};
typedef void service_grammar_done(const struct service_grammar_result *result, void *user);

struct service_grammar_source {
    const char *name;
    const char *format;   /* "hassil", "list"; "": by the texts' endings and contents */
    const char *language; /* a tag; "": as the texts say, else the default one */
    bool is_private;      /* only for its owner, and gone with it */
    const tragus_text *texts;
    size_t n_texts;
};
/* Adds or replaces a grammar; a session that uses it goes on with the new one from its next utterance. It is compiled on a thread
 * of its own, within the limits. Refused at once: a negative errno and a sentence. Else 0, and done is called later, once; with
 * -ECANCELED if the owner left before (service_owner_gone), or the service ends. */
int service_grammar_add(struct service *s, const struct service_caller *caller, const struct service_grammar_source *what,
                        service_grammar_done *done, void *user, tragus_error *reterr);
/* Replaces a list of a grammar, likewise. */
int service_grammar_set_list(struct service *s, const struct service_caller *caller, const char *name, const char *list,
                             const tragus_list_value values[], size_t n, service_grammar_done *done, void *user,
                             tragus_error *reterr);
int service_grammar_remove(struct service *s, const struct service_caller *caller, const char *name, tragus_error *reterr);

struct service_match_result {
    int code; /* how many readings; or a negative errno */
    tragus_error error;
    const tragus_match *match; /* of the readings; ends with the call of done */
    const char *grammar;
};
typedef void service_match_done(const struct service_match_result *result, void *user);
/* The readings of typed text, best first, on a thread of its own: 0, and done is called later, likewise. */
int service_match_text(struct service *s, const struct service_caller *caller, const char *grammar, const char *text,
                       const tragus_context context[], size_t n_context, size_t most, service_match_done *done, void *user,
                       tragus_error *reterr);
/* name "" = the default grammar. NULL: there is none, with a sentence. */
const struct service_grammar *service_grammar_find(struct service *s, const char *owner, const char *name, tragus_error *reterr);
const struct service_grammar *service_grammars(const struct service *s); /* a list by next; private ones of others included */
struct service_grammar_info {
    size_t n_templates, n_intents, n_guessed;
    uint32_t n_states, n_words;
    const char *const *guessed; /* words whose sound was guessed */
};
void service_grammar_describe(const struct service_grammar *g, struct service_grammar_info *ret);
const char *service_grammar_intent(const struct service_grammar *g, size_t i);
void service_set_default_grammar(struct service *s, const char *name);

/* Frees what is only for one owner: sessions and private grammars. */
void service_owner_gone(struct service *s, const char *owner);

#define SERVICE_MAX_WORDS 1000
#define SERVICE_MAX_VARIANTS 8
struct service_pronunciation {
    bool guessed;
    const char *phones[48];
    size_t n_phones; /* 0: there are no more variants of this word */
};
struct service_pronounce_result {
    int code;
    tragus_error error;
    const char *const *words;
    size_t n_words;
    const struct service_pronunciation *variants; /* SERVICE_MAX_VARIANTS of each word, one word behind the other */
};
typedef void service_pronounce_done(const struct service_pronounce_result *result, void *user);
/* How words are taken to be spoken, on a thread of its own: 0, and done is called later, likewise. */
int service_pronounce(struct service *s, const struct service_caller *caller, const char *language, const char *const words[],
                      size_t n, service_pronounce_done *done, void *user, tragus_error *reterr);

/* --- sessions ----------------------------------------------------------------------------------------------------------------- */
enum service_event_type { SERVICE_HEARD, SERVICE_INPUT_LOST, SERVICE_FINISHED };

/* Numbers of org.tragus.Session1.InputLost and Finished. */
enum service_loss { SERVICE_DEVICE_GONE = 1, SERVICE_OVERRUN, SERVICE_DESCRIPTOR_BROKEN };
enum service_finish {
    SERVICE_STOPPED = 1,
    SERVICE_END_OF_INPUT,
    SERVICE_ONE_SHOT_DONE,
    SERVICE_TIMED_OUT,
    SERVICE_REVOKED,
    SERVICE_FAILED_INPUT,
};

struct service_event {
    enum service_event_type type;
    uint64_t time_us;          /* of the sound at which this was known: CLOCK_MONOTONIC if live, else from the start of the input */
    const tragus_event *heard; /* of HEARD, else NULL; its times count from the start of the session's sound */
    const char *grammar;
    uint32_t latency_ms; /* of a result: from the end of the words to now; 0 when not live */
    unsigned reason;     /* of INPUT_LOST, FINISHED */
    uint64_t lost_us;    /* of INPUT_LOST */
    const char *text;    /* why, for FINISHED after a failure and INPUT_LOST; else "" */
};

struct service_session_options {
    const char *grammar;  /* "" = the default */
    const char *language; /* that the grammar must be of; "": any */
    const char *app;      /* who this is, for people who look who listens */
    uint32_t pid;         /* of the client; 0: not known */
    bool microphone;      /* false: sound comes by service_session_set_input or service_session_push */
    bool one_shot;        /* the first result finishes it */
    bool limited;         /* it finishes after timeout_ms without a result; 0: the default */
    uint32_t timeout_ms;
    tragus_session_options session;
    const tragus_context *context;
    size_t n_context;
    /* May free the session. */
    void (*event)(struct service_session *session, const struct service_event *e, void *user);
    void *user;
};

/* What holds where nothing is asked for, as the configuration says. */
void service_session_defaults(const struct service *s, struct service_session_options *ret);
/* Fills in timeout_ms. -EINVAL: an option is out of its range, and the sentence says which. */
int service_check_options(struct service_session_options *o, tragus_error *reterr);

/* Numbers of org.tragus.Session1.State. */
enum service_state { SERVICE_IDLE = 1, SERVICE_WAITING_FOR_SPEECH = 3, SERVICE_IN_SPEECH, SERVICE_DECIDING };

/* -EINVAL: an option is out of its range; -EDQUOT: too many sessions of this user; -ENOENT: no such grammar; -EPERM: the caller may
 * not open the microphone. */
int service_session_new(struct service_session **ret, struct service *s, const struct service_caller *caller,
                        const struct service_session_options *asked, tragus_error *reterr);
void service_session_free(struct service_session *session); /* no further callback; NULL is fine */

struct service_input {
    bool sound_file, live;
    struct audio_format format;
};
/* 0, -EINVAL or -EPROTO and a sentence. */
int service_check_input(const struct service_input *input, tragus_error *reterr);
/* Sound comes from fd (duplicated) instead of the microphone, from the next start on. */
int service_session_set_input(struct service_session *session, int fd, const struct service_input *input, tragus_error *reterr);
/* Sound is pushed in from the next start on, in the format that input says. */
int service_session_set_pushed(struct service_session *session, const struct service_input *input, tragus_error *reterr);
/* Takes n bytes, or as many as there is room for now, and returns how many; 0: try again when the sound was worked off a little.
 * -ENOTCONN: the session takes no pushed sound, or its sound has ended. */
ssize_t service_session_push(struct service_session *session, const void *bytes, size_t n);
/* No more sound comes: what is there is decided, then FINISHED. */
void service_session_push_end(struct service_session *session);
int service_session_start(struct service_session *session, tragus_error *reterr);
/* Pending sound is decided, then FINISHED. -EALREADY: not started. */
int service_session_stop(struct service_session *session);

struct service_session_view {
    enum service_state state;
    const char *owner, *grammar, *app;
    uid_t uid;
    uint32_t pid;
    bool running;         /* started, and not finished */
    bool microphone;      /* that is where its sound comes from */
    uint64_t started_us;  /* CLOCK_REALTIME of the last start; 0: never */
    uint64_t position_us; /* sound heard since the start */
    double level_db;      /* of the last 10 ms */
};
void service_session_view(const struct service_session *session, struct service_session_view *ret);
size_t service_n_sessions(const struct service *s);
/* All sessions, one after the other: NULL gives the first. */
const struct service_session *service_next_session(const struct service *s, const struct service_session *session);

/* --- energy report ------------------------------------------------------------------------------------------------------------ */
struct service_report { /* since the start of the daemon; times in microseconds */
    uint64_t cpu_us;    /* of the process */
    uint64_t audio_us, speech_us;
    uint64_t decode_us;                                    /* CPU time of recogniser and batch threads */
    uint64_t capture_us, recogniser_us, batch_us, main_us; /* CPU time by thread */
    uint64_t frontend_us, network_us, decoder_us;          /* stages, by the monotonic clock */
    uint64_t wakeups;
    uint32_t max_rss_kib;
};
void service_report(const struct service *s, struct service_report *ret);
/* Of the whole machine, in microjoules; 0: no meter that may be read. Slower: it reads files. */
uint64_t service_energy_uj(const struct service *s);

#endif
