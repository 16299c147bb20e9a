/* SPDX-License-Identifier: Apache-2.0 */
/* service/rights.c: who may do what. The protocol identifies the calling user; group membership decides the rest.
 *
 * The user database may be on another machine, which may not answer. So a thread looks there, and what it found is kept: the bus
 * asks for the groups of a user before it dispatches a call, unless they were looked up just before.
 */
#include "service/private.h"

#include "base/clock.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#define MOST_GROUPS 256
#define FRESH_US 1000000

enum { ADMIN = 1, NAMES = 2, LISTEN = 4 };

struct service_rights { /* of one user */
    struct service_rights *next;
    uid_t uid;
    unsigned groups;
    uint64_t known_us; /* CLOCK_MONOTONIC */
};

struct rights_job {
    struct worker_job job; /* first member */
    struct service *service;
    const char *names[3]; /* of the groups */
    unsigned groups;
    service_rights_done *done;
    void *user;
};

/* --- the user database -------------------------------------------------------------------------------------------------------- */

static bool is_gid_of(const char *group, const gid_t groups[], int n) {
    struct group *g = *group ? getgrnam(group) : NULL;
    for (int i = 0; g && i < n; i++)
        if (groups[i] == g->gr_gid)
            return true;
    return false;
}

/* Looks in the user database by name, because process credentials may be older than the user's membership. */
static unsigned look_up(uid_t uid, const char *const names[3]) {
    gid_t groups[MOST_GROUPS] = {0};
    int n = MOST_GROUPS;

    struct passwd *p = getpwuid(uid);
    if (!p || getgrouplist(p->pw_name, p->pw_gid, groups, &n) < 0)
        return 0;
    return (is_gid_of(names[0], groups, n) ? ADMIN : 0u) | (is_gid_of(names[1], groups, n) ? NAMES : 0u) |
           (is_gid_of(names[2], groups, n) ? LISTEN : 0u);
}

static void names_of(const struct service *s, const char *names[3]) {
    names[0] = s->options.admin_group;
    names[1] = s->options.names_group;
    names[2] = s->options.listen_group;
}

static void run_look_up(struct worker_job *job) {
    struct rights_job *j = (struct rights_job *)job;
    j->groups = look_up(j->job.uid, j->names);
}

/* --- what is known ------------------------------------------------------------------------------------------------------------ */

static bool may_all(uid_t uid) {
    return uid == 0 || uid == geteuid();
}

static struct service_rights *find(const struct service *s, uid_t uid) {
    struct service_rights *r = s->rights;
    while (r && r->uid != uid)
        r = r->next;
    return r;
}

static void finish_look_up(struct worker_job *job) {
    struct rights_job *j = (struct rights_job *)job;
    struct service_rights *r = find(j->service, j->job.uid);

    if (!r && (r = calloc(1, sizeof(*r)))) {
        r->uid = j->job.uid;
        r->next = j->service->rights;
        j->service->rights = r;
    }
    if (r) {
        r->groups = j->groups;
        r->known_us = base_clock_monotonic_us();
    }
    j->done(r ? 0 : -ENOMEM, j->user);
    free(j);
}

bool service_rights_known(const struct service *s, uid_t uid) {
    const struct service_rights *r = find(s, uid);
    return may_all(uid) || (r && base_clock_monotonic_us() - r->known_us < FRESH_US);
}

int service_look_up_rights(struct service *s, uid_t uid, service_rights_done *done, void *user) {
    struct rights_job *j = calloc(1, sizeof(*j));
    if (!j)
        return -ENOMEM;
    j->job.uid = uid;
    j->job.owner = "";
    j->job.run = run_look_up;
    j->job.done = finish_look_up;
    j->service = s;
    names_of(s, j->names);
    j->done = done;
    j->user = user;
    worker_push(s->names, &j->job);
    return 0;
}

void rights_free(struct service *s) {
    while (s->rights) {
        struct service_rights *r = s->rights;
        s->rights = r->next;
        free(r);
    }
}

static bool in_group(const struct service *s, uid_t uid, unsigned group) {
    const struct service_rights *r = find(s, uid);
    const char *names[3];

    names_of(s, names);
    return ((r ? r->groups : look_up(uid, names)) & group) != 0;
}

void service_caller_init(const struct service *s, struct service_caller *ret, const char *owner, uid_t uid) {
    *ret = (struct service_caller){.owner = owner, .uid = uid, .privileged = may_all(uid) || in_group(s, uid, ADMIN)};
}

bool service_may_set_lists(const struct service *s, const struct service_caller *caller) {
    return caller->privileged || in_group(s, caller->uid, NAMES);
}

int service_may_reload(const struct service *s, const struct service_caller *caller, tragus_error *reterr) {
    if (caller->privileged)
        return 0;
    return base_error_set(reterr, -EPERM, "only root and members of group %.60s may reload the sentences; use sudo",
                          *s->options.admin_group ? s->options.admin_group : "tragus-admin");
}

bool service_may_measure(const struct service *s, const struct service_caller *caller) {
    return service_may_set_lists(s, caller) || in_group(s, caller->uid, LISTEN);
}

int service_may_listen(const struct service *s, const struct service_caller *caller, tragus_error *reterr) {
    if (caller->privileged || in_group(s, caller->uid, LISTEN))
        return 0;
    if (!*s->options.listen_group)
        return base_error_set(reterr, -EPERM, "only root may open the microphone; set listen_group in tragus.conf");
    return base_error_set(reterr, -EPERM,
                          "only members of group %s may open the microphone; sudo usermod -a -G %s USER, then log in again",
                          s->options.listen_group, s->options.listen_group);
}
