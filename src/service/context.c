/* SPDX-License-Identifier: Apache-2.0 */
/* service/context.c: copies of what is known about the place of a caller. */
#include "service/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int service_copy_context(tragus_context **ret, size_t *ret_n, const tragus_context context[], size_t n) {
    *ret_n = 0;
    *ret = calloc(n ? n : 1, sizeof(**ret));
    if (!*ret)
        return -ENOMEM;
    for (; *ret_n < n; (*ret_n)++) {
        tragus_context *to = &(*ret)[*ret_n];
        to->key = strdup(context[*ret_n].key);
        to->value = strdup(context[*ret_n].value);
        if (!to->key || !to->value) {
            (*ret_n)++;
            return -ENOMEM;
        }
    }
    return 0;
}

void service_free_context(tragus_context context[], size_t n) {
    for (size_t i = 0; i < n; i++) {
        free((char *)context[i].key);
        free((char *)context[i].value);
    }
    free(context);
}
