/* SPDX-License-Identifier: Apache-2.0 */
/* engine/event.c: makes events from records.
 *
 * The words go through the text matcher as if they had been typed, so that a sentence means the same spoken or typed. The words'
 * times then give each slot its times and confidence.
 */
#include "engine/private.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

ENGINE_PUBLIC const char *tragus_reason_text(tragus_reason reason) {
    switch (reason) {
    case TRAGUS_REASON_NONE:
        return "";
    case TRAGUS_NOT_IN_GRAMMAR:
        return "not in grammar";
    case TRAGUS_LOW_CONFIDENCE:
        return "low confidence";
    case TRAGUS_AMBIGUOUS:
        return "ambiguous";
    case TRAGUS_TOO_SHORT:
        return "too short";
    case TRAGUS_NO_SPEECH:
        return "no speech";
    case TRAGUS_TOO_NOISY:
        return "too noisy";
    case TRAGUS_TOO_LONG:
        return "too long";
    }
    return "unknown";
}

ENGINE_PUBLIC const char *tragus_event_name(tragus_event_type type) {
    switch (type) {
    case TRAGUS_SPEECH_STARTED:
        return "speech_started";
    case TRAGUS_SPEECH_ENDED:
        return "speech_ended";
    case TRAGUS_PARTIAL:
        return "partial";
    case TRAGUS_UTTERANCE:
        return "utterance";
    case TRAGUS_REJECTED:
        return "rejected";
    case TRAGUS_WAKE_DETECTED:
        return "wake_detected";
    }
    return "unknown";
}

struct engine_event {
    tragus_event view; /* its pointers point into the members below */
    tragus_grammar *grammar;
    struct grammar_match *match;
    tragus_word words[LISTENER_MAX_WORDS];
    tragus_slot slots[GRAMMAR_MAX_SLOTS];
    struct engine_alternatives alternatives;
    tragus_word free_words[LISTENER_MAX_WORDS];
    char *free_text; /* NULL: none */
    char detail[256];
    size_t text_bytes; /* size of text: the sentence, then the words of each slot */
    char text[];
};

/* Where the times of a result count from, and what limits them. */
struct clock {
    int64_t start_ms; /* of the utterance, counted from the origin */
    uint64_t heard_ms;
};

/* After more than 49.7 days times stay at the largest number, because one that begins anew from 0 would look right. */
static uint32_t in_32_bits(uint64_t ms) {
    return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

/* A time of a result, counted from the origin; times before the origin become 0. The last word may seem to end in the padding
 * after the sound, so times are limited to what was heard. */
static uint32_t time_of(const struct clock *c, uint32_t ms) {
    int64_t t = c->start_ms + ms;
    if (t < 0)
        return 0;
    return in_32_bits((uint64_t)t < c->heard_ms ? (uint64_t)t : c->heard_ms);
}

/* Makes an event with n graph words as its text, and room for n_texts more texts of the sentence's length. */
static struct engine_event *event_new(tragus_grammar *g, tragus_event_type type, const uint32_t words[], size_t n, size_t n_texts) {
    const struct graph *graph = engine_grammar_graph(g);
    size_t len = 1;
    for (size_t i = 0; i < n; i++)
        len += strlen(graph_word(graph, words[i])) + 1;
    struct engine_event *e = calloc(1, sizeof(*e) + len * (1 + n_texts));
    if (!e)
        return NULL;
    e->grammar = tragus_grammar_ref(g);
    e->text_bytes = len * (1 + n_texts);
    char *to = e->text;
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            *to++ = ' ';
        to = stpcpy(to, graph_word(graph, words[i]));
    }
    e->view.type = type;
    e->view.text = e->view.spoken = e->text;
    e->view.intent = e->view.detail = e->view.free_text = "";
    return e;
}

