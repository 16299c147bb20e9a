/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/lexicon/test_lexicon.c: tests compiling, lookup and errors with a small dictionary in this file. */
#define _GNU_SOURCE /* strerrorname_np */
#include "lexicon/compile.h"
#include "lexicon/dictionary.h"
#include "lexicon/lexicon.h"
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

static char folder[] = "/tmp/tragus-lexicon-XXXXXX";
static char dict_path[64], extra_path[64], output[64], other[64], user_path[64], endings_path[64];

static void write_text(const char *path, const char *text, size_t len_bytes) {
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len_bytes, f), len_bytes);
    assert_int_equal(fclose(f), 0);
}

static const char english[] = "ending 's\nending s known letters 3 not ss # a comment\nending es known after ch sh x s z\n"
                              "ending ies becomes y known letters 5\nsound AH Z after S Z SH ZH CH JH\nsound S after P T K F TH\n"
                              "sound Z\n";

static void compile(const char *text, const char *extra) {
    tragus_error error = {0};
    write_text(endings_path, english, strlen(english));
    write_text(dict_path, text, strlen(text));
    write_text(extra_path, extra, strlen(extra));
    const char *paths[] = {dict_path, extra_path};
    if (lexicon_compile(paths, 2, endings_path, output, &error) < 0)
        fail_msg("%s:%d: %s", error.file, error.line, error.text);
}

static struct lexicon *open_output(void) {
    struct lexicon *l = NULL;
    tragus_error error = {0};
    if (lexicon_open(&l, output, NULL, &error) < 0)
        fail_msg("%s", error.text);
    return l;
}

/* Returns all pronunciations, as "K AE T; K AE T S", or the name of the error. */
static const char *say(const struct lexicon *l, const struct lexicon_overrides *o, const char *word) {
    static char text[1024];
    struct lexicon_pronunciation out[LEXICON_MAX_VARIANTS];
    int n = lexicon_pronounce(l, o, word, out, LEXICON_MAX_VARIANTS);
    if (n < 0)
        return strerrorname_np(-n);
    text[0] = '\0';
    for (int i = 0; i < n; i++)
        for (unsigned k = 0; k < out[i].n_phones; k++) {
            strcat(text, k > 0 ? " " : i > 0 ? "; " : "");
            strcat(text, lexicon_phone(l, out[i].phones[k]));
        }
    return text;
}

static const char small[] = "cat K AE T\n"
                            "a AH\n"
                            "a(2) EY\n"
                            "a. EY\n"
                            "b B IY\n"
                            "c S IY\n"
                            "x EH K S\n"
                            "bus B AH S\n"
                            "dog D AO1 G # a comment\n"
                            "# nothing\n"
                            "read R EH D\n"
                            "read(2) R IY D\n"
                            "tv T IY V IY\n"
                            "berry B EH R IY\n"
                            "cafe K AE F EY\n";

static void words_are_found(void **state) {
    (void)state;
    compile(small, "");
    struct lexicon *l = open_output();
    assert_int_equal(lexicon_n_words(l), 12);
    assert_int_equal(lexicon_n_phones(l), 39);
    assert_string_equal(lexicon_phone(l, 1), "AA");
    assert_string_equal(lexicon_phone(l, 39), "ZH");
    assert_null(lexicon_phone(l, 0));
    assert_null(lexicon_phone(l, 40));
    assert_int_equal(lexicon_find_phone(l, "zh"), 39);
    assert_int_equal(lexicon_find_phone(l, "AA1"), 1);
    assert_int_equal(lexicon_find_phone(l, "QQ"), -ENOENT);
    assert_string_equal(say(l, NULL, "cat"), "K AE T");
    assert_string_equal(say(l, NULL, "CAT"), "K AE T");
    assert_string_equal(say(l, NULL, "dog"), "D AO G");
    assert_string_equal(say(l, NULL, "read"), "R EH D; R IY D");
    assert_string_equal(say(l, NULL, "Caf\xc3\xa9"), "K AE F EY");
    lexicon_free(l);
}

