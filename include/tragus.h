/* SPDX-License-Identifier: Apache-2.0 */
/* tragus.h: understand spoken commands on this machine: the public interface of libtragus.
 *
 * Four things: a model (mapped files), a grammar (your sentences), a stream (one sound) and a session (one listener on a stream).
 *
 *     tragus_model *model; tragus_grammar *grammar; tragus_stream *stream; tragus_session *session; const tragus_event *event;
 *     tragus_model_open(&model, NULL, NULL, NULL);
 *     tragus_grammar_load(&grammar, model, NULL, (const char *[]){"home.yaml"}, 1, NULL, NULL);
 *     tragus_stream_new(&stream, model, NULL);
 *     tragus_session_new(&session, stream, grammar, NULL);
 *     while ((n = read_sound(pcm)) > 0) {
 *         tragus_stream_feed(stream, pcm, n);
 *         while (tragus_session_poll(session, &event) > 0) ...
 *     }
 *     tragus_stream_flush(stream);     and poll once more
 *
 * Options begin with their size. tragus_*_options_init sets it, and the defaults; then set the fields that you want to differ. A
 * program that was built with an older tragus.h has fewer fields, and gets the defaults of those that it lacks. Options whose size
 * is not set are refused with -EINVAL.
 *
 * Functions that can fail return 0 or a count on success and a negative errno on failure. Outputs are written on success only,
 * *reterr on failure only. The library starts no threads, writes no log, has no mutable globals, reads no environment variables,
 * and keeps no file descriptor open after loading. Models and grammars are immutable and may be shared between threads. A stream
 * and its sessions belong to one thread at a time. Feeding allocates no memory.
 */
#ifndef TRAGUS_H
#define TRAGUS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tragus_model tragus_model;
typedef struct tragus_grammar tragus_grammar;
typedef struct tragus_stream tragus_stream;
typedef struct tragus_session tragus_session;

typedef struct tragus_error {
    int code;         /* negative errno */
    int line, column; /* 0 = none */
    char file[128];
    char text[256];
} tragus_error;

typedef enum { TRAGUS_NOTE = 1, TRAGUS_WARNING, TRAGUS_ERROR } tragus_severity;

typedef struct tragus_diagnostic {
    tragus_severity severity; /* an error: the grammar was not loaded */
    int line, column;
    char file[128];
    char text[256];
} tragus_diagnostic;

typedef struct tragus_diagnostics { /* zero-initialise; tragus_diagnostics_done frees */
    tragus_diagnostic *items;
    size_t n_items, size_items;
} tragus_diagnostics;
void tragus_diagnostics_done(tragus_diagnostics *d);

const char *tragus_version(void); /* "0.1.0" */

/* Opens the files of a language. path: an acoustic model file, or a directory with acoustic.tragus, lexicon.tragus, g2p.tragus and
 * language.yaml, or the tag of an installed language, or NULL: the installed English model. cpu: NULL = all kernels, or a mask as
 * in TRAGUS_CPU ("none", "avx2,..."). */
int tragus_model_open(tragus_model **ret, const char *path, const char *cpu, tragus_error *reterr);
tragus_model *tragus_model_ref(tragus_model *m);
tragus_model *tragus_model_unref(tragus_model *m); /* always returns NULL; m may be NULL */

typedef struct tragus_list_value {
    const char *in;     /* as spoken; a template */
    const char *out;    /* value; NULL = as spoken */
    const char *domain; /* context "domain"; NULL = none */
} tragus_list_value;

typedef struct tragus_grammar_options {
    size_t size_bytes;
    const char *pronunciations_path; /* user's own, NULL = none */
    size_t max_arcs;                 /* 0 = default */
    uint32_t max_cpu_ms;             /* processor time of compiling, 0 = 10 s; beyond it -ETIME */
    size_t max_bytes;                /* memory while compiling, the grammar's included, 0 = 256 MiB; beyond it -E2BIG */
    const char *models_path;         /* a folder that has a folder for each language, asked before the installed one; NULL = none */
    const char *language;            /* the tag of the sentences to load from files of several languages; NULL = the first one's */
} tragus_grammar_options;
void tragus_grammar_options_init(tragus_grammar_options *o);