static void give_slots(struct engine_event *e, const struct grammar_reading *reading) {
    char *text = e->text + strlen(e->text) + 1;
    for (size_t i = 0; i < reading->n_slots; i++) {
        const struct grammar_slot *from = &reading->slots[i];
        bool spoken = !from->fixed && from->n_words > 0 && from->first_word < e->view.n_words;
        tragus_slot *slot = &e->slots[i];
        *slot = (tragus_slot){.name = from->name,
                              .value = from->value,
                              .text = text,
                              .start_ms = e->view.start_ms,
                              .end_ms = e->view.end_ms,
                              .confidence = e->view.confidence,
                              .wildcard = from->wildcard};
        text = engine_copy_words(text, e->text, from->first_word, spoken ? from->n_words : 0);
        if (!spoken)
            continue;
        size_t last = from->first_word + from->n_words - 1;
        if (last >= e->view.n_words)
            last = e->view.n_words - 1;
        slot->words = &e->words[from->first_word];
        slot->n_words = last + 1 - from->first_word;
        slot->start_ms = e->words[from->first_word].start_ms;
        slot->end_ms = e->words[last].end_ms;
        /* A slot's confidence is that of its least certain word. */
        slot->confidence = 1.0;
        for (size_t k = from->first_word; k <= last; k++)
            if (e->words[k].confidence < slot->confidence)
                slot->confidence = e->words[k].confidence;
    }
    e->view.slots = e->slots;
    e->view.n_slots = reading->n_slots;
}

/* Finds what the words mean, and how the sentence is written. Returns 1 if they mean something, 0 if not, or a negative errno. */
static int find_meaning(struct engine_event *e, const tragus_context context[], size_t n_context) {
    struct base_budget budget;
    base_budget_init(&budget, ENGINE_MEANING_MS, 0);
    base_budget_start(&budget);
    int n = grammar_match_within(&e->match, engine_grammar_sentences(e->grammar), e->text, context, n_context, 1, &budget, NULL);
    if (n <= 0) /* matches the grammar, but not in this context, or took too long to parse: words without a meaning */
        return n == -ETIME ? 0 : n;
    e->view.text = grammar_match_reading(e->match, 0)->text;
    return 1;
}

static void give_meaning(struct engine_event *e) {
    const struct grammar_reading *reading = grammar_match_reading(e->match, 0);
    e->view.intent = reading->intent ? reading->intent : "";
    e->view.response = reading->response;
    e->view.template_text = reading->template_text;
    e->view.metadata = reading->metadata;
    e->view.n_metadata = reading->n_metadata;
    give_slots(e, reading);
}

/* "" if there is no such word. */
static const char *word_at(const struct engine_event *e, size_t i) {
    return i < e->view.n_words ? e->words[i].word : "";
}

/* Says where a sentence does not fit the sound. */
static void give_detail(struct engine_event *e, const struct listener_result *r) {
    uint32_t i = r->fault_word;
    const char *word = word_at(e, i), *before = i > 0 ? word_at(e, i - 1) : "";
    e->view.detail = e->detail;
    if (e->view.reason == TRAGUS_AMBIGUOUS && e->view.n_alternatives > 0) {
        base_utf8_format(e->detail, sizeof(e->detail), "it may also be '%s'", e->view.alternatives[0].text);
        return;
    }
    switch (r->fault) {
    case LISTENER_FAULT_NONE:
        break;
    case LISTENER_FAULT_BEFORE:
        base_utf8_format(e->detail, sizeof(e->detail), "something unknown before '%s'", word_at(e, 0));
        break;
    case LISTENER_FAULT_AFTER:
        base_utf8_format(e->detail, sizeof(e->detail), "something unknown after '%s'", word_at(e, e->view.n_words - 1));
        break;
    case LISTENER_FAULT_GAP:
        base_utf8_format(e->detail, sizeof(e->detail), "something unknown between '%s' and '%s'", before, word);
        break;
    case LISTENER_FAULT_WORD:
        base_utf8_format(e->detail, sizeof(e->detail), "'%s' does not fit", word);
        break;
    }
}

