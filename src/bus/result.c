/* SPDX-License-Identifier: Apache-2.0 */
/* bus/result.c: converts results to D-Bus values. */
#include "bus/private.h"

#include <errno.h>
#include <string.h>

/* --- size --------------------------------------------------------------------------------------------------------------------- */

#define ENTRY_BYTES 64 /* of an entry of a dictionary, without its text */

static size_t text_bytes(const char *text) {
    return text ? ENTRY_BYTES + strlen(text) : 0;
}

static size_t value_bytes(const tragus_value *v) {
    return text_bytes(v->type == TRAGUS_TEXT ? v->text : "");
}

/* Each slot is in a message twice. */
static size_t slots_bytes(const tragus_slot slots[], size_t n) {
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += 2 * (text_bytes(slots[i].name) + value_bytes(&slots[i].value)) + text_bytes(slots[i].text) +
                 slots[i].n_words * ENTRY_BYTES;
    return bytes;
}

static size_t metadata_bytes(const tragus_field fields[], size_t n) {
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += text_bytes(fields[i].name) + value_bytes(&fields[i].value);
    return bytes;
}

size_t bus_result_bytes(const struct service_event *e) {
    const tragus_event *h = e->heard;
    size_t bytes = 2 * (text_bytes(h->text) + text_bytes(h->intent)) + text_bytes(h->template_text) + text_bytes(h->response) +
                   text_bytes(h->spoken) + text_bytes(h->free_text) + (h->n_words + h->n_free_words) * ENTRY_BYTES +
                   slots_bytes(h->slots, h->n_slots) + metadata_bytes(h->metadata, h->n_metadata);
    for (size_t i = 0; i < h->n_alternatives; i++)
        bytes += text_bytes(h->alternatives[i].text) + text_bytes(h->alternatives[i].intent) +
                 slots_bytes(h->alternatives[i].slots, h->alternatives[i].n_slots);
    return bytes;
}

size_t bus_reading_bytes(const tragus_reading *r) {
    size_t bytes = text_bytes(r->text) + text_bytes(r->intent) + text_bytes(r->template_text) + text_bytes(r->response) +
                   text_bytes(r->corrected) + slots_bytes(r->slots, r->n_slots) + metadata_bytes(r->metadata, r->n_metadata);
    for (size_t i = 0; i < r->n_unmatched; i++)
        bytes += text_bytes(r->unmatched[i].slot) + text_bytes(r->unmatched[i].text);
    return bytes;
}

/* --- contents ----------------------------------------------------------------------------------------------------------------- */

/* After the first failure all further appends to a message fail too, so checking the last result is enough. */

static int append_value(sd_bus_message *m, const tragus_value *v) {
    switch (v->type) {
    case TRAGUS_INTEGER:
        return sd_bus_message_append(m, "v", "x", v->integer);
    case TRAGUS_REAL:
        return sd_bus_message_append(m, "v", "d", v->real);
    case TRAGUS_BOOLEAN:
        return sd_bus_message_append(m, "v", "b", v->boolean);
    case TRAGUS_TEXT:
        break;
    }
    return sd_bus_message_append(m, "v", "s", v->text);
}

int bus_append_values(sd_bus_message *m, const tragus_slot slots[], size_t n) {
    (void)sd_bus_message_open_container(m, 'a', "{sv}");
    for (size_t i = 0; i < n; i++) {
        bool repeated = false;
        for (size_t k = 0; k < i; k++)
            repeated |= strcmp(slots[k].name, slots[i].name) == 0;
        if (repeated) /* the details contain all of them, in order */
            continue;
        (void)sd_bus_message_open_container(m, 'e', "sv");
        (void)sd_bus_message_append(m, "s", slots[i].name);
        (void)append_value(m, &slots[i].value);
        (void)sd_bus_message_close_container(m);
    }
    return sd_bus_message_close_container(m);
}

void bus_open_entry(sd_bus_message *m, const char *key, const char *signature) {
    (void)sd_bus_message_open_container(m, 'e', "sv");
    (void)sd_bus_message_append(m, "s", key);
    (void)sd_bus_message_open_container(m, 'v', signature);
}

void bus_close_entry(sd_bus_message *m) {
    (void)sd_bus_message_close_container(m);
    (void)sd_bus_message_close_container(m);
}

static void append_words(sd_bus_message *m, const char *key, const tragus_word words[], size_t n) {
    bus_open_entry(m, key, "a(suud)");
    (void)sd_bus_message_open_container(m, 'a', "(suud)");
    for (size_t i = 0; i < n; i++)
        (void)sd_bus_message_append(m, "(suud)", words[i].word, words[i].start_ms, words[i].end_ms, words[i].confidence);
    (void)sd_bus_message_close_container(m);
    bus_close_entry(m);
}

