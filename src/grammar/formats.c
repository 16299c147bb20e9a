/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/formats.c: recognises the format of a grammar. A signature decides alone; a suffix decides between formats that look
 * alike; a text without a known suffix is a list of lines unless it can only be something else.
 */
#include "grammar/formats.h"
#include "grammar/files.h"
#include "grammar/lines.h"

#include <string.h>

enum { HASSIL, LIST, INI, JSGF, N_FORMATS };

static const struct grammar_format formats[N_FORMATS] = {[HASSIL] = {"hassil", grammar_read_hassil},
                                                         [LIST] = {"list", grammar_read_plain},
                                                         [INI] = {"ini", grammar_read_ini},
                                                         [JSGF] = {"jsgf", grammar_read_jsgf}};

const struct grammar_format *grammar_format_named(const char *name) {
    for (size_t i = 0; i < N_FORMATS; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

/* A YAML grammar begins with a key, a document mark or a brace; a plain list does not. */
static bool looks_like_yaml(const char *text, size_t len) {
    const char *end = text + len;
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t n = (size_t)((stop ? stop : end) - text), key = 0;
        if (n >= 3 && memcmp(text, "---", 3) == 0)
            return true;
        if (n > 0 && text[0] == '{' && memchr(text, ':', n) && memchr(text, '"', n))
            return true;
        while (key < n && (text[key] == '_' || ((text[key] | 0x20) >= 'a' && (text[key] | 0x20) <= 'z')))
            key++;
        if (key > 0 && key < n && text[key] == ':' && (key + 1 == n || strchr(" \r", text[key + 1])))
            return true;
        bool blank = true;
        for (size_t i = 0; i < n && blank; i++)
            blank = strchr(" \t\r", text[i]) != NULL;
        if (!blank && text[0] != '#')
            return false;
        text = stop ? stop + 1 : end;
    }
    return false;
}

/* A list of words as Vosk takes it: a JSON array of texts. */
static bool looks_like_array(const char *text, size_t len) {
    grammar_trim(&text, &len);
    if (len < 4 || text[0] != '[' || text[len - 1] != ']')
        return false;
    text++;
    len -= 2;
    grammar_trim(&text, &len);
    return len >= 2 && text[0] == '"' && text[len - 1] == '"';
}

/* Below a `[Section]` there is a line `name = ...`, and no `=>`, which plain lines have. */
static bool looks_like_ini(const char *text, size_t len) {
    struct grammar_lines lines = {.at = text, .end = text + len};
    struct grammar_line line;
    bool in_section = false, has_rule = false;
    while (grammar_lines_next(&lines, &line)) {
        const char *equals = memchr(line.text, '=', line.len);
        if (line.len > 2 && line.text[0] == '[' && line.text[line.len - 1] == ']' && !equals)
            in_section = true;
        if (!equals || line.text[0] == '#')
            continue;
        size_t n_name = strspn(line.text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
        if (equals + 1 < line.text + line.len && equals[1] == '>')
            return false;
        has_rule |= in_section && n_name > 0 && line.text + n_name + strspn(line.text + n_name, " \t") == equals;
    }
    return has_rule;
}

const struct grammar_format *grammar_format_of(const char *file, const char *text, size_t len) {
    static const char jsgf[] = "#JSGF";
    if (len >= strlen(jsgf) && memcmp(text, jsgf, strlen(jsgf)) == 0)
        return &formats[JSGF];
    if (looks_like_array(text, len))
        return &formats[HASSIL];
    switch (grammar_file_kind(file)) {
    case GRAMMAR_FILE_YAML:
        return &formats[HASSIL];
    case GRAMMAR_FILE_LIST:
        return &formats[LIST];
    case GRAMMAR_FILE_INI:
        return &formats[INI];
    case GRAMMAR_FILE_JSGF:
        return &formats[JSGF];
    case GRAMMAR_FILE_OTHER:
        break;
    }
    return &formats[looks_like_yaml(text, len) ? HASSIL : looks_like_ini(text, len) ? INI : LIST];
}