static void words_are_derived(void **state) {
    (void)state;
    compile(small, "");
    struct lexicon *l = open_output();
    assert_string_equal(say(l, NULL, "cats"), "K AE T S");
    assert_string_equal(say(l, NULL, "dogs"), "D AO G Z");
    assert_string_equal(say(l, NULL, "dog's"), "D AO G Z");
    assert_string_equal(say(l, NULL, "caf\xc3\xa9\xe2\x80\x99s"), "K AE F EY Z");
    assert_string_equal(say(l, NULL, "buses"), "B AH S AH Z");
    assert_string_equal(say(l, NULL, "berries"), "B EH R IY Z");
    assert_string_equal(say(l, NULL, "cat-dog"), "K AE T D AO G");
    assert_string_equal(say(l, NULL, "cat_dog.cat"), "K AE T D AO G K AE T");
    assert_string_equal(say(l, NULL, "CatDog"), "K AE T D AO G");
    assert_string_equal(say(l, NULL, "TVDog"), "T IY V IY D AO G");
    assert_string_equal(say(l, NULL, "read-read"), "R EH D R EH D; R EH D R IY D; R IY D R EH D; R IY D R IY D");
    assert_string_equal(say(l, NULL, "(cat?)"), "K AE T");
    assert_string_equal(say(l, NULL, "a"), "AH; EY");
    assert_string_equal(say(l, NULL, "ABC"), "EY B IY S IY");
    assert_string_equal(say(l, NULL, "ABCs"), "EY B IY S IY Z");
    assert_string_equal(say(l, NULL, "bcx"), "B IY S IY EH K S");
    lexicon_free(l);
}

/* Endings come from the language, not from the program. */
static void other_endings(void **state) {
    (void)state;
    const char *paths[] = {dict_path};
    tragus_error error = {0};
    struct lexicon *l;
    write_text(dict_path, small, strlen(small));
    assert_int_equal(lexicon_compile(paths, 1, NULL, output, &error), 0);
    l = open_output();
    assert_string_equal(say(l, NULL, "cats"), "ENOENT"); /* no endings, and no guesses */
    lexicon_free(l);
    static const char endings[] =
        "ending \xc3\xabn becomes a known\nending oj\nsound OY after T\nending li becomes b known letters 4\nsound L IY\n";
    write_text(endings_path, endings, strlen(endings));
    assert_int_equal(lexicon_compile(paths, 1, endings_path, output, &error), 0);
    l = open_output();
    assert_string_equal(say(l, NULL, "catoj"), "K AE T OY");
    assert_string_equal(say(l, NULL, "dogoj"), "ENOENT"); /* no sound fits */
    assert_string_equal(say(l, NULL, "\xc3\x8bn"), "ENOENT");
    assert_string_equal(say(l, NULL, "cafeli"), "ENOENT"); /* "cafeb" is not known */
    assert_string_equal(say(l, NULL, "cats"), "ENOENT");
    lexicon_free(l);
    static const char *const wrong[] = {"sound Z\n",
                                        "ending s\n",
                                        "ending\nsound Z\n",
                                        "plural s\nsound Z\n",
                                        "ending s\nsound\n",
                                        "ending s\nsound QX\n",
                                        "ending s after\nsound Z\n",
                                        "ending s twice\nsound Z\n",
                                        "ending s letters x\nsound Z\n",
                                        "ending s becomes y\nsound Z\n"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        write_text(endings_path, wrong[i], strlen(wrong[i]));
        error.text[0] = '\0';
        assert_int_equal(lexicon_compile(paths, 1, endings_path, other, &error), -EINVAL);
        assert_string_equal(error.file, endings_path);
        assert_true(error.text[0] && error.line >= 1);
    }
    assert_int_equal(lexicon_compile(paths, 1, "/nonexistent/endings", other, &error), -ENOENT);
}

