/* SPDX-License-Identifier: Apache-2.0 */
/* service/service.h: what the daemon does, independent of protocol: grammars, sessions, the microphone, the energy report.
 *
 * Everything here runs in the main thread. A protocol front end (at present bus) creates sessions and receives their events
 * through one callback. Owners are strings chosen by the front end (the bus uses the caller's unique name); service only compares
 * them.
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
    unsigned calls_per_user; /* that wait for an answer; of one connection half as many */
    size_t grammar_bytes;
    size_t grammar_arcs;
    uint32_t grammar_cpu_ms; /* CPU time to compile it */
    size_t grammar_memory;   /* peak memory to compile it, in bytes */
    size_t user_memory;      /* of all grammars that a user has added, and of its started sessions, in bytes */
    uint32_t text_cpu_ms;    /* CPU time to match typed text */
    size_t text_memory;
    size_t sound_bytes; /* of one Recognize, one regular file, and all sound files of a user at the same time; also decoded */
};

struct service_options {
    const char *model;          /* for the default language: a file, a directory or a tag; NULL: the installed English one */
    const char *languages;      /* models for further languages, likewise, separated by blanks; NULL: none */
    const char *cpu;            /* mask of CPU features; NULL: all */
    const char *device;         /* ALSA PCM; NULL: no sound at all, to check grammars only: no session may be made */
    struct audio_mix mix;       /* how its channels become one */
    const char *pronunciations; /* NULL: none */
    const char *wake;           /* wake phrases of sessions that name none, separated by commas; NULL: they hear everything */
    unsigned most_pause_s;      /* longest pause between attempts to open a missing microphone */
    const char *listen_group;   /* may open the microphone; "" = only root and the daemon's own user */
    const char *names_group;    /* may set the lists of shared grammars */
    const char *admin_group;    /* may change what belongs to everybody */
    const char *state;          /* a folder in which lists that were set survive a restart; NULL: they do not */
    struct frontend_gate_options gate;
    tragus_session_options session; /* default options of sessions */
    struct service_limits limits;
};

/* Fills in the defaults that data/tragus.conf documents. */
void service_options_init(struct service_options *o);

/* If the model cannot be opened, this is logged and service_ready returns FAILED; the result is negative only if nothing can run
 * at all. Strings in options must outlive the service. */
int service_new(struct service **ret, sd_event *event, const struct service_options *options);
/* Every started session gets FINISHED (revoked), once. */
void service_finish(struct service *s);
/* Ends all sessions without events, joins all threads, zeroes sound. */
void service_free(struct service *s);

const struct service_limits *service_limits(const struct service *s);

/* Values of org.tragus.Manager1.Ready. */
enum service_ready { SERVICE_LOADING = 1, SERVICE_READY, SERVICE_DEGRADED, SERVICE_FAILED };
enum service_ready service_ready(const struct service *s);
bool service_microphone_open(const struct service *s);

/* Called on changes of readiness, of the microphone, of public grammars, and of who listens. There may be several observers. */
struct service_observer {
    void (*changed)(void *user);
    void *user;
    struct service_observer *next; /* used by the service */
    uint64_t told;                 /* used by the service: the last change reported */
};
/* o must stay valid until service_unobserve, which any observer may call. */
void service_observe(struct service *s, struct service_observer *o);
void service_unobserve(struct service *s, struct service_observer *o);

/* For the watchdog, called at its interval: have the threads' counters advanced as they should since the last call? */
bool service_alive(struct service *s);

/* --- models: one for each language -------------------------------------------------------------------------------------------- */
#define SERVICE_MAX_MODELS 8
/* The tag of the i-th language that has a model, the default one first; NULL: there are no more. */
const char *service_language(const struct service *s, unsigned i);
/* The index of the model for a language tag ("" for the default one), or -ENODATA and a message. */
int service_find_model(const struct service *s, const char *language, tragus_error *reterr);

/* --- rights ------------------------------------------------------------------------------------------------------------------- */

struct service_caller {
    const char *owner; /* "" = the daemon itself */
    uid_t uid;
    bool privileged; /* may change what belongs to others */
};
/* Whether the groups of this user were looked up less than a second ago, so that what follows does not wait for the user database.
 */
bool service_rights_known(const struct service *s, uid_t uid);
/* Looks them up in another thread, then calls done, from the event loop or from service_free. code: 0 or -ENOMEM. */
typedef void service_rights_done(int code, void *user);
int service_look_up_rights(struct service *s, uid_t uid, service_rights_done *done, void *user);
/* Describes the caller; the owner string must outlive *ret. */
void service_caller_init(const struct service *s, struct service_caller *ret, const char *owner, uid_t uid);
/* Returns 0, or -EPERM and a message that says how to fix it. */
int service_may_listen(const struct service *s, const struct service_caller *caller, tragus_error *reterr);
/* Whether the caller may set the lists of grammars that belong to others. */
bool service_may_set_lists(const struct service *s, const struct service_caller *caller);
/* Whether the caller may see when somebody speaks, if only from the counters of CPU time. */
bool service_may_measure(const struct service *s, const struct service_caller *caller);

