/* SPDX-License-Identifier: Apache-2.0 */
/* bus/manager1.c: org.tragus.Manager1: sessions, grammars, typed text, pronunciations, reloading. */
#include "bus/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST_LIST_VALUES 20000
#define MOST_LIST_BYTES (4 << 20) /* of all its texts */
#define MOST_READINGS 8
#define LEFT_OUT_BYTES 200 /* of an entry of LeftOut without its texts, about */
#define WORD_BYTES 512     /* of a word with its pronunciations in a message, about */
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* --- typed text --------------------------------------------------------------------------------------------------------------- */

static int reply_readings(struct bus_call *call, const struct service_match_result *result) {
    sd_bus_message *reply = NULL;
    size_t bytes = 0;

    for (int i = 0; i < result->code; i++)
        bytes += bus_reading_bytes(tragus_match_reading(result->match, (size_t)i));
    if (!bus_call_may_send(call, bytes))
        return -ENOBUFS;
    int r = sd_bus_message_new_method_return(call->message, &reply);
    if (r >= 0)
        r = sd_bus_message_sensitive(reply);
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "a{sv}");
    for (int i = 0; r >= 0 && i < result->code; i++)
        r = bus_append_reading(reply, tragus_match_reading(result->match, (size_t)i), result->grammar);
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    if (r >= 0)
        r = sd_bus_send(NULL, reply, NULL);
    sd_bus_message_unref(reply);
    return r;
}

static void on_matched(const struct service_match_result *result, void *user) {
    struct bus_call *call = user;
    if (call->bus)
        bus_share_begin(call->bus, call->caller.uid);
    int r = result->code < 0 ? bus_fail(&call->error, result->code, &result->error) : reply_readings(call, result);
    if (r == -EMSGSIZE)
        r = sd_bus_error_set(&call->error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                             "The result is too large for one message; give the sentence a shorter response and less metadata");
    bus_call_end(call, r);
}

/* ParseText, with a context, or Parse, with options. */
static int method_parse(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus *b = user;
    struct bus_context context = {.n = 0};
    tragus_error e = {0};
    struct bus_call *call;
    const char *name, *text;
    int fuzzy = 0, unmatched = 0;
    const struct bus_option table[] = {
        {"Context", BUS_CONTEXT, &context}, {"Fuzzy", BUS_BOOLEAN, &fuzzy}, {"Unmatched", BUS_BOOLEAN, &unmatched}};

    int r = sd_bus_message_read(m, "ss", &name, &text);
    if (r >= 0 && sd_bus_message_is_method_call(m, BUS_MANAGER, "ParseText") > 0)
        r = bus_read_context(m, &context, error);
    else if (r >= 0)
        r = bus_read_options(m, table, COUNT(table), error);
    if (r >= 0)
        r = bus_call_new(&call, b, m, error);
    if (r < 0)
        return r;
    const struct service_match_options o = {
        .context = context.items, .n_context = context.n, .most = MOST_READINGS, .fuzzy = fuzzy, .unmatched = unmatched};
    r = service_match_text(b->service, &call->caller, name, text, &o, on_matched, call, &e);
    if (r >= 0)
        return 1; /* answered later */
    bus_call_free(call);
    return bus_fail(error, r, &e);
}

/* --- grammars ----------------------------------------------------------------------------------------------------------------- */

static int method_remove_grammar(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus *b = user;
    struct service_caller caller;
    tragus_error e = {0};
    const char *name;

    int r = sd_bus_message_read(m, "s", &name);
    if (r >= 0)
        r = bus_caller(b, m, &caller, error);
    if (r < 0)
        return r;
    r = service_grammar_remove(b->service, &caller, name, &e);
    if (r < 0)
        return bus_fail(error, r, &e);
    return sd_bus_reply_method_return(m, "");
}

static size_t n_bytes(const tragus_list_value *v) {
    return strlen(v->in) + (v->out ? strlen(v->out) : 0) + (v->domain ? strlen(v->domain) : 0);
}

