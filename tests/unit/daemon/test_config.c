/* SPDX-License-Identifier: Apache-2.0 */
/* tragus.conf: every key and its range, errors with file and line, and that the shipped file documents the defaults. */
#include "daemon/config.h"
#include "rig.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int load(struct config *c, const char *text, size_t len, tragus_error *e) {
    char *path = rig_file("tragus.conf", text, len);
    config_init(c);
    *e = (tragus_error){0};
    int r = config_load(c, path, e);
    if (r < 0)
        assert_true(e->code == r && e->text[0]);
    free(path);
    return r;
}

/* Checks that the text is refused at this line, with these words. */
static void refuse_bytes(const char *text, size_t len, int line, const char *words) {
    struct config c;
    tragus_error e;
    int r = load(&c, text, len, &e);
    if (r != -EINVAL)
        fail_msg("%.60s: %d, not refused", text, r);
    if (!strstr(e.text, words))
        fail_msg("\"%s\" does not hold \"%s\"", e.text, words);
    assert_int_equal(e.line, line);
    assert_non_null(strstr(e.file, "tragus.conf"));
    config_done(&c);
}

static void refuse(const char *text, int line, const char *words) {
    refuse_bytes(text, strlen(text), line, words);
}

static struct config accept(const char *text) {
    struct config c;
    tragus_error e;
    if (load(&c, text, strlen(text), &e) < 0)
        fail_msg("%s:%d: %s", e.file, e.line, e.text);
    return c;
}

/* --- keys --- */

enum type { U32, I32, SIZE, REAL };
#define AT(field) offsetof(struct config, field)
static const struct {
    const char *section, *key;
    enum type type;
    size_t offset;
    const char *least, *most, *below, *above;
    double least_value, most_value; /* the value after conversion */
} numbers[] = {
    {"microphone", "gain", REAL, AT(service.mix.gain_db), "-30", "30", "-30.1", "30.1", -30, 30},
    {"microphone", "longest_pause_s", U32, AT(service.most_pause_s), "1", "3600", "0", "3601", 1, 3600},
    {"recognition", "min_confidence", REAL, AT(service.session.min_confidence), "0", "1", "-0.01", "1.01", 0, 1},
    {"recognition", "end_silence_ms", U32, AT(service.session.end_silence_ms), "100", "5000", "99", "5001", 100, 5000},
    {"recognition", "final_silence_ms", U32, AT(service.session.final_silence_ms), "100", "5000", "99", "5001", 100, 5000},
    {"recognition", "open_silence_ms", U32, AT(service.session.open_silence_ms), "100", "5000", "99", "5001", 100, 5000},
    {"recognition", "max_command_ms", U32, AT(service.session.max_speech_ms), "1000", "60000", "999", "60001", 1000, 60000},
    {"wake", "open_ms", U32, AT(service.session.wake_open_ms), "1000", "60000", "999", "60001", 1000, 60000},
    {"wake", "per_hour", REAL, AT(service.session.wake_per_hour), "0.001", "100", "0.0009", "101", 0.001, 100},
    {"gate", "open_db", I32, AT(service.gate.open_q8), "1", "60", "0.9", "60.1", 85, 5102},
    {"gate", "open_ms", U32, AT(service.gate.open_hops), "10", "100", "9", "101", 1, 10},
    {"gate", "hang_ms", U32, AT(service.gate.hang_hops), "100", "10000", "99", "10001", 10, 1000},
    {"gate", "least_dbfs", I32, AT(service.gate.least_q8), "-90", "0", "-90.1", "0.1", 26, 7680},
    {"limits", "sessions_per_user", U32, AT(service.limits.sessions_per_user), "1", "64", "0", "65", 1, 64},
    {"limits", "grammars_per_user", U32, AT(service.limits.grammars_per_user), "1", "1000", "0", "1001", 1, 1000},
    {"limits", "calls_per_user", U32, AT(service.limits.calls_per_user), "2", "1000", "1", "1001", 2, 1000},
    {"limits", "grammar_bytes", SIZE, AT(service.limits.grammar_bytes), "1024", "67108864", "1023", "67108865", 1024, 67108864},
    {"limits", "grammar_arcs", SIZE, AT(service.limits.grammar_arcs), "1000", "4000000", "999", "4000001", 1000, 4000000},
    {"limits", "grammar_cpu_ms", U32, AT(service.limits.grammar_cpu_ms), "100", "600000", "99", "600001", 100, 600000},
    {"limits", "grammar_memory", SIZE, AT(service.limits.grammar_memory), "1048576", "1073741824", "1048575", "1073741825", 1048576,
     1073741824},
    {"limits", "user_memory", SIZE, AT(service.limits.user_memory), "1048576", "1073741824", "1048575", "1073741825", 1048576,
     1073741824},
    {"limits", "text_cpu_ms", U32, AT(service.limits.text_cpu_ms), "10", "60000", "9", "60001", 10, 60000},
    {"limits", "text_memory", SIZE, AT(service.limits.text_memory), "1048576", "1073741824", "1048575", "1073741825", 1048576,
     1073741824},
    {"limits", "sound_bytes", SIZE, AT(service.limits.sound_bytes), "65536", "1073741824", "65535", "1073741825", 65536,
     1073741824},
};
#define N_NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static double value_of(const struct config *c, size_t i) {
    const char *at = (const char *)c + numbers[i].offset;
    switch (numbers[i].type) {
    case U32:
        return *(const uint32_t *)at;
    case I32:
        return *(const int32_t *)at;
    case SIZE:
        return (double)*(const size_t *)at;
    case REAL:
        break;
    }
    return *(const double *)at;
}

