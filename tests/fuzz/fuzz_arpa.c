/* SPDX-License-Identifier: Apache-2.0 */
/* A language model in ARPA's format. What was read is written and read again, and mixed with a model of a text. */
#include "fuzz.h"
#include "lm/arpa.h"
#include "lm/mix.h"
#include "lm/train.h"

#include <math.h>
#include <stdlib.h>

const char fuzz_name[] = "arpa";

static const char sentence[] = "the quick fox runs over the hill";

static struct lm_tables of_text(void) {
    static const struct lm_limits most = {.max_words = 100, .max_pairs = 100, .max_triples = 100};
    struct lm_tables t = {0};
    struct lm_trainer *trainer;
    fuzz_check(lm_trainer_new(&trainer) == 0 && lm_trainer_source(trainer, 1, NULL) == 0 &&
                   lm_trainer_add(trainer, sentence) == 0 && lm_trainer_finish(trainer, &most, NULL, NULL, &t, NULL) == 0,
               "a text makes no model");
    lm_trainer_free(trainer);
    return t;
}

static void check_again(const struct lm_tables *t) {
    struct lm_tables again;
    tragus_error e = {0};
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    fuzz_check(f && lm_arpa_write(t, f) == 0 && fclose(f) == 0, "a model cannot be written");
    fuzz_check(lm_arpa_read(&again, fuzz_file((const uint8_t *)text, size), NULL, NULL, &e) == 0, e.text);
    fuzz_check(again.n_words == t->n_words && again.n_pairs == t->n_pairs && again.n_triples == t->n_triples, "n-grams were lost");
    lm_tables_done(&again);
    free(text);
}

static void check_mixed(struct lm_tables *t) {
    struct lm_tables of = of_text(), both;
    struct lm_mix_sample samples[sizeof sentence / 2 + 1];
    tragus_error e = {0};
    double weight = lm_mix_weight(samples, lm_mix_samples(t, &of, sentence, samples));
    fuzz_check(weight >= 0.05 && weight <= 0.5, "a weight is out of its range");
    fuzz_check(lm_mix(t, &of, weight, &both, &e) == 0, e.text);
    for (uint32_t s = 0; s < both.n_words + LM_N_SPECIAL_SYMBOLS; s++)
        fuzz_check(isfinite(both.singles[s].cost) && isfinite(both.singles[s].weight), "a word has no probability");
    for (size_t i = 0; i < both.n_pairs; i++)
        fuzz_check(isfinite(both.pairs[i].is.cost) && isfinite(both.pairs[i].is.weight), "a pair has no probability");
    lm_tables_done(&of);
    lm_tables_done(&both);
}

void fuzz_one(const uint8_t *data, size_t size) {
    struct lm_tables t;
    tragus_error e = {0};
    int r = lm_arpa_read(&t, fuzz_file(data, size), NULL, NULL, &e);
    fuzz_check(r == 0 || e.text[0], "refused without a reason");
    if (r < 0)
        return;
    check_again(&t);
    check_mixed(&t);
    lm_tables_done(&t);
}
