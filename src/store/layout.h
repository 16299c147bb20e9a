/* SPDX-License-Identifier: Apache-2.0 */
/* store/layout.h: the layout of store.h as structs, for reader and writer. Little-endian machines only (configure refuses others),
 * so the file is mapped without conversion. */
#ifndef TRAGUS_STORE_LAYOUT_H
#define TRAGUS_STORE_LAYOUT_H

#include "store/store.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_MAGIC "\x89TRG\r\n\x1a\n"
#define STORE_NAME_BYTES 16

struct store_header {
    char magic[8];
    uint16_t major, minor;
    uint32_t kind;
    uint64_t size_bytes;
    uint32_t n_sections;
    uint32_t table_crc;
    uint8_t zero[28];
    uint32_t header_crc; /* of all bytes before it */
};
static_assert(sizeof(struct store_header) == 64, "as store.h says");

struct store_entry {
    char name[STORE_NAME_BYTES];
    uint64_t offset, size_bytes;
    uint32_t crc;
    uint32_t flags;
    uint8_t zero[24];
};
static_assert(sizeof(struct store_entry) == 64, "as store.h says");

const char *store_kind_name(uint32_t kind); /* "an acoustic model", ... */

#endif
