/* SPDX-License-Identifier: Apache-2.0 */
/* A password or token is taken only from a file that nobody but its owner can read. */
#include "bridge/private.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/tragus-secret.XXXXXX";
static char path[64];

static int make_folder(void **state) {
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/secret", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    return rmdir(folder);
}

/* Reads a file of these bytes and mode. Returns the result, and its message in e. */
static int take(const void *bytes, size_t n, mode_t mode, char out[BRIDGE_MOST_SECRET + 1], tragus_error *e) {
    struct timespec changed = {0};
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), (ssize_t)n);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
    *e = (tragus_error){0};
    int r = bridge_secret_read(out, "password_file", path, &changed, e);
    if (r >= 0)
        assert_true(changed.tv_sec > 0);
    assert_int_equal(unlink(path), 0);
    return r;
}

static void test_text(void **state) {
    char out[BRIDGE_MOST_SECRET + 1], most[BRIDGE_MOST_SECRET + 2];
    tragus_error e;
    (void)state;
    static const struct {
        const char *bytes, *text;
    } cases[] = {
        {"secret", "secret"}, {"secret\n", "secret"}, {"secret\r\n\n", "secret"}, {" two words ", " two words "}, {"", ""}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(take(cases[i].bytes, strlen(cases[i].bytes), 0600, out, &e), 0);
        assert_string_equal(out, cases[i].text);
    }
    assert_int_equal(take("secret", 6, 0400, out, &e), 0);
    memset(most, 'x', sizeof(most));
    assert_int_equal(take(most, BRIDGE_MOST_SECRET, 0600, out, &e), 0);
    assert_int_equal(strlen(out), BRIDGE_MOST_SECRET);
    assert_int_equal(take(most, BRIDGE_MOST_SECRET + 1, 0600, out, &e), -E2BIG);
    assert_int_equal(take("sec\0ret", 7, 0600, out, &e), -EINVAL);
}

static void test_rights(void **state) {
    static const mode_t open_modes[] = {0640, 0604, 0620, 0602, 0610, 0660, 0644};
    char out[BRIDGE_MOST_SECRET + 1], text[256];
    tragus_error e;
    (void)state;
    snprintf(text, sizeof(text), "password_file %s is open to other users; chmod 600 %s", path, path);
    for (size_t i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
        assert_int_equal(take("secret", 6, open_modes[i], out, &e), -EPERM);
        assert_string_equal(e.text, text);
    }
}

static void test_what_is_no_file(void **state) {
    char out[BRIDGE_MOST_SECRET + 1];
    struct timespec changed;
    tragus_error e = {0};
    (void)state;
    assert_int_equal(bridge_secret_read(out, "token_file", path, &changed, &e), -ENOENT);
    assert_non_null(strstr(e.text, "cannot be read: No such file"));
    assert_int_equal(bridge_secret_read(out, "token_file", folder, &changed, &e), -EINVAL);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(bridge_secret_read(out, "token_file", path, &changed, &e), -EINVAL); /* without waiting for a writer */
    assert_int_equal(unlink(path), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_rights),
        cmocka_unit_test(test_what_is_no_file),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
