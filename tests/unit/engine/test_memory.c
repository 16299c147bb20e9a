/* SPDX-License-Identifier: Apache-2.0 */
/* What is left in memory that is freed. */
#include "calls.h"
#include "engine/core.h"
#include "engine/private.h"
#include "nn/nn.h"
#include "ready.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <cmocka.h>

static tragus_model *model;
static const int16_t *last_row; /* lies in the memory of a core */
static bool row_wiped;

static void look_for_row(void *p) {
    const char *begin = p, *row = (const char *)last_row;
    size_t n_bytes = nn_model_n_labels(engine_model_network(model)) * sizeof(*last_row);
    if (row < begin || row >= begin + malloc_usable_size(p))
        return;
    row_wiped = true;
    for (size_t i = 0; i < n_bytes; i++)
        row_wiped &= row[i] == 0;
}

static void nothing_heard_is_left_in_freed_memory(void **state) {
    struct ready_sound sound = {0};
    (void)state;
    model = ready_model();
    ready_append_noise(&sound, 1000, 3000);
    struct engine_core *core = engine_core_new(model);
    assert_non_null(core);
    for (size_t i = 0; i + FRONTEND_HOP <= sound.n && !last_row; i += FRONTEND_HOP)
        if (engine_core_push(core, sound.pcm + i))
            while (engine_core_next(core, &last_row) > 0)
                ;
    assert_non_null(last_row);
    calls_watch(look_for_row);
    calls_start();
    engine_core_free(core);
    struct calls calls = calls_stop();
    calls_watch(NULL);
    assert_true(row_wiped || calls.n_freed == 0); /* under a sanitizer, what is freed is not seen */
    tragus_model_unref(model);
    ready_sound_done(&sound);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_heard_is_left_in_freed_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
