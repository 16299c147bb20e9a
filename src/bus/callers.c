/* SPDX-License-Identifier: Apache-2.0 */
/* bus/callers.c: who calls: the user and the process of a connection.
 *
 * A message only has the name of its sender; the bus knows the rest. sd_bus_query_sender_creds asks the bus and waits for the
 * answer. Here the bus is asked without waiting, when the first call of a connection comes. Then the user's groups are looked up,
 * and again when a call comes a second later or more. Calls are held until all is known, and then put back into the queue of the
 * connection in their order. Names of connections never come back, so what the bus says stays true.
 */
#include "bus/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUS_ITSELF "org.freedesktop.DBus"
#define NAME_BYTES 64 /* ":1." and a number */
#define MOST_KNOWN 64
#define MOST_HELD                                                                                                   \
    128 /* calls of a user; they keep their contents and descriptors, and the user database may not answer for long \
         */
#define NOT_KNOWN "The user of the caller cannot be determined"

struct caller {
    char name[NAME_BYTES];
    uid_t uid;
    uint32_t pid;    /* 0: not known */
    uint64_t number; /* grows with each use; 0: a free entry */
};

struct held { /* a call that waits */
    struct held *next;
    sd_bus_message *message;
};

struct look_up {               /* of the groups of a user */
    struct question *question; /* NULL: it is no longer there */
};

struct question {
    struct question *next;
    struct bus_callers *callers;
    sd_bus_slot *slot;      /* NULL: the bus is not asked */
    struct look_up *groups; /* NULL: they are not being looked up */
    struct caller answer;
    bool answered;
    struct held *first, **end;
};

struct bus_callers {
    struct bus *bus;
    sd_bus_slot *filter;
    struct caller known[MOST_KNOWN]; /* who called last */
    uint64_t last_number;
    struct question *questions;
};

/* --- what is known ------------------------------------------------------------------------------------------------------------ */

static struct caller *find(struct bus_callers *c, const char *name) {
    for (size_t i = 0; i < MOST_KNOWN; i++)
        if (c->known[i].number && strcmp(c->known[i].name, name) == 0) {
            c->known[i].number = ++c->last_number;
            return &c->known[i];
        }
    return NULL;
}

static void remember(struct bus_callers *c, const struct caller *caller) {
    struct caller *oldest = &c->known[0];

    if (find(c, caller->name))
        return;
    for (size_t i = 1; i < MOST_KNOWN; i++)
        if (c->known[i].number < oldest->number)
            oldest = &c->known[i];
    *oldest = *caller;
    oldest->number = ++c->last_number;
}

int bus_caller(struct bus *b, sd_bus_message *m, struct service_caller *ret, sd_bus_error *error) {
    const char *owner = sd_bus_message_get_sender(m);
    const struct caller *known = owner ? find(b->callers, owner) : NULL;

    *ret = (struct service_caller){.owner = "", .uid = (uid_t)-1}; /* no rights until they are known */
    if (!known)
        return sd_bus_error_set(error, SD_BUS_ERROR_FAILED, NOT_KNOWN);
    service_caller_init(b->service, ret, owner, known->uid);
    return 0;
}

uint32_t bus_caller_pid(struct bus *b, sd_bus_message *m) {
    const char *name = sd_bus_message_get_sender(m);
    const struct caller *known = name ? find(b->callers, name) : NULL;
    return known ? known->pid : 0;
}

uid_t bus_caller_uid(struct bus *b, sd_bus_message *m) {
    const char *name = sd_bus_message_get_sender(m);
    const struct caller *known = name ? find(b->callers, name) : NULL;
    return known ? known->uid : (uid_t)-1;
}

/* --- what is asked ------------------------------------------------------------------------------------------------------------ */

static struct question *find_question(const struct bus_callers *c, const char *name) {
    struct question *q = c->questions;
    while (q && strcmp(q->answer.name, name) != 0)
        q = q->next;
    return q;
}

static void drop_first(struct question *q) {
    struct held *h = q->first;
    q->first = h->next;
    if (!q->first)
        q->end = &q->first;
    sd_bus_message_unref(h->message);
    free(h);
}

static void question_free(struct question *q) {
    struct question **link = &q->callers->questions;
    while (*link != q)
        link = &(*link)->next;
    *link = q->next;
    while (q->first)
        drop_first(q);
    sd_bus_slot_unref(q->slot);
    if (q->groups)
        q->groups->question = NULL;
    free(q);
}

/* Reads the a{sv} that GetConnectionCredentials returns. */
static int read_answer(sd_bus_message *m, struct caller *ret) {
    const char *key;
    int r = sd_bus_message_enter_container(m, 'a', "{sv}");

    while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
        r = sd_bus_message_read(m, "s", &key);
        if (r >= 0 && strcmp(key, "UnixUserID") == 0)
            r = sd_bus_message_read(m, "v", "u", &ret->uid);
        else if (r >= 0 && strcmp(key, "ProcessID") == 0)
            r = sd_bus_message_read(m, "v", "u", &ret->pid);
        else if (r >= 0)
            r = sd_bus_message_skip(m, "v");
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
    }
    if (r >= 0 && ret->uid == (uid_t)-1)
        r = -ENODATA;
    return r;
}

