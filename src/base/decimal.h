/* SPDX-License-Identifier: Apache-2.0 */
/* base/decimal.h: decimal numbers with a point in every locale. printf writes the sign of the program's locale, and a program that
 * uses libtragus may have set any. */
#ifndef TRAGUS_BASE_DECIMAL_H
#define TRAGUS_BASE_DECIMAL_H

#define BASE_DECIMAL_BYTES 32

/* Writes x as printf's %g does in the locale C. Returns out. */
const char *base_decimal(double x, char out[BASE_DECIMAL_BYTES]);

#endif