static void numbers_have_ranges(void **state) {
    char text[200], range[100];
    (void)state;
    for (size_t i = 0; i < N_NUMBERS; i++) {
        for (int k = 0; k < 2; k++) {
            snprintf(text, sizeof(text), "[%s]\n%s = %s\n", numbers[i].section, numbers[i].key,
                     k ? numbers[i].most : numbers[i].least);
            struct config c = accept(text);
            if (value_of(&c, i) != (k ? numbers[i].most_value : numbers[i].least_value))
                fail_msg("%s gives %g", text, value_of(&c, i));
            config_done(&c);
        }
        snprintf(range, sizeof(range), "%s must be from %s to %s, not ", numbers[i].key, numbers[i].least, numbers[i].most);
        snprintf(text, sizeof(text), "[%s]\n%s = %s\n", numbers[i].section, numbers[i].key, numbers[i].below);
        refuse(text, 2, range);
        snprintf(text, sizeof(text), "\n[%s]\n%s = %s\n", numbers[i].section, numbers[i].key, numbers[i].above);
        refuse(text, 3, range);
        snprintf(text, sizeof(text), "[%s]\n%s = many\n", numbers[i].section, numbers[i].key);
        refuse(text, 2, "must be a number, not \"many\"");
        static const char *const odd[] = {"nan", "inf", "-inf", "1e999", "5 5", "5ms", "--5"};
        for (size_t k = 0; k < sizeof(odd) / sizeof(odd[0]); k++) {
            snprintf(text, sizeof(text), "[%s]\n%s = %s\n", numbers[i].section, numbers[i].key, odd[k]);
            refuse(text, 2, "must be a number");
        }
    }
}

static void whole_numbers_are_whole(void **state) {
    (void)state;
    refuse("[limits]\nsessions_per_user = 1.5\n", 2, "sessions_per_user must be a whole number, not \"1.5\"");
    refuse("[gate]\nopen_ms = 30.5\n", 2, "whole");
    struct config c = accept("[gate]\nopen_db = 7.5\n[recognition]\nmin_confidence = 0.25\n");
    assert_true(c.service.session.min_confidence == 0.25);
    config_done(&c);
}

static void a_channel_is_a_number_or_a_word(void **state) {
    static const struct {
        const char *line;
        unsigned channel;
    } right[] = {{"channel = mix", 0}, {"channel = 1", 1}, {"channel=32", 32}, {"channel = loudest", AUDIO_LOUDEST}};
    char text[100];
    (void)state;
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        snprintf(text, sizeof(text), "[microphone]\n%s\n", right[i].line);
        struct config c = accept(text);
        assert_int_equal(c.service.mix.channel, right[i].channel);
        config_done(&c);
    }
    static const char *const wrong[] = {"left", "-1", "0", "33", "1.5", "2x", "+1", "1 2", "18446744073709551617"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        snprintf(text, sizeof(text), "[microphone]\nchannel = %s\n", wrong[i]);
        refuse(text, 2, "channel must be mix, loudest, or a number from 1 to 32, not \"");
    }
}

