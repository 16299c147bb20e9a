/* SPDX-License-Identifier: Apache-2.0 */
/* Opening models: files that are missing, foreign or do not match are refused with a message. */
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
        cmocka_unit_test(a_wrong_cpu_mask_is_refused),
        cmocka_unit_test(nothing_is_fine_where_it_says_so),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