/* Takes the rivals and the confidence that the intent needs into account, and may reject what the sound's thread accepted. */
static void decide(struct engine_event *e, const struct engine_record *record, const tragus_context context[], size_t n_context) {
    const struct listener_result *r = &record->result;
    struct engine_alternatives *a = &e->alternatives;
    engine_alternatives_find(a, e->grammar, r, context, n_context);
    e->view.alternatives = a->view;
    e->view.n_alternatives = a->n;
    uint16_t confidence_q15 = a->nearest ? decoder_logistic(r->logit_q8 - a->nearest->cost_q8) : r->confidence_q15;
    a->nearest = NULL; /* lies in the record */
    e->view.confidence = confidence_q15 / 32768.0;
    const struct grammar_reading *reading = e->match ? grammar_match_reading(e->match, 0) : NULL;
    int32_t least_q15 = record->listener->min_confidence_q15;
    if (reading && reading->min_confidence > 0)
        least_q15 = (int32_t)(reading->min_confidence * (1 << 15));
    if (e->view.reason != TRAGUS_REASON_NONE || confidence_q15 >= least_q15)
        return;
    e->view.reason = r->confidence_q15 >= least_q15 ? TRAGUS_AMBIGUOUS : TRAGUS_LOW_CONFIDENCE;
    if (record->reject)
        e->view.type = TRAGUS_REJECTED;
}

static void fill_words(tragus_word out[], const struct graph *graph, const struct listener_word words[], uint32_t n,
                       const struct clock *c) {
    for (uint32_t i = 0; i < n; i++)
        out[i] = (tragus_word){.word = graph_word(graph, words[i].word),
                               .start_ms = time_of(c, words[i].start_ms),
                               .end_ms = time_of(c, words[i].end_ms),
                               .confidence = words[i].confidence_q15 / 32768.0};
}

/* Adds the words' times and confidences, and those of all of them. */
static void give_words(struct engine_event *e, const struct listener_result *r, const struct clock *c) {
    fill_words(e->words, engine_grammar_graph(e->grammar), r->words, r->n_words, c);
    e->view.words = e->words;
    e->view.n_words = r->n_words;
    e->view.start_ms = time_of(c, r->start_ms);
    e->view.end_ms = time_of(c, r->end_ms);
    e->view.confidence = r->confidence_q15 / 32768.0;
}

/* Adds the words that the fallback heard. Returns 0 or -ENOMEM. */
static int give_free_words(struct engine_event *e, const struct engine_free_words *heard, const struct clock *c) {
    const struct graph *graph = heard->n_words > 0 ? engine_model_dictation(engine_grammar_model(e->grammar), NULL) : NULL;
    if (!graph)
        return 0;
    fill_words(e->free_words, graph, heard->words, heard->n_words, c);
    size_t len = 1;
    for (uint32_t i = 0; i < heard->n_words; i++)
        len += strlen(e->free_words[i].word) + 1;
    char *to = e->free_text = calloc(1, len);
    if (!to)
        return -ENOMEM;
    for (uint32_t i = 0; i < heard->n_words; i++) {
        if (i > 0)
            *to++ = ' ';
        to = stpcpy(to, e->free_words[i].word);
    }
    e->view.free_text = e->free_text;
    e->view.free_words = e->free_words;
    e->view.n_free_words = heard->n_words;
    e->view.free_confidence = engine_free_confidence(graph, heard);
    return 0;
}

/* An event with the words of a result as its text, and room for n_texts more texts. */
static struct engine_event *result_new(const struct engine_record *record, size_t n_texts) {
    uint32_t words[LISTENER_MAX_WORDS];
    for (uint32_t i = 0; i < record->result.n_words; i++)
        words[i] = record->result.words[i].word;
    return event_new(record->listener->grammar, record->event, words, record->result.n_words, n_texts);
}

static int give_wake(struct engine_event **ret, const struct engine_record *record, const struct clock *c) {
    struct engine_event *e = result_new(record, 0);
    if (!e)
        return -ENOMEM;
    give_words(e, &record->result, c);
    e->view.level_db = record->level_cdb / 100.0;
    *ret = e;
    return 0;
}

