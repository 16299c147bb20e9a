/* SPDX-License-Identifier: Apache-2.0 */
/* bus/private.h: declarations shared by the files of src/bus. */
#ifndef TRAGUS_BUS_PRIVATE_H
#define TRAGUS_BUS_PRIVATE_H

#include "bus/bus.h"

#include <stdbool.h>
#include <systemd/sd-bus.h>

#define BUS_NAME "org.tragus.Tragus1"
#define BUS_PATH "/org/tragus/Tragus1"
#define BUS_SESSIONS BUS_PATH "/session"
#define BUS_MANAGER "org.tragus.Manager1"
#define BUS_SESSION "org.tragus.Session1"
#define BUS_ENERGY "org.tragus.Energy1"
#define BUS_MOST_ATTEMPTS 5 /* to send an answer or a signal when memory is missing */
#define BUS_ERROR(name) "org.tragus.Error." name

struct bus_owner { /* a connection that owns sessions or grammars */
    struct bus_owner *next;
    struct bus *bus;
    uid_t uid;
    sd_bus_slot *watch, *question;
    char name[];
};

enum bus_session_kind { BUS_CLIENT_SESSION, BUS_LISTEN, BUS_RECOGNIZE };

struct bus_session { /* a session of a client, or one that lasts for one call */
    struct bus_session *next;
    struct bus *bus;
    enum bus_session_kind kind;
    char path[64];
    uid_t uid; /* of the owner */
    struct service_session *session;
    sd_bus_message *call, *reply; /* of LISTEN and RECOGNIZE; call: the stand-in */
    size_t reply_bytes;           /* of the results in it, about */
    char owner[];
};

struct bus_call { /* a method call that is answered later */
    struct bus_call *next;
    struct bus *bus;         /* NULL: was closed meanwhile */
    sd_bus_message *message; /* the stand-in */
    struct service_caller caller;
    bool gone;          /* the caller has left, so nothing is to be done for it any more */
    sd_bus_error error; /* for bus_call_end to send */
};

struct bus {
    sd_bus *bus;
    sd_event *event;
    struct service *service;
    void (*lost)(void *user);
    void *user;
    bool microphone_open; /* as last signalled */
    enum service_ready ready;
    uint64_t listeners, grammars, left_out; /* values that change when they change */
    struct service_observer observer;
    struct bus_owner *owners;
    struct bus_session *sessions;
    struct bus_call *calls;       /* that wait for an answer */
    struct bus_reading *readings; /* content.c */
    struct bus_shown *shown;      /* energy1.c */
    struct bus_callers *callers;  /* callers.c */
    struct bus_share *share;      /* share.c */
};

extern const sd_bus_vtable bus_manager_vtable[], bus_session_vtable[], bus_energy_vtable[];

/* --- bus.c --- */
/* Makes a D-Bus error from an errno and a message; e may contain file and line. Returns the result for the D-Bus method. */
int bus_fail(sd_bus_error *error, int code, const tragus_error *e);
/* Sets a D-Bus error, like sd_bus_error_setf; a text that was cut ("%.60s") stays valid UTF-8, else the call would have no answer.
 */
