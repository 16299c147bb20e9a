/* SPDX-License-Identifier: Apache-2.0 */
/* bus/share.c: what the clients of one user may take from those of others: time of the main thread, and memory of the bus.
 *
 * Time: calls are dispatched as they come, so a user could send so many that those of others wait. What a user's calls take is
 * counted, and while it is more than its share, further calls are refused, which takes next to no time.
 *
 * Memory: dbus-daemon keeps what a client does not read, and counts it for us. If that is too much, it takes nothing from us any
 * more, for anybody. So what is sent to each connection is added up, and now and then the bus is asked, without waiting, how much
 * of it has not been read. A user who leaves too much gets no further answers until its clients read. A bus that cannot tell, such
 * as dbus-broker, has limits of its own for each user.
 *
 * Root and the user of the daemon have no limits here.
 */
#include "base/clock.h"
#include "bus/private.h"
#include "service/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUS_ITSELF "org.freedesktop.DBus"
#define SHARE 4          /* a user gets this part of the time: a quarter */
#define BURST_US 4000000 /* of SHARE times the time that it took: 1 s in advance, because a call takes longer on a busy machine */
#define CHECK_BYTES 1048576 /* sent to a connection until the bus is asked */
#define MOST_UNREAD 8388608 /* of a user; then calls are refused */
#define MOST_IGNORED 65536  /* of a connection; then its calls are not even refused, because it does not read that either */
#define MOST_SENT 25165824  /* of a user; then results are not sent */
#define SMALL_BYTES 8192    /* an answer that has no count of its own */
#define ERROR_BYTES 512
#define SHORTEST_PAUSE_US 100000 /* between two questions about what has not been read */
#define LONGEST_PAUSE_US 10000000

struct reader { /* a connection that has been sent something, and may not have read it */
    struct reader *next;
    struct bus_share *share;
    sd_bus_slot *question; /* NULL: the bus is not being asked */
    size_t unread;         /* as the bus said */
    size_t asked, unsure;  /* sent before and after the question */
    char name[];
};

struct user {
    struct user *next;
    uid_t uid;
    uint64_t paid_until_us; /* CLOCK_MONOTONIC, as if it used its share evenly */
    struct reader *readers;
};

struct bus_share {
    struct bus *bus;
    struct user *users;
    struct user *running; /* whose call the main thread works on */
    uint64_t running_from_us;
    sd_event_source *post, *timer;
    uint64_t pause_us, asked_us;
    bool cannot_tell; /* the bus does not say what has not been read */
};

/* NULL: this user has no limits, or there is no memory. */
static struct user *find_user(struct bus_share *s, uid_t uid) {
    if (!s || uid == 0 || uid == geteuid())
        return NULL;
    struct user *u = s->users;
    while (u && u->uid != uid)
        u = u->next;
    if (u || !(u = calloc(1, sizeof(*u))))
        return u;
    u->uid = uid;
    u->next = s->users;
    return s->users = u;
}

/* --- time --------------------------------------------------------------------------------------------------------------------- */

static void settle(struct bus_share *s) {
    uint64_t now_us = base_clock_monotonic_us();
    struct user *u = s->running;

    if (!u)
        return;
    s->running = NULL;
    uint64_t took_us = now_us - s->running_from_us; /* the time that others wait, so not only CPU time */
    u->paid_until_us = (u->paid_until_us > now_us ? u->paid_until_us : now_us) + SHARE * took_us;
}

static int on_post(sd_event_source *source, void *user) {
    (void)source;
    settle(user);
    return 0;
}

static void begin(struct bus_share *s, struct user *u) {
    settle(s);
    s->running = u;
    s->running_from_us = base_clock_monotonic_us();
}

void bus_share_begin(struct bus *b, uid_t uid) {
    struct user *u = find_user(b->share, uid);
    if (u)
        begin(b->share, u);
}

static bool took_too_much(const struct user *u) {
    return u->paid_until_us > base_clock_monotonic_us() + BURST_US;
}

/* --- what has not been read --------------------------------------------------------------------------------------------------- */

