/* SPDX-License-Identifier: Apache-2.0 */
/* store/write.c: writes a container to a temporary file beside its path and renames it, so a reader sees either the old file or
 * the new one, complete. */
#include "store/store.h"

#include "base/crc32c.h"
#include "store/layout.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char zeros[STORE_ALIGN];

static size_t padding(size_t n) {
    return (STORE_ALIGN - n % STORE_ALIGN) % STORE_ALIGN;
}

/* Fills the header and table. Returns false if a name is too long, empty or duplicate, or if there are too many parts or none. */
static bool lay_out(struct store_header *h, struct store_entry *entries, enum store_kind kind, const struct store_part parts[],
                    size_t n_parts) {
    size_t offset = sizeof *h + n_parts * sizeof *entries;
    for (size_t i = 0; i < n_parts; i++) {
        size_t len = strlen(parts[i].name);
        if (len == 0 || len >= STORE_NAME_BYTES)
            return false;
        for (size_t j = 0; j < len; j++)
            if (parts[i].name[j] <= ' ' || parts[i].name[j] > '~')
                return false;
        for (size_t j = 0; j < i; j++)
            if (strcmp(parts[i].name, parts[j].name) == 0)
                return false;
        entries[i] = (struct store_entry){.offset = offset,
                                          .size_bytes = parts[i].size_bytes,
                                          .crc = base_crc32c(0, parts[i].bytes, parts[i].size_bytes),
                                          .flags = parts[i].flags};
        memcpy(entries[i].name, parts[i].name, len);
        offset += parts[i].size_bytes + padding(parts[i].size_bytes);
    }
    *h = (struct store_header){.magic = {0},
                               .major = STORE_MAJOR,
                               .minor = STORE_MINOR,
                               .kind = (uint32_t)kind,
                               .size_bytes = offset,
                               .n_sections = (uint32_t)n_parts,
                               .table_crc = base_crc32c(0, entries, n_parts * sizeof *entries)};
    memcpy(h->magic, STORE_MAGIC, sizeof h->magic);
    h->header_crc = base_crc32c(0, h, offsetof(struct store_header, header_crc));
    return true;
}

static bool write_all(FILE *f, const struct store_header *h, const struct store_entry *entries, const struct store_part parts[],
                      size_t n_parts) {
    if (fwrite(h, sizeof *h, 1, f) != 1 || fwrite(entries, sizeof *entries, n_parts, f) != n_parts)
        return false;
    for (size_t i = 0; i < n_parts; i++) {
        size_t n = parts[i].size_bytes, n_zeros = padding(n);
        /* An empty section may have a NULL pointer. */
        if ((n > 0 && fwrite(parts[i].bytes, 1, n, f) != n) || fwrite(zeros, 1, n_zeros, f) != n_zeros)
            return false;
    }
    return fflush(f) == 0 && fsync(fileno(f)) == 0;
}

int store_write(const char *path, enum store_kind kind, const struct store_part parts[], size_t n_parts, tragus_error *reterr) {
    struct store_header h;
    struct store_entry entries[STORE_MAX_SECTIONS];
    if (n_parts < 1 || n_parts > STORE_MAX_SECTIONS || !lay_out(&h, entries, kind, parts, n_parts))
        return base_error_at(reterr, -EINVAL, path, 0, 0, "a file has 1 to %d sections with different names of 1 to %d characters",
                             STORE_MAX_SECTIONS, STORE_NAME_BYTES - 1);
    size_t size = strlen(path) + sizeof ".XXXXXX";
    char *beside = malloc(size);
    if (beside == NULL)
        return base_error_at(reterr, -ENOMEM, path, 0, 0, "out of memory");
    snprintf(beside, size, "%s.XXXXXX", path);

    int r = 0, fd = mkstemp(beside);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");
    if (f == NULL) {
        r = -errno;
        if (fd >= 0)
            close(fd);
    } else {
        /* mkstemp creates files for their owner only, but a model is for everybody that the umask allows. */
        mode_t mask = umask(0);
        umask(mask);
        if (!write_all(f, &h, entries, parts, n_parts) || fchmod(fd, 0666 & ~mask) < 0)
            r = -errno;
        if (fclose(f) != 0 && r == 0)
            r = -errno;
        if (r == 0 && rename(beside, path) < 0)
            r = -errno;
    }
    if (r < 0) {
        r = base_error_at(reterr, r, path, 0, 0, "the file cannot be written: %s", strerror(-r));
        if (fd >= 0)
            unlink(beside);
    }
    free(beside);
    return r;
}
