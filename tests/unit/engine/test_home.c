/* SPDX-License-Identifier: Apache-2.0 */
/* The default grammar, data/grammars/home.yaml. Compiling it with the model gives no diagnostics, not even guessed pronunciations.
 * Each of these sentences has the given meaning when typed, and is a path through the acceptor from which the decoder's graph is
 * made, so it can be spoken. */
#include "../grammar/walk.h"
#include "engine/engine.h"
#include "ready.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    const char *said, *typed, *meaning; /* intent, then its slots */
} sentences[] = {
    {"turn on the kitchen lights", "Turn on the kitchen lights", "HassTurnOn area=kitchen domain=light"},
    {"switch the desk lamp on", "switch the desk lamp on", "HassTurnOn name=desk lamp"},
    {"please turn on the porch light", "please turn on the porch light", "HassTurnOn name=porch light"},
    {"turn off everything", "turn off everything", "HassTurnOff domain=light"},
    {"switch off all the lights in the living room", "switch off all the lights in the living room",
     "HassTurnOff area=living room domain=light"},
    {"dim the bedroom lights to twenty percent", "dim the bedroom lights to 20 percent", "HassLightSet area=bedroom brightness=20"},
    {"set the ceiling light to one hundred percent", "set the ceiling light to 100 percent",
     "HassLightSet name=ceiling light brightness=100"},
    {"turn the night lamp blue", "turn the night lamp blue", "HassLightSet name=night lamp color=blue"},
    {"set a timer for five minutes", "set a timer for 5 minutes", "HassStartTimer minutes=5"},
    {"start a twenty five minute timer", "start a 25 minute timer", "HassStartTimer minutes=25"},
    {"set a timer for thirty seconds", "set a timer for thirty seconds", "HassStartTimer seconds=30"},
    {"cancel my timer", "cancel my timer", "HassCancelTimer"},
    {"how much time is left", "How much time is left?", "HassTimerStatus"},
    {"play some music", "play some music", "HassMediaUnpause"},
    {"pause the music", "pause the music", "HassMediaPause"},
    {"next song", "next song", "HassMediaNext"},
    {"skip this track", "skip this track", "HassMediaNext"},
    {"set the volume to forty percent", "set the volume to 40 percent", "HassSetVolume volume_level=40"},
    {"could you turn off the fan", "could you turn off the fan", "HassTurnOff name=fan"},
    {"set the fan to forty percent", "set the fan to 40 percent", "HassFanSetSpeed name=fan percentage=40"},
    {"what time is it", "What time is it?", "HassGetCurrentTime"},
    {"what is the date today", "what is the date today", "HassGetCurrentDate"},
};
#define N_SENTENCES (sizeof(sentences) / sizeof(sentences[0]))

static tragus_grammar *load(void) {
    const char *source = getenv("abs_top_srcdir");
    char path[4096];
    tragus_model *m = ready_model();
    tragus_grammar *g = NULL;
    tragus_diagnostics d = {0};
    tragus_error e = {0};

    snprintf(path, sizeof(path), "%s/data/grammars/home.yaml", source ? source : ".");
    int r = tragus_grammar_load(&g, m, NULL, (const char *const[]){path}, 1, &d, &e);
    for (size_t i = 0; i < d.n_items; i++)
        print_error("%s:%d: %s\n", d.items[i].file, d.items[i].line, d.items[i].text);
    if (r < 0)
        fail_msg("%s:%d: %s", e.file, e.line, e.text);
    assert_int_equal(d.n_items, 0);
    tragus_diagnostics_done(&d);
    tragus_model_unref(m);
    return g;
}

static void typed(void **state) {
    tragus_grammar *g = *state;
    for (size_t i = 0; i < N_SENTENCES; i++) {
        tragus_match *m = NULL;
        char got[512];
        assert_true(tragus_match_text(&m, g, sentences[i].typed, NULL, 0, 4) >= 0);
        const tragus_reading *r = tragus_match_reading(m, 0);
        if (!r)
            fail_msg("'%s' is not understood", sentences[i].typed);
        size_t len = (size_t)snprintf(got, sizeof(got), "%s", r->intent);
        for (size_t k = 0; k < r->n_slots; k++)
            len += (size_t)snprintf(got + len, sizeof(got) - len, " %s=%s", r->slots[k].name, r->slots[k].value.text);
        assert_string_equal(got, sentences[i].meaning);
        tragus_match_free(m);
    }
}

static void spoken(void **state) {
    tragus_grammar *g = *state;
    const struct grammar_acceptor *w = grammar_acceptor(engine_grammar_sentences(g));
    for (size_t i = 0; i < N_SENTENCES; i++)
        if (!walk_accepts(w, sentences[i].said))
            fail_msg("'%s' is no path of the acceptor", sentences[i].said);
    assert_false(walk_accepts(w, "open the front door"));
    assert_non_null(engine_grammar_graph(g));
    assert_true(graph_report(engine_grammar_graph(g))->n_guessed == 0);
}

static int set_up(void **state) {
    *state = load();
    return 0;
}

static int tear_down(void **state) {
    tragus_grammar_unref(*state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(typed), cmocka_unit_test(spoken)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
