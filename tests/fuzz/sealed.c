/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed.h"
#include "base/crc32c.h"
#include "store/layout.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

/* Puts every section where it must be, and computes the checksums. */
static void seal(uint8_t *bytes, size_t size) {
    struct store_header *h = (struct store_header *)bytes;
    struct store_entry *entries = (struct store_entry *)(bytes + sizeof *h);
    size_t begin = sizeof *h;

    memcpy(h->magic, STORE_MAGIC, sizeof h->magic);
    h->major = STORE_MAJOR;
    h->n_sections = h->n_sections % STORE_MAX_SECTIONS + (h->n_sections % STORE_MAX_SECTIONS == 0);
    if (h->n_sections > (size - begin) / sizeof *entries)
        h->n_sections = (uint32_t)((size - begin) / sizeof *entries);
    begin += h->n_sections * sizeof *entries;
    for (uint32_t i = 0; i < h->n_sections; i++) {
        struct store_entry *e = &entries[i];
        e->offset = begin;
        if (e->size_bytes > size - begin)
            e->size_bytes = size - begin;
        e->crc = base_crc32c(0, bytes + begin, (size_t)e->size_bytes);
        size_t end = begin + (size_t)e->size_bytes;
        begin = (end + STORE_ALIGN - 1) / STORE_ALIGN * STORE_ALIGN;
        memset(bytes + end, 0, begin - end);
    }
    h->size_bytes = begin;
    h->table_crc = base_crc32c(0, entries, h->n_sections * sizeof *entries);
    h->header_crc = base_crc32c(0, h, offsetof(struct store_header, header_crc));
}

void fuzz_sealed(const uint8_t *data, size_t size, void (*use)(const char *path)) {
    use(fuzz_file(data, size));
    size_t whole = (size + STORE_ALIGN - 1) / STORE_ALIGN * STORE_ALIGN;
    if (whole < 2 * STORE_ALIGN)
        return;
    uint8_t *copy = aligned_alloc(STORE_ALIGN, whole);
    fuzz_check(copy != NULL, "out of memory");
    memset(copy, 0, whole);
    memcpy(copy, data, size);
    seal(copy, whole);
    use(fuzz_file(copy, (size_t)((const struct store_header *)copy)->size_bytes));
    free(copy);
}
