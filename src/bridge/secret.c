/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/secret.c: reads a password or a token, each alone in a file that only its owner can read. */
#include "bridge/private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int unreadable(const char *key, const char *path, tragus_error *reterr) {
    return base_error_set(reterr, -errno, "%s %s cannot be read: %s", key, path, strerror(errno));
}

static int check_rights(const char *key, const char *path, const struct stat *about, tragus_error *reterr) {
    if (!S_ISREG(about->st_mode))
        return base_error_set(reterr, -EINVAL, "%s %s is not a file", key, path);
    if (about->st_mode & (S_IRWXG | S_IRWXO))
        return base_error_set(reterr, -EPERM, "%s %s is open to other users; chmod 600 %s", key, path, path);
    return 0;
}

int bridge_secret_read(char out[BRIDGE_MOST_SECRET + 1], const char *key, const char *path, struct timespec *ret_changed,
                       tragus_error *reterr) {
    struct stat about;

    /* Non-blocking, so that a named pipe in place of the file does not hang the program. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int r = fd < 0 || fstat(fd, &about) < 0 ? unreadable(key, path, reterr) : check_rights(key, path, &about, reterr);
    ssize_t n = r < 0 ? 0 : read(fd, out, BRIDGE_MOST_SECRET + 1);
    if (n < 0)
        r = unreadable(key, path, reterr);
    if (fd >= 0)
        close(fd);
    if (r < 0)
        return r;
    if (n > BRIDGE_MOST_SECRET)
        return base_error_set(reterr, -E2BIG, "%s %s has more than %d bytes; it must contain the secret and nothing else", key,
                              path, BRIDGE_MOST_SECRET);
    while (n > 0 && (out[n - 1] == '\n' || out[n - 1] == '\r'))
        n--;
    out[n] = '\0';
    if (strlen(out) != (size_t)n)
        return base_error_set(reterr, -EINVAL, "%s %s is not text", key, path);
    *ret_changed = about.st_mtim;
    return 0;
}