/* Loads files and directories into one grammar. o, d and reterr may be NULL. If m is NULL, the grammar is for typed text only and
 * cannot be used in a session. -ENODATA: the sentences name another language than that of the model. */
int tragus_grammar_load(tragus_grammar **ret, tragus_model *m, const tragus_grammar_options *o, const char *const paths[],
                        size_t n_paths, tragus_diagnostics *d, tragus_error *reterr);

typedef struct tragus_text {
    const char *name;   /* used in messages; its ending tells the format if format is NULL */
    const char *format; /* "hassil" (YAML or JSON), "list" (lines), "ini" (sentences.ini of Rhasspy), "jsgf", or NULL */
    const char *text;
    size_t len_bytes;
} tragus_text;

/* Loads texts in memory into one grammar. */
int tragus_grammar_load_texts(tragus_grammar **ret, tragus_model *m, const tragus_grammar_options *o, const tragus_text texts[],
                              size_t n_texts, tragus_diagnostics *d, tragus_error *reterr);

/* Makes a new grammar from g with one list replaced; g is not changed. d (may be NULL) gets what this brought: values that are left
 * out (file "{LIST}", line: the number of the value), and all that g did not have. Returns -ESRCH if g has no list of that name,
 * and names the nearest one in reterr. */
int tragus_grammar_with_list(tragus_grammar **ret, tragus_grammar *g, const char *list, const tragus_list_value values[], size_t n,
                             tragus_diagnostics *d, tragus_error *reterr);
tragus_grammar *tragus_grammar_ref(tragus_grammar *g);
tragus_grammar *tragus_grammar_unref(tragus_grammar *g);

typedef enum { TRAGUS_TEXT, TRAGUS_INTEGER, TRAGUS_REAL, TRAGUS_BOOLEAN } tragus_value_type;

typedef struct tragus_value {
    tragus_value_type type;
    const char *text; /* always set */
    int64_t integer;
    double real;
    int boolean;
} tragus_value;

typedef struct tragus_field {
    const char *name;
    tragus_value value;
} tragus_field;

typedef struct tragus_word {
    const char *word;
    uint32_t start_ms, end_ms;
    double confidence;
} tragus_word;

typedef struct tragus_slot {
    const char *name;
    tragus_value value;
    const char *text; /* the words spoken for it, "" for a fixed slot */
    uint32_t start_ms, end_ms;
    double confidence;        /* 0..1 */
    int wildcard;             /* 1: free text, so the value may be any words */
    const tragus_word *words; /* n_words of the event's words that fill it; none if the slot is fixed, or the sentence was typed */
    size_t n_words;
} tragus_slot;

typedef enum {
    TRAGUS_SPEECH_STARTED = 1,
    TRAGUS_SPEECH_ENDED,
    TRAGUS_PARTIAL,
    TRAGUS_UTTERANCE,
    TRAGUS_REJECTED,
    TRAGUS_WAKE_DETECTED
} tragus_event_type;

const char *tragus_event_name(tragus_event_type type); /* "speech_started", "partial", ... */

/* Reasons, with the same numbers as in org.tragus.Session1.Rejected. */
typedef enum {
    TRAGUS_REASON_NONE = 0,
    TRAGUS_NOT_IN_GRAMMAR, /* other phones explain the sound better */
    TRAGUS_LOW_CONFIDENCE,
    TRAGUS_AMBIGUOUS, /* an alternative is nearly as likely */
    TRAGUS_TOO_SHORT,
    TRAGUS_NO_SPEECH,
    TRAGUS_TOO_NOISY, /* the sound is not clear enough */
    TRAGUS_TOO_LONG
} tragus_reason;
const char *tragus_reason_text(tragus_reason reason); /* "not in grammar", ... */

