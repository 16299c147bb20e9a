/* SPDX-License-Identifier: Apache-2.0 */
/* base/crc32c.h: CRC-32C (Castagnoli), the check of stored files. */
#ifndef TRAGUS_BASE_CRC32C_H
#define TRAGUS_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The CRC of all bytes so far: crc is the result for those before these n, 0 at the beginning. Of "123456789": 0xE3069283. */
uint32_t base_crc32c(uint32_t crc, const void *bytes, size_t n);

/* [k][b]: what byte b, followed by k bytes of zero, does to the register; src/base/gen/crc32c.c. */
extern const uint32_t base_crc32c_table[8][256];

#endif
