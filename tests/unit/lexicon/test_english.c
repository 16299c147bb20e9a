/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/lexicon/test_english.c: tests the shipped English dictionary and letter-to-sound model. */
#include "lexicon/internal.h"
#include "lexicon/lexicon.h"
#include "score.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dictionary_path[4096], g2p_path[4096], heldout_path[4096];
static struct lexicon *lexicon;

/* Returns whether one of the pronunciations of word equals phones. *ret_source: that of the first. */
static bool says(const char *word, const char *phones, enum lexicon_source *ret_source) {
    struct lexicon_pronunciation out[LEXICON_MAX_VARIANTS];
    int n = lexicon_pronounce(lexicon, NULL, word, out, LEXICON_MAX_VARIANTS);
    for (int i = 0; i < n; i++) {
        char text[256] = "";
        for (unsigned k = 0; k < out[i].n_phones; k++) {
            strcat(text, k > 0 ? " " : "");
            strcat(text, lexicon_phone(lexicon, out[i].phones[k]));
        }
        *ret_source = out[0].source;
        if (strcmp(text, phones) == 0)
            return true;
        print_message("%s: %s\n", word, text);
    }
    return false;
}

static void words_of_a_home(void **state) {
    (void)state;
    static const struct {
        const char *word, *phones;
        enum lexicon_source source;
    } cases[] = {
        {"kitchen", "K IH CH AH N", LEXICON_DICTIONARY},
        {"Thermostat's", "TH ER M AH S T AE T S", LEXICON_DICTIONARY},
        {"EcoBee", "IY K OW B IY", LEXICON_DICTIONARY},
        {"temp?", "T EH M P", LEXICON_DICTIONARY},
        {"HVAC", "EY CH V AE K", LEXICON_DICTIONARY},
        {"LEDs", "EH L IY D IY Z", LEXICON_DICTIONARY},
        {"a", "EY", LEXICON_DICTIONARY},
        {"a", "AH", LEXICON_DICTIONARY},
        {"W", "D AH B AH L Y UW", LEXICON_DICTIONARY},
        {"z", "Z EH D", LEXICON_DICTIONARY},
        {"schedule", "SH EH JH UW L", LEXICON_DICTIONARY},
        {"SmartThings", "S M AA R T TH IH NG Z", LEXICON_DICTIONARY},
        {"on-off", "AA N AO F", LEXICON_DICTIONARY},
        {"QBZ", "K Y UW B IY Z IY", LEXICON_GUESS},
        {"RGBW", "AA R JH IY B IY D AH B AH L Y UW", LEXICON_GUESS},
        {"expelliarmus", "EH K S P EH L IY AA R M AH S", LEXICON_GUESS},
        {"zigbee", "Z IH G B IY", LEXICON_GUESS},
        {"downlighters", "D AW N L AY T ER Z", LEXICON_GUESS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum lexicon_source source;
        if (!says(cases[i].word, cases[i].phones, &source))
            fail_msg("%s is not said %s", cases[i].word, cases[i].phones);
        assert_int_equal(source, cases[i].source);
    }
}

static void any_letters_can_be_said(void **state) {
    (void)state;
    const char *words[] = {"Nguyen", "xqzzt", "h", "aaaaaaaaaaaaaaaaaaaa", "M\xc3\xbcnchhausen", "\xc5\x81\xc3\xb3\xc4\x8f\xc5\xba",
                           "e"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct lexicon_pronunciation out[LEXICON_MAX_VARIANTS];
        int n = lexicon_pronounce(lexicon, NULL, words[i], out, LEXICON_MAX_VARIANTS);
        assert_true(n >= 1);
        for (int k = 0; k < n; k++)
            assert_true(out[k].n_phones >= 1);
    }
    struct lexicon_pronunciation out[2];
    assert_int_equal(lexicon_pronounce(lexicon, NULL, "42", out, 2), -ENOENT);
}

static void every_word_of_cmudict_is_there(void **state) {
    (void)state;
    assert_in_range(lexicon_n_words(lexicon), 120000, 140000);
    assert_in_range(store_size_bytes(lexicon->dictionary_store), 1000000, 2000000);
    assert_in_range(store_size_bytes(lexicon->g2p_store), 100000, 1500000);
}

/* Words that were not in the training data (some of their inflections were). When the model was made, 6.92 % of phones and 29.3 %
 * of words were wrong. The search is exact arithmetic, so the margin is only for a retrained model. */
static void unseen_words(void **state) {
    (void)state;
    struct score s;
    tragus_error error = {0};
    const struct dictionary *d = &lexicon->dictionary;
    if (score_dictionary(&s, &lexicon->g2p, d->phone_names, d->n_phones, heldout_path, &error) < 0)
        fail_msg("%s:%d: %s", error.file, error.line, error.text);
    print_message("%u of %u words and %u of %u phones wrong\n", s.wrong_words, s.n_words, s.wrong_phones, s.n_phones);
    assert_int_equal(s.n_words, 300);
    assert_true(1000 * s.wrong_phones <= 80 * s.n_phones);
    assert_true(100 * s.wrong_words <= 33 * s.n_words);
}

/* Changes bytes of the model at many places and fixes the checksums: the file must be refused, or be as harmless as an intact
 * one. */
static void damaged_model_is_refused_or_harmless(void **state) {
    (void)state;
    char path[] = "/tmp/tragus-g2p-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    uint32_t random = 12345;
    unsigned n_refused = 0;
    for (unsigned round = 0; round < 42; round++) {
        struct store_part parts[8];
        size_t changed = round % g2p_n_sections;
        for (size_t k = 0; k < g2p_n_sections; k++) {
            parts[k] = (struct store_part){.name = g2p_sections[k]};
            parts[k].bytes = store_section(lexicon->g2p_store, g2p_sections[k], &parts[k].size_bytes);
        }
        unsigned char *copy = malloc(parts[changed].size_bytes);
        memcpy(copy, parts[changed].bytes, parts[changed].size_bytes);
        for (unsigned i = 0; i < 2; i++) {
            random = random * 1664525u + 1013904223u;
            copy[(random >> 4) % parts[changed].size_bytes] ^= (unsigned char)(1u << (random >> 28 & 7));
        }
        if (round % 5 == 4)
            parts[changed].size_bytes -= 1;
        parts[changed].bytes = copy;
        assert_int_equal(store_write(path, STORE_G2P, parts, g2p_n_sections, NULL), 0);
        tragus_error error = {0};
        struct lexicon *l = NULL;
        if (lexicon_open(&l, dictionary_path, path, &error) < 0) {
            assert_true(error.text[0] != '\0');
            n_refused++;
        } else {
            struct lexicon_pronunciation out[2];
            lexicon_pronounce(l, NULL, "expelliarmus", out, 2);
            lexicon_pronounce(l, NULL, "xzqjvwkbcdfghlmnprstyaeiou", out, 2);
        }
        lexicon_free(l);
        free(copy);
    }
    unlink(path);
    assert_true(n_refused > 18);
}

static int open_english(void **state) {
    (void)state;
    tragus_error error = {0};
    if (lexicon_open(&lexicon, dictionary_path, g2p_path, &error) == 0)
        return 0;
    print_error("%s: %s\n", error.file, error.text);
    return -1;
}

static int close_english(void **state) {
    (void)state;
    lexicon_free(lexicon);
    return 0;
}

int main(void) {
    const char *source = getenv("abs_top_srcdir"), *build = getenv("abs_top_builddir");
    snprintf(dictionary_path, sizeof dictionary_path, "%s/models/en/lexicon.tragus", build ? build : ".");
    snprintf(g2p_path, sizeof g2p_path, "%s/models/en/g2p.tragus", source ? source : ".");
    snprintf(heldout_path, sizeof heldout_path, "%s/tests/data/g2p_heldout.dict", source ? source : ".");
    if (access(dictionary_path, R_OK) != 0) {
        fprintf(stderr, "skipped: %s is not built; make models/en/lexicon.tragus\n", dictionary_path);
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_a_home),
        cmocka_unit_test(any_letters_can_be_said),
        cmocka_unit_test(every_word_of_cmudict_is_there),
        cmocka_unit_test(unseen_words),
        cmocka_unit_test(damaged_model_is_refused_or_harmless),
    };
    return cmocka_run_group_tests(tests, open_english, close_english);
}
