/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/phones.c: names of phones, and parsers for written pronunciations and files of them. */
#include "lexicon/phones.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *const phones_arpabet[PHONES_N_ARPABET + 1] = {
    NULL, "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F",  "G", "HH", "IH", "IY", "JH",
    "K",  "L",  "M",  "N",  "NG", "OW", "OY", "P", "R",  "S", "SH", "T",  "TH", "UH", "UW", "V", "W",  "Y",  "Z",  "ZH",
};

static int find_exactly(const char *const names[], unsigned n, const char *name, size_t len_bytes) {
    for (unsigned i = 1; i <= n; i++)
        if (strlen(names[i]) == len_bytes && strncasecmp(names[i], name, len_bytes) == 0)
            return (int)i;
    return -ENOENT;
}

int phones_find(const char *const names[], unsigned n, const char *name, size_t len_bytes) {
    int phone = find_exactly(names, n, name, len_bytes);
    if (phone < 0 && len_bytes > 1 && name[len_bytes - 1] >= '0' && name[len_bytes - 1] <= '2')
        phone = find_exactly(names, n, name, len_bytes - 1);
    return phone;
}

/* Reports a phone that does not exist, and lists those that do. */
static int unknown(const char *const names[], unsigned n, const char *name, size_t len_bytes, const char *file, int line,
                   int column, tragus_error *reterr) {
    char all[160];
    size_t used = 0;
    for (unsigned i = 1; i <= n; i++) {
        int written = snprintf(all + used, sizeof all - used, " %s", names[i]);
        if (written < 0 || (size_t)written >= sizeof all - used)
            break;
        used += (size_t)written;
    }
    return base_error_at(reterr, -EINVAL, file, line, column, "\"%.*s\" is no phone; the phones are:%s",
                         len_bytes > 20 ? 20 : (int)len_bytes, name, used ? all : " none");
}

int phones_parse(const char *const names[], unsigned n, const char *text, const char *file, int line, int column,
                 struct lexicon_pronunciation *ret, tragus_error *reterr) {
    static const char space[] = " \t\r\n";
    struct lexicon_pronunciation p = {.source = LEXICON_USER};
    for (const char *at = text + strspn(text, space); *at;) {
        size_t len_bytes = strcspn(at, space);
        int phone = phones_find(names, n, at, len_bytes);
        if (phone < 0)
            return unknown(names, n, at, len_bytes, file, line, column > 0 ? column + (int)(at - text) : 0, reterr);
        if (p.n_phones == LEXICON_MAX_PHONES)
            return base_error_at(reterr, -E2BIG, file, line, 0, "a pronunciation has at most %d phones; make two words of this one",
                                 LEXICON_MAX_PHONES);
        p.phones[p.n_phones++] = (uint8_t)phone;
        at += len_bytes;
        at += strspn(at, space);
    }
    if (p.n_phones == 0)
        return base_error_at(reterr, -EINVAL, file, line, 0, "no phones follow the word; write for example: ecobee IY K OW B IY");
    *ret = p;
    return 0;
}

/* Returns false if there is nothing in a line. Cuts its comment. */
static bool split_line(char *text, struct phones_line *l) {
    static const char space[] = " \t\r\n";
    text[strcspn(text, "#")] = '\0';
    l->word = text + strspn(text, space);
    size_t field_bytes = strcspn(l->word, space);
    l->word_bytes = field_bytes;
    l->phones = l->word + field_bytes;
    l->column = (int)(l->phones - text) + 1;
    const char *bracket = memchr(l->word, '(', field_bytes);
    if (bracket && bracket > l->word && l->word[field_bytes - 1] == ')')
        l->word_bytes = (size_t)(bracket - l->word);
    return field_bytes > 0;
}

int phones_read(const char *path, int (*take)(const struct phones_line *l, void *user, tragus_error *reterr), void *user,
                tragus_error *reterr) {
    struct phones_line l = {.file = path};
    char *text = NULL;
    size_t size_bytes = 0;
    ssize_t len_bytes;
    int r = 0;

    FILE *file = fopen(path, "re");
    if (!file)
        return base_error_at(reterr, -errno, path, 0, 0, "cannot be read: %s", strerror(errno));
    while (r == 0 && (len_bytes = getline(&text, &size_bytes, file)) >= 0) {
        l.line++;
        if (strlen(text) != (size_t)len_bytes)
            r = base_error_at(reterr, -EINVAL, path, l.line, 0, "a NUL byte: this is not a text file");
        else if (split_line(text, &l))
            r = take(&l, user, reterr);
    }
    if (r == 0 && !feof(file) && !ferror(file)) /* or the rest would be lost silently */
        r = base_error_at(reterr, -ENOMEM, path, 0, 0, "out of memory");
    if (r == 0 && ferror(file))
        r = base_error_at(reterr, -EIO, path, 0, 0, "cannot be read: it is a directory or the disk failed");
    free(text);
    fclose(file);
    return r;
}
