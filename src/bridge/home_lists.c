/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/home_lists.c: makes lists for a grammar of what Home Assistant tells of entities, areas and floors. */
#include "base/utf8.h"
#include "bridge/home.h"
#include "busjson/busjson.h"

#include <stdlib.h>
#include <string.h>

#define MOST_NAME_BYTES 200
#define MOST_WORD_BYTES 48

/* --- what is spoken of a name --- */

struct range {
    uint32_t first, last;
};

static bool is_in(uint32_t c, const struct range ranges[], size_t n) {
    for (size_t i = 0; i < n; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}
#define IS_IN(c, ranges) is_in(c, ranges, sizeof(ranges) / sizeof((ranges)[0]))

/* Letters for which tragusd's models have sounds, with their marks. */
static bool is_letter(uint32_t c) {
    static const struct range latin[] = {{'a', 'z'},     {'A', 'Z'},     {0xc0, 0xd6},    {0xd8, 0xf6},
                                         {0xf8, 0x17f},  {0x1a0, 0x1a1}, {0x1af, 0x1b0},  {0x218, 0x21b},
                                         {0x300, 0x344}, {0x346, 0x36f}, {0x1ea0, 0x1ef9}};
    return IS_IN(c, latin);
}

/* Signs and digits that tragusd reads aloud or ignores; those of templates are not among them. */
static bool is_sign(uint32_t c) {
    static const struct range signs[] = {{'!', '\''},      {'*', '/'},       {':', ':'},       {'=', '='},
                                         {'?', '@'},       {'_', '_'},       {0xa2, 0xa5},     {0xb0, 0xb3},
                                         {0xb7, 0xb7},     {0xb9, 0xb9},     {0xbc, 0xbe},     {0x2010, 0x2019},
                                         {0x201c, 0x201f}, {0x2070, 0x2079}, {0x2080, 0x2089}, {0x20ac, 0x20ac}};
    return IS_IN(c, signs);
}

/* Pictures, marks and signs that nobody says. They count as blanks. */
static bool is_silent(uint32_t c) {
    static const struct range silent[] = {{0, 0xbf},        {0xd7, 0xd7},       {0xf7, 0xf7},      {0x2000, 0x2bff},
                                          {0x3000, 0x303f}, {0xfe00, 0xfe0f},   {0xfe30, 0xfe4f},  {0xfeff, 0xfeff},
                                          {0xfff9, 0xfffd}, {0x1f000, 0x1faff}, {0xe0000, 0xe01ef}};
    return IS_IN(c, silent);
}

static bool has_sound(uint32_t c) {
    return (c >= '0' && c <= '9') || (is_letter(c) && !(c >= 0x300 && c <= 0x36f));
}

const char *bridge_home_spoken(struct base_buffer *out, const char *name) {
    const char *end = name + strlen(name);
    bool is_said = false, blank = false;
    size_t word = 0;

    base_buffer_clear(out);
    if (end - name > MOST_NAME_BYTES)
        return "it is longer than 200 bytes";
    if (!base_utf8_valid(name, (size_t)(end - name)))
        return "it is not UTF-8";
    for (const char *at = name; at < end;) {
        const char *start = at;
        uint32_t c = base_utf8_next(&at, end);
        if (!is_letter(c) && !is_sign(c) && !(c >= '0' && c <= '9')) {
            if (!is_silent(c))
                return "it is in another script";
            blank = out->len_bytes > 0;
            word = 0;
            continue;
        }
        if (blank)
            base_buffer_add(out, " ", 1);
        blank = false;
        base_buffer_add(out, start, (size_t)(at - start));
        is_said |= has_sound(c);
        word += (size_t)(at - start);
        if (word > MOST_WORD_BYTES)
            return "it has a word of more than 48 bytes";
    }
    return is_said ? NULL : "it contains nothing that can be said";
}

/* --- values ------------------------------------------------------------------------------------------------------------------- */

struct lists {
    const struct bridge_home_answers *answers;
    bridge_home_left_out *left_out;
    void *user;
    json_object *list;         /* that is being made */
    json_object *seen;         /* {what is spoken and domain: true} of the list */
    struct base_buffer spoken; /* of the last name */
};

/* The key of a value: two names that sound the same and are of the same domain cannot be told apart. */
static void make_key(struct base_buffer *key, const char *spoken, const char *domain) {
    const char *end = spoken + strlen(spoken);
    char folded[4];

    base_buffer_clear(key);
    while (spoken < end)
        base_buffer_add(key, folded, base_utf8_put(base_utf8_fold(base_utf8_next(&spoken, end)), folded));
    base_buffer_format(key, "\n%s", domain);
}

/* Home Assistant compares names without the blanks around them. */
static json_object *trimmed(const char *name) {
    static const char blanks[] = " \t\r\n";
    const char *start = name + strspn(name, blanks);
    size_t n = strlen(start);

    while (n > 0 && strchr(blanks, start[n - 1]))
        n--;
    return json_object_new_string_len(start, (int)n);
}

static void add_name(struct lists *l, const char *id, const char *name, const char *domain) {
    struct base_buffer key = {0};
    const char *why = bridge_home_spoken(&l->spoken, name);

    if (why) {
        l->left_out(id, why, l->user);
        return;
    }
    make_key(&key, l->spoken.data, domain);
    if (!key.failed && !json_object_object_get_ex(l->seen, key.data, NULL)) {
        json_object *value = json_object_new_object();
        busjson_add(value, "in", json_object_new_string(l->spoken.data));
        busjson_add(value, "out", trimmed(name));
        if (*domain)
            busjson_add(value, "domain", json_object_new_string(domain));
        busjson_append(l->list, value);
        busjson_add(l->seen, key.data, json_object_new_boolean(true));
    }
    base_buffer_done(&key);
}

/* Whether an entity with these aliases is called by its own name, too. */
static bool uses_own_name(const struct bridge_home_answers *a, json_object *aliases) {
    size_t n = busjson_length(aliases);

    if (!a->own_name_is_null || n == 0)
        return true;
    for (size_t i = 0; i < n; i++)
        if (!json_object_array_get_idx(aliases, i))
            return true;
    return false;
}

static void add_aliases(struct lists *l, const char *id, json_object *aliases, const char *domain) {
    size_t n = busjson_length(aliases);
    for (size_t i = 0; i < n; i++) {
        json_object *alias = json_object_array_get_idx(aliases, i);
        const char *name = json_object_is_type(alias, json_type_string) ? json_object_get_string(alias) : "";
        if (name[strspn(name, " \t")])
            add_name(l, id, name, domain);
    }
}

static int compare_values(const void *a, const void *b) {
    json_object *const *x = a, *const *y = b;
    int order = strcmp(busjson_text(*x, "in"), busjson_text(*y, "in"));
    const char *domain_x = busjson_text(*x, "domain"), *domain_y = busjson_text(*y, "domain");
    return order || !domain_x || !domain_y ? order : strcmp(domain_x, domain_y);
}

static void begin_list(struct lists *l) {
    l->list = json_object_new_array();
    l->seen = json_object_new_object();
}

static void end_list(struct lists *l, json_object *all, const char *name) {
    json_object_put(l->seen);
    json_object_array_sort(l->list, compare_values);
    busjson_add(all, name, l->list);
}

/* --- things ------------------------------------------------------------------------------------------------------------------- */

static bool is_exposed(json_object *settings) {
    return json_object_get_boolean(json_object_object_get(settings, "conversation"));
}

json_object *bridge_home_exposed(json_object *exposed) {
    json_object *ids = json_object_new_array();
    json_object *all = json_object_object_get(exposed, "exposed_entities");

    if (json_object_is_type(all, json_type_object)) {
        json_object_object_foreach(all, id, settings) {
            if (is_exposed(settings) && strchr(id, '.'))
                busjson_append(ids, json_object_new_string(id));
        }
    }
    return ids;
}

static void add_entity(struct lists *l, const char *id) {
    const struct bridge_home_answers *a = l->answers;
    char domain[64] = "";

    json_object *entry = json_object_object_get(a->entries, id);
    if (busjson_text(entry, "disabled_by"))
        return;
    size_t n = strcspn(id, ".");
    memcpy(domain, id, n < sizeof(domain) - 1 ? n : sizeof(domain) - 1);
    const char *own = busjson_text(a->friendly, id);
    if (!own)
        own = busjson_text(entry, "name");
    if (!own)
        own = busjson_text(entry, "original_name");
    json_object *aliases = json_object_object_get(entry, "aliases");
    if (own && uses_own_name(a, aliases))
        add_name(l, id, own, domain);
    add_aliases(l, id, aliases, domain);
}

static void add_places(struct lists *l, json_object *all, json_object *places, const char *list, const char *id_key) {
    begin_list(l);
    size_t n = busjson_length(places);
    for (size_t i = 0; i < n; i++) {
        json_object *place = json_object_array_get_idx(places, i);
        const char *id = busjson_text(place, id_key), *name = busjson_text(place, "name");
        if (!id || !name)
            continue;
        add_name(l, id, name, "");
        add_aliases(l, id, json_object_object_get(place, "aliases"), "");
    }
    end_list(l, all, list);
}

json_object *bridge_home_lists(const struct bridge_home_answers *a, bridge_home_left_out *left_out, void *user) {
    struct lists l = {.answers = a, .left_out = left_out, .user = user};
    json_object *all = json_object_new_object(), *ids = bridge_home_exposed(a->exposed);

    add_places(&l, all, a->floors, "floor", "floor_id");
    add_places(&l, all, a->areas, "area", "area_id");
    begin_list(&l);
    for (size_t i = 0, n = busjson_length(ids); i < n; i++)
        add_entity(&l, json_object_get_string(json_object_array_get_idx(ids, i)));
    end_list(&l, all, "name");
    json_object_put(ids);
    base_buffer_done(&l.spoken);
    return all;
}
