/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/lexicon/score_main.c: `score_g2p MODEL HELD-OUT.dict`: errors of a letter-to-sound model; `score_g2p MODEL < WORDS`:
 * its guesses. See models/training/lexicon/g2p.py. */
#include "lexicon/phones.h"
#include "score.h"
#include "store/store.h"

#include <stdio.h>
#include <string.h>

static int fail(const tragus_error *e) {
    char text[512];
    fprintf(stderr, "%s\n", base_error_format(e, text, sizeof text));
    return 1;
}

static void print_guesses(const struct g2p *g, const char *word) {
    struct lexicon_pronunciation guesses[2];
    int n = g2p_guess(g, word, strlen(word), guesses, 2);
    if (n < 0)
        printf("%s: %s\n", word, strerror(-n));
    for (int i = 0; i < n; i++) {
        printf("%s", word);
        for (unsigned k = 0; k < guesses[i].n_phones; k++)
            printf(" %s", phones_arpabet[guesses[i].phones[k]]);
        printf("\n");
    }
}

int main(int argc, char **argv) {
    tragus_error error = {0};
    struct store *store;
    struct g2p g;
    size_t phones_bytes;
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: %s MODEL [HELD-OUT.dict]\n", argv[0]);
        return 2;
    }
    if (store_open(&store, argv[1], STORE_G2P, g2p_sections, g2p_n_sections, &error) < 0)
        return fail(&error);
    const char *phones = store_section(store, "phones", &phones_bytes);
    if (g2p_view(&g, store, phones, phones_bytes, argv[1], &error) < 0)
        return fail(&error);
    if (argc == 3) {
        struct score s;
        if (score_dictionary(&s, &g, phones_arpabet, PHONES_N_ARPABET, argv[2], &error) < 0)
            return fail(&error);
        printf("words %u, wrong %.2f %%, both guesses wrong %.2f %% (a second guess for %.1f %%)\nphones %u, errors %.2f %%\n",
               s.n_words, 100.0 * s.wrong_words / s.n_words, 100.0 * s.either_wrong_words / s.n_words,
               100.0 * s.n_second / s.n_words, s.n_phones, 100.0 * s.wrong_phones / s.n_phones);
    } else {
        char word[128];
        while (scanf("%127s", word) == 1)
            print_guesses(&g, word);
    }
    store_free(store);
    return 0;
}
