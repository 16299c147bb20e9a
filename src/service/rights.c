/* SPDX-License-Identifier: Apache-2.0 */
/* service/rights.c: who may do what. The protocol identifies the calling user; group membership decides the rest. */
#include "service/private.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#define MOST_GROUPS 256

/* Looks in the user database by name, because process credentials may be older than the user's membership. */
static bool in_group(uid_t uid, const char *group) {
    gid_t groups[MOST_GROUPS] = {0};
    int n = MOST_GROUPS;

    struct group *g = *group ? getgrnam(group) : NULL;
    if (!g)
        return false;
    gid_t wanted = g->gr_gid;
    struct passwd *p = getpwuid(uid);
    if (!p || getgrouplist(p->pw_name, p->pw_gid, groups, &n) < 0)
        return false;
    for (int i = 0; i < n; i++)
        if (groups[i] == wanted)
            return true;
    return false;
}

void service_caller_init(const struct service *s, struct service_caller *ret, const char *owner, uid_t uid) {
    *ret = (struct service_caller){
        .owner = owner, .uid = uid, .privileged = uid == 0 || uid == geteuid() || in_group(uid, s->options.admin_group)};
}

bool service_may_set_lists(const struct service *s, const struct service_caller *caller) {
    return caller->privileged || in_group(caller->uid, s->options.names_group);
}

int service_may_reload(const struct service *s, const struct service_caller *caller, tragus_error *reterr) {
    if (caller->privileged)
        return 0;
    return base_error_set(reterr, -EPERM, "only root and members of group %.60s may reload the sentences; use sudo",
                          *s->options.admin_group ? s->options.admin_group : "tragus-admin");
}

bool service_may_measure(const struct service *s, const struct service_caller *caller) {
    return service_may_set_lists(s, caller) || in_group(caller->uid, s->options.listen_group);
}

int service_may_listen(const struct service *s, const struct service_caller *caller, tragus_error *reterr) {
    if (caller->privileged || in_group(caller->uid, s->options.listen_group))
        return 0;
    if (!*s->options.listen_group)
        return base_error_set(reterr, -EPERM, "only root may open the microphone; set listen_group in tragus.conf");
    return base_error_set(reterr, -EPERM,
                          "only members of group %s may open the microphone; sudo usermod -a -G %s USER, then log in again",
                          s->options.listen_group, s->options.listen_group);
}
