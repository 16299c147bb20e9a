/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/files.h: finds and reads the files of a grammar. */
#ifndef TRAGUS_GRAMMAR_FILES_H
#define TRAGUS_GRAMMAR_FILES_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* What the extension says about the content. If both return false, the content decides. */
bool grammar_is_yaml_name(const char *name);
bool grammar_is_list_name(const char *name);

/* Calls visit for the file path, or for each *.yaml, *.yml, *.txt and *.list in the directory path and its subfolders. Files come
 * before folders, so that what all languages share comes before changes by one language; both are sorted by name. visit returns 0
 * to continue; any other value ends the walk and is returned. After a folder that cannot be read, the walk continues and then
 * returns the error. Returns -ENOENT for a directory without such a file. */
int grammar_files(const char *path, int (*visit)(const char *file, void *user), void *user, tragus_error *reterr);

/* Reads a file; the caller frees *ret_text with free(). Returns -E2BIG if it is larger than the limit for grammar files. */
int grammar_read_file(const char *path, char **ret_text, size_t *ret_len, tragus_error *reterr);

#define GRAMMAR_LARGEST_FILE (16u << 20)

#endif
