/* SPDX-License-Identifier: Apache-2.0 */
/* store/store.c: opens a container. Everything is checked here once, so that readers can trust the bounds and bytes of a section.
 * Each error says what is wrong and what to do. */
#include "store/store.h"

#include "base/crc32c.h"
#include "store/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct store {
    const unsigned char *map;
    size_t size_bytes;
    const struct store_entry *entries;
    uint32_t n_entries;
};

#define AGAIN "install or copy it again"

const char *store_kind_name(uint32_t kind) {
    switch (kind) {
    case STORE_ACOUSTIC:
        return "an acoustic model";
    case STORE_LEXICON:
        return "a lexicon";
    case STORE_G2P:
        return "a letter-to-sound model";
    case STORE_NGRAMS:
        return "a language model";
    }
    return "a file of a kind that this version does not know";
}

static bool all_zero(const unsigned char *p, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (p[i] != 0)
            return false;
    return true;
}

static int check_header(const struct store *s, const char *path, enum store_kind kind, tragus_error *e) {
    const struct store_header *h = (const struct store_header *)s->map;
    size_t n_magic = s->size_bytes < sizeof h->magic ? s->size_bytes : sizeof h->magic;
    if (memcmp(h->magic, STORE_MAGIC, n_magic) != 0) {
        /* "TRG" without the other bytes: one of our files, damaged by a program that treated it as text. */
        if (n_magic == sizeof h->magic && memcmp(h->magic + 1, &STORE_MAGIC[1], 3) == 0)
            return base_error_at(e, -EBADMSG, path, 0, 0, "the file was changed by copying it as text; copy it again, as binary");
        return base_error_at(e, -EMEDIUMTYPE, path, 0, 0, "this is not a tragus file; %s was expected", store_kind_name(kind));
    }
    if (s->size_bytes < sizeof *h)
        return base_error_at(e, -EBADMSG, path, 0, 0, "the file is cut short after %zu bytes; " AGAIN, s->size_bytes);
    /* Checked before the CRC, because another major version may have a different layout. */
    if (h->major != STORE_MAJOR)
        return base_error_at(e, -EMEDIUMTYPE, path, 0, 0,
                             "the file was made for version %u of the format, this program reads version %u; "
                             "install the model that belongs to this version of tragus",
                             h->major, STORE_MAJOR);
    if (h->header_crc != base_crc32c(0, h, offsetof(struct store_header, header_crc)))
        return base_error_at(e, -EBADMSG, path, 0, 0, "the file is damaged (in its header); " AGAIN);
    if (h->kind != (uint32_t)kind)
        return base_error_at(e, -EMEDIUMTYPE, path, 0, 0, "this is %s, and %s was expected", store_kind_name(h->kind),
                             store_kind_name(kind));
    if (h->size_bytes > s->size_bytes)
        return base_error_at(e, -EBADMSG, path, 0, 0, "the file is cut short: %zu of %llu bytes are there; " AGAIN, s->size_bytes,
                             (unsigned long long)h->size_bytes);
    if (h->size_bytes < s->size_bytes)
        return base_error_at(e, -EBADMSG, path, 0, 0, "the file has %llu bytes too many at its end; " AGAIN,
                             (unsigned long long)(s->size_bytes - h->size_bytes));
    if (!all_zero(h->zero, sizeof h->zero) || h->size_bytes % STORE_ALIGN != 0)
        return base_error_at(e, -EBADMSG, path, 0, 0, "the header holds values that this version does not know; " AGAIN);
    if (h->n_sections < 1 || h->n_sections > STORE_MAX_SECTIONS)
        return base_error_at(e, -EBADMSG, path, 0, 0, "the file says it has %u sections, 1 to %d can be; " AGAIN, h->n_sections,
                             STORE_MAX_SECTIONS);
    return 0;
}

static bool name_ok(const char name[STORE_NAME_BYTES]) {
    size_t len = 0;
    while (len < STORE_NAME_BYTES && name[len] > ' ' && name[len] <= '~')
        len++;
    return len > 0 && len < STORE_NAME_BYTES && all_zero((const unsigned char *)name + len, STORE_NAME_BYTES - len);
}

static bool is_known(const char *name, const char *const known[], size_t n_known) {
    for (size_t i = 0; i < n_known; i++)
        if (strcmp(name, known[i]) == 0)
            return true;
    return false;
}

/* begin: the only offset at which this section may lie, which rules out overlaps and holes. */
static int check_entry(const struct store *s, uint32_t i, size_t begin, const char *path, tragus_error *e) {
    const struct store_entry *entry = &s->entries[i];
    if (!name_ok(entry->name))
        return base_error_at(e, -EBADMSG, path, 0, 0, "section %u has no proper name; " AGAIN, i + 1);
    for (uint32_t j = 0; j < i; j++)
        if (memcmp(s->entries[j].name, entry->name, STORE_NAME_BYTES) == 0)
            return base_error_at(e, -EBADMSG, path, 0, 0, "section '%s' is there twice; " AGAIN, entry->name);
    if (entry->offset < begin)
        return base_error_at(e, -EBADMSG, path, 0, 0, "section '%s' overlaps the one before it; " AGAIN, entry->name);
    if (entry->offset > begin)
        return base_error_at(e, -EBADMSG, path, 0, 0, "section '%s' is not at its place; " AGAIN, entry->name);
    if (entry->size_bytes > s->size_bytes - begin)
        return base_error_at(e, -EBADMSG, path, 0, 0, "section '%s' reaches beyond the end of the file; " AGAIN, entry->name);
    if (!all_zero(entry->zero, sizeof entry->zero) || (entry->flags & ~(uint32_t)STORE_OPTIONAL) != 0)
        return base_error_at(e, -EBADMSG, path, 0, 0, "section '%s' has properties that this version does not know; " AGAIN,
                             entry->name);
    if (base_crc32c(0, s->map + begin, (size_t)entry->size_bytes) != entry->crc)
        return base_error_at(e, -EBADMSG, path, 0, 0, "the file is damaged (in section '%s'); " AGAIN, entry->name);
    return 0;
}

