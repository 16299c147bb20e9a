/* SPDX-License-Identifier: Apache-2.0 */
/* busjson/busjson.h: the messages of tragusd as JSON, for its clients. */
#ifndef TRAGUS_BUSJSON_BUSJSON_H
#define TRAGUS_BUSJSON_BUSJSON_H

#include <json-c/json.h>
#include <systemd/sd-bus.h>

/* All functions return an object that the caller releases with json_object_put. */

/* A number that is written in this printf format, which must outlive it; NULL if there is no memory. */
json_object *busjson_decimals(double x, const char *format);
json_object *busjson_confidence(double x); /* three decimals; also for levels */
json_object *busjson_real(double x);       /* the fewest digits that give x again */

/* Reads the next value of a message, of any type: a{sv} and a{st} become objects, arrays and structs become arrays, variants become
 * their content. Keys of an a{sv} like StartMs become start_ms. Returns NULL at the end of a container and on errors. */
json_object *busjson_value(sd_bus_message *m);

/* Reads an a{sv} whose keys are names from the grammar (slots), without changing them or the digits of numbers. */
json_object *busjson_names(sd_bus_message *m);

/* Converts a signal of Session1 to an object: "event", its fields, its details. *ret_event: the name of the event, valid as long as
 * the object. Returns NULL for other signals. */
json_object *busjson_signal(sd_bus_message *m, const char **ret_event);

/* As json_object_object_add and json_object_array_add, for an object that may be missing for want of memory, for which json-c would
 * end the program. If something is missing, errno is ENOMEM. */
void busjson_add(json_object *o, const char *key, json_object *value);
void busjson_append(json_object *list, json_object *value);

/* The text of a member; NULL if there is none, if it is no string, or if o is no object. Valid as long as the member. */
const char *busjson_text(json_object *o, const char *key);

/* The length of an array; 0 for anything else, for which json_object_array_length would end the program. */
size_t busjson_length(json_object *o);

#endif
