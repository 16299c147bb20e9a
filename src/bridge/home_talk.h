/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/home_talk.h: the messages of a connection with Home Assistant, for home_talk.c, which knows the messages, and
 * home_client.c, which moves them. */
#ifndef TRAGUS_BRIDGE_HOME_TALK_H
#define TRAGUS_BRIDGE_HOME_TALK_H

#include "bridge/home.h"
#include "bridge/private.h"

enum bridge_home_command {
    BRIDGE_HOME_EXPOSED,
    BRIDGE_HOME_AREAS,
    BRIDGE_HOME_FLOORS,
    BRIDGE_HOME_ENTRIES,
    BRIDGE_HOME_STATES, /* a subscription, whose first event has the names of all entities */
    BRIDGE_HOME_COMMANDS
};

struct bridge_home_talk {
    struct bridge_home_client *client;
    char token[BRIDGE_MOST_SECRET + 1];
    bool is_authenticating, is_accepted; /* the token */
    int64_t last_id;
    int64_t first_event_id, last_event_id;      /* subscriptions to changes of the registries */
    int64_t ids[BRIDGE_HOME_COMMANDS];          /* of the reading that goes on or was the last; 0: not sent */
    json_object *results[BRIDGE_HOME_COMMANDS]; /* of the reading that goes on */
    json_object *watched;                       /* {entity that is exposed: null}: states of others are not kept */
    bool is_reading, read_again;
    bool own_name_is_null;
    /* These outlive a connection: while an entity is away, its last name is used, and each warning is written once. */
    json_object *friendly, *warned;
};

/* Takes a message. Returns -EACCES and a sentence if the token is refused, another error and a sentence if
 * the connection is of no use. */
int bridge_home_talk_receive(struct bridge_home_talk *t, const char *text, size_t n, tragus_error *reterr);
/* Reads everything again, now or after what is being read. */
void bridge_home_talk_read(struct bridge_home_talk *t);
/* Forgets the connection. */
void bridge_home_talk_reset(struct bridge_home_talk *t);
void bridge_home_talk_done(struct bridge_home_talk *t);

/* Sends a message and takes ownership of it. */
void bridge_home_client_send(struct bridge_home_client *c, json_object *message);
/* Something has changed: calls bridge_home_talk_read soon. */
void bridge_home_client_read_soon(struct bridge_home_client *c);
/* Everything has been read. Takes ownership. */
void bridge_home_client_give(struct bridge_home_client *c, json_object *lists);

#endif
