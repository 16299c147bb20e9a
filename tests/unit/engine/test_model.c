/* SPDX-License-Identifier: Apache-2.0 */
/* Opening models: files that are missing, foreign or do not match are refused with a message. What a passport may say. */
#include "engine/private.h"
#include "store/store.h"
#include "tragus.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/tragus-test-model-XXXXXX";

static const char *in(const char *variable, const char *below, char path[512]) {
    const char *top = getenv(variable);
    snprintf(path, 512, "%s/%s", top ? top : ".", below);
    return path;
}

static int make(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int unmake(void **state) {
    (void)state;
    return rmdir(folder);
}

static void refused(const char *path, const char *word) {
    tragus_model *m = NULL;
    tragus_error e = {0};
    int r = tragus_model_open(&m, path, NULL, &e);
    assert_true(r < 0);
    assert_int_equal(e.code, r);
    assert_null(m);
    if (!strstr(e.text, word))
        fail_msg("no '%s' in: %s", word, e.text);
}

static void what_is_missing_is_named(void **state) {
    (void)state;
    refused("/nowhere/acoustic.tragus", "");
    refused(folder, "");
}

static void other_files_are_refused(void **state) {
    (void)state;
    char path[512];
    refused(in("abs_top_srcdir", "LICENSE", path), "");
    refused("/dev/null", "");
}

static void labels_have_to_be_the_lexicons_phones(void **state) {
    (void)state;
    char tiny[512], lexicon[512], here[512];
    in("abs_top_srcdir", "tests/data/nn-tiny.tragus", tiny);
    in("abs_top_builddir", "models/en/lexicon.tragus", lexicon);
    if (access(lexicon, R_OK) < 0) {
        printf("not tried: %s is not built yet\n", lexicon);
        skip();
    }
    snprintf(here, sizeof(here), "%s/lexicon.tragus", folder);
    assert_int_equal(symlink(lexicon, here), 0);
    snprintf(lexicon, sizeof(lexicon), "%s/tiny.tragus", folder);
    assert_int_equal(symlink(tiny, lexicon), 0);
    refused(lexicon, "phones");
    unlink(lexicon);
    unlink(here);
}

/* The options of the English model if its passport were this text. */
static struct decoder_options options_with(const char *passport) {
    static const char *const names[] = {"passport", "labels", "program", "scale", "weights", "test"};
    struct store_part parts[6] = {0};
    char path[512], linked[2][512];
    struct store *s;
    tragus_model *m;
    tragus_error e = {0};
    assert_int_equal(store_open(&s, in("abs_top_builddir", "models/en/acoustic.tragus", path), STORE_ACOUSTIC, names, 6, &e), 0);
    for (unsigned i = 0; i < 6; i++) {
        parts[i].name = names[i];
        parts[i].bytes = store_section(s, names[i], &parts[i].size_bytes);
    }
    parts[0].bytes = passport;
    parts[0].size_bytes = strlen(passport);
    for (unsigned i = 0; i < 2; i++) {
        const char *name = i == 0 ? "lexicon.tragus" : "g2p.tragus";
        char below[64];
        snprintf(below, sizeof(below), "models/en/%s", name);
        snprintf(linked[i], sizeof(linked[i]), "%s/%s", folder, name);
        assert_int_equal(symlink(in("abs_top_builddir", below, path), linked[i]), 0);
    }
    snprintf(path, sizeof(path), "%s/acoustic.tragus", folder);
    assert_int_equal(store_write(path, STORE_ACOUSTIC, parts, 6, &e), 0);
    store_free(s);
    if (tragus_model_open(&m, folder, NULL, &e) < 0)
        fail_msg("%s: %s", e.file, e.text);
    struct decoder_options o = engine_decoder_options(m, NULL);
    tragus_model_unref(m);
    unlink(path);
    unlink(linked[0]);
    unlink(linked[1]);
    return o;
}

static void numbers_of_a_passport_are_checked(void **state) {
    char lexicon[512];
    (void)state;
    if (access(in("abs_top_builddir", "models/en/lexicon.tragus", lexicon), R_OK) < 0) {
        printf("not tried: %s is not built yet\n", lexicon);
        skip();
    }
    const struct decoder_options defaults = decoder_defaults();
    struct decoder_options o = options_with("beam: 20.5\nword_penalty: -1\nend_silence_ms: 400\n"
                                            "wake_rarity: 3.5 -2 8000000 64 0.00390625 0x1\n");
    assert_int_equal(o.beam_q8, 20.5 * 256);
    assert_int_equal(o.word_penalty_q8, defaults.word_penalty_q8); /* below the least */
    assert_int_equal(o.end_silence_ms, 400);
    static const int32_t rarity_q8[] = {0, 896, 0, 0, 64 << 8, 1, 0, 0};
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(o.spotting.rarity_q8[i], rarity_q8[i]);

    /* Digits without end: 10 to the 64th is 0 in 64 bits. */
    char passport[200] = "wake_rarity: 0.";
    for (unsigned i = 0; i < 70; i++)
        strcat(passport, "0");
    strcat(passport, "1 2\nbeam: 99999999999999\n");
    o = options_with(passport);
    assert_int_equal(o.spotting.rarity_q8[1], 0);
    assert_int_equal(o.spotting.rarity_q8[2], 512);
    assert_int_equal(o.beam_q8, defaults.beam_q8);
}

static void a_wrong_cpu_mask_is_refused(void **state) {
    (void)state;
    tragus_model *m = NULL;
    tragus_error e = {0};
    assert_int_equal(tragus_model_open(&m, folder, "avx3000", &e), -EINVAL);
    assert_non_null(strstr(e.text, "avx3000"));
}

static void nothing_is_fine_where_it_says_so(void **state) {
    (void)state;
    tragus_model *m = NULL;
    assert_int_equal(tragus_model_open(NULL, folder, NULL, NULL), -EINVAL);
    assert_true(tragus_model_open(&m, folder, NULL, NULL) < 0); /* without room for the message */
    assert_null(tragus_model_unref(NULL));
    assert_null(tragus_model_ref(NULL));
    assert_true(strlen(tragus_version()) > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(labels_have_to_be_the_lexicons_phones),
        cmocka_unit_test(numbers_of_a_passport_are_checked),
        cmocka_unit_test(a_wrong_cpu_mask_is_refused),
        cmocka_unit_test(nothing_is_fine_where_it_says_so),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
