/* SPDX-License-Identifier: Apache-2.0 */
/* service/memory.c: a limit on what all grammars and started sessions of a user keep in memory. Each of them has a limit of its
 * own, but a user may have many. */
#include "service/private.h"

#include <errno.h>

static int too_much(const struct service *s, tragus_error *reterr) {
    return base_error_set(
        reterr, -ENOBUFS,
        "the grammars and sessions of this user would take more than %zu bytes of memory; remove some (the limit is "
        "user_memory)",
        s->options.limits.user_memory);
}

int memory_count_grammar(struct service *s, uid_t uid, tragus_grammar *g, const tragus_grammar *replaced, tragus_error *reterr) {
    struct sender *user = sender_find(&s->senders, uid);
    if (!user)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    struct base_account *a = sender_memory(user);
    size_t goes = replaced ? engine_grammar_counted(replaced, a) : 0;
    return engine_grammar_count(g, a, s->options.limits.user_memory + goes) ? 0 : too_much(s, reterr);
}

static int count_listener(struct service *s, uid_t uid, struct engine_listener *l, size_t goes, tragus_error *reterr) {
    struct sender *user = l ? sender_find(&s->senders, uid) : NULL;
    if (!l)
        return 0;
    if (!user)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    return engine_listener_count(l, sender_memory(user), s->options.limits.user_memory + goes) ? 0 : too_much(s, reterr);
}

int memory_count_listener(struct service *s, uid_t uid, struct engine_listener *l, tragus_error *reterr) {
    return count_listener(s, uid, l, 0, reterr);
}

/* Which one goes is known to the recogniser's thread only, and is about as large. */
int memory_count_swapped(struct service *s, uid_t uid, struct engine_listener *l, tragus_error *reterr) {
    return count_listener(s, uid, l, engine_listener_bytes(l), reterr);
}
