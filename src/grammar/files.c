/* SPDX-License-Identifier: Apache-2.0 */
#include "grammar/files.h"

#include "grammar/jsgf.h"
#include "grammar/pool.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
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
                 {".txt", GRAMMAR_FILE_LIST},  {".list", GRAMMAR_FILE_LIST}, {".ini", GRAMMAR_FILE_INI},
                 {".gram", GRAMMAR_FILE_JSGF}, {".jsgf", GRAMMAR_FILE_JSGF}};
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

const char *grammar_file_stem(struct grammar_pool *p, const char *file) {
    const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file, *dot = strrchr(base, '.');
    return grammar_pool_text(p, base, dot && dot > base ? (size_t)(dot - base) : strlen(base));
}

const char *grammar_file_folder(struct grammar_pool *p, const char *file) {
    const char *end = strrchr(file, '/'), *start = end;
    if (!end)
        return "";
    while (start > file && start[-1] != '/')
        start--;
    size_t n = (size_t)(end - start);
    return n == 0 || (n <= 2 && memcmp(start, "..", n) == 0) ? "" : grammar_pool_text(p, start, n); /* "." and ".." are no names */
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

static int add_name(struct entries *e, const char *name) {
    char **names = realloc(e->names, (e->n + 1) * sizeof *names);
    if (!names)
        return -ENOMEM;
    e->names = names;
    e->names[e->n] = strdup(name);
    return e->names[e->n] ? (int)(e->n++, 0) : -ENOMEM;
}

static int add_entry(struct entries *e, const char *directory, const char *name) {
    char path[PATH_MAX];
    size_t n = strlen(directory);
    while (n > 1 && directory[n - 1] == '/')
        n--;
    if (snprintf(path, sizeof path, "%.*s/%s", (int)n, directory, name) >= (int)sizeof path)
        return -ENAMETOOLONG;
    return add_name(e, path);
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
    while (r == 0 && (errno = 0, entry = readdir(directory))) {
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
    if (r == 0 && errno)
        r = -errno;
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
    struct entries imported;
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
    if (r == -ENOMEM || r == -ENAMETOOLONG) {
        base_error_at(w->reterr, r, path, 0, 0, "%s", r == -ENOMEM ? "out of memory" : "the paths in it are too long");
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

/* Writes the path of a name in the folder of a file. Returns false if it is too long. */
static bool beside(char *path, size_t size, const char *file, const char *name, const char *suffix) {
    const char *slash = strrchr(file, '/');
    int n = snprintf(path, size, "%.*s%s%s", slash ? (int)(slash + 1 - file) : 0, file, name, suffix);
    return n > 0 && (size_t)n < size;
}

/* Visits the slot files in the folder beside a sentences.ini, if it has one. */
static int walk_slots(struct walk *w, const char *path) {
    char folder[PATH_MAX];
    struct stat st;
    if (!beside(folder, sizeof folder, path, "slots", "") || stat(folder, &st) < 0 || !S_ISDIR(st.st_mode))
        return 0;
    w->slots_only = true;
    int r = walk_directory(w, folder, 0);
    return r == 0 ? w->unread : r;
}

/* Finds the file of a grammar "a.b.c" beside another file: a/b/c.gram or c.gram, or with the suffix .jsgf. */
static bool find_import(char *path, size_t size, const char *file, const char *name) {
    static const char *const suffixes[] = {".gram", ".jsgf"};
    char nested[NAME_MAX];
    struct stat st;
    snprintf(nested, sizeof nested, "%s", name);
    for (char *dot = nested; (dot = strchr(dot, '.'));)
        *dot = '/';
    const char *last = strrchr(name, '.') ? strrchr(name, '.') + 1 : name;
    for (size_t i = 0; i < 2 * sizeof suffixes / sizeof suffixes[0]; i++)
        if (beside(path, size, file, i % 2 ? last : nested, suffixes[i / 2]) && stat(path, &st) == 0 && S_ISREG(st.st_mode))
            return true;
    return false;
}

static bool has_entry(const struct entries *e, const char *path) {
    for (size_t i = 0; i < e->n; i++)
        if (strcmp(e->names[i], path) == 0)
            return true;
    return false;
}

/* Visits the grammars that a JSGF file imports, each once. Names that have no file are reported where they are used. */
static int walk_imports(struct walk *w, const char *file, unsigned depth) {
    char *text = NULL, name[NAME_MAX], path[PATH_MAX];
    size_t len = 0;
    if (depth > DEEPEST_DIRECTORY || grammar_read_file(file, &text, &len, NULL) < 0)
        return 0; /* visiting it told why it cannot be read */
    int r = add_name(&w->imported, file);
    for (const char *at = text; r == 0 && grammar_jsgf_import(&at, text + len, name, sizeof name);) {
        if (!find_import(path, sizeof path, file, name) || has_entry(&w->imported, path))
            continue;
        r = w->visit(path, w->user);
        if (r == 0)
            r = walk_imports(w, path, depth + 1);
    }
    free(text);
    return r == -ENOMEM ? base_error_at(w->reterr, r, file, 0, 0, "out of memory") : r;
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
        if (r == 0 && grammar_file_kind(path) == GRAMMAR_FILE_INI)
            r = walk_slots(&w, path);
        else if (r == 0 && grammar_file_kind(path) == GRAMMAR_FILE_JSGF)
            r = walk_imports(&w, path, 0);
        free_entries(&w.imported);
        return r;
    }
    int r = walk_directory(&w, path, 0);
    if (r == 0)
        r = w.unread;
    if (r == 0 && w.n_files == 0)
        return base_error_at(reterr, -ENOENT, path, 0, 0, "holds no file of sentences (*.yaml, *.txt, *.ini and others)");
    return r;
}