int bus_refuse(sd_bus_error *error, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Ends a method that is answered at once: answers with the error, if there is one or r is negative. sd-bus would try that only
 * once, and the caller would wait for long if there was no memory. */
int bus_method_end(sd_bus_message *m, int r, sd_bus_error *error);
#define BUS_METHOD(name, function)                                        \
    static int name(sd_bus_message *m, void *user, sd_bus_error *error) { \
        return bus_method_end(m, function(m, user, error), error);        \
    }

/* Makes a message that stands for a call until it is answered. The call itself and its descriptors can then be freed. */
int bus_stand_in(sd_bus_message **ret, sd_bus_message *m);
/* Starts a call that is answered later. Refuses it if too many of this user or connection wait already. */
int bus_call_new(struct bus_call **ret, struct bus *b, sd_bus_message *m, sd_bus_error *error);
void bus_answer_error(sd_bus_message *call, const sd_bus_error *error);
/* Answers with the error, if there is one or r is negative, and frees the call. */
void bus_call_end(struct bus_call *call, int r);
void bus_call_free(struct bus_call *call); /* without an answer */
/* Whether an answer of about so many bytes may be sent. If not, sets the call's error. */
bool bus_call_may_send(struct bus_call *call, size_t bytes);

/* --- callers.c --- */
int bus_callers_new(struct bus *b); /* from then on no call is dispatched before its caller is known */
void bus_callers_free(struct bus *b);
/* Tells who calls. The strings live as long as the message. Does not wait for the bus. */
int bus_caller(struct bus *b, sd_bus_message *m, struct service_caller *ret, sd_bus_error *error);
uint32_t bus_caller_pid(struct bus *b, sd_bus_message *m); /* 0: not known */
uid_t bus_caller_uid(struct bus *b, sd_bus_message *m);    /* (uid_t)-1: not known */
#define BUS_NOT_READ "The clients of this user have not read their answers; read them, then call again"

/* --- share.c: what one user may take from others --- */
int bus_share_new(struct bus *b);
void bus_share_free(struct bus *b);
/* Sees a call before it is dispatched. Returns 0 to let it pass, 1 if it was refused, because the user takes too much. */
int bus_share_admit(struct bus *b, sd_bus_message *m, uid_t uid);
/* From now on, until the next call or the end of this iteration of the event loop, the main thread works for this user. */
void bus_share_begin(struct bus *b, uid_t uid);
/* Counts a message of about so many bytes. Returns false if it must not be sent, because too much has not been read. */
bool bus_share_send(struct bus *b, uid_t uid, const char *name, size_t bytes);
bool bus_share_answer(struct bus *b, sd_bus_message *call, size_t bytes); /* the same, for the caller */

/* --- owner.c --- */
/* Frees what this caller owns when its connection ends. Does not wait for the bus. Refuses it if too many connections of this user
 * are watched already. */
int bus_watch_owner(struct bus *b, sd_bus_message *m, sd_bus_error *error);
void bus_owner_free(struct bus_owner *o);

/* --- energy1.c --- */
void bus_shown_free(struct bus *b);

/* --- options.c --- */
#define BUS_LONGEST_TEXT 4096 /* of names and options, in bytes: what calls and sessions keep must not fill the memory */
/* Refuses a longer text, which `what` names. */
int bus_check_length(const char *what, const char *text, sd_bus_error *error);
#define BUS_MAX_CONTEXT 16
struct bus_context {
    tragus_context items[BUS_MAX_CONTEXT];
    size_t n;
};
#define BUS_MAX_FILES 512
struct bus_files {
    struct {
        const char *name;
        uint64_t size_bytes;
    } items[BUS_MAX_FILES];
    size_t n;
};
#define BUS_MAX_PHRASES 16
struct bus_strings {
    const char *items[BUS_MAX_PHRASES];
    size_t n;
    bool given;
};
enum bus_option_type { BUS_STRING, BUS_BOOLEAN, BUS_UINT32, BUS_DOUBLE, BUS_STRINGS, BUS_CONTEXT, BUS_FILES };
struct bus_option {
    const char *key;
    enum bus_option_type type;
    void *value; /* const char **, int *, uint32_t *, double *, struct bus_strings *, struct bus_context *, struct bus_files * */
};
/* Reads an a{sv}; strings live as long as the message. Returns how many options there are. Unknown keys (except "x-..."), wrong
 * types, repeated keys and too many options give InvalidArgs. */
int bus_read_options(sd_bus_message *m, const struct bus_option options[], size_t n, sd_bus_error *error);
/* Reads an a{sv} whose values are strings. */
int bus_read_context(sd_bus_message *m, struct bus_context *ret, sd_bus_error *error);

/* --- result.c --- */
/* A bus ends the connection of a program that sends a message of more than its limit, often 32 MB, so all sessions would be lost.
 * What is in a result comes from a grammar that anybody may add. */
#define BUS_LARGEST_RESULT (2 << 20) /* in bytes, about; a larger one is not sent */
#define BUS_LARGEST_REPLY (16 << 20)
size_t bus_result_bytes(const struct service_event *e);                         /* about */
void bus_open_entry(sd_bus_message *m, const char *key, const char *signature); /* opens an entry of an a{sv}; the value follows */
void bus_close_entry(sd_bus_message *m);
int bus_append_values(sd_bus_message *m, const tragus_slot slots[], size_t n); /* a{sv} */
/* These three return -EMSGSIZE if the result is larger than BUS_LARGEST_RESULT. */
int bus_append_details(sd_bus_message *m, const struct service_event *e); /* a{sv} */
int bus_append_result(sd_bus_message *m, const struct service_event *e);  /* a{sv} with text, intent, slots, confidence too */
size_t bus_reading_bytes(const tragus_reading *r);                        /* about */
int bus_append_reading(sd_bus_message *m, const tragus_reading *r, const char *grammar); /* a{sv} */
int bus_reply_diagnostics(struct bus_call *call, const tragus_diagnostics *d);           /* answers with a(uuuss) */

/* --- session1.c --- */
/* Makes an entry, as yet without a session of the service. Returns NULL when out of memory or if the caller has no name. */
struct bus_session *bus_session_new(struct bus *b, sd_bus_message *m, enum bus_session_kind kind);
int bus_find_session(sd_bus *bus, const char *path, const char *interface, void *user, void **ret, sd_bus_error *error);
void bus_session_free(struct bus_session *s);           /* takes NULL; also ends the session in the service */
void bus_sessions_of(struct bus *b, const char *owner); /* frees all sessions of one owner; NULL: of all owners */

/* --- listgrammars.c --- */
int bus_list_grammars(sd_bus_message *m, void *user, sd_bus_error *error);

/* --- addgrammar.c --- */
int bus_add_grammar(sd_bus_message *m, void *user, sd_bus_error *error);

/* --- calls.c: methods of Manager1 that make sessions --- */
int bus_create_session(sd_bus_message *m, void *user, sd_bus_error *error);
int bus_listen(sd_bus_message *m, void *user, sd_bus_error *error);
int bus_recognize(sd_bus_message *m, void *user, sd_bus_error *error);
struct bus_format {
    const char *format;
    uint32_t rate, channels;
    int live;
};
void bus_format_init(struct bus_format *f);
int bus_parse_format(const struct bus_format *f, struct service_input *ret, sd_bus_error *error);

/* --- events.c: what becomes of the service's events --- */
void bus_on_client_event(struct service_session *session, const struct service_event *e, void *user);
void bus_on_listen_event(struct service_session *session, const struct service_event *e, void *user);
void bus_on_recognize_event(struct service_session *session, const struct service_event *e, void *user);

#endif
