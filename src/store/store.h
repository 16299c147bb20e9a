/* SPDX-License-Identifier: Apache-2.0 */
/* store/store.h: the container of models and lexica: mapped, checked once, then trusted.
 *
 * Layout, version 1.0. All numbers are little-endian; offsets are from the start of the file; every byte not named here is zero.
 *
 *   header, 64 bytes
 *      0  u8[8]  magic: 89 54 52 47 0D 0A 1A 0A ("\x89TRG\r\n\x1a\n"; the high byte and the CR LF LF reveal copies made as text)
 *      8  u16    major version, 1: a reader refuses any other
 *     10  u16    minor version, 0: a reader accepts any
 *     12  u32    kind: enum store_kind
 *     16  u64    size of the file in bytes, a multiple of 64
 *     24  u32    number of sections, 1..64
 *     28  u32    CRC of the table (all entries, number of sections * 64 bytes)
 *     32         28 bytes of zero
 *     60  u32    CRC of bytes 0..59 of this header
 *   table, from byte 64: one entry of 64 bytes per section
 *      0  u8[16] name: 1 to 15 printable ASCII characters without space, then NULs; unique
 *     16  u64    offset of the section
 *     24  u64    size of the section in bytes, without padding; may be 0
 *     32  u32    CRC of the section's bytes
 *     36  u32    flags: enum store_flag
 *     40         24 bytes of zero
 *   sections, in the order of the table: the first begins right after the table, each other one at the first multiple of 64 at or
 *   after the end of the previous one; the gaps, and the end of the file up to a multiple of 64, are zero
 *
 * CRC is CRC-32C (Castagnoli): reflected polynomial 0x82F63B78, initial value and final xor 0xFFFFFFFF. For "123456789" it is
 * 0xE3069283, for no bytes 0. models/training/device/store.py writes the same layout.
 *
 * So every bit of a file is covered by a check, and files with the same contents are identical. A mapped file must not be
 * truncated under its reader (SIGBUS): replace a file by renaming a new one over it, as store_write does.
 */
#ifndef TRAGUS_STORE_STORE_H
#define TRAGUS_STORE_STORE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define STORE_MAJOR 1
#define STORE_MINOR 0
#define STORE_MAX_SECTIONS 64
#define STORE_ALIGN 64 /* of sections, in the file and in memory */

enum store_kind { STORE_ACOUSTIC = 1, STORE_LEXICON = 2, STORE_G2P = 3, STORE_NGRAMS = 4 };
enum store_flag { STORE_OPTIONAL = 1u }; /* a reader may skip this section if it does not know it */

struct store; /* a mapped file; immutable, any thread may read it */

/* Maps path and checks it completely: magic, version, kind, size, table, overlaps, CRC of every section, and that each section is
 * in `known` (n_known names) or optional. Returns 0, or a negative errno and in reterr what is wrong and how to fix it: -EBADMSG
 * for a damaged file; -EMEDIUMTYPE for a foreign file or another kind or version; else the errors of open and mmap. The caller
 * frees with store_free. */
int store_open(struct store **ret, const char *path, enum store_kind kind, const char *const known[], size_t n_known,
               tragus_error *reterr);
void store_free(struct store *s); /* accepts NULL */

/* Lets go of the pages that were read: they are mapped again when they are used, from the cache of the system if it still has them.
 * For a large file of which little is used after it was checked. */
void store_let_go(const struct store *s);

/* A section's size and bytes, 64-byte aligned, valid until store_free; NULL if there is none of that name. */
const void *store_section(const struct store *s, const char *name, size_t *ret_size_bytes);

size_t store_size_bytes(const struct store *s);

struct store_part {
    const char *name; /* at most 15 characters */
    const void *bytes;
    size_t size_bytes;
    uint32_t flags;
};

/* Writes a new file beside path and renames it over path. Returns 0 or a negative errno; on failure path is unchanged. */
int store_write(const char *path, enum store_kind kind, const struct store_part parts[], size_t n_parts, tragus_error *reterr);

#endif
