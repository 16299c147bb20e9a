/* SPDX-License-Identifier: Apache-2.0 */
/* lm/layout.h: the sections of a language model's file, for reader and writer. Private to the room. */
#ifndef TRAGUS_LM_LAYOUT_H
#define TRAGUS_LM_LAYOUT_H

#define LM_SECTION_INFO "info"
#define LM_SECTION_WORDS "words"
#define LM_SECTION_PHONES "phones"
#define LM_SECTION_SPOKEN "spoken"
#define LM_SECTION_SYMBOLS "symbols"
#define LM_SECTION_COSTS "costs"
#define LM_SECTION_WEIGHTS "weights"
#define LM_SECTION_CHILDREN "children"
#define LM_SECTION_PASSPORT "passport"

enum lm_phone_bits { /* of a byte of LM_SECTION_SPOKEN */
                     LM_PHONE = 0x3f,
                     LM_LAST_OF_PRONUNCIATION = 0x40,
                     LM_LAST_OF_WORD = 0x80, /* set together with the one before */
};

enum lm_info { /* numbers of the section `info` */
               LM_INFO_VERSION,
               LM_INFO_ORDER,
               LM_INFO_WORDS,
               LM_INFO_NODES,
               LM_INFO_INNER,
               LM_INFO_COSTS_A_NAT,
               LM_N_INFO
};

#endif