/* --- grammars ----------------------------------------------------------------------------------------------------------------- */

struct service_grammar { /* a named grammar; borrowed pointers are valid until the next call that changes grammars */
    const char *name, *format, *language;
    tragus_grammar *grammar; /* without a model if there is none for its language: typed text only */
    const char *owner;       /* of a private one; NULL: public */
    uid_t uid;
    bool by_administrator; /* of the configuration, or added by an administrator */
    bool has_unused_lists; /* of the configuration: options.state has lists that it does not use */
    struct service_grammar *next;
};

/* Compiles files immediately: for grammars of the configuration, before any client can call. From then on only privileged callers
 * can add a public grammar of that name, even if this one could not be loaded. Logs what is left out of it. Its lists are those
 * that a program has set before, if options.state keeps them. If they do not fit, or cannot be read, those of the files are used,
 * and service_left_out tells why; they stay in options.state until a program sets lists of the same names, or they are forgotten.
 */
int service_grammar_load(struct service *s, const char *name, const char *const paths[], size_t n, tragus_error *reterr);

struct service_files { /* a grammar of the configuration */
    const char *name;
    const char *const *paths;
    size_t n_paths;
};
/* Reads the configuration again. Returns 0 and the grammars that it names, which must live until the next call; or a negative errno
 * and a message. */
typedef int service_read_configuration(const struct service_files **ret, size_t *ret_n, void *user, tragus_error *reterr);
void service_set_configuration(struct service *s, service_read_configuration *read, void *user);
/* code: 0, also if some grammars could not be loaded, or -ECANCELED: the service ends */
typedef void service_reload_done(int code, void *user);
/* Loads the grammars of the configuration again, on their own thread; privileged callers only. Sessions go on, and switch to a new
 * grammar at their next utterance. A grammar that cannot be loaded stays as it was; service_left_out tells why. One that the
 * configuration no longer names is removed. Lists that programs have set are kept, or with forget_lists are those of the files
 * again, and are removed from the disk before done is called. Returns 0 and calls done once, perhaps at once; or a negative errno
 * and a message, and nothing has changed. */
int service_reload(struct service *s, const struct service_caller *caller, bool forget_lists, service_reload_done *done, void *user,
                   tragus_error *reterr);

struct service_grammar_result {
    int code; /* 0: it is in use; else a negative errno, and the old one stays */
    tragus_error error;
    const tragus_diagnostics *diagnostics; /* also set on success */
};
typedef void service_grammar_done(const struct service_grammar_result *result, void *user);

struct service_grammar_source {
    const char *name;
    const char *format;   /* as service_unknown_format knows them; "": decided by the texts' suffixes and contents */
    const char *language; /* a tag; "": named in the texts, else the default one */
    bool is_private;      /* only its owner can use it, and it is removed with the owner */
    const tragus_text *texts;
    size_t n_texts;
};
/* Returns NULL if a format of grammars has that name, else the names of all, for a message. */
const char *service_unknown_format(const char *format);
/* Adds or replaces a grammar. A public one also replaces the caller's private one of that name. Sessions that use it switch to the
 * new one at their next utterance. It is compiled on its own thread, within the limits. If refused immediately, returns a negative
 * errno and a message. Else returns 0 and calls done once, later; with -ECANCELED if the owner has left (service_owner_gone) or the
 * service ends. */
int service_grammar_add(struct service *s, const struct service_caller *caller, const struct service_grammar_source *what,
                        service_grammar_done *done, void *user, tragus_error *reterr);
/* Replaces a list of a grammar in the same way. result->diagnostics: what was left out of it, and what else it brought. done gets
 * -ESRCH if the grammar has no such list. With options.state, done is called when the list of a configured grammar is on the disk.
 */
int service_grammar_set_list(struct service *s, const struct service_caller *caller, const char *name, const char *list,
                             const tragus_list_value values[], size_t n, service_grammar_done *done, void *user,
                             tragus_error *reterr);
int service_grammar_remove(struct service *s, const struct service_caller *caller, const char *name, tragus_error *reterr);