static void what_cannot_be_said_is_refused(void **state) {
    (void)state;
    compile(small, "");
    struct lexicon *l = open_output();
    const char *unsayable[] = {"", "%", "cat%", "42", "---", "?", "\xd0\xb4\xd0\xbe\xd0\xbc", "\xff\xfe", "elephant", "'s", "s"};
    for (size_t i = 0; i < sizeof unsayable / sizeof unsayable[0]; i++)
        assert_string_equal(say(l, NULL, unsayable[i]), "ENOENT");
    assert_string_equal(say(l, NULL, "cat-cat-cat-cat-cat-cat-cat-cat-cat-cat-cat-cat-cat-cat-cat-cat-cat"), "E2BIG");
    char endless[5000];
    memset(endless, 'a', sizeof endless);
    endless[sizeof endless - 1] = '\0';
    assert_string_equal(say(l, NULL, endless), "E2BIG");
    struct lexicon_pronunciation one;
    assert_int_equal(lexicon_pronounce(l, NULL, "read", &one, 1), 1);
    assert_int_equal(lexicon_pronounce(l, NULL, "read", &one, 0), -EINVAL);
    lexicon_free(l);
}

static void later_file_replaces(void **state) {
    (void)state;
    compile(small, "read R IY D\nemu IY M Y UW\n");
    struct lexicon *l = open_output();
    assert_string_equal(say(l, NULL, "read"), "R IY D");
    assert_string_equal(say(l, NULL, "emu"), "IY M Y UW");
    lexicon_free(l);
}

static void every_word_of_many_blocks_is_found(void **state) {
    (void)state;
    enum { N = 1000 };
    static char text[N * 24];
    size_t len = 0;
    for (int i = N - 1; i >= 0; i--) /* in reverse order: the compiler must sort */
        len += (size_t)sprintf(text + len, "w%c%c%c%s %s\n", 'a' + i % 10, 'a' + i / 10 % 10, 'a' + i / 100, i % 3 ? "" : "ing",
                               i % 2 ? "K AE T" : "D AO G");
    compile(text, "");
    struct lexicon *l = open_output();
    assert_int_equal(lexicon_n_words(l), N);
    for (int i = 0; i < N; i++) {
        char word[16];
        sprintf(word, "w%c%c%c%s", 'a' + i % 10, 'a' + i / 10 % 10, 'a' + i / 100, i % 3 ? "" : "ing");
        assert_string_equal(say(l, NULL, word), i % 2 ? "K AE T" : "D AO G");
        word[strlen(word) - 1]++; /* a neighbour that is not in the dictionary, unless its last letter made it one */
        if (i % 3 == 0)
            assert_string_equal(say(l, NULL, word), "ENOENT");
    }
    lexicon_free(l);
}

static size_t read_all(const char *path, unsigned char **ret) {
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    size_t n = (size_t)ftell(f);
    rewind(f);
    *ret = malloc(n);
    assert_int_equal(fread(*ret, 1, n, f), n);
    fclose(f);
    return n;
}

static void same_input_same_bytes(void **state) {
    (void)state;
    unsigned char *a, *b;
    compile(small, "");
    size_t n = read_all(output, &a);
    compile(small, "");
    assert_int_equal(read_all(output, &b), n);
    assert_memory_equal(a, b, n);
    free(a);
    free(b);
}