/* Puts the calls back into the queue, or refuses them all if r is negative. */
static void release(struct question *q, sd_bus *bus, int r, const char *why) {
    struct held **link = &q->first;

    while (*link) {
        struct held *h = *link;
        int code = r < 0 ? r : sd_bus_enqueue_for_read(bus, h->message);
        if (code >= 0) {
            link = &h->next;
            continue;
        }
        sd_bus_error error = SD_BUS_ERROR_NULL;
        (void)bus_refuse(&error, SD_BUS_ERROR_FAILED, NOT_KNOWN ": %s", why ? why : strerror(-code));
        bus_answer_error(h->message, &error);
        sd_bus_error_free(&error);
        *link = h->next;
        sd_bus_message_unref(h->message);
        free(h);
    }
    q->end = link;
    q->answered = true;
    if (!q->first)
        question_free(q);
}

static void on_groups(int code, void *user) {
    struct look_up *l = user;
    struct question *q = l->question;

    if (q) {
        q->groups = NULL;
        release(q, q->callers->bus->bus, code, NULL);
    }
    free(l);
}

/* Returns 0 if the calls must wait. */
static int look_up_groups(struct question *q) {
    struct service *service = q->callers->bus->service;
    struct look_up *l = calloc(1, sizeof(*l));
    if (!l)
        return -ENOMEM;
    l->question = q;
    int r = service_look_up_rights(service, q->answer.uid, on_groups, l);
    if (r < 0)
        free(l);
    else
        q->groups = l;
    return r;
}

static int on_answer(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct question *q = user;
    const sd_bus_error *refusal = sd_bus_message_get_error(m);
    (void)error;

    int r = refusal ? -EACCES : read_answer(m, &q->answer);
    if (r >= 0 && !service_rights_known(q->callers->bus->service, q->answer.uid)) {
        r = look_up_groups(q);
        if (r >= 0)
            return 0;
    }
    release(q, sd_bus_message_get_bus(m), r, refusal ? refusal->message : NULL);
    return 0;
}

/* known: what the bus has said of the caller; NULL: it must be asked. */
static int ask(struct question **ret, struct bus_callers *c, const char *name, const struct caller *known) {
    struct question *q = calloc(1, sizeof(*q));
    if (!q)
        return -ENOMEM;
    q->callers = c;
    q->end = &q->first;
    memcpy(q->answer.name, name, strlen(name) + 1);
    q->answer.uid = (uid_t)-1;
    if (known)
        q->answer = *known;
    q->next = c->questions;
    c->questions = q;
    int r = known ? look_up_groups(q)
                  : sd_bus_call_method_async(c->bus->bus, &q->slot, BUS_ITSELF, "/org/freedesktop/DBus", BUS_ITSELF,
                                             "GetConnectionCredentials", on_answer, q, "s", name);
    if (r < 0) {
        question_free(q);
        return r;
    }
    *ret = q;
    return 0;
}

static unsigned n_held(const struct bus_callers *c, uid_t uid) {
    unsigned n = 0;
    for (const struct question *q = c->questions; q; q = q->next)
        for (const struct held *h = q->answer.uid == uid ? q->first : NULL; h; h = h->next)
            n++;
    return n;
}

static int refuse(sd_bus_message *m) {
    sd_bus_error error = SD_BUS_ERROR_NULL;

    (void)bus_refuse(&error, SD_BUS_ERROR_LIMITS_EXCEEDED, "%d calls of this user wait until its groups are known", MOST_HELD);
    bus_answer_error(m, &error);
    sd_bus_error_free(&error);
    return 1;
}

/* A call that comes after the answer, but before those that were held, goes behind them. */
static int hold(struct question *q, sd_bus_message *m) {
    struct held *h = calloc(1, sizeof(*h));
    int r = !h ? -ENOMEM : q->answered ? sd_bus_enqueue_for_read(sd_bus_message_get_bus(m), m) : 0;

    if (r < 0) {
        free(h);
        return r;
    }
    h->message = sd_bus_message_ref(m);
    *q->end = h;
    q->end = &h->next;
    return 1;
}

/* Sees each message before it is dispatched. Returns 0 to let it pass. */
static int on_message(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus_callers *c = user;
    const char *name = sd_bus_message_get_sender(m);
    (void)error;

    if (!name || strlen(name) >= NAME_BYTES || sd_bus_message_is_method_call(m, NULL, NULL) <= 0)
        return 0;
    struct question *q = find_question(c, name);
    if (q && q->answered && q->first->message == m) {
        uid_t uid = q->answer.uid;
        remember(c, &q->answer);
        drop_first(q);
        if (!q->first)
            question_free(q);
        return bus_share_admit(c->bus, m, uid);
    }
    const struct caller *known = q ? NULL : find(c, name);
    if (known && service_rights_known(c->bus->service, known->uid))
        return bus_share_admit(c->bus, m, known->uid);
    uid_t uid = q ? q->answer.uid : known ? known->uid : (uid_t)-1; /* -1: the bus has not told yet */
    if (uid != (uid_t)-1 && n_held(c, uid) >= MOST_HELD)
        return refuse(m);
    int r = q ? 0 : ask(&q, c, name, known);
    return r < 0 ? r : hold(q, m);
}

int bus_callers_new(struct bus *b) {
    b->callers = calloc(1, sizeof(*b->callers));
    if (!b->callers)
        return -ENOMEM;
    b->callers->bus = b;
    return sd_bus_add_filter(b->bus, &b->callers->filter, on_message, b->callers);
}

void bus_callers_free(struct bus *b) {
    if (!b->callers)
        return;
    while (b->callers->questions)
        question_free(b->callers->questions);
    sd_bus_slot_unref(b->callers->filter);
    free(b->callers);
    b->callers = NULL;
}