struct service_match_result {
    int code; /* number of parses, or a negative errno */
    tragus_error error;
    const tragus_match *match; /* of the parses; valid only during the call of done */
    const char *grammar;
};
typedef void service_match_done(const struct service_match_result *result, void *user);
struct service_match_options { /* as tragus_match_options */
    const tragus_context *context;
    size_t n_context, most;
    bool fuzzy, unmatched;
};
/* Parses typed text, best result first, on its own thread: returns 0 and calls done later, as above. */
int service_match_text(struct service *s, const struct service_caller *caller, const char *grammar, const char *text,
                       const struct service_match_options *o, service_match_done *done, void *user, tragus_error *reterr);
/* name "" = the default grammar. Returns NULL and a message if there is none. */
const struct service_grammar *service_grammar_find(struct service *s, const char *owner, const char *name, tragus_error *reterr);
const struct service_grammar *service_grammars(const struct service *s); /* linked by next; includes other owners' private ones */
struct service_grammar_info {
    size_t n_templates, n_intents, n_guessed;
    uint32_t n_states, n_words;
    const char *const *guessed; /* words whose pronunciation was guessed */
};
void service_grammar_describe(const struct service_grammar *g, struct service_grammar_info *ret);
const char *service_grammar_intent(const struct service_grammar *g, size_t i);
/* The name of the i-th list that a program has set; NULL: there are no more. */
const char *service_grammar_set_list_name(const struct service_grammar *g, size_t i);
#define SERVICE_MOST_EXAMPLES 10
#define SERVICE_EXAMPLE_BYTES 128
/* Like grammar_examples, with the grammar of that name ("": the default one) that this owner sees. Returns their number, -ENOENT if
 * there is no such grammar, or -EINVAL if n is not 1..SERVICE_MOST_EXAMPLES. */
int service_grammar_examples(struct service *s, const char *owner, const char *name, char ret[][SERVICE_EXAMPLE_BYTES], size_t n,
                             tragus_error *reterr);
uint64_t service_grammars_mark(const struct service *s); /* another value after each change of a public grammar but its lists */
/* Calls visit for everything that is left out of the grammars that all users share: warnings, also about lists in options.state
 * that are not used, and errors of those of the configuration that could not be loaded at all, or not again. Stops when visit
 * returns a negative value, and returns it. */
int service_left_out(const struct service *s, int (*visit)(const char *grammar, const tragus_diagnostic *d, void *user),
                     void *user);
void service_set_default_grammar(struct service *s, const char *name);
const char *service_default_grammar(const struct service *s); /* its name, which may be of no grammar yet; "": none */

/* Frees what belongs to one owner: its sessions and private grammars. */
void service_owner_gone(struct service *s, const char *owner);

#define SERVICE_MAX_WORDS 1000
#define SERVICE_MAX_VARIANTS 8
struct service_pronunciation {
    bool guessed;
    const char *phones[48];
    size_t n_phones; /* 0: no more variants of this word */
};
struct service_pronounce_result {
    int code;
    tragus_error error;
    const char *const *words;
    size_t n_words;
    const struct service_pronunciation *variants; /* SERVICE_MAX_VARIANTS for each word in turn */
};
typedef void service_pronounce_done(const struct service_pronounce_result *result, void *user);
/* Returns the pronunciations of words, from its own thread: returns 0 and calls done later, as above. */
int service_pronounce(struct service *s, const struct service_caller *caller, const char *language, const char *const words[],
                      size_t n, service_pronounce_done *done, void *user, tragus_error *reterr);

/* --- sessions ----------------------------------------------------------------------------------------------------------------- */
enum service_event_type { SERVICE_HEARD, SERVICE_INPUT_LOST, SERVICE_FINISHED };

/* Values of org.tragus.Session1.InputLost and Finished. */
enum service_loss { SERVICE_DEVICE_GONE = 1, SERVICE_OVERRUN, SERVICE_DESCRIPTOR_BROKEN };
enum service_finish {
    SERVICE_STOPPED = 1,
    SERVICE_END_OF_INPUT,
    SERVICE_ONE_SHOT_DONE,
    SERVICE_TIMED_OUT,
    SERVICE_DAEMON_STOPS,
    SERVICE_INPUT_FAILED,
};

struct service_event {
    enum service_event_type type;
    uint64_t time_us; /* time of the sound at which this became known: CLOCK_MONOTONIC if live, else from the start of the input */
    const tragus_event *heard; /* for HEARD, else NULL; its times count from the start of the session's sound */
    const char *grammar;
    uint32_t latency_ms; /* for a result: from the end of the words to now; 0 when not live */
    unsigned reason;     /* for INPUT_LOST and FINISHED */
    uint64_t lost_us;    /* for INPUT_LOST */
    const char *text;    /* the cause, for INPUT_LOST and for FINISHED after a failure; else "" */
};