/* Reads one (template, value, options) of a list. Returns how many options it has. */
static int read_list_value(sd_bus_message *m, tragus_list_value *ret, sd_bus_error *error) {
    struct bus_context context = {.n = 0};
    const struct bus_option table[] = {{"Context", BUS_CONTEXT, &context}};

    int r = sd_bus_message_read(m, "ss", &ret->in, &ret->out);
    if (r >= 0)
        r = bus_read_options(m, table, COUNT(table), error);
    if (r < 0)
        return r;
    ret->domain = NULL;
    for (size_t i = 0; i < context.n; i++) {
        if (strcmp(context.items[i].key, "domain") != 0)
            return bus_refuse(error, SD_BUS_ERROR_INVALID_ARGS,
                              "Unknown context \"%.60s\" of a list value; the only known one is domain", context.items[i].key);
        ret->domain = context.items[i].value;
    }
    if (!*ret->out)
        ret->out = NULL;
    return r + (int)context.n;
}

static int read_list(sd_bus_message *m, tragus_list_value **ret, size_t *ret_n, sd_bus_error *error) {
    tragus_list_value *values = NULL;
    size_t n = 0, size = 0, bytes = 0, n_options = 0;

    int r = sd_bus_message_enter_container(m, 'a', "(ssa{sv})");
    while (r >= 0 && (r = sd_bus_message_enter_container(m, 'r', "ssa{sv}")) > 0) {
        if (n == MOST_LIST_VALUES) {
            r = bus_refuse(error, BUS_ERROR("GrammarTooLarge"), "A list can have at most %d values", MOST_LIST_VALUES);
            break;
        }
        if (n == size) {
            size = size ? 2 * size : 64;
            tragus_list_value *larger = reallocarray(values, size, sizeof(*values));
            if (!larger) {
                r = -ENOMEM;
                break;
            }
            values = larger;
        }
        r = read_list_value(m, &values[n], error);
        if (r >= 0 && (n_options += (size_t)r) > 2 * MOST_LIST_VALUES)
            r = bus_refuse(error, BUS_ERROR("GrammarTooLarge"), "The values of a list can have at most %d options",
                           2 * MOST_LIST_VALUES);
        if (r >= 0 && (bytes += n_bytes(&values[n])) > MOST_LIST_BYTES)
            r = bus_refuse(error, BUS_ERROR("GrammarTooLarge"), "A list can have at most %d bytes", MOST_LIST_BYTES);
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
        n++;
    }
    if (r >= 0)
        r = sd_bus_message_exit_container(m);
    if (r < 0) {
        free(values);
        return r;
    }
    *ret = values;
    *ret_n = n;
    return 0;
}

static void on_list_done(const struct service_grammar_result *result, void *user) {
    struct bus_call *call = user;
    int r = result->code;

    if (r >= 0)
        r = bus_reply_diagnostics(call, result->diagnostics);
    else
        r = bus_fail(&call->error, r == -EINVAL ? -EBADMSG : r, &result->error);
    bus_call_end(call, r);
}

static int method_set_list(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus *b = user;
    tragus_error e = {0};
    struct bus_call *call;
    tragus_list_value *values = NULL;
    const char *grammar, *list;
    size_t n = 0;

    int r = sd_bus_message_read(m, "ss", &grammar, &list);
    if (r >= 0)
        r = bus_check_length("The name of the list", list, error);
    if (r >= 0)
        r = bus_watch_owner(b, m, error);
    if (r >= 0)
        r = read_list(m, &values, &n, error);
    if (r < 0)
        return r;
    r = bus_call_new(&call, b, m, error);
    if (r >= 0) {
        r = service_grammar_set_list(b->service, &call->caller, grammar, list, values, n, on_list_done, call, &e);
        if (r < 0) {
            bus_call_free(call);
            r = bus_fail(error, r, &e);
        }
    }
    free(values);
    return r < 0 ? r : 1; /* answered later */
}

