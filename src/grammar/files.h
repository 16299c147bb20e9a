/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/files.h: which files a path stands for, and what is in one. */
#ifndef TRAGUS_GRAMMAR_FILES_H
#define TRAGUS_GRAMMAR_FILES_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* What a name's ending says of the content; both false: the content has to tell. */
bool grammar_is_yaml_name(const char *name);
bool grammar_is_list_name(const char *name);

/* Calls visit for the file path, or for each *.yaml, *.yml, *.txt and *.list of the directory path (recursively; files before
 * folders, so that what is shared by all languages stands before what one of them changes; each sorted by name). visit returns 0 to
 * go on, or what ends the walk. A folder that cannot be read does not end it, but is the error then. A directory without such a
 * file is -ENOENT. */
int grammar_files(const char *path, int (*visit)(const char *file, void *user), void *user, tragus_error *reterr);

/* The content of a file, free()d by the caller; -E2BIG where it is larger than a grammar's file may be. */
int grammar_read_file(const char *path, char **ret_text, size_t *ret_len, tragus_error *reterr);

#define GRAMMAR_LARGEST_FILE (16u << 20)

#endif