struct service_session_options {
    const char *grammar;     /* "" = the default */
    const char *language;    /* the language the grammar must have; "": any */
    const char *app;         /* name of the application, shown to people who check who listens */
    uint32_t pid;            /* of the client; 0: unknown */
    bool microphone;         /* false: sound comes from service_session_set_input or service_session_push */
    bool one_shot;           /* finishes at the first result */
    const char *const *wake; /* wake phrases; NULL: the configured ones if it uses the microphone and is not limited */
    size_t n_wake;           /* 0: hears everything */
    bool limited;            /* finishes after timeout_ms (0: the default) if no sentence has begun, or with the sentence */
    uint32_t timeout_ms;
    tragus_session_options session;
    const tragus_context *context;
    size_t n_context;
    /* May free the session. */
    void (*event)(struct service_session *session, const struct service_event *e, void *user);
    void *user;
};

/* The default options, as configured. */
void service_session_defaults(const struct service *s, struct service_session_options *ret);
/* Fills in a missing timeout_ms. Returns -EINVAL and a message if an option is out of range. */
int service_check_options(struct service_session_options *o, tragus_error *reterr);

/* Values of org.tragus.Session1.State. */
enum service_state { SERVICE_IDLE = 1, SERVICE_WAITING_FOR_WAKE, SERVICE_WAITING_FOR_SPEECH, SERVICE_IN_SPEECH, SERVICE_DECIDING };

/* Returns -EINVAL: an option is out of range; -EDQUOT: too many sessions of this user; -ENOENT: no such grammar; -EPERM: the
 * caller may not open the microphone. */
int service_session_new(struct service_session **ret, struct service *s, const struct service_caller *caller,
                        const struct service_session_options *asked, tragus_error *reterr);
void service_session_free(struct service_session *session); /* no callback follows; accepts NULL */

struct service_input {
    bool sound_file, live;
    bool limited; /* raw sound also has at most limits.sound_bytes; a regular file always has */
    struct audio_format format;
};
/* Returns 0, or -EINVAL or -EPROTO and a message. */
int service_check_input(const struct service_input *input, tragus_error *reterr);
/* Takes sound from fd (duplicated) instead of the microphone, from the next start on. */
int service_session_set_input(struct service_session *session, int fd, const struct service_input *input, tragus_error *reterr);
/* Takes pushed sound from the next start on, in the format of input. */
int service_session_set_pushed(struct service_session *session, const struct service_input *input, tragus_error *reterr);
/* Takes as many of the n bytes as there is room for, and returns how many; 0: try again when some sound was processed. Returns
 * -ENOTCONN if the session takes no pushed sound, or its sound has ended. */
ssize_t service_session_push(struct service_session *session, const void *bytes, size_t n);
/* No more sound will come: the sound pushed so far gives its result, then FINISHED. */
void service_session_push_end(struct service_session *session);
int service_session_start(struct service_session *session, tragus_error *reterr);
/* Pending sound gives its result, then FINISHED. Returns -EALREADY if not started. */
int service_session_stop(struct service_session *session);
/* Opens the grammar as if a wake phrase had been said, for open_ms (0: the session's WakeOpenMs). Returns -EALREADY if the session
 * is not started or waits for no wake phrase, -EINVAL if open_ms is out of range, -EAGAIN if too many calls are still waiting. */
int service_session_trigger(struct service_session *session, uint32_t open_ms, tragus_error *reterr);

struct service_session_view {
    enum service_state state;
    const char *owner, *grammar, *app;
    uid_t uid;
    uint32_t pid;
    bool running;         /* started, and not finished */
    bool microphone;      /* its sound comes from the microphone */
    uint64_t started_us;  /* CLOCK_REALTIME of the last start; 0: never */
    uint64_t position_us; /* sound received since the start */
    double level_db;      /* level of the last 10 ms */
};
void service_session_view(const struct service_session *session, struct service_session_view *ret);
size_t service_n_sessions(const struct service *s);
/* Iterates over all sessions: pass NULL to get the first. */
const struct service_session *service_next_session(const struct service *s, const struct service_session *session);

/* --- energy report ------------------------------------------------------------------------------------------------------------ */
struct service_report { /* since the start of the daemon; times in microseconds */
    uint64_t cpu_us;    /* CPU time of the process */
    uint64_t audio_us, speech_us;
    uint64_t decode_us;                                    /* CPU time of recogniser and batch threads */
    uint64_t capture_us, recogniser_us, batch_us, main_us; /* CPU time by thread */
    uint64_t frontend_us, network_us, decoder_us;          /* stages, by the monotonic clock */
    uint64_t wakeups;
    uint32_t max_rss_kib;
};
void service_report(const struct service *s, struct service_report *ret);
/* Of the whole machine, in microjoules; 0: no readable meter. Slower, because it reads files. */
uint64_t service_energy_uj(const struct service *s);

#endif
