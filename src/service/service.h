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
    size_t sound_bytes; /* of one Recognize or sound file input */
};

struct service_options {
    const char *model;          /* file or directory; NULL: the installed one */
    const char *cpu;            /* mask of kernels; NULL: all */
    const char *device;         /* ALSA PCM */
    const char *pronunciations; /* NULL: none */
    unsigned most_pause_s;      /* between two attempts to open a microphone that is gone */
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
/* Called after either of the two above has changed. */
void service_on_change(struct service *s, void (*changed)(void *user), void *user);
/* For the watchdog, called at its pace: have the counters of the threads moved as they should since the last call? */
bool service_alive(struct service *s);
tragus_model *service_model(struct service *s, struct base_error *reterr); /* NULL and the reason when it is not loaded */

/* --- grammars ----------------------------------------------------------------------------------------------------------------- */
struct service_caller {
    const char *owner; /* "" = the daemon itself */
    uid_t uid;
    bool privileged; /* may change what belongs to others */
};

struct service_grammar { /* a named grammar; borrowed pointers are valid until the next call that changes grammars */
    const char *name, *format;
    tragus_grammar *grammar;
    const char *owner; /* of a private one; NULL: everybody may use it */
    uid_t uid;
    struct service_grammar *next;
};

int service_grammar_load(struct service *s, const char *name, const char *const paths[], size_t n, struct base_error *reterr);
/* Adds or replaces; sessions that use it go on with the new one from their next utterance. A wrong grammar is -EINVAL with all
 * diagnostics in d, and the old one stays. */
int service_grammar_add(struct service *s, const struct service_caller *caller, const char *name, const char *format,
                        bool is_private, const tragus_text texts[], size_t n_texts, tragus_diagnostics *d,
                        struct base_error *reterr);
int service_grammar_remove(struct service *s, const struct service_caller *caller, const char *name, struct base_error *reterr);
int service_grammar_set_list(struct service *s, const struct service_caller *caller, const char *name, const char *list,
                             const tragus_list_value values[], size_t n, struct base_error *reterr);
/* name "" = the default grammar. NULL: there is none, with a sentence. */
const struct service_grammar *service_grammar_find(struct service *s, const char *owner, const char *name,
                                                   struct base_error *reterr);
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

struct service_pronunciation {
    bool guessed;
    const char *phones[48]; /* NULL-terminated if fewer */
    size_t n_phones;
};
int service_pronounce(struct service *s, const char *word, struct service_pronunciation *out, size_t max,
                      struct base_error *reterr);

/* --- sessions ----------------------------------------------------------------------------------------------------------------- */
enum service_event_type { SERVICE_HEARD, SERVICE_INPUT_LOST, SERVICE_FINISHED };

/* Numbers of org.tragus.Session1.InputLost and Finished. */
enum service_loss { SERVICE_DEVICE_GONE = 1, SERVICE_OVERRUN, SERVICE_DESCRIPTOR_BROKEN };
enum service_finish {
    SERVICE_STOPPED = 1,
    SERVICE_END_OF_INPUT,
    SERVICE_ONE_SHOT_DONE,
    SERVICE_REVOKED = 5,
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
    const char *owner;
    uid_t uid;
    const char *grammar; /* "" = the default */
    bool one_shot;
    tragus_session_options session;
    const tragus_context *context;
    size_t n_context;
    /* May free the session. */
    void (*event)(struct service_session *session, const struct service_event *e, void *user);
    void *user;
};

/* Numbers of org.tragus.Session1.State. */
enum service_state { SERVICE_IDLE = 1, SERVICE_WAITING_FOR_SPEECH = 3, SERVICE_IN_SPEECH, SERVICE_DECIDING };

/* What the configuration says of sessions that say nothing. */
void service_session_defaults(const struct service *s, tragus_session_options *ret);

/* -EDQUOT: too many sessions of this user; -ENOENT: no such grammar. */
int service_session_new(struct service_session **ret, struct service *s, const struct service_session_options *o,
                        struct base_error *reterr);
void service_session_free(struct service_session *session); /* no further callback; NULL is fine */

struct service_input {
    bool sound_file, live;
    struct audio_format format;
};
/* Sound comes from fd (duplicated) instead of the microphone, from the next start on. */
int service_session_set_input(struct service_session *session, int fd, const struct service_input *input,
                              struct base_error *reterr);
int service_session_start(struct service_session *session, struct base_error *reterr);
/* Pending sound is decided, then FINISHED. -EALREADY: not started. */
int service_session_stop(struct service_session *session);

struct service_session_view {
    enum service_state state;
    const char *owner, *grammar;
    bool from_descriptor;
    uint64_t position_us; /* sound heard since the start */
    double level_db;      /* of the last 10 ms */
};
void service_session_view(const struct service_session *session, struct service_session_view *ret);
size_t service_n_sessions(const struct service *s);

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
