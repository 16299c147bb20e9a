/* SPDX-License-Identifier: Apache-2.0 */
/* engine/list.c: copies of the lists that programs set. */
#include "engine/private.h"

#include <stdlib.h>
#include <string.h>

static struct engine_list *list_free(struct engine_list *l) {
    struct engine_list *next = l->next;
    for (size_t i = 0; i < l->n; i++) {
        free((char *)l->values[i].in);
        free((char *)l->values[i].out);
        free((char *)l->values[i].context_domain);
    }
    free(l->values);
    free(l->name);
    free(l);
    return next;
}

void engine_lists_free(struct engine_list *lists) {
    while (lists)
        lists = list_free(lists);
}

static bool copy_text(const char **to, const char *from) {
    *to = from ? strdup(from) : NULL;
    return *to || !from;
}

struct engine_list *engine_list_new(const char *name, const struct grammar_list_value values[], size_t n) {
    struct engine_list *l = calloc(1, sizeof(*l));
    if (!l)
        return NULL;
    l->name = strdup(name);
    l->values = calloc(n ? n : 1, sizeof(*l->values));
    bool ok = l->name && l->values;
    for (; ok && l->n < n; l->n++)
        ok = copy_text(&l->values[l->n].in, values[l->n].in) && copy_text(&l->values[l->n].out, values[l->n].out) &&
             copy_text(&l->values[l->n].context_domain, values[l->n].context_domain);
    if (ok)
        return l;
    engine_lists_free(l);
    return NULL;
}
