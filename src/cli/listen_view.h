/* SPDX-License-Identifier: Apache-2.0 */
/* cli/listen_view.h: the view of `tragus listen` in a terminal. */
#ifndef TRAGUS_CLI_LISTEN_VIEW_H
#define TRAGUS_CLI_LISTEN_VIEW_H

#include <json-c/json.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

/* All zeros: not started; wipe, words and end then do nothing that can be seen. */
struct listen_view {
    sd_bus *bus;
    const char *session;
    sd_event_source *update;
    double peak_db;
    char words[200]; /* of the sentence so far */
};

/* Prints an event, as busjson_signal gives it, as a line of text on standard output; nothing for events without news. */
void listen_print_text(const char *event, json_object *o);
/* Prints a few sentences of a grammar that can be said ("": the default grammar). */
void listen_view_examples(sd_bus *bus, const char *grammar);
/* Shows the line from now on. bus and session are borrowed until the end. Returns a negative errno on failure. */
int listen_view_start(struct listen_view *v, sd_event *event, sd_bus *bus, const char *session);
/* Removes the line, so that something else can be printed in its place; it comes back by itself. */
void listen_view_wipe(const struct listen_view *v);
/* Sets the words that the line shows; "": none. */
void listen_view_words(struct listen_view *v, const char *words);
void listen_view_end(struct listen_view *v);

#endif
