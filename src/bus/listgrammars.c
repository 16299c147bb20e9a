/* SPDX-License-Identifier: Apache-2.0 */
/* bus/listgrammars.c: Manager1.ListGrammars. */
#include "bus/private.h"

#include <string.h>

/* Anybody may add grammars with many names, and a message has a limit (BUS_LARGEST_RESULT). */
#define MOST_NAMES_BYTES 16384

static const char *guessed_word(const struct service_grammar *g, size_t i) {
    struct service_grammar_info info;
    service_grammar_describe(g, &info);
    return i < info.n_guessed ? info.guessed[i] : NULL;
}

/* Appends the names that name_at gives until it gives NULL, or as many as there is room for. Returns about how many bytes. */
static size_t append_names(sd_bus_message *m, const struct service_grammar *g,
                           const char *(*name_at)(const struct service_grammar *g, size_t i)) {
    const char *name;
    size_t bytes = 0;

    (void)sd_bus_message_open_container(m, 'a', "s");
    for (size_t i = 0; (name = name_at(g, i)) && (bytes += strlen(name) + 8) <= MOST_NAMES_BYTES; i++)
        (void)sd_bus_message_append(m, "s", name);
    (void)sd_bus_message_close_container(m);
    return bytes;
}

/* Adds its size to *bytes. */
static int append_grammar(sd_bus_message *m, const struct service_grammar *g, size_t *bytes) {
    struct service_grammar_info info;
    service_grammar_describe(g, &info);

    (void)sd_bus_message_open_container(m, 'e', "sa{sv}");
    (void)sd_bus_message_append(m, "s", g->name);
    (void)sd_bus_message_open_container(m, 'a', "{sv}");
    (void)sd_bus_message_append(m, "{sv}", "Language", "s", g->language);
    (void)sd_bus_message_append(m, "{sv}", "Format", "s", g->format);
    bus_open_entry(m, "Intents", "as");
    *bytes += append_names(m, g, service_grammar_intent);
    bus_close_entry(m);
    (void)sd_bus_message_append(m, "{sv}", "Templates", "u", (uint32_t)info.n_templates);
    (void)sd_bus_message_append(m, "{sv}", "States", "u", info.n_states);
    (void)sd_bus_message_append(m, "{sv}", "Words", "u", info.n_words);
    bus_open_entry(m, "Guessed", "as");
    *bytes += append_names(m, g, guessed_word);
    bus_close_entry(m);
    (void)sd_bus_message_append(m, "{sv}", "Owner", "u", (uint32_t)g->uid);
    (void)sd_bus_message_append(m, "{sv}", "ByAdministrator", "b", (int)g->by_administrator);
    bus_open_entry(m, "SetLists", "as");
    *bytes += append_names(m, g, service_grammar_set_list_name);
    bus_close_entry(m);
    (void)sd_bus_message_append(m, "{sv}", "Private", "b", g->owner != NULL);
    (void)sd_bus_message_close_container(m);
    return sd_bus_message_close_container(m);
}

int bus_list_grammars(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus *b = user;
    const char *sender = sd_bus_message_get_sender(m);
    sd_bus_message *reply = NULL;
    size_t bytes = 0;

    int r = sd_bus_message_new_method_return(m, &reply);
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "{sa{sv}}");
    for (const struct service_grammar *g = service_grammars(b->service); r >= 0 && g; g = g->next)
        if (!g->owner || (sender && strcmp(g->owner, sender) == 0))
            r = append_grammar(reply, g, &bytes);
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    if (r >= 0 && !bus_share_answer(b, m, bytes))
        r = sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, BUS_NOT_READ);
    if (r >= 0)
        r = sd_bus_send(b->bus, reply, NULL);
    sd_bus_message_unref(reply);
    return r;
}