static int method_examples(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus *b = user;
    char examples[SERVICE_MOST_EXAMPLES][SERVICE_EXAMPLE_BYTES];
    tragus_error e = {0};
    sd_bus_message *reply = NULL;
    const char *name;
    uint32_t n;

    int r = sd_bus_message_read(m, "su", &name, &n);
    if (r < 0)
        return r;
    int found = service_grammar_examples(b->service, sd_bus_message_get_sender(m), name, examples, n, &e);
    if (found < 0)
        return bus_fail(error, found, &e);
    r = sd_bus_message_new_method_return(m, &reply);
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "s");
    for (int i = 0; r >= 0 && i < found; i++)
        r = sd_bus_message_append(reply, "s", examples[i]);
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    if (r >= 0)
        r = sd_bus_send(NULL, reply, NULL);
    sd_bus_message_unref(reply);
    return r < 0 ? r : 1;
}

/* --- pronunciations ----------------------------------------------------------------------------------------------------------- */

/* a{saas}: each variant is its phones; a guess begins with "?". */
static int append_word(sd_bus_message *m, const char *word, const struct service_pronunciation variants[]) {
    (void)sd_bus_message_open_container(m, 'e', "saas");
    (void)sd_bus_message_append(m, "s", word);
    (void)sd_bus_message_open_container(m, 'a', "as");
    for (size_t i = 0; i < SERVICE_MAX_VARIANTS && variants[i].n_phones > 0; i++) {
        (void)sd_bus_message_open_container(m, 'a', "s");
        if (variants[i].guessed)
            (void)sd_bus_message_append(m, "s", "?");
        for (size_t k = 0; k < variants[i].n_phones; k++)
            (void)sd_bus_message_append(m, "s", variants[i].phones[k]);
        (void)sd_bus_message_close_container(m);
    }
    (void)sd_bus_message_close_container(m);
    return sd_bus_message_close_container(m);
}

static void on_pronounced(const struct service_pronounce_result *result, void *user) {
    struct bus_call *call = user;
    sd_bus_message *reply = NULL;
    int r = result->code;

    if (r < 0) {
        bus_call_end(call, bus_fail(&call->error, r, &result->error));
        return;
    }
    if (!bus_call_may_send(call, result->n_words * WORD_BYTES)) {
        bus_call_end(call, -ENOBUFS);
        return;
    }
    r = sd_bus_message_new_method_return(call->message, &reply);
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "{saas}");
    for (size_t i = 0; r >= 0 && i < result->n_words; i++)
        r = append_word(reply, result->words[i], &result->variants[i * SERVICE_MAX_VARIANTS]);
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    if (r >= 0)
        r = sd_bus_send(NULL, reply, NULL);
    sd_bus_message_unref(reply);
    bus_call_end(call, r);
}

/* Reads an array of strings, valid as long as the message; at most one more than allowed. */
static int read_words(sd_bus_message *m, const char *words[SERVICE_MAX_WORDS + 1], size_t *ret_n) {
    size_t n = 0;
    int r = sd_bus_message_enter_container(m, 'a', "s");
    while (r >= 0 && n <= SERVICE_MAX_WORDS && (r = sd_bus_message_read(m, "s", &words[n])) > 0)
        n++;
    *ret_n = n;
    return r;
}

static int method_pronounce(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus *b = user;
    tragus_error e = {0};
    struct bus_call *call;
    const char *language, *words[SERVICE_MAX_WORDS + 1];
    size_t n;

    int r = sd_bus_message_read(m, "s", &language);
    if (r >= 0)
        r = read_words(m, words, &n);
    if (r >= 0)
        r = bus_call_new(&call, b, m, error);
    if (r < 0)
        return r;
    r = service_pronounce(b->service, &call->caller, language, words, n, on_pronounced, call, &e);
    if (r >= 0)
        return 1; /* answered later */
    bus_call_free(call);
    return bus_fail(error, r, &e);
}

/* --- the configuration -------------------------------------------------------------------------------------------------------- */

static int append_all_left_out(sd_bus_message *reply, const struct service *service);

static void on_reloaded(int code, void *user) {
    struct bus_call *call = user;
    sd_bus_message *reply = NULL;

    int r = code < 0 || !call->bus ? -ECANCELED : sd_bus_message_new_method_return(call->message, &reply);
    if (r >= 0)
        r = append_all_left_out(reply, call->bus->service);
    if (r >= 0)
        r = sd_bus_send(NULL, reply, NULL);
    sd_bus_message_unref(reply);
    bus_call_end(call, r);
}

