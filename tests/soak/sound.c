/* SPDX-License-Identifier: Apache-2.0 */
/* sound HOURS: pushes so many hours of sound through one process, as fast as it can: recorded speech, noise and silence in turn.
 *
 * Meanwhile sessions come and go, a grammar gets other lists, and some sessions wait for a wake phrase, so the memory rises and
 * falls. Prints a line every sixtieth of the way: hours of sound, the most KiB of anonymous memory since the last line, events so
 * far. Fails if the peak of the other two thirds is more than 1 % above that of the first. plot.py draws the lines.
 */
#include "ready.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#define LINES 60
#define MOST_GROWTH 0.01
#define SLACK_KIB 64 /* in which the allocator may keep pages */
#define SESSIONS 4

#define SENTENCES "front center\nfront left\nrear right\nside left\nturn on {lamp}\nset it to {level} percent\n"

static tragus_model *model;
static tragus_grammar *grammar, *wake;
static tragus_stream *stream;
static tragus_session *sessions[SESSIONS];
static unsigned n_events, n_turns;

static void must(int good, const char *what) {
    if (good)
        return;
    fprintf(stderr, "sound: %s\n", what);
    exit(1);
}

/* Anonymous memory: without the mapped model and the programs. */
static long memory_kib(void) {
    char line[256];
    long kib = -1;
    FILE *f = fopen("/proc/self/status", "re");
    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "RssAnon: %ld kB", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib;
}

static void replace_session(size_t i) {
    tragus_session_options o;
    tragus_session_free(sessions[i]);
    tragus_session_options_init(&o);
    o.partial = (int)(n_turns % 2);
    o.wake = i == 0 ? wake : NULL;
    must(tragus_session_new(&sessions[i], stream, grammar, &o) == 0, "no session");
}

/* Other lamps in the grammar; the sessions take it with the next utterance. */
static void replace_list(void) {
    char names[8][32];
    tragus_list_value values[8];
    tragus_grammar *next = NULL;
    for (size_t i = 0; i < 8; i++) {
        snprintf(names[i], sizeof(names[i]), "lamp number %u", (unsigned)((n_turns + i) % 90));
        values[i] = (tragus_list_value){.in = names[i]};
    }
    must(tragus_grammar_with_list(&next, grammar, "lamp", values, 8, NULL, NULL) == 0, "no new list");
    for (size_t i = 0; i < SESSIONS; i++)
        must(tragus_session_set_grammar(sessions[i], next) == 0, "no new grammar");
    tragus_grammar_unref(grammar);
    grammar = next;
}

static void feed(const int16_t *pcm, size_t n) {
    const tragus_event *e;
    for (size_t at = 0; at < n; at += 1600) {
        (void)tragus_stream_feed(stream, pcm + at, n - at < 1600 ? n - at : 1600);
        for (size_t i = 0; i < SESSIONS; i++)
            while (tragus_session_poll(sessions[i], &e) > 0)
                n_events++;
    }
}

static void prepare(struct ready_sound *speech, struct ready_sound *noise, struct ready_sound *quiet) {
    static const char *const recordings[] = {"Front_Center", "Front_Left", "Rear_Right", "Side_Left", "Side_Right"};
    tragus_error e = {0};
    model = ready_model();
    grammar = ready_grammar(model, SENTENCES);
    must(tragus_wake_phrases(&wake, model, (const char *[]){"front left"}, 1, 0, NULL, &e) == 0, e.text);
    for (size_t i = 0; i < sizeof(recordings) / sizeof(recordings[0]); i++) {
        ready_append_recording(speech, recordings[i]);
        ready_append_quiet(speech, 900);
    }
    ready_append_noise(noise, 10000, 1500);
    ready_append_quiet(quiet, 60000);
    must(tragus_stream_new(&stream, model, NULL) == 0, "no stream");
    for (size_t i = 0; i < SESSIONS; i++)
        replace_session(i);
}

int main(int argc, char **argv) {
    double hours = argc > 1 ? strtod(argv[1], NULL) : 24, heard_s = 0;
    struct ready_sound speech = {0}, noise = {0}, quiet = {0};
    long first = 0, rest = 0;

    /* What is freed goes back to the system, so that memory is what is in use: glibc would keep more and more of it by itself. */
    (void)mallopt(M_MMAP_THRESHOLD, 65536);
    (void)mallopt(M_TRIM_THRESHOLD, 65536);
    prepare(&speech, &noise, &quiet);
    for (int line = 1; line <= LINES; line++) {
        long most = 0;
        while (heard_s < hours * 3600 * line / LINES) {
            const struct ready_sound *parts[] = {&speech, &quiet, &noise, &quiet};
            const struct ready_sound *s = parts[n_turns % 4];
            feed(s->pcm, s->n);
            heard_s += (double)s->n / 16000;
            n_turns++;
            replace_session(n_turns % SESSIONS);
            if (n_turns % 8 == 0)
                replace_list();
            long now = memory_kib();
            most = now > most ? now : most;
        }
        long *third = line <= LINES / 3 ? &first : &rest;
        *third = most > *third ? most : *third;
        printf("%.3f\t%ld\t%u\n", heard_s / 3600, most, n_events);
        fflush(stdout);
    }
    for (size_t i = 0; i < SESSIONS; i++)
        tragus_session_free(sessions[i]);
    tragus_stream_free(stream);
    tragus_grammar_unref(grammar);
    tragus_grammar_unref(wake);
    tragus_model_unref(model);
    ready_sound_done(&speech);
    ready_sound_done(&noise);
    ready_sound_done(&quiet);
    must(n_events > 0, "nothing was heard");
    if (rest > first + SLACK_KIB && (double)(rest - first) > MOST_GROWTH * (double)first) {
        fprintf(stderr, "sound: the peak of memory grew from %ld to %ld KiB\n", first, rest);
        return 1;
    }
    return 0;
}
