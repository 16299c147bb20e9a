/* SPDX-License-Identifier: Apache-2.0 */
#include "grammar/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEEPEST_DIRECTORY 16
#define LARGEST_BUFFER ((size_t)GRAMMAR_LARGEST_FILE * 2)

static bool ends_with(const char *name, const char *ending) {
    size_t n = strlen(name), m = strlen(ending);
    return n >= m && strcmp(name + n - m, ending) == 0;
}

enum grammar_file_kind grammar_file_kind(const char *name) {
    static const struct {
        const char *suffix;
        enum grammar_file_kind kind;
    } known[] = {{".yaml", GRAMMAR_FILE_YAML}, {".yml", GRAMMAR_FILE_YAML},  {".json", GRAMMAR_FILE_YAML},
                 {".txt", GRAMMAR_FILE_LIST},  {".list", GRAMMAR_FILE_LIST}, {".ini", GRAMMAR_FILE_INI}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (ends_with(name, known[i].suffix))
            return known[i].kind;
    return GRAMMAR_FILE_OTHER;
}

const char *grammar_slot_name(const char *file) {
    static const char folder[] = "slots/";
    const char *found = NULL;
    for (const char *at = file; (at = strstr(at, folder)); at++)
        if (at == file || at[-1] == '/')
            found = at + strlen(folder);
    return found && *found && grammar_file_kind(found) == GRAMMAR_FILE_OTHER ? found : NULL;
}

int grammar_read_file(const char *path, char **ret_text, size_t *ret_len, tragus_error *reterr) {
    FILE *f = fopen(path, "re");
    if (!f) {
        int code = -errno;
        return base_error_at(reterr, code, path, 0, 0, "cannot be read: %m");
    }
    char *text = NULL;
    size_t len = 0, size = 0;
    int r = 0;
    for (;;) {
        if (len == size) {
            size = size ? size * 2 : 4096;
            char *grown = size > LARGEST_BUFFER ? NULL : realloc(text, size);
            if (!grown) {
                r = size > LARGEST_BUFFER
                        ? base_error_at(reterr, -E2BIG, path, 0, 0, "larger than %u MB; split it", GRAMMAR_LARGEST_FILE >> 20)
                        : base_error_set(reterr, -ENOMEM, "out of memory");
                break;
            }
            text = grown;
        }
        size_t n = fread(text + len, 1, size - len, f);
        len += n;
        if (n == 0) {
            if (ferror(f)) {
                int code = -errno;
                r = base_error_at(reterr, code, path, 0, 0, "cannot be read: %m");
            }
            break;
        }
    }
    fclose(f);
    if (r < 0) {
        free(text);
        return r;
    }
    *ret_text = text;
    *ret_len = len;
    return 0;
}

struct entries {
    char **names;
    size_t n;
};

static void free_entries(struct entries *e) {
    for (size_t i = 0; i < e->n; i++)
        free(e->names[i]);
    free(e->names);
    memset(e, 0, sizeof *e);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_entry(struct entries *e, const char *directory, const char *name) {
    char **names = realloc(e->names, (e->n + 1) * sizeof *names);
    if (!names)
        return -ENOMEM;
    e->names = names;
    size_t n = strlen(directory);
    while (n > 1 && directory[n - 1] == '/')
        n--;
    size_t size = n + strlen(name) + 2;
    char *path = malloc(size);
    if (!path)
        return -ENOMEM;
    snprintf(path, size, "%.*s/%s", (int)n, directory, name);
    e->names[e->n++] = path;
    return 0;
}

/* Takes the last file away again. */
static void drop_entry(struct entries *e) {
    free(e->names[--e->n]);
}

static int list_directory(const char *path, bool slots_only, struct entries *files, struct entries *folders) {
    DIR *directory = opendir(path);
    if (!directory)
        return -errno;
    int r = 0;
    const struct dirent *entry;
    while (r == 0 && (entry = readdir(directory))) {
        struct stat st;
        if (entry->d_name[0] == '.' || fstatat(dirfd(directory), entry->d_name, &st, 0) < 0)
            continue;
        if (S_ISDIR(st.st_mode))
            r = add_entry(folders, path, entry->d_name);
        else if (S_ISREG(st.st_mode) && (r = add_entry(files, path, entry->d_name)) == 0) {
            const char *name = files->names[files->n - 1];
            bool is_known = !slots_only && grammar_file_kind(name) != GRAMMAR_FILE_OTHER;
            if (!is_known && !grammar_slot_name(name))
                drop_entry(files);
        }
    }
    closedir(directory);
    if (files->n)
        qsort(files->names, files->n, sizeof *files->names, by_name);
    if (folders->n)
        qsort(folders->names, folders->n, sizeof *folders->names, by_name);
    return r;
}

struct walk {
    int (*visit)(const char *file, void *user);
    void *user;
    bool slots_only;
    size_t n_files;
    int unread; /* error of the first folder that cannot be read; returned at the end, so that mistakes in the other folders are
                   found too */
    tragus_error *reterr;
};

static int walk_directory(struct walk *w, const char *path, unsigned depth) {
    if (depth > DEEPEST_DIRECTORY)
        return base_error_at(w->reterr, -ELOOP, path, 0, 0, "folders are nested more than %d deep", DEEPEST_DIRECTORY);
    struct entries files = {0}, folders = {0};
    int r = list_directory(path, w->slots_only, &files, &folders);
    if (r == -ENOMEM) {
        base_error_at(w->reterr, r, path, 0, 0, "out of memory");
    } else if (r < 0) {
        if (w->unread == 0)
            w->unread = base_error_at(w->reterr, r, path, 0, 0, "the folder cannot be read: %s", strerror(-r));
        r = 0;
    }
    for (size_t i = 0; r == 0 && i < files.n; i++, w->n_files++)
        r = w->visit(files.names[i], w->user);
    for (size_t i = 0; r == 0 && i < folders.n; i++)
        r = walk_directory(w, folders.names[i], depth + 1);
    free_entries(&files);
    free_entries(&folders);
    return r;
}

/* Visits the slot files in the folder beside a sentences.ini, if it has one. */
static int walk_slots(struct walk *w, const char *path) {
    static const char slots[] = "slots";
    const char *slash = strrchr(path, '/');
    size_t n_folder = slash ? (size_t)(slash + 1 - path) : 0;
    char *folder = malloc(n_folder + sizeof slots);
    if (!folder)
        return base_error_at(w->reterr, -ENOMEM, path, 0, 0, "out of memory");
    memcpy(folder, path, n_folder);
    memcpy(folder + n_folder, slots, sizeof slots);
    struct stat st;
    w->slots_only = true;
    int r = stat(folder, &st) == 0 && S_ISDIR(st.st_mode) ? walk_directory(w, folder, 0) : 0;
    free(folder);
    return r == 0 ? w->unread : r;
}

int grammar_files(const char *path, int (*visit)(const char *file, void *user), void *user, tragus_error *reterr) {
    struct walk w = {.visit = visit, .user = user, .reterr = reterr};
    struct stat st;
    if (stat(path, &st) < 0) {
        int code = -errno;
        return base_error_at(reterr, code, path, 0, 0, "cannot be read: %m");
    }
    if (!S_ISDIR(st.st_mode)) {
        int r = visit(path, user);
        return r == 0 && grammar_file_kind(path) == GRAMMAR_FILE_INI ? walk_slots(&w, path) : r;
    }
    int r = walk_directory(&w, path, 0);
    if (r == 0)
        r = w.unread;
    if (r == 0 && w.n_files == 0)
        return base_error_at(reterr, -ENOENT, path, 0, 0, "holds no file of sentences (*.yaml, *.txt, *.ini and others)");
    return r;
}
