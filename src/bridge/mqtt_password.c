/* SPDX-License-Identifier: Apache-2.0 */
#include "bridge/mqtt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_PASSWORD 1024

int mqtt_password_read(char **ret, const char *path, tragus_error *reterr) {
    char text[MOST_PASSWORD + 1];
    struct stat about;

    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return base_error_set(reterr, -errno, "password_file %s cannot be read: %s", path, strerror(errno));
    ssize_t n = fstat(fd, &about) < 0 ? -1 : read(fd, text, sizeof(text));
    int code = -errno;
    close(fd);
    if (n < 0)
        return base_error_set(reterr, code, "password_file %s cannot be read: %s", path, strerror(-code));
    if (about.st_mode & 077 & ~(mode_t)040)
        return base_error_set(reterr, -EPERM, "password_file %s is open to other users; chmod 600 %s", path, path);
    if (n > MOST_PASSWORD)
        return base_error_set(reterr, -E2BIG, "password_file %s has more than %d bytes; it must contain the password only", path,
                              MOST_PASSWORD);
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        n--;
    *ret = strndup(text, (size_t)n);
    explicit_bzero(text, sizeof(text));
    return *ret ? 0 : base_error_set(reterr, -ENOMEM, "out of memory");
}