static void append_slots(sd_bus_message *m, const tragus_slot slots[], size_t n, bool timed) {
    bus_open_entry(m, "Slots", "aa{sv}");
    (void)sd_bus_message_open_container(m, 'a', "a{sv}");
    for (size_t i = 0; i < n; i++) {
        (void)sd_bus_message_open_container(m, 'a', "{sv}");
        (void)sd_bus_message_append(m, "{sv}", "Name", "s", slots[i].name);
        (void)sd_bus_message_open_container(m, 'e', "sv");
        (void)sd_bus_message_append(m, "s", "Value");
        (void)append_value(m, &slots[i].value);
        (void)sd_bus_message_close_container(m);
        (void)sd_bus_message_append(m, "{sv}", "Text", "s", slots[i].text ? slots[i].text : "");
        if (timed) {
            (void)sd_bus_message_append(m, "{sv}", "StartMs", "u", slots[i].start_ms);
            (void)sd_bus_message_append(m, "{sv}", "EndMs", "u", slots[i].end_ms);
            (void)sd_bus_message_append(m, "{sv}", "Confidence", "d", slots[i].confidence);
        }
        if (slots[i].wildcard)
            (void)sd_bus_message_append(m, "{sv}", "Wildcard", "b", 1);
        if (slots[i].wildcard && timed)
            append_words(m, "Words", slots[i].words, slots[i].n_words);
        (void)sd_bus_message_close_container(m);
    }
    (void)sd_bus_message_close_container(m);
    bus_close_entry(m);
}

static void append_texts(sd_bus_message *m, const char *grammar, const char *template_text, const char *response) {
    (void)sd_bus_message_append(m, "{sv}", "Grammar", "s", grammar);
    if (template_text)
        (void)sd_bus_message_append(m, "{sv}", "Template", "s", template_text);
    if (response)
        (void)sd_bus_message_append(m, "{sv}", "Response", "s", response);
}

static void append_alternatives(sd_bus_message *m, const tragus_alternative a[], size_t n) {
    bus_open_entry(m, "Alternatives", "aa{sv}");
    (void)sd_bus_message_open_container(m, 'a', "a{sv}");
    for (size_t i = 0; i < n; i++) {
        (void)sd_bus_message_open_container(m, 'a', "{sv}");
        (void)sd_bus_message_append(m, "{sv}", "Text", "s", a[i].text);
        (void)sd_bus_message_append(m, "{sv}", "Intent", "s", a[i].intent);
        bus_open_entry(m, "Slots", "a{sv}");
        (void)bus_append_values(m, a[i].slots, a[i].n_slots);
        bus_close_entry(m);
        (void)sd_bus_message_append(m, "{sv}", "Confidence", "d", a[i].confidence);
        (void)sd_bus_message_close_container(m);
    }
    (void)sd_bus_message_close_container(m);
    bus_close_entry(m);
}

static void append_metadata(sd_bus_message *m, const tragus_field fields[], size_t n) {
    if (n == 0)
        return;
    bus_open_entry(m, "Metadata", "a{sv}");
    (void)sd_bus_message_open_container(m, 'a', "{sv}");
    for (size_t i = 0; i < n; i++) {
        (void)sd_bus_message_open_container(m, 'e', "sv");
        (void)sd_bus_message_append(m, "s", fields[i].name);
        (void)append_value(m, &fields[i].value);
        (void)sd_bus_message_close_container(m);
    }
    (void)sd_bus_message_close_container(m);
    bus_close_entry(m);
}

static void append_details(sd_bus_message *m, const struct service_event *e) {
    const tragus_event *h = e->heard;
    bool is_result = h->type == TRAGUS_UTTERANCE || h->type == TRAGUS_REJECTED;

    (void)sd_bus_message_append(m, "{sv}", "Sequence", "t", h->sequence);
    (void)sd_bus_message_append(m, "{sv}", "TimeUSec", "t", e->time_us);
    (void)sd_bus_message_append(m, "{sv}", "TimeMs", "t", h->time_ms);
    if (h->type != TRAGUS_PARTIAL) {
        (void)sd_bus_message_append(m, "{sv}", "StartMs", "u", h->start_ms);
        (void)sd_bus_message_append(m, "{sv}", "EndMs", "u", h->end_ms);
    }
    if (h->type == TRAGUS_WAKE_DETECTED)
        (void)sd_bus_message_append(m, "{sv}", "LevelDb", "d", h->level_db);
    if (!is_result)
        return;
    if (e->latency_ms > 0)
        (void)sd_bus_message_append(m, "{sv}", "LatencyMs", "u", e->latency_ms);
    append_texts(m, e->grammar, h->template_text, h->response);
    append_metadata(m, h->metadata, h->n_metadata);
    (void)sd_bus_message_append(m, "{sv}", "Spoken", "s", h->spoken);
    append_words(m, "Words", h->words, h->n_words);
    if (h->type == TRAGUS_UTTERANCE)
        append_slots(m, h->slots, h->n_slots, true);
    if (h->type == TRAGUS_REJECTED && h->reason == TRAGUS_AMBIGUOUS) {
        (void)sd_bus_message_append(m, "{sv}", "Intent", "s", h->intent);
        append_slots(m, h->slots, h->n_slots, true);
    }
    if (h->n_alternatives > 0)
        append_alternatives(m, h->alternatives, h->n_alternatives);
    if (h->n_free_words > 0) {
        (void)sd_bus_message_append(m, "{sv}", "FreeText", "s", h->free_text);
        (void)sd_bus_message_append(m, "{sv}", "FreeConfidence", "d", h->free_confidence);
        append_words(m, "FreeWords", h->free_words, h->n_free_words);
    }
    if (h->reason != TRAGUS_REASON_NONE)
        (void)sd_bus_message_append(m, "{sv}", "ReasonText", "s", tragus_reason_text(h->reason));
    if (h->detail && h->detail[0])
        (void)sd_bus_message_append(m, "{sv}", "Detail", "s", h->detail);
}

