/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/mqtt_queue.c: messages that the broker has not confirmed. They are sent again with the next connection, but not when they
 * are too old: a lamp must not be switched by what was said an hour ago. */
#include "bridge/mqtt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST_MESSAGES 256
/* That wait for their confirmation. The rest waits here, where it can still be dropped when it is too old: libmosquitto would send
 * it whenever the broker confirms what is before it. */
#define MOST_SENT 4

struct mqtt_message {
    struct mqtt_message *next;
    uint64_t expires_us;
    int id; /* of the publication that waits for its confirmation; 0: none */
    char *topic;
    size_t n;
    char payload[];
};

/* CLOCK_BOOTTIME, so that the time in which the machine slept counts. */
static uint64_t now_us(const struct mqtt_queue *q) {
    uint64_t now = 0;
    (void)sd_event_now(sd_event_source_get_event(q->timer), CLOCK_BOOTTIME, &now);
    return now;
}

static void message_free(struct mqtt_message *m) {
    explicit_bzero(m->payload, m->n);
    free(m->topic);
    free(m);
}

/* Removes the message after `before` (NULL: the first). */
static void take_out(struct mqtt_queue *q, struct mqtt_message *before) {
    struct mqtt_message *m = before ? before->next : q->first;

    *(before ? &before->next : &q->first) = m->next;
    if (q->last == m)
        q->last = before;
    q->n--;
    message_free(m);
}

static void drop(struct mqtt_queue *q, struct mqtt_message *before) {
    take_out(q, before);
    q->n_dropped++;
    if (!q->warned)
        bridge_log(BRIDGE_LOG_WARNING, "The MQTT broker is away: messages are dropped after %u seconds", q->keep_s);
    q->warned = true;
}

/* Drops what is too old, and waits for the next. What is on its way counts when the connection is lost. */
static void expire(struct mqtt_queue *q) {
    uint64_t now = now_us(q), next = UINT64_MAX;
    struct mqtt_message *before = NULL;

    for (struct mqtt_message *m = q->first, *after; m; m = after) {
        after = m->next;
        if (m->id == 0 && m->expires_us <= now) {
            drop(q, before);
            continue;
        }
        if (m->id == 0 && m->expires_us < next)
            next = m->expires_us;
        before = m;
    }
    int r = sd_event_source_set_time(q->timer, next);
    if (r >= 0)
        r = sd_event_source_set_enabled(q->timer, next == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
    if (r < 0)
        bridge_log(BRIDGE_LOG_ERROR, "Failed to set the timer for messages: %s", strerror(-r));
}

static int on_timer(sd_event_source *source, uint64_t time_us, void *user) {
    (void)source, (void)time_us;
    expire(user);
    return 0;
}

/* Not the broker's absence: this message would fail again. */
static void refuse(struct mqtt_queue *q, struct mqtt_message *before, const char *why) {
    const struct mqtt_message *m = before ? before->next : q->first;

    if (!q->warned_refusal)
        bridge_log(BRIDGE_LOG_WARNING, "A message for the MQTT topic %s is lost: %s", m->topic, why);
    q->warned_refusal = true;
    take_out(q, before);
    q->n_dropped++;
}

static void send_waiting(struct mqtt_queue *q) {
    struct mqtt_message *before = NULL;
    size_t n_sent = 0;

    for (struct mqtt_message *m = q->first; m; m = m->next)
        n_sent += m->id != 0;
    for (struct mqtt_message *m = q->first, *after; m && n_sent < MOST_SENT; m = after) {
        int id = m->id;
        after = m->next;
        if (id == 0) {
            uint64_t now = now_us(q), left_s = m->expires_us > now ? (m->expires_us - now + 999999) / 1000000 : 1;
            id = mqtt_client_send(q->client, m->topic, m->payload, m->n, (uint32_t)left_s);
            if (id == -EMSGSIZE || id == -EINVAL) {
                refuse(q, before, id == -EMSGSIZE ? "it is larger than the broker takes" : "the broker could not read it");
                continue;
            }
            m->id = id > 0 ? id : 0;
            n_sent += id > 0;
        }
        before = m;
    }
}

int mqtt_queue_init(struct mqtt_queue *q, sd_event *event, struct mqtt_client *client, uint32_t keep_s) {
    *q = (struct mqtt_queue){.client = client, .keep_s = keep_s};
    int r = sd_event_add_time(event, &q->timer, CLOCK_BOOTTIME, 0, 0, on_timer, q);
    return r < 0 ? r : sd_event_source_set_enabled(q->timer, SD_EVENT_OFF);
}

void mqtt_queue_done(struct mqtt_queue *q) {
    while (q->first)
        take_out(q, NULL);
    q->timer = sd_event_source_disable_unref(q->timer);
}

void mqtt_queue_add(struct mqtt_queue *q, const char *topic, const char *payload, size_t n) {
    struct mqtt_message *m = malloc(sizeof(*m) + n);
    char *copy = strdup(topic);

    if (!m || !copy) {
        free(m);
        free(copy);
        return;
    }
    *m = (struct mqtt_message){.expires_us = now_us(q) + (uint64_t)q->keep_s * 1000000, .topic = copy, .n = n};
    memcpy(m->payload, payload, n);
    *(q->last ? &q->last->next : &q->first) = m;
    q->last = m;
    if (++q->n > MOST_MESSAGES)
        drop(q, NULL);
    send_waiting(q);
    expire(q);
}

void mqtt_queue_up(struct mqtt_queue *q) {
    expire(q);
    send_waiting(q);
    q->warned = q->warned_refusal = false;
}

void mqtt_queue_down(struct mqtt_queue *q) {
    for (struct mqtt_message *m = q->first; m; m = m->next)
        m->id = 0;
    expire(q);
}

void mqtt_queue_confirmed(struct mqtt_queue *q, int id, const char *refusal) {
    struct mqtt_message *before = NULL;

    for (struct mqtt_message *m = q->first; m; before = m, m = m->next) {
        if (m->id != id)
            continue;
        if (refusal)
            refuse(q, before, refusal);
        else
            take_out(q, before);
        send_waiting(q);
        expire(q);
        return;
    }
}
