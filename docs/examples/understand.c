/* SPDX-License-Identifier: Apache-2.0 */
/* understand GRAMMAR < SOUND: prints what is understood in a sound on standard input: raw 16-bit samples, 16 kHz, mono. It is the
 * smallest complete program with libtragus. With a microphone as input, the same loop listens:
 *
 *     cc understand.c $(pkg-config --cflags --libs tragus) -o understand
 *     arecord -q -f S16_LE -r 16000 -c 1 -t raw | ./understand /etc/tragus/sentences
 */
#include <stdint.h>
#include <stdio.h>
#include <tragus.h>

static void print(const tragus_event *event) {
    if (event->type == TRAGUS_REJECTED) {
        printf("(%s)\n", tragus_reason_text(event->reason));
    } else if (event->type == TRAGUS_UTTERANCE) {
        printf("%s: %s", event->text, event->intent);
        for (size_t i = 0; i < event->n_slots; i++)
            printf(", %s = %s", event->slots[i].name, event->slots[i].value.text);
        printf(" (%.0f %%)\n", event->confidence * 100);
    }
    fflush(stdout);
}

int main(int argc, char **argv) {
    tragus_model *model = NULL;
    tragus_grammar *grammar = NULL;
    tragus_stream *stream = NULL;
    tragus_session *session = NULL;
    const tragus_event *event;
    tragus_error error = {0};
    int16_t sound[1600]; /* a tenth of a second; any length will do */
    size_t n;

    if (argc < 2 || argc > 3) {
        fputs("understand GRAMMAR [MODEL] < SOUND\n", stderr);
        return 2;
    }
    int r = tragus_model_open(&model, argc == 3 ? argv[2] : NULL, NULL, &error);
    if (r >= 0)
        r = tragus_grammar_load(&grammar, model, NULL, (const char *const[]){argv[1]}, 1, NULL, &error);
    if (r < 0) {
        fprintf(stderr, "understand: %s:%d: %s\n", error.file, error.line, error.text);
        return 1;
    }
    r = tragus_stream_new(&stream, model, NULL);
    if (r >= 0)
        r = tragus_session_new(&session, stream, grammar, NULL);
    while (r >= 0 && (n = fread(sound, sizeof(sound[0]), sizeof(sound) / sizeof(sound[0]), stdin)) > 0) {
        r = tragus_stream_feed(stream, sound, n);
        while (tragus_session_poll(session, &event) > 0)
            print(event);
    }
    if (r >= 0)
        r = tragus_stream_flush(stream); /* the end of the sound ends the last sentence */
    while (r >= 0 && tragus_session_poll(session, &event) > 0)
        print(event);
    tragus_session_free(session);
    tragus_stream_free(stream);
    tragus_grammar_unref(grammar);
    tragus_model_unref(model);
    return r < 0;
}
