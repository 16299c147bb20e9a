/* SPDX-License-Identifier: Apache-2.0 */
/* Word errors, slots and intervals against values worked out by hand, and reading of lists. */
#include "cli/list.h"
#include "cli/score.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void words_are(const char *reference, const char *heard, size_t n, size_t s, size_t d, size_t i) {
    struct score_errors e = score_words(reference, heard);
    if (e.n_words != n || e.n_substituted != s || e.n_deleted != d || e.n_inserted != i)
        fail_msg("'%s' '%s': %zu words, %zu %zu %zu", reference, heard, e.n_words, e.n_substituted, e.n_deleted, e.n_inserted);
}

static void errors_are_counted(void **state) {
    (void)state;
    words_are("turn on the light", "turn on the light", 4, 0, 0, 0);
    words_are("Turn ON  the light ", "turn on the LIGHT", 4, 0, 0, 0);
    words_are("twenty-five", "twenty five", 2, 0, 0, 0);
    words_are("\xc3\x89tude", "\xc3\xa9tude", 1, 0, 0, 0);
    words_are("a b c", "", 3, 0, 3, 0);
    words_are("", "a b", 0, 0, 0, 2);
    words_are("", "", 0, 0, 0, 0);
    words_are("a b c d", "a x c d", 4, 1, 0, 0);
    words_are("a b c d", "b c d", 4, 0, 1, 0);
    words_are("a b c d", "a b b c d e", 4, 0, 0, 2);
    words_are("one two three", "two three one", 3, 0, 1, 1);
}

static bool slots(const char *labelled, const char *found) {
    json_object *a = json_tokener_parse(labelled), *b = json_tokener_parse(found);
    bool equal = score_slots_equal(a, b);
    json_object_put(a);
    json_object_put(b);
    return equal;
}

static void slots_are_compared(void **state) {
    (void)state;
    assert_true(slots("{}", "{}"));
    assert_true(score_slots_equal(NULL, NULL));
    assert_true(slots("{\"a\": \"Soy Milk\", \"b\": 2}", "{\"b\": 2.0, \"a\": \"soy-milk\"}"));
    assert_true(slots("{\"n\": \"12\"}", "{\"n\": 12}"));
    assert_true(slots("{\"t\": true}", "{\"t\": true}"));
    assert_false(slots("{\"t\": true}", "{\"t\": false}"));
    assert_false(slots("{\"a\": \"soy\"}", "{}"));
    assert_false(slots("{}", "{\"a\": \"soy\"}"));
    assert_false(slots("{\"a\": \"soy\"}", "{\"b\": \"soy\"}"));
    assert_false(slots("{\"a\": \"soy\"}", "{\"a\": \"soy milk\"}"));
    assert_false(slots("{\"a\": 2}", "{\"a\": 3}"));
    assert_false(slots("{\"a\": null}", "{\"a\": \"\"}"));
}

/* Newcombe, 1998, table I: Wilson's interval without continuity correction. */
static void intervals_are_wilsons(void **state) {
    static const struct {
        size_t n_right, n;
        double low, high;
    } cases[] = {{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0.0, 0.1611}, {1, 29, 0.0061, 0.1718}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double low, high;
        score_interval(cases[i].n_right, cases[i].n, &low, &high);
        assert_true(fabs(low - cases[i].low) < 0.00006 && fabs(high - cases[i].high) < 0.00006);
    }
    double low, high;
    score_interval(0, 0, &low, &high);
    assert_true(low == 0.0 && high == 1.0);
}

/* --- lists --- */

static char path[] = "/tmp/tragus-test-list-XXXXXX";

static int make(void **state) {
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int unmake(void **state) {
    (void)state;
    return unlink(path);
}

static int read_text(struct list *l, const char *text, tragus_error *e) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return list_read(l, path, e);
}

static void lists_are_read(void **state) {
    (void)state;
    struct list l;
    assert_int_equal(read_text(&l,
                               "speaker\ttext\tfile\r\n"
                               "bob\tturn on\ta.wav\r\n"
                               "eve\t{\"intent\": \"Order\", \"slots\": {\"size\": \"large\"}}\t/x/b.wav\n"
                               "\n"
                               "eve\t\tc.wav",
                               NULL),
                     0);
    assert_int_equal(l.n_rows, 3);
    assert_string_equal(l.rows[0].path, "/tmp/a.wav");
    assert_string_equal(l.rows[0].text, "turn on");
    assert_null(l.rows[0].slots);
    assert_string_equal(l.rows[1].path, "/x/b.wav");
    assert_null(l.rows[1].text);
    assert_string_equal(l.rows[1].intent, "Order");
    assert_int_equal(json_object_object_length(l.rows[1].slots), 1);
    assert_string_equal(l.rows[2].text, "");
    list_done(&l);

    assert_int_equal(read_text(&l, "a.wav\thello\nb.wav\t\n", NULL), 0); /* without a header */
    assert_int_equal(l.n_rows, 2);
    assert_string_equal(l.rows[0].text, "hello");
    list_done(&l);
}

static void wrong_lists_are_refused(void **state) {
    static const struct {
        const char *text;
        int line;
    } cases[] = {{"", 0}, {"file\ttext\n", 0}, {"file\ttext\na.wav\n", 2}, {"a.wav\tx\n\ty\n", 2}, {"a.wav\t{\"intent\": \n", 1}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct list l;
        tragus_error e = {0};
        assert_true(read_text(&l, cases[i].text, &e) < 0);
        assert_int_equal(e.line, cases[i].line);
        assert_string_equal(e.file, path);
        assert_true(e.text[0]);
    }
    struct list l;
    tragus_error e = {0};
    assert_int_equal(list_read(&l, "/nowhere/LIST.tsv", &e), -ENOENT);
    assert_int_equal(list_read(&l, "/", &e), -EIO); /* a folder */
    assert_int_equal(list_read(&l, "/dev/zero", &e), -EINVAL);
    assert_int_equal(e.line, 1);
}

/* Neither a line without end nor lines without end fill the memory. */
static void lists_without_end_are_refused(void **state) {
    struct list l;
    tragus_error e = {0};
    (void)state;
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("a.wav\tx\n", f);
    for (int i = 0; i < 70000; i++)
        putc('x', f);
    fclose(f);
    assert_int_equal(list_read(&l, path, &e), -EINVAL);
    assert_int_equal(e.line, 2);
    f = fopen(path, "w");
    assert_non_null(f);
    for (int i = 0; i < 1100; i++) {
        fputs("a.wav\t", f);
        for (int k = 0; k < 62000; k++)
            putc('x', f);
        putc('\n', f);
    }
    fclose(f);
    assert_int_equal(list_read(&l, path, &e), -EFBIG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_counted),      cmocka_unit_test(slots_are_compared),
        cmocka_unit_test(intervals_are_wilsons),   cmocka_unit_test(lists_are_read),
        cmocka_unit_test(wrong_lists_are_refused), cmocka_unit_test(lists_without_end_are_refused),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