static void texts_are_kept(void **state) {
    (void)state;
    struct config c = accept("# a comment\n; another\n\n[bus]\naddress = session\nlisten_group=staff\n  admin_group  =  wheel  \n"
                             "[ model ]\npath = /a\nlanguages = /b /c\nkernels = none\npronunciations = /d\n"
                             "[microphone]\ndevice = hw:1,0 = x\n"
                             "[grammars]\nhouse = /e /f\tg\nshed = /h\n[recognition]\ndefault_grammar = shed"); /* no newline */
    assert_string_equal(c.bus.address, "session");
    assert_string_equal(c.service.listen_group, "staff");
    assert_string_equal(c.service.admin_group, "wheel");
    assert_string_equal(c.service.model, "/a");
    assert_string_equal(c.service.languages, "/b /c");
    assert_string_equal(c.service.cpu, "none");
    assert_string_equal(c.service.pronunciations, "/d");
    assert_string_equal(c.service.device, "hw:1,0 = x");
    assert_string_equal(c.default_grammar, "shed");
    assert_int_equal(c.n_grammars, 2);
    assert_string_equal(c.grammars[0].name, "house");
    assert_int_equal(c.grammars[0].n_paths, 3);
    assert_string_equal(c.grammars[0].paths[2], "g");
    assert_int_equal(c.grammars[1].n_paths, 1);
    config_done(&c);
    assert_int_equal(c.n_grammars, 0);
    c = accept("[bus]\r\naddress = session\r\n"); /* CR LF line ends */
    assert_string_equal(c.bus.address, "session");
    config_done(&c);
}

static void an_empty_file_is_the_defaults(void **state) {
    (void)state;
    struct config c = accept(""), d;
    config_init(&d);
    assert_string_equal(c.bus.address, "system");
    assert_string_equal(c.default_grammar, "");
    assert_null(c.service.model);
    for (size_t i = 0; i < N_NUMBERS; i++)
        assert_true(value_of(&c, i) == value_of(&d, i));
    config_done(&c);
    config_done(&d);
}

/* --- errors --- */

static void unknown_names_have_suggestions(void **state) {
    (void)state;
    refuse("[microfone]\n", 1, "unknown section [microfone]; did you mean [microphone]?");
    refuse("[everything]\n", 1, "known are [bus], [model]");
    refuse("[]\n", 1, "unknown section []");
    refuse("[bus]\n\nadress = system\n", 3, "unknown key \"adress\" in [bus]; did you mean address?");
    refuse("[bus]\ndevice = x\n", 2, "it belongs in [microphone]");
    refuse("[bus]\nwallpaper = x\n", 2, "tragus.conf(5)");
    refuse("[BUS]\n", 1, "did you mean [bus]?");
}

static void lines_have_a_form(void **state) {
    (void)state;
    refuse("device = default\n", 1, "before the first [section]");
    refuse("[bus\n", 1, "the ] of the section is missing");
    refuse("[bus] # here\n", 1, "the ] of the section is missing");
    refuse("[\n", 1, "the ] of the section is missing");
    refuse("[microphone]\ndevice\n", 2, "neither [section] nor key = value");
    refuse("[microphone]\ndevice =\n", 2, "device has no value");
    refuse("[microphone]\ndevice = \t \n", 2, "device has no value");
    refuse("[microphone]\n= x\n", 2, "unknown key");
    refuse("[bus]\naddress = system\naddress = session\n", 3, "address is given twice");
    refuse("[bus]\naddress = system\n[model]\npath = x\n[bus]\naddress = system\n", 6, "address is given twice");
    refuse("[grammars]\nhouse = /a\nhouse = /b\n", 3, "grammar house is given twice");
    refuse("[recognition]\ndefault_grammar = home\n[grammars]\nhouse = /a\n", 0, "default_grammar is home, but [grammars]");
}

static void a_grammar_has_so_many_paths(void **state) {
    char text[300] = "[grammars]\nhouse =";
    (void)state;
    for (int i = 0; i < CONFIG_MOST_PATHS; i++)
        strcat(text, " /a");
    struct config c = accept(text);
    assert_int_equal(c.grammars[0].n_paths, CONFIG_MOST_PATHS);
    config_done(&c);
    strcat(text, " /a");
    refuse(text, 2, "more than 16 paths");
}

static void what_is_no_text_is_refused(void **state) {
    static const char with_nul[] = "[bus]\naddress = sys\0tem\n";
    (void)state;
    refuse("[bus]\naddress = \xff\xfe\n", 2, "not UTF-8");
    refuse("\xc0\x80\n", 1, "not UTF-8");
    refuse_bytes(with_nul, sizeof(with_nul) - 1, 2, "not UTF-8");
}