static int method_reload(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus *b = user;
    tragus_error e = {0};
    struct bus_call *call;
    int forget_lists = 0;
    const struct bus_option table[] = {{"ForgetLists", BUS_BOOLEAN, &forget_lists}};

    int r = bus_read_options(m, table, COUNT(table), error);
    if (r >= 0)
        r = bus_call_new(&call, b, m, error);
    if (r < 0)
        return r;
    r = service_reload(b->service, &call->caller, forget_lists, on_reloaded, call, &e);
    if (r >= 0)
        return 1; /* answered later */
    bus_call_free(call);
    bool is_wrong_file = r == -EINVAL || r == -ENOENT || r == -EACCES || r == -EISDIR; /* tragus.conf */
    return bus_fail(error, is_wrong_file ? -EBADMSG : r, &e);
}

/* --- properties --------------------------------------------------------------------------------------------------------------- */

/* Who listens, but never what is heard. */
static int append_listeners(sd_bus_message *reply, const struct service *service) {
    struct service_session_view view;

    int r = sd_bus_message_open_container(reply, 'a', "a{sv}");
    for (const struct service_session *s = service_next_session(service, NULL); r >= 0 && s; s = service_next_session(service, s)) {
        service_session_view(s, &view);
        if (view.running)
            r = sd_bus_message_append(reply, "a{sv}", 5, "App", "s", view.app, "User", "u", (uint32_t)view.uid, "Pid", "u",
                                      view.pid, "Input", "s", view.microphone ? "microphone" : "fd", "StartedUSec", "t",
                                      view.started_us);
    }
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_left_out(const char *grammar, const tragus_diagnostic *d, void *user) {
    return sd_bus_message_append((sd_bus_message *)user, "a{sv}", 6, "Grammar", "s", grammar, "Severity", "u",
                                 (uint32_t)d->severity, "File", "s", d->file, "Line", "u", (uint32_t)d->line, "Column", "u",
                                 (uint32_t)d->column, "Text", "s", d->text);
}

static int add_bytes(const char *grammar, const tragus_diagnostic *d, void *user) {
    *(size_t *)user += LEFT_OUT_BYTES + strlen(grammar) + strlen(d->file) + strlen(d->text);
    return 0;
}

static int append_all_left_out(sd_bus_message *reply, const struct service *service) {
    int r = sd_bus_message_open_container(reply, 'a', "a{sv}");
    if (r >= 0)
        r = service_left_out(service, append_left_out, reply);
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_counted_left_out(struct bus *b, sd_bus_message *reply, sd_bus_error *error) {
    size_t bytes = 0;
    (void)service_left_out(b->service, add_bytes, &bytes);
    if (!bus_share_answer(b, sd_bus_get_current_message(b->bus), bytes))
        return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, BUS_NOT_READ);
    return append_all_left_out(reply, b->service);
}

static int append_languages(sd_bus_message *reply, const struct service *service) {
    const char *language;
    int r = sd_bus_message_open_container(reply, 'a', "s");
    for (unsigned i = 0; r >= 0 && (language = service_language(service, i)); i++)
        r = sd_bus_message_append(reply, "s", language);
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_property(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                        void *user, sd_bus_error *error) {
    struct bus *b = user;
    (void)bus, (void)path, (void)interface;

    if (strcmp(property, "Version") == 0)
        return sd_bus_message_append(reply, "s", tragus_version());
    if (strcmp(property, "ApiVersion") == 0)
        return sd_bus_message_append(reply, "u", 1);
    if (strcmp(property, "MicrophoneOpen") == 0)
        return sd_bus_message_append(reply, "b", service_microphone_open(b->service));
    if (strcmp(property, "Ready") == 0)
        return sd_bus_message_append(reply, "u", (uint32_t)service_ready(b->service));
    if (strcmp(property, "SessionCount") == 0)
        return sd_bus_message_append(reply, "u", (uint32_t)service_n_sessions(b->service));
    if (strcmp(property, "Languages") == 0)
        return append_languages(reply, b->service);
    if (strcmp(property, "DefaultGrammar") == 0)
        return sd_bus_message_append(reply, "s", service_default_grammar(b->service));
    if (strcmp(property, "Listeners") == 0)
        return append_listeners(reply, b->service);
    if (strcmp(property, "LeftOut") == 0)
        return append_counted_left_out(b, reply, error);
    int r = sd_bus_message_open_container(reply, 'a', "s"); /* property Grammars: only public ones */
    for (const struct service_grammar *g = service_grammars(b->service); r >= 0 && g; g = g->next)
        if (!g->owner)
            r = sd_bus_message_append(reply, "s", g->name);
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

BUS_METHOD(on_create_session, bus_create_session)
BUS_METHOD(on_listen, bus_listen)
BUS_METHOD(on_recognize, bus_recognize)
BUS_METHOD(on_parse, method_parse)
BUS_METHOD(on_add_grammar, bus_add_grammar)
BUS_METHOD(on_remove_grammar, method_remove_grammar)
BUS_METHOD(on_list_grammars, bus_list_grammars)
BUS_METHOD(on_set_list, method_set_list)
BUS_METHOD(on_reload, method_reload)
BUS_METHOD(on_examples, method_examples)
BUS_METHOD(on_pronounce, method_pronounce)

#define OPEN SD_BUS_VTABLE_UNPRIVILEGED
const sd_bus_vtable bus_manager_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD_WITH_ARGS("CreateSession", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", session), on_create_session, OPEN),
    SD_BUS_METHOD_WITH_ARGS("Listen", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("a{sv}", result), on_listen, OPEN),
    SD_BUS_METHOD_WITH_ARGS("Recognize", SD_BUS_ARGS("h", sound, "a{sv}", options), SD_BUS_RESULT("aa{sv}", results), on_recognize,
                            OPEN),
    SD_BUS_METHOD_WITH_ARGS("ParseText", SD_BUS_ARGS("s", grammar, "s", text, "a{sv}", context), SD_BUS_RESULT("aa{sv}", readings),
                            on_parse, OPEN),
    SD_BUS_METHOD_WITH_ARGS("Parse", SD_BUS_ARGS("s", grammar, "s", text, "a{sv}", options), SD_BUS_RESULT("aa{sv}", readings),
                            on_parse, OPEN),
    SD_BUS_METHOD_WITH_ARGS("AddGrammar", SD_BUS_ARGS("s", name, "h", content, "a{sv}", options),
                            SD_BUS_RESULT("a(uuuss)", diagnostics), on_add_grammar, OPEN),
    SD_BUS_METHOD_WITH_ARGS("AddGrammarText", SD_BUS_ARGS("s", name, "s", text, "a{sv}", options),
                            SD_BUS_RESULT("a(uuuss)", diagnostics), on_add_grammar, OPEN),
    SD_BUS_METHOD_WITH_ARGS("RemoveGrammar", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT, on_remove_grammar, OPEN),
    SD_BUS_METHOD_WITH_ARGS("ListGrammars", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sa{sv}}", grammars), on_list_grammars, OPEN),
    SD_BUS_METHOD_WITH_ARGS("SetList", SD_BUS_ARGS("s", grammar, "s", list, "a(ssa{sv})", values),
                            SD_BUS_RESULT("a(uuuss)", diagnostics), on_set_list, OPEN),
    SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("aa{sv}", left_out), on_reload, OPEN),
    SD_BUS_METHOD_WITH_ARGS("Examples", SD_BUS_ARGS("s", grammar, "u", count), SD_BUS_RESULT("as", sentences), on_examples, OPEN),
    SD_BUS_METHOD_WITH_ARGS("Pronounce", SD_BUS_ARGS("s", language, "as", words), SD_BUS_RESULT("a{saas}", pronunciations),
                            on_pronounce, OPEN),
    SD_BUS_PROPERTY("Version", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("ApiVersion", "u", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("MicrophoneOpen", "b", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Ready", "u", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Languages", "as", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Grammars", "as", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_INVALIDATION),
    SD_BUS_PROPERTY("DefaultGrammar", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Listeners", "aa{sv}", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_INVALIDATION),
    SD_BUS_PROPERTY("LeftOut", "aa{sv}", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_INVALIDATION),
    SD_BUS_PROPERTY("SessionCount", "u", get_property, 0, 0),
    SD_BUS_VTABLE_END,
};
