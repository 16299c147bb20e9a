/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder as an operations table of listener/listener.h. */
#include "decoder/decoder.h"

static void *place(struct base_arena *a, const void *setup) {
    return decoder_place(a, setup);
}

static void start(void *listener, const struct listener_before *before) {
    if (before->follows)
        decoder_continue(listener);
    else
        decoder_start(listener);
    decoder_follow_talk(listener, before->talk_ms);
}

static enum listener_state step(void *listener, const int16_t *posteriors) {
    return decoder_step(listener, posteriors);
}

static uint32_t rows_to_end(const void *listener) {
    return decoder_rows_to_end(listener);
}

static bool assume(void *listener, const int16_t *posteriors, size_t n) {
    return decoder_assume(listener, posteriors, n);
}

static void partial(const void *listener, struct listener_partial *ret) {
    decoder_partial(listener, ret);
}

static void finish(void *listener, struct listener_result *ret) {
    decoder_finish(listener, ret);
}

const struct listener_ops decoder_listener = {.name = "grammar",
                                              .place = place,
                                              .start = start,
                                              .step = step,
                                              .rows_to_end = rows_to_end,
                                              .assume = assume,
                                              .partial = partial,
                                              .finish = finish};