static void a_file_may_be_too_large(void **state) {
    enum { MOST = 1048576 };
    char *text = malloc(MOST + 2);
    struct config c;
    tragus_error e;
    (void)state;
    assert_non_null(text);
    memset(text, '\n', MOST + 1);
    assert_int_equal(load(&c, text, MOST, &e), 0);
    config_done(&c);
    refuse_bytes(text, MOST + 1, MOST + 1, "too large");
    memset(text, 'x', MOST + 1); /* a single line */
    refuse_bytes(text, MOST + 1, 1, "too large");
    memset(text, '#', MOST);
    text[MOST - 1] = '\n';
    assert_int_equal(load(&c, text, MOST, &e), 0);
    config_done(&c);
    free(text);
    /* A long invalid line is truncated in the message. */
    char line[5000];
    memset(line, 'y', sizeof(line));
    memcpy(line, "[bus]\n", 6);
    line[sizeof(line) - 1] = '\0';
    refuse(line, 2, "yyyyyyyyyy\" is neither");
    line[3000] = '=';
    refuse(line, 2, "unknown key \"yyyy");
}

static void what_cannot_be_read_says_why(void **state) {
    struct config c;
    tragus_error e = {0};
    (void)state;
    config_init(&c);
    assert_int_equal(config_load(&c, "/nowhere/tragus.conf", &e), -ENOENT);
    assert_non_null(strstr(e.text, "No such file"));
    assert_string_equal(e.file, "/nowhere/tragus.conf");
    assert_int_equal(config_load(&c, "/", &e), -EISDIR);
    assert_non_null(strstr(e.text, "cannot be read"));
    config_done(&c);
}

/* --- the shipped file --- */

/* It contains every key, commented out, with its default. */
static void the_shipped_file_documents_all_defaults(void **state) {
    const char *source = getenv("abs_top_srcdir");
    char path[4096], line[512], *text = NULL;
    size_t len = 0;
    (void)state;
    snprintf(path, sizeof(path), "%s/data/tragus.conf", source ? source : ".");
    FILE *f = fopen(path, "r"), *out = open_memstream(&text, &len);
    if (!f)
        fail_msg("%s cannot be read", path);
    while (fgets(line, sizeof(line), f)) {
        size_t n = strspn(line + 1, "abcdefghijklmnopqrstuvwxyz_");
        fputs(line[0] == '#' && n > 0 && strncmp(line + 1 + n, " = ", 3) == 0 ? line + 1 : line, out);
    }
    fclose(f);
    fclose(out);
    struct config c = accept(text), d;
    config_init(&d);
    assert_string_equal(c.bus.address, d.bus.address);
    assert_string_equal(c.service.listen_group, d.service.listen_group);
    assert_string_equal(c.service.admin_group, d.service.admin_group);
    assert_string_equal(c.service.device, d.service.device);
    for (size_t i = 0; i < N_NUMBERS; i++) {
        char key[100];
        snprintf(key, sizeof(key), "\n%s = ", numbers[i].key);
        if (!strstr(text, key))
            fail_msg("%s is not in data/tragus.conf", numbers[i].key);
        if (strcmp(numbers[i].section, "recognition") == 0 || strcmp(numbers[i].section, "wake") == 0) /* 0: the library decides */
            continue;
        double rounding = numbers[i].type == I32 ? 0.5 / 3.0103 * 256 : 0; /* the file has whole decibels */
        if (fabs(value_of(&c, i) - value_of(&d, i)) > rounding)
            fail_msg("%s: %g is documented, %g is the default", numbers[i].key, value_of(&c, i), value_of(&d, i));
    }
    config_done(&c);
    config_done(&d);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_ranges),
        cmocka_unit_test(whole_numbers_are_whole),
        cmocka_unit_test(a_channel_is_a_number_or_a_word),
        cmocka_unit_test(texts_are_kept),
        cmocka_unit_test(an_empty_file_is_the_defaults),
        cmocka_unit_test(unknown_names_have_suggestions),
        cmocka_unit_test(lines_have_a_form),
        cmocka_unit_test(a_grammar_has_so_many_paths),
        cmocka_unit_test(what_is_no_text_is_refused),
        cmocka_unit_test(a_file_may_be_too_large),
        cmocka_unit_test(what_cannot_be_read_says_why),
        cmocka_unit_test(the_shipped_file_documents_all_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