static void compiler_says_what_is_wrong(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int line, column;
        const char *part;
    } cases[] = {
        {"cat K AE T\ndog D QQ G\n", 2, 7, "\"QQ\" is no phone; the phones are: AA AE"},
        {"cat\n", 1, 0, "no phones follow"},
        {"\xff K AE T\n", 1, 0, "not UTF-8"},
        {"# nothing\n", 0, 0, "no words"},
        {"r A\nr B\n", 1, 3, "\"A\" is no phone"},
        {"r B\nr D\nr F\nr G\nr K\nr L\nr M\nr N\nr P\n", 9, 0, "more than 8 pronunciations"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tragus_error error = {0};
        const char *paths[] = {dict_path};
        write_text(dict_path, cases[i].text, strlen(cases[i].text));
        assert_true(lexicon_compile(paths, 1, NULL, other, &error) < 0);
        assert_non_null(strstr(error.text, cases[i].part));
        assert_int_equal(error.line, cases[i].line);
        assert_int_equal(error.column, cases[i].column);
        assert_int_not_equal(access(other, F_OK), 0);
    }
    tragus_error error = {0};
    write_text(dict_path, "dog D AO G\ncat K\0AE T\n", 22);
    assert_int_equal(lexicon_compile((const char *[]){dict_path}, 1, NULL, other, &error), -EINVAL);
    assert_int_equal(error.line, 2); /* not a word without the rest of its phones */
}

/* Changes every byte of every section and fixes its checksum: the file must be refused, or be as harmless as an intact one. */
static void damage_is_refused_or_harmless(void **state) {
    (void)state;
    compile(small, "");
    struct store *s;
    assert_int_equal(store_open(&s, output, STORE_LEXICON, dictionary_sections, dictionary_n_sections, NULL), 0);
    for (size_t i = 0; i < dictionary_n_sections; i++) {
        size_t n_bytes;
        const unsigned char *bytes = store_section(s, dictionary_sections[i], &n_bytes);
        size_t n_refused = 0, n_opened = 0;
        for (size_t at = 0; at < n_bytes; at++) {
            static const unsigned char changes[] = {0x41, 0xff};
            for (size_t c = 0; c < sizeof changes; c++) {
                struct store_part parts[8];
                unsigned char *copy = malloc(n_bytes);
                memcpy(copy, bytes, n_bytes);
                copy[at] ^= changes[c];
                for (size_t k = 0; k < dictionary_n_sections; k++) {
                    parts[k] = (struct store_part){.name = dictionary_sections[k]};
                    parts[k].bytes = store_section(s, dictionary_sections[k], &parts[k].size_bytes);
                }
                parts[i].bytes = copy;
                assert_int_equal(store_write(other, STORE_LEXICON, parts, dictionary_n_sections, NULL), 0);
                tragus_error error = {0};
                struct lexicon *l = NULL;
                if (lexicon_open(&l, other, NULL, &error) < 0) {
                    assert_true(error.text[0] != '\0' && error.file[0] != '\0');
                    n_refused++;
                } else {
                    say(l, NULL, "cat");
                    say(l, NULL, "tvs");
                    say(l, NULL, "zzz");
                    n_opened++;
                }
                lexicon_free(l);
                free(copy);
            }
        }
        /* A different name of a phone, or another letter or phone in a word, cannot be detected. */
        print_message("%s: %zu changes refused, %zu harmless\n", dictionary_sections[i], n_refused, n_opened);
        if (strcmp(dictionary_sections[i], "blocks") == 0)
            assert_int_equal(n_opened, 0);
        else if (strcmp(dictionary_sections[i], "phones") != 0)
            assert_true(n_refused > n_opened);
    }
    store_free(s);
}

static void overrides_come_first(void **state) {
    (void)state;
    struct lexicon_overrides *o;
    tragus_error error = {0};
    compile(small, "");
    struct lexicon *l = open_output();
    assert_int_equal(lexicon_overrides_new(&o), 0);
    assert_int_equal(lexicon_overrides_add(o, l, "Cat", "k ae1 t s", &error), 0);
    assert_string_equal(say(l, o, "cat"), "K AE T S");
    static const char text[] = "# mine\n\nEcoBee IY0 K OW B IY1\necobee(2) EH K OW B IY # second\n\xc3\x9c"
                               "ber UW B ER\n";
    write_text(user_path, text, strlen(text));
    assert_int_equal(lexicon_overrides_load(o, l, user_path, &error), 0);
    assert_string_equal(say(l, o, "ecobee"), "IY K OW B IY; EH K OW B IY");
    assert_string_equal(say(l, o,
                            "\xc3\xbc"
                            "ber"),
                        "UW B ER");
    assert_string_equal(say(l, o, "EcoBee-dogs"), "IY K OW B IY D AO G Z; EH K OW B IY D AO G Z");
    struct lexicon_pronunciation out[2];
    assert_int_equal(lexicon_pronounce(l, o, "ecobee", out, 2), 2);
    assert_int_equal(out[0].source, LEXICON_USER);
    lexicon_overrides_free(o);
    lexicon_free(l);
}

