/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/link.c: the connection to the bus, whether tragusd is there, and which grammars it has. */
#include "base/utf8.h"
#include "bridge/listener.h"
#include "bridge/private.h"
#include "busjson/busjson.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define LONGEST_PAUSE_S 30

/* --- what is asked ------------------------------------------------------------------------------------------------------------ */

const char *bridge_link_complaint(sd_bus_message *m, int r, char *out, size_t size) {
    const sd_bus_error *error = m ? sd_bus_message_get_error(m) : NULL;

    if (!error && r == -ENOTCONN)
        snprintf(out, size, "the message bus cannot be reached, so tragusd cannot be asked; start dbus");
    else if (!error)
        snprintf(out, size, "tragusd cannot be asked: %s", strerror(-r));
    else if (sd_bus_error_has_names(error, SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
        snprintf(out, size, "tragusd is not running; start it (systemctl start tragus)");
    else if (sd_bus_error_has_names(error, SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_DISCONNECTED))
        snprintf(out, size, "tragusd has stopped before it answered; try again");
    else
        snprintf(out, size, "tragusd cannot do this: %.300s", error->message ? error->message : error->name);
    base_utf8_mend(out);
    return out;
}

bool bridge_link_lacks_words(struct bridge *b, sd_bus_message *m) {
    char text[512];

    if (!sd_bus_message_is_method_error(m, "org.tragus.Error.NoSuchModel"))
        return false;
    if (!b->lacks_words)
        bridge_log(BRIDGE_LOG_WARNING, "fallback = yes has no effect: %s", bridge_link_complaint(m, 0, text, sizeof(text)));
    b->lacks_words = true;
    return true;
}

/* Whether a grammar for one tag serves speakers of the other: en and en-US, but not en-GB and en-US. */
static bool fits(const char *grammar, const char *wanted) {
    size_t n = strlen(grammar), n_wanted = strlen(wanted), n_both = n < n_wanted ? n : n_wanted;
    return n > 0 && strncasecmp(grammar, wanted, n_both) == 0 &&
           (n == n_wanted || (n > n_both ? grammar : wanted)[n_both] == '-' || (n > n_both ? grammar : wanted)[n_both] == '_');
}

size_t bridge_link_choose(const struct bridge *b, const char *language, struct bridge_grammar ret[BRIDGE_MOST_CHOICES]) {
    const struct bridge_grammar *first = NULL, *own = NULL;
    bool others = false; /* there are grammars of another language */

    for (size_t i = b->link.n_grammars; language && i-- > 0;) {
        const struct bridge_grammar *g = &b->link.grammars[i];
        if (fits(g->language, language))
            first = g;
        else
            others = true;
        if (strcmp(g->name, b->options->grammar) == 0)
            own = g;
    }
    ret[0] = (struct bridge_grammar){.name = (char *)b->options->grammar, .language = ""};
    if (!first || !others || (own && fits(own->language, language)))
        return 1;
    ret[own ? 0 : 1] = (struct bridge_grammar){.name = first->name, .language = ""};
    if (own)
        return 1;
    ret[0].language = first->language; /* the default grammar, if it is of that language */
    return 2;
}

/* --- the grammars ------------------------------------------------------------------------------------------------------------- */

static void forget_grammars(struct bridge_link *l) {
    for (size_t i = 0; i < l->n_grammars; i++) {
        free(l->grammars[i].name);
        free(l->grammars[i].language);
    }
    free(l->grammars);
    l->grammars = NULL;
    l->n_grammars = 0;
}

static void keep_grammar(struct bridge_link *l, const char *name, const char *language) {
    struct bridge_grammar *more = reallocarray(l->grammars, l->n_grammars + 1, sizeof(*more));
    if (!more)
        return;
    l->grammars = more;
    struct bridge_grammar *g = &more[l->n_grammars];
    *g = (struct bridge_grammar){.name = strdup(name), .language = strdup(language)};
    if (g->name && g->language) {
        l->n_grammars++;
    } else {
        free(g->name);
        free(g->language);
    }
}

static void list_grammars(struct bridge_link *l);

/* Any user may add grammars. Those of others count only if they are administrators, or if bridge.conf names the grammar: else they
 * could decide what the commands of our clients mean. */
static bool is_trusted(const struct bridge *b, const char *name, json_object *about) {
    return json_object_get_boolean(json_object_object_get(about, "ByAdministrator")) ||
           json_object_get_int64(json_object_object_get(about, "Owner")) == (int64_t)geteuid() ||
           strcmp(name, b->options->grammar) == 0 || strcmp(name, b->options->home_grammar) == 0;
}

static void take_list(struct bridge_link *l, sd_bus_message *m) {
    const char *name;
    int64_t n_states = 0;

    forget_grammars(l);
    if (sd_bus_message_enter_container(m, 'a', "{sa{sv}}") < 0)
        return;
    while (sd_bus_message_enter_container(m, 'e', "sa{sv}") > 0) {
        json_object *about = sd_bus_message_read_basic(m, 's', &name) > 0 ? busjson_names(m) : NULL;
        const char *language = json_object_get_string(json_object_object_get(about, "Language"));
        bool is_used = language && is_trusted(l->bridge, name, about);
        if (is_used)
            keep_grammar(l, name, language);
        if (is_used && !json_object_get_boolean(json_object_object_get(about, "Private")))
            n_states += json_object_get_int64(json_object_object_get(about, "States"));
        json_object_put(about);
        if (sd_bus_message_exit_container(m) < 0)
            break;
    }
    if (n_states != l->n_states)
        bridge_home_set_again(l->bridge);
    l->n_states = n_states;
}

static int on_list(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bridge_link *l = user;
    (void)error;

    l->listing = sd_bus_slot_unref(l->listing);
    if (!sd_bus_message_is_method_error(m, NULL)) /* else tragusd is not there; NameOwnerChanged tells when it is */
        take_list(l, m);
    if (l->list_again)
        list_grammars(l);
    return 0;
}

/* Does not start tragusd: only a request for recognition does. */
static void list_grammars(struct bridge_link *l) {
    sd_bus_message *call = NULL;

    l->list_again = l->listing != NULL;
    if (l->listing)
        return;
    int r = sd_bus_message_new_method_call(l->bus, &call, BRIDGE_TRAGUS, BRIDGE_PATH, BRIDGE_MANAGER, "ListGrammars");
    if (r >= 0)
        r = sd_bus_message_set_auto_start(call, false);
    if (r >= 0)
        r = sd_bus_call_async(l->bus, &l->listing, call, on_list, l, 0);
    sd_bus_message_unref(call);
    if (r < 0)
        bridge_log(BRIDGE_LOG_WARNING, "Failed to ask tragusd for its grammars: %s", strerror(-r));
}

static int on_properties(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bridge_link *l = user;
    const char *name;
    (void)error;

    if (sd_bus_message_skip(m, "sa{sv}") < 0 || sd_bus_message_enter_container(m, 'a', "s") < 0)
        return 0;
    while (sd_bus_message_read_basic(m, 's', &name) > 0)
        if (strcmp(name, "Grammars") == 0)
            list_grammars(l);
    bridge_mqtt_properties(l->bridge);
    return 0;
}

/* --- the connection ----------------------------------------------------------------------------------------------------------- */

static int on_owner(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bridge_link *l = user;
    const char *name, *old, *new;
    (void)error;

    if (sd_bus_message_read(m, "sss", &name, &old, &new) < 0)
        return 0;
    l->n_states = 0;
    if (*old) {
        bridge_streams_fail(l->bridge, "tragusd has stopped before it answered; try again");
        bridge_listeners_fail(l->bridge, "tragusd has stopped");
    }
    if (*new)
        list_grammars(l);
    bridge_mqtt_tragusd(l->bridge, *new != '\0');
    return 0;
}

static int on_signal(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bridge_link *l = user;
    (void)error;
    bridge_stream_signal(l->bridge, m);
    bridge_listener_signal(l->bridge, m);
    return 0;
}

static void disconnect(struct bridge_link *l) {
    l->n_states = 0;
    l->listing = sd_bus_slot_unref(l->listing);
    bridge_bus_close(&l->bus);
}

static void connect_again(struct bridge_link *l) {
    bridge_timer_back_off(l->retry, &l->pause_s, LONGEST_PAUSE_S, "the message bus");
}

static int on_disconnected(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bridge_link *l = user;
    (void)m, (void)error;

    bridge_log(BRIDGE_LOG_WARNING, "The message bus has closed the connection; trying again");
    bridge_streams_fail(l->bridge, "the message bus has closed the connection; try again");
    bridge_listeners_fail(l->bridge, "the message bus has closed the connection");
    bridge_mqtt_tragusd(l->bridge, false);
    disconnect(l);
    connect_again(l);
    return 0;
}

static int connect_bus(struct bridge_link *l) {
    struct bridge *b = l->bridge;

    int r = bridge_bus_open(&l->bus, b->options->address, BRIDGE_TRAGUS, on_owner, on_disconnected, l);
    if (r >= 0)
        r = sd_bus_add_match_async(l->bus, NULL,
                                   "type='signal',sender='" BRIDGE_TRAGUS "',path='" BRIDGE_PATH "',"
                                   "interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',arg0='" BRIDGE_MANAGER
                                   "'",
                                   on_properties, NULL, l);
    if (r >= 0)
        r = sd_bus_match_signal_async(l->bus, NULL, NULL, NULL, BRIDGE_SESSION, NULL, on_signal, NULL, l);
    if (r >= 0)
        r = sd_bus_attach_event(l->bus, b->event, SD_EVENT_PRIORITY_NORMAL);
    if (r < 0)
        disconnect(l);
    return r;
}

static int on_retry(sd_event_source *source, uint64_t now_us, void *user) {
    struct bridge_link *l = user;
    (void)source, (void)now_us;

    int r = connect_bus(l);
    if (r < 0) {
        if (l->pause_s == 0)
            bridge_log(BRIDGE_LOG_WARNING, "The message bus %s cannot be reached, trying again: %s", l->bridge->options->address,
                       strerror(-r));
        connect_again(l);
        return 0;
    }
    l->pause_s = 0;
    list_grammars(l);
    bridge_mqtt_tragusd(l->bridge, true);
    return 0;
}

void bridge_link_open(struct bridge *b) {
    b->link.bridge = b;
    int r = sd_event_add_time_relative(b->event, &b->link.retry, CLOCK_MONOTONIC, 0, 0, on_retry, &b->link);
    if (r < 0)
        bridge_log(BRIDGE_LOG_ERROR, "Failed to set the timer for the message bus: %s", strerror(-r));
}

void bridge_link_close(struct bridge *b) {
    disconnect(&b->link);
    forget_grammars(&b->link);
    b->link.retry = sd_event_source_disable_unref(b->link.retry);
}
