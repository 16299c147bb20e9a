/* SPDX-License-Identifier: Apache-2.0 */
/* cli/hear.c: reads a sound file, and recognises it with one stream and one session. */
#include "audio/source.h"
#include "base/clock.h"
#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One second: the queue of a session always has room for its events. */
#define PIECE_SAMPLES AUDIO_RATE

static void utterance_free(struct cli_utterance *u) {
    free(u->text);
    free(u->spoken);
    free(u->free_text);
    free(u->intent);
    json_object_put(u->slots);
    json_object_put(u->words);
    free(u);
}

void cli_heard_done(struct cli_heard *h) {
    while (h->utterances) {
        struct cli_utterance *next = h->utterances->next;
        utterance_free(h->utterances);
        h->utterances = next;
    }
    free(h->text);
    free(h->spoken);
    *h = (struct cli_heard){0};
}

static struct cli_utterance *utterance_new(const tragus_event *e) {
    struct cli_utterance *u = calloc(1, sizeof(*u));
    if (!u)
        return NULL;
    u->rejected = e->type == TRAGUS_REJECTED;
    u->reason = tragus_reason_text(e->reason);
    u->text = strdup(e->text);
    u->spoken = strdup(e->spoken);
    u->free_text = strdup(e->free_text);
    u->free_confidence = e->free_confidence;
    u->intent = strdup(e->intent);
    u->slots = cli_json_slots(e->slots, e->n_slots);
    u->words = cli_json_words(e->words, e->n_words);
    u->n_words = e->n_words;
    u->confidence = e->confidence;
    u->start_ms = e->start_ms;
    u->end_ms = e->end_ms;
    if (u->text && u->spoken && u->free_text && u->intent && u->slots && u->words)
        return u;
    utterance_free(u);
    return NULL;
}

static int collect(struct cli_utterance ***end, tragus_session *session, const struct cli_hear_options *options) {
    const tragus_event *e;
    int r;
    while ((r = tragus_session_poll(session, &e)) > 0) {
        if (options->event)
            options->event(e, options->user);
        if (e->type != TRAGUS_UTTERANCE && e->type != TRAGUS_REJECTED)
            continue;
        if (!(**end = utterance_new(e)))
            return -ENOMEM;
        *end = &(**end)->next;
    }
    return r;
}

static int recognise(struct cli_heard *h, const int16_t *pcm, size_t n, tragus_model *m, tragus_grammar *g,
                     const struct cli_hear_options *options) {
    tragus_stream *stream;
    tragus_session *session;
    tragus_session_options o;
    struct cli_utterance **end = &h->utterances;

    tragus_session_options_init(&o);
    o.reject = options->reject;
    o.partial = options->partial;
    o.fallback = options->fallback;
    o.wake = options->wake;
    o.wake_open_ms = options->wake_open_ms;
    o.wake_per_hour = options->wake_per_hour;
    int r = tragus_stream_new(&stream, m, NULL);
    if (r < 0)
        return r;
    r = tragus_session_new(&session, stream, g, &o);
    for (size_t i = 0; r == 0 && i < n; i += PIECE_SAMPLES) {
        r = tragus_stream_feed(stream, pcm + i, n - i < PIECE_SAMPLES ? n - i : PIECE_SAMPLES);
        if (r == 0)
            r = collect(&end, session, options);
    }
    if (r == 0)
        r = tragus_stream_flush(stream);
    if (r == 0)
        r = collect(&end, session, options);
    tragus_stream_cost(stream, &h->cost);
    tragus_stream_free(stream);
    return r;
}

/* Without rejection, utterances that would have been rejected count only if nothing else was understood, and then only the one with
 * the highest confidence: a cough before a command is not a command. */
static void choose_doubtful(struct cli_heard *h) {
    struct cli_utterance *surest = NULL;
    bool sure = false;
    for (struct cli_utterance *u = h->utterances; u; u = u->next) {
        if (!u->rejected && !u->reason[0])
            sure = true;
        if (!u->rejected && u->reason[0] && (!surest || u->confidence > surest->confidence))
            surest = u;
        u->rejected |= u->reason[0] != '\0';
    }
    if (!sure && surest)
        surest->rejected = false;
}

static int summarise(struct cli_heard *h) {
    size_t text_bytes = 1, spoken_bytes = 1;
    choose_doubtful(h);
    for (const struct cli_utterance *u = h->utterances; u; u = u->next) {
        text_bytes += strlen(u->text) + 1;
        spoken_bytes += strlen(u->spoken) + 1;
    }
    h->text = calloc(1, text_bytes);
    h->spoken = calloc(1, spoken_bytes);
    if (!h->text || !h->spoken)
        return -ENOMEM;
    h->reason = tragus_reason_text(TRAGUS_NO_SPEECH);
    char *text = h->text, *spoken = h->spoken;
    for (const struct cli_utterance *u = h->utterances; u; u = u->next) {
        if (!h->best || (h->best->rejected && !u->rejected) || (h->best->rejected == u->rejected && u->n_words > h->best->n_words))
            h->best = u;
        if (u->rejected)
            continue;
        if (h->n_accepted++ > 0)
            *text++ = *spoken++ = ' ';
        text = stpcpy(text, u->text);
        spoken = stpcpy(spoken, u->spoken);
    }
    if (h->best)
        h->reason = h->best->reason;
    return 0;
}

int cli_read_sound(const char *path, int16_t **ret_pcm, size_t *ret_n) {
    tragus_error e = {0};

    int r = strcmp(path, "-") == 0 ? audio_fd_read(STDIN_FILENO, "standard input", ret_pcm, ret_n, &e)
                                   : audio_file_read(path, ret_pcm, ret_n, &e);
    if (r >= 0)
        return CLI_OK;
    cli_complain(e.file, 0, 0, e.text);
    return CLI_INPUT;
}

int cli_hear(struct cli_heard *ret, const char *path, tragus_model *m, tragus_grammar *g, const struct cli_hear_options *o) {
    struct cli_heard h = {0};
    int16_t *pcm = NULL;
    size_t n = 0;
    uint64_t start_ns = base_clock_thread_cpu_ns();
    int r = cli_read_sound(path, &pcm, &n);
    if (r != CLI_OK)
        return r;
    h.audio_ms = (uint64_t)n * 1000 / AUDIO_RATE; /* size_t may have 32 bits */
    r = recognise(&h, pcm, n, m, g, o);
    free(pcm);
    if (r == 0)
        r = summarise(&h);
    if (r < 0) {
        cli_complain(path, 0, 0, strerror(-r));
        cli_heard_done(&h);
        return CLI_INPUT;
    }
    h.cpu_ns = base_clock_thread_cpu_ns() - start_ns;
    *ret = h;
    return CLI_OK;
}