static int check_sections(struct store *s, const char *path, const char *const known[], size_t n_known, tragus_error *e) {
    const struct store_header *h = (const struct store_header *)s->map;
    size_t table_bytes = h->n_sections * sizeof(struct store_entry), begin = sizeof *h + table_bytes;
    if (begin > s->size_bytes)
        return base_error_at(e, -EBADMSG, path, 0, 0, "the table of %u sections does not fit into the file; " AGAIN, h->n_sections);
    if (h->table_crc != base_crc32c(0, s->map + sizeof *h, table_bytes))
        return base_error_at(e, -EBADMSG, path, 0, 0, "the file is damaged (in its table of sections); " AGAIN);
    s->entries = (const struct store_entry *)(s->map + sizeof *h);
    s->n_entries = h->n_sections;
    for (uint32_t i = 0; i < s->n_entries; i++) {
        int r = check_entry(s, i, begin, path, e);
        if (r < 0)
            return r;
        /* Cannot overflow: the section ends within the file, whose size is a multiple of STORE_ALIGN. */
        size_t end = begin + (size_t)s->entries[i].size_bytes;
        begin = (end + STORE_ALIGN - 1) / STORE_ALIGN * STORE_ALIGN;
        if (!all_zero(s->map + end, begin - end))
            return base_error_at(e, -EBADMSG, path, 0, 0, "the file is damaged (behind section '%s'); " AGAIN, s->entries[i].name);
    }
    if (begin != s->size_bytes)
        return base_error_at(e, -EBADMSG, path, 0, 0, "there are bytes behind the last section; " AGAIN);
    /* Checked last: "needs a newer tragus" only makes sense for an undamaged file. */
    for (uint32_t i = 0; i < s->n_entries; i++)
        if ((s->entries[i].flags & STORE_OPTIONAL) == 0 && !is_known(s->entries[i].name, known, n_known))
            return base_error_at(e, -EMEDIUMTYPE, path, 0, 0,
                                 "the file needs section '%s', which this version does not know; install a newer tragus",
                                 s->entries[i].name);
    return 0;
}

int store_open(struct store **ret, const char *path, enum store_kind kind, const char *const known[], size_t n_known,
               tragus_error *reterr) {
    struct store *s = calloc(1, sizeof *s);
    if (s == NULL)
        return base_error_at(reterr, -ENOMEM, path, 0, 0, "out of memory");
    /* Non-blocking, so that a named pipe in place of the file does not hang the program. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), r;
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) {
        r = base_error_at(reterr, -errno, path, 0, 0, "%s cannot be opened: %s", store_kind_name(kind), strerror(errno));
    } else if (!S_ISREG(status.st_mode)) {
        r = base_error_at(reterr, S_ISDIR(status.st_mode) ? -EISDIR : -EMEDIUMTYPE, path, 0, 0,
                          "this is not a file; %s was expected", store_kind_name(kind));
    } else if ((uintmax_t)status.st_size > SIZE_MAX / 2) {
        r = base_error_at(reterr, -EFBIG, path, 0, 0, "the file is too big to be mapped");
    } else if (status.st_size == 0) {
        r = base_error_at(reterr, -EBADMSG, path, 0, 0, "the file is empty; " AGAIN);
    } else {
        s->size_bytes = (size_t)status.st_size;
        void *map = mmap(NULL, s->size_bytes, PROT_READ, MAP_SHARED, fd, 0);
        if (map == MAP_FAILED) {
            r = base_error_at(reterr, -errno, path, 0, 0, "the file cannot be mapped: %s", strerror(errno));
        } else {
            s->map = map;
            r = check_header(s, path, kind, reterr);
            if (r == 0)
                r = check_sections(s, path, known, n_known, reterr);
        }
    }
    if (fd >= 0)
        close(fd);
    if (r < 0) {
        store_free(s);
        return r;
    }
    *ret = s;
    return 0;
}

void store_free(struct store *s) {
    if (s == NULL)
        return;
    if (s->map != NULL)
        munmap((void *)(uintptr_t)s->map, s->size_bytes);
    free(s);
}

void store_let_go(const struct store *s) {
    (void)madvise((void *)(uintptr_t)s->map, s->size_bytes, MADV_DONTNEED);
}

const void *store_section(const struct store *s, const char *name, size_t *ret_size_bytes) {
    for (uint32_t i = 0; i < s->n_entries; i++)
        if (strcmp(s->entries[i].name, name) == 0) {
            *ret_size_bytes = (size_t)s->entries[i].size_bytes;
            return s->map + s->entries[i].offset;
        }
    return NULL;
}

size_t store_size_bytes(const struct store *s) {
    return s->size_bytes;
}