static void overrides_say_what_is_wrong(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int line, column;
        const char *part;
    } cases[] = {
        {"ecobee IY K OW B IY\ntado T AX D OW\n", 2, 8, "\"AX\" is no phone; the phones are: AA AE AH"},
        {"ecobee\n", 1, 0, "write for example: ecobee IY K OW B IY"},
        {"\n\xff\xff K\n", 2, 0, "save the file as UTF-8"},
    };
    struct lexicon_overrides *o;
    tragus_error error;
    compile(small, "");
    struct lexicon *l = open_output();
    assert_int_equal(lexicon_overrides_new(&o), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        error = (tragus_error){0};
        write_text(user_path, cases[i].text, strlen(cases[i].text));
        assert_int_equal(lexicon_overrides_load(o, l, user_path, &error), -EINVAL);
        assert_non_null(strstr(error.text, cases[i].part));
        assert_string_equal(error.file, user_path);
        assert_int_equal(error.line, cases[i].line);
        assert_int_equal(error.column, cases[i].column);
        assert_string_equal(say(l, o, "ecobee"), "ENOENT"); /* a file with a mistake changes nothing */
    }
    write_text(user_path, "cat K\0AE T\n", 11);
    assert_int_equal(lexicon_overrides_load(o, l, user_path, &error), -EINVAL);
    assert_int_equal(lexicon_overrides_load(o, l, "/nonexistent/words", &error), -ENOENT);
    assert_int_equal(lexicon_overrides_load(o, l, folder, &error), -EIO);
    assert_int_equal(lexicon_overrides_add(o, l, "two words", "K", &error), -EINVAL);
    lexicon_overrides_free(o);
    lexicon_free(l);
}

static void foreign_files_are_refused(void **state) {
    (void)state;
    struct lexicon *l = NULL;
    tragus_error error = {0};
    assert_int_equal(lexicon_open(&l, "/nonexistent/lexicon", NULL, &error), -ENOENT);
    write_text(other, "hello\n", 6);
    assert_true(lexicon_open(&l, other, NULL, &error) < 0);
    compile(small, "");
    assert_true(lexicon_open(&l, output, output, &error) < 0); /* a dictionary is not a letter-to-sound model */
    assert_null(l);
}

static int make_folder(void **state) {
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(dict_path, sizeof dict_path, "%s/words.dict", folder);
    snprintf(extra_path, sizeof extra_path, "%s/extra.dict", folder);
    snprintf(output, sizeof output, "%s/lexicon.tragus", folder);
    snprintf(other, sizeof other, "%s/other.tragus", folder);
    snprintf(endings_path, sizeof endings_path, "%s/endings.txt", folder);
    snprintf(user_path, sizeof user_path, "%s/mine", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    const char *paths[] = {dict_path, extra_path, output, other, user_path, endings_path};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        unlink(paths[i]);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_found),
        cmocka_unit_test(words_are_derived),
        cmocka_unit_test(other_endings),
        cmocka_unit_test(what_cannot_be_said_is_refused),
        cmocka_unit_test(later_file_replaces),
        cmocka_unit_test(every_word_of_many_blocks_is_found),
        cmocka_unit_test(same_input_same_bytes),
        cmocka_unit_test(compiler_says_what_is_wrong),
        cmocka_unit_test(damage_is_refused_or_harmless),
        cmocka_unit_test(overrides_come_first),
        cmocka_unit_test(overrides_say_what_is_wrong),
        cmocka_unit_test(foreign_files_are_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