int bus_append_details(sd_bus_message *m, const struct service_event *e) {
    if (bus_result_bytes(e) > BUS_LARGEST_RESULT)
        return -EMSGSIZE;
    (void)sd_bus_message_open_container(m, 'a', "{sv}");
    append_details(m, e);
    return sd_bus_message_close_container(m);
}

static void append_understood(sd_bus_message *m, const char *text, const char *intent, const tragus_slot slots[], size_t n) {
    (void)sd_bus_message_append(m, "{sv}", "text", "s", text);
    (void)sd_bus_message_append(m, "{sv}", "intent", "s", intent);
    bus_open_entry(m, "slots", "a{sv}");
    (void)bus_append_values(m, slots, n);
    bus_close_entry(m);
}

int bus_append_result(sd_bus_message *m, const struct service_event *e) {
    if (bus_result_bytes(e) > BUS_LARGEST_RESULT)
        return -EMSGSIZE;
    (void)sd_bus_message_open_container(m, 'a', "{sv}");
    append_understood(m, e->heard->text, e->heard->intent, e->heard->slots, e->heard->n_slots);
    (void)sd_bus_message_append(m, "{sv}", "confidence", "d", e->heard->confidence);
    /* If a doubtful sentence was accepted, this is an utterance, and ReasonText gives the doubt. */
    (void)sd_bus_message_append(m, "{sv}", "rejected", "u", e->heard->type == TRAGUS_REJECTED ? (uint32_t)e->heard->reason : 0);
    append_details(m, e);
    return sd_bus_message_close_container(m);
}

static void append_unmatched(sd_bus_message *m, const tragus_unmatched unmatched[], size_t n) {
    bus_open_entry(m, "Unmatched", "aa{sv}");
    (void)sd_bus_message_open_container(m, 'a', "a{sv}");
    for (size_t i = 0; i < n; i++)
        (void)sd_bus_message_append(m, "a{sv}", 2, "Slot", "s", unmatched[i].slot, "Text", "s", unmatched[i].text);
    (void)sd_bus_message_close_container(m);
    bus_close_entry(m);
}

int bus_append_reading(sd_bus_message *m, const tragus_reading *r, const char *grammar) {
    if (bus_reading_bytes(r) > BUS_LARGEST_RESULT)
        return -EMSGSIZE;
    (void)sd_bus_message_open_container(m, 'a', "{sv}");
    append_understood(m, r->text, r->intent, r->slots, r->n_slots);
    append_texts(m, grammar, r->template_text, r->response);
    append_slots(m, r->slots, r->n_slots, false);
    append_metadata(m, r->metadata, r->n_metadata);
    if (r->n_unmatched > 0)
        append_unmatched(m, r->unmatched, r->n_unmatched);
    if (r->corrected)
        (void)sd_bus_message_append(m, "{sv}", "Corrected", "s", r->corrected);
    return sd_bus_message_close_container(m);
}

int bus_reply_diagnostics(struct bus_call *call, const tragus_diagnostics *d) {
    sd_bus_message *reply = NULL;
    size_t bytes = 0;

    for (size_t i = 0; i < d->n_items; i++)
        bytes += text_bytes(d->items[i].file) + text_bytes(d->items[i].text);
    if (!bus_call_may_send(call, bytes))
        return -ENOBUFS;
    int r = sd_bus_message_new_method_return(call->message, &reply);
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "(uuuss)");
    for (size_t i = 0; r >= 0 && i < d->n_items; i++)
        r = sd_bus_message_append(reply, "(uuuss)", (uint32_t)d->items[i].severity, (uint32_t)d->items[i].line,
                                  (uint32_t)d->items[i].column, d->items[i].file, d->items[i].text);
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    if (r >= 0)
        r = sd_bus_send(NULL, reply, NULL);
    sd_bus_message_unref(reply);
    return r;
}