static void reader_free(struct reader **link) {
    struct reader *r = *link;
    *link = r->next;
    sd_bus_slot_unref(r->question);
    free(r);
}

static void forget_readers(struct bus_share *s) {
    for (struct user *u = s->users; u; u = u->next)
        while (u->readers)
            reader_free(&u->readers);
}

static void forget_reader(struct reader *r) {
    for (struct user *u = r->share->users; u; u = u->next)
        for (struct reader **link = &u->readers; *link; link = &(*link)->next)
            if (*link == r) {
                reader_free(link);
                return;
            }
}

static size_t sent_to_reader(const struct reader *r) {
    return r->unread + r->asked + r->unsure;
}

static size_t sent_to(const struct user *u) {
    size_t n = 0;
    for (const struct reader *r = u->readers; r; r = r->next)
        n += sent_to_reader(r);
    return n;
}

/* Reads the a{sv} that GetConnectionStats returns. */
static int read_stats(sd_bus_message *m, uint32_t *ret_unread) {
    const char *key;
    int r = sd_bus_message_enter_container(m, 'a', "{sv}");
    bool found = false;

    while (r >= 0 && !found && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
        r = sd_bus_message_read(m, "s", &key);
        found = r >= 0 && strcmp(key, "OutgoingBytes") == 0;
        if (r >= 0)
            r = found ? sd_bus_message_read(m, "v", "u", ret_unread) : sd_bus_message_skip(m, "v");
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
    }
    return r < 0 ? r : found ? 0 : -ENODATA;
}

static void look_again(struct bus_share *s) {
    if (sd_event_source_set_time_relative(s->timer, s->pause_us) >= 0)
        (void)sd_event_source_set_enabled(s->timer, SD_EVENT_ONESHOT);
    s->pause_us = s->pause_us < LONGEST_PAUSE_US / 2 ? 2 * s->pause_us : LONGEST_PAUSE_US;
}

static int on_stats(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct reader *r = user;
    struct bus_share *s = r->share;
    const sd_bus_error *refusal = sd_bus_message_get_error(m);
    uint32_t unread = 0;
    (void)error;

    r->question = sd_bus_slot_unref(r->question);
    if (sd_bus_error_has_name(refusal, SD_BUS_ERROR_NAME_HAS_NO_OWNER)) {
        forget_reader(r);
    } else if (sd_bus_error_has_name(refusal, SD_BUS_ERROR_NO_REPLY) || sd_bus_error_has_name(refusal, SD_BUS_ERROR_TIMEOUT)) {
        r->unsure += r->asked; /* the answer was lost */
        r->asked = 0;
        look_again(s);
    } else if (refusal || read_stats(m, &unread) < 0) {
        s->cannot_tell = true;
        forget_readers(s);
    } else {
        r->unread = unread;
        r->asked = 0;
        if (r->unread > 0)
            look_again(s);
        else if (r->unsure == 0)
            forget_reader(r);
    }
    return 0;
}

static void ask(struct reader *r) {
    if (r->question)
        return;
    r->asked = r->unsure;
    r->unsure = 0;
    if (sd_bus_call_method_async(r->share->bus->bus, &r->question, BUS_ITSELF, "/org/freedesktop/DBus", BUS_ITSELF ".Debug.Stats",
                                 "GetConnectionStats", on_stats, r, "s", r->name) >= 0)
        return;
    r->unsure = r->asked;
    r->asked = 0;
    look_again(r->share);
}

static void ask_of_user(struct user *u) {
    for (struct reader *r = u->readers; r; r = r->next)
        if (r->unread > 0 || r->unsure > 0)
            ask(r);
}

static void ask_all(struct bus_share *s) {
    s->asked_us = base_clock_monotonic_us();
    for (struct user *u = s->users; u; u = u->next)
        ask_of_user(u);
}

static int on_timer(sd_event_source *source, uint64_t now_us, void *user) {
    (void)source, (void)now_us;
    ask_all(user);
    return 0;
}