/* Another sentence that fits the sound nearly as well and means something else. */
typedef struct tragus_alternative {
    const char *text, *intent;
    const tragus_slot *slots; /* without times */
    size_t n_slots;
    double confidence; /* 0..1 */
} tragus_alternative;

typedef struct tragus_event {
    tragus_event_type type;
    uint64_t sequence; /* of the utterance, from 1 */
    uint64_t time_ms;  /* position in the sound at the decision, from the first sample fed */
    /* The sentence as the user's files spell it, with capitals, and numbers in digits ("turn on Sonoff S31"); of a partial one and
     * of a wake phrase the words as spoken; "" for speech started and ended; the best guess if rejected. */
    const char *text;
    const char *intent;                   /* "" if the grammar gives none */
    const char *response, *template_text; /* NULL if there is none */
    tragus_reason reason; /* if rejected; for an utterance of a session that does not reject: why it would have been rejected */
    double confidence;    /* 0..1 */
    uint32_t start_ms, end_ms; /* of the speech, from the first sample fed; the largest number after 49.7 days */
    const tragus_word *words;
    size_t n_words;
    const tragus_slot *slots;
    size_t n_slots;
    double stability;                       /* of a partial one: the share of its words that no longer change, 0..1 */
    const tragus_alternative *alternatives; /* of an utterance or a rejected one: the most likely first */
    size_t n_alternatives;
    const char *detail; /* if there is a reason: where the sentence does not fit, in words; "" if unknown */
    double level_db;    /* of a wake phrase: its loudness, dB re full scale */
    const char *spoken; /* the words as spoken ("turn on sonoff s thirty one"), those of `words` with blanks between; never NULL */
    /* Of what is rejected, or means nothing in this context, in a session with `fallback`: any words that it sounded like, for a
     * program that understands more than the grammar; "" and none otherwise. */
    const char *free_text;
    const tragus_word *free_words;
    size_t n_free_words;
    double free_confidence;       /* the share of them that is probably right, 0..1 */
    const tragus_field *metadata; /* of the sentence's block, as in its file */
    size_t n_metadata;
} tragus_event;

typedef struct tragus_stream_options {
    size_t size_bytes;
    int gate; /* 1 (default): the speech gate runs in the stream; 0: every hop is recognised */
} tragus_stream_options;
void tragus_stream_options_init(tragus_stream_options *o);

int tragus_stream_new(tragus_stream **ret, tragus_model *m, const tragus_stream_options *o);
void tragus_stream_free(tragus_stream *s); /* after its sessions; zeroes the sound it holds */

typedef struct tragus_session_options {
    size_t size_bytes;
    int partial;             /* 1: partial results as events */
    int reject;              /* 1 (default); 0: give the best sentence for any sound that passes the gate, at any confidence */
    double min_confidence;   /* 0 = the model's default */
    uint32_t end_silence_ms; /* silence that ends a sentence; 0 = default */
    uint32_t max_speech_ms;  /* 0 = default */
    /* The same where the grammar knows more: nothing can follow the words heard, and they are clear; words are missing. */
    uint32_t final_silence_ms, open_silence_ms; /* 0 = default */
    tragus_grammar *wake;  /* of tragus_wake_phrases: the session hears only what follows one of them; NULL = all */
    uint32_t wake_open_ms; /* how long after the phrase a sentence may begin; 0 = 8 s */
    double wake_per_hour;  /* false alarms an hour of other talk that are acceptable; 0 = 0.1 */
    int fallback;          /* 1: also listen for any words: free_text of what is not understood; needs a language model */
} tragus_session_options;
void tragus_session_options_init(tragus_session_options *o);

/* Prepares wake phrases, in plain text such as "hey house", for tragus_session_options. Any phrase will do, without training; but a
 * short one, or one that sounds like ordinary speech, is missed more often at the same number of false alarms (per_hour; 0 = 0.1),
 * and gets a warning that says how often. d and reterr may be NULL. */
