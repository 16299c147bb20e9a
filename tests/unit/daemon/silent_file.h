/* SPDX-License-Identifier: Apache-2.0 */
/* A file on a file system of this process (FUSE) that does not answer when a certain process closes it. */
#ifndef TESTS_UNIT_DAEMON_SILENT_FILE_H
#define TESTS_UNIT_DAEMON_SILENT_FILE_H

#include <sys/types.h>

/* Mounts it at folder, in a mount namespace of this process. Returns NULL, or why it cannot. */
const char *silent_file_begin(const char *folder);
int silent_file_open(void);             /* a new descriptor of the file, which holds "stop\n" */
void silent_file_ignore(pid_t process); /* whose closes have no answer from now on; 0: nobody's */
unsigned silent_file_n_ignored(void);   /* closes that wait */
void silent_file_end(void);             /* those that wait fail */

#endif