static struct reader *find_reader(const struct user *u, const char *name) {
    struct reader *r = u->readers;
    while (r && strcmp(r->name, name) != 0)
        r = r->next;
    return r;
}

static void sent(struct bus_share *s, struct user *u, const char *name, size_t bytes) {
    struct reader *r = find_reader(u, name);

    if (s->cannot_tell)
        return;
    if (!r) {
        size_t size = strlen(name) + 1;
        r = calloc(1, sizeof(*r) + size);
        if (!r)
            return;
        memcpy(r->name, name, size);
        r->share = s;
        r->next = u->readers;
        u->readers = r;
    }
    r->unsure += bytes;
    s->pause_us = SHORTEST_PAUSE_US;
    size_t unsure = 0;
    for (r = u->readers; r; r = r->next)
        unsure += r->unsure;
    if (unsure >= CHECK_BYTES)
        ask_of_user(u);
}

bool bus_share_send(struct bus *b, uid_t uid, const char *name, size_t bytes) {
    struct user *u = find_user(b->share, uid);

    if (!u)
        return true;
    if (sent_to(u) + bytes > MOST_SENT)
        return false;
    sent(b->share, u, name, bytes);
    return true;
}

bool bus_share_answer(struct bus *b, sd_bus_message *call, size_t bytes) {
    return bus_share_send(b, bus_caller_uid(b, call), sd_bus_message_get_sender(call), bytes);
}

/* --- calls -------------------------------------------------------------------------------------------------------------------- */

/* Returns 1, as all messages that need no further handler. */
static int refuse(struct bus_share *s, struct user *u, sd_bus_message *m, const char *text) {
    const char *name = sd_bus_message_get_sender(m);
    const struct reader *r = find_reader(u, name);
    sd_bus_error error = SD_BUS_ERROR_NULL;

    if (sd_bus_message_get_expect_reply(m) <= 0 || (r && sent_to_reader(r) > MOST_IGNORED && sent_to(u) > MOST_UNREAD))
        return 1;
    sent(s, u, name, ERROR_BYTES);
    (void)sd_bus_error_set(&error, SD_BUS_ERROR_LIMITS_EXCEEDED, text);
    bus_answer_error(m, &error);
    sd_bus_error_free(&error);
    return 1;
}

int bus_share_admit(struct bus *b, sd_bus_message *m, uid_t uid) {
    struct bus_share *s = b->share;
    struct user *u = find_user(s, uid);

    if (!u)
        return 0;
    settle(s);
    if (sent_to(u) > MOST_UNREAD) {
        if (base_clock_monotonic_us() - s->asked_us > SHORTEST_PAUSE_US)
            ask_all(s); /* they may have read or left */
        return refuse(s, u, m, BUS_NOT_READ);
    }
    if (took_too_much(u))
        return refuse(s, u, m, "This user's calls have taken too much time from those of others; call again in a moment");
    sent(s, u, sd_bus_message_get_sender(m), SMALL_BYTES);
    begin(s, u);
    return 0;
}

/* --- lifetime ----------------------------------------------------------------------------------------------------------------- */

int bus_share_new(struct bus *b) {
    struct bus_share *s = calloc(1, sizeof(*s));

    if (!s)
        return -ENOMEM;
    b->share = s;
    s->bus = b;
    s->pause_us = SHORTEST_PAUSE_US;
    int r = sd_event_add_post(b->event, &s->post, on_post, s);
    if (r >= 0)
        r = sd_event_add_time_relative(b->event, &s->timer, CLOCK_MONOTONIC, 0, 0, on_timer, s);
    return r < 0 ? r : sd_event_source_set_enabled(s->timer, SD_EVENT_OFF);
}

void bus_share_free(struct bus *b) {
    struct bus_share *s = b->share;

    if (!s)
        return;
    forget_readers(s);
    while (s->users) {
        struct user *u = s->users;
        s->users = u->next;
        free(u);
    }
    sd_event_source_disable_unref(s->post);
    sd_event_source_disable_unref(s->timer);
    free(s);
    b->share = NULL;
}
