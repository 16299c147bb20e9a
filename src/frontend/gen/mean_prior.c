/* Made by: python3 src/frontend/gen/make_mean_prior.py LIBFRONTEND FOLDER > src/frontend/gen/mean_prior.c */
/* SPDX-License-Identifier: Apache-2.0 */
/* From 448 clips of Common Voice (CC0), 173155 rows. */
#include "frontend/gen/tables.h"

/* clang-format off */
const int32_t frontend_mean_prior_q8[FRONTEND_FEATURES] = {
    31643, -997, -426, 25, -562, -549, -565, -383, -292, -168,
    -222, -130, -214, -81, -222, -135, -133, -56, -131, -34,
    -78, -23, -61, -12, -52, -25, -45, -13, -28, -6,
    -19, -6, -26, -13, -28, -13, -16, 6, 9, 11,
};
