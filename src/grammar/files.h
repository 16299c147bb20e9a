/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/files.h: finds and reads the files of a grammar. */
#ifndef TRAGUS_GRAMMAR_FILES_H
#define TRAGUS_GRAMMAR_FILES_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct grammar_pool;

/* What the suffix of a name says about the content. */
enum grammar_file_kind {
    GRAMMAR_FILE_OTHER, /* the content decides */
    GRAMMAR_FILE_YAML,  /* *.yaml, *.yml, *.json */
    GRAMMAR_FILE_LIST,  /* *.txt, *.list */
    GRAMMAR_FILE_INI,   /* *.ini */
    GRAMMAR_FILE_JSGF,  /* *.gram, *.jsgf */
};
enum grammar_file_kind grammar_file_kind(const char *name);

/* Returns the name of the slot that a file has the values of: "color" for "a/slots/color", without a suffix of another format;
 * NULL: of none. Points into file. */
const char *grammar_slot_name(const char *file);

/* Calls visit for the file path and what belongs to it: the slot files in the folder `slots` beside an *.ini, and the grammars that
 * an *.gram or *.jsgf imports. If path is a directory, calls visit for each file of a known kind, and each slot file, in it and its
 * subfolders: files before folders, so that what all languages share comes before changes by one language; both sorted by name.
 * visit returns 0 to continue; any other value ends the walk and is returned. After a folder that cannot be read, the walk
 * continues and then returns the error. Returns -ENOENT for a directory without such a file. */
int grammar_files(const char *path, int (*visit)(const char *file, void *user), void *user, tragus_error *reterr);

/* The name of a file without folders and suffix, and that of the folder that it is in, "" if the path names none. */
const char *grammar_file_stem(struct grammar_pool *p, const char *file);
const char *grammar_file_folder(struct grammar_pool *p, const char *file);

/* Reads a file; the caller frees *ret_text with free(). Returns -E2BIG if it is larger than the limit for grammar files. */
int grammar_read_file(const char *path, char **ret_text, size_t *ret_len, tragus_error *reterr);

#define GRAMMAR_LARGEST_FILE (16u << 20)

#endif