static int give_result(struct engine_event **ret, const struct engine_record *record, const struct clock *c,
                       const tragus_context context[], size_t n_context) {
    const struct listener_result *r = &record->result;
    bool accepted = record->event == TRAGUS_UTTERANCE;
    struct engine_event *e = result_new(record, accepted ? GRAMMAR_MAX_SLOTS : 0);
    if (!e)
        return -ENOMEM;
    give_words(e, r, c);
    e->view.reason = record->reason;
    int found = r->n_words > 0 ? find_meaning(e, context, n_context) : 0;
    if (accepted && found > 0)
        give_meaning(e);
    if (found >= 0)
        decide(e, record, context, n_context);
    if (found == 0 || e->view.type == TRAGUS_REJECTED)
        found = give_free_words(e, &record->free_words, c) < 0 ? -ENOMEM : found;
    if (e->view.reason != TRAGUS_REASON_NONE)
        give_detail(e, r);
    if (found < 0) {
        engine_event_free(e);
        return found;
    }
    *ret = e;
    return 0;
}

static int give_partial(struct engine_event **ret, const struct engine_record *record) {
    const struct listener_partial *p = &record->partial;
    struct engine_event *e = event_new(record->listener->grammar, record->event, p->words, p->n_words, 0);
    if (!e)
        return -ENOMEM;
    e->view.stability = p->n_words > 0 ? (double)p->n_stable / p->n_words : 0.0;
    *ret = e;
    return 0;
}

/* An event without words, for the start or end of speech. */
static int give_moment(struct engine_event **ret, const struct engine_record *record, uint32_t start_ms, uint32_t end_ms) {
    struct engine_event *e = event_new(record->listener->grammar, record->event, NULL, 0, 0);
    if (!e)
        return -ENOMEM;
    e->view.start_ms = start_ms;
    e->view.end_ms = end_ms;
    *ret = e;
    return 0;
}

int engine_event_new(struct engine_event **ret, const struct engine_record *r, uint64_t origin, const tragus_context context[],
                     size_t n_context) {
    const struct clock clock = {.start_ms = (r->start_hop - (int64_t)origin) * ENGINE_HOP_MS,
                                .heard_ms = r->n_heard > origin ? (r->n_heard - origin) * ENGINE_HOP_MS : 0};
    struct engine_event *e = NULL;
    int error = -EINVAL;

    if (r->type != ENGINE_HEARD)
        return -EINVAL;
    switch (r->event) {
    case TRAGUS_SPEECH_STARTED:
        error = give_moment(&e, r, in_32_bits(clock.heard_ms), in_32_bits(clock.heard_ms));
        break;
    case TRAGUS_SPEECH_ENDED:
        error = give_moment(&e, r, time_of(&clock, r->result.start_ms), time_of(&clock, r->result.end_ms));
        break;
    case TRAGUS_PARTIAL:
        error = give_partial(&e, r);
        break;
    case TRAGUS_UTTERANCE:
    case TRAGUS_REJECTED:
        error = give_result(&e, r, &clock, context, n_context);
        break;
    case TRAGUS_WAKE_DETECTED:
        error = give_wake(&e, r, &clock);
        break;
    }
    if (error < 0)
        return error;
    e->view.sequence = r->sequence;
    e->view.time_ms = clock.heard_ms;
    *ret = e;
    return 0;
}

const tragus_event *engine_event_view(const struct engine_event *e) {
    return &e->view;
}

void engine_event_free(struct engine_event *e) {
    if (!e)
        return;
    engine_alternatives_done(&e->alternatives);
    grammar_match_free(e->match);
    if (e->free_text)
        explicit_bzero(e->free_text, strlen(e->free_text));
    free(e->free_text);
    tragus_grammar_unref(e->grammar);
    explicit_bzero(e, sizeof(*e) + e->text_bytes);
    free(e);
}
