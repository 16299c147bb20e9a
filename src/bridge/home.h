/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/home.h: the names of Home Assistant, for the files home*.c: home_lists.c makes lists of what Home Assistant sends,
 * home_client.c asks for it in a thread of its own at the address that home_url.c reads, and home.c puts the lists into a grammar
 * of tragusd. */
#ifndef TRAGUS_BRIDGE_HOME_H
#define TRAGUS_BRIDGE_HOME_H

#include "base/buffer.h"
#include "base/error.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

/* --- lists -------------------------------------------------------------------------------------------------------------------- */

/* The results of Home Assistant's commands. Any may be NULL or of a wrong type, and then counts as empty. */
struct bridge_home_answers {
    json_object *exposed;  /* homeassistant/expose_entity/list: {exposed_entities: {entity: {conversation: bool}}} */
    json_object *entries;  /* config/entity_registry/get_entries: {entity: entry or null} */
    json_object *areas;    /* config/area_registry/list: [{area_id, name, aliases}] */
    json_object *floors;   /* config/floor_registry/list: [{floor_id, name, aliases}] */
    json_object *friendly; /* {entity: attribute friendly_name}, also of entities that are away for the moment */
    bool own_name_is_null; /* since 2026.4 null stands for the own name in a list of aliases, and without it the own name is not
                              used */
};

/* Told of each name that is left out. id: of the entity, area or floor; why: the end of a sentence. */
typedef void bridge_home_left_out(const char *id, const char *why, void *user);

/* Returns the lists {floor: [...], area: [...], name: [...]} of values {in: what is spoken, out: the name, domain: of an entity},
 * in an order that depends on the names alone; NULL if there is no memory. The caller puts them. */
json_object *bridge_home_lists(const struct bridge_home_answers *a, bridge_home_left_out *left_out, void *user);

/* An array of the ids of exposed entities. */
json_object *bridge_home_exposed(json_object *exposed);

/* Writes what is spoken of a name, without signs that templates use and without pictures. Returns NULL, or why the name cannot be
 * used. */
const char *bridge_home_spoken(struct base_buffer *out, const char *name);

/* --- the address -------------------------------------------------------------------------------------------------------------- */

struct bridge_home_url {
    char *host, *path; /* of the API: /api/websocket below the URL of the browser */
    int port;
    bool is_tls;
};

/* Returns -EINVAL and a sentence for a wrong URL. */
int bridge_home_url_read(struct bridge_home_url *ret, const char *url, tragus_error *reterr);
void bridge_home_url_done(struct bridge_home_url *u);

/* --- the connection ----------------------------------------------------------------------------------------------------------- */

struct bridge_home_client;

struct bridge_home_place {
    const char *url, *token_file, *ca_file; /* ca_file: NULL: the certificates of the system */
};

/* Connects in its own thread, because libwebsockets looks up host names and Debian's does not run in other event loops. After
 * each change of the lists it writes to wake_fd, an eventfd. Returns a negative errno and a message for a wrong URL, a wrong file
 * of certificates, or if it cannot start. The texts of place are borrowed. */
int bridge_home_client_new(struct bridge_home_client **ret, const struct bridge_home_place *place, int wake_fd,
                           tragus_error *reterr);
/* Ends the thread. Accepts NULL. */
void bridge_home_client_free(struct bridge_home_client *c);
/* The newest lists if there are new ones since the last call, or NULL. The caller puts them. */
json_object *bridge_home_client_take(struct bridge_home_client *c);

#endif
