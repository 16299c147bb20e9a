/* SPDX-License-Identifier: Apache-2.0 */
/* base/crc32c.h: CRC-32C (Castagnoli), the checksum of stored files. */
#ifndef TRAGUS_BASE_CRC32C_H
#define TRAGUS_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Extends crc, the CRC of all preceding bytes (0 at the start), by n bytes. The CRC of "123456789" is 0xE3069283. */
uint32_t base_crc32c(uint32_t crc, const void *bytes, size_t n);

/* [k][b]: the effect on the register of byte b followed by k zero bytes; src/base/gen/crc32c.c. */
extern const uint32_t base_crc32c_table[8][256];

#endif
