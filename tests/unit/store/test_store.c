/* SPDX-License-Identifier: Apache-2.0 */
/* A container comes back as it was written; cut, changed, foreign and misbuilt ones are refused with a sentence, none crashes. */
#include "store/store.h"

#include "base/crc32c.h"
#include "store/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char folder[] = "/tmp/tragus-store-XXXXXX";
static char path[64];
static const char *const known[] = {"weights", "text", "empty"};
#define N_KNOWN (sizeof known / sizeof known[0])

static unsigned char *good; /* the bytes of a small file */
static size_t n_good;

static void put_file(const unsigned char *bytes, size_t n) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static unsigned char *get_file(size_t *ret_n) {
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    unsigned char *bytes = malloc(1 << 16);
    assert_non_null(bytes);
    *ret_n = fread(bytes, 1, 1 << 16, f);
    fclose(f);
    return bytes;
}

/* Opens path, which must be refused: with this code (0 = any), a file name and a sentence that holds `words`. */
static void refused(int code, const char *words) {
    tragus_error e = {0};
    struct store *s = (struct store *)&e;
    int r = store_open(&s, path, STORE_ACOUSTIC, known, N_KNOWN, &e);
    assert_true(r < 0);
    assert_ptr_equal(s, &e); /* outputs are written on success only */
    assert_int_equal(e.code, r);
    assert_string_equal(e.file, path);
    if (code != 0)
        assert_int_equal(r, code);
    if (strstr(e.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", e.text, words);
    assert_int_equal(store_open(&s, path, STORE_ACOUSTIC, known, N_KNOWN, NULL), r);
}

/* Writes a changed copy of the good file with its CRCs made right again, so that the checks behind them are reached. */
static void put_changed(void (*change)(struct store_header *h, struct store_entry *e, unsigned char *bytes)) {
    unsigned char *bytes = malloc(n_good);
    assert_non_null(bytes);
    memcpy(bytes, good, n_good);
    struct store_header *h = (struct store_header *)bytes;
    struct store_entry *entries = (struct store_entry *)(bytes + sizeof *h);
    uint32_t n_sections = h->n_sections;
    change(h, entries, bytes);
    h->table_crc = base_crc32c(0, entries, n_sections * sizeof *entries);
    h->header_crc = base_crc32c(0, h, offsetof(struct store_header, header_crc));
    put_file(bytes, n_good);
    free(bytes);
}

static int write_good(void **unused) {
    (void)unused;
    static const unsigned char weights[70] = {1, 2, 3, [69] = 70};
    const struct store_part parts[] = {
        {"weights", weights, sizeof weights, 0},
        {"empty", NULL, 0, 0},
        {"text", "hello", 5, 0},
        {"of-the-future-1", "unknown", 7, STORE_OPTIONAL},
    };
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/model.tragus", folder);
    if (store_write(path, STORE_ACOUSTIC, parts, 4, NULL) < 0)
        return -1;
    good = get_file(&n_good);
    return 0;
}

static int clean(void **unused) {
    (void)unused;
    free(good);
    unlink(path);
    return rmdir(folder);
}

static void test_comes_back(void **unused) {
    (void)unused;
    put_file(good, n_good);
    struct store *s = NULL;
    tragus_error e = {0};
    assert_int_equal(store_open(&s, path, STORE_ACOUSTIC, known, N_KNOWN, &e), 0);
    assert_int_equal(e.code, 0);
    size_t n = 0;
    const unsigned char *weights = store_section(s, "weights", &n);
    assert_non_null(weights);
    assert_int_equal(n, 70);
    assert_int_equal((uintptr_t)weights % STORE_ALIGN, 0);
    assert_int_equal(weights[0] + weights[1] + weights[2] + weights[69], 76);
    assert_memory_equal(store_section(s, "text", &n), "hello", 5);
    assert_int_equal(n, 5);
    assert_non_null(store_section(s, "empty", &n));
    assert_int_equal(n, 0);
    n = 99;
    assert_null(store_section(s, "bias", &n));
    assert_int_equal(n, 99);
    assert_int_equal(store_size_bytes(s), n_good);
    assert_int_equal(n_good, 64 + 4 * 64 + 128 + 0 + 64 + 64);
    store_free(s);
    store_free(NULL);
}

/* The layout that store.h promises to other writers, byte by byte and not through our own structs. */
static void test_layout(void **unused) {
    (void)unused;
    assert_memory_equal(good, "\x89TRG\r\n\x1a\n\x01\0\0\0\x01\0\0\0", 16);
    assert_memory_equal(good + 16, "\x40\x02\0\0\0\0\0\0\x04\0\0\0", 12);
    uint32_t crc = base_crc32c(0, good + 64, 256);
    assert_memory_equal(good + 28, &crc, 4);
    crc = base_crc32c(0, good, 60);
    assert_memory_equal(good + 60, &crc, 4);
    assert_memory_equal(good + 64, "weights\0\0\0\0\0\0\0\0\0\x40\x01\0\0\0\0\0\0\x46\0\0\0\0\0\0\0", 32);
    crc = base_crc32c(0, good + 320, 70);
    assert_memory_equal(good + 64 + 32, &crc, 4);
    assert_memory_equal(good + 64 + 3 * 64 + 36, "\x01\0\0\0", 4);
    assert_memory_equal(good + 448, "hello\0", 6);
}

static void test_cut_at_every_length(void **unused) {
    (void)unused;
    for (size_t n = 0; n < n_good; n++) {
        put_file(good, n);
        refused(-EBADMSG, n == 0 ? "empty" : "cut short");
    }
}

static void test_every_bit(void **unused) {
    (void)unused;
    unsigned char *bytes = malloc(n_good);
    assert_non_null(bytes);
    for (size_t bit = 0; bit < 8 * n_good; bit++) {
        memcpy(bytes, good, n_good);
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        put_file(bytes, n_good);
        refused(0, "");
    }
    free(bytes);
}

static void test_appended(void **unused) {
    (void)unused;
    unsigned char *bytes = calloc(1, n_good + 64);
    assert_non_null(bytes);
    memcpy(bytes, good, n_good);
    put_file(bytes, n_good + 64);
    refused(-EBADMSG, "64 bytes too many");
    free(bytes);
}

static void test_foreign(void **unused) {
    (void)unused;
    static const char elf[200] = "\x7f"
                                 "ELF";
    put_file((const unsigned char *)elf, sizeof elf);
    refused(-EMEDIUMTYPE, "not a tragus file; an acoustic model was expected");
    put_file((const unsigned char *)"hi", 2);
    refused(-EMEDIUMTYPE, "not a tragus file");
    /* Copied with line ends changed, or with the eighth bit lost. */
    put_file((const unsigned char *)"\x89TRG\n\x1a\n and the rest", 20);
    refused(-EBADMSG, "as text");
    put_file((const unsigned char *)"\x09TRG\r\n\x1a\n and the rest", 20);
    refused(-EBADMSG, "as text");
}

static void test_not_files(void **unused) {
    (void)unused;
    char kept[sizeof path];
    memcpy(kept, path, sizeof path);
    snprintf(path, sizeof path, "%s/nothing", folder);
    refused(-ENOENT, "No such file");
    snprintf(path, sizeof path, "%s", folder);
    refused(-EISDIR, "not a file");
    snprintf(path, sizeof path, "%s/pipe", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    refused(-EMEDIUMTYPE, "not a file"); /* and does not wait for a writer */
    unlink(path);
    memcpy(path, kept, sizeof path);
}

#define CHANGE(NAME, ...)                                                                   \
    static void NAME(struct store_header *h, struct store_entry *e, unsigned char *bytes) { \
        (void)h, (void)e, (void)bytes;                                                      \
        __VA_ARGS__                                                                         \
    }
CHANGE(wrong_kind, h->kind = STORE_LEXICON;)
CHANGE(unknown_kind, h->kind = 77;)
CHANGE(next_major, h->major = 2;)
CHANGE(next_minor, h->minor = 9;)
CHANGE(no_sections, h->n_sections = 0;)
CHANGE(too_many_sections, h->n_sections = UINT32_MAX;)
CHANGE(table_too_big, h->n_sections = 60;)
CHANGE(reserved_in_header, h->zero[27] = 1;)
CHANGE(overlap, e[2].offset = e[0].offset + 64;)
CHANGE(overlap_table, e[0].offset = 64;)
CHANGE(overlap_header, e[0].offset = 0;)
CHANGE(misplaced, e[3].offset += 64;)
CHANGE(unaligned, e[3].offset += 1;)
CHANGE(beyond_end, e[3].size_bytes = 65;)
CHANGE(far_beyond_end, e[3].size_bytes = UINT64_MAX - 10;)
CHANGE(offset_huge, e[1].offset = UINT64_MAX - 63;)
CHANGE(shorter, e[0].size_bytes = 69;)
CHANGE(twice, memcpy(e[1].name, e[0].name, STORE_NAME_BYTES);)
CHANGE(no_name, memset(e[1].name, 0, STORE_NAME_BYTES);)
CHANGE(endless_name, memset(e[1].name, 'n', STORE_NAME_BYTES);)
CHANGE(odd_name, e[1].name[0] = '\n';)
CHANGE(name_with_tail, e[2].name[10] = 'x';)
CHANGE(reserved_in_entry, e[1].zero[0] = 1;)
CHANGE(needed_unknown, e[3].flags = 0;)
CHANGE(unknown_flag, e[3].flags |= 2;)
CHANGE(dirty_padding, bytes[e[0].offset + 70] = 1;)
CHANGE(dirty_end, bytes[h->size_bytes - 1] = 1;)
CHANGE(wrong_section_crc, e[2].crc ^= 1;)

static void test_misbuilt(void **unused) {
    (void)unused;
    static const struct {
        void (*change)(struct store_header *h, struct store_entry *e, unsigned char *bytes);
        int code;
        const char *words;
    } cases[] = {
        {wrong_kind, -EMEDIUMTYPE, "this is a lexicon, and an acoustic model was expected"},
        {unknown_kind, -EMEDIUMTYPE, "a kind that this version does not know"},
        {next_major, -EMEDIUMTYPE, "made for version 2 of the format, this program reads version 1"},
        {no_sections, -EBADMSG, "0 sections"},
        {too_many_sections, -EBADMSG, "4294967295 sections"},
        {table_too_big, -EBADMSG, "does not fit"},
        {reserved_in_header, -EBADMSG, "does not know"},
        {overlap, -EBADMSG, "'text' overlaps"},
        {overlap_table, -EBADMSG, "'weights' overlaps"},
        {overlap_header, -EBADMSG, "'weights' overlaps"},
        {misplaced, -EBADMSG, "not at its place"},
        {unaligned, -EBADMSG, "not at its place"},
        {beyond_end, -EBADMSG, "beyond the end"},
        {far_beyond_end, -EBADMSG, "beyond the end"},
        {offset_huge, -EBADMSG, "not at its place"},
        {shorter, -EBADMSG, "damaged (in section 'weights')"},
        {twice, -EBADMSG, "'weights' is there twice"},
        {no_name, -EBADMSG, "section 2 has no proper name"},
        {endless_name, -EBADMSG, "no proper name"},
        {odd_name, -EBADMSG, "no proper name"},
        {name_with_tail, -EBADMSG, "no proper name"},
        {reserved_in_entry, -EBADMSG, "does not know"},
        {needed_unknown, -EMEDIUMTYPE, "needs section 'of-the-future-1'"},
        {unknown_flag, -EBADMSG, "does not know"},
        {dirty_padding, -EBADMSG, "behind section 'weights'"},
        {dirty_end, -EBADMSG, "behind section 'of-the-future-1'"},
        {wrong_section_crc, -EBADMSG, "damaged (in section 'text')"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put_changed(cases[i].change);
        refused(cases[i].code, cases[i].words);
    }
    struct store *s = NULL;
    put_changed(next_minor);
    assert_int_equal(store_open(&s, path, STORE_ACOUSTIC, known, N_KNOWN, NULL), 0);
    store_free(s);
}

static void test_write_refuses(void **unused) {
    (void)unused;
    put_file(good, n_good);
    tragus_error e = {0};
    struct store_part parts[STORE_MAX_SECTIONS + 1] = {{0}};
    char names[STORE_MAX_SECTIONS + 1][16];
    for (int i = 0; i <= STORE_MAX_SECTIONS; i++) {
        snprintf(names[i], sizeof names[i], "s%d", i);
        parts[i] = (struct store_part){names[i], "x", 1, 0};
    }
    assert_int_equal(store_write(path, STORE_G2P, parts, 0, &e), -EINVAL);
    assert_int_equal(store_write(path, STORE_G2P, parts, STORE_MAX_SECTIONS + 1, &e), -EINVAL);
    parts[1].name = "s0";
    assert_int_equal(store_write(path, STORE_G2P, parts, 2, &e), -EINVAL);
    parts[1].name = "sixteen-bytes-16";
    assert_int_equal(store_write(path, STORE_G2P, parts, 2, &e), -EINVAL);
    parts[1].name = "";
    assert_int_equal(store_write(path, STORE_G2P, parts, 2, &e), -EINVAL);
    parts[1].name = "a b";
    assert_int_equal(store_write(path, STORE_G2P, parts, 2, &e), -EINVAL);
    parts[1].name = names[1];
    assert_int_equal(store_write("/nowhere/model", STORE_G2P, parts, 2, &e), -ENOENT);
    assert_string_equal(e.file, "/nowhere/model");

    /* None of this touched the file; a good write replaces it, and leaves nothing beside it (clean removes the folder). */
    size_t n;
    unsigned char *bytes = get_file(&n);
    assert_int_equal(n, n_good);
    assert_memory_equal(bytes, good, n);
    free(bytes);
    assert_int_equal(store_write(path, STORE_G2P, parts, STORE_MAX_SECTIONS, &e), 0);
    const char *all[STORE_MAX_SECTIONS];
    for (int i = 0; i < STORE_MAX_SECTIONS; i++)
        all[i] = names[i];
    struct store *s = NULL;
    assert_int_equal(store_open(&s, path, STORE_G2P, all, STORE_MAX_SECTIONS, NULL), 0);
    store_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comes_back), cmocka_unit_test(test_layout),   cmocka_unit_test(test_cut_at_every_length),
        cmocka_unit_test(test_every_bit),  cmocka_unit_test(test_appended), cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_not_files),  cmocka_unit_test(test_misbuilt), cmocka_unit_test(test_write_refuses),
    };
    return cmocka_run_group_tests(tests, write_good, clean);
}
