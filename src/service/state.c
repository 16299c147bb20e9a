/* SPDX-License-Identifier: Apache-2.0 */
/* service/state.c: keeps the lists that programs have set in a folder, one file for each configured grammar, so that they survive a
 * restart.
 *
 * A file holds JSON: {"version": 1, "grammar": NAME, "lists": {LIST: [{"in": TEMPLATE, "out": VALUE, "domain": DOMAIN}, ...]}}. It
 * is written beside its place, synced, and renamed, so that a power cut leaves the old one or the new one.
 */
#include "service/private.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_BYTES (16u << 20) /* of a file */
#define VERSION 1
#define NAME_BYTES 128

static int cannot(tragus_error *reterr, const char *what, const char *folder, const char *file, int code) {
    return base_error_set(reterr, code, "cannot %s %s/%s: %s", what, folder, file, strerror(-code));
}

/* --- reading ------------------------------------------------------------------------------------------------------------------ */

/* Returns the whole content with a zero behind it, or NULL and a negative *code. */
static char *read_all(int fd, size_t *len, int *code) {
    struct stat st;
    char *text = NULL;

    *code = fstat(fd, &st) < 0 ? -errno : !S_ISREG(st.st_mode) ? -EINVAL : (uint64_t)st.st_size > MOST_BYTES ? -E2BIG : 0;
    if (*code == 0 && !(text = malloc((size_t)st.st_size + 1)))
        *code = -ENOMEM;
    for (*len = 0; *code == 0 && *len < (size_t)st.st_size;) {
        ssize_t n = read(fd, text + *len, (size_t)st.st_size - *len);
        if (n == 0)
            break;
        if (n > 0)
            *len += (size_t)n;
        else if (errno != EINTR)
            *code = -errno;
    }
    if (*code < 0 || !text) {
        free(text);
        return NULL;
    }
    text[*len] = '\0';
    return text;
}

/* Sets *ret to a text without zero bytes, which the object owns; to NULL if the key is missing. Returns false if it is no such
 * text.
 */
static bool take_text(const char **ret, json_object *o, const char *key) {
    json_object *text;

    *ret = NULL;
    if (!json_object_object_get_ex(o, key, &text))
        return true;
    *ret = json_object_is_type(text, json_type_string) ? json_object_get_string(text) : NULL;
    return *ret && strlen(*ret) == (size_t)json_object_get_string_len(text);
}

static int list_of(struct engine_list **ret, const char *name, json_object *values) {
    if (!*name || !json_object_is_type(values, json_type_array))
        return -EBADMSG;
    size_t n = json_object_array_length(values);
    struct grammar_list_value *to = calloc(n ? n : 1, sizeof(*to));
    int r = to ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < n; i++) {
        json_object *from = json_object_array_get_idx(values, i);
        if (!json_object_is_type(from, json_type_object) || !take_text(&to[i].in, from, "in") || !to[i].in ||
            !take_text(&to[i].out, from, "out") || !take_text(&to[i].context_domain, from, "domain"))
            r = -EBADMSG;
    }
    if (r == 0 && !(*ret = engine_list_new(name, to, n)))
        r = -ENOMEM;
    free(to);
    return r;
}

/* Returns -EBADMSG if these are not the lists of this grammar, as state_write writes them, or -ENOMEM. */
static int take_lists(struct engine_list **ret, json_object *o, const char *grammar) {
    struct engine_list **end = ret;
    json_object *version, *lists;
    const char *name;
    bool good = json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, "version", &version) &&
                json_object_get_int(version) == VERSION && take_text(&name, o, "grammar") && name && strcmp(name, grammar) == 0 &&
                json_object_object_get_ex(o, "lists", &lists) && json_object_is_type(lists, json_type_object);
    if (!good)
        return -EBADMSG;
    json_object_object_foreach(lists, key, values) {
        int r = list_of(end, key, values);
        if (r < 0)
            return r;
        end = &(*end)->next;
    }
    return 0;
}

