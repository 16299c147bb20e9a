/* SPDX-License-Identifier: Apache-2.0 */
/* service/wake.c: the wake phrases of a session: its own, or those of the configuration. */
#include "service/private.h"

#include "service/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST_PHRASES 16

static int compile(const struct service *s, tragus_grammar **ret, unsigned model, const char *const phrases[], size_t n,
                   double per_hour, tragus_diagnostics *d, tragus_error *reterr) {
    const char *pronunciations = model == 0 ? s->options.pronunciations : NULL; /* they are for the default language */
    return engine_wake_phrases(ret, s->models[model], phrases, n, per_hour, pronunciations, d, reterr);
}

/* The phrases of the configuration are one text, separated by commas. */
static int compile_configured(const struct service *s, tragus_grammar **ret, unsigned model, tragus_diagnostics *d,
                              tragus_error *reterr) {
    const char *phrases[MOST_PHRASES + 1];
    size_t n = 0;
    char *text = strdup(s->options.wake), *rest = text;
    if (!text)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    for (char *phrase; n <= MOST_PHRASES && (phrase = strsep(&rest, ","));)
        phrases[n++] = phrase;
    int r = compile(s, ret, model, phrases, n, s->options.session.wake_per_hour, d, reterr);
    free(text);
    return r;
}

int wake_compile(const struct service *s, tragus_grammar **ret, unsigned model, const struct service_session_options *o,
                 tragus_error *reterr) {
    *ret = NULL;
    if (o->wake)
        return o->n_wake > 0 ? compile(s, ret, model, o->wake, o->n_wake, o->session.wake_per_hour, NULL, reterr) : 0;
    return o->microphone && !o->limited && s->options.wake ? compile_configured(s, ret, model, NULL, reterr) : 0;
}

void wake_check(const struct service *s) {
    tragus_diagnostics d = {0};
    tragus_error e = {0};
    tragus_grammar *g = NULL;
    if (!s->options.wake || s->n_models == 0)
        return;
    if (compile_configured(s, &g, 0, &d, &e) < 0)
        service_log(SERVICE_LOG_ERROR, "The configured wake phrases cannot be used, so sessions that rely on them are refused: %s",
                    e.text);
    for (size_t i = 0; i < d.n_items; i++)
        if (d.items[i].severity >= TRAGUS_WARNING)
            service_log(SERVICE_LOG_WARNING, "Wake phrases: %s", d.items[i].text);
    tragus_diagnostics_done(&d);
    tragus_grammar_unref(g);
}
