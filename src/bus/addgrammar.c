/* SPDX-License-Identifier: Apache-2.0 */
/* bus/addgrammar.c: Manager1.AddGrammar and AddGrammarText: reads the arguments, then the content, then has it compiled, then
 * answers. */
#include "base/error.h"
#include "bus/content.h"
#include "bus/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct add_grammar { /* its strings are our own */
    struct bus_call *call;
    char *name, *format, *language;
    int is_private;
    struct bus_files files;
    tragus_text texts[BUS_MAX_FILES]; /* the files in the content */
    size_t n_texts;
};

static void add_grammar_free(struct add_grammar *a) {
    if (!a)
        return;
    for (size_t i = 0; i < a->files.n; i++)
        free((char *)a->files.items[i].name);
    free(a->name);
    free(a->format);
    free(a->language);
    free(a);
}

/* Copies the strings, which end with the message. Frees a on failure. */
static int keep_strings(struct add_grammar *a, const char *name, const char *format, const char *language) {
    bool good = (a->name = strdup(name)) && (a->format = strdup(format)) && (a->language = strdup(language));
    for (size_t i = 0; i < a->files.n; i++)
        good &= (a->files.items[i].name = strdup(a->files.items[i].name)) != NULL;
    if (good)
        return 0;
    add_grammar_free(a);
    return -ENOMEM;
}

struct content { /* both are the message's */
    int fd;
    const char *text; /* of AddGrammarText; NULL: comes from fd */
};

static int read_arguments(sd_bus_message *m, struct add_grammar **ret, struct content *content, sd_bus_error *error) {
    const char *name, *format = "", *language = "";
    struct add_grammar *a = calloc(1, sizeof(*a));
    if (!a)
        return -ENOMEM;
    const struct bus_option table[] = {{"Format", BUS_STRING, &format},
                                       {"Language", BUS_STRING, &language},
                                       {"Private", BUS_BOOLEAN, &a->is_private},
                                       {"Files", BUS_FILES, &a->files}};
    int r = sd_bus_message_is_method_call(m, BUS_MANAGER, "AddGrammarText") > 0
                ? sd_bus_message_read(m, "ss", &name, &content->text)
                : sd_bus_message_read(m, "sh", &name, &content->fd);
    if (r >= 0)
        r = bus_check_length("The name", name, error);
    if (r >= 0)
        r = bus_read_options(m, table, sizeof(table) / sizeof(table[0]), error);
    const char *known = r >= 0 && *format ? service_unknown_format(format) : NULL;
    if (known)
        r = bus_refuse(error, BUS_ERROR("UnsupportedFormat"), "Unknown format \"%.20s\"; use one of %s", format, known);
    if (r < 0) {
        free(a); /* its strings are still the message's */
        return r;
    }
    r = keep_strings(a, name, format, language);
    if (r >= 0)
        *ret = a;
    return r;
}

/* Fills texts; without a list of files, the content is one text. */
static int split(struct add_grammar *a, const char *text, size_t len, sd_bus_error *error) {
    const char *format = *a->format ? a->format : NULL; /* NULL: from the suffix and the content */
    size_t at = 0;

    if (a->files.n == 0) {
        a->texts[a->n_texts++] = (tragus_text){a->name, format, text, len};
        return 0;
    }
    for (size_t i = 0; i < a->files.n; i++) {
        uint64_t size_bytes = a->files.items[i].size_bytes;
        if (size_bytes > len - at)
            return bus_refuse(error, SD_BUS_ERROR_INVALID_ARGS, "The content ends before the end of file \"%.120s\" in Files",
                              a->files.items[i].name);
        a->texts[a->n_texts++] = (tragus_text){a->files.items[i].name, format, text + at, (size_t)size_bytes};
        at += (size_t)size_bytes;
    }
    if (at < len)
        return bus_refuse(error, SD_BUS_ERROR_INVALID_ARGS, "The content has %zu bytes more than the sizes in Files", len - at);
    return 0;
}

static bool says_not_loaded(const tragus_diagnostics *d) {
    for (size_t i = 0; i < d->n_items; i++)
        if (d->items[i].severity == TRAGUS_ERROR)
            return true;
    return false;
}

/* Mistakes in the grammar are returned as diagnostics in a normal reply; severity 3 means that it was not loaded. Any other failure
 * is a D-Bus error, such as one that is too large. */
static void on_grammar_done(const struct service_grammar_result *result, void *user) {
    struct bus_call *call = user;
    int r = result->code;

    if (r >= 0 || (r == -EINVAL && says_not_loaded(result->diagnostics)))
        r = bus_reply_diagnostics(call, result->diagnostics);
    else
        r = bus_fail(&call->error, r == -EINVAL ? -EBADMSG : r, &result->error);
    bus_call_end(call, r);
}

/* Returns 0 if the call will be answered later. */
static int compile(struct add_grammar *a, const char *text, size_t len) {
    struct bus_call *call = a->call;
    tragus_error e = {0};

    int r = split(a, text, len, &call->error);
    if (r < 0)
        return r;
    struct service_grammar_source what = {.name = a->name,
                                          .format = a->format,
                                          .language = a->language,
                                          .is_private = a->is_private,
                                          .texts = a->texts,
                                          .n_texts = a->n_texts};
    r = service_grammar_add(call->bus->service, &call->caller, &what, on_grammar_done, call, &e);
    return r < 0 ? bus_fail(&call->error, r == -EINVAL ? -EBADMSG : r, &e) : 0;
}

static void on_content(int result, const char *text, size_t len, const tragus_error *e, void *user) {
    struct add_grammar *a = user;
    int r = result;

    if (a->call->gone)
        r = -ECANCELED;
    else if (r < 0)
        r = bus_fail(&a->call->error, r, e);
    else
        r = compile(a, text, len);
    if (r < 0)
        bus_call_end(a->call, r);
    add_grammar_free(a);
}

static int read_content(struct add_grammar *a, const struct content *content) {
    struct bus *b = a->call->bus;
    size_t most_bytes = service_limits(b->service)->grammar_bytes;
    tragus_error e = {0};

    if (!content->text)
        return bus_read_content(b, a->call->caller.uid, content->fd, most_bytes, on_content, a);
    size_t len = strlen(content->text);
    int r = len <= most_bytes ? 0 : base_error_set(&e, -E2BIG, "The grammar is larger than the limit of %zu bytes", most_bytes);
    on_content(r, content->text, len, &e, a);
    return 0;
}

int bus_add_grammar(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus *b = user;
    struct content content = {.fd = -1};
    struct add_grammar *a;

    int r = read_arguments(m, &a, &content, error);
    if (r < 0)
        return r;
    r = bus_watch_owner(b, m, error); /* cancels the compilation when the caller leaves */
    if (r >= 0)
        r = bus_call_new(&a->call, b, m, error);
    if (r >= 0) {
        r = read_content(a, &content);
        if (r < 0)
            bus_call_free(a->call);
        if (r == -ENOBUFS)
            r = sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "Too many descriptors of clients are open; try again later");
    }
    if (r >= 0)
        return 1; /* answered later */
    add_grammar_free(a);
    return r;
}
