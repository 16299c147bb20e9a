/* SPDX-License-Identifier: Apache-2.0 */
/* Lists that programs have set, as tragusd keeps them in a file. What was read is written and read again. */
#include "fuzz.h"
#include "service/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char fuzz_name[] = "state";

static char folder[] = "fuzz-state-XXXXXX";
static char path[64];

static void clean(void) {
    (void)unlink(path);
    (void)rmdir(folder);
}

void fuzz_prepare(void) {
    fuzz_check(mkdtemp(folder) != NULL, "no folder can be made");
    snprintf(path, sizeof path, "%s/home.lists.json", folder);
    (void)atexit(clean);
}

static bool same(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_lists(const struct engine_list *a, const struct engine_list *b) {
    for (; a && b && a->n == b->n && same(a->name, b->name); a = a->next, b = b->next)
        for (size_t i = 0; i < a->n; i++)
            if (!same(a->values[i].in, b->values[i].in) || !same(a->values[i].out, b->values[i].out) ||
                !same(a->values[i].context_domain, b->values[i].context_domain))
                return false;
    return !a && !b;
}

void fuzz_one(const uint8_t *data, size_t size) {
    struct engine_list *lists, *again;
    tragus_error e = {0};
    FILE *f = fopen(path, "wb");
    fuzz_check(f && fwrite(data, 1, size, f) == size && fclose(f) == 0, "a file cannot be written");
    if (state_read(&lists, folder, "home", &e) < 0) {
        fuzz_check(!lists && e.text[0], "refused without a reason");
        return;
    }
    fuzz_check(state_write(folder, "home", lists, &e) == 0, e.text);
    fuzz_check(state_read(&again, folder, "home", &e) == 0 && same_lists(lists, again), "lists are not read as they were written");
    engine_lists_free(lists);
    engine_lists_free(again);
}