int tragus_wake_phrases(tragus_grammar **ret, tragus_model *m, const char *const phrases[], size_t n, double per_hour,
                        tragus_diagnostics *d, tragus_error *reterr);

/* -ENODATA: `fallback` is set, but the model has no language model. The first such session of a model takes longer to make: some 20
 * ms on a PC. */
int tragus_session_new(tragus_session **ret, tragus_stream *s, tragus_grammar *g, const tragus_session_options *o);
void tragus_session_free(tragus_session *s);
int tragus_session_set_grammar(tragus_session *s, tragus_grammar *g); /* from the next utterance on; allocates */

/* Opens the grammar of a session with `wake` for open_ms from here on (0: wake_open_ms), as if a wake phrase had been said: for a
 * button, or for the answer to a question. Returns -EINVAL if the session has no wake phrases. */
int tragus_session_trigger(tragus_session *s, uint32_t open_ms);

/* Feeds sound, 16 kHz mono, any n. The events do not depend on how the sound is divided into calls. Poll after each call: a session
 * holds 64 events; further events are lost, and the call returns -ENOBUFS (the sound was still processed). */
int tragus_stream_feed(tragus_stream *s, const int16_t *pcm, size_t n);
int tragus_stream_flush(tragus_stream *s); /* end of the sound: recognises what is pending */

/* Returns 1 and an event, which is valid until the next poll, or 0: no event. */
int tragus_session_poll(tragus_session *s, const tragus_event **ret);

typedef struct tragus_context {
    const char *key, *value;
} tragus_context;

typedef struct tragus_unmatched { /* words in the place of a list that has no such value */
    const char *slot;             /* that they would fill, or the list's name if it fills none */
    const char *text;
} tragus_unmatched;

typedef struct tragus_reading {
    const char *text; /* the sentence as the user's files spell it */
    const char *intent, *response, *template_text;
    const tragus_slot *slots;
    size_t n_slots;
    const tragus_field *metadata; /* of the sentence's block, as in its file */
    size_t n_metadata;
    const tragus_unmatched *unmatched; /* not empty: the text is not in the grammar, and this is what it would need */
    size_t n_unmatched;
    const char *corrected; /* the text without typing errors, which has this reading; NULL: nothing was corrected */
} tragus_reading;
typedef struct tragus_match tragus_match;

typedef struct tragus_match_options {
    size_t size_bytes;
    const tragus_context *context;
    size_t n_context;
    size_t max;    /* readings; default 1 */
    int fuzzy;     /* if the text has no reading: try it with unknown words as the known ones that they are probably meant to be */
    int unmatched; /* if it still has none: readings with words that no list has in the place of a list */
} tragus_match_options;
void tragus_match_options_init(tragus_match_options *o);

/* Finds the readings of a typed sentence, best first. Returns their number (0 = not in the grammar). -ETIME, -E2BIG: it takes more
 * than 10 s of processor time or 256 MiB. */
int tragus_match_text(tragus_match **ret, tragus_grammar *g, const char *text, const tragus_context context[], size_t n_context,
                      size_t max);
/* The same with options; o may be NULL. */
int tragus_match_text_with(tragus_match **ret, tragus_grammar *g, const char *text, const tragus_match_options *o);
const tragus_reading *tragus_match_reading(const tragus_match *m, size_t i);
void tragus_match_free(tragus_match *m); /* zeroes what it holds of the text */

typedef struct tragus_cost {                      /* since the stream was made */
    uint64_t audio_ms, speech_ms;                 /* fed; passed by the gate */
    uint64_t frontend_ns, network_ns, decoder_ns; /* time spent in each stage, monotonic clock */
    uint64_t steps;
} tragus_cost;
void tragus_stream_cost(const tragus_stream *s, tragus_cost *ret);

#ifdef __cplusplus
}
#endif
#endif
