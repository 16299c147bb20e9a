/* SPDX-License-Identifier: Apache-2.0 */
/* service/options.c: defaults and ranges of session options, for all protocols. Messages use the option names of the D-Bus
 * interface. */
#include "service/private.h"

#include <errno.h>

#define LISTEN_DEFAULT_MS 8000
#define LISTEN_MOST_MS 60000
#define SILENCE_LEAST_MS 100
#define SILENCE_MOST_MS 5000
#define COMMAND_LEAST_MS 1000
#define COMMAND_MOST_MS 60000
#define OPEN_LEAST_MS 1000
#define OPEN_MOST_MS 60000
#define RATE_LEAST_PER_HOUR 0.001
#define RATE_MOST_PER_HOUR 100.0
#define RATE_LEAST 8000
#define RATE_MOST 192000
#define CHANNELS_MOST 32

void service_options_init(struct service_options *o) {
    *o = (struct service_options){
        .device = "default",
        .most_pause_s = 60,
        .listen_group = "tragus-listen",
        .names_group = "tragus-names",
        .admin_group = "tragus-admin",
        .gate = frontend_gate_defaults(),
        .limits =
            {
                .sessions_per_user = 16,
                .grammars_per_user = 16,
                .calls_per_user = 32,
                .grammar_bytes = 1 << 20,
                .grammar_arcs = 1000000,
                .grammar_cpu_ms = 30000,
                .grammar_memory = (size_t)256 << 20,
                .user_memory = (size_t)128 << 20,
                .text_cpu_ms = 1000,
                .text_memory = (size_t)64 << 20,
                .sound_bytes = 64 << 20,
            },
    };
    tragus_session_options_init(&o->session);
}

void service_session_defaults(const struct service *s, struct service_session_options *ret) {
    *ret = (struct service_session_options){.grammar = "", .language = "", .app = "", .session = s->options.session};
}

static int check(unsigned value, unsigned least, unsigned most, const char *name, tragus_error *reterr) {
    if (value >= least && value <= most)
        return 0;
    return base_error_set(reterr, -EINVAL, "option %s must be from %u to %u, not %u", name, least, most, value);
}

int service_check_open_ms(uint32_t open_ms, const char *name, tragus_error *reterr) {
    return check(open_ms, OPEN_LEAST_MS, OPEN_MOST_MS, name, reterr);
}

int service_check_options(struct service_session_options *o, tragus_error *reterr) {
    const tragus_session_options *s = &o->session;
    int r = 0;

    if (!(s->min_confidence >= 0 && s->min_confidence <= 1))
        return base_error_set(reterr, -EINVAL, "option MinConfidence must be from 0 to 1");
    if (s->end_silence_ms != 0)
        r = check(s->end_silence_ms, SILENCE_LEAST_MS, SILENCE_MOST_MS, "EndSilenceMs", reterr);
    if (r >= 0 && s->final_silence_ms != 0)
        r = check(s->final_silence_ms, SILENCE_LEAST_MS, SILENCE_MOST_MS, "FinalSilenceMs", reterr);
    if (r >= 0 && s->open_silence_ms != 0)
        r = check(s->open_silence_ms, SILENCE_LEAST_MS, SILENCE_MOST_MS, "OpenSilenceMs", reterr);
    if (r >= 0 && s->wake_open_ms != 0)
        r = service_check_open_ms(s->wake_open_ms, "WakeOpenMs", reterr);
    if (r >= 0 && s->wake_per_hour != 0 && !(s->wake_per_hour >= RATE_LEAST_PER_HOUR && s->wake_per_hour <= RATE_MOST_PER_HOUR))
        r = base_error_set(reterr, -EINVAL, "option WakePerHour must be from %g to %g", RATE_LEAST_PER_HOUR, RATE_MOST_PER_HOUR);
    if (r >= 0 && s->max_speech_ms != 0)
        r = check(s->max_speech_ms, COMMAND_LEAST_MS, COMMAND_MOST_MS, "MaxCommandMs", reterr);
    if (r >= 0 && o->limited) {
        if (o->timeout_ms == 0)
            o->timeout_ms = LISTEN_DEFAULT_MS;
        r = check(o->timeout_ms, 1, LISTEN_MOST_MS, "Timeout", reterr);
    }
    return r;
}

int service_check_input(const struct service_input *input, tragus_error *reterr) {
    int r = check(input->format.rate, RATE_LEAST, RATE_MOST, "Rate", reterr);
    if (r >= 0)
        r = check(input->format.channels, 1, CHANNELS_MOST, "Channels", reterr);
    if (r >= 0 && input->sound_file && input->live)
        r = base_error_set(reterr, -EPROTO, "a sound file is not live; send raw frames instead");
    return r;
}
