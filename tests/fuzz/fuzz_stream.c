/* SPDX-License-Identifier: Apache-2.0 */
/* Sound for recognition. The first bytes choose the session's options; the rest makes the sound, out of recorded speech that is
 * changed by it, and cuts it into pieces. The events must not depend on the pieces. */
#include "../unit/engine/ready.h"
#include "base/buffer.h"
#include "fuzz.h"

#include <errno.h>
#include <string.h>

const char fuzz_name[] = "stream";

#define MOST_SAMPLES 48000
#define SENTENCES "front center\nfront left\nrear right\nside left\n[please] stop\n(one|two|three) (lamps|fans)\n"

static tragus_model *model;
static tragus_grammar *grammar, *wake;
static struct ready_sound speech;

void fuzz_prepare(void) {
    static const char *const recordings[] = {"Front_Center", "Rear_Right", "Side_Left"};
    model = ready_model();
    grammar = ready_grammar(model, SENTENCES);
    tragus_error e = {0};
    fuzz_check(tragus_wake_phrases(&wake, model, (const char *[]){"front center"}, 1, 0, NULL, &e) == 0, e.text);
    for (size_t i = 0; i < 3; i++) {
        ready_append_recording(&speech, recordings[i]);
        ready_append_quiet(&speech, 300);
    }
}

/* Each three bytes are a piece of sound: what it is, from where, how loud. */
static size_t make_sound(const uint8_t *data, size_t size, int16_t *out) {
    size_t n = 0;
    uint32_t seed = 1;
    for (size_t i = 0; i + 3 <= size && n + 1600 <= MOST_SAMPLES; i += 3) {
        size_t len = 100 + (size_t)(data[i] >> 2) * 24, from = (size_t)data[i + 1] * (speech.n - len) / 256;
        for (size_t k = 0; k < len; k++) {
            int32_t noise = (int16_t)(fuzz_random(&seed) & 0xffff), x = speech.pcm[from + k];
            switch (data[i] & 3) {
            case 0:
                x = x * data[i + 2] / 64;
                break;
            case 1:
                x = x + noise * data[i + 2] / 256;
                break;
            case 2:
                x = noise >> (data[i + 2] & 15);
                break;
            default:
                x = data[i + 2] & 1 ? INT16_MIN : data[i + 2] & 2 ? INT16_MAX : 0;
            }
            out[n++] = (int16_t)(x > INT16_MAX ? INT16_MAX : x < INT16_MIN ? INT16_MIN : x);
        }
    }
    return n;
}

static void note(struct base_buffer *out, const tragus_event *e) {
    fuzz_check(e->text && e->spoken && e->intent, "an event without text");
    fuzz_check(e->confidence >= 0 && e->confidence <= 1 && e->start_ms <= e->end_ms, "a value out of range");
    base_buffer_format(out, "%s %d %s %.6f %u %u %llu %zu %zu\n", tragus_event_name(e->type), (int)e->reason, e->spoken,
                       e->confidence, e->start_ms, e->end_ms, (unsigned long long)e->time_ms, e->n_words, e->n_alternatives);
}

/* seed 0: pieces of a second. Returns false if there were more events in a piece than a session holds. */
static bool listen(struct base_buffer *out, uint8_t options, const int16_t *pcm, size_t n, uint32_t seed) {
    tragus_stream_options so;
    tragus_session_options o;
    tragus_stream *stream = NULL;
    tragus_session *session = NULL;
    const tragus_event *e;
    bool complete = true;

    tragus_stream_options_init(&so);
    tragus_session_options_init(&o);
    so.gate = options & 1;
    o.reject = options >> 1 & 1;
    o.partial = options >> 2 & 1;
    o.wake = options & 8 ? wake : NULL;
    o.end_silence_ms = options & 16 ? 100 : 0;
    fuzz_check(tragus_stream_new(&stream, model, &so) == 0 && tragus_session_new(&session, stream, grammar, &o) == 0, "no session");
    for (size_t at = 0; at < n;) {
        size_t piece = seed ? fuzz_random(&seed) % 3000 : 16000;
        piece = piece < n - at ? piece : n - at;
        int r = tragus_stream_feed(stream, pcm + at, piece);
        fuzz_check(r == 0 || r == -ENOBUFS, "feeding fails");
        complete = complete && r == 0;
        while (tragus_session_poll(session, &e) > 0)
            note(out, e);
        at += piece;
    }
    fuzz_check(tragus_stream_flush(stream) == 0, "flushing fails");
    while (tragus_session_poll(session, &e) > 0)
        note(out, e);
    tragus_session_free(session);
    tragus_stream_free(stream);
    return complete;
}

void fuzz_one(const uint8_t *data, size_t size) {
    static int16_t pcm[MOST_SAMPLES];
    struct base_buffer whole = {0}, pieces = {0};

    if (size < 4)
        return;
    size_t n = make_sound(data + 2, size - 2, pcm);
    if (listen(&whole, data[0], pcm, n, 0) && listen(&pieces, data[0], pcm, n, data[1] + 1u))
        fuzz_check(strcmp(whole.data ? whole.data : "", pieces.data ? pieces.data : "") == 0, "the events depend on the pieces");
    base_buffer_done(&whole);
    base_buffer_done(&pieces);
}