static int parse(struct engine_list **ret, const char *text, size_t len, const char *grammar) {
    json_tokener *parser = json_tokener_new();
    struct engine_list *lists = NULL;
    if (!parser)
        return -ENOMEM;
    json_tokener_set_flags(parser, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    len -= len > 0 && text[len - 1] == '\n'; /* of an editor */
    json_object *o = json_tokener_parse_ex(parser, text, (int)len);
    int r = o && json_tokener_get_parse_end(parser) == len ? take_lists(&lists, o, grammar) : -EBADMSG;

    json_object_put(o);
    json_tokener_free(parser);
    if (r < 0)
        engine_lists_free(lists);
    else
        *ret = lists;
    return r;
}

int state_read(struct engine_list **ret, const char *folder, const char *grammar, tragus_error *reterr) {
    char file[NAME_BYTES];
    size_t len;
    int code;

    *ret = NULL;
    snprintf(file, sizeof(file), "%s.lists.json", grammar);
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = dir < 0 ? -1 : openat(dir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    code = fd < 0 ? -errno : 0;
    if (dir >= 0)
        close(dir);
    if (code < 0)
        return code == -ENOENT ? 0 : cannot(reterr, "read", folder, file, code);
    char *text = read_all(fd, &len, &code);
    close(fd);
    if (code == -E2BIG)
        return base_error_set(reterr, code, "%s/%s is larger than %u MB", folder, file, MOST_BYTES >> 20);
    if (code < 0)
        return cannot(reterr, "read", folder, file, code);
    code = parse(ret, text, len, grammar);
    free(text);
    if (code == -EBADMSG)
        return base_error_set(reterr, code, "%s/%s does not hold lists of this grammar, or was damaged; remove it", folder, file);
    return code < 0 ? base_error_set(reterr, code, "out of memory") : 0;
}

bool state_is_damaged(int code) {
    return code == -EBADMSG || code == -E2BIG || code == -EINVAL || code == -ELOOP; /* the last two: not a file, a link */
}

static bool has(const struct engine_list *lists, const char *name) {
    while (lists && strcmp(lists->name, name) != 0)
        lists = lists->next;
    return lists;
}

int state_read_others(struct engine_list **ret, const char *folder, const char *grammar, const struct engine_list *lists,
                      tragus_error *reterr) {
    struct engine_list *kept, *all = NULL, **end = &all;
    int n_others = 0;

    int r = state_read(&kept, folder, grammar, reterr);
    for (const struct engine_list *l = lists; r >= 0 && l; l = l->next) {
        *end = engine_list_new(l->name, l->values, l->n);
        if (*end)
            end = &(*end)->next;
        else
            r = base_error_set(reterr, -ENOMEM, "out of memory");
    }
    while (kept) {
        struct engine_list *l = kept;
        kept = l->next;
        l->next = NULL;
        if (r < 0 || has(lists, l->name)) {
            engine_lists_free(l);
        } else {
            *end = l;
            end = &l->next;
            n_others++;
        }
    }
    if (r < 0) {
        engine_lists_free(all);
        return r;
    }
    *ret = all;
    return n_others;
}

/* --- writing ------------------------------------------------------------------------------------------------------------------ */

/* Adds what it owns; frees it if there is no memory. */
static bool add(json_object *o, const char *key, json_object *what) {
    if (what && json_object_object_add(o, key, what) == 0)
        return true;
    json_object_put(what);
    return false;
}

static json_object *value_to_json(const struct grammar_list_value *v) {
    json_object *o = json_object_new_object();
    if (o && add(o, "in", json_object_new_string(v->in)) && (!v->out || add(o, "out", json_object_new_string(v->out))) &&
        (!v->context_domain || add(o, "domain", json_object_new_string(v->context_domain))))
        return o;
    json_object_put(o);
    return NULL;
}

static json_object *list_to_json(const struct engine_list *l) {
    json_object *values = json_object_new_array();
    for (size_t i = 0; values && i < l->n; i++) {
        json_object *value = value_to_json(&l->values[i]);
        if (!value || json_object_array_add(values, value) < 0) {
            json_object_put(value);
            json_object_put(values);
            return NULL;
        }
    }
    return values;
}

/* Returns NULL if there is no memory. */
static json_object *to_json(const char *grammar, const struct engine_list *lists) {
    json_object *o = json_object_new_object(), *of_lists = json_object_new_object();
    bool good = o && add(o, "version", json_object_new_int(VERSION)) && add(o, "grammar", json_object_new_string(grammar));

    for (; good && of_lists && lists; lists = lists->next)
        good = add(of_lists, lists->name, list_to_json(lists));
    if (!good) {
        json_object_put(of_lists);
        json_object_put(o);
        return NULL;
    }
    if (add(o, "lists", of_lists))
        return o;
    json_object_put(o);
    return NULL;
}

static int write_all(int fd, const char *text, size_t len) {
    while (len > 0) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        text += n;
        len -= (size_t)n;
    }
    return fsync(fd) < 0 ? -errno : 0;
}

/* Writes the file beside its place, then renames it. */
static int replace(int dir, const char *file, const char *text, size_t len) {
    char beside[NAME_BYTES + 8];

    snprintf(beside, sizeof(beside), "%s.new", file);
    if (unlinkat(dir, beside, 0) < 0 && errno != ENOENT) /* of a write that was interrupted */
        return -errno;
    int fd = openat(dir, beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int r = write_all(fd, text, len);
    if (close(fd) < 0 && r == 0)
        r = -errno;
    if (r == 0 && renameat(dir, beside, dir, file) < 0)
        r = -errno;
    if (r < 0)
        (void)unlinkat(dir, beside, 0);
    return r;
}

static int save(int dir, const char *file, const char *grammar, const struct engine_list *lists) {
    if (!lists)
        return unlinkat(dir, file, 0) < 0 && errno != ENOENT ? -errno : 0;
    json_object *o = to_json(grammar, lists);
    size_t len = 0;
    const char *text =
        o ? json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len) : NULL;
    int r = !text ? -ENOMEM : len > MOST_BYTES ? -EFBIG : replace(dir, file, text, len);
    json_object_put(o);
    return r;
}

int state_write(const char *folder, const char *grammar, const struct engine_list *lists, tragus_error *reterr) {
    char file[NAME_BYTES];

    snprintf(file, sizeof(file), "%s.lists.json", grammar);
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = dir < 0 ? -errno : save(dir, file, grammar, lists);
    if (r == 0 && fsync(dir) < 0) /* the name itself */
        r = -errno;
    if (dir >= 0)
        close(dir);
    return r < 0 ? cannot(reterr, "write", folder, file, r) : 0;
}
